"""From an intended licence to its end: in force, or void with the reason. Resumable at every point (design 3, steps 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from licensing.errors import Conflict, Invalid, LeizhengError
from licensing.licences import actions
from licensing.licences.production import produce
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.storage import Work, storage, unit_of_work
from licensing.trust import checkpoints

_log = structlog.get_logger("leizheng.issuing")


def bring_out(licence_id: int, *, issued: Callable[[Work, Licence], None], voided: Callable[[Work, str], None]) -> Licence:
    """Produce an intended licence and put it in force; may be called again after a crash.

    ``issued`` belongs to the transaction that puts it in force, ``voided`` (with the reason) to the one that gives it up. Only content
    that cannot become a licence (``Invalid``) voids it, and the error is raised; when a part of the house fails, the intent waits for
    the reconciler.
    """
    try:
        file_sha256 = produce(licence_id)
    except Invalid as error:
        with unit_of_work(SYSTEM) as work:
            actions.void(work, licence_id, str(error))
            voided(work, str(error))
        raise
    with unit_of_work(SYSTEM) as work:
        licence = actions.put_in_force(work, licence_id, file_sha256)
        issued(work, licence)
    checkpoints.publish_soon(storage().settings)
    return licence


def quietly(finish: Callable[[], object], licence_id: int) -> bool:
    """Whether ``finish`` brought a waiting licence to its end now; what fails is logged and waits for the next time."""
    try:
        finish()
    except Conflict:
        # Another process finished it between our look and our try: that is what we wanted.
        return False
    except LeizhengError as error:
        _log.warning("licence waits", licence_id=licence_id, code=error.code, reason=str(error))
        return False
    return True
