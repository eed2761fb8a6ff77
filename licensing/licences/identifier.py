"""The licence identifier 证照标识 of GB/T 36904. Pure.

``1.2.156.3005.2.<type code 21>.<issuer code 18>.<serial>.<version 3>.<check>``; the check character is ISO 7064 MOD 37,36 over type,
issuer, serial and version, without dots and without the root.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdnum.iso7064 import mod_37_36

from licensing.errors import Invalid
from licensing.words import say

ROOT = "1.2.156.3005.2"
_SHAPE = re.compile(
    re.escape(ROOT) + r"\.(?P<type_code>[0-9A-Z]{21})\.(?P<issuer>[0-9A-Z]{6}|[0-9A-Z]{18})\.(?P<serial>[0-9A-Z]{1,40})"
    r"\.(?P<version>\d{3})\.(?P<check>[0-9A-Z])"
)


@dataclass(frozen=True, slots=True)
class Identifier:
    """The parts of an identifier; ``str()`` gives the whole."""

    type_code: str
    issuer: str
    serial: str
    version: int
    check: str

    @property
    def body(self) -> str:
        return f"{self.type_code}{self.issuer}{self.serial}{self.version:03d}"

    @property
    def holds(self) -> bool:
        """Whether the check character is the right one."""
        return self.check == check_character(self.body)

    def __str__(self) -> str:
        return f"{ROOT}.{self.type_code}.{self.issuer}.{self.serial}.{self.version:03d}.{self.check}"


def make(type_code: str, issuer: str, serial: str, version: int) -> Identifier:
    """A new identifier with its standard check character.

    Raises ``Invalid`` when a part does not have the shape that we issue: type code 21, issuer 18 characters.
    """
    identifier = Identifier(type_code, issuer, serial, version, check_character(f"{type_code}{issuer}{serial}{version:03d}"))
    if not _SHAPE.fullmatch(str(identifier)) or len(issuer) != 18:
        raise _invalid()
    return identifier


def parse(text: str) -> Identifier:
    """The parts of an identifier as written. The check character is not judged here: ask ``holds``. Raises ``Invalid``."""
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise _invalid()
    return Identifier(found["type_code"], found["issuer"], found["serial"], int(found["version"]), found["check"])


def check_character(body: str) -> str:
    """ISO 7064 MOD 37,36 over ``body`` (characters 0-9 and A-Z)."""
    return str(mod_37_36.calc_check_digit(body))


def _invalid() -> Invalid:
    return Invalid(
        say("This is not a licence identifier."),
        next_step=say("It looks like 1.2.156.3005.2, then the type code, the issuer code, a serial, a version and one check character."),
        code="identifier",
    )
