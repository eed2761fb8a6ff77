"""New versions of the proofs that a promise may replace: one person writes, another puts in force; open cases keep theirs.

The catalogue is one for the whole installation, so supervisors of its highest authorities keep it (decision 15). A version in force never
changes: whoever wants another text writes another version. A proposal that is dropped stays on record, and its number is used up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

from pydantic import ValidationError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from licensing import policy
from licensing.catalogue import checks
from licensing.catalogue.catalogue import Catalogue
from licensing.catalogue.changes import differences
from licensing.catalogue.model import Proof
from licensing.catalogue.queries import IN_FORCE, catalogue_now, content_of, proof_from
from licensing.catalogue.tables import ProofVersion
from licensing.clock import local_date
from licensing.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.parties.queries import highest_authorities, person_names
from licensing.policy import Action, Actor, Ruling, Subject
from licensing.storage import Work, reading, unit_of_work
from licensing.words import Said, say

LEAF: Final = "proof-version"
PROPOSED: Final = "proposed"
DROPPED: Final = "dropped"


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a proof and where it stands; ``row`` is None for one that came with the installation."""

    proof: Proof
    row: ProofVersion | None
    current: bool = False
    drafted_by: str = ""
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class ProposalPage:
    """A version that was proposed or dropped, the newest one that counts, and what the reader may do."""

    edition: Edition
    row: ProofVersion
    before: Proof
    own: bool
    decide: Ruling

    @property
    def open(self) -> bool:
        """Whether it still waits for its decision."""
        return self.row.state == PROPOSED


def editions(actor: Actor) -> list[Edition]:
    """Every version of every proof: proposed ones first, then by proof, newest first, provisional ones last; dropped ones at the end."""
    with reading(actor) as look:
        policy.require(actor, Action.CATALOGUE_READ, Subject(), now=look.now)
        catalogue, today = catalogue_now(look.session), local_date(look.now)
        rows = list(look.session.scalars(select(ProofVersion).order_by(ProofVersion.id.desc())))
        names = person_names(look.session, {person for row in rows for person in (row.drafted_by, row.decided_by) if person is not None})
        stored = {(row.code, row.version): row for row in rows if row.state == IN_FORCE}
        current = {_key(proof) for matter in catalogue.matters for proof in catalogue.promisable(matter, today)}
        ordered = sorted(catalogue.proofs, key=lambda proof: (proof.provisional, proof.code, -proof.version))
        return [
            *(_edition(proof_from(row.content), row, names) for row in rows if row.state == PROPOSED),
            *(_edition(proof, stored.get(_key(proof)), names, current=_key(proof) in current) for proof in ordered),
            *(_edition(proof_from(row.content), row, names) for row in rows if row.state == DROPPED),
        ]


def may_write(actor: Actor) -> bool:
    """Whether the actor may propose versions."""
    with reading(actor) as look:
        return bool(policy.rule_on(actor, Action.CATALOGUE_DRAFT, _subject(look.session), now=look.now))


def require_writer(actor: Actor) -> None:
    """Raise ``Forbidden`` before somebody types what they may not propose."""
    with reading(actor) as look:
        policy.require(actor, Action.CATALOGUE_DRAFT, _subject(look.session), now=look.now)


def edition(actor: Actor, code: str, version: int) -> Edition:
    """One version of a proof, in force or not. Raises ``NotFound``."""
    for found in editions(actor):
        if _key(found.proof) == (code, version) and (found.row is None or found.row.state == IN_FORCE):
            return found
    raise _no_proof()


def proposal(actor: Actor, proposal_id: int) -> ProposalPage:
    """A version that was proposed or dropped beside the newest one. Raises ``NotFound`` when there is none or it came into force."""
    with reading(actor) as look:
        policy.require(actor, Action.CATALOGUE_READ, Subject(), now=look.now)
        row = look.session.get(ProofVersion, proposal_id)
        if row is None or row.state == IN_FORCE:
            raise _no_proof()
        window = timedelta(seconds=look.settings.reauthentication_window)
        people = {person for person in (row.drafted_by, row.decided_by) if person is not None}
        return ProposalPage(
            edition=_edition(proof_from(row.content), row, person_names(look.session, people)),
            row=row,
            before=catalogue_now(look.session).proof(row.code),
            own=row.drafted_by == actor.person_id,
            decide=policy.rule_on(actor, Action.CATALOGUE_DECIDE, _subject(look.session, row), now=look.now, window=window),
        )


