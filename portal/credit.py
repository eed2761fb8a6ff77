"""Credit entries as pages show them."""

from __future__ import annotations

from collections.abc import Mapping

from licensing.credit.machine import STATE_NAMES, State
from licensing.credit.rules import KIND_NAMES

STATE_KINDS: Mapping[State, str] = {
    State.STANDING: "bad",
    State.OBJECTED: "warn",
    State.REPAIR_ASKED: "warn",
    State.REMOVED: "",
    State.REPAIRED: "ok",
}


def words() -> dict[str, object]:
    """The words that every page about credit needs."""
    return {"kind_names": KIND_NAMES, "state_names": STATE_NAMES, "state_kinds": STATE_KINDS}
