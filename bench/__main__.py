"""``python -m bench [--json]``: every benchmark, one line each."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import checking, seal, worklist
from bench.measure import Ratio


def main() -> None:
    ratios: list[Ratio] = []
    for benchmark in (checking, seal, worklist):
        with tempfile.TemporaryDirectory() as folder:
            ratios += benchmark.run(Path(folder))
    if "--json" in sys.argv[1:]:
        print(json.dumps([{**asdict(one), "ratio": round(one.ratio, 2)} for one in ratios], ensure_ascii=False, indent=2))
        return
    table = Table("what", "naive way", "ms", "our way", "ms", "times faster", "rounds")
    for one in ratios:
        table.add_row(one.name, one.naive, f"{one.naive_ms:.2f}", one.ours, f"{one.ours_ms:.2f}", f"{one.ratio:.1f}", str(one.rounds))
    Console().print(table)


if __name__ == "__main__":
    main()
