"""How promises and their inspectors are drawn 双随机: equal list and equal seed make equal draws, for everybody. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

LIST_LEAF: Final = "sample-list"
DRAW_LEAF: Final = "sample-draw"
INSPECTORS: Final = 2
"""How many people verify what was drawn."""


def drawn(items: Sequence[str], count: int, seed: str) -> list[str]:
    """The ``count`` items whose SHA-256 of ``seed``, a line feed and the item is smallest, in that order."""
    return sorted(items, key=lambda item: hashlib.sha256(f"{seed}\n{item}".encode()).digest())[:count]


def assigned(eligible: Sequence[str], item: str, seed: str) -> list[str]:
    """The inspectors of one drawn item, out of those who are eligible for it: drawn with the seed, a line feed and the item as seed."""
    return drawn(eligible, INSPECTORS, f"{seed}\n{item}")


def share_of(population: int, percent: int) -> int:
    """How many of ``population`` are ``percent`` of it, rounded up: at least one where there is any."""
    return -(-population * percent // 100)
