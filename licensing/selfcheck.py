"""Everything that must hold in this house, checked against itself: the log, the rows that it protects, and every signed file."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from licensing.cases import archive, ballots, calendars, commissions, experts, notes, objections, panels, recognitions
from licensing.cases import health as cases
from licensing.commitments import editions
from licensing.commitments import health as commitments
from licensing.credit import health as credit
from licensing.ledger.protection import Problem
from licensing.ledger.queries import check
from licensing.letters import health as letters
from licensing.licences import health as licences
from licensing.proceedings import health as proceedings
from licensing.ratings import health as ratings
from licensing.seats import health as seats
from licensing.storage import FileStore
from licensing.trust import checkpoints, offices
from licensing.trust import health as trust_health
from licensing.trust.trust_list import TrustList
from licensing.words import say

PROTECTED = (
    "ledger_leaf",
    "ledger_tile",
    "licence",
    "licence_event",
    "case_event",
    "case_note",
    "objection",
    "commission",
    "commission_report",
    "case_archive",
    "expert",
    "ballot",
    "recognition_report",
    "proceeding_event",
    "letter",
    "proof_version",
    "commitment",
    "commitment_event",
    "eligibility_check",
    "verification",
    "verification_inspector",
    "evidence_pack",
    "sample_draw",
    "credit_entry",
    "credit_event",
    "rating",
    "seat_invitation",
    "seat_end",
    "trust_list_version",
    "calendar_year",
    "calendar_effect",
    "authority_event",
)
"""The tables in which no row can be edited, added, deleted or exchanged without :func:`row_problems` telling."""


def row_problems(session: Session, files: FileStore, trust: TrustList) -> Iterator[Problem]:
    """What does not hold between log, register and signed lists; no PDF is parsed, so it is quick enough for every night."""
    yield from _told("log", lambda: _log(session, trust))
    yield from _told("trust list", lambda: trust_health.problems(session, trust))
    yield from _told("authorities", lambda: offices.problems(session))
    yield from _told("licences", lambda: licences.problems(session, files, trust))
    yield from _told("status lists", lambda: licences.list_problems(session, trust))
    yield from _told("cases", lambda: cases.problems(session))
    yield from _told("notes", lambda: notes.problems(session))
    yield from _told("objections", lambda: objections.problems(session))
    yield from _told("commissions", lambda: commissions.problems(session))
    yield from _told("archive", lambda: archive.problems(session, files))
    yield from _told("experts", lambda: experts.problems(session))
    yield from _told("panels", lambda: panels.problems(session, files))
    yield from _told("ballots", lambda: ballots.problems(session))
    yield from _told("recognitions", lambda: recognitions.problems(session))
    yield from _told("calendar", lambda: calendars.problems(session))
    yield from _told("promises", lambda: commitments.problems(session, files))
    yield from _told("proofs", lambda: editions.problems(session))
    yield from _told("credit", lambda: credit.problems(session))
    yield from _told("ratings", lambda: ratings.problems(session))
    yield from _told("seats", lambda: seats.problems(session))
    yield from _told("proceedings", lambda: proceedings.problems(session))
    yield from _told("letters", lambda: letters.problems(session, files))


def _log(session: Session, trust: TrustList) -> Iterator[Problem]:
    for found in (*check(session).problems, *checkpoints.check_signatures(session, trust)):
        yield Problem(str(found.position), found.code, found.sentence)


def _told(room: str, look: Callable[[], Iterator[Problem]]) -> Iterator[Problem]:
    try:
        yield from look()
    except Exception as error:  # rows that were tampered with can break any reader, and that is what we want to hear
        reason = type(error).__name__
        yield Problem(room, "rows-unreadable", say("Rows of “%(room)s” cannot be read: %(reason)s.", room=room, reason=reason))
