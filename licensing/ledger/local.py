"""The log of this installation, seen as a stranger sees it."""

from __future__ import annotations

from collections.abc import Sequence

from licensing.errors import Unavailable
from licensing.ledger import queries
from licensing.policy import SYSTEM
from licensing.storage import reading
from licensing.words import say


class LocalLog:
    """Checkpoints and tiles out of the open storage."""

    def checkpoint(self) -> bytes:
        """The newest published checkpoint. Raises ``Unavailable`` before the first one."""
        with reading(SYSTEM) as look:
            found = queries.latest_checkpoint(look.session)
        if found is None:
            raise Unavailable(say("No checkpoint was published yet."), code="log-empty")
        return found.note

    def tile(self, level: int, index: int, width: int) -> Sequence[bytes]:
        with reading(SYSTEM) as look:
            return queries.tile(look.session, level, index, width)