def complaints(actor: Actor, code: str, changed: Mapping[str, Any], reason: str) -> tuple[FieldError, ...]:
    """Everything that would keep a version with ``changed`` put in from being proposed; nothing is stored."""
    with reading(actor) as look:
        policy.require(actor, Action.CATALOGUE_READ, Subject(), now=look.now)
        catalogue = catalogue_now(look.session)
        before = catalogue.proof(code)
        try:
            _judged(catalogue, before, {**changed, "version": before.version + 1}, reason)
        except Invalid as error:
            return error.fields
        return ()


def draft(actor: Actor, code: str, changed: Mapping[str, Any], reason: str) -> int:
    """Propose a new version of a proof: the newest one with ``changed`` put in. The id of the proposal.

    Raises ``Invalid`` with everything that does not fit (paths as in the data files), ``Conflict`` (``proposal-open``) while another
    version of the same proof is proposed.
    """
    with unit_of_work(actor) as work:
        _require(work, Action.CATALOGUE_DRAFT, _subject(work.session))
        catalogue = catalogue_now(work.session)
        before = catalogue.proof(code)
        if work.session.scalar(select(ProofVersion.id).where(ProofVersion.code == code, ProofVersion.state == PROPOSED)) is not None:
            raise Conflict(
                say("Another version of this proof is proposed already."), next_step=say("Decide that one first."), code="proposal-open"
            )
        version = _next_version(work.session, code, before)
        proof = _judged(catalogue, before, {**changed, "version": version}, reason)
        row = ProofVersion(
            code=code,
            version=version,
            content=content_of(proof),
            digest=proof.digest(),
            reason=reason.strip(),
            state=PROPOSED,
            draft_version=1,
            drafted_at=work.now,
            drafted_by=actor.person_id,
        )
        work.session.add(row)
        work.session.flush()
        return row.id


def save(actor: Actor, proposal_id: int, changed: Mapping[str, Any], reason: str, draft_version: int) -> None:
    """Change one's own proposal. Raises as :func:`draft`, ``Forbidden`` for another's, ``Conflict`` (``draft-changed``)."""
    with unit_of_work(actor) as work:
        _require(work, Action.CATALOGUE_DRAFT, _subject(work.session))
        row = _proposed(work, proposal_id)
        if row.drafted_by != actor.person_id:
            raise Forbidden(
                say("Somebody else wrote this proposal."), next_step=say("Ask them to change it, or drop it."), code="not-yours"
            )
        catalogue = catalogue_now(work.session)
        proof = _judged(catalogue, catalogue.proof(row.code), {**changed, "version": row.version}, reason)
        values = {"content": content_of(proof), "digest": proof.digest(), "reason": reason.strip(), "draft_version": draft_version + 1}
        change = update(ProofVersion).where(ProofVersion.id == row.id, ProofVersion.draft_version == draft_version)
        if work.session.execute(change.values(**values).returning(ProofVersion.id)).scalar_one_or_none() is None:
            raise Conflict(
                say("This proposal was changed in another window after you opened this page, so nothing was saved."),
                next_step=say("Copy what you typed, load the page again and put it in."),
                code="draft-changed",
            )


def put_in_force(actor: Actor, proposal_id: int, valid_from: date, draft_version: int) -> None:
    """Put a proposed version in force from a day on, as another person than who wrote it; it never changes after this.

    ``draft_version`` is the one that was read. Cases that are open keep the version they began with. It is judged again against the
    catalogue as it is now. Raises ``Invalid`` (``valid-from``, ``incomplete``), ``Conflict`` (``draft-changed``, ``version-taken``).
    """
    with unit_of_work(actor) as work:
        row = _proposed(work, proposal_id)
        _require(work, Action.CATALOGUE_DECIDE, _subject(work.session, row))
        proof = replace(proof_from(row.content), valid_from=valid_from)
        _still_fits(catalogue_now(work.session), proof, local_date(work.now))
        _close(work, row, draft_version, {"content": content_of(proof), "state": IN_FORCE, "valid_from": valid_from})


