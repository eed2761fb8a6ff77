"""What age and loss do to a verdict: old lists, an old trust list, a lost key, a register that has lost its end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from issued import Register

from licensing.clock import now
from licensing.ledger import kept
from licensing.ledger.tables import LedgerLeaf
from licensing.licences import actions, status_list
from licensing.licences.offline import StatusLists, lists_from
from licensing.licences.operations import Operation
from licensing.licences.queries import by_number
from licensing.licences.tables import Licence
from licensing.licences.verdict import Overall, Verdict, listed_answer
from licensing.licences.verify import verify_file, verify_number, verify_pdf, verify_qr
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, unit_of_work
from licensing.trust import checkpoints, keys
from licensing.trust.status_token import StatusRefused
from licensing.trust.trust_list import TrustList

WAYS = ("QR", "PDF")
KEYS = {"QR": "qr-fa", "PDF": "seal-SAMPLE-1"}


@pytest.fixture
def own(register: Register, tmp_path: Path) -> Iterator[Register]:
    """A register and keys that this test may change."""
    shutil.copytree(register.settings.keys, tmp_path / "keys")
    settings = Settings(home=register.settings.home, keys=tmp_path / "keys", database="", demo=False, https=False)
    opened = open_storage(settings)
    yield Register(settings, register.folder, register.entries)
    opened.engine.dispose()


def ask(register: Register, way: str, *, online: bool = False, lists: StatusLists | None = None, trust: TrustList | None = None) -> Verdict:
    believed = trust or register.trust
    with reading(SYSTEM) as look:
        session = look.session if online else None
        if way == "PDF":
            return verify_pdf(register.pdf(), believed, session, lists)
        return verify_qr(register.entries[0]["qr"], believed, believed.hosts, session, lists)


def codes(verdict: Verdict) -> tuple[str, str, str, str]:
    return verdict.overall.value, verdict.whole.code, verdict.genuine.code, verdict.in_force.code


def first(register: Register) -> Licence:
    with reading(SYSTEM) as look:
        found = by_number(look.session, register.entries[0]["number"])
        assert found is not None
        return found


def lists_now(register: Register) -> StatusLists:
    with reading(SYSTEM) as look:
        row = status_list.newest(look.session, "SAMPLE")
        assert row is not None
        return lists_from([row.cwt, row.jwt.encode()], register.trust)


def revoke(register: Register) -> None:
    with unit_of_work(SYSTEM) as work:
        actions.perform(work, first(register).id, Operation.REVOKE_FOR_DECEIT, reason="测试")


@pytest.mark.parametrize("way", WAYS)
def test_a_list_from_before_speaks_for_before_and_not_for_long(register: Register, way: str) -> None:
    before = lists_now(register)
    revoke(register)
    verdict = ask(register, way, lists=before)
    assert (verdict.overall, verdict.in_force.code) == (Overall.VALID, "in-force-as-of")
    assert verdict.as_of == next(iter(before.tokens.values()))[0].as_of
    with time_machine.travel(now() + timedelta(hours=25), tick=False):
        assert ask(register, way, lists=before).in_force.code == "status-stale"
    assert ask(register, way, lists=lists_now(register)).in_force.code == "revoked-for-deceit"


@pytest.mark.parametrize("way", WAYS)
def test_a_clock_that_is_slow_makes_the_list_one_of_the_future(register: Register, way: str) -> None:
    lists = lists_now(register)
    with time_machine.travel(now() - timedelta(hours=1), tick=False):
        assert ask(register, way, lists=lists).in_force.code == "status-stale"


def test_of_several_lists_the_newest_counts(register: Register) -> None:
    with reading(SYSTEM) as look:
        old = status_list.newest(look.session, "SAMPLE")
    revoke(register)
    with reading(SYSTEM) as look:
        new = status_list.newest(look.session, "SAMPLE")
    assert old is not None
    assert new is not None
    for tokens in ([old.cwt, new.cwt], [new.cwt, old.cwt], [old.jwt.encode(), new.cwt]):
        assert ask(register, "QR", lists=lists_from(tokens, register.trust)).in_force.code == "revoked-for-deceit"


def test_the_list_of_another_authority_says_nothing(register: Register) -> None:
    tokens = next(iter(lists_now(register).tokens.values()))
    assert ask(register, "QR", lists=StatusLists({"https://zz.example.gov.cn/status/OTHER": tokens})).in_force.code == "offline"


def test_a_picture_is_judged_by_the_same_lists(register: Register) -> None:
    from test_licences_verify import picture

    content = picture(register.entries[0]["qr"])
    verdict = verify_file(content, register.trust, register.hosts, None, lists_now(register))
    assert codes(verdict) == ("valid", "signed-code", "ok", "in-force-as-of")


def test_a_token_that_is_not_ours_is_no_list(register: Register) -> None:
    with pytest.raises(StatusRefused):
        lists_from([b"x"], register.trust)


AS_OF = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "fresh", "covers", "code"),
    [
        (0x0, True, True, "in-force-as-of"),
        (0x0, False, True, "status-stale"),
        (0x0, True, False, "status-stale"),
        (0xF, True, True, "not-yet-valid"),
        (0xF, False, True, "status-stale"),
        (0xF, True, False, "status-stale"),
        (None, True, True, "not-checked"),
        (None, True, False, "status-stale"),
        *((value, fresh, True, "ended") for value in (0x1, *range(3, 0xC)) for fresh in (True, False)),
        *((0x2, fresh, True, "suspended") for fresh in (True, False)),
    ],
)
def test_the_meaning_of_every_value(value: int | None, fresh: bool, covers: bool, code: str) -> None:
    answer = listed_answer(value, AS_OF, fresh=fresh, covers=covers)
    assert answer.code == code
    assert ("2026-03-02 09:00" in str(answer.text)) == (code != "not-checked")


@pytest.mark.parametrize("way", WAYS)
def test_an_old_trust_list_confirms_nobody_offline(register: Register, way: str) -> None:
    with time_machine.travel(register.trust.next_update + timedelta(seconds=1), tick=False):
        assert codes(ask(register, way))[::2] == ("unknown", "trust-list-stale")
        status_list.refresh_all()
        assert ask(register, way, lists=lists_now(register)).overall is Overall.UNKNOWN
        assert ask(register, way, online=True).overall is Overall.VALID


class TestLostKey:
    """The key of the licence falls into other hands: after its issue, or before."""

    def lose(self, register: Register, way: str, since: datetime) -> None:
        with keys.changing(register.settings.keys) as change:
            change.compromise(KEYS[way], since)

    @pytest.mark.parametrize("way", WAYS)
    def test_what_was_signed_before_needs_the_register_and_the_log(self, own: Register, way: str) -> None:
        with time_machine.travel(now() + timedelta(minutes=10)):
            self.lose(own, way, now())
            status_list.refresh_all()
            assert codes(ask(own, way, lists=lists_now(own)))[::2] == ("unknown", "key-compromised-before")
            verdict = ask(own, way, online=True)
            assert (verdict.overall, verdict.genuine.code, verdict.in_force.code) == (Overall.VALID, "ok", "in-force")

    @pytest.mark.parametrize("way", WAYS)
    def test_what_was_signed_later_falls_everywhere(self, own: Register, way: str) -> None:
        self.lose(own, way, first(own).created_at - timedelta(minutes=10))
        for verdict in (ask(own, way), ask(own, way, lists=lists_now(own)), ask(own, way, online=True)):
            assert (verdict.overall, verdict.genuine.code) == (Overall.INVALID, "key-compromised")

    @pytest.mark.parametrize("spoil", ["gone", "later", "other", "damaged"])
    def test_a_row_without_its_leaf_from_before_vouches_for_nothing(self, own: Register, spoil: str) -> None:
        licence = first(own)
        leaf = sa.and_(LedgerLeaf.kind == "licence-intent", LedgerLeaf.subject == licence.identifier)
        with reading(SYSTEM) as look:
            entry = look.session.scalars(sa.select(LedgerLeaf.entry).where(leaf)).one()
        changes = {
            "gone": sa.delete(LedgerLeaf).where(leaf),
            "later": sa.update(LedgerLeaf).where(leaf).values(entry=entry.replace(b'"at":"20', b'"at":"30')),
            "other": sa.update(LedgerLeaf).where(leaf).values(entry=entry.replace(licence.record_sha256.encode(), b"00" * 32)),
            "damaged": sa.update(LedgerLeaf).where(leaf).values(entry=b"[]"),
        }
        with unit_of_work(SYSTEM) as work:
            work.session.execute(changes[spoil])
        with time_machine.travel(now() + timedelta(minutes=10)):
            self.lose(own, "QR", now())
            verdict = ask(own, "QR", online=True)
        assert (verdict.overall, verdict.genuine.code) == (Overall.UNKNOWN, "key-compromised-before")


class TestRegisterBehind:
    """A backup was put back: the log does not reach what was already published."""

    @pytest.fixture
    def behind(self, register: Register) -> Register:
        checkpoint = checkpoints.publish(register.settings)
        assert checkpoint is not None
        note = checkpoint.note.decode().splitlines()
        note[1] = str(checkpoint.size + 5)
        kept.write(kept.mark_path(register.settings), "\n".join(note).encode())
        return register

    @pytest.mark.parametrize("way", WAYS)
    def test_nothing_good_can_be_confirmed(self, behind: Register, way: str) -> None:
        verdict = ask(behind, way, online=True)
        assert codes(verdict)[::3] == ("unknown", "register-behind")
        assert verdict.paper is not None
        assert verdict.as_of is None

    @pytest.mark.parametrize("way", WAYS)
    def test_what_is_not_in_it_may_have_been(self, behind: Register, way: str) -> None:
        behind.change(identifier="1.2.3", file_sha256="00" * 32)
        assert codes(ask(behind, way, online=True)) == ("unknown", "signed-code" if way == "QR" else "ok", "ok", "register-behind")

    def test_an_unknown_number_is_unknown_and_a_wrong_code_too(self, behind: Register) -> None:
        number = behind.entries[0]["number"]
        with reading(SYSTEM) as look:
            verdicts = [verify_number(number, "2222-2222", look.session), verify_number("x", "y", look.session)]
        assert verdicts[0] == verdicts[1]
        assert codes(verdicts[0]) == ("unknown", "not-checked", "not-checked", "register-behind")

    @pytest.mark.parametrize("way", WAYS)
    def test_what_was_bad_before_stays_bad(self, behind: Register, way: str) -> None:
        behind.change(status="revoked_for_deceit")
        assert codes(ask(behind, way, online=True))[::3] == ("invalid", "revoked-for-deceit")
