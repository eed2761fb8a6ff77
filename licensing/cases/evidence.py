"""The papers of a case as the actor may read them: promises with their kept words, letters, and what was handed in each time."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from licensing.cases.journal import Loaded, load_for, not_found
from licensing.cases.tables import CaseDocument, CaseEvent
from licensing.commitments import queries as commitments
from licensing.commitments.evidence import evidence_pack
from licensing.commitments.tables import Commitment
from licensing.letters import actions as letter_actions
from licensing.letters import queries as letters
from licensing.letters.tables import Letter
from licensing.policy import Action, Actor
from licensing.settings import Settings
from licensing.storage import reading


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
        extract = [event for event in case.row.events if event.at <= made.promised_at]
        said = {"case": case.row.public_number, "matter": case.row.matter, "events": [_told(event) for event in extract]}
    return evidence_pack(settings, commitment_id, said)


def _told(event: CaseEvent) -> dict[str, Any]:
    """An event as it goes into the extract; what the log holds of it can be computed from this."""
    return {"sequence": event.sequence, "type": event.type, "at": event.at.astimezone(UTC).isoformat(), "data": event.data}


def letter_for(actor: Actor, case_id: int, letter_id: int) -> tuple[Letter, bytes]:
    """A letter of a case with its sealed PDF. Raises ``NotFound``."""
    with reading(actor) as look:
        load_for(look, case_id, Action.CASE_READ)
        letter = letters.letter(look.session, case_id, letter_id)
    return letter, letter_actions.sealed_pdf(letter_id)


def submitted_document(actor: Actor, case_id: int, document_id: int) -> tuple[CaseDocument, bytes]:
    """A file that some submission holds, with its bytes; what is only in the applicant's draft is ``NotFound``."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        row = look.session.get(CaseDocument, document_id)
        if row is None or row.case_id != case_id or row.id not in _handed_in(case):
            raise not_found()
        return row, look.files.get(row.sha256)


def _handed_in(case: Loaded) -> set[int]:
    return {int(document["id"]) for submission in case.view.submissions for document in submission.documents}
