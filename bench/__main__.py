"""``python -m bench [--json]``: every benchmark, one line each; then every page, the slowest first."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import checking, pages, seal, worklist
from bench.measure import Ratio


def main() -> None:
    ratios: list[Ratio] = []
    for benchmark in (checking, seal, worklist):
        with tempfile.TemporaryDirectory() as folder:
            ratios += benchmark.run(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        measured = pages.run(Path(folder))
    if "--json" in sys.argv[1:]:
        found = {
            "ratios": [{**asdict(one), "ratio": round(one.ratio, 2)} for one in ratios],
            "pages": [{**asdict(one), "growth": round(one.growth, 2)} for one in measured],
        }
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    table = Table("what", "naive way", "ms", "our way", "ms", "times faster", "rounds")
    for one in ratios:
        table.add_row(one.name, one.naive, f"{one.naive_ms:.2f}", one.ours, f"{one.ours_ms:.2f}", f"{one.ratio:.1f}", str(one.rounds))
    Console().print(table)
    slowest = Table("page", "for", "ms, few cases", f"ms, {pages.CASES} cases", "times slower")
    for page in measured:
        slowest.add_row(page.endpoint, page.person, f"{page.small_ms:.1f}", f"{page.large_ms:.1f}", f"{page.growth:.1f}")
    Console().print(slowest)


if __name__ == "__main__":
    main()
