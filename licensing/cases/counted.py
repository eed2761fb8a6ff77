"""Which cases stand behind a number: one table of conditions from which both the number and the list of its cases come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import InstrumentedAttribute

from licensing.cases.figures import HANDED_IN, PROMISED, proof_text
from licensing.cases.tables import CaseMeasure, CaseMeasureCorrection
from licensing.commitments.machine import State
from licensing.commitments.tables import Commitment

UNTRUE_STATES = (State.FALSE, State.CORRECTED)
"""A promise counts as untrue only when that was decided after the applicant was heard."""


class Figure(StrEnum):
    """What a number counts. Each counts cases, by the day that :data:`DAYS` names."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    SILENT = "silent"
    DECIDED = "decided"
    LATE = "late"
    BEYOND_PROMISE = "beyond_promise"
    CORRECTED = "corrected"
    CORRECTED_ITEM = "corrected_item"
    PROMISED = "promised"
    HANDED_IN = "handed_in"
    UNTRUE = "untrue"
    ACCEPTED_BY = "accepted_by"
    PROPOSED_BY = "proposed_by"
    DECIDED_BY = "decided_by"


_F = Figure
DAYS: Mapping[Figure, InstrumentedAttribute[date] | InstrumentedAttribute[date | None]] = {
    **dict.fromkeys(_F, CaseMeasure.received_on),
    **dict.fromkeys((_F.ACCEPTED, _F.SILENT, _F.ACCEPTED_BY), CaseMeasure.accepted_on),
    **dict.fromkeys((_F.DECIDED, _F.LATE, _F.BEYOND_PROMISE, _F.PROPOSED_BY, _F.DECIDED_BY), CaseMeasure.decided_on),
}
CHOICES: Mapping[Figure, str] = {_F.PROMISED: PROMISED, _F.HANDED_IN: HANDED_IN}
PEOPLE: Mapping[Figure, InstrumentedAttribute[int | None]] = {
    _F.ACCEPTED_BY: CaseMeasure.acceptor_id,
    _F.PROPOSED_BY: CaseMeasure.proposer_id,
    _F.DECIDED_BY: CaseMeasure.decider_id,
}
_ALSO: Mapping[Figure, ColumnElement[bool]] = {
    _F.SILENT: CaseMeasure.silent.is_(True),
    _F.LATE: CaseMeasure.days > CaseMeasure.legal_days,
    _F.BEYOND_PROMISE: CaseMeasure.days > CaseMeasure.promised_days,
    _F.CORRECTED: CaseMeasure.corrections > 0,
}


@dataclass(frozen=True, slots=True)
class Behind:
    """The cases behind a number: what it counts from ``first`` until before ``until``, and which part of it.

    ``item`` is a code of a correction, of a proof, or of whose turn it was; ``times`` how often corrections were asked for.
    """

    figure: Figure
    first: date
    until: date
    region: str = ""
    item: str = ""
    person: int | None = None
    times: int | None = None


def conditions(behind: Behind) -> list[ColumnElement[bool]]:
    """What holds for the measures of the cases behind a number."""
    day, figure = DAYS[behind.figure], behind.figure
    found: list[ColumnElement[bool]] = [day >= behind.first, day < behind.until]
    if figure in _ALSO:
        found.append(_ALSO[figure])
    if behind.region:
        found.append(CaseMeasure.region == behind.region)
    if figure in CHOICES:
        found.append(CaseMeasure.proofs.contains(proof_text(behind.item, CHOICES[figure]), autoescape=True))
    if figure is Figure.CORRECTED_ITEM:
        of_case = CaseMeasureCorrection.case_id == CaseMeasure.case_id
        found.append(exists(select(1).where(of_case, CaseMeasureCorrection.target == behind.item)))
    if figure is Figure.UNTRUE:
        proof = (Commitment.proof == behind.item,) if behind.item else ()
        untrue = select(Commitment.case_id).where(Commitment.authority_id == CaseMeasure.authority_id, Commitment.state.in_(UNTRUE_STATES))
        found.append(CaseMeasure.case_id.in_(untrue.where(*proof)))
    if figure is Figure.LATE and behind.item:
        found.append(CaseMeasure.slowest == behind.item)
    if figure in PEOPLE and behind.person is not None:
        found.append(PEOPLE[figure] == behind.person)
    if behind.times is not None:
        found.append(CaseMeasure.corrections == behind.times)
    return found
