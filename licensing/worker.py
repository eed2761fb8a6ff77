"""The background process: every minute it looks into the tables for what has to be done. Missing a minute, or a day, loses nothing."""

from __future__ import annotations

import click
import structlog
from huey import crontab

from licensing.cases import archive, evidence, issuing
from licensing.cases.actions import deem_accepted_all
from licensing.cases.measuring import measure_all
from licensing.errors import Misconfigured
from licensing.ledger import gate
from licensing.licences import status_list
from licensing.notices.delivery import deliver_due
from licensing.policy import SYSTEM
from licensing.proceedings import issuing as versions
from licensing.proceedings.expiry import expire_all
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage
from licensing.storage.jobs import open_queue
from licensing.storage.outbox import deliver
from licensing.trust import checkpoints, publication

_log = structlog.get_logger("leizheng.worker")


def tidy() -> dict[str, int]:
    """Everything that waits, once: resumed licences, silence that accepts, what is over, checkpoint, outbox, late lists, evidence,
    closed files, figures.

    Nothing is done while the register is behind what was already published: an operator has to restore it first.
    """
    if _behind():
        _log.error("the register is behind what was published: nothing is done", code=gate.CODE)
        return {}
    done = {
        "trust_lists": _publish_trust_lists(),
        "resumed": issuing.resume_all() + versions.resume_all(),
        "deemed_accepted": deem_accepted_all(),
        "expired": expire_all(),
        "published": int(checkpoints.publish_soon(storage().settings)),
        "delivered": deliver(),
        "messages_sent": deliver_due(),
        "lists_signed": status_list.refresh_all(),
        "evidence_completed": evidence.complete_all(storage().settings),
        "archived": archive.archive_all(storage().settings),
        "measured": measure_all(),
    }
    if any(done.values()):
        _log.info("tidied", **done)
    return done


def _behind() -> bool:
    checkpoints.learn(storage().settings)
    with reading(SYSTEM) as look:
        return gate.behind(look.session)


def _publish_trust_lists() -> int:
    try:
        return publication.publish_installed(storage().settings)
    except Misconfigured as error:  # an operator has to look (leizheng doctor says the same); everything else goes on
        _log.exception("trust list not published", code=error.code)
        return 0


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
