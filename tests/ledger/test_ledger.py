"""The Merkle tree of RFC 9162, and the log in the database."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from licensing.ledger import queries
from licensing.ledger.actions import append
from licensing.ledger.rules import entry_bytes, inclusion_proof, leaf_hash, root, verify_inclusion
from licensing.ledger.tables import LedgerLeaf
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage, unit_of_work

# The eight leaves and the tree heads that certificate-transparency implementations share as test data.
LEAVES = [
    bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
HEADS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


@pytest.mark.parametrize(("size", "head"), HEADS.items())
def test_tree_heads_equal_the_published_ones(size: int, head: str) -> None:
    assert root([leaf_hash(leaf) for leaf in LEAVES[:size]]).hex() == head


@given(size=st.integers(1, 70), data=st.data())
def test_every_leaf_has_a_proof_and_no_other_leaf_passes_with_it(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path, head = inclusion_proof(leaves, index), root(leaves)
    assert verify_inclusion(leaves[index], index, size, path, head)
    assert not verify_inclusion(leaf_hash(b"other"), index, size, path, head)
    assert not verify_inclusion(leaves[index], index, size, [*path, bytes(32)], head)
    if size > 1:
        assert not verify_inclusion(leaves[index], (index + 1) % size, size, path, head)


def test_equal_facts_have_equal_bytes() -> None:
    assert entry_bytes({"b": 1, "a": "雷"}) == entry_bytes({"a": "雷", "b": 1}) == '{"a":"雷","b":1}'.encode()


def test_positions_have_no_gap_even_when_a_transaction_fails(settings: Settings) -> None:
    open_storage(settings)
    with unit_of_work(SYSTEM) as work:
        append(work, "test", "a", hashlib.sha256(b"a").digest())
    with pytest.raises(RuntimeError), unit_of_work(SYSTEM) as work:
        append(work, "test", "lost", hashlib.sha256(b"lost").digest())
        raise RuntimeError
    with unit_of_work(SYSTEM) as work:
        append(work, "test", "b", hashlib.sha256(b"b").digest())
    with reading(SYSTEM) as look:
        report = queries.check(look.session)
        assert [leaf.position for leaf in queries.leaves_about(look.session, "b")] == [1]
    assert (report.size, report.holds) == (2, True)
    storage().engine.dispose()


@pytest.mark.parametrize("column", ["entry", "leaf_hash", "position"])
def test_a_changed_leaf_is_found_and_named(settings: Settings, column: str) -> None:
    open_storage(settings)
    with unit_of_work(SYSTEM) as work:
        for number in range(5):
            append(work, "test", str(number), hashlib.sha256(str(number).encode()).digest())
    with unit_of_work(SYSTEM) as work:
        value = {"entry": b"forged", "leaf_hash": bytes(32), "position": 99}[column]
        work.session.execute(update(LedgerLeaf).where(LedgerLeaf.position == 2).values({column: value}))
    with reading(SYSTEM) as look:
        assert queries.check(look.session).first_bad == 2
    storage().engine.dispose()
