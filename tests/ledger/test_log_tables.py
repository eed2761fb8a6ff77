"""The log in the database: tiles filled at append, every proof from few rows, and a check that finds whatever was changed."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import delete, event, insert, select, text, update

from licensing.clock import now
from licensing.errors import Unavailable
from licensing.ledger import actions, gate, kept, queries
from licensing.ledger.notes import Checkpoint, NoteKey, sign_note
from licensing.ledger.rules import consistency_proof, entry_bytes, inclusion_proof, leaf_hash, root
from licensing.ledger.tables import LedgerCheckpoint, LedgerLeaf, LedgerTile
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import Work, create_engine, open_storage, reading, storage, unit_of_work
from licensing.storage.counters import Counter
from licensing.storage.migrations import downgrade, upgrade

pytestmark = pytest.mark.slow

SIZE = 600
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOG = NoteKey("zz.example.gov.cn/log", SECRET.public_key().public_bytes_raw())


@pytest.fixture
def log(settings: Settings) -> Iterator[Settings]:
    """A log of 600 entries with checkpoints at 1, 100, 300 and 600."""
    open_storage(settings)
    bulk(SIZE)
    for size in (1, 100, 300, SIZE):
        keep(size)
    yield settings
    storage().engine.dispose()


def grow(start: int, end: int) -> None:
    with unit_of_work(SYSTEM) as work:
        for number in range(start, end):
            actions.append(work, "test", f"thing/{number}", hashlib.sha256(str(number).encode()).digest())


def keep(size: int) -> Checkpoint:
    with reading(SYSTEM) as look:
        head = Checkpoint(LOG.name, size, queries.root_at(look.session, size))
    with unit_of_work(SYSTEM) as work:
        actions.keep_checkpoint(work, head, sign_note(head.text, LOG, SECRET.sign))
    return head


def stored_hashes() -> list[bytes]:
    with reading(SYSTEM) as look:
        return list(look.session.scalars(select(LedgerLeaf.leaf_hash).order_by(LedgerLeaf.position)))


def change(statement: Any) -> None:
    with unit_of_work(SYSTEM) as work:
        assert work.session.execute(statement).rowcount != 0


def found() -> tuple[int | None, set[str]]:
    with reading(SYSTEM) as look:
        report = queries.check(look.session)
    return report.first_bad, {problem.code for problem in report.problems}


def test_appending_fills_the_tiles_of_the_definition(settings: Settings) -> None:
    open_storage(settings)
    for start, end in ((0, 1), (1, 255), (255, 300), (300, SIZE)):
        grow(start, end)
    hashes = stored_hashes()
    with reading(SYSTEM) as look:
        tiles = {(row.level, row.number): row.root for row in look.session.scalars(select(LedgerTile))}
        assert tiles == {(0, 0): root(hashes[:256]), (0, 1): root(hashes[256:512])}
        assert queries.tile(look.session, 0, 1, 256) == hashes[256:512]
        assert queries.tile(look.session, 0, 2, 88) == hashes[512:]
        assert queries.tile(look.session, 1, 0, 2) == [tiles[0, 0], tiles[0, 1]]
        assert [leaf_hash(entry) for entry in queries.entries(look.session, 2, 256)] == hashes[512:]
        assert queries.size(look.session) == SIZE
        assert queries.check(look.session).holds
    storage().engine.dispose()


def test_heads_and_proofs_come_from_rows(log: Settings) -> None:
    every = stored_hashes()
    with reading(SYSTEM) as look:
        for size in (1, 2, 255, 256, 257, 511, 512, 513, SIZE):
            hashes = every[:size]
            assert queries.root_at(look.session, size) == root(hashes)
            for place in sorted({0, size // 2, size - 1}):
                assert queries.inclusion(look.session, place, size) == inclusion_proof(hashes, place)
                assert queries.consistency(look.session, place + 1, size) == consistency_proof(hashes, place + 1)


def test_the_second_level_is_filled_too(settings: Settings) -> None:
    """65,536 leaves make the first full tile of level 1. All but the last are put there in bulk."""
    open_storage(settings)
    hashes = bulk(65_535)
    with unit_of_work(SYSTEM) as work:
        leaf = actions.append(work, "test", "the last one", bytes(32))
    with reading(SYSTEM) as look:
        assert look.session.scalar(select(LedgerTile.root).where(LedgerTile.level == 1)) == root([*hashes, leaf.leaf_hash])
        started = time.process_time()
        report = queries.check(look.session)
        assert time.process_time() - started < 10
        assert (report.size, report.problems, report.root) == (65_536, (), queries.root_at(look.session, 65_536))
    storage().engine.dispose()


def bulk(size: int) -> list[bytes]:
    """Leaves and full tiles written without the action, which is quicker; their leaf hashes."""
    moment = now()
    said = {"at": moment.isoformat(timespec="milliseconds"), "kind": "test"}
    entries = [
        entry_bytes({**said, "digest": hashlib.sha256(str(number).encode()).hexdigest(), "subject": f"thing/{number}"})
        for number in range(size)
    ]
    hashes = [leaf_hash(entry) for entry in entries]
    leaves = [
        {"position": number, "at": moment, "kind": "test", "subject": f"thing/{number}", "entry": entry, "leaf_hash": hashes[number]}
        for number, entry in enumerate(entries)
    ]
    tiles = [{"level": 0, "number": number, "root": root(hashes[number * 256 : number * 256 + 256])} for number in range(size // 256)]
    with unit_of_work(SYSTEM) as work:
        work.session.execute(insert(LedgerLeaf), leaves)
        work.session.execute(insert(LedgerTile), tiles)
        work.session.execute(insert(Counter), [{"series": "ledger", "value": size}])
    return hashes


def test_a_proof_reads_few_rows_in_few_queries(log: Settings) -> None:
    asked: list[str] = []
    event.listen(storage().engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    with reading(SYSTEM) as look:
        queries.inclusion(look.session, 10, SIZE)
    assert len([query for query in asked if query.startswith("SELECT")]) <= 3


def test_a_proof_file_is_made_of_the_entry(log: Settings) -> None:
    with reading(SYSTEM) as look:
        newest = queries.latest_checkpoint(look.session)
        assert newest is not None
        proof = queries.proof(look.session, 299, newest)
        earlier = queries.checkpoint_at(look.session, 300)
        assert earlier is not None
        assert queries.proof(look.session, 299, earlier).entry == proof.entry
        assert queries.checkpoint_at(look.session, 299) is None
        with pytest.raises(IndexError):
            queries.proof(look.session, 300, earlier)
    assert b"thing/299" in proof.entry
    assert newest.head.size == SIZE


def test_leaves_are_read_in_order_from_what_was_hashed(log: Settings) -> None:
    with unit_of_work(SYSTEM) as work:
        actions.append(work, "other", "thing/3/1", bytes(32))
    change(update(LedgerLeaf).where(LedgerLeaf.position == 2).values(entry=b"not json"))
    with reading(SYSTEM) as look:
        facts = list(queries.leaves(look.session))
        assert [fact.position for fact in facts] == list(range(SIZE + 1))
        assert facts[5] == (5, "test", "thing/5", hashlib.sha256(b"5").digest())
        assert facts[2] == (2, "", "", b"")
        assert [fact.subject for fact in queries.leaves(look.session, {"other"})] == ["thing/3/1"]
        assert [leaf.position for leaf in queries.leaves_under(look.session, "thing/3")] == [3, SIZE]
        assert queries.leaf_of(look.session, "other", "thing/3") is None


def test_a_whole_log_holds(log: Settings) -> None:
    with reading(SYSTEM) as look:
        report = queries.check(look.session)
    assert (report.size, report.checkpoints, report.problems, report.first_bad) == (SIZE, 4, (), None)
    assert report.holds


def _moment() -> datetime:
    return datetime(2026, 3, 2, tzinfo=UTC)


def _rewritten(position: int, at: datetime) -> dict[str, bytes]:
    """Columns of a leaf that fit each other, but not the tree."""
    said = {"at": at.isoformat(timespec="milliseconds"), "digest": "ff", "kind": "test", "subject": f"thing/{position}"}
    return {"entry": entry_bytes(said), "leaf_hash": leaf_hash(entry_bytes(said))}


def _leaf(position: int) -> Any:
    return update(LedgerLeaf).where(LedgerLeaf.position == position)


def _added(position: int) -> Any:
    columns = _rewritten(position, _moment())
    return insert(LedgerLeaf).values(position=position, at=_moment(), kind="test", subject=f"thing/{position}", **columns)


def _checkpoint(size: int) -> Any:
    return update(LedgerCheckpoint).where(LedgerCheckpoint.size == size)


BREAK: dict[str, tuple[Any, int, str]] = {
    "entry": (_leaf(70).values(entry=b"{}"), 70, "leaf-differs"),
    "hash": (_leaf(599).values(leaf_hash=bytes(32)), 599, "leaf-differs"),
    "kind": (_leaf(0).values(kind="x"), 0, "leaf-differs"),
    "subject": (_leaf(1).values(subject="x"), 1, "leaf-differs"),
    "moment": (_leaf(9).values(at=_moment()), 9, "leaf-differs"),
    "deleted": (delete(LedgerLeaf).where(LedgerLeaf.position == 411), 411, "leaf-missing"),
    "inserted": (_added(700), 600, "leaf-missing"),
    "appended": (_added(600), 600, "counter-differs"),
    "tile": (update(LedgerTile).where(LedgerTile.number == 1).values(root=bytes(32)), 300, "tile-differs"),
    "tile gone": (delete(LedgerTile).where(LedgerTile.number == 0), 100, "tile-differs"),
    "tile too many": (insert(LedgerTile).values(level=0, number=2, root=bytes(32)), 512, "tile-differs"),
    "checkpoint root": (_checkpoint(300).values(root=bytes(32)), 100, "checkpoint-differs"),
    "checkpoint note": (_checkpoint(300).values(note=b"none"), 100, "checkpoint-differs"),
    "checkpoint size": (_checkpoint(600).values(size=601), 600, "log-shrunk"),
    "cut": (delete(LedgerLeaf).where(LedgerLeaf.position >= 550), 550, "log-shrunk"),
    "counter": (update(Counter).where(Counter.series == "ledger").values(value=700), 600, "counter-differs"),
}


def test_every_kind_of_change_is_found_and_named(log: Settings) -> None:
    for how, (statement, first_bad, code) in BREAK.items():
        with unit_of_work(SYSTEM) as work:
            assert work.session.execute(statement).rowcount != 0
            report = queries.check(work.session)
            work.session.rollback()
        assert report.first_bad == first_bad, how
        assert code in {problem.code for problem in report.problems}, how
    assert found() == (None, set())


def test_a_leaf_rewritten_with_its_hash_is_caught_by_tile_and_checkpoint(log: Settings) -> None:
    """Named is the last checkpoint before it: up to there everything is proven."""
    with reading(SYSTEM) as look:
        moments = list(look.session.scalars(select(LedgerLeaf.at).order_by(LedgerLeaf.position)))
    for position, lower in ((0, 0), (50, 1), (256, 100), (299, 100), (300, 300), (599, 300)):
        with unit_of_work(SYSTEM) as work:
            work.session.execute(_leaf(position).values(**_rewritten(position, moments[position])))
            report = queries.check(work.session)
            work.session.rollback()
        assert report.first_bad == lower <= position
        assert "checkpoint-differs" in {problem.code for problem in report.problems}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("column", ["at", "kind", "entry", "leaf_hash"])
def test_rubbish_in_a_column_is_a_finding_and_not_an_error(log: Settings, column: str) -> None:
    """SQLite keeps whatever type is written into any column."""
    with unit_of_work(SYSTEM) as work:
        work.session.execute(text(f"UPDATE ledger_leaf SET {column} = 7 WHERE position = 200"))  # noqa: S608
        work.session.execute(text("UPDATE ledger_checkpoint SET note = 7 WHERE size = 100"))
        work.session.execute(text("UPDATE ledger_checkpoint SET note = 'words' WHERE size = 600"))
        work.session.execute(text("UPDATE counter SET value = 'words' WHERE series = 'ledger'"))
    with reading(SYSTEM) as look:
        problems = queries.check(look.session).problems
    assert [(problem.position, problem.code) for problem in problems] == [(1, "checkpoint-differs"), (200, "leaf-differs")]


def test_random_changes_are_all_found(log: Settings) -> None:
    """Each in a transaction that is rolled back: edits, deletions, insertions, swaps and cuts at random places."""
    chosen = random.Random(20260302)  # noqa: S311
    for _ in range(100):
        with unit_of_work(SYSTEM) as work:
            kind = chosen.choice(["edit", "delete", "swap", "cut", "insert"])
            place = chosen.randrange(SIZE)
            _damage(work, kind, place, chosen)
            report = queries.check(work.session)
            assert not report.holds, (kind, place)
            work.session.rollback()
    assert found() == (None, set())


def _damage(work: Work, kind: str, place: int, chosen: random.Random) -> None:
    here = LedgerLeaf.position == place
    if kind == "edit":
        column, value = chosen.choice(
            [("entry", b"{}"), ("leaf_hash", bytes(32)), ("subject", "x"), ("kind", "x"), ("at", datetime(2020, 1, 1, tzinfo=UTC))]
        )
        work.session.execute(update(LedgerLeaf).where(here).values({column: value}))
    elif kind == "delete":
        work.session.execute(delete(LedgerLeaf).where(here))
    elif kind == "cut":
        work.session.execute(delete(LedgerLeaf).where(LedgerLeaf.position >= place))
        work.session.execute(update(Counter).where(Counter.series == "ledger").values(value=place))
    elif kind == "swap":
        other = (place + 1 + chosen.randrange(SIZE - 1)) % SIZE
        for source, target in ((place, -1), (other, place), (-1, other)):
            work.session.execute(update(LedgerLeaf).where(LedgerLeaf.position == source).values(position=target))
    else:
        work.session.execute(_added(SIZE))


def test_a_log_behind_its_witness_takes_nothing_and_says_so(log: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    head = keep(SIZE)
    kept.raise_mark(log, head)
    with reading(SYSTEM) as look:
        assert not gate.behind(look.session)
    grow(SIZE, SIZE + 1)
    change(delete(LedgerLeaf).where(LedgerLeaf.position >= 500))
    change(update(Counter).where(Counter.series == "ledger").values(value=500))
    with reading(SYSTEM) as look:
        assert gate.behind(look.session)
    with pytest.raises(Unavailable) as caught, unit_of_work(SYSTEM) as work:
        actions.append(work, "test", "after the cut", bytes(32))
    assert caught.value.code == "register-behind"
    with reading(SYSTEM) as look:
        assert queries.size(look.session) == 500


def test_a_log_that_was_rewritten_disagrees_with_its_witness(log: Settings) -> None:
    with reading(SYSTEM) as look:
        true = queries.root_at(look.session, 300)
    witness = log.home / "witness.note"
    witness.write_text(Checkpoint(LOG.name, 300, true).text, "utf-8")
    watched = log.model_copy(update={"witness": witness})
    open_storage(watched, storage().engine)
    with reading(SYSTEM) as look:
        assert not gate.behind(look.session)
    for content in (Checkpoint(LOG.name, 300, bytes(32)).text, Checkpoint(LOG.name, SIZE + 1, true).text, "not a checkpoint", ""):
        witness.write_text(content, "utf-8")
        with reading(SYSTEM) as look:
            assert gate.behind(look.session), content
    witness.unlink()
    with reading(SYSTEM) as look:
        assert not gate.behind(look.session), "nothing was witnessed yet"


def test_a_damaged_tile_counts_as_behind_and_not_as_an_error(log: Settings) -> None:
    kept.raise_mark(log, keep(SIZE))
    change(delete(LedgerTile).where(LedgerTile.number == 0))
    with reading(SYSTEM) as look:
        assert gate.behind(look.session)
        with pytest.raises(queries.LogDamaged):
            queries.root_at(look.session, SIZE)


def test_a_mark_is_never_lowered_and_a_broken_one_replaced(log: Settings) -> None:
    for size in (5, 3):
        kept.raise_mark(log, Checkpoint("log", size, bytes(32)))
    assert [mark.size for mark in gate.marks(log)] == [5]
    kept.mark_path(log).write_bytes(b"\xff")
    kept.raise_mark(log, Checkpoint("log", 4, bytes(32)))
    assert [mark.size for mark in gate.marks(log)] == [4]
    assert sorted(path.name for path in log.home.iterdir() if path.name.startswith(".log-mark")) == []


def test_the_migration_fills_the_tiles_of_an_older_log(log: Settings) -> None:
    with reading(SYSTEM) as look:
        before = [(row.level, row.number, row.root) for row in look.session.scalars(select(LedgerTile).order_by(LedgerTile.number))]
    storage().engine.dispose()
    engine = create_engine(log.database_url)
    downgrade(engine, "0002")
    upgrade(engine)
    engine.dispose()
    open_storage(log)
    with reading(SYSTEM) as look:
        after = [(row.level, row.number, row.root) for row in look.session.scalars(select(LedgerTile).order_by(LedgerTile.number))]
    assert after == before
    assert len(after) == 2
