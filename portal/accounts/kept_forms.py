"""Forms that were sent after the sign-in had ended: kept encrypted, for a short time, for who typed them and the address alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from cryptography.fernet import InvalidToken
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from licensing.clock import now
from licensing.policy import SYSTEM
from licensing.storage import Work, unit_of_work
from portal.accounts.secrets_at_rest import FORMS, lock, unlock
from portal.accounts.tables import KeptForm

KEPT_FOR = timedelta(hours=1)
MOST_BYTES = 1024 * 1024
MOST_FORMS = 5
PATH_LIMIT = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """What was typed, in the order of the form, and whether files were sent with it; files themselves are not kept."""

    fields: tuple[tuple[str, str], ...]
    files: bool


def keep(account_id: int, path: str, fields: Sequence[tuple[str, str]], *, files: bool) -> bool:
    """Keep one form for an account; a later one for the same address takes its place. False when it is too large."""
    content = json.dumps({"fields": list(fields), "files": files})
    if len(content) > MOST_BYTES or len(path) > PATH_LIMIT:
        return False
    with unit_of_work(SYSTEM) as work:
        work.session.execute(delete(KeptForm).where(KeptForm.ends_at <= work.now))
        work.session.execute(delete(KeptForm).where(KeptForm.account_id == account_id, KeptForm.path == path))
        _make_room(work, account_id)
        row = KeptForm(account_id=account_id, path=path, content=lock(content, FORMS), ends_at=work.now + KEPT_FOR)
        work.session.add(row)
    return True


def waits(session: Session, account_id: int) -> bool:
    """Whether any form of the account is kept."""
    return session.scalar(select(KeptForm.id).where(KeptForm.account_id == account_id, KeptForm.ends_at > now()).limit(1)) is not None


def find(session: Session, account_id: int, path: str) -> Kept | None:
    """The form that the account sent to ``path``; None when there is none, or the key of the installation is another one now."""
    query = select(KeptForm.content).where(KeptForm.account_id == account_id, KeptForm.path == path, KeptForm.ends_at > now())
    content = session.scalar(query)
    if content is None:
        return None
    try:
        said = json.loads(unlock(content, FORMS))
    except InvalidToken:
        return None
    return Kept(tuple((str(name), str(value)) for name, value in said["fields"]), bool(said["files"]))


def forget(account_id: int, path: str) -> None:
    """Drop what was kept, because it is sent again."""
    with unit_of_work(SYSTEM) as work:
        work.session.execute(delete(KeptForm).where(KeptForm.account_id == account_id, KeptForm.path == path))


def _make_room(work: Work, account_id: int) -> None:
    query = select(KeptForm.id).where(KeptForm.account_id == account_id).order_by(KeptForm.id.desc()).offset(MOST_FORMS - 1)
    work.session.execute(delete(KeptForm).where(KeptForm.id.in_(list(work.session.scalars(query)))))