def drop(actor: Actor, proposal_id: int) -> None:
    """Drop a proposed version: one's own, or as the person who would put it in force. It stays on record, its number is used up."""
    with unit_of_work(actor) as work:
        row = _proposed(work, proposal_id)
        own = row.drafted_by == actor.person_id
        _require(work, Action.CATALOGUE_DRAFT if own else Action.CATALOGUE_DECIDE, _subject(work.session, None if own else row))
        _close(work, row, row.draft_version, {"state": DROPPED})


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for the versions that were decided; nothing when all is well."""
    rows = list(session.scalars(select(ProofVersion).where(ProofVersion.state != PROPOSED).order_by(ProofVersion.id)))
    yield from unaccounted(session, {LEAF}, (Fact(LEAF, f"{row.code}/{row.version}", row_digest(row)) for row in rows))
    for row in rows:
        if proof_from(row.content).digest() != row.digest:
            yield Problem(f"{row.code}/{row.version}", "text-differs", say("The text of this version is not the one that was decided."))


def _judged(catalogue: Catalogue, before: Proof, changed: Mapping[str, Any], reason: str) -> Proof:
    """The new version, or ``Invalid`` with everything that is wrong."""
    found = [] if reason.strip() else [FieldError("reason", "required", say("Say why the text changes."))]
    try:
        proof = proof_from({**content_of(before), "valid_to": None, **changed})
    except ValidationError as error:
        found += [
            FieldError(".".join(str(part) for part in wrong["loc"]), "invalid", _unfit(wrong["msg"]))
            for wrong in error.errors(include_url=False)
        ]
        raise Invalid(say("The new version is not complete."), found, code="incomplete") from error
    merged = replace(catalogue, proofs=(*catalogue.proofs, proof))
    found += [FieldError(fault.key, "invalid", _unfit(fault.reason)) for fault in checks.proof_faults(proof, merged)]
    if not found and not differences(before, proof):
        found.append(FieldError("notice", "unchanged", say("Nothing differs from the version before.")))
    if found:
        raise Invalid(say("The new version is not complete."), found, code="incomplete")
    return proof


def _still_fits(catalogue: Catalogue, proof: Proof, today: date) -> None:
    """Judge a proposal against the catalogue of the day on which it is decided: an upgrade may have changed that since it was written."""
    others = [other for other in catalogue.proofs if other.code == proof.code]
    if _key(proof) in map(_key, others):
        raise Conflict(
            say("A version with this number came with the installation meanwhile."),
            next_step=say("Drop this proposal and write it again."),
            code="version-taken",
        )
    newest = max(others, key=lambda other: other.valid_from)
    early = _too_early(proof.valid_from, newest, today)
    if early:
        raise Invalid(early, [FieldError("valid_from", "valid-from", early)], code="valid-from")
    merged = replace(catalogue, proofs=(*catalogue.proofs, proof))
    unfit = [FieldError(fault.key, "invalid", _unfit(fault.reason)) for fault in checks.proof_faults(proof, merged)]
    if unfit:
        raise Invalid(say("The new version does not fit the catalogue of today."), unfit, code="incomplete")


def _too_early(valid_from: date, newest: Proof, today: date) -> Said | None:
    if valid_from < today:
        return say("It comes into force today or later.")
    if valid_from < newest.valid_from:
        return say(
            "Version %(number)s begins on %(day)s; the new one cannot begin before it.", number=newest.version, day=newest.valid_from
        )
    return None


def _close(work: Work, row: ProofVersion, draft_version: int, values: Mapping[str, Any]) -> None:
    """Decide a proposal once, as it was read, and log the row as it stays."""
    change = update(ProofVersion).where(
        ProofVersion.id == row.id, ProofVersion.state == PROPOSED, ProofVersion.draft_version == draft_version
    )
    decided = {**values, "decided_at": work.now, "decided_by": work.actor.person_id}
    if work.session.execute(change.values(**decided).returning(ProofVersion.id)).scalar_one_or_none() is None:
        raise Conflict(
            say("The proposal was changed or decided after you opened this page, so nothing was done."),
            next_step=say("Load the page again and read it once more."),
            code="draft-changed",
        )
    work.session.refresh(row)
    append(work, LEAF, f"{row.code}/{row.version}", row_digest(row))


def _unfit(why: str) -> Said:
    return say("This does not fit here: %(why)s", why=why)


def _next_version(session: Session, code: str, before: Proof) -> int:
    stored = session.scalar(select(func.max(ProofVersion.version)).where(ProofVersion.code == code)) or 0
    return max(stored, before.version) + 1


def _proposed(work: Work, proposal_id: int) -> ProofVersion:
    row = work.session.get(ProofVersion, proposal_id, populate_existing=True)
    if row is None or row.state != PROPOSED:
        raise _no_proof()
    return row


def _edition(proof: Proof, row: ProofVersion | None, names: Mapping[int, str], *, current: bool = False) -> Edition:
    if row is None:
        return Edition(proof, None, current)
    return Edition(proof, row, current, names.get(row.drafted_by, ""), names.get(row.decided_by or 0, ""))


def _key(proof: Proof) -> tuple[str, int]:
    return proof.code, proof.version


def _subject(session: Session, row: ProofVersion | None = None) -> Subject:
    return Subject(handlers={"drafter": row.drafted_by} if row else {}, keepers=highest_authorities(session))


def _require(work: Work, action: Action, subject: Subject) -> None:
    policy.require(work.actor, action, subject, now=work.now, window=timedelta(seconds=work.settings.reauthentication_window))


def _no_proof() -> NotFound:
    return NotFound(say("There is no such version of a proof."), next_step=say("Go back to the list of proofs."))
