"""A case as an officer reads it: printed answers beside what they were, papers, promises, and what can be done now.

Officers see what was handed in, never the draft that an applicant is still correcting.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from licensing.cases.machine import FINAL, STATE_NAMES, State
from licensing.cases.queries import CasePage, TimelineEntry
from licensing.cases.reviews import PanelPage
from licensing.cases.submission import is_needed, printed_answers
from licensing.cases.targets import Target, paper_target, target_name, targets
from licensing.cases.view import Submission
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Field, Material, Matter, Section
from licensing.clock import today
from licensing.policy import NOT_YOUR_POST, Action, Ruling
from licensing.words import N_, Said, say
from portal.components import date_text
from portal.office.acts import ACTS, CaseAct, fits_now

if TYPE_CHECKING:
    from licensing.cases.tables import Case

OFFICE_STATE_NAMES: Mapping[State, str] = {**STATE_NAMES, State.CORRECTION: N_("Waiting for the applicant's corrections")}
STATE_KINDS: Mapping[State, str] = {
    State.SUBMITTED: "go",
    State.CORRECTION: "warn",
    State.ACCEPTED: "go",
    State.EVALUATING: "",
    State.PROPOSED: "go",
    State.PUBLICITY: "go",
    State.ISSUING: "warn",
    State.GRANTED: "ok",
    State.REFUSED: "bad",
    State.NOT_ACCEPTED: "bad",
    State.HAND_IN: "",
    State.NOTIFIED: "warn",
    State.ANSWERED: "go",
    State.TERMINATED: "bad",
    State.CLOSED: "bad",
}


def state_of(case: Case) -> Said:
    """Where a case stands; what is under way while its clock stands is called as its matter calls it."""
    state = State(case.state)
    if state is not State.EVALUATING:
        return say(OFFICE_STATE_NAMES[state])
    return say("%(what)s under way", what=say(load_catalogue().matter(case.matter).stop.english_name))


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as printed; ``before`` is what it was in the submission before, None when it is unchanged."""

    field: Field
    value: str
    before: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """The answers of one section, or of one row of a repeating one (``number`` from 1)."""

    section: Section
    number: int | None
    answers: tuple[Answer, ...]

    @property
    def changed(self) -> bool:
        return any(answer.before is not None for answer in self.answers)


@dataclass(frozen=True, slots=True)
class Paper:
    """A material with its files as handed in; ``new`` holds the ids that came with the latest submission, ``gone`` names that left."""

    material: Material
    files: tuple[Mapping[str, Any], ...]
    new: frozenset[int]
    gone: tuple[str, ...]
    promised: bool
    needed: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """What this officer can do now, and why not the rest."""

    buttons: tuple[CaseAct, ...]
    can_accept: bool
    reasons: tuple[Said, ...]
    finished: bool

    @property
    def empty(self) -> bool:
        return not self.buttons and not self.can_accept


def blocks(page: CasePage) -> tuple[Block, ...]:
    """All answers of the latest submission in the order of the form, each beside what it was before."""
    now, before = _printed(page, -1), _printed(page, -2)
    found: list[Block] = []
    for section in page.matter.sections:
        rows, old_rows = _rows(section, now), _rows(section, before) if before is not None else None
        count = max(len(rows), len(old_rows or ()))
        found += [_block(section, index, rows, old_rows) for index in range(count)]
    return tuple(block for block in found if block.answers)


def papers(page: CasePage) -> tuple[Paper, ...]:
    """Every material of the matter and what was handed in for it."""
    latest, before = _submission(page, -1), _submission(page, -2)
    return tuple(_paper(material, latest, before) for material in page.matter.materials) if latest else ()


def history_items(matter: Matter, entry: TimelineEntry) -> tuple[tuple[Target, str], ...]:
    """The items of a correction notice in the history, each with the name of what it points at."""
    return tuple((target_name(matter, item["target"]), item["note"]) for item in entry.items)


def panel(page: CasePage, review: PanelPage | None = None) -> Panel:
    """The buttons that machine, policy and proposal allow, and the reasons why others are missing; ``review`` is the panel of experts.

    That a post does not allow something is said only where it allows nothing: beside a button it would seem to speak of the button.
    """
    open_acts = [act for act in ACTS if act.action in page.rulings]
    waits = review is not None and review.missing > 0
    fitting = (act for act in open_acts if page.can(act.action) and fits_now(act, page, today()))
    buttons = tuple(_in_turn(act, page) for act in fitting if not (act.slug == "opinion" and waits))
    actions = [act.action for act in open_acts] + ([Action.CASE_ACCEPT] if Action.CASE_ACCEPT in page.rulings else [])
    refused = [page.rulings[action] for action in actions if not page.can(action)]
    can_accept = page.can(Action.CASE_ACCEPT)
    can_act = bool(buttons) or can_accept or (waits and page.can(Action.CASE_RECORD_RESULT))
    reasons = tuple(reason for reason in _reasons(page, refused) if not can_act or reason.text != NOT_YOUR_POST)
    return Panel(buttons, can_accept, reasons, page.state in FINAL)


