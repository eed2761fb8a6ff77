"""Timing two ways of doing one thing, in turn, so that a machine that gets slower slows both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Ratio:
    """Median milliseconds of the naive way and of ours, over ``rounds`` rounds; ``ratio`` is how many times faster ours is."""

    name: str
    naive: str
    ours: str
    naive_ms: float
    ours_ms: float
    rounds: int

    @property
    def ratio(self) -> float:
        return self.naive_ms / self.ours_ms


def compare(name: str, naive: tuple[str, Callable[[], object]], ours: tuple[str, Callable[[], object]], *, rounds: int) -> Ratio:
    """Run both ways once to warm up, then ``rounds`` times in turn."""
    naive[1](), ours[1]()
    pairs = [(_milliseconds(naive[1]), _milliseconds(ours[1])) for _ in range(rounds)]
    return Ratio(name, naive[0], ours[0], median(pair[0] for pair in pairs), median(pair[1] for pair in pairs), rounds)


def _milliseconds(call: Callable[[], object]) -> float:
    begun = perf_counter()
    call()
    return (perf_counter() - begun) * 1000
