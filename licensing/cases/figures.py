"""What figures count: one case measured by its events, and many cases summed up. Pure.

*Days* are working days after the day of acceptance up to and including the day of the decision, but for those on which the clock stood:
the same days that the legal limit counts (Licensing Law arts. 42, 45, 82).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from licensing.cases.deadlines import deadline
from licensing.cases.machine import Event, State, Turn, turn_in
from licensing.cases.replay import apply
from licensing.cases.view import CaseView, Happened
from licensing.catalogue.answers import answer_at
from licensing.catalogue.model import Matter
from licensing.clock import local_date
from licensing.clock.calendar import Calendar

DECIDED = frozenset({State.ISSUING, State.GRANTED, State.REFUSED})
"""Where the permit was granted or refused; what ended otherwise was not decided."""
PROMISED, HANDED_IN = "promised", "handed_in"
_CHOICES = {"promise": PROMISED, "hand_in": HANDED_IN}
MONTHS = 12


@dataclass(frozen=True, slots=True)
class Measure:
    """One case in figures: ``corrected`` are targets, ``proofs`` codes with what was chosen last. What has not happened is None.

    ``authority_id`` is the authority to which the case was transferred; it counts there and no more where it came from.
    """

    region: str
    received_on: date
    accepted_on: date | None = None
    decided_on: date | None = None
    silent: bool = False
    days: int | None = None
    legal_days: int | None = None
    promised_days: int | None = None
    slowest: Turn | None = None
    corrections: int = 0
    handlers: Mapping[str, int] = field(default_factory=dict)
    corrected: frozenset[str] = frozenset()
    proofs: Mapping[str, str] = field(default_factory=dict)
    authority_id: int | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """How long decisions took: median and 90th percentile by nearest rank, the limits of most of them, how many were later."""

    count: int
    median: int
    ninetieth: int
    legal: int
    promised: int
    late: int
    beyond_promise: int


def measure(events: Sequence[Happened], matter: Matter, calendar: Calendar) -> Measure | None:
    """What the events of a case say in figures; None while nothing was handed in."""
    view, states = CaseView(), []
    for event in events:
        view = apply(view, event)
        states.append((local_date(event.at), view.state))
    if not view.submissions:
        return None
    found = Measure(
        region=answer_at(view.submissions[0].answers, matter.region_at),
        received_on=local_date(view.submissions[0].at),
        accepted_on=view.accepted_on,
        silent=view.deemed,
        corrections=sum(event.type is Event.CORRECTION_REQUESTED for event in events),
        handlers=view.handlers,
        corrected=frozenset(item["target"] for event in events if event.type is Event.CORRECTION_REQUESTED for item in event.data["items"]),
        proofs={code: _CHOICES[made["choice"]] for code, made in view.submissions[-1].proofs.items() if made["choice"] in _CHOICES},
        authority_id=view.authorities[-1] if view.authorities else None,
    )
    if view.state not in DECIDED or view.accepted_on is None or view.decided_at is None:
        return found
    decided_on = local_date(view.decided_at)
    turns = _counted(view, states, decided_on, calendar)
    limits = deadline(replace(view, state=State.ACCEPTED), matter, calendar)
    legal, promised = (limits.legal, limits.promised or limits.legal) if limits else (None, None)
    return replace(
        found,
        decided_on=decided_on,
        days=turns.total(),
        legal_days=(legal.limit.amount or 0) + legal.extension if legal else None,
        promised_days=promised.limit.amount if promised else None,
        slowest=max(turns, key=lambda turn: (turns[turn], turn)) if turns else None,
    )


def percentile(counts: Mapping[int, int], share: int) -> int:
    """The smallest value that at least ``share`` percent do not exceed (nearest rank); ``counts`` says how often each value was seen."""
    total = sum(counts.values())
    if not total or not 0 < share <= 100:
        raise ValueError("a percentile needs values and a share between 0 and 100")
    rank, seen = -(-total * share // 100), 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= rank:
            break
    return value


def spread(rows: Iterable[tuple[int, int, int, int]]) -> Spread | None:
    """How long decisions took, from rows of days, legal limit, promised limit and how many; None where nothing was decided."""
    rows = list(rows)
    days, legal, promised = Counter[int](), Counter[int](), Counter[int]()
    for taken, law, promise, count in rows:
        days[taken] += count
        legal[law] += count
        promised[promise] += count
    if not days:
        return None
    return Spread(
        count=days.total(),
        median=percentile(days, 50),
        ninetieth=percentile(days, 90),
        legal=_usual(legal),
        promised=_usual(promised),
        late=sum(count for taken, law, _, count in rows if taken > law),
        beyond_promise=sum(count for taken, _, promise, count in rows if taken > promise),
    )


def proofs_text(proofs: Mapping[str, str]) -> str:
    """Choices as one text, such as ``,factory_certificate=promised,``: cases with the same choices have the same text."""
    return f",{','.join(f'{code}={proofs[code]}' for code in sorted(proofs))}," if proofs else ""


def proof_text(code: str, choice: str) -> str:
    """What stands in the text of every case in which this was chosen for this proof, and in no other."""
    return f",{code}={choice},"


def read_proofs(text: str) -> dict[str, str]:
    """The choices of a text of :func:`proofs_text`."""
    return dict(one.split("=", 1) for one in text.split(",") if one)


def last_months(today: date, count: int = MONTHS) -> list[date]:
    """The first days of the last ``count`` months, the present one last."""
    first, found = today.replace(day=1), []
    for _ in range(count):
        found.append(first)
        first = (first - timedelta(days=1)).replace(day=1)
    return found[::-1]


def next_month(month: date) -> date:
    """The first day of the month after the one that ``month`` lies in."""
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def _counted(view: CaseView, states: Sequence[tuple[date, State]], decided_on: date, calendar: Calendar) -> Counter[Turn]:
    """The days that count, by whose turn it was when each of them began."""
    found: Counter[Turn] = Counter()
    day = view.accepted_on or decided_on
    while day < decided_on:
        day += timedelta(days=1)
        if calendar.is_working(day) and not any(stop.covers(day) for stop in view.clock_stops):
            found[turn_in([state for since, state in states if since < day][-1], view.steps)] += 1
    return found


def _usual(limits: Counter[int]) -> int:
    """The limit of most cases; of two as frequent ones the shorter."""
    return min(limits, key=lambda limit: (-limits[limit], limit))
