"""How cases went: each story is a row of steps on working days counted from the submission. Pure, but for the calendar it is handed.

A step on the worklist is placed so that its legal date falls on the wanted day; a finished story so that it ended the wanted time ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from licensing.cases.machine import Event
from licensing.clock import CHINA, Calendar, add_working_days
from licensing.demo.cast import Project

INTAKE_DAYS = 5
EXTENSION_DAYS = 5
DESIGN, ACCEPTANCE, QUALIFICATION = "design_review", "completion_acceptance", "qualification"
DECISION_DAYS = {DESIGN: 10, ACCEPTANCE: 10, QUALIFICATION: 20}
EVENTS: Mapping[str, tuple[Event, ...]] = {
    "begin": (Event.STARTED,),
    "prepare": (Event.STARTED,),
    "submit": (Event.SUBMITTED,),
    "ask": (Event.CORRECTION_REQUESTED,),
    "resubmit": (Event.CORRECTED,),
    "accept": (Event.ACCEPTED,),
    "silence": (Event.DEEMED_ACCEPTED,),
    "turn_away": (Event.NOT_ACCEPTED,),
    "commission": (Event.EVALUATION_COMMISSIONED,),
    "pass": (Event.EVALUATION_RECORDED,),
    "fail": (Event.EVALUATION_RECORDED,),
    "propose_grant": (Event.DECISION_PROPOSED,),
    "propose_refuse": (Event.DECISION_PROPOSED,),
    "send_back": (Event.PROPOSAL_RETURNED,),
    "grant": (Event.GRANTED, Event.LICENCE_ISSUED),
    "refuse": (Event.REFUSED,),
    "withdraw": (Event.WITHDRAWN,),
    "take_back": (Event.PROMISE_WITHDRAWN,),
    "require": (Event.PROOF_REQUIRED,),
    "hand_in": (Event.PROOF_SETTLED,),
    "find_untrue": (Event.UNTRUTH_NOTIFIED,),
    "explain": (Event.UNTRUTH_ANSWERED,),
    "terminate": (Event.TERMINATED,),
    "order": (Event.CORRECTION_ORDERED,),
    "close": (Event.CLOSED,),
    "extend": (Event.EXTENDED,),
    "drop": (Event.FINDING_DROPPED,),
    "ask_repair": (),
    "transfer": (Event.TRANSFERRED,),
    "check_site": (Event.SITE_CHECKED,),
    "draw": (Event.EVALUATION_COMMISSIONED,),
    "vote": (),
    "conclude": (Event.EVALUATION_RECORDED,),
    "publish": (Event.PUBLICITY_OPENED,),
    "object_publicly": (),
    "object": (),
    "uphold": (),
    "rate": (),
    "answer_rating": (),
}
"""What each step appends to the case, so that an interrupted load finds its place again."""

Steps = tuple[tuple[str, int], ...]
_HANDED_IN: Steps = (("prepare", -1), ("submit", 0))
_CORRECTED: Steps = (*_HANDED_IN, ("ask", 2), ("resubmit", 5))
_ACCEPTED: Steps = (*_HANDED_IN, ("accept", 2))
_EVALUATING: Steps = (*_ACCEPTED, ("commission", 3))
_PASSED: Steps = (*_EVALUATING, ("pass", 10))
_FAILED: Steps = (*_EVALUATING, ("fail", 11))
_END: Steps = (("propose_grant", 12), ("grant", 14))
_FOUND_UNTRUE: Steps = (*_ACCEPTED, ("find_untrue", 4))
_EXPLAINED: Steps = (*_FOUND_UNTRUE, ("explain", 6))
_ENDED: Steps = (*_EXPLAINED, ("terminate", 9))
_REFUSED: Steps = (*_FAILED, ("propose_refuse", 13), ("refuse", 15))
_CHECKED: Steps = (*_ACCEPTED, ("check_site", 5))
_VOTING: Steps = (*_CHECKED, ("draw", 7), ("vote", 9), ("vote", 10), ("vote", 12))
_REVIEWED: Steps = (*_VOTING, ("vote", 13), ("vote", 14), ("conclude", 15))
_PUBLISHED: Steps = (*_REVIEWED, ("propose_grant", 17), ("publish", 19))

STORIES: Mapping[str, Steps] = {
    "draft_begun": (("begin", 0),),
    "draft_ready": (("prepare", 0),),
    "submitted": _HANDED_IN,
    "correction": _CORRECTED[:-1],
    "resubmitted": _CORRECTED,
    "accepted": _ACCEPTED,
    "deemed": (*_HANDED_IN, ("silence", 6)),
    "evaluating": _EVALUATING,
    "recorded": _PASSED,
    "extended": (*_PASSED, ("extend", 12)),
    "proposed_grant": (*_PASSED, ("propose_grant", 12)),
    "proposed_refuse": (*_FAILED, ("propose_refuse", 12)),
    "granted": (*_PASSED, *_END),
    "granted_corrected": (*_CORRECTED, ("accept", 7), ("commission", 8), ("pass", 14), ("propose_grant", 16), ("grant", 17), ("rate", 19)),
    "granted_deemed": (*_HANDED_IN, ("silence", 6), ("commission", 7), ("pass", 12), ("propose_grant", 13), ("grant", 14), ("rate", 15)),
    "granted_returned": (*_PASSED, ("propose_grant", 12), ("send_back", 13), ("extend", 13), ("propose_grant", 14), ("grant", 15)),
    "granted_examined_late": (*_PASSED, ("propose_grant", 21), ("grant", 22), ("rate", 23), ("answer_rating", 27)),
    "granted_decided_late": (*_PASSED, ("propose_grant", 12), ("grant", 24), ("rate", 25), ("answer_rating", 29)),
    "refused": _REFUSED,
    "refused_objected": (*_REFUSED, ("object", 18), ("rate", 18)),
    "refused_upheld": (*_REFUSED, ("object", 18), ("uphold", 22)),
    "not_accepted": (*_HANDED_IN, ("turn_away", 3), ("rate", 4)),
    "withdrawn": (*_ACCEPTED, ("withdraw", 4)),
    "closed": (*_EVALUATING, ("close", 8)),
    "notified": _FOUND_UNTRUE,
    "answered": _EXPLAINED,
    "ordered": (*_EXPLAINED, ("order", 8)),
    "required": (*_ACCEPTED, ("require", 4)),
    "terminated": _ENDED,
    "terminated_repairing": (*_ENDED, ("ask_repair", 25)),
    "granted_dropped": (*_EXPLAINED, ("drop", 8), ("commission", 9), ("pass", 16), ("propose_grant", 17), ("grant", 18), ("rate", 20)),
    "granted_handed_in": (
        *_ACCEPTED,
        ("take_back", 4),
        ("hand_in", 6),
        ("commission", 7),
        ("pass", 14),
        ("propose_grant", 15),
        ("grant", 16),
        ("rate", 17),
    ),
    "transferred": (*_HANDED_IN, ("transfer", 2)),
    "checked": _CHECKED,
    "reviewing": _VOTING,
    "published": (*_PUBLISHED, ("object_publicly", 21)),
    "recognised": (*_PUBLISHED, ("grant", 26)),
    "review_refused": (*_REVIEWED, ("propose_refuse", 17), ("refuse", 19)),
}
NEEDS_PROMISE = frozenset({"take_back", "require", "find_untrue"})
"""The steps that speak of a promise, so both proofs are promised in their stories."""
_CLOCK_RUNS = frozenset(
    {
        "submitted",
        "resubmitted",
        "transferred",
        "accepted",
        "deemed",
        "checked",
        "recorded",
        "extended",
        "proposed_grant",
        "proposed_refuse",
    }
)


@dataclass(frozen=True, slots=True)
class Act:
    """One step of one case at its moment; ``place`` is its place in the story."""

    at: datetime
    project: Project
    matter: str
    verb: str
    place: int

    @property
    def key(self) -> tuple[int, str]:
        """Which case."""
        return (self.project.index, self.matter)

    @property
    def story(self) -> str:
        """The name of the story of which this is a step."""
        project = self.project
        return {DESIGN: project.design, ACCEPTANCE: project.acceptance or "", QUALIFICATION: project.qualification}[self.matter]

    @property
    def before(self) -> tuple[str, ...]:
        """The steps of the story before this one."""
        return tuple(verb for verb, _ in STORIES[self.story][: self.place])


def timetable(projects: tuple[Project, ...], today: date, calendar: Calendar) -> list[Act]:
    """Every step of every case, in the order of time; all lie before ``today``."""
    acts = [act for project in projects for act in _acts(project, today, calendar)]
    return sorted(acts, key=lambda act: (act.at, act.project.index))


def _acts(project: Project, today: date, calendar: Calendar) -> list[Act]:
    last = project.qualification or project.acceptance or project.design
    matter = QUALIFICATION if project.qualification else ACCEPTANCE if project.acceptance else DESIGN
    submitted = _submission(project, matter, last, today, calendar)
    acts = _placed(project, matter, STORIES[last], submitted, calendar)
    if project.acceptance:
        design = STORIES[project.design]
        building_days = 35 + project.index * 37 % 50
        acts += _placed(project, DESIGN, design, add_working_days(submitted, -building_days - design[-1][1], calendar), calendar)
    return acts


def _submission(project: Project, matter: str, story: str, today: date, calendar: Calendar) -> date:
    steps = STORIES[story]
    if story in _CLOCK_RUNS:
        working_day = today if calendar.is_working(today) else add_working_days(today, 1, calendar)
        return add_working_days(working_day, (project.when or 0) - _running(steps, DECISION_DAYS[matter]), calendar)
    ago = project.when or (3 + project.index * 61 % 190 if story.startswith("granted") else 2 + project.index * 5 % 9)
    return add_working_days(today, -ago - steps[-1][1], calendar)


def _running(steps: Steps, decision_days: int) -> int:
    """Working days from the (last) submission step 0 to the legal date."""
    days = dict(steps)
    if "accept" not in days and "silence" not in days:
        return INTAKE_DAYS + days.get("resubmit", 0)
    stood = days.get("pass", days.get("fail", 0)) - days["commission"] if "commission" in days else 0
    extended = EXTENSION_DAYS if "extend" in days else 0
    return days.get("accept", 0) + decision_days + stood + extended


def _placed(project: Project, matter: str, steps: Steps, submitted: date, calendar: Calendar) -> list[Act]:
    return [
        Act(moment(add_working_days(submitted, days, calendar), project.index, place), project, matter, verb, place)
        for place, (verb, days) in enumerate(steps)
    ]


def moment(day: date, index: int, place: int) -> datetime:
    """An hour at which offices work: 9:00 to 11:45 or 14:00 to 16:45, in China."""
    minute = (index * 53 + place * 97) % 330
    start = time(9) if minute < 165 else time(14)
    return datetime.combine(day, start, tzinfo=CHINA) + timedelta(minutes=minute % 165, seconds=(index * 17 + place * 7) % 60)
