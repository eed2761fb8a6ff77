"""The filter of the worklist as it stands in an address, in a saved filter, and in words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from flask import url_for
from flask_babel import gettext

from licensing.cases.counted import CHOICES, PEOPLE, Behind, Figure
from licensing.cases.figures import last_months, next_month
from licensing.cases.machine import FINAL, TURN_NAMES, State, Turn
from licensing.cases.targets import target_name
from licensing.cases.worklist import RUNNING, SOON, Asked, Risk
from licensing.catalogue import load_catalogue
from licensing.clock import today
from licensing.words import N_, Said, say
from portal.components import label, say_filter
from portal.office.presentation import OFFICE_STATE_NAMES
from portal.typed import Form, is_dated_key, printable

if TYPE_CHECKING:
    from licensing.parties.tables import Authority

SEARCH_LIMIT = 100
NOBODY = "0"
SHOWS: Mapping[str, str] = {
    "": N_("What waits for my posts"),
    "mine": N_("What I work on"),
    "free": N_("What waits for my posts and nobody works on"),
    "open": N_("Everything open at my authority"),
    "all": N_("Everything of my authority"),
}
OF_POSTS = ("", "free")
RISKS: Mapping[Risk, Said] = {
    Risk.LATE: say("Late"),
    Risk.SOON: say("Due within %(days)s working days", days=SOON),
    Risk.STANDING: say("No date runs"),
}
FIGURE_NAMES: Mapping[Figure, str] = {
    Figure.RECEIVED: N_("received"),
    Figure.ACCEPTED: N_("accepted"),
    Figure.SILENT: N_("accepted by silence"),
    Figure.DECIDED: N_("decided"),
    Figure.LATE: N_("decided after the legal limit"),
    Figure.BEYOND_PROMISE: N_("decided after the promised limit"),
    Figure.CORRECTED: N_("received, with corrections asked for"),
    Figure.CORRECTED_ITEM: N_("received, with this to be corrected"),
    Figure.PROMISED: N_("received, with this proof promised"),
    Figure.HANDED_IN: N_("received, with this proof handed in"),
    Figure.UNTRUE: N_("received, with a promise that was untrue"),
    Figure.ACCEPTED_BY: N_("accepted by this officer"),
    Figure.PROPOSED_BY: N_("proposed by this officer and decided"),
    Figure.DECIDED_BY: N_("decided by this officer"),
}
_MONTH = re.compile(r"20\d{2}-(0[1-9]|1[0-2])", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_ITEM = re.compile(r"[a-z0-9_.:]{1,120}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which part of the worklist is asked for, each part as the address has it; empty is everything.

    ``show``: a key of :data:`SHOWS`, or one state. ``officer``: who works on it, "0" nobody; for a figure about people who did it.
    ``figure`` with ``month``, ``item`` and ``times`` asks for the cases behind a number.
    """

    show: str = ""
    risk: str = ""
    matter: str = ""
    search: str = ""
    region: str = ""
    authority: str = ""
    officer: str = ""
    figure: str = ""
    month: str = ""
    item: str = ""
    times: str = ""
    after: str | None = None

    @property
    def is_set(self) -> bool:
        return bool(self.parts())

    def parts(self) -> dict[str, str]:
        """What is asked for, without the page: for addresses and for keeping."""
        names = ("show", "risk", "matter", "search", "region", "authority", "officer", "figure", "month", "item", "times")
        return {name: value for name in names if (value := getattr(self, name))}

    def hidden(self, fields: Collection[str]) -> dict[str, str]:
        """The parts for which the form has no field of its own."""
        return {name: value for name, value in self.parts().items() if name not in fields}

    def url(self, after: str | None = None) -> str:
        """The address of this part of the worklist; addresses stay short because what is empty is left out."""
        parts: dict[str, Any] = {**self.parts(), "after": after}
        return url_for("office.worklist", **parts)

    def asked(self, reader: int | None) -> Asked:
        """The same as the worklist wants it, for the person who reads."""
        behind = self._behind()
        holder = reader if self.show == "mine" else int(self.officer) if self.officer and not self.about_people else None
        return Asked(
            states=self._states(),
            matter=self.matter,
            search=self.search,
            risk=Risk(self.risk) if self.risk else None,
            holder=holder or None,
            free=self.show == "free" or (self.officer == NOBODY and not self.about_people),
            region=self.region,
            authority=int(self.authority) if self.authority else None,
            behind=behind,
        )

    @property
    def about_people(self) -> bool:
        """Whether it asks for the cases behind a number about people."""
        return bool(self.figure) and Figure(self.figure) in PEOPLE

    def _states(self) -> tuple[State, ...] | None:
        several = {"all": tuple(state for state in State if state is not State.DRAFT), "open": RUNNING, "mine": RUNNING}
        if self.show in ("", "free"):
            return None
        return several.get(self.show) or (State(self.show),)

    def _behind(self) -> Behind | None:
        if not self.figure:
            return None
        months = [_first(self.month)] if self.month else last_months(today())
        return Behind(
            Figure(self.figure),
            months[0],
            next_month(months[-1]),
            item=self.item,
            person=int(self.officer) if self.about_people and self.officer else None,
            times=int(self.times) if self.times else None,
        )


