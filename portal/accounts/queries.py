"""Reads on accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.accounts.actions import hash_token
from portal.accounts.rules import canonical_email
from portal.accounts.tables import Account, SignIn


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The sign-in behind a request."""

    id: int
    account_id: int
    person_id: int
    email: str
    has_second_factor: bool
    second_factor_at: datetime | None
    seen_at: datetime


def account_by_email(session: Session, email: str) -> Account | None:
    """The active account with this address."""
    return session.scalar(select(Account).where(Account.email == canonical_email(email), Account.active))


def account_by_uniquifier(session: Session, uniquifier: str) -> Account | None:
    """The active account behind a half-finished sign-in; a password change makes the uniquifier unknown."""
    return session.scalar(select(Account).where(Account.fs_uniquifier == uniquifier, Account.active))


def alive_sign_in(session: Session, token: str, uniquifier: str) -> SignedIn | None:
    """The sign-in that a cookie stands for, unless it was ended, its account was closed or its password changed."""
    row = session.execute(
        select(SignIn, Account)
        .join(Account, Account.id == SignIn.account_id)
        .where(SignIn.token_hash == hash_token(token), SignIn.ended_at.is_(None), Account.fs_uniquifier == uniquifier, Account.active)
    ).one_or_none()
    if row is None:
        return None
    sign_in, account = row
    return SignedIn(
        sign_in.id,
        account.id,
        account.person_id,
        account.email,
        bool(account.totp_secret),
        sign_in.second_factor_at,
        sign_in.seen_at,
    )
