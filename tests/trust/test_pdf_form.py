"""A file that our own key was made to seal is refused all the same when something in it could act, hide or be taken for more."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import PdfFileWriter

from licensing.trust import pades
from licensing.trust.pdf_check import check
from licensing.trust.pdf_form import in_our_form
from licensing.trust.trust_list import TrustList

from .conftest import seal

Change = Callable[[PdfFileWriter], None]


def _dictionary(**entries: Any) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(f"/{name}"): value for name, value in entries.items()})


def _action(kind: str, **more: Any) -> generic.DictionaryObject:
    return _dictionary(S=pdf_name(kind), **more)


def _page(writer: PdfFileWriter) -> Any:
    return writer.root["/Pages"]["/Kids"][0].get_object()


def _in_catalog(key: str, value: Any) -> Change:
    def change(writer: PdfFileWriter) -> None:
        writer.root[pdf_name(key)] = value

    return change


def _hidden(value: Callable[[], Any]) -> Change:
    """An object that nothing refers to."""
    return lambda writer: [writer.add_object(value()), None][1]


def _on_page(annotation: Callable[[], generic.DictionaryObject]) -> Change:
    return lambda writer: _page(writer)["/Annots"].append(writer.add_object(annotation()))


def _annotation(kind: str, **more: Any) -> generic.DictionaryObject:
    box = generic.ArrayObject(generic.NumberObject(side) for side in (0, 0, 9, 9))
    return _dictionary(Type=pdf_name("/Annot"), Subtype=pdf_name(kind), Rect=box, **more)


def _file(name: str, *, listed: bool = True, announced: bool = True) -> Change:
    def change(writer: PdfFileWriter) -> None:
        content = writer.add_object(generic.StreamObject(_dictionary(Type=pdf_name("/EmbeddedFile")), stream_data=b"{}"))
        specification = writer.add_object(_dictionary(Type=pdf_name("/Filespec"), F=pdf_string(name), EF=_dictionary(F=content)))
        if listed:
            writer.root["/Names"]["/EmbeddedFiles"]["/Names"].extend([pdf_string(name), specification])
        if announced:
            writer.root["/AF"].append(specification)

    return change


def _page_action(writer: PdfFileWriter) -> None:
    _page(writer)[pdf_name("/AA")] = _dictionary(O=_action("/Named"))


def _script_in_names(writer: PdfFileWriter) -> None:
    writer.root["/Names"][pdf_name("/JavaScript")] = _dictionary(Names=generic.ArrayObject())


def _usage_rights(writer: PdfFileWriter) -> None:
    writer.root[pdf_name("/Perms")] = _dictionary(UR3=writer.add_object(_dictionary(Type=pdf_name("/Sig"))))


def _second_signature(writer: PdfFileWriter) -> None:
    numbers = writer.add_object(generic.ArrayObject(generic.NumberObject(number) for number in (0, 1, 2, 3)))
    writer.add_object(_dictionary(Type=pdf_name("/Sig"), ByteRange=numbers))


_CHANGES: dict[str, Change] = {
    "open-action": _in_catalog("/OpenAction", _action("/GoTo")),
    "catalog-actions": _in_catalog("/AA", _dictionary()),
    "catalog-unknown-key": _in_catalog("/Threads", generic.ArrayObject()),
    "layers": _in_catalog("/OCProperties", _dictionary(OCGs=generic.ArrayObject())),
    "portfolio": _in_catalog("/Collection", _dictionary()),
    "script-in-names": _script_in_names,
    "page-actions": _page_action,
    "free-text": _on_page(lambda: _annotation("/FreeText")),
    "second-widget": _on_page(lambda: _annotation("/Widget")),
    "rich-media": _on_page(lambda: _annotation("/Link", RichMedia=_dictionary())),
    "launch": _on_page(lambda: _annotation("/Link", A=_action("/Launch", F=pdf_string("x")))),
    "chained-action": _on_page(lambda: _annotation("/Link", A=_action("/URI", URI=pdf_string("x"), Next=_action("/Named")))),
    "script-that-nothing-calls": _hidden(lambda: _action("/JavaScript", JS=pdf_string("1"))),
    "widget-that-lies-nowhere": _hidden(lambda: _annotation("/Widget")),
    "field-that-is-not-listed": _hidden(lambda: _dictionary(FT=pdf_name("/Tx"))),
    "second-signature": _second_signature,
    "usage-rights": _usage_rights,
    "attachment": _file("more.exe"),
    "second-record": _file("more.json"),
    "attachment-not-announced": _file("more.tlog-proof", announced=False),
    "attachment-not-listed": _file("more.tlog-proof", listed=False),
    "attachment-that-hides": _file("more.tlog-proof", listed=False, announced=False),
}


def _spoiled(change: Change, patch: pytest.MonkeyPatch) -> None:
    """Let ``pades.prepare`` look away and make ``change`` to what will be signed."""
    plain = pades._one_revision

    def spoil(reader: PdfFileReader) -> PdfFileWriter:
        writer = plain(reader)
        change(writer)
        return writer

    patch.setattr(pades, "_one_revision", spoil)


@pytest.mark.parametrize("kind", sorted(_CHANGES))
def test_what_our_own_key_was_made_to_seal_is_refused(
    rendered: bytes, keys_dir: Path, trust: TrustList, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    _spoiled(_CHANGES[kind], monkeypatch)
    found = check(seal(rendered, keys_dir, trust), trust_pem=trust.to_pem().decode())
    assert (found["whole"], found["genuine"], found["record"]) == ("altered", "altered", None)


def test_the_proof_beside_the_record_is_welcome(rendered: bytes, keys_dir: Path, trust: TrustList, monkeypatch: pytest.MonkeyPatch) -> None:
    _spoiled(_file("licence-record.tlog-proof"), monkeypatch)
    found = check(seal(rendered, keys_dir, trust), trust_pem=trust.to_pem().decode())
    assert (found["whole"], found["genuine"]) == ("ok", "ok")


def _reader(data: bytes) -> PdfFileReader:
    return PdfFileReader(io.BytesIO(data), strict=True)


def _saved(data: bytes, **how: Any) -> bytes:
    output = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.save(output, **how)
    return output.getvalue()


def test_only_one_plain_table_of_objects_is_our_form(signed: bytes) -> None:
    assert in_our_form(_reader(signed))
    assert not in_our_form(_reader(_saved(signed, object_stream_mode=pikepdf.ObjectStreamMode.generate)))
    last = b"1 0 obj\n<<>>\nendobj\n"
    table = b"xref\n0 0\ntrailer\n<< /Size 99 /Root 1 0 R /Prev %s >>\nstartxref\n%d\n%%%%EOF\n"
    first = signed.split(b"startxref\n")[-1].split(b"\n")[0]
    assert not in_our_form(_reader(signed + last + table % (first, len(signed) + len(last))))
