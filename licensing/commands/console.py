"""How a command speaks: in the reader's language, as a table or as JSON, and with one sentence, a code and a next step when it fails."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from licensing.errors import FieldError, Invalid, LeizhengError
from licensing.words import Said, say, translator

FAILED = 1
BAD_INPUT = 2

as_data = click.option("--json", "as_data", is_flag=True, help="Print JSON.")


class Command(click.Command):
    """A command whose errors end it with one sentence, the code and the next step on standard error, or as JSON with ``--json``."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LeizhengError as error:
            tell(error, as_data=bool(ctx.params.get("as_data")))
            ctx.exit(exit_code(error))


def exit_code(error: LeizhengError) -> int:
    """2 for input that breaks a rule, 1 for everything else."""
    return BAD_INPUT if isinstance(error, Invalid) else FAILED


def tell(error: LeizhengError, *, as_data: bool = False) -> None:
    """Say what went wrong, without a traceback."""
    step = words(error.next_step) if error.next_step else None
    if as_data:
        print_json({"error": {"code": error.code, "sentence": words(error.sentence), "next_step": step}})
        return
    fields: tuple[FieldError, ...] = getattr(error, "fields", ())
    lines = [f"{words(error.sentence)} [{error.code}]", *(f"  {field.path}: {words(field.sentence)}" for field in fields)]
    click.echo("\n".join([*lines, step] if step else lines), err=True)


def words(sentence: Said) -> str:
    """The sentence in the language of ``LEIZHENG_LANG``, else of the locale; English where there is no translation."""
    return sentence.in_words(translator(language()))


def translate(text: str) -> str:
    return translator(language())(text)


def language() -> str:
    """``zh`` or ``en``."""
    asked = next((os.environ[name] for name in ("LEIZHENG_LANG", "LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if asked.lower().startswith(("zh", "chinese")) else "en"


def print_json(data: Any) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def print_table(columns: Iterable[Said], rows: Iterable[Iterable[str]]) -> None:
    """A table on a terminal; tab-separated lines in a pipe."""
    console = Console()
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(row))
        return
    table = Table(*(words(column) for column in columns))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def print_facts(facts: Iterable[tuple[Said, str]]) -> None:
    """Name and value, line by line."""
    print_table((say("What"), say("Value")), ((words(name), value) for name, value in facts))


def progress_bar() -> Progress:
    """A bar on standard error while long work runs; nothing in a pipe."""
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
