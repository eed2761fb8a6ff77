"""``signer``: the process that alone reads private keys."""

from __future__ import annotations

import grp
import os
import pwd
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from licensing.commands.console import Command, words
from licensing.errors import Invalid
from licensing.settings import Settings
from licensing.trust.current import local_signer, signer_socket
from licensing.trust.signer_process import listening, serve, signals
from licensing.words import say


@click.command("signer", cls=Command)
@click.option("--socket", "path", type=click.Path(path_type=Path), help="Where to listen; LEIZHENG_SIGNER, else signer.sock in home.")
@click.option("--allow", multiple=True, metavar="USER", help="A user, by name or number, who may ask; the signer's own user always may.")
@click.option("--group", metavar="GROUP", help="A group, by name or number, whose members can reach the socket (mode 0660).")
@click.option("--leash", is_flag=True, hidden=True, help="End when standard input ends.")
def signer(path: Path | None, allow: tuple[str, ...], group: str | None, leash: bool) -> None:
    """Sign licences, letters, status lists and checkpoints for the portal and the worker, until asked to end.

    It checks each request itself, writes it into its journal before it signs, and never signs two payloads for one number.
    """
    settings = Settings()
    where = (path or signer_socket(settings)).absolute()
    allowed = {os.getuid(), *(_number(name, lambda text: pwd.getpwnam(text).pw_uid) for name in allow)}
    members = None if group is None else _number(group, lambda text: grp.getgrnam(text).gr_gid)
    stops: list[Any] = [sys.stdin] if leash else []
    with listening(where, members) as listener, signals() as asked_to_end:
        click.echo(words(say("The signer listens at %(path)s.", path=where)))
        serve(local_signer(settings), listener, allowed, [asked_to_end, *stops])


def _number(name: str, known: Callable[[str], int]) -> int:
    try:
        return int(name) if name.isdecimal() else known(name)
    except KeyError as error:
        raise Invalid(say("There is no user or group %(name)s on this machine.", name=name)) from error
