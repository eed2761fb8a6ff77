"""The steps of the stories in which somebody objects, or is answered. They leave no event on a case, so each looks whether it was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from licensing.cases import objections, publicising
from licensing.cases.machine import Event
from licensing.cases.objectable import Outcome
from licensing.cases.tables import Case, CaseEvent, Objection
from licensing.demo.stage import Stage
from licensing.demo.stories import Act
from licensing.policy import SYSTEM, Role
from licensing.storage import reading


def _object(stage: Stage, act: Act) -> None:
    """The company objects to the refusal."""
    case_id = stage.cases[act.key]
    with reading(SYSTEM) as look:
        refused = select(CaseEvent.sequence).where(CaseEvent.case_id == case_id, CaseEvent.type == Event.REFUSED)
        sequence = look.session.scalars(refused).one()
    if not _made(case_id):
        objections.object_to(stage.applicant(act.project), case_id, sequence, stage.words(act))


def _uphold(stage: Stage, act: Act) -> None:
    """A supervisor answers, who took no part."""
    [made] = _made(stage.cases[act.key])
    if made.answered_at is None:
        objections.answer(stage.officer(act, Role.SUPERVISOR), made.id, Outcome.UPHELD, stage.words(act))


def _object_publicly(stage: Stage, act: Act) -> None:
    """Somebody of the public objects to what is published."""
    case_id = stage.cases[act.key]
    with reading(SYSTEM) as look:
        number = look.session.get_one(Case, case_id).public_number
    if not _made(case_id):
        publicising.object_publicly(number, text=stage.words(act), **stage.cast.wording[act.matter]["objector"])


def _made(case_id: int) -> list[Objection]:
    with reading(SYSTEM) as look:
        return list(look.session.scalars(select(Objection).where(Objection.case_id == case_id)))


VERBS: Mapping[str, Callable[[Stage, Act], None]] = {
    "object": _object,
    "uphold": _uphold,
    "object_publicly": _object_publicly,
}
