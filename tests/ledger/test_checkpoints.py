"""Checkpoints are signed when the log grew, continue each other, and nothing is signed or appended once the log is behind them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from threading import Barrier, Thread

import pytest
from sqlalchemy import delete, update

from licensing.errors import LeizhengError, NotFound, Unavailable
from licensing.ledger import actions, gate, kept, queries
from licensing.ledger.notes import NoteKey, open_checkpoint, sign_note
from licensing.ledger.rules import verify_consistency
from licensing.ledger.tables import LedgerCheckpoint, LedgerLeaf, LedgerTile
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage, unit_of_work
from licensing.storage.counters import Counter
from licensing.trust import checkpoints
from licensing.trust.current import current_signer, current_trust_list
from licensing.trust.keys import ensure_authority_keys


@pytest.fixture
def house(settings: Settings) -> Iterator[Settings]:
    """An installation with keys and an empty log."""
    open_storage(settings)
    ensure_authority_keys(settings.keys, "320100", "南京市气象局", "123201004660075195", b"\x01")
    yield settings
    storage().engine.dispose()


def grow(count: int = 1) -> None:
    with unit_of_work(SYSTEM) as work:
        for number in range(count):
            actions.append(work, "test", f"thing/{number}", bytes(32))


def cut(size: int) -> None:
    """What a restored backup looks like: everything after ``size`` never happened."""
    with unit_of_work(SYSTEM) as work:
        work.session.execute(delete(LedgerLeaf).where(LedgerLeaf.position >= size))
        work.session.execute(delete(LedgerCheckpoint).where(LedgerCheckpoint.size > size))
        work.session.execute(delete(LedgerTile).where(LedgerTile.level == 0, LedgerTile.number >= size // 256))
        work.session.execute(update(Counter).where(Counter.series == "ledger").values(value=size))


def stored_sizes() -> list[int]:
    with reading(SYSTEM) as look:
        return [size for size, _ in queries.notes(look.session)]


def test_an_empty_log_has_no_checkpoint(house: Settings) -> None:
    assert checkpoints.publish(house) is None
    assert not checkpoints.publish_soon(house)
    with pytest.raises(NotFound):
        checkpoints.covering(house, 0)


def test_a_log_that_grew_is_signed_once(house: Settings) -> None:
    for size in (1, 3, 300):
        grow(size - queries_size())
        first, again = checkpoints.publish(house), checkpoints.publish(house)
        assert first == again
        assert first is not None
        assert first.size == size
    assert stored_sizes() == [1, 3, 300]
    keys = checkpoints.note_keys(current_trust_list(house))
    with reading(SYSTEM) as look:
        heads = [open_checkpoint(note, keys) for _, note in queries.notes(look.session)]
        assert queries.check(look.session).holds
        assert checkpoints.check_signatures(look.session, current_trust_list(house)) == []
        proof = queries.consistency(look.session, 3, 300)
    assert heads[0].origin == f"{house.public_host}/log"
    assert verify_consistency(3, 300, heads[1].root, heads[2].root, proof)


def queries_size() -> int:
    with reading(SYSTEM) as look:
        return queries.size(look.session)


def test_a_leaf_is_covered_when_asked_for(house: Settings) -> None:
    grow(5)
    first = checkpoints.covering(house, 4)
    assert first.size == 5
    grow(5)
    assert checkpoints.covering(house, 0) == first, "an older leaf needs no new signature"
    assert checkpoints.covering(house, 5).size == 10
    with pytest.raises(NotFound):
        checkpoints.covering(house, 10)


def test_a_checkpoint_that_was_signed_and_lost_is_signed_again_alike(house: Settings) -> None:
    grow(5)
    first = checkpoints.publish(house)
    with unit_of_work(SYSTEM) as work:
        work.session.execute(delete(LedgerCheckpoint))
    again = checkpoints.publish(house)
    assert first is not None
    assert again is not None
    assert (first.note, first.size) == (again.note, again.size)


def test_processes_that_publish_at_once_all_end_with_the_whole_log(house: Settings) -> None:
    barrier, failures = Barrier(4), []

    def run() -> None:
        try:
            barrier.wait()
            for _ in range(5):
                grow()
                covered = checkpoints.publish(house)
                assert covered is not None
        except Exception as error:
            failures.append(error)
            raise

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert stored_sizes()[-1] == 20
    with reading(SYSTEM) as look:
        assert queries.check(look.session).holds


def test_a_restored_backup_makes_the_house_read_only(house: Settings) -> None:
    grow(300)
    checkpoints.publish(house)
    cut(200)
    with reading(SYSTEM) as look:
        assert queries.check(look.session).holds, "the rows alone look whole"
        assert gate.behind(look.session)
    for act in (grow, lambda: checkpoints.publish(house)):
        with pytest.raises(Unavailable) as caught:
            act()
        assert caught.value.code == "register-behind"
    assert not checkpoints.publish_soon(house)


def test_the_signer_remembers_what_the_house_forgot(house: Settings) -> None:
    """The whole machine was put back, mark and all; only the signer kept its journal."""
    grow(10)
    checkpoints.publish(house)
    cut(4)
    kept.mark_path(house).unlink()
    with reading(SYSTEM) as look:
        assert not gate.behind(look.session), "nobody here knows it yet"
    assert not checkpoints.publish_soon(house)
    with reading(SYSTEM) as look:
        assert gate.behind(look.session)


@pytest.mark.slow
def test_a_process_that_starts_learns_it_from_the_signer(house: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    grow(10)
    checkpoints.publish(house)
    cut(4)
    kept.mark_path(house).unlink()
    checkpoints.learn(house.model_copy(update={"signer": tmp_path_factory.mktemp("s") / "nobody.sock"}))
    assert not kept.mark_path(house).exists()
    checkpoints.learn(house)
    with reading(SYSTEM) as look:
        assert gate.behind(look.session)


def test_a_rewritten_log_is_not_signed(house: Settings) -> None:
    grow(10)
    checkpoints.publish(house)
    cut(4)
    kept.mark_path(house).unlink()
    with unit_of_work(SYSTEM) as work:
        work.session.info[actions._WHOLE] = True
        for number in range(10):
            actions.append(work, "test", f"other/{number}", bytes(32))
    with pytest.raises(LeizhengError) as caught:
        checkpoints.publish(house)
    assert caught.value.code == "register-behind"
    assert max(stored_sizes(), default=0) <= 4


def test_a_checkpoint_of_another_key_is_found(house: Settings) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    grow(3)
    checkpoints.publish(house)
    grow(3)
    second = checkpoints.publish(house)
    assert second is not None
    stranger = Ed25519PrivateKey.generate()
    forged = sign_note(second.head.text, NoteKey(second.head.origin, stranger.public_key().public_bytes_raw()), stranger.sign)
    with unit_of_work(SYSTEM) as work:
        work.session.execute(update(LedgerCheckpoint).where(LedgerCheckpoint.size == 6).values(note=forged))
    with reading(SYSTEM) as look:
        assert queries.check(look.session).holds
        (problem,) = checkpoints.check_signatures(look.session, current_trust_list(house))
    assert (problem.position, problem.code) == (3, "checkpoint-unsigned")


def test_those_who_can_wait_do_when_the_signer_is_busy(house: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "_OFTEN", 3)
    for _ in range(3):
        grow()
        assert checkpoints.publish_soon(house)
    grow()
    assert not checkpoints.publish_soon(house)
    assert checkpoints.covering(house, 3).size == 4, "a licence does not wait"


@pytest.mark.slow
def test_a_signer_that_does_not_answer_fails_nobody_who_can_wait(house: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    grow()
    away = house.model_copy(update={"signer": tmp_path_factory.mktemp("s") / "nobody.sock"})
    assert not checkpoints.publish_soon(away)
    with pytest.raises(Unavailable):
        checkpoints.publish(away)


def test_the_mark_survives_a_crash_between_write_and_rename(house: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    grow()
    checkpoints.publish(house)
    before = kept.mark_path(house).read_bytes()
    grow()
    monkeypatch.setattr(os, "fsync", _full)
    with pytest.raises(OSError, match="No space"):
        kept.write(kept.mark_path(house), b"half")
    assert kept.mark_path(house).read_bytes() == before
    assert [path.name for path in house.home.iterdir() if path.name.startswith(".")] == []


def _full(_: int) -> None:
    raise OSError(28, "No space left on device")


def test_the_signer_sees_only_what_is_committed(house: Settings) -> None:
    grow(2)
    with pytest.raises(RuntimeError), unit_of_work(SYSTEM) as work:
        actions.append(work, "test", "never", bytes(32))
        raise RuntimeError
    found = checkpoints.publish(house)
    assert found is not None
    assert found.size == 2
    assert current_signer(house).latest_checkpoint() is not None
