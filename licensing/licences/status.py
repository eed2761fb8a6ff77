"""The status of a licence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from licensing.words import N_


class Status(StrEnum):
    """The status of a licence in the register. INTENT and VOID are never shown to the public as licences."""

    INTENT = "intent"
    VOID = "void"
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    REVOKED_FOR_DECEIT = "revoked_for_deceit"
    REVOKED_AS_PENALTY = "revoked_as_penalty"
    PERMISSION_WITHDRAWN = "permission_withdrawn"
    CANCELLED = "cancelled"
    REPLACED = "replaced"
    EXPIRED = "expired"


PUBLIC = frozenset(Status) - {Status.INTENT, Status.VOID}

STATUS_NAMES: Mapping[Status, str] = {
    Status.INTENT: N_("Being issued"),
    Status.VOID: N_("Void number"),
    Status.IN_FORCE: N_("In force"),
    Status.SUSPENDED: N_("Suspended"),
    Status.REVOKED_FOR_DECEIT: N_("Revoked for deceit"),
    Status.REVOKED_AS_PENALTY: N_("Revoked as a penalty"),
    Status.PERMISSION_WITHDRAWN: N_("Permission withdrawn"),
    Status.CANCELLED: N_("Cancelled"),
    Status.REPLACED: N_("Replaced"),
    Status.EXPIRED: N_("Expired"),
}


def status_on(status: Status, last_day: date | None, today: date) -> Status:
    """The status that counts today: a licence in force past its last day has expired, whatever the register still says."""
    if status is Status.IN_FORCE and last_day is not None and today > last_day:
        return Status.EXPIRED
    return status
