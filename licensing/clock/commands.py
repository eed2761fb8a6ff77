"""``leizheng explain-deadline``: a due date on the command line, with the reason for every day."""

from __future__ import annotations

import json
import sys

import click
from rich.console import Console
from rich.table import Table

from licensing.clock.calendar import load_calendar
from licensing.clock.render import as_json, as_lines, headline, parse_day, parse_stop, rows
from licensing.clock.rules import Explanation, explain, find_limit
from licensing.errors import LeizhengError

BAD_INPUT = 2


@click.command("explain-deadline")
@click.option("--from", "start", required=True, metavar="DATE", help="Day of the event, such as 2025-01-20. It is not counted itself.")
@click.option("--limit", "limit_id", required=True, metavar="T3", help="The limit, T1 to T19; some have variants such as T14a.")
@click.option(
    "--stop", "stops", multiple=True, metavar="FROM:TO", help="The clock stands on these days. Leave TO empty if it still stands."
)
@click.option("--extension", type=int, default=0, show_default=True, help="Working days of extension by the head of the authority (T6).")
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
def explain_deadline(start: str, limit_id: str, stops: tuple[str, ...], extension: int, as_data: bool) -> None:
    """Explain a legal deadline day by day. Exit code 0, or 2 when the input cannot be understood."""
    try:
        days = [parse_stop(stop) for stop in stops]
        explanation = explain(parse_day(start), find_limit(limit_id), load_calendar(), days, extension)
    except LeizhengError as error:
        _tell(error, as_data=as_data)
        sys.exit(BAD_INPUT)
    if as_data:
        click.echo(json.dumps(as_json(explanation), ensure_ascii=False, indent=2))
    else:
        _show(explanation)


def _show(explanation: Explanation) -> None:
    console = Console()
    if not console.is_terminal:
        click.echo("\n".join(as_lines(explanation)))
        return
    limit = explanation.limit
    table = Table("Days", "No.", "Why", "Source", title=f"{limit.id} · {limit.name} · {limit.length}", caption=limit.source)
    for row in rows(explanation):
        table.add_row(*row)
    console.print(table)
    console.print(str(headline(explanation)), style="bold", markup=False, highlight=False)
    if explanation.caution:
        console.print(str(explanation.caution), style="yellow", markup=False, highlight=False)


def _tell(error: LeizhengError, *, as_data: bool) -> None:
    sentence, step = str(error.sentence), str(error.next_step) if error.next_step else None
    if as_data:
        click.echo(json.dumps({"error": {"code": error.code, "sentence": sentence, "next_step": step}}, ensure_ascii=False))
        return
    click.echo(f"{sentence} [{error.code}]" + (f"\n{step}" if step else ""), err=True)
