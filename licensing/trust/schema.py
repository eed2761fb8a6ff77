"""What the signer may sign for: a licence record or a letter, field by field, in the one canonical spelling.

The signer believes nobody: it reads the document itself, computes what the QR must say from it, and takes the number from it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from enum import StrEnum
from string import Formatter
from typing import Any, Final

from stdnum.iso7064 import mod_37_36

from licensing.catalogue import load_catalogue
from licensing.catalogue.cleaning import first_unprintable
from licensing.catalogue.model import LicenceType
from licensing.errors import FieldError, Invalid, LeizhengError
from licensing.moments import CHINA, local_date
from licensing.trust import lz1
from licensing.words import Said, say

RECORD_FORMAT: Final = "leizheng-licence-record/1"
LONGEST_DOCUMENT: Final = 64 * 1024
_IDENTIFIER: Final = re.compile(r"1\.2\.156\.3005\.2\.([0-9A-Z]{21})\.([0-9A-Z]{18})\.([0-9]{8,16})\.([0-9]{3})\.([0-9A-Z])")
_PLACE: Final = r"[^\s]{1,12}"
_DATE_TEXT: Final = re.compile(r"(\d{4})年(\d{1,2})月(\d{1,2})日", re.ASCII)

Check = Callable[[Any], bool]
Fields = Mapping[str, Any]


class Kind(StrEnum):
    """What a document is."""

    LICENCE = "licence"
    LETTER = "letter"


@dataclass(frozen=True, slots=True)
class Document:
    """A document that keeps the schema; ``version`` is 1 and ``identifier`` and ``issuer_code`` are empty for a letter."""

    kind: Kind
    number: str
    version: int
    identifier: str
    issuer: str
    issuer_code: str
    digest: bytes
    fields: Fields

    def fits_moment(self, moment: datetime) -> bool:
        """Whether a seal set at ``moment`` (aware) says the same time as the document does."""
        if self.kind is Kind.LICENCE:
            return datetime.fromisoformat(self.fields["decided_at"]) == moment
        year, month, day = _DATE_TEXT.fullmatch(self.fields["date_text"]).groups()  # type: ignore[union-attr]
        return date(int(year), int(month), int(day)) == local_date(moment)


def read(document: bytes) -> Document:
    """The licence record or letter in ``document``; raises ``Invalid`` (``document-refused``) with what is wrong, field by field."""
    fields = _canonical(document)
    kind = Kind.LICENCE if "format" in fields else Kind.LETTER
    problems = list(_differences(fields, _SCHEMAS[kind], _OPTIONAL[kind])) or list(_CONSISTENT[kind](fields))
    if problems:
        raise _refused(problems)
    return Document(
        kind=kind,
        number=fields["number"],
        version=fields.get("version", 1),
        identifier=fields.get("identifier", ""),
        issuer=fields["issuer"],
        issuer_code=fields.get("issuer_code", ""),
        digest=hashlib.sha256(document).digest(),
        fields=fields,
    )


def qr_content(document: Document) -> lz1.Lz1:
    """What the QR of this licence says, names cut where they do not fit (profile LZ1). Raises ``Invalid`` when it cannot be said."""
    said = document.fields
    try:
        return lz1.fitted(
            lz1.Lz1(
                type_index=load_catalogue().licence_type(said["type"]).index,
                serial=int(_parts(document.identifier)[2]),
                version=document.version,
                holder_id=said["holder_code"],
                holder=said["holder"],
                project=said["project"],
                status_index=said["status_index"],
                digest=document.digest[: lz1.DIGEST_SIZE],
                issued_at=int(datetime.fromisoformat(said["decided_at"]).timestamp()),
                expires_at=_end_of_day(said["valid_until"]),
            )
        )
    except KeyError as error:
        raise _refused([_problem("format", say("Only a licence has a QR code."))]) from error


def qr_payload(record: bytes) -> bytes:
    """The one LZ1 payload for a canonical licence record; raises ``Invalid``."""
    return lz1.payload_bytes(qr_content(read(record)))


def check_payload(document: Document, payload: bytes) -> None:
    """Returns only when the QR payload says what the licence record says, abbreviations included.

    Raises ``Invalid`` (``payload-mismatch``) with the fields that differ.
    """
    wanted = qr_content(document)
    if payload == lz1.payload_bytes(wanted):
        return
    try:
        said = asdict(lz1.parse_payload(payload))
        problems = [
            _problem(name, say("The QR code says something else.")) for name, value in asdict(wanted).items() if said[name] != value
        ]
    except LeizhengError as error:
        problems = [_problem("payload", error.sentence)]
    names = ", ".join(problem.path for problem in problems)
    raise Invalid(
        say("The QR payload does not say what the licence record says: %(fields)s.", fields=names), problems, code="payload-mismatch"
    )


def _canonical(document: bytes) -> Fields:
    if len(document) > LONGEST_DOCUMENT:
        raise _refused([_problem("", say("The document is too long."))])
    try:
        fields = json.loads(document)
        same = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == document
    except (ValueError, RecursionError) as error:
        raise _refused([_problem("", say("The document is not JSON."))]) from error
    if not same or not isinstance(fields, dict):
        raise _refused([_problem("", say("The document is not in canonical form."))])
    return fields


def _differences(fields: Fields, schema: Mapping[str, Check], optional: Collection[str]) -> Iterator[FieldError]:
    for name in sorted(fields.keys() | schema.keys()):
        if name not in schema:
            yield _problem(name, say("This field is not known."))
        elif name not in fields:
            if name in optional:
                continue
            yield _problem(name, say("This field is missing."))
        elif not schema[name](fields[name]):
            yield _problem(name, say("This value is not allowed here."))


def _consistent_licence(fields: Fields) -> Iterator[FieldError]:
    kind = load_catalogue().licence_type(fields["type"])
    type_code, issuer_code, serial, version, _ = _parts(fields["identifier"])
    decided_on = local_date(datetime.fromisoformat(fields["decided_at"])).isoformat()
    before = _parts(fields["previous"])[:4] if fields["previous"] else None
    # The QR carries the serial as a number: leading zeros beyond eight digits would not come back.
    rebuilt = serial == f"{int(serial):08d}"
    agreeing: Mapping[str, bool] = {
        "type_code": fields["type_code"] == kind.type_code == type_code,
        "type_name": fields["type_name"] == kind.name,
        "issuer_code": fields["issuer_code"] == issuer_code,
        "version": fields["version"] == int(version),
        "identifier": rebuilt,
        "number": _number_pattern(kind, int(serial[:4]), int(serial[4:])).fullmatch(fields["number"]) is not None,
        "issued_on": fields["issued_on"] == decided_on,
        "valid_until": fields["valid_until"] is None or fields["valid_from"] <= fields["valid_until"],
        "previous": before == (None if version == "001" else (type_code, issuer_code, serial, f"{int(version) - 1:03d}")),
    }
    for name, right in agreeing.items():
        if not right:
            yield _problem(name, say("This does not agree with the rest of the record."))


def _consistent_letter(fields: Fields) -> Iterator[FieldError]:
    found = _DATE_TEXT.fullmatch(fields["date_text"])
    try:
        date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        yield _problem("date_text", say("There is no such day."))


def _number_pattern(kind: LicenceType, year: int, serial: int) -> re.Pattern[str]:
    """Licence numbers of this kind with this year and serial; what the place writes is free."""
    known = {"year": year, "serial": serial}
    parts = []
    for literal, field, style, _ in Formatter().parse(kind.number_pattern):
        parts.append(re.escape(literal))
        if field is not None:
            parts.append(re.escape(format(known[field], style or "")) if field in known else _PLACE)
    return re.compile("".join(parts))


def _parts(identifier: str) -> tuple[str, ...]:
    found = _IDENTIFIER.fullmatch(identifier)
    return found.groups() if found else ("",) * 5


def _end_of_day(last_day: str | None) -> int | None:
    """The last second of a day in China."""
    return int(datetime.fromisoformat(f"{last_day}T23:59:59").replace(tzinfo=CHINA).timestamp()) if last_day else None


def _text(shortest: int, longest: int, *, lines: bool = False) -> Check:
    def right(value: Any) -> bool:
        return isinstance(value, str) and shortest <= len(value) <= longest and first_unprintable(value, lines=lines) is None

    return right


def _whole(lowest: int, highest: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _shaped(pattern: str) -> Check:
    shape = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and shape.fullmatch(value) is not None


def _one_of(known: Callable[[], frozenset[str]]) -> Check:
    return lambda value: isinstance(value, str) and value in known()


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list_of(check: Check, shortest: int, longest: int) -> Check:
    return lambda value: isinstance(value, list) and shortest <= len(value) <= longest and all(check(each) for each in value)


def _row(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and _LABEL(value[0]) and _FACE_VALUE(value[1])


def _day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _moment(value: Any) -> bool:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return moment is not None and moment.tzinfo is not None and moment.isoformat(timespec="seconds") == value and moment.year >= 2000


def _identifier(value: Any) -> bool:
    if not isinstance(value, str) or _IDENTIFIER.fullmatch(value) is None:
        return False
    return bool(mod_37_36.is_valid("".join(_parts(value))))


_LABEL: Final = _text(1, 60)
_FACE_VALUE: Final = _text(1, 2000, lines=True)
_CHECK_CODE: Final = _shaped("[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}")
_LICENCE: Final[Mapping[str, Check]] = {
    "format": _one_of(lambda: frozenset({RECORD_FORMAT})),
    "type": _one_of(lambda: frozenset(kind.code for kind in load_catalogue().licence_types)),
    "type_code": _shaped("[0-9A-Z]{21}"),
    "type_name": _text(1, 100),
    "identifier": _identifier,
    "number": _text(1, 60),
    "version": _whole(1, 999),
    "issuer": _text(1, 200),
    "issuer_code": _shaped("[0-9A-Z]{18}"),
    "holder": _text(1, 200),
    "holder_code": _shaped("[0-9A-Za-z-]{1,32}"),
    "project": _or_none(_text(1, 200)),
    "issued_on": _day,
    "valid_from": _day,
    "valid_until": _or_none(_day),
    "decided_at": _moment,
    "case_number": _text(0, 60),
    "check_code": _CHECK_CODE,
    "status_index": _whole(0, 2**32 - 1),
    "face": _list_of(_row, 1, 60),
    "opinion": _text(0, 4000, lines=True),
    "previous": _or_none(_identifier),
}
_PART_LINES = _list_of(_text(1, 4000, lines=True), 1, 100)


def _is_part(value: Any) -> bool:
    """A headed part of a long letter: heading, lines, and whether these are numbered."""
    return (
        isinstance(value, dict)
        and value.keys() == {"heading", "lines", "numbered"}
        and _text(1, 60)(value["heading"])
        and _PART_LINES(value["lines"])
        and isinstance(value["numbered"], bool)
    )


_LETTER: Final[Mapping[str, Check]] = {
    "kind": _one_of(lambda: frozenset(kind.code for kind in load_catalogue().letters)),
    "title": _text(1, 200),
    "number": _text(1, 60),
    "addressee": _text(1, 200),
    "paragraphs": _list_of(_text(1, 4000, lines=True), 1, 50),
    "items": _list_of(_text(1, 4000, lines=True), 0, 200),
    "remedy": _text(0, 2000, lines=True),
    "issuer": _text(1, 200),
    "date_text": _shaped(_DATE_TEXT.pattern),
    "parts": _list_of(_is_part, 1, 9),
    "check_code": _CHECK_CODE,
}
_OPTIONAL: Final[Mapping[Kind, frozenset[str]]] = {Kind.LICENCE: frozenset(), Kind.LETTER: frozenset({"parts", "check_code"})}
_SCHEMAS: Final = {Kind.LICENCE: _LICENCE, Kind.LETTER: _LETTER}
_CONSISTENT: Final = {Kind.LICENCE: _consistent_licence, Kind.LETTER: _consistent_letter}


def _problem(path: str, sentence: Said) -> FieldError:
    return FieldError(path, "refused", sentence)


def _refused(problems: list[FieldError]) -> Invalid:
    names = ", ".join(problem.path for problem in problems if problem.path)
    sentence = say("The document is not one that may be signed: %(fields)s.", fields=names) if names else problems[0].sentence
    return Invalid(sentence, problems, code="document-refused")
