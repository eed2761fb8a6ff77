"""The commands that the portal adds to ``leizheng``: ``demo`` and ``serve``."""

from __future__ import annotations

import os

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from licensing.commands.console import words
from licensing.demo import load
from licensing.settings import Settings
from licensing.storage import check_durability, open_storage
from licensing.storage.migrations import upgrade
from licensing.words import say
from portal.demo_accounts import (
    DemoAccount,
    accounts_table,
    demo_accounts,
    demo_code_notice,
    ensure_accounts,
    first_of_each_role,
    write_accounts,
)
from portal.processes import PATIENCE, beside

BLOCKING_THREADS = 4


@click.command("demo")
@click.option("--all", "show_all", is_flag=True, help="Show every account, not one for each role.")
def demo(show_all: bool) -> None:
    """Load the demo world and show its accounts. Running it again adds nothing."""
    settings, console = Settings(), Console()
    storage = open_storage(settings)
    upgrade(storage.engine)
    _show(console, settings, _load(console, settings), show_all=show_all)


@click.command("serve")
@click.option("--host", help="Address to listen on; LEIZHENG_BIND_HOST by default.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on; LEIZHENG_BIND_PORT by default.")
@click.option("--workers", type=click.IntRange(1, 64), help="Processes that answer: one on SQLite, one for each core on PostgreSQL.")
@click.option("--with-worker/--no-worker", default=True, help="Run the background work beside, in a process of its own.")
@click.option("--demo", "demo_mode", is_flag=True, help="Demo mode: load the demo world first and show its accounts.")
def serve(host: str | None, port: int | None, workers: int | None, with_worker: bool, demo_mode: bool) -> None:
    """Serve the portal until interrupted, and run a signer beside it unless LEIZHENG_SIGNER names one."""
    if demo_mode:
        os.environ["LEIZHENG_DEMO"] = "true"
    settings, console = Settings(), Console()
    storage = open_storage(settings)
    upgrade(storage.engine)
    check_durability(storage.engine)
    if settings.demo:
        _show(console, settings, _load(console, settings), show_all=False)
    on_sqlite = storage.engine.dialect.name == "sqlite"
    storage.engine.dispose()
    server = Granian(
        "portal.wsgi:app",
        address=host or settings.bind_host,
        port=port or settings.bind_port,
        interface=Interfaces.WSGI,
        workers=workers or (1 if on_sqlite else os.cpu_count() or 1),
        blocking_threads=BLOCKING_THREADS,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=int(PATIENCE),
        log_level=LogLevels.warning,
    )
    address = f"http://{host or settings.bind_host}:{port or settings.bind_port}/"
    ending = words(say("Ctrl-C ends it."))
    console.print(f"[bold]{address}[/bold]  {ending}", highlight=False)
    with beside(settings, worker=with_worker):
        server.serve()


def _load(console: Console, settings: Settings) -> list[DemoAccount]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        growing = progress.add_task(words(say("Demo world")), total=None)
        world = load(settings, lambda done, total: progress.update(growing, completed=done, total=total))
        progress.update(growing, completed=1, total=1)
        accounts = demo_accounts(world.people)
        opening = progress.add_task(words(say("Accounts")), total=len(accounts))
        ensure_accounts(accounts, lambda: progress.advance(opening))
    console.print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in world.counts.items()))
    return accounts


def _show(console: Console, settings: Settings, accounts: list[DemoAccount], *, show_all: bool) -> None:
    console.print(accounts_table(accounts if show_all else first_of_each_role(accounts)))
    console.print(f"[bold red]{demo_code_notice(settings)}[/bold red]")
    file = write_accounts(settings, accounts)
    console.print(words(say("All %(count)s accounts: %(file)s", count=len(accounts), file=file)))
