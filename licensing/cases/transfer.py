"""Transfer 移送: a case that came to the wrong authority goes to the right one, with its clock."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from licensing.cases.actions import deem_accepted
from licensing.cases.journal import Loaded, load_for, record
from licensing.cases.letters import send
from licensing.cases.machine import Event
from licensing.catalogue.answers import answer_at
from licensing.clock import local_date
from licensing.errors import FieldError, Invalid
from licensing.parties.queries import authorities_for, responsible_authority
from licensing.parties.tables import Authority
from licensing.policy import Action, Actor
from licensing.storage import reading, unit_of_work
from licensing.words import say


def transfer(actor: Actor, case_id: int, target_id: int, reason: str) -> None:
    """Hand the case over to another authority that decides its matter: no limit starts anew, and the applicant is told in writing.

    From then on the people of the first authority neither see nor handle it; what was done and promised before holds for the successor.
    Raises ``Invalid`` (``target-not-responsible``) for an authority that does not decide the matter, or is not active.
    """
    deem_accepted(case_id)
    with unit_of_work(actor) as work:
        case = load_for(work, case_id, Action.CASE_TRANSFER)
        target = next((one for one in _others(work.session, case, local_date(work.now)) if one.id == target_id), None)
        if target is None:
            sentence = say("Choose another authority that decides this matter.")
            raise Invalid(sentence, [FieldError("target", "target-not-responsible", sentence)], code="target-not-responsible")
        handed_over = {"from": case.row.authority_id, "to": target.id, "to_name": target.name, "reason": reason.strip()}
        record(work, case, Event.TRANSFERRED, handed_over)
        send(work, case, Event.TRANSFERRED, [reason.strip()], body=target.name)
        case.row.authority_id = target.id


def targets_of(actor: Actor, case_id: int) -> tuple[list[Authority], Authority | None]:
    """The authorities to which the actor may transfer the case, and the one that its region points to, if it is another."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_TRANSFER)
        others = _others(look.session, case, local_date(look.now))
        region = answer_at(case.view.submissions[-1].answers, case.matter.region_at) if case.view.submissions else ""
        try:
            fitting = responsible_authority(look.session, case.row.matter, region)
        except Invalid:
            fitting = None
        return others, next((one for one in others if fitting is not None and one.id == fitting.id), None)


def _others(session: Session, case: Loaded, on: date) -> list[Authority]:
    return [one for one in authorities_for(session, case.row.matter, on) if one.id != case.row.authority_id]
