"""What the page of one licence shows: its versions, its history, the proceedings about it with what can be done now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from licensing.catalogue import load_catalogue
from licensing.catalogue.model import FaceRow, LicenceType
from licensing.clock import Calendar, Explanation, answer_term, local_date, today
from licensing.clock.queries import calendar_now
from licensing.letters.queries import of_licences
from licensing.letters.tables import Letter
from licensing.licences import queries as licences
from licensing.licences.operations import OPERATION_NAMES, OPERATIONS, Operation, Rule, possible
from licensing.licences.record import LicenceRecord, from_canonical
from licensing.licences.status import PUBLIC, Status, status_on
from licensing.licences.tables import Licence, LicenceEvent
from licensing.licences.versions import changeable, values_now
from licensing.parties.queries import person_names
from licensing.parties.tables import Authority, Company
from licensing.policy import Action, Actor, Ruling, Subject
from licensing.proceedings.expiry import renewal_closes
from licensing.proceedings.journal import happened, licence_subject, may, not_found, require, subject_of
from licensing.proceedings.machine import EVENT_NAMES, FINAL, Event, State, Turn
from licensing.proceedings.machine import possible as steps_from
from licensing.proceedings.rules import Happened, ProceedingView, replay
from licensing.proceedings.tables import Proceeding
from licensing.storage import Work, reading
from licensing.words import Said, say

_STEPS = (Action.LICENCE_ASK, Action.LICENCE_ANSWER, Action.LICENCE_PROPOSE, Action.LICENCE_DECIDE, Action.LICENCE_RETURN)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a history: what, when, by whom, and the words that went with it."""

    kind: str
    title: Said
    at: datetime
    actor: str | None
    detail: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of the face that a new version is to change."""

    row: FaceRow
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ProceedingCard:
    """One proceeding as a page shows it. ``term`` explains until when a notice can be answered."""

    row: Proceeding
    view: ProceedingView
    rule: Rule
    turn: Turn
    history: tuple[Entry, ...]
    differences: tuple[Difference, ...]
    term: Explanation | None
    rulings: Mapping[Action, Ruling]
    day: date

    @property
    def is_open(self) -> bool:
        return self.view.state not in FINAL

    def can(self, event: Event) -> bool:
        """Whether the button for ``event`` is shown: the machine leads there now, the proposal does, and the policy allows it or only
        wants the second factor."""
        row = next((row for row in steps_from(self.view.state, asked=self.view.asked) if row.event == event), None)
        if row is None or not self._fits(event):
            return False
        if (row.after_term and not self.view.term_is_over(self.day)) or (row.within_term and self.view.term_is_over(self.day)):
            return False
        ruling = self.rulings.get(row.action)
        return ruling is not None and (ruling.allowed or ruling.needs_second_factor)

    def _fits(self, event: Event) -> bool:
        return {
            Event.DECIDED: self.view.grants and not self.rule.new_version,
            Event.VERSION_DECIDED: self.view.grants and self.rule.new_version,
            Event.REFUSED: not self.view.grants,
            Event.HEARING_DEMANDED: self.rule.notice is not None and self.rule.notice.oral,
        }.get(event, True)


@dataclass(frozen=True, slots=True)
class LicencePage:
    """Everything a page about one version of a licence shows; plain data, usable after the transaction.

    ``successor`` and ``predecessor`` may stand under another number, where a new application changed what was granted. ``status`` is the
    one that counts today; ``versions``, ``proceedings`` (newest first) and ``letters`` are those of all versions, ``letter_readers`` the
    names of those who opened a letter first.
    """

    licence: Licence
    record: LicenceRecord
    licence_type: LicenceType
    authority: Authority
    company: Company | None
    status: Status
    successor: Licence | None
    predecessor: Licence | None
    versions: tuple[Licence, ...]
    history: tuple[Entry, ...]
    proceedings: tuple[ProceedingCard, ...]
    letters: tuple[Letter, ...]
    letter_readers: Mapping[int, str]
    rulings: Mapping[Action, Ruling]
    renewal_closes: date | None

    @property
    def printed(self) -> tuple[tuple[FaceRow, str], ...]:
        """The rows of the face with what is printed there, in order."""
        values = dict(self.record.face)
        return tuple((row, values[row.label]) for row in self.licence_type.face if row.label in values)

    @property
    def valid_from(self) -> date:
        return date.fromisoformat(self.record.valid_from)

    @property
    def open(self) -> tuple[ProceedingCard, ...]:
        return tuple(card for card in self.proceedings if card.is_open)

    @property
    def renewal_waits(self) -> bool:
        """Whether a renewal was asked for in time and is not decided yet."""
        return any(card.view.operation is Operation.RENEW for card in self.open)

    @property
    def may_propose(self) -> bool:
        """Whether this officer may begin something at all."""
        return self._allowed(Action.LICENCE_PROPOSE)

    @property
    def can_be_proposed(self) -> tuple[Rule, ...]:
        """What this officer may begin now on the authority's own motion."""
        if not self.may_propose or any(not card.view.asked for card in self.open):
            return ()
        return tuple(rule for rule in possible(self.status) if rule.propose and not rule.on_request_only)

    @property
    def can_be_asked(self) -> tuple[Rule, ...]:
        """What this holder may ask for now."""
        if not self._allowed(Action.LICENCE_ASK) or any(card.view.asked for card in self.open):
            return ()
        found = (rule for rule in possible(self.status) if rule.holder_may_ask)
        in_time = self.renewal_closes is not None and today() <= self.renewal_closes
        return tuple(rule for rule in found if rule.operation is not Operation.RENEW or in_time)

    def card(self, proceeding_id: int) -> ProceedingCard:
        """One proceeding of this page. Raises ``NotFound``."""
        found = next((card for card in self.proceedings if card.row.id == proceeding_id), None)
        if found is None:
            raise not_found()
        return found

    def _allowed(self, action: Action) -> bool:
        return self.rulings[action].allowed


