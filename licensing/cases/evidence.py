"""The papers of a case as the actor may read them: promises with their kept words, letters, and what was handed in each time."""

from __future__ import annotations

from typing import Final

import structlog
from sqlalchemy.orm import Session

from licensing.cases.in_turn import in_turn
from licensing.cases.journal import EVENT_LEAF, Loaded, event_subject, load, load_for, not_found
from licensing.cases.machine import TRANSITIONS, Event
from licensing.cases.tables import Case, CaseDocument, CaseEvent
from licensing.commitments import queries as commitments
from licensing.commitments.aftermath import FOLDER as AFTER
from licensing.commitments.aftermath import Aftermath
from licensing.commitments.evidence import evidence_pack, seal_pack
from licensing.commitments.pack_proofs import Kept, Place
from licensing.commitments.tables import Commitment, EvidencePack
from licensing.documents.previews import MOST_PAGES, page_picture
from licensing.errors import LeizhengError
from licensing.ledger.protection import row_bytes
from licensing.letters import actions as letter_actions
from licensing.letters import queries as letters
from licensing.letters.tables import Letter
from licensing.policy import SYSTEM, Action, Actor
from licensing.settings import Settings
from licensing.storage import Work, reading
from licensing.trust import checkpoints

MOST: Final = 50
"""So many packs are completed in one run of the worker, so that nothing else waits for them."""
EVENTS_OF_PROMISES: Final = frozenset(
    {
        Event.PROMISE_WITHDRAWN,
        Event.PROOF_REQUIRED,
        Event.PROOF_SETTLED,
        Event.UNTRUTH_NOTIFIED,
        Event.UNTRUTH_ANSWERED,
        Event.CORRECTION_ORDERED,
        Event.FINDING_DROPPED,
        Event.TERMINATED,
    }
)
LETTERS_OF_PROMISES: Final = frozenset(row.letter for row in TRANSITIONS if row.event in EVENTS_OF_PROMISES and row.letter)

_log = structlog.get_logger("leizheng.evidence")


def statement_for(actor: Actor, case_id: int, commitment_id: int) -> tuple[Commitment, bytes]:
    """A promise and its words as they were shown and kept, byte for byte (invariant 6). Raises ``NotFound``."""
    with reading(actor) as look:
        load_for(look, case_id, Action.CASE_READ)
        made = commitments.commitment(look.session, case_id, commitment_id)
        return made, look.files.get(made.statement_sha256)


def pack_for(actor: Actor, settings: Settings, case_id: int, commitment_id: int) -> bytes:
    """The evidence of a promise of a case as a ZIP. Raises ``NotFound``, and as ``commitments.evidence.evidence_pack``."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        made = commitments.commitment(look.session, case_id, commitment_id)
        before, after = _before(case.row, made), _after(look.session, case.row, made)
    return evidence_pack(settings, commitment_id, before, after)


def complete_soon(settings: Settings, case_id: int, commitment_id: int) -> bool:
    """Complete the evidence of a promise that was just signed: whether it is complete. Never raises for what the worker can do later."""
    try:
        complete(settings, case_id, commitment_id)
    except LeizhengError as error:
        _warn(commitment_id, error)
        return False
    checkpoints.publish_soon(settings)
    return True


def complete_all(settings: Settings, most: int = MOST) -> int:
    """Complete the evidence of promises where something was away when they were signed; how many were completed, at most ``most``."""
    with reading(SYSTEM) as look:
        waiting = commitments.without_evidence(look.session)
    return in_turn(waiting, lambda job: complete(settings, *job), lambda job, error: _warn(job[1], error), most)


def complete(settings: Settings, case_id: int, commitment_id: int) -> EvidencePack:
    """The sealed part of the evidence of a promise, made when there is none yet. Raises as ``commitments.evidence.seal_pack``."""
    with reading(SYSTEM) as look:
        made = commitments.commitment(look.session, case_id, commitment_id)
        before = _before(load(look.session, case_id).row, made)
    return seal_pack(settings, commitment_id, before)


def _before(row: Case, made: Commitment) -> tuple[Kept, ...]:
    """The events of the case up to the promise."""
    return tuple(kept_event(row, event) for event in row.events if event.at <= made.promised_at)


def _after(session: Session, row: Case, made: Commitment) -> Aftermath:
    """What the case did about its promises since, with the letters that were written in the same transactions."""
    events = [event for event in row.events if event.at > made.promised_at and _concerns(event, made)]
    moments = {event.at for event in events}
    sent = tuple(
        letter for letter in letters.of_case(session, row.id) if letter.kind in LETTERS_OF_PROMISES and letter.written_at in moments
    )
    return Aftermath(tuple(kept_event(row, event, f"{AFTER}/") for event in events), letters=sent)


def _concerns(event: CaseEvent, made: Commitment) -> bool:
    told = event.data.get("commitment_id", made.id), event.data.get("proof", made.proof), event.data.get("proofs", [made.proof])
    return event.type in EVENTS_OF_PROMISES and told[0] == made.id and told[1] == made.proof and made.proof in told[2]


def kept_event(row: Case, event: CaseEvent, folder: str = "") -> Kept:
    """An event as a file: its SHA-256 is what the log holds of it."""
    return Kept(f"{folder}events/case-{event.sequence:04d}.json", row_bytes(event), Place(EVENT_LEAF, event_subject(row, event)))


def letter_for(actor: Actor, case_id: int, letter_id: int) -> tuple[Letter, bytes]:
    """A letter of a case with its sealed PDF; when somebody of the applicant opens it first, that is its receipt. Raises ``NotFound``."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        letter = letters.letter(look.session, case_id, letter_id)
    if case.row.company_id in actor.company_ids:
        return letter, letter_actions.delivered_pdf(actor, letter)
    return letter, letter_actions.sealed_pdf(letter_id)


def submitted_document(actor: Actor, case_id: int, document_id: int) -> tuple[CaseDocument, bytes]:
    """A file that some submission holds, with its bytes; what is only in the applicant's draft is ``NotFound``."""
    with reading(actor) as look:
        row = _submitted(look, case_id, document_id)
        return row, look.files.get(row.sha256)


def submitted_page(actor: Actor, case_id: int, document_id: int, page: int) -> bytes | None:
    """The picture of a page of a file that some submission holds; None where it cannot be drawn.

    Raises ``NotFound``, also for a page that the file does not have or that is not drawn any more.
    """
    with reading(actor) as look:
        row = _submitted(look, case_id, document_id)
        if not 1 <= page <= min(row.pages, MOST_PAGES):
            raise not_found()
    return page_picture(row.sha256, page)


def _submitted(look: Work, case_id: int, document_id: int) -> CaseDocument:
    case = load_for(look, case_id, Action.CASE_READ)
    row = look.session.get(CaseDocument, document_id)
    if row is None or row.case_id != case_id or row.id not in handed_in(case):
        raise not_found()
    return row


def handed_in(case: Loaded) -> set[int]:
    """The ids of the files that some submission holds."""
    return {int(document["id"]) for submission in case.view.submissions for document in submission.documents}


def _warn(commitment_id: int, error: LeizhengError) -> None:
    _log.warning("evidence waits", commitment_id=commitment_id, code=error.code, reason=str(error))