def fields_for(asked: Filter, people: Mapping[int, str], offices: Mapping[int, Authority]) -> frozenset[str]:
    """The parts of a filter that the form has a field for: of who works on it and of the authority where there is something to choose.

    Somebody who is no colleague, or who did what a number counts, is asked for by an address alone.
    """
    chosen = not asked.about_people and (asked.officer in ("", NOBODY) or int(asked.officer) in people)
    several = len(offices) > 1 and (not asked.authority or int(asked.authority) in offices)
    return frozenset({"show", "risk", "matter", "search"} | ({"officer"} if chosen else set()) | ({"authority"} if several else set()))


def read_filter(args: Form) -> Filter:
    """The filter in the address; what makes no sense is left out."""
    catalogue = load_catalogue()
    typed = {name: args.get(name, "") for name in ("show", "risk", "matter", "region", "figure", "after")}
    region = typed["region"] if re.fullmatch(r"\d{6}", typed["region"], re.ASCII) else ""
    return Filter(
        show=typed["show"] if typed["show"] in {*SHOWS, *State} - {State.DRAFT} else "",
        risk=typed["risk"] if typed["risk"] in set(Risk) else "",
        matter=typed["matter"] if any(known.code == typed["matter"] for known in catalogue.matters) else "",
        search=printable(args.get("search", ""))[:SEARCH_LIMIT],
        region=region,
        authority=_fitting(_NUMBER, args, "authority"),
        officer=_fitting(_NUMBER, args, "officer"),
        figure=typed["figure"] if typed["figure"] in set(Figure) else "",
        month=_fitting(_MONTH, args, "month"),
        item=_fitting(_ITEM, args, "item"),
        times=_fitting(_NUMBER, args, "times"),
        after=typed["after"] if is_dated_key(typed["after"]) else None,
    )


def shows(*, has_posts: bool) -> list[tuple[str, Said]]:
    """The choices of the worklist's first filter: the parts of the work, then the single states, those that are over last.

    Whose posts only oversee has nothing that waits for them.
    """
    states = sorted((state for state in State if state is not State.DRAFT), key=lambda state: state in FINAL)
    parts = {code: name for code, name in SHOWS.items() if has_posts or code not in OF_POSTS}
    return [*((code, say(name)) for code, name in parts.items()), *((str(state), say(OFFICE_STATE_NAMES[state])) for state in states)]


def in_words(asked: Filter, fields: Collection[str], people: Mapping[int, str], offices: Mapping[int, Authority]) -> list[str]:
    """What the parts of a filter ask for that have no field, each in the language of the page."""
    return list(_in_words(asked, asked.hidden(fields), people, offices))


def _in_words(asked: Filter, hidden: Collection[str], people: Mapping[int, str], offices: Mapping[int, Authority]) -> Iterator[str]:
    if asked.figure:
        yield gettext(FIGURE_NAMES[Figure(asked.figure)])
        yield asked.month or gettext("the last twelve months")
    if asked.times:
        yield gettext("corrections asked for: %(times)s", times=asked.times)
    if asked.item:
        yield _item_name(asked)
    if asked.region:
        catalogue = load_catalogue()
        yield catalogue.region_name(asked.region) if catalogue.has_region(asked.region) else asked.region
    if "authority" in hidden:
        known = offices.get(int(asked.authority))
        yield label(known) if known else gettext("an authority that is not yours to see")
    if "officer" in hidden:
        yield gettext("nobody works on it") if asked.officer == NOBODY else people.get(int(asked.officer), asked.officer)


def _item_name(asked: Filter) -> str:
    figure, catalogue = asked.figure, load_catalogue()
    if figure == Figure.LATE and asked.item in set(Turn):
        return say_filter(TURN_NAMES[Turn(asked.item)])
    if figure == Figure.CORRECTED_ITEM and asked.matter:
        return label(target_name(catalogue.matter(asked.matter), asked.item))
    known = [proof for proof in catalogue.proofs if proof.code == asked.item] if figure in CHOICES or figure == Figure.UNTRUE else []
    return label(known[-1]) if known else asked.item


def _fitting(pattern: re.Pattern[str], args: Form, name: str) -> str:
    value = args.get(name, "")
    return value if pattern.fullmatch(value) else ""


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
