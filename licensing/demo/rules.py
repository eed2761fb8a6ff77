"""Credit codes that hold, for companies that do not exist. Pure."""

from __future__ import annotations

import hashlib

from stdnum.cn import uscc
from stdnum.iso7064 import mod_11_2

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def authority_uscc(region: str) -> str:
    """The credit code of an invented authority in ``region``: 11, region, an organisation code MB…, check character (GB 32100)."""
    return _complete("11", region, f"MB{_digits(region, 6)}")


def company_uscc(region: str, name: str) -> str:
    """The credit code of an invented company called ``name`` in ``region``: 91, region, MA…, check character (GB 32100)."""
    series = "MA2" if region.startswith("33") else "MA1"
    return _complete("91", region, series + _letters(name, 5))


def phone(name: str) -> str:
    """A mobile number in good form, always the same one for ``name``."""
    return f"13{_digits(name, 9)}"


def identity_number(region: str, name: str) -> str:
    """An identity number in good form for somebody invented, born in the seventies or eighties (GB 11643)."""
    number = _number(name)
    body = f"{region}{1970 + number % 20}{1 + number // 20 % 12:02d}{1 + number // 240 % 28:02d}{number // 6720 % 1000:03d}"
    return body + mod_11_2.calc_check_digit(body)


def _complete(category: str, region: str, organisation: str) -> str:
    body = f"{category}{region}{organisation}{_organisation_check(organisation)}"
    return body + str(uscc.calc_check_digit(body))


def _organisation_check(body: str) -> str:
    """The check character of an organisation code (GB 11714)."""
    total = sum(weight * int(character, 36) for weight, character in zip(_WEIGHTS, body, strict=True))
    return "0123456789X0"[11 - total % 11]


def _digits(seed: str, count: int) -> str:
    return str(_number(seed))[-count:]


def _letters(seed: str, count: int) -> str:
    number, letters = _number(seed), ""
    for _ in range(count):
        number, place = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[place]
    return letters


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "big")
