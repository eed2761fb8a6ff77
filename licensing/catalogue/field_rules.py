"""What is wrong with one answer? Pure: a field and its canonical text go in, one error or none comes out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

from licensing.catalogue.cleaning import first_unprintable, read_date, read_number
from licensing.catalogue.loader import load_catalogue
from licensing.catalogue.model import Field
from licensing.errors import FieldError
from licensing.words import Said, say

Problem = tuple[str, Said]

_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(-\d{1,6})?|400-?\d{3}-?\d{4}", re.ASCII)
_RESIDENT_ID = re.compile(r"[1-9]\d{16}[\dX]", re.ASCII)
_POSTCODE = re.compile(r"\d{6}", re.ASCII)


def label(field: Field) -> Said:
    """The name of a field as a fact of a sentence: the English label is the key under which the Chinese one is found."""
    return say(field.english_name)


def masked_id(text: str) -> str:
    """An identity number as others may see it: the region and the last four characters."""
    return f"{text[:6]}{'*' * 8}{text[14:]}" if len(text) == 18 else "*" * len(text)


def spoken(field: Field, text: str) -> Said | str:
    """An answer as a fact of a sentence: the name of an option, a number with its unit."""
    option = field.option(text)
    if option is not None:
        return say(option.english_name)
    if field.kind == "resident_id":
        return masked_id(text)
    unit = field.english_unit or field.unit
    return say("%(number)s %(unit)s", number=text, unit=say(unit)) if unit else text


def field_error(field: Field, text: str, path: str) -> FieldError | None:
    """The first thing that is wrong with the canonical ``text`` of one answer, or None."""
    problem = _problem(field, text)
    return FieldError(path, *problem) if problem else None


def _problem(field: Field, text: str) -> Problem | None:
    if not text:
        return ("required", say("%(field)s is missing.", field=label(field))) if field.required else None
    if first_unprintable(text, lines=field.kind == "long_text") is not None:
        return "characters", say("%(field)s contains a character that cannot be printed.", field=label(field))
    if len(text) > field.max_length:
        return "too-long", say("%(field)s is too long: at most %(limit)s characters.", field=label(field), limit=field.max_length)
    return _CHECKS[field.kind](field, text)


def _any_text(_field: Field, _text: str) -> Problem | None:
    return None


def _number(field: Field, text: str, *, whole: bool) -> Problem | None:
    number = read_number(text)
    if number is None or (whole and number != number.to_integral_value()):
        wanted = (
            say("%(field)s must be a whole number.", field=label(field))
            if whole
            else say("%(field)s must be a number.", field=label(field))
        )
        return "not-a-number", wanted
    if field.minimum is not None and number < field.minimum:
        return "out-of-range", say("%(field)s must be at least %(limit)s.", field=label(field), limit=f"{field.minimum:f}")
    if field.maximum is not None and number > field.maximum:
        return "out-of-range", say("%(field)s must be at most %(limit)s.", field=label(field), limit=f"{field.maximum:f}")
    return None


def _date(field: Field, text: str) -> Problem | None:
    if read_date(text) is not None:
        return None
    return "not-a-date", say("%(field)s must be a date such as 2026-03-31.", field=label(field))


def _choice(field: Field, text: str) -> Problem | None:
    if field.option(text) is not None:
        return None
    return "unknown-option", say("%(field)s must be one of the listed choices.", field=label(field))


def _region(field: Field, text: str) -> Problem | None:
    catalogue = load_catalogue()
    # The most precise place decides the authority, so a province or city with parts below it is not an answer.
    if catalogue.has_region(text) and not catalogue.regions(text):
        return None
    return "region", say("%(field)s must be a county or district from the list.", field=label(field))


def _uscc(field: Field, text: str) -> Problem | None:
    if uscc.is_valid(text):
        return None
    return "uscc", say("%(field)s is not valid: copy all 18 characters from the business licence.", field=label(field))


def _phone(field: Field, text: str) -> Problem | None:
    if _PHONE.fullmatch(text):
        return None
    return "phone", say("%(field)s is not a valid phone number, such as 13800000000 or 025-88888888.", field=label(field))


def _postcode(field: Field, text: str) -> Problem | None:
    if _POSTCODE.fullmatch(text):
        return None
    return "postcode", say("%(field)s must have six digits.", field=label(field))


def _resident_id(field: Field, text: str) -> Problem | None:
    """GB 11643: the day of birth exists, and the check character is that of ISO 7064 MOD 11-2."""
    born = f"{text[6:10]}-{text[10:12]}-{text[12:14]}"
    if _RESIDENT_ID.fullmatch(text) and read_date(born) is not None and mod_11_2.is_valid(text):
        return None
    return "resident-id", say("%(field)s is not valid: copy all 18 characters from the identity card.", field=label(field))


_CHECKS: Mapping[str, Callable[[Field, str], Problem | None]] = {
    "text": _any_text,
    "long_text": _any_text,
    "integer": partial(_number, whole=True),
    "decimal": partial(_number, whole=False),
    "date": _date,
    "choice": _choice,
    "region": _region,
    "uscc": _uscc,
    "phone": _phone,
    "postcode": _postcode,
    "licence_number": _any_text,
    "resident_id": _resident_id,
}
