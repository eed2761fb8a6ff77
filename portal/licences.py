"""Licences and proceedings as the pages show them: colours, words, and the way to the public check."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from licensing.clock import today
from licensing.licences.operations import Operation
from licensing.licences.status import STATUS_NAMES, Status, status_on
from licensing.proceedings.machine import STATE_NAMES, State, Turn
from licensing.words import N_
from portal.components import path_exists

if TYPE_CHECKING:
    from licensing.licences.operations import Rule
    from licensing.licences.tables import Licence
    from licensing.proceedings.licence_page import Entry

STATUS_KINDS: Mapping[Status, str] = {
    Status.IN_FORCE: "ok",
    Status.SUSPENDED: "warn",
    Status.REVOKED_FOR_DECEIT: "bad",
    Status.REVOKED_AS_PENALTY: "bad",
    Status.PERMISSION_WITHDRAWN: "bad",
}
STATE_KINDS: Mapping[State, str] = {
    State.REQUESTED: "go",
    State.NOTIFIED: "warn",
    State.HEARING: "warn",
    State.PROPOSED: "go",
    State.PRODUCING: "warn",
    State.DONE: "ok",
    State.REFUSED: "bad",
}
TURN_NAMES: Mapping[Turn, str] = {
    Turn.HOLDER: N_("the holder"),
    Turn.EXAMINER: N_("the examiner"),
    Turn.APPROVER: N_("the approver"),
    Turn.SYSTEM: N_("the system"),
    Turn.NOBODY: N_("nobody"),
}
PROPOSALS: Mapping[Operation, str] = {  # in the order in which pages offer them
    Operation.CHANGE: N_("Change its data"),
    Operation.REPLACE: N_("Issue it anew"),
    Operation.RENEW: N_("Renew the licence"),
    Operation.LIFT_SUSPENSION: N_("End the suspension"),
    Operation.SUSPEND: N_("Suspend the licence"),
    Operation.WITHDRAW_PERMISSION: N_("Withdraw the permission"),
    Operation.REVOKE_AS_PENALTY: N_("Revoke it as a penalty"),
    Operation.REVOKE_FOR_DECEIT: N_("Revoke it for deceit"),
    Operation.CANCEL: N_("Cancel the licence"),
}


def status_today(licence: Licence) -> Status:
    """The status that counts today: the date ends a licence whatever the register still says."""
    return status_on(Status(licence.status), licence.valid_until, today())


def check_path(licence: Licence) -> str | None:
    """The path of the public page that the licence's QR leads to, when this installation has it."""
    path = urlsplit(licence.qr_text).path if licence.qr_text else ""
    return path if path and path_exists(path) else None


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """Operations in the order in which pages offer them."""
    return sorted(rules, key=lambda rule: list(PROPOSALS).index(rule.operation))


def lines(history: Iterable[Entry]) -> list[tuple[Entry, tuple[()]]]:
    """A history as the component of that name wants it: no line has items of its own."""
    return [(entry, ()) for entry in history]


def words() -> dict[str, object]:
    """What every template about licences needs."""
    return {
        "status_names": STATUS_NAMES,
        "status_kinds": STATUS_KINDS,
        "state_names": STATE_NAMES,
        "state_kinds": STATE_KINDS,
        "turn_names": TURN_NAMES,
        "proposals": PROPOSALS,
        "status_today": status_today,
        "lines": lines,
        "in_order": in_order,
    }
