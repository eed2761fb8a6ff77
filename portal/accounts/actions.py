"""Verbs on accounts. Each is one transaction of its own unless a unit of work is handed in."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import update

from licensing.policy import SYSTEM
from licensing.storage import Work, storage, unit_of_work
from portal.accounts.rules import DEMO_CODE, canonical_code, canonical_email, check_new_password, matching_step
from portal.accounts.secrets_at_rest import hash_password, lock, totp_key, unlock
from portal.accounts.tables import Account, SignIn


def create_account(email: str, password: str, person_id: int, totp_secret: str | None = None, *, work: Work | None = None) -> int:
    """A new account for a registered person; returns its id.

    ``totp_secret`` is Base32. Hand in ``work`` when the person was made in the same transaction. Raises ``Conflict`` at commit when the
    address is taken.
    """
    return open_account(email, hash_password(password), person_id, totp_secret, work=work)


def open_account(email: str, password_hash: str, person_id: int, totp_secret: str | None = None, *, work: Work | None = None) -> int:
    """Like :func:`create_account` for a password that was hashed before, by ``secrets_at_rest.hash_password``."""
    row = Account(
        email=canonical_email(email),
        password=password_hash,
        active=True,
        fs_uniquifier=secrets.token_urlsafe(32),
        person_id=person_id,
        totp_secret=lock(totp_secret) if totp_secret else "",
        totp_last_step=0,
    )
    with _within(work) as own:
        row.created_at = own.now
        own.session.add(row)
        own.session.flush()
        return row.id


def begin_sign_in(account_id: int, *, second_factor: bool) -> str:
    """A new sign-in; returns the token for the cookie."""
    token = secrets.token_urlsafe(32)
    with unit_of_work(SYSTEM) as work:
        work.session.add(
            SignIn(
                token_hash=hash_token(token),
                account_id=account_id,
                started_at=work.now,
                seen_at=work.now,
                second_factor_at=work.now if second_factor else None,
            )
        )
    return token


def touch_sign_in(sign_in_id: int) -> None:
    """Note that the browser was heard of."""
    with unit_of_work(SYSTEM) as work:
        work.session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(seen_at=work.now))


def end_sign_in(sign_in_id: int) -> None:
    """End one sign-in, wherever its cookie is."""
    with unit_of_work(SYSTEM) as work:
        work.session.execute(update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values(ended_at=work.now))


def use_second_factor(account_id: int, code: str, *, sign_in_id: int | None = None) -> bool:
    """Whether the code is right, and use it up: the same step never counts twice, also when asked at the same time (threat A8).

    With ``sign_in_id`` the sign-in is marked fresh. In demo mode the demo code is accepted as well.
    """
    typed = canonical_code(code)
    with unit_of_work(SYSTEM) as work:
        account = work.session.get_one(Account, account_id)
        if not _uses_up(work, account, typed) and not (storage().settings.demo and typed == DEMO_CODE):
            return False
        if sign_in_id is not None:
            work.session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(second_factor_at=work.now))
    return True


def enrol_second_factor(account_id: int, secret: str, code: str, *, sign_in_id: int) -> bool:
    """Keep ``secret`` (Base32) as the account's second factor once its first code was typed correctly; False when it was not.

    An account that has a second factor keeps it: this never replaces one.
    """
    with unit_of_work(SYSTEM) as work:
        step = matching_step(totp_key(secret), canonical_code(code), work.now, after=0)
        if step is None:
            return False
        stored = work.session.execute(
            update(Account).where(Account.id == account_id, Account.totp_secret == "").values(totp_secret=lock(secret), totp_last_step=step)
        )
        if stored.rowcount != 1:  # type: ignore[attr-defined]
            return False
        work.session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(second_factor_at=work.now))
    return True


def change_password(account_id: int, new_password: str) -> None:
    """Set the password and end every sign-in of the account (ASVS 7.4.3). Raises ``Invalid`` for a weak password."""
    with unit_of_work(SYSTEM) as work:
        account = work.session.get_one(Account, account_id)
        check_new_password(new_password, email=account.email)
        account.password = hash_password(new_password)
        account.fs_uniquifier = secrets.token_urlsafe(32)
        alive = update(SignIn).where(SignIn.account_id == account_id, SignIn.ended_at.is_(None))
        work.session.execute(alive.values(ended_at=work.now))


def hash_token(token: str) -> str:
    """How a sign-in token is stored: it is random enough that one round of SHA-256 protects it."""
    return hashlib.sha256(token.encode("ascii", "replace")).hexdigest()


def _uses_up(work: Work, account: Account, code: str) -> bool:
    if not account.totp_secret:
        return False
    step = matching_step(totp_key(unlock(account.totp_secret)), code, work.now, after=account.totp_last_step)
    if step is None:
        return False
    won = work.session.execute(update(Account).where(Account.id == account.id, Account.totp_last_step < step).values(totp_last_step=step))
    return bool(won.rowcount == 1)  # type: ignore[attr-defined]


@contextmanager
def _within(work: Work | None) -> Iterator[Work]:
    if work is not None:
        yield work
        return
    with unit_of_work(SYSTEM) as own:
        yield own