def licence_page(actor: Actor, licence_id: int) -> LicencePage:
    """The page of one version of a licence. Raises ``NotFound`` when it is not the actor's to see."""
    with reading(actor) as look:
        licence, subject = readable(look, licence_id)
        versions = family(look.session, licence)
        record = from_canonical(licence.record)
        licence_type = load_catalogue().licence_type(licence.type)
        company = look.session.get(Company, subject.company_id) if subject.company_id else None
        rows = look.session.scalars(
            select(Proceeding)
            .where(Proceeding.licence_id.in_([version.id for version in versions]))
            .options(selectinload(Proceeding.events))
            .order_by(Proceeding.id.desc())
        ).all()
        letters = tuple(of_licences(look.session, [version.id for version in versions]))
        return LicencePage(
            licence=licence,
            record=record,
            licence_type=licence_type,
            authority=look.session.get_one(Authority, licence.authority_id),
            company=company,
            status=status_on(Status(licence.status), licence.valid_until, local_date(look.now)),
            successor=look.session.get(Licence, licence.successor_id) if licence.successor_id else None,
            predecessor=look.session.get(Licence, licence.previous_id) if licence.previous_id else None,
            versions=tuple(versions),
            history=_history(look.session, versions),
            proceedings=tuple(_card(look, row, licence_type, record) for row in rows),
            letters=letters,
            letter_readers=person_names(look.session, {letter.opened_by for letter in letters if letter.opened_by is not None}),
            rulings={action: may(look.actor, action, subject, look) for action in _STEPS},
            renewal_closes=renewal_closes(licence, calendar_now(look.session)),
        )


def readable(look: Work, licence_id: int) -> tuple[Licence, Subject]:
    """A licence that is out, when the actor may read it. Raises ``NotFound``."""
    licence = look.session.get(Licence, licence_id)
    if licence is None or licence.status not in PUBLIC:
        raise not_found()
    subject = licence_subject(look.session, licence)
    require(look, Action.LICENCE_READ, subject)
    return licence, subject


def family(session: Session, licence: Licence) -> list[Licence]:
    """All versions of a licence that are out, the newest first."""
    return [version for version in licences.versions(session, licence) if version.status in PUBLIC]


def _history(session: Session, versions: Sequence[Licence]) -> tuple[Entry, ...]:
    numbers, several = {version.id: version.version for version in versions}, len(versions) > 1
    query = select(LicenceEvent).where(LicenceEvent.licence_id.in_(numbers)).order_by(LicenceEvent.at, LicenceEvent.id)
    events = session.scalars(query).all()
    names = person_names(session, {event.actor_id for event in events if event.actor_id is not None})
    return tuple(
        Entry(
            event.operation,
            _title(Operation(event.operation), numbers[event.licence_id] if several else None),
            event.at,
            names.get(event.actor_id) if event.actor_id is not None else None,
            str(event.data.get("reason", "")),
        )
        for event in events
    )


def _title(operation: Operation, version: int | None) -> Said:
    name = say(OPERATION_NAMES[operation])
    return name if version is None else say("%(what)s (version %(number)s)", what=name, number=version)


def _card(look: Work, row: Proceeding, licence_type: LicenceType, record: LicenceRecord) -> ProceedingCard:
    view = replay(Operation(row.operation), row.asked, (happened(event) for event in row.events))
    names = person_names(look.session, {event.actor_id for event in row.events if event.actor_id is not None})
    subject, day = subject_of(row, view.handlers), local_date(look.now)
    served = view.proposal if view.state is State.NOTIFIED else None
    return ProceedingCard(
        row=row,
        view=view,
        rule=OPERATIONS[view.operation],
        turn=view.turn(day),
        history=tuple(_entry(event.type, event.at, names.get(event.actor_id or 0), event.data) for event in row.events),
        differences=_proposed_differences(look.session, row, view, licence_type, record),
        term=_term(served, view, calendar_now(look.session)) if served else None,
        rulings={action: may(look.actor, action, subject, look) for action in _STEPS},
        day=day,
    )


def _term(served: Happened, view: ProceedingView, calendar: Calendar) -> Explanation:
    return answer_term(int(served.data["days"]), local_date(served.at), calendar, named=view.due_on)


def _proposed_differences(
    session: Session, row: Proceeding, view: ProceedingView, licence_type: LicenceType, record: LicenceRecord
) -> tuple[Difference, ...]:
    """What a change touches, compared with the version about which it was asked: a change that was made is still shown as one."""
    if not view.changes:
        return ()
    about = session.get(Licence, row.licence_id)
    return _differences(licence_type, from_canonical(about.record) if about else record, view.changes)


def _differences(licence_type: LicenceType, record: LicenceRecord, changes: Mapping[str, str]) -> tuple[Difference, ...]:
    """The rows of the face that ``changes`` touch, with what stands there now."""
    now = values_now(licence_type, record)
    return tuple(Difference(row, now[row.path], changes[row.path]) for row in changeable(licence_type) if row.path in changes)


def _entry(kind: str, at: datetime, actor: str | None, data: Mapping[str, Any]) -> Entry:
    return Entry(kind, say(EVENT_NAMES[Event(kind)]), at, actor, str(data.get("reason", "")))
