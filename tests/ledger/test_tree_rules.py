"""Consistency proofs, tiles and the growing tree: pure rules against published proofs and against the plain recursion of RFC 9162."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.ledger.rules import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from licensing.ledger.tiles import TileTree, all_tiles, bundle, parse_path, path_of, split_bundle, split_tile, tile_width

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "vectors" / "merkle-proofs" / "proofs.json").read_text("utf-8"))
SMALL = 2
"""Tiles of four hashes, so that a thousand leaves make five levels."""


@lru_cache(maxsize=1)
def thousand() -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(1001)]


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=lambda vector: vector["file"])
def test_published_consistency_proofs(vector: dict[str, Any]) -> None:
    proof = [b64decode(step) for step in vector["proof"] or ()]
    roots = b64decode(vector["root1"]), b64decode(vector["root2"])
    assert verify_consistency(vector["size1"], vector["size2"], *roots, proof) is not vector["wantErr"]


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=lambda vector: vector["file"])
def test_published_inclusion_proofs(vector: dict[str, Any]) -> None:
    proof = [b64decode(step) for step in vector["proof"]]
    leaf, head = b64decode(vector["leafHash"]), b64decode(vector["root"])
    assert verify_inclusion(leaf, vector["leafIdx"], vector["treeSize"], proof, head) is not vector["wantErr"]


@given(new=st.integers(1, 130), data=st.data())
def test_a_tree_proves_each_of_its_past_sizes_and_nothing_else(new: int, data: st.DataObject) -> None:
    leaves = thousand()[:new]
    old = data.draw(st.integers(1, new))
    proof, heads = consistency_proof(leaves, old), (root(leaves[:old]), root(leaves))
    assert verify_consistency(old, new, *heads, proof)
    forked = root([*leaves[: old - 1], leaf_hash(b"other")])
    assert not verify_consistency(old, new, forked, heads[1], proof)
    assert not verify_consistency(old, new, heads[0], forked, proof)
    assert not verify_consistency(old, new, *heads, [*proof, bytes(32)])
    assert not verify_consistency(old, new, *heads, [bytes(32), *proof])
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        assert not verify_consistency(old, new, *heads, [*proof[:place], *proof[place + 1 :]])
        broken = bytes([proof[place][0] ^ 1]) + proof[place][1:]
        assert not verify_consistency(old, new, *heads, [*proof[:place], broken, *proof[place + 1 :]])
    # A proof may happen to fit other sizes of the same shape; it never proves another head.
    assert not verify_consistency(0, new, root([]), heads[1], [])
    assert old == new or not verify_consistency(new, old, heads[1], heads[0], proof)


@pytest.mark.parametrize("old", [0, -1, 4])
def test_no_consistency_proof_outside_the_tree(old: int) -> None:
    with pytest.raises(IndexError):
        consistency_proof(thousand()[:3], old)


def test_a_frontier_has_every_head_on_its_way_and_names_complete_subtrees() -> None:
    frontier, leaves = Frontier(), thousand()
    assert frontier.root() == root([])
    for size, leaf in enumerate(leaves[:300], start=1):
        for height, index, head in frontier.add(leaf):
            assert head == root(leaves[index << height : (index + 1) << height])
            assert (index + 1) << height == size
        assert (frontier.size, frontier.root()) == (size, root(leaves[:size]))


def plain_tile(leaves: Sequence[bytes], level: int, index: int, width: int, height: int) -> list[bytes]:
    """The definition of c2sp.org/tlog-tiles: MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l])."""
    span = (1 << height) ** level
    first = index << height
    return [root(leaves[(first + i) * span : (first + i + 1) * span]) for i in range(width)]


@pytest.mark.parametrize("size", [*range(0, 70), 255, 256, 257, 511, 512, 767, 1000])
@pytest.mark.parametrize("height", [1, SMALL, 8])
def test_heads_and_proofs_from_tiles_equal_the_plain_ones(size: int, height: int) -> None:
    leaves = thousand()[:size]
    tree = TileTree(size, lambda level, index, width: plain_tile(leaves, level, index, width, height), height=height)
    assert tree.root() == root(leaves)
    places = sorted({0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size)))
    for place in places:
        assert tree.inclusion(place) == inclusion_proof(leaves, place)
        assert tree.consistency(place + 1) == consistency_proof(leaves, place + 1)
        assert tree.root(place) == root(leaves[:place])


@given(size=st.integers(1, 1000), data=st.data())
def test_any_tree_of_small_tiles_has_the_plain_heads_and_proofs(size: int, data: st.DataObject) -> None:
    leaves, place = thousand()[:size], data.draw(st.integers(0, size - 1))
    tree = TileTree(size, lambda level, index, width: plain_tile(leaves, level, index, width, SMALL), height=SMALL)
    assert tree.inclusion(place) == inclusion_proof(leaves, place)
    assert tree.consistency(place + 1) == consistency_proof(leaves, place + 1)
    assert (tree.root(), tree.root(place)) == (root(leaves), root(leaves[:place]))


def test_outside_the_tree_there_is_nothing() -> None:
    tree = TileTree(5, lambda level, index, width: plain_tile(thousand(), level, index, width, 8))
    for ask, place in ((tree.inclusion, 5), (tree.inclusion, -1), (tree.consistency, 0), (tree.consistency, 6), (tree.root, 6)):
        with pytest.raises(IndexError):
            ask(place)
    with pytest.raises(ValueError, match="2 hashes instead of 5"):
        TileTree(5, lambda *_: thousand()[:2]).root()


def test_a_proof_reads_few_tiles() -> None:
    read: list[tuple[int, int]] = []

    def remember(level: int, index: int, width: int) -> Sequence[bytes]:
        read.append((level, index))
        return [bytes(32)] * width

    tree = TileTree(10_000_000, remember)
    tree.root()
    tree.inclusion(1_234_567)
    tree.consistency(4_000_001)
    assert len(read) == len(set(read)) <= 9


def test_the_example_of_the_standard_has_its_tiles() -> None:
    """A tree of 70,000: 273 full tiles and one of 112; one full and one of 17; one of 1 (tlog-tiles, partial tiles)."""
    found: dict[int, list[int]] = {}
    for level, _, width in all_tiles(70_000):
        found.setdefault(level, []).append(width)
    assert found == {0: [256] * 273 + [112], 1: [256, 17], 2: [1]}
    assert list(all_tiles(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(all_tiles(0)) == []
    assert tile_width(256, 0, 1) == 0


@pytest.mark.parametrize(
    ("index", "width", "path"),
    [(0, 256, "000"), (5, 1, "005.p/1"), (999, 256, "999"), (1000, 256, "x001/000"), (1234067, 112, "x001/x234/067.p/112")],
)
def test_names_of_tiles(index: int, width: int, path: str) -> None:
    assert path_of(index, width) == path
    assert parse_path(path) == (index, width)


@pytest.mark.parametrize(
    "path",
    [
        "", "5", "05", "0005", "x005", "x000/005", "001/000", "x001/x000", "000.p/0", "000.p/256", "000.p/01", "000.p/", "000.p", "000/p/1",
        "000.P/1", "-01", "٠٠٠", "000\n", "000/", "/000", "x001//000", " 000", "x1/000", "x001/000.p/1.p/1", "x999/" * 30 + "000",
    ],
)  # fmt: skip
def test_other_spellings_are_no_names(path: str) -> None:
    assert parse_path(path) is None


@given(st.integers(0, 10**12), st.integers(1, 256))
def test_every_tile_has_one_name(index: int, width: int) -> None:
    assert parse_path(path_of(index, width)) == (index, width)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_come_back(entries: list[bytes]) -> None:
    assert split_bundle(bundle(entries)) == entries


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x01", b"\x00\x02a", b"\x00\x01ab"])
def test_a_cut_bundle_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="cut off"):
        split_bundle(data)


def test_a_tile_is_a_number_of_hashes() -> None:
    assert split_tile(bytes(32) + b"\x01" * 32) == [bytes(32), b"\x01" * 32]
    with pytest.raises(ValueError, match="32 bytes"):
        split_tile(bytes(33))
    with pytest.raises(OverflowError):
        bundle([bytes(65536)])
