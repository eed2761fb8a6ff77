"""The ``leizheng`` command. What it can do lies in ``licensing.commands``; other rooms add theirs as entry points."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import click

from licensing.commands.console import exit_code, tell
from licensing.errors import LeizhengError

GROUP = "leizheng.commands"
COMMANDS: Mapping[str, str] = {
    "init": "licensing.commands.setup:init",
    "migrate": "licensing.commands.setup:migrate",
    "doctor": "licensing.commands.setup:doctor",
    "verify": "licensing.commands.checking:verify",
    "identifier": "licensing.commands.checking:identifier",
    "calendar": "licensing.commands.calendar:calendar",
    "ledger": "licensing.commands.ledger:ledger",
    "selfcheck": "licensing.commands.proofs:selfcheck",
    "status-list": "licensing.commands.status:status_list",
    "signer": "licensing.commands.signer:signer",
    "keys": "licensing.commands.keys:keys_group",
    "trust-list": "licensing.commands.keys:trust_list_group",
    "samples": "licensing.commands.issuing:samples",
    "authorities": "licensing.commands.authorities:authorities_group",
    "explain-deadline": "licensing.commands.deadlines:explain_deadline",
}


class LateGroup(click.Group):
    """Commands are imported when they are called, so that the start is quick and a broken one hides no other."""

    @property
    def foreign(self) -> dict[str, EntryPoint]:
        return {point.name: point for point in entry_points(group=GROUP)}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted({*COMMANDS, *self.foreign})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name in COMMANDS:
            module, name = COMMANDS[cmd_name].split(":")
            return _command(getattr(import_module(module), name))
        return self._foreign(cmd_name) if cmd_name in self.foreign else None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LeizhengError as error:
            tell(error)
            ctx.exit(exit_code(error))

    def _foreign(self, name: str) -> click.Command:
        try:
            return _command(self.foreign[name].load())
        except Exception as error:  # whatever is wrong with one part, the others must stay usable and this one must say so
            return _broken(name, f"{type(error).__name__}: {error}")


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="leizheng")
def main() -> None:
    """Leizheng 雷证: licences for lightning protection, applied for on a promise, issued signed, checked by anyone.

    Exit codes: 0 done; 1 something is wrong; 2 the input cannot be used. `verify` has its own: 0 valid, 1 invalid, 2 cannot be confirmed.
    Settings come from LEIZHENG_… variables; LEIZHENG_LANG=zh or en chooses the language.
    """


def _command(found: object) -> click.Command:
    if not isinstance(found, click.Command):
        raise TypeError(found)
    return found


def _broken(name: str, reason: str) -> click.Command:
    @click.command(name, help=f"(cannot be loaded: {reason})", context_settings={"ignore_unknown_options": True})
    @click.argument("_rest", nargs=-1)
    def report(_rest: tuple[str, ...]) -> None:
        click.echo(f"The command {name} cannot be loaded: {reason}", err=True)
        sys.exit(1)

    return report
