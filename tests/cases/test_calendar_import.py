"""A changed calendar moves every open case that it moves, says so to everybody, and is taken back by importing the old one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
import time_machine
from world import World

from licensing.cases import actions, calendars
from licensing.cases.recomputing import MOVED, MOVED_IN_OFFICE, TOPIC
from licensing.cases.tables import CalendarEffect, Case
from licensing.clock import YearState, load_calendar
from licensing.clock.notice import missing_text, shipped_text
from licensing.clock.queries import calendar_now
from licensing.clock.tables import ImportedYear
from licensing.errors import Conflict, Forbidden, Invalid, LeizhengError, NotFound, ReauthenticationNeeded
from licensing.ledger.queries import check
from licensing.notices.actions import choose_channels
from licensing.notices.delivery import deliver_due
from licensing.notices.queries import inbox
from licensing.notices.tables import Notice
from licensing.policy import SYSTEM, Actor, Role
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage, unit_of_work
from licensing.storage.tables import OutboxMessage

ADMIN = Actor(None, "系统管理员", admin_roles=frozenset({Role.SYSTEM_ADMIN}))
SHIPPED = shipped_text(2026) or ""
A_DAY_OFF = '    { name = "labour_day", first = 2026-03-05, last = 2026-03-05, make_up = [] },\n]'
EXTRA_HOLIDAY = SHIPPED.replace("\n]", "\n" + A_DAY_OFF)
SWAPPED = SHIPPED.replace("\n]", "\n" + A_DAY_OFF.replace("make_up = []", "make_up = [2026-03-07]"))


def admin(world: World) -> Actor:
    """The system administrator, with the second factor just shown."""
    return replace(ADMIN, second_factor_at=world.actor(world.intake).second_factor_at)


def put_in_force(world: World, content: str) -> int:
    preview = calendars.preview(admin(world), content)
    return calendars.import_year(admin(world), content, based_on=preview.based_on)


def due_dates(case_ids: list[int] | None = None) -> dict[int, date | None]:
    with reading(SYSTEM) as look:
        query = sa.select(Case.id, Case.due_on).order_by(Case.id)
        rows = look.session.execute(query if case_ids is None else query.where(Case.id.in_(case_ids)))
        return {row.id: row.due_on for row in rows}


def count(table: type, *where: object) -> int:
    with reading(SYSTEM) as look:
        return look.session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


def test_a_changed_calendar_moves_a_thousand_cases_tells_of_each_and_is_undone_by_the_old_one(world: World) -> None:
    first = world.submitted()
    cases = [first, *world.copies(first, 999)]
    assert set(due_dates(cases).values()) == {date(2026, 3, 9)}

    made = put_in_force(world, EXTRA_HOLIDAY)
    assert set(due_dates(cases).values()) == {date(2026, 3, 10)}
    page = calendars.import_page(admin(world), made, size=1000)
    assert len(page.effects) == page.made.moved == 1000
    assert {(effect.old, effect.new) for effect in page.effects} == {(date(2026, 3, 9), date(2026, 3, 10))}
    assert len({effect.number for effect in page.effects}) == 1000
    assert count(Notice, Notice.sentence == MOVED) == count(OutboxMessage, OutboxMessage.topic == TOPIC) == 1000

    undone = put_in_force(world, page.undo)
    assert page.undo == SHIPPED
    assert set(due_dates(cases).values()) == {date(2026, 3, 9)}
    assert count(CalendarEffect, CalendarEffect.import_id == undone) == 1000
    with reading(SYSTEM) as look:
        assert calendar_now(look.session).years == load_calendar().years
        assert list(calendars.problems(look.session)) == []
        assert check(look.session).holds


def test_every_state_is_computed_from_its_own_events(world: World, morning: time_machine.Traveller) -> None:
    submitted, accepted, proposed, closed = world.submitted(), world.accepted(), world.proposed(), world.accepted()
    draft = world.draft()
    actions.withdraw(world.actor(world.applicant), closed, "不再需要。")
    standing = world.accepted()
    world.verify(standing)
    actions.commission(world.actor(world.examiner), standing, body="江苏防雷检测中心", expected_days=5)
    before = due_dates()
    put_in_force(world, EXTRA_HOLIDAY)
    moved = {case_id for case_id, due in due_dates().items() if due != before[case_id]}
    assert moved == {submitted, accepted, proposed}
    assert {before[case_id] for case_id in (draft, closed, standing)} == {None}
    with reading(SYSTEM) as look:
        for case_id in moved:
            page = world.page(case_id)
            assert page.deadline is not None
            assert page.deadline.due == look.session.get_one(Case, case_id).due_on


def test_the_history_of_a_case_and_its_company_say_what_moved(world: World) -> None:
    case_id = world.submitted()
    put_in_force(world, EXTRA_HOLIDAY)
    for person in (world.applicant, world.intake):
        last = world.page(case_id, person).timeline[-1]
        assert str(last.title) == "The calendar of 2026 was changed: the legal date moved from 2026-03-09 to 2026-03-10."
    with reading(SYSTEM) as look:
        notice = look.session.scalars(sa.select(Notice).where(Notice.case_id == case_id).order_by(Notice.id.desc())).first()
    assert notice is not None
    assert (notice.company_id, notice.sentence) == (world.company, MOVED)
    assert (notice.facts["old"], notice.facts["new"], notice.facts["year"]) == ("2026-03-09", "2026-03-10", "2026")


def test_the_office_is_told_once_for_each_post_how_many_dates_moved(world: World) -> None:
    world.submitted(), world.accepted(), world.proposed()
    put_in_force(world, EXTRA_HOLIDAY)
    for person in (world.intake, world.examiner, world.approver):
        told = [notice for notice in inbox(world.actor(person)).rows if notice.sentence == MOVED_IN_OFFICE]
        assert [(notice.facts["count"], notice.facts["year"]) for notice in told] == [("3", "2026")]


def test_what_leaves_the_house_names_the_old_and_the_new_day(world: World) -> None:
    settings = Settings(**{**world.settings.model_dump(), "sms_gateway": "file"})
    open_storage(settings, storage().engine)
    choose_channels(world.actor(world.applicant), email="", phone="13800000001", language="en")
    number = world.page(world.submitted()).case.public_number
    put_in_force(world, EXTRA_HOLIDAY)
    deliver_due()
    texts = "".join(path.read_text() for path in (settings.outbox / "sms").iterdir())
    said = f"The legal date for “{number}” moved from 2026-03-09 to 2026-03-10, because the calendar of 2026 was changed."
    assert said in texts


def test_a_preview_shows_days_and_cases_and_changes_nothing(world: World) -> None:
    case_id = world.submitted()
    preview = calendars.preview(admin(world), SWAPPED)
    assert [(change.date, change.before.working, change.after.working) for change in preview.changes] == [
        (date(2026, 3, 5), True, False),
        (date(2026, 3, 7), False, True),
    ]
    assert (preview.examined, preview.moves) == (1, ()), "the make-up day makes good for the day off"
    preview = calendars.preview(admin(world), EXTRA_HOLIDAY)
    assert [(move.case_id, move.old, move.new) for move in preview.moves] == [(case_id, date(2026, 3, 9), date(2026, 3, 10))]
    assert due_dates([case_id]) == {case_id: date(2026, 3, 9)}
    assert count(ImportedYear) == count(CalendarEffect) == 0


def test_a_case_that_ended_its_counting_before_the_changed_days_is_not_looked_at(world: World) -> None:
    world.submitted()
    assert calendars.preview(admin(world), SHIPPED.replace("2026-10-07", "2026-10-08")).examined == 0


def test_acts_after_the_import_count_with_it(world: World) -> None:
    put_in_force(world, EXTRA_HOLIDAY)
    case_id = world.submitted()
    assert due_dates([case_id]) == {case_id: date(2026, 3, 10)}


def test_a_provisional_year_is_marked_and_a_new_year_can_be_taken_back(world: World, morning: time_machine.Traveller) -> None:
    morning.move_to(datetime(2026, 12, 28, 1, tzinfo=UTC))
    case_id = world.submitted()
    was = due_dates([case_id])
    holidays = 'holidays = [{ name = "new_year", first = 2027-01-01, last = 2027-01-04 }]'
    text = 'year = 2027\nstate = "provisional"\nnotice = "草案"\ntitle = "2027"\n' + holidays
    made = put_in_force(world, text)
    with reading(SYSTEM) as look:
        assert calendar_now(look.session).state(2027) is YearState.PROVISIONAL
    assert due_dates([case_id]) != was
    assert world.page(case_id).deadline.legal.provisional  # type: ignore[union-attr]
    undo = calendars.undo_text(admin(world), made)
    assert undo == missing_text(2027)
    put_in_force(world, undo)
    assert due_dates([case_id]) == was
    with reading(SYSTEM) as look:
        assert calendar_now(look.session).state(2027) is YearState.MISSING


def test_a_date_that_is_older_than_the_calendar_is_mended_by_importing_the_year_again(world: World) -> None:
    case_id = world.submitted()
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Case, case_id).due_on = date(2026, 3, 11)
    made = put_in_force(world, SHIPPED)
    assert due_dates([case_id]) == {case_id: date(2026, 3, 9)}
    assert calendars.import_page(admin(world), made).made.moved == 1


def test_what_the_calendar_says_already_is_not_imported(world: World) -> None:
    world.submitted()
    with pytest.raises(Invalid) as refused:
        put_in_force(world, SHIPPED)
    assert refused.value.code == "calendar-unchanged"
    assert count(ImportedYear) == 0


def test_two_administrators_at_once_do_not_overwrite_each_other(world: World) -> None:
    based_on = calendars.preview(admin(world), SWAPPED).based_on
    put_in_force(world, EXTRA_HOLIDAY)
    with pytest.raises(Conflict) as refused:
        calendars.import_year(admin(world), SWAPPED, based_on=based_on)
    assert refused.value.code == "calendar-moved-on"
    assert count(ImportedYear) == 1


@pytest.mark.parametrize(
    ("actor", "error"),
    [
        (ADMIN, ReauthenticationNeeded),
        (Actor(None, "安全", admin_roles=frozenset({Role.SECURITY_ADMIN})), Forbidden),
        (Actor(1, "路人"), NotFound),
    ],
)
def test_only_the_system_administrator_imports_with_a_fresh_second_factor(world: World, actor: Actor, error: type[LeizhengError]) -> None:
    with pytest.raises(error):
        calendars.import_year(actor, EXTRA_HOLIDAY, based_on=None)
    assert count(ImportedYear) == 0


def test_the_command_line_needs_no_second_factor(world: World) -> None:
    assert calendars.import_year(SYSTEM, EXTRA_HOLIDAY, based_on=None)


def test_the_day_that_a_served_notice_named_stands(world: World) -> None:
    from licensing.clock import answer_term

    calendar = load_calendar()
    for named in (date(2026, 3, 9), date(2026, 3, 6), date(2026, 3, 12)):
        term = answer_term(5, date(2026, 3, 2), calendar, named=named)
        assert term.due == named
        days = [step.date for step in term.steps]
        assert days == sorted(set(days))


def test_progress_ends_with_everything(world: World) -> None:
    world.submitted()
    seen: list[tuple[int, int]] = []
    calendars.preview(admin(world), EXTRA_HOLIDAY, lambda done, total: seen.append((done, total)))
    assert seen == [(1, 1)]
