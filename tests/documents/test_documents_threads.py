"""Several officers grant at once: what draws and renders may be called from many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from licensing.documents import seal

NAMES = ("南京市气象局", "苏州市气象局", "无锡市气象局", "杭州市气象局", "宁波市气象局", "昆山市气象局", "江苏省气象局", "浙江省气象局")


def test_seals_drawn_by_eight_threads_at_once_equal_those_drawn_one_by_one() -> None:
    together = Barrier(len(NAMES))

    def draw(name: str) -> bytes:
        together.wait()
        return seal.seal_svg(name, "行政审批专用章")

    for cached in (seal.seal_svg, seal._font):
        cached.cache_clear()
    with ThreadPoolExecutor(len(NAMES)) as officers:
        at_once = list(officers.map(draw, NAMES))
    seal.seal_svg.cache_clear()
    assert at_once == [seal.seal_svg(name, "行政审批专用章") for name in NAMES]
