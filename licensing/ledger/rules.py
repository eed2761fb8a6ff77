"""The Merkle tree of RFC 6962 / RFC 9162 section 2.1: pure, holding no key and no database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 ‖ entry) (RFC 9162 2.1.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right) (RFC 9162 2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The tree head over leaf hashes; of no leaves it is SHA-256 of nothing (RFC 9162 2.1.1)."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The path that proves leaf ``index`` (RFC 9162 2.1.3.1). Raises ``IndexError`` outside the tree."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root(leaves[:split])]


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], head: bytes) -> bool:
    """Whether ``path`` proves that ``leaf`` is leaf ``index`` of the tree ``head`` of ``size`` leaves (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last, computed = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            computed = node_hash(sibling, computed)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and computed == head


def consistency_proof(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The path that proves that the first ``old`` leaves were not touched since (RFC 9162 2.1.4.1).

    Raises ``IndexError`` unless ``0 < old <= len(leaves)``.
    """
    if not 0 < old <= len(leaves):
        raise IndexError(old)
    return _subproof(leaves, old, known=True)


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether ``proof`` proves that the tree of ``new_size`` continues the one of ``old_size`` (RFC 9162 2.1.4.2).

    Nothing can be proven of an empty tree, so ``old_size`` 0 is refused.
    """
    if old_size == new_size:
        return old_size > 0 and not proof and old_root == new_root
    if not 0 < old_size < new_size or not proof:
        return False
    path = list(proof) if old_size & (old_size - 1) else [old_root, *proof]
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_head = new_head = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_head, new_head = node_hash(sibling, old_head), node_hash(sibling, new_head)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_head = node_hash(new_head, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and (old_head, new_head) == (old_root, new_root)


class Frontier:
    """A tree that only grows, in O(log n) memory: the heads of its complete subtrees, largest first (RFC 9162 2.1.2)."""

    def __init__(self) -> None:
        self.size = 0
        self._heads: list[bytes] = []

    def add(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Add a leaf hash. The complete subtrees that end with it, smallest first: height (1 holds two leaves), index, hash."""
        completed, height, rest = [], 0, self.size
        while rest & 1:
            leaf = node_hash(self._heads.pop(), leaf)
            height, rest = height + 1, rest >> 1
            completed.append((height, rest, leaf))
        self._heads.append(leaf)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """The tree head over everything added so far."""
        if not self._heads:
            return root(())
        return reduce(lambda right, left: node_hash(left, right), reversed(self._heads))


def entry_bytes(fields: Mapping[str, Any]) -> bytes:
    """The entry of a leaf: JSON with sorted keys and no spaces, so equal facts have equal bytes (RFC 8785 for these types)."""
    return json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _subproof(leaves: Sequence[bytes], old: int, *, known: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if known else [root(leaves)]
    split = _split(len(leaves))
    if old <= split:
        return [*_subproof(leaves[:split], old, known=known), root(leaves[split:])]
    return [*_subproof(leaves[split:], old - split, known=False), root(leaves[:split])]


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1
