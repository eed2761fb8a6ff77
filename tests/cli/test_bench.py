"""The benchmarks run as they are: what they call has not moved away from them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from bench import checking, seal, worklist

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("benchmark", [checking, seal, worklist])
def test_each_benchmark_compares_two_ways_of_the_same(benchmark: ModuleType, tmp_path: Path) -> None:
    found = benchmark.run(tmp_path)
    assert found
    assert all(one.naive_ms > 0 and one.ours_ms > 0 and one.rounds >= 25 for one in found)
