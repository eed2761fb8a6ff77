"""The background process: every minute it looks into the tables for what has to be done. Missing a minute, or a day, loses nothing."""

from __future__ import annotations

import click
import structlog
from huey import crontab

from licensing.cases.actions import deem_accepted_all
from licensing.cases.issuing import resume_all
from licensing.settings import Settings
from licensing.storage import open_storage
from licensing.storage.jobs import open_queue
from licensing.storage.outbox import deliver

_log = structlog.get_logger("leizheng.worker")


def tidy() -> dict[str, int]:
    """Everything that waits, once: resume licences that a crash left behind, accept by silence, deliver the outbox."""
    done = {"resumed": resume_all(), "deemed_accepted": deem_accepted_all(), "delivered": deliver()}
    if any(done.values()):
        _log.info("tidied", **done)
    return done


@click.command("worker")
@click.option("--once", is_flag=True, help="Do what waits now and stop.")
def worker(once: bool) -> None:
    """Run the background work of this instance."""
    settings = Settings()
    open_storage(settings)
    tidy()
    if once:
        return
    queue = open_queue(settings)
    queue.periodic_task(crontab(minute="*"), name="tidy")(tidy)
    queue.create_consumer(workers=1, periodic=True, initial_delay=0.2, max_delay=2.0).run()
