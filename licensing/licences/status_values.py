"""What a status is in a Token Status List: a number of four bits. Pure.

Source: draft-ietf-oauth-status-list-20, section 7; 0x0 to 0x2 are registered there, 0xC to 0xF belong to the application.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from licensing.licences.status import Status, status_on

IN_FORCE: Final = 0x0
ENDED: Final = 0x1
SUSPENDED: Final = 0x2
REVOKED_FOR_DECEIT: Final = 0xC
REVOKED_AS_PENALTY: Final = 0xD
REPLACED: Final = 0xE
NOT_ACTIVE: Final = 0xF
"""Not issued yet, never given out, or not valid yet."""

VALUES: Final[Mapping[Status, int]] = {
    Status.IN_FORCE: IN_FORCE,
    Status.CANCELLED: ENDED,
    Status.EXPIRED: ENDED,
    Status.PERMISSION_WITHDRAWN: ENDED,
    Status.VOID: ENDED,
    Status.SUSPENDED: SUSPENDED,
    Status.REVOKED_FOR_DECEIT: REVOKED_FOR_DECEIT,
    Status.REVOKED_AS_PENALTY: REVOKED_AS_PENALTY,
    Status.REPLACED: REPLACED,
    Status.INTENT: NOT_ACTIVE,
}

NAMES: Final[Mapping[int, str]] = {
    IN_FORCE: "in-force",
    ENDED: "ended",
    SUSPENDED: "suspended",
    REVOKED_FOR_DECEIT: "revoked-for-deceit",
    REVOKED_AS_PENALTY: "revoked-as-penalty",
    REPLACED: "replaced",
    NOT_ACTIVE: "not-active",
}
"""Codes for lists of numbers, stable; a value that is not here is reserved."""


def value_on(status: Status, first_day: date, last_day: date | None, day: date) -> int:
    """The value of a licence on ``day``: its dates count over what the register still says (draft 7.1)."""
    if status is Status.IN_FORCE and day < first_day:
        return NOT_ACTIVE
    return VALUES[status_on(status, last_day, day)]
