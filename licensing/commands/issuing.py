"""``samples``: licences to try the verification with."""

from __future__ import annotations

from pathlib import Path

import click

from licensing.commands.console import Command, as_data, print_facts, print_json, progress_bar, words
from licensing.samples import issue_samples
from licensing.settings import Settings
from licensing.words import say


@click.command("samples", cls=Command)
@click.option("--out", "folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for the files.")
@click.option("--count", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many licences.")
@as_data
def samples(folder: Path, count: int, as_data: bool) -> None:
    """Issue sample licences with the local keys: PDF files, manifest.json and trust.pem. Running again continues the numbers."""
    with progress_bar() as progress:
        issued = list(progress.track(issue_samples(Settings(), folder, count), total=count, description=words(say("Licences"))))
    if as_data:
        print_json({"out": str(folder), "issued": issued})
    else:
        print_facts([(say("Folder"), str(folder)), (say("Licences"), str(len(issued)))])
