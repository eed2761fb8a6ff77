"""Messages: to a company, a post, a person; read, paged, and sent by the channels that people chose."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine
from world import World

from licensing.errors import Invalid, NotFound
from licensing.notices import actions, channels, delivery, queries
from licensing.notices.channels import HttpSms, Outgoing, SmtpMail, Undelivered
from licensing.notices.rules import WAITS, Channel, canonical_phone, next_try, outside
from licensing.notices.tables import NoticeDelivery
from licensing.parties.tables import Seat
from licensing.policy import SYSTEM, Role
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage, unit_of_work
from licensing.words import say

BOTH = {"smtp_host": "file", "sms_gateway": "file"}


def reopened(world: World, **more: object) -> Settings:
    """The same installation with other settings."""
    settings = Settings(**{**world.settings.model_dump(), **more})  # type: ignore[arg-type]
    open_storage(settings, storage().engine)
    return settings


ACCEPTED = "Your application for “%(project)s” was accepted. The decision is due by %(due)s."


def tell(world: World, text: str = ACCEPTED, reference: str = "LZ2026000001") -> None:
    with unit_of_work(SYSTEM) as work:
        actions.notify_company(work, world.company, say(text, project="王建国自建房", due=date(2026, 3, 16)), reference=reference)


def choose(world: World, person: int, *, mail: str = "", phone: str = "", language: str = "en") -> None:
    actions.choose_channels(world.actor(person), email=mail, phone=phone, language=language)


def deliveries() -> list[NoticeDelivery]:
    with reading(SYSTEM) as look:
        return list(look.session.query(NoticeDelivery).order_by(NoticeDelivery.id))


def test_company_post_and_person_each_have_their_messages(world: World) -> None:
    with unit_of_work(SYSTEM) as work:
        actions.notify_company(work, world.company, say("For the company."))
        actions.notify_post(work, world.authority, Role.INTAKE, say("For the intake."))
        actions.notify_person(work, world.examiner, say("For one person."))
    texts = {
        person: [notice.sentence for notice in queries.inbox(world.actor(person)).rows]
        for person in (world.applicant, world.member, world.stranger, world.intake, world.examiner, world.approver)
    }
    assert texts[world.applicant] == texts[world.member] == ["For the company."]
    assert texts[world.stranger] == texts[world.approver] == []
    assert texts[world.intake] == ["For the intake."]
    assert texts[world.examiner] == ["For one person."]


def test_reading_counts_and_only_for_whom_it_was_sent_to(world: World) -> None:
    for _ in range(3):
        tell(world)
    actor = world.actor(world.applicant)
    newest = queries.inbox(actor).rows[0]
    assert queries.inbox(actor).unread == 3
    with pytest.raises(NotFound):
        actions.mark_read(world.actor(world.stranger), newest.id)
    actions.mark_read(actor, newest.id)
    page = queries.inbox(actor)
    assert page.unread == 2
    assert page.rows[-1].id == newest.id, "unread ones come first"
    actions.mark_all_read(world.actor(world.stranger))
    assert queries.inbox(actor).unread == 2
    actions.mark_all_read(world.actor(world.member))
    assert queries.inbox(actor).unread == 0


def test_pages_follow_each_other_unread_ones_first(world: World) -> None:
    for _ in range(7):
        tell(world)
    actor = world.actor(world.applicant)
    for notice in queries.inbox(actor).rows[:3]:
        actions.mark_read(actor, notice.id)
    seen, after = [], None
    while True:
        page = queries.inbox(actor, after=after, size=2)
        seen += [(notice.read_at is not None, -notice.id) for notice in page.rows]
        after = page.next_key
        if after is None:
            break
        assert queries.is_key(after)
    assert seen == sorted(seen)
    assert len(seen) == 7


def test_nothing_leaves_the_house_unless_it_is_switched_on(world: World) -> None:
    choose(world, world.applicant, mail="li@example.org", phone="13800000001")
    tell(world)
    assert deliveries() == []
    assert delivery.deliver_due() == 0


def test_each_person_gets_it_by_the_channels_and_in_the_language_they_chose(world: World) -> None:
    settings = reopened(world, **BOTH)
    choose(world, world.applicant, mail="li@example.org", language="zh")
    choose(world, world.member, phone="+86 138-0000-0001")
    choose(world, world.stranger, mail="chen@example.org")
    tell(world)
    assert delivery.deliver_due() == 2
    assert delivery.deliver_due() == 0, "what was delivered is not sent again"
    (mail_file,), (sms_file,) = (settings.outbox / "mail").iterdir(), (settings.outbox / "sms").iterdir()
    mail = email.message_from_bytes(mail_file.read_bytes(), policy=email.policy.default)
    assert mail["To"] == "li@example.org"
    assert mail["Auto-Submitted"] == "auto-generated"
    words = mail.get_content()
    assert "LZ2026000001" in words
    assert "https://zz.example.gov.cn/messages" in words
    assert "Your application" not in words, "it speaks the language of the person"
    number, text = sms_file.read_text().splitlines()
    assert number == "13800000001"
    assert "Your application for “LZ2026000001” was accepted." in text
    assert "王建国" not in words + text, "no name leaves the house"


def test_only_numbers_and_days_leave_the_house() -> None:
    facts = {"project": "王建国自建房", "number": "宁1号", "due": "2026-03-09", "reason": "身份证"}
    words = outside("%(project)s %(number)s %(due)s %(reason)s", facts, "LZ1", str)
    assert words == "LZ1 宁1号 2026-03-09 LZ1"
    assert outside("%(project)s", {"project": "x"}, "", str) == "—"
    assert outside("%(number)s %(renewed)s", {"number": "OB1", "renewed": "LZ2"}, "LZ1", str) == "OB1 LZ2", "each number is itself"


@pytest.mark.parametrize(("typed", "number"), [("138 0000 0001", "13800000001"), ("0086-13800000001", "13800000001"), ("025-52000000", "")])
def test_a_mobile_number_has_one_form(typed: str, number: str) -> None:
    assert canonical_phone(typed) == number


def test_a_wrong_number_is_told_and_nothing_is_kept(world: World) -> None:
    with pytest.raises(Invalid) as refusal:
        choose(world, world.applicant, phone="12345")
    assert [field.path for field in refusal.value.fields] == ["phone"]
    with reading(SYSTEM) as look:
        assert queries.chosen(look.session, world.applicant) is None


class Broken:
    """A server that takes nothing for a while."""

    def __init__(self, failures: int) -> None:
        self.failures, self.sent = failures, list[Outgoing]()

    def send(self, message: Outgoing) -> None:
        self.sent.append(message)
        if len(self.sent) <= self.failures:
            raise Undelivered("SMTP 451")


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Broken]:
    def make(failures: int) -> Broken:
        server = Broken(failures)
        monkeypatch.setattr(delivery, "open_senders", lambda _settings: {Channel.EMAIL: server})
        return server

    return make


def test_a_failure_waits_longer_each_time_and_goes_out_under_the_same_id(
    world: World, morning: time_machine.Traveller, broken: Callable[[int], Broken]
) -> None:
    reopened(world, smtp_host="mail.example.org")
    choose(world, world.applicant, mail="li@example.org")
    server = broken(2)
    tell(world)
    assert delivery.deliver_due() == 0
    assert delivery.deliver_due() == 0
    assert len(server.sent) == 1, "it waits before the next try"
    (row,) = deliveries()
    assert (row.attempts, row.last_error, row.delivered_at) == (1, "SMTP 451", None)
    morning.shift(WAITS[0] + timedelta(seconds=5))
    delivery.deliver_due()
    morning.shift(WAITS[1] + timedelta(seconds=5))
    assert delivery.deliver_due() == 1
    assert len({message.id for message in server.sent}) == 1
    (row,) = deliveries()
    assert (row.attempts, row.last_error, row.next_try_at) == (3, "", None)


def test_what_fails_for_good_is_given_up_and_the_operator_sees_it(
    world: World, morning: time_machine.Traveller, broken: Callable[[int], Broken]
) -> None:
    reopened(world, smtp_host="mail.example.org")
    choose(world, world.applicant, mail="li@example.org")
    server = broken(1000)
    tell(world)
    for wait in (*WAITS, timedelta(days=1)):
        delivery.deliver_due()
        morning.shift(wait + timedelta(seconds=5))
    morning.shift(timedelta(days=30))
    assert delivery.deliver_due() == 0
    assert len(server.sent) == len(WAITS) + 1
    with reading(SYSTEM) as look:
        (row,) = queries.sending(look.session)
    assert (row.channel, row.waiting, row.retried, row.failed, row.last_error) == ("email", 0, 0, 1, "SMTP 451")
    assert next_try(len(WAITS) + 1, row_now()) is None


def row_now() -> object:
    with reading(SYSTEM) as look:
        return look.now


def test_whoever_left_or_switched_it_off_gets_nothing_more(world: World) -> None:
    settings = reopened(world, **BOTH)
    choose(world, world.applicant, mail="li@example.org")
    choose(world, world.member, mail="fang@example.org")
    tell(world)
    choose(world, world.member, mail="")
    with unit_of_work(SYSTEM) as work:
        work.session.query(Seat).filter(Seat.person_id == world.applicant).update({"held_until": date(2026, 3, 1)})
    assert delivery.deliver_due() == 0
    assert not (settings.outbox / "mail").exists()
    with reading(SYSTEM) as look:
        assert [(row.waiting, row.failed) for row in queries.sending(look.session)] == [(0, 0)]


def test_a_message_leaves_with_its_transaction_or_not_at_all(world: World) -> None:
    reopened(world, **BOTH)
    choose(world, world.applicant, mail="li@example.org")
    with pytest.raises(RuntimeError), unit_of_work(SYSTEM) as work:
        actions.notify_company(work, world.company, say("For the company."))
        raise RuntimeError
    assert deliveries() == []
    assert queries.inbox(world.actor(world.applicant)).rows == ()


def test_a_mail_server_that_is_away_is_a_failure_without_an_address() -> None:
    server = SmtpMail("127.0.0.1", 1, "none", "", "", "noreply@example.org")
    gateway = HttpSms("http://127.0.0.1:1/send", "")
    for sender in (server, gateway):
        with pytest.raises(Undelivered) as failure:
            sender.send(Outgoing("notice-1", "li@example.org", "主题", "正文"))
        assert "li@example.org" not in str(failure.value)


def test_the_file_double_is_what_a_server_would_get(world: World) -> None:
    settings = reopened(world, **BOTH)
    found = channels.open_senders(settings)
    assert set(found) == set(Channel)
    for sender in found.values():
        for _ in range(2):
            sender.send(Outgoing("notice-1", "13800000001", "主题", "正文"))
    assert [path.name for path in (settings.outbox / "mail").iterdir()] == ["notice-1.eml"]
