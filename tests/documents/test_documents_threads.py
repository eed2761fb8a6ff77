"""Several officers grant at once: what draws and renders may be called from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier

import pytest

from licensing.documents import sandbox, seal

pytestmark = pytest.mark.slow

# Characters that no other test draws: their glyphs are unpacked here for the first time.
NAMES = tuple("".join(map(chr, range(start, start + 12))) for start in range(0x8D00, 0x8D60, 12))


def test_seals_drawn_by_eight_threads_at_once_equal_those_drawn_one_by_one() -> None:
    together = Barrier(len(NAMES))

    def draw(name: str) -> bytes:
        together.wait()
        return seal.seal_svg(name, "行政审批专用章")

    seal.seal_svg.cache_clear()
    with ThreadPoolExecutor(len(NAMES)) as officers:
        at_once = list(officers.map(draw, NAMES))
    seal.seal_svg.cache_clear()
    assert at_once == [seal.seal_svg(name, "行政审批专用章") for name in NAMES]


def test_sixteen_threads_each_get_the_answer_to_their_own_question() -> None:
    def breathe(size: int) -> int:
        answer = sandbox.ask("licensing.documents.drill:breathe", bytes(size))
        return int(answer["size"])

    with ThreadPoolExecutor(16) as threads:
        assert list(threads.map(breathe, range(100))) == list(range(100))


def test_a_nursery_that_died_is_replaced() -> None:
    sandbox.ask("licensing.documents.drill:breathe", b"")
    dead = sandbox._nursery()
    dead._process.kill()
    dead._process.wait()
    assert sandbox.ask("licensing.documents.drill:breathe", b"again")["size"] == 5
    assert sandbox._nursery() is not dead


def test_no_child_stays_behind() -> None:
    nursery = sandbox._nursery()
    for task in ("breathe", "crash"):
        with suppress(sandbox.SandboxFailure):
            sandbox.ask(f"licensing.documents.drill:{task}", b"")
    children = Path(f"/proc/{nursery._process.pid}/task/{nursery._process.pid}/children").read_text()
    assert children == ""
