"""Work that the worker does one after the other, and that waits for its next run where something is in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from licensing.errors import LeizhengError, Unavailable

Job = TypeVar("Job")


def in_turn(jobs: Iterable[Job], act: Callable[[Job], object], failed: Callable[[Job, LeizhengError], object], most: int) -> int:
    """Do ``act`` for each of ``jobs``; how many were done, at most ``most``. What fails is told to ``failed`` and left for the next run."""
    done = 0
    for job in jobs:
        if done == most:
            break
        try:
            act(job)
        except LeizhengError as error:
            failed(job, error)
            if isinstance(error, Unavailable):  # what is away for one is away for all
                break
        else:
            done += 1
    return done
