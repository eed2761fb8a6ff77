"""``leizheng explain-deadline``: a due date on the command line, with the reason for every day."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

from licensing.clock import Calendar, as_json, as_lines, explain, find_limit, load_calendar, parse_day, parse_stop
from licensing.clock.queries import calendar_where_installed
from licensing.clock.render import headline, rows
from licensing.clock.rules import Explanation
from licensing.commands.console import BAD_INPUT, as_data, print_json, tell, translate, words
from licensing.errors import LeizhengError
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading
from licensing.words import say


@click.command("explain-deadline")
@click.option("--from", "start", required=True, metavar="DATE", help="Day of the event, such as 2025-01-20. It is not counted itself.")
@click.option("--limit", "limit_id", required=True, metavar="T3", help="The limit, T1 to T19; some have variants such as T14a.")
@click.option(
    "--stop", "stops", multiple=True, metavar="FROM:TO", help="The clock stands on these days. Leave TO empty if it still stands."
)
@click.option("--extension", type=int, default=0, show_default=True, help="Working days of extension by the head of the authority (T6).")
@as_data
def explain_deadline(start: str, limit_id: str, stops: tuple[str, ...], extension: int, as_data: bool) -> None:
    """Explain a legal deadline day by day. Exit code 0, or 2 when the input cannot be understood."""
    try:
        days = [parse_stop(stop) for stop in stops]
        explanation = explain(parse_day(start), find_limit(limit_id), _calendar(), days, extension)
    except LeizhengError as error:
        tell(error, as_data=as_data)
        sys.exit(BAD_INPUT)
    if as_data:
        print_json(as_json(explanation, translate))
    else:
        _show(explanation)


def _calendar() -> Calendar:
    """The calendar in force in this installation; the shipped one where none is set up."""
    settings = Settings()
    if not settings.database and not settings.sqlite.exists():
        return load_calendar()
    open_storage(settings)
    with reading(SYSTEM) as look:
        return calendar_where_installed(look.session)


def _show(explanation: Explanation) -> None:
    console = Console()
    if not console.is_terminal:
        click.echo("\n".join(as_lines(explanation, translate)))
        return
    limit = explanation.limit
    columns = (words(column) for column in (say("Days"), say("No."), say("Why"), say("Source")))
    table = Table(*columns, title=f"{limit.id} · {words(limit.name)} · {words(limit.length)}", caption=limit.source)
    for row in rows(explanation, translate):
        table.add_row(*row)
    console.print(table)
    console.print(words(headline(explanation)), style="bold", markup=False, highlight=False)
    if explanation.caution:
        console.print(words(explanation.caution), style="yellow", markup=False, highlight=False)
