"""The inside of a sealed file of ours: one plain document, one signature, the files it announces, and nothing that can act or hide.

The signature already covers every byte, so nobody outside can add any of this. What is asked here is that even a file which our own key
was made to seal has nothing that shows or does something else later. Source: ISO 32000-2 7.7.2, 12.6, 12.7, 12.8; shadow attacks
(NDSS 2021), certification attacks (IEEE S&P 2021).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

MOST_OBJECTS: Final = 20_000
_CATALOG: Final = frozenset(
    {
        "/Type",
        "/Pages",
        "/Outlines",
        "/Lang",
        "/Names",
        "/OutputIntents",
        "/AF",
        "/Metadata",
        "/AcroForm",
        "/Perms",
        "/DSS",
        "/Extensions",
        "/MarkInfo",
        "/StructTreeRoot",
        "/ViewerPreferences",
        "/PageLabels",
        "/PageLayout",
        "/PageMode",
        "/Dests",
    }
)
_SIGNATURE: Final = frozenset({"/Type", "/Filter", "/SubFilter", "/Contents", "/ByteRange", "/M", "/Reason", "/Location", "/Reference"})
_TRAILER: Final = frozenset({"/Type", "/W", "/Filter", "/Length", "/Root", "/Info", "/ID", "/Size", "/Index"})
_FIELD: Final = frozenset({"/FT", "/T", "/Type", "/Subtype", "/F", "/Rect", "/P", "/V", "/AP"})
# What makes a document do or show something of its own accord.
_ACTIVE_KEYS: Final = frozenset(
    {
        "/AA",
        "/OpenAction",
        "/JS",
        "/JavaScript",
        "/XFA",
        "/NeedAppearances",
        "/RichMedia",
        "/Movie",
        "/Sound",
        "/OC",
        "/OCProperties",
        "/Collection",
        "/UR3",
        "/Encrypt",
    }
)
_ACTIONS: Final = frozenset({"/URI", "/GoTo"})
_ATTACHED: Final = (".json", ".tlog-proof")

_NOTHING: Final[dict[str, Any]] = {}

Dictionaries = list[generic.DictionaryObject]


def in_our_form(reader: PdfFileReader) -> bool:
    """True when every object of the file is one that :func:`licensing.trust.pades.prepare` may leave in it.

    ``reader`` is strict: it has refused broken tables and dictionaries with a key twice.
    """
    if not _one_table(reader):
        return False
    found = list(_dictionaries(reader))
    return all(rule(reader, found) for rule in (_plain_catalog, _one_field, _plain_pages, _only_announced_files, _nothing_active))


def _one_table(reader: PdfFileReader) -> bool:
    """One cross-reference stream, no hybrid of stream and table, no object inside another, none deleted, each in its first generation."""
    numbers = {(reference.idnum, reference.generation) for reference in reader.xrefs.explicit_refs_in_revision(0)}
    return (
        reader.xrefs.total_revisions == 1
        and not reader.xrefs.hybrid_xrefs_present
        and not reader.xrefs.object_streams_used_in(0)  # type: ignore[no-untyped-call]
        and set(reader.trailer_view) <= _TRAILER
        and len(numbers) <= MOST_OBJECTS
        and numbers == {(number + 1, 0) for number in range(len(numbers))}
    )


def _plain_catalog(reader: PdfFileReader, _: Dictionaries) -> bool:
    return set(reader.root) <= _CATALOG and set(_value(reader.root, "/Names", _NOTHING)) <= {"/EmbeddedFiles"}


def _one_field(reader: PdfFileReader, found: Dictionaries) -> bool:
    """One signature field, one signature dictionary in the whole file, and the permissions name it and nothing else."""
    form, permissions = reader.root["/AcroForm"], reader.root["/Perms"]
    field, *others = (member.get_object() for member in _members(form, "/Fields"))
    signature = field["/V"]
    (reference,) = signature["/Reference"]
    marks = Counter(mark for each in found for mark in ("/ByteRange", "/FT", "/TransformMethod") if mark in each)
    return (
        not others
        and set(form) == {"/Fields", "/SigFlags"}
        and form["/SigFlags"] == 3
        and set(permissions) == {"/DocMDP"}
        and permissions.raw_get("/DocMDP").reference == field.raw_get("/V").reference
        and set(field) <= _FIELD
        and field["/FT"] == "/Sig"
        and set(signature) <= _SIGNATURE
        and reference["/TransformMethod"] == "/DocMDP"
        and reference["/TransformParams"]["/P"] == 1
        and marks == {"/ByteRange": 1, "/FT": 1, "/TransformMethod": 1}
    )


def _plain_pages(_: PdfFileReader, found: Dictionaries) -> bool:
    """Nothing lies on the pages but links and the one field."""
    pages = [each for each in found if _value(each, "/Type") == "/Page"]
    kinds = Counter(str(member.get_object()["/Subtype"]) for page in pages for member in _members(page, "/Annots"))
    widgets = sum(_value(each, "/Subtype") == "/Widget" for each in found)
    return kinds.pop("/Widget", 0) == 1 == widgets and set(kinds) <= {"/Link"}


def _only_announced_files(reader: PdfFileReader, found: Dictionaries) -> bool:
    """At most the record and the proof that it is in the log, each announced as a file of the document."""
    listed = _value(_value(reader.root, "/Names", _NOTHING), "/EmbeddedFiles", _NOTHING)
    names = _members(listed, "/Names")
    pairs = dict(zip(map(str, names[::2]), (member.reference for member in names[1::2]), strict=True))
    endings = Counter(next((ending for ending in _ATTACHED if name.endswith(ending)), name) for name in pairs)
    return (
        set(listed) <= {"/Names"}
        and len(pairs) == len(names) // 2
        and set(endings) <= set(_ATTACHED)
        and max(endings.values(), default=1) == 1
        and {member.reference for member in _members(reader.root, "/AF")} == set(pairs.values())
        and sum("/EF" in each for each in found) == len(pairs)
        and sum(_value(each, "/Type") == "/EmbeddedFile" for each in found) == len(pairs)
    )


def _nothing_active(_: PdfFileReader, found: Dictionaries) -> bool:
    return not any(set(each) & _ACTIVE_KEYS or _acts(each) for each in found)


def _acts(each: generic.DictionaryObject) -> bool:
    # An action may leave out its type; outlines have a /Next too, but no /S.
    action = _value(each, "/A")
    return (isinstance(action, generic.DictionaryObject) and _value(action, "/S") not in _ACTIONS) or ("/S" in each and "/Next" in each)


def _value(held: Any, key: str, otherwise: Any = None) -> Any:
    """The value under ``key``, references followed."""
    try:
        return held[key]
    except KeyError:
        return otherwise


def _members(held: Any, key: str) -> list[Any]:
    """The members of an array as they stand there, references not followed."""
    return list(list.__iter__(_value(held, key, [])))


def _dictionaries(reader: PdfFileReader) -> Iterator[generic.DictionaryObject]:
    """Every dictionary of the file, whether anything refers to it or not, and what lies directly inside."""
    heap = [reader.get_object(reference) for reference in reader.xrefs.explicit_refs_in_revision(0)]  # type: ignore[no-untyped-call]
    while heap:
        each = heap.pop()
        if isinstance(each, generic.DictionaryObject):
            yield each
            heap += [each.raw_get(key) for key in each]
        elif isinstance(each, generic.ArrayObject):
            heap += list.__iter__(each)
