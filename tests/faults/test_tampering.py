"""Somebody with the database in hand edits, deletes, inserts or exchanges rows behind the back of all actions: ``selfcheck`` finds each."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from world import OTHER_COMPANY, World, tiny_pdf

from licensing.cases import actions as cases
from licensing.cases import archive, calendars, commissions, evidence, experts, notes, objections, recognitions, sampling
from licensing.cases.bodies import QUALIFICATION
from licensing.cases.journal import load
from licensing.catalogue import load_catalogue
from licensing.clock import today
from licensing.clock.notice import shipped_text
from licensing.commitments import editions
from licensing.commitments.queries import of_case as promises_of
from licensing.credit import actions as credit
from licensing.credit.rules import Kind
from licensing.ledger.actions import append
from licensing.letters import actions as letters
from licensing.letters.queries import of_case
from licensing.licences import actions as licences
from licensing.licences import issuing
from licensing.licences.operations import Operation
from licensing.parties import actions as parties
from licensing.parties.lists import listed
from licensing.parties.tables import Authority, Person, Seat
from licensing.policy import SYSTEM, Role
from licensing.proceedings import actions as proceedings
from licensing.ratings import actions as ratings
from licensing.seats import actions as seats
from licensing.selfcheck import PROTECTED, row_problems
from licensing.storage import Base, Moment, reading, storage, unit_of_work
from licensing.trust import checkpoints, offices, publication
from licensing.trust.current import current_trust_list

pytestmark = pytest.mark.slow

EDITS = 1000
TILE_WIDTH = 256
SEED = 20261123


def lived_in(world: World) -> None:
    """Rows in every protected table: cases decided and open, licences in three statuses, promises, letters sealed and opened."""
    approval, acceptance = world.proposed(), world.proposed("completion_acceptance")
    granted = [world.grant(case_id) for case_id in (approval, acceptance)]
    withdrawn = world.submitted()
    cases.withdraw(world.actor(world.applicant), withdrawn, "改期再报")
    for case_id in (approval, withdrawn):
        rating_id = ratings.rate(world.actor(world.applicant), case_id, 2, "等了太久")
    ratings.answer(world.actor(world.supervisor), rating_id, "true", "已整改。")
    for address in ("open@example.org", "taken@example.org"):
        invitation = seats.invite(
            world.actor(world.applicant),
            world.company,
            address=address,
            kind="agent",
            held_until=date(2026, 12, 31),
            letter=("授权书.pdf", tiny_pdf()),
        )
    seats.accept(world.actor(world.stranger), "taken@example.org", invitation)
    with reading(SYSTEM) as look:
        seat = look.session.scalars(sa.select(Seat).order_by(Seat.id.desc())).first()
    seats.end_seat(world.actor(world.applicant), seat.id)
    _commissioned(world)
    _objected(world)
    archive.archive(world.actor(world.supervisor), world.settings, withdrawn)
    noted = world.submitted()
    notes.write(world.actor(world.examiner), noted, "图纸与说明不一致，请核对。")
    notes.strike_out(world.actor(world.examiner), noted, notes.write(world.actor(world.examiner), noted, "写错了"))
    credit.enter_by_officer(
        world.actor(world.supervisor),
        world.authority,
        uscc=OTHER_COMPANY["uscc"],
        kind=Kind.OTHER,
        source="年度检查",
        effect="记录",
        published=True,
        ends_on=None,
    )
    proposal = editions.draft(world.actor(world.supervisor), "factory_certificate", {"answer_days": 7}, "延长答复期限")
    editions.put_in_force(world.actor(world.second_supervisor), proposal, today(), 1)
    sampling.draw(world.actor(world.supervisor), world.authority, 50)
    _qualified(world)
    with reading(SYSTEM) as look:
        sent = of_case(look.session, approval)
        made = promises_of(look.session, acceptance)[0]
    changed = (shipped_text(2026) or "").replace("2026-02-28", "2026-03-07")
    calendars.import_year(SYSTEM, changed, based_on=None)
    evidence.pack_for(world.actor(world.applicant), world.settings, acceptance, made.id)
    letters.sealed_pdf(sent[0].id)
    proceedings.propose(world.actor(world.examiner), granted[0].id, Operation.SUSPEND, reason="检测不合格。")
    with unit_of_work(SYSTEM) as work:
        letters.mark_opened(work, sent[0])
        licences.perform(work, granted[1].id, Operation.REVOKE_FOR_DECEIT, reason="以欺骗手段取得。")
        publication.publish(work, world.settings)
        offices.import_listed(work, listed()[:3])
        for number in range(TILE_WIDTH):
            append(work, "rehearsal", str(number), bytes(32))
    checkpoints.publish(world.settings)


def _qualified(world: World) -> None:
    """A qualification by the votes of experts, one of whom left the pool since, and its report upwards."""
    licence = world.granted("qualification")
    supervisor, examiner = world.actor(world.province.supervisor), world.actor(world.province.examiner)
    experts.end(supervisor, experts.pools(supervisor)[0].entries[0].id)
    recognitions.report(examiner, licence.case_id or 0, "苏气函〔2026〕12号", today())


def _objected(world: World) -> None:
    """One objection that was upheld, and one of a stranger that waits."""
    case_id = world.submitted()
    cases.not_accept(world.actor(world.intake), case_id, "不属于本机关职权范围。")
    objections.object_to(world.actor(world.applicant), case_id, world.page(case_id).case.sequence, "属于本机关职权范围。")
    with reading(SYSTEM) as look:
        (made,) = objections.open_objections(look.session, case_id)
    objections.answer(world.actor(world.supervisor), made.id, "upheld", "经复核，属于本机关职权范围。")
    accepted = world.accepted()
    with unit_of_work(SYSTEM) as work:
        public = load(work.session, accepted)
        objections.object_in_publicity(work, public, 3, name="林一鸣", contact="13900000009", text="安全间距不足。")


def _commissioned(world: World) -> None:
    """A body at work, one report returned and another waiting."""
    case_id = world.accepted()
    with unit_of_work(SYSTEM) as work:
        body = parties.register_company(work, uscc="91320102MA1MUHM054", name="江苏苏云防雷检测有限公司")
        parties.give_seat(work, work.session.get_one(Person, world.stranger), body, Role.APPLICANT, held_from=date(2020, 1, 1))
        kind, authority = load_catalogue().licence_type(QUALIFICATION), work.session.get_one(Authority, world.authority)
        printed = {"body": {"legal_representative": "王建国", "address": "南京市"}, "qualification": {"grade": "甲级", "scope": "检测"}}
        numbers = {"grade": "1", "province": "10"}
        made = licences.intend(work, kind, authority, body, project=None, opinion="准予。", answers=printed, number_parts=numbers)
    issuing.bring_out(made.id, issued=lambda _work, _licence: None, voided=lambda _work, _reason: None)
    cases.commission(world.actor(world.examiner), case_id, body=body.name, expected_days=5)
    commission = commissions.mine(world.actor(world.stranger)).rows[0].commission.id
    told = commissions.Report("苏雷评2026-0007", today(), True, "符合要求。", ("报告.pdf", tiny_pdf()))
    first = commissions.report(world.actor(world.stranger), commission, told)
    commissions.return_report(world.actor(world.examiner), case_id, first, "缺少附表。")
    commissions.report(world.actor(world.stranger), commission, told)


def tables() -> list[sa.Table]:
    return [Base.metadata.tables[name] for name in PROTECTED]


OTHERS: dict[type, Callable[[Any, random.Random], Any]] = {
    bool: lambda value, _: not value,
    int: lambda value, dice: value + dice.choice((1, 7, 1000)),
    bytes: lambda value, dice: _flipped(value, dice.randrange(8 * len(value))),
    datetime: lambda value, dice: value + dice.choice((timedelta(milliseconds=1), timedelta(days=-1), timedelta(hours=1))),
    date: lambda value, dice: value + timedelta(days=dice.choice((-1, 1, 365))),
    list: lambda value, dice: [*value, dice.randrange(1000)],
    dict: lambda value, dice: {**value, "added": dice.randrange(1000)},
    str: lambda value, dice: value[:-1] if value and dice.random() < 0.5 else value + dice.choice(("x", " ", "1")),
}
"""Another value of the same type."""


def _flipped(value: bytes, bit: int) -> bytes:
    return value[: bit // 8] + bytes([value[bit // 8] ^ 1 << bit % 8]) + value[bit // 8 + 1 :]


_UNSET: dict[type, Any] = {sa.Integer: 1, sa.Date: date(2030, 1, 1), Moment: datetime(2026, 3, 2, tzinfo=UTC)}


def other(value: Any, column: sa.Column[Any], dice: random.Random) -> Any:
    if value is None:
        return _UNSET.get(type(column.type), "x")
    return OTHERS[type(value)](value, dice)


class Refused(Exception):
    """The database did not take the change, so there is nothing to find."""


def edit(session: Session, table: sa.Table, dice: random.Random) -> str:
    rows = session.execute(sa.select(table).order_by(*table.primary_key)).mappings().all()
    row, column = dice.choice(rows), dice.choice(list(table.columns))
    session.execute(sa.update(table).where(*_this(table, row)).values({column: other(row[column], column, dice)}))
    if session.execute(sa.select(table).order_by(*table.primary_key)).mappings().all() == rows:
        raise Refused  # PostgreSQL cuts blanks that are too many for a column
    return f"{table.name}.{column.name}"


def delete(session: Session, table: sa.Table, dice: random.Random) -> str:
    session.execute(sa.delete(table).where(*_this(table, dice.choice(session.execute(sa.select(table)).mappings().all()))))
    return f"{table.name} deleted"


def insert(session: Session, table: sa.Table, dice: random.Random) -> str:
    row = dict(dice.choice(session.execute(sa.select(table)).mappings().all()))
    for name in ("id", "position", "sequence", "version", "number", "serial", "status_index"):
        if isinstance(row.get(name), int):
            row[name] += 10_000
    for name in ("number", "identifier"):
        if isinstance(row.get(name), str):
            row[name] += "9"
    session.execute(sa.insert(table).values(row))
    return f"{table.name} inserted"


def exchange(session: Session, table: sa.Table, dice: random.Random) -> str:
    """Two rows change places: everything but the primary key."""
    rows = session.execute(sa.select(table)).mappings().all()
    one, two = dice.sample(rows, 2) if len(rows) > 1 else rows * 2
    keys = {column.name for column in table.primary_key}
    unique = {name for name in ("identifier", "number", "status_index", "sequence", "serial") if name in table.columns}
    free = [column for column in table.columns if column.name not in keys | unique and one[column] != two[column]]
    if not free:
        return delete(session, table, dice)
    for here, there in ((one, two), (two, one)):
        session.execute(sa.update(table).where(*_this(table, here)).values({column: there[column] for column in free}))
    return f"{table.name} exchanged"


def _this(table: sa.Table, row: Any) -> list[Any]:
    return [column == row[column] for column in table.primary_key]


WAYS: tuple[tuple[Callable[[Session, sa.Table, random.Random], str], int], ...] = ((edit, 7), (delete, 1), (insert, 1), (exchange, 1))


def found(session: Session, world: World) -> int:
    return sum(1 for _ in row_problems(session, storage().files, current_trust_list(world.settings)))


def test_a_thousand_tamperings_are_all_found(world: World) -> None:
    lived_in(world)
    dice, done, missed = random.Random(SEED), Counter[str](), []  # noqa: S311 (the same edits at every run)
    relaxed = storage().engine.dialect.name == "sqlite"
    with reading(SYSTEM) as look:
        assert found(look.session, world) == 0, list(row_problems(look.session, storage().files, current_trust_list(world.settings)))
        empty = [table.name for table in tables() if not look.session.scalar(sa.select(sa.func.count()).select_from(table))]
    assert not empty
    while sum(done.values()) < (EDITS if relaxed else EDITS // 5):
        way = dice.choices([way for way, _ in WAYS], [weight for _, weight in WAYS])[0]
        with Session(storage().engine, expire_on_commit=False) as session:
            try:
                if relaxed:
                    session.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
                what = way(session, dice.choice(tables()), dice)
                session.flush()
                problems = found(session, world)
            except (IntegrityError, sa.exc.DataError, Refused):
                continue
            finally:
                session.rollback()
        done[way.__name__] += 1
        if not problems:
            missed.append(what)
    print(f"\n{sum(done.values())} tamperings: {dict(done)}, missed {Counter(missed)}")
    assert not missed, Counter(missed)
