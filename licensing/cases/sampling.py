"""Draws of promises to verify 双随机: the list is frozen in the public log, whose tree then gives the seed; anyone can draw again.

What is drawn is verified by inspectors who are drawn as well, out of those who may be: the list names them before the seed is known.
Why the seed is the tree head right after the leaf of the list: docs/decisions/0016.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from licensing.cases.journal import require
from licensing.cases.machine import State as CaseState
from licensing.cases.publicity import masked
from licensing.cases.tables import Case, CaseEvent
from licensing.catalogue.queries import catalogue_now
from licensing.clock import add_working_days, local_date
from licensing.clock.queries import calendar_now
from licensing.commitments.draws import DRAW_LEAF, LIST_LEAF, assigned, drawn, share_of
from licensing.commitments.journal import leaf_subject
from licensing.commitments.machine import State
from licensing.commitments.rules import Occasion, canonical
from licensing.commitments.tables import Commitment, SampleDraw, Verification
from licensing.commitments.verification import assign, open_task
from licensing.errors import Conflict, FieldError, Invalid
from licensing.ledger import queries as ledger
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.parties.queries import officers
from licensing.parties.tables import Person, Seat
from licensing.policy import Action, Actor, Role, Subject
from licensing.storage import Work, unit_of_work
from licensing.storage.counters import next_value
from licensing.words import say

METHOD: Final = "random"
_YEAR: Final = timedelta(days=365)
_DRAWABLE: Final = (State.PROMISED, State.TRUE, State.UNCLEAR)
_INSPECT: Final = (Role.VERIFIER, Role.EXAMINER)


def draw(actor: Actor, authority_id: int, percent: int) -> int:
    """Draw ``percent`` of the promises on which permits of the last year rest, with their inspectors, and open their verification.

    The list is complete, whoever draws: nobody can change the result, and who may not verify a promise is not drawn for it. The id of
    the draw. Raises ``Invalid`` (``percent``), ``Conflict`` (``nothing-to-draw``).
    """
    if not 1 <= percent <= 100:
        sentence = say("Give a share of 1 to 100 percent.")
        raise Invalid(sentence, [FieldError("percent", "percent", sentence)], code="percent")
    with unit_of_work(actor) as work:
        require(work, Action.COMMITMENT_DRAW, Subject(authority_id=authority_id))
        population = {leaf_subject(made): made for made in _population(work, authority_id)}
        if not population:
            raise Conflict(
                say("There is no promise to draw from."), next_step=say("Come back after the next permit."), code="nothing-to-draw"
            )
        year, items = local_date(work.now).year, sorted(population)
        number = f"CJ{year}{next_value(work.session, f'draw:{year}'):06d}"
        inspectors = officers(work.session, authority_id, local_date(work.now), _INSPECT)
        eligible = _eligible(work.session, authority_id, inspectors, population)
        names = {str(person.id): masked(person.name) for person in inspectors}
        listing = {"draw": number, "items": items, "percent": percent, "inspectors": eligible, "names": names}
        digest = work.files.put(canonical(listing))
        size = append(work, LIST_LEAF, number, bytes.fromhex(digest)).position + 1
        seed = ledger.root_at(work.session, size).hex()
        chosen = drawn(items, share_of(len(items), percent), seed)
        row = SampleDraw(
            number=number,
            authority_id=authority_id,
            list_sha256=digest,
            population=len(items),
            wanted=len(chosen),
            tree_size=size,
            seed=seed,
            drawn=chosen,
            drawn_at=work.now,
            drawn_by=actor.person_id,
        )
        work.session.add(row)
        work.session.flush()
        append(work, DRAW_LEAF, number, row_digest(row))
        for item in chosen:
            assign(work, _open(work, population[item]), [int(person) for person in assigned(eligible[item], item, seed)])
        return row.id


def _population(work: Work, authority_id: int) -> list[Commitment]:
    """The promises that carry a permit: decided within a year, and in force today in whatever version."""
    today, current = local_date(work.now), aliased(Licence)
    in_force = select(current.id).where(
        current.number == Licence.number,
        current.authority_id == Licence.authority_id,
        current.status == Status.IN_FORCE,
        or_(current.valid_until.is_(None), current.valid_until >= today),
    )
    query = (
        select(Commitment)
        .join(Case, Case.id == Commitment.case_id)
        .join(Licence, Licence.case_id == Case.id)
        .where(
            Case.authority_id == authority_id,
            Case.state == CaseState.GRANTED,
            Licence.version == 1,
            Licence.issued_on >= today - _YEAR,
            in_force.exists(),
            Commitment.state.in_(_DRAWABLE),
        )
        .order_by(Commitment.id)
    )
    return list(work.session.scalars(query))


def _eligible(
    session: Session, authority_id: int, inspectors: Iterable[Person], population: Mapping[str, Commitment]
) -> dict[str, list[str]]:
    """Who may verify each item: nobody who belongs to its company, acted in its case, or verified a promise of it before."""
    here = select(Case.id).where(Case.authority_id == authority_id)
    acted = {
        (row.case_id, row.actor_id)
        for row in session.execute(select(CaseEvent.case_id, CaseEvent.actor_id).where(CaseEvent.case_id.in_(here)))
    }
    acted |= {
        (row.case_id, row.done_by)
        for row in session.execute(select(Verification.case_id, Verification.done_by).where(Verification.case_id.in_(here)))
    }
    people = list(inspectors)
    seats = select(Seat.company_id, Seat.person_id).where(Seat.person_id.in_([person.id for person in people]))
    belongs = {(row.company_id, row.person_id) for row in session.execute(seats)}
    return {
        item: [
            str(person.id) for person in people if (made.case_id, person.id) not in acted and (made.company_id, person.id) not in belongs
        ]
        for item, made in population.items()
    }


def _open(work: Work, made: Commitment) -> Verification:
    proof = catalogue_now(work.session).proof(made.proof, made.proof_version)
    due = add_working_days(local_date(work.now), proof.verification_days, calendar_now(work.session))
    return open_task(work, made, METHOD, Occasion.SAMPLE, due)
