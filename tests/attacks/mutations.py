"""Every kind of change to a licence file, by name: ``KINDS[name](subject)`` is the changed file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bytes_changes import ADDED, BYTE_RANGES, BYTES, CONTENTS, Change
from cms_changes import WRAPPED
from forgeries import FORGED
from rewrites import REWRITES, SIGNED_AGAIN
from shadows import SHADOWS
from stamps import STAMPS
from updates import UPDATES

FAMILIES: Final[Mapping[str, Mapping[str, Change]]] = {
    "bytes": BYTES,
    "before and after": ADDED,
    "byte range": BYTE_RANGES,
    "signature value": CONTENTS,
    "inside the signature value": WRAPPED,
    "time stamp": STAMPS,
    "other keys": FORGED,
    "updates": UPDATES,
    "published attacks": SHADOWS,
    "written anew": REWRITES,
    "signed again": SIGNED_AGAIN,
}
KINDS: Final[Mapping[str, Change]] = {name: change for family in FAMILIES.values() for name, change in family.items()}
