"""``calendar``: which years are in force, and the import of a notice of the State Council."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click
from rich.progress import Progress as ProgressBar

from licensing.cases import calendars
from licensing.cases.calendars import Preview, Progress
from licensing.clock import DayChange
from licensing.clock.notice import plain_text
from licensing.commands.console import Command, as_data, print_facts, print_json, print_table, progress_bar, words
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage
from licensing.words import Said, say

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group("calendar")
def calendar() -> None:
    """The calendar of working days: years in force, and imports."""


@calendar.command("list", cls=Command)
@as_data
def list_years(as_data: bool) -> None:
    """The years in force, where they come from, and every import."""
    open_storage(Settings())
    found = calendars.overview(SYSTEM)
    years = [
        {"year": number, "state": year.state, "notice": year.notice, "imported": number in found.imported}
        for number, year in sorted(found.calendar.years.items())
    ]
    imports = [
        {"id": one.row.id, "year": one.row.year, "state": one.row.state, "at": one.row.imported_at.isoformat(), "moved": one.moved}
        for one in found.imports
    ]
    if as_data:
        print_json({"years": years, "imports": imports})
        return
    print_table((say("Year"), say("State"), say("Notice"), say("Imported here")), (_cells(year) for year in years))
    if imports:
        print_table((say("Import"), say("Year"), say("State"), say("Imported at"), say("Dates moved")), (_cells(one) for one in imports))


@calendar.command("import", cls=Command)
@click.argument("file", type=_FILE)
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@as_data
def import_file(file: Path, dry_run: bool, as_data: bool) -> None:
    """Put a year in force and compute every open case again. The old file takes it back.

    Exit code 0 done, 1 another import came in between, 2 the file cannot be read or says nothing new.
    """
    open_storage(Settings())
    content = plain_text(file.read_bytes())
    with progress_bar() as bar:
        preview = calendars.preview(SYSTEM, content, _shown(bar, say("Looking at open cases")))
        made = None
        if not dry_run:
            shown = _shown(bar, say("Computing open cases again"))
            made = calendars.import_year(SYSTEM, content, based_on=preview.based_on, progress=shown)
    _tell(preview, made, as_data=as_data)


def _shown(bar: ProgressBar, sentence: Said) -> Progress:
    task = bar.add_task(words(sentence), total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


def _tell(preview: Preview, made: int | None, *, as_data: bool) -> None:
    days = [_day(change) for change in preview.changes]
    moves = [
        {"case": move.number, "authority": _authority(preview, move.authority_id), "old": str(move.old), "new": str(move.new)}
        for move in preview.moves
    ]
    if as_data:
        print_json({"year": preview.year.year, "state": preview.year.state, "days": days, "moves": moves, "import": made})
        return
    print_facts(
        [
            (say("Year"), f"{preview.year.year} · {preview.year.state}"),
            (say("Notice"), preview.year.notice or "—"),
            (say("Days that change"), str(len(preview.changes))),
            (say("Dates that move"), str(len(moves))),
            (say("Import"), str(made) if made else words(say("nothing was stored"))),
        ]
    )
    if days:
        print_table((say("Day"), say("Old"), say("New")), (_cells(day) for day in days))
    if moves:
        print_table((say("Case"), say("Authority"), say("Old"), say("New")), (_cells(move) for move in moves))


def _day(change: DayChange) -> dict[str, object]:
    return {"date": str(change.date), "before": words(change.before.told), "after": words(change.after.told)}


def _authority(preview: Preview, authority_id: int | None) -> str:
    found = preview.authorities.get(authority_id or 0)
    return found.name if found else ""


def _cells(row: Mapping[str, object]) -> list[str]:
    return [words(_YES if value else _NO) if isinstance(value, bool) else str(value) for value in row.values()]


_YES: Said = say("yes")
_NO: Said = say("no")