def handed_in(page: CasePage) -> Mapping[str, str]:
    """What was handed in last for everything that can be corrected, by the code of the target, in short."""
    found: dict[str, str] = {}
    for block in blocks(page):
        if block.number is None:
            found |= {f"{block.section.code}.{answer.field.code}": answer.value for answer in block.answers}
        else:
            before = found.get(block.section.code)
            found[block.section.code] = f"{before}、{block.answers[0].value}" if before else block.answers[0].value
    return found | {paper_target(paper.material): "、".join(file["filename"] for file in paper.files) for paper in papers(page)}


def target_groups(matter: Matter) -> tuple[tuple[Section | None, tuple[Target, ...]], ...]:
    """What can be corrected, by section; last, under None, the documents and proofs."""
    known = targets(matter)
    groups = [(section, tuple(target for target in known if target.code.split(".")[0] == section.code)) for section in matter.sections]
    return (*groups, (None, tuple(target for target in known if ":" in target.code)))


def _in_turn(act: CaseAct, page: CasePage) -> CaseAct:
    """An act with the button that fits: before there is a result the commission comes next, and a proposal could only be to refuse."""
    if act.action not in (Action.CASE_COMMISSION, Action.CASE_PROPOSE):
        return act
    comes_next = (act.action is Action.CASE_COMMISSION) == (page.view.evaluation is None)
    return replace(act, kind="" if comes_next else "quiet")


def _submission(page: CasePage, index: int) -> Submission | None:
    submissions = page.view.submissions
    return submissions[index] if len(submissions) >= -index else None


def _printed(page: CasePage, index: int) -> Mapping[str, Any] | None:
    submission = _submission(page, index)
    return printed_answers(page.matter, submission.answers) if submission else None


def _rows(section: Section, printed: Mapping[str, Any] | None) -> Sequence[Mapping[str, str]]:
    found: Any = (printed or {}).get(section.code)
    return list(found or []) if section.repeats else [dict(found or {})]


def _block(section: Section, index: int, rows: Sequence[Mapping[str, str]], old_rows: Sequence[Mapping[str, str]] | None) -> Block:
    row = rows[index] if index < len(rows) else {}
    old = None if old_rows is None else old_rows[index] if index < len(old_rows) else {}
    return Block(section, index + 1 if section.repeats else None, tuple(_answers(section, row, old)))


def _answers(section: Section, row: Mapping[str, str], old: Mapping[str, str] | None) -> Iterable[Answer]:
    for field in section.fields:
        value = row.get(field.code, "")
        before = value if old is None else old.get(field.code, "")
        if value or before:
            yield Answer(field, value, before if before != value else None)


def _paper(material: Material, latest: Submission, before: Submission | None) -> Paper:
    files = tuple(document for document in latest.documents if document["slot"] == material.code)
    old = [document for document in before.documents if document["slot"] == material.code] if before else []
    old_ids, ids = {document["id"] for document in old}, {document["id"] for document in files}
    choice = latest.proofs.get(material.proof or "", {}).get("choice")
    return Paper(
        material,
        files,
        frozenset(ids - old_ids) if before else frozenset(),
        tuple(document["filename"] for document in old if document["id"] not in ids),
        choice == "promise",
        is_needed(material, latest.answers),
    )


def _reasons(page: CasePage, refused: Iterable[Ruling]) -> tuple[Said, ...]:
    reasons = [ruling.reason for ruling in refused if ruling.reason is not None]
    if page.state is State.NOTIFIED and Action.COMMITMENT_JUDGE in page.rulings:
        reasons.append(say("The applicant can answer until %(day)s; it is decided after that.", day=date_text(page.view.answer_due)))
    if page.state is State.PUBLICITY and page.view.publicity_until is not None:
        reasons.append(
            say("What is to be granted is published until %(day)s; it can be granted after that.", day=date_text(page.view.publicity_until))
        )
    elif page.can(Action.CASE_RETURN) and (page.view.proposal or {}).get("recommendation") != "grant":
        reasons.append(say("The examiner proposed to refuse. Who disagrees returns the proposal."))
    elif page.can(Action.CASE_RETURN):
        reasons.append(say("The examiner proposed to grant. Who disagrees returns the proposal."))
    return tuple({str(reason): reason for reason in reasons}.values())
