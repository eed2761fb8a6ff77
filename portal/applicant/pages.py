"""What several applicant pages share: the case that is really one's own, links to its parts, its history and its first dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from licensing.cases import queries
from licensing.cases.deadlines import PROMISE_SOURCE
from licensing.cases.journal import not_found
from licensing.cases.machine import Event, State
from licensing.cases.queries import CasePage, TimelineEntry
from licensing.cases.rules import is_filled_in, may_fill_in
from licensing.cases.submission import Task
from licensing.cases.targets import Target, paper_target, target_name
from licensing.catalogue.model import Matter
from licensing.clock import LIMITS, Explanation, explain, today
from licensing.errors import Conflict
from licensing.words import N_, Said, say
from portal.deadlines import calendar_in_force
from portal.security import current_actor

ID = "int(max=2147483647)"
STATE_KINDS: Mapping[State, str] = {
    State.DRAFT: "",
    State.SUBMITTED: "go",
    State.CORRECTION: "warn",
    State.ACCEPTED: "go",
    State.EVALUATING: "go",
    State.PROPOSED: "go",
    State.PUBLICITY: "go",
    State.ISSUING: "go",
    State.GRANTED: "ok",
    State.REFUSED: "bad",
    State.NOT_ACCEPTED: "bad",
    State.WITHDRAWN: "",
    State.HAND_IN: "warn",
    State.NOTIFIED: "bad",
    State.ANSWERED: "bad",
    State.TERMINATED: "bad",
    State.CLOSED: "bad",
}
TASK_WORDS: Mapping[str, tuple[str, str]] = {
    "complete": (N_("Done"), "ok"),
    "incomplete": (N_("Not finished"), "warn"),
    "not_started": (N_("Not started"), ""),
    "optional": (N_("If it applies"), ""),
}
_INSIDE = frozenset({Event.DECISION_PROPOSED, Event.PROPOSAL_RETURNED, Event.LICENCE_VOIDED})
"""What officers say to each other before the decision is not yet said to the applicant."""
_UNSEEN = frozenset({Event.EXPERT_DECLINED, Event.EXPERT_REPLACED})
"""Who reviews is never told to the applicant."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The dates that follow when the application is submitted today: intake, decision by law, decision as promised."""

    day: date
    intake: Explanation
    decision: Explanation
    promised: Explanation | None


def my_page(case_id: int) -> CasePage:
    """The case, when it belongs to a company in which the person has a seat; a post at the authority does not open it here."""
    actor = current_actor()
    page = queries.case_page(actor, case_id)
    if page.case.company_id not in actor.company_ids:
        raise not_found()
    return page


def open_page(case_id: int) -> CasePage:
    """The same, when it can still be filled in. Raises ``Conflict`` (``case-moved-on``) afterwards."""
    page = my_page(case_id)
    if not is_filled_in(page.view):
        raise Conflict(
            say("This application was handed in and cannot be changed now."),
            next_step=say("Its page shows where it is and whose turn it is."),
            code="case-moved-on",
        )
    return page


def to_case(case_id: int) -> ResponseReturnValue:
    """On to the page of the case."""
    return redirect(url_for("applicant.case", case_id=case_id), 303)


def is_open(page: CasePage, target: str) -> bool:
    """Whether ``target`` may be changed now: everything in a draft, afterwards what was asked for."""
    return may_fill_in(page.view, target)


def notes_on(page: CasePage, target: str) -> list[str]:
    """What the open correction notice says about ``target``."""
    return [item["note"] for item in page.view.correction_items if item["target"] == target]


def target_url(page: CasePage, path: str, *, check: bool = False) -> str:
    """Where the thing with this path is filled in."""
    kind, colon, code = path.partition(":")
    if colon:
        paper = page.matter.material_for(code) if kind == "proof" and code not in page.proofs else None
        if kind == "document" or paper is not None:
            return url_for("applicant_papers.documents", case_id=page.case.id, material=paper.code if paper else code)
        return url_for("applicant_promises.proof", case_id=page.case.id, proof=code)
    section = path.split(".", 1)[0]
    anchor = path if path != section else None
    return url_for("applicant_sections.section", case_id=page.case.id, section=section, check="1" if check else None, _anchor=anchor)


def task_url(page: CasePage, task: Task) -> str:
    """Where the task is done."""
    return target_url(page, task.code if task.kind == "section" else f"{task.kind}:{task.code}")


def task_words(page: CasePage, task: Task) -> tuple[str, str]:
    """How far the task is, in words and colour; during corrections also whether it is asked for."""
    if page.state is State.DRAFT or task.state in ("incomplete", "not_started"):
        return TASK_WORDS[task.state]
    paper = page.matter.material(task.code) if task.kind == "document" else None
    code = paper_target(paper) if paper else task.code if task.kind == "section" else f"{task.kind}:{task.code}"
    named = any(item["target"] == code or item["target"].startswith(f"{code}.") for item in page.view.correction_items)
    return (N_("To correct"), "warn") if named else (N_("As submitted"), "")


def next_url(page: CasePage, section: str) -> str:
    """The first section after ``section`` that is not finished; the task list when there is none."""
    codes = [part.code for part in page.matter.sections]
    later = codes[codes.index(section) + 1 :]
    unfinished = {task.code for task in page.tasks if task.kind == "section" and task.state in ("not_started", "incomplete")}
    following = next((code for code in later if code in unfinished and page.state is State.DRAFT), None)
    if following is None:
        return url_for("applicant.case", case_id=page.case.id)
    return url_for("applicant_sections.section", case_id=page.case.id, section=following)


def unfinished(page: CasePage) -> int:
    """How many things keep the application from being submitted."""
    return sum(task.state in ("not_started", "incomplete") for task in page.tasks)


def corrections(page: CasePage) -> list[tuple[Target, str, str]]:
    """What the open correction notice asks for: name, what is wrong, and where to mend it."""
    return [
        (target_name(page.matter, item["target"]), item["note"], target_url(page, item["target"])) for item in page.view.correction_items
    ]


def history(page: CasePage) -> list[tuple[TimelineEntry, list[tuple[Target, str]]]]:
    """The history as the applicant may read it."""
    return [
        (_outside(entry), [(target_name(page.matter, item["target"]), item["note"]) for item in entry.items])
        for entry in page.timeline
        if entry.event not in _UNSEEN
    ]


def forecast(matter: Matter) -> Forecast:
    """What follows when the application is submitted today and nothing has to be corrected; the days of an inspection do not count."""
    calendar, day = calendar_in_force(), today()
    intake = explain(day, LIMITS[matter.limits.accept], calendar)
    start = intake.due or day
    limit = LIMITS[matter.limits.decide]
    shorter = limit.amount is not None and matter.promised_days < limit.amount
    promised = explain(start, limit.promised(matter.promised_days, PROMISE_SOURCE), calendar) if shorter else None
    return Forecast(day, intake, explain(start, limit, calendar), promised)


def problem_links(page: CasePage, problems: Sequence[tuple[str, Said]]) -> list[tuple[str, Said]]:
    """What is missing, each with the page on which to add it."""
    return [(target_url(page, path, check=True), sentence) for path, sentence in problems]


def _outside(entry: TimelineEntry) -> TimelineEntry:
    if entry.event not in _INSIDE:
        return entry
    return TimelineEntry(entry.event, entry.title, entry.at, None, "", ())
