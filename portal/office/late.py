"""Why a decision is late: asked for on the form of the decision once its legal date has passed, and only then."""

from __future__ import annotations

from collections.abc import Callable

from licensing.cases.lateness import REASON_NAMES, reason_from
from licensing.cases.queries import CasePage
from licensing.clock import today
from licensing.words import Said, say
from portal.typed import Filled, Form

DECISIONS = frozenset({"grant", "refuse", "terminate", "close"})
"""The acts that end the time to decide."""


def reasons(slug: str, page: CasePage) -> list[tuple[str, Said]]:
    """What can be chosen on the page of the act; nothing while there is time."""
    return [(str(reason), say(name)) for reason, name in REASON_NAMES.items()] if slug in DECISIONS and page.is_late(today()) else []


def reading_late(read: Callable[[Form, CasePage], Filled]) -> Callable[[Form, CasePage], Filled]:
    """``read``, and why the decision is late where that has to be said."""

    def read_both(form: Form, page: CasePage) -> Filled:
        given, code = read(form, page), form.get("late", "")
        late = page.is_late(today())
        errors = {"late": say("Choose why the decision is late.")} if late and reason_from(code) is None else {}
        return Filled({**given.values, "late": code if late else ""}, {**given.errors, **errors})

    return read_both
