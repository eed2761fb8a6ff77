"""Accounts for the people of the demo world: one known password, fixed second factors, printed loudly and kept in a private file."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE
from rich.table import Table

from licensing.commands.console import words
from licensing.demo import DemoPerson
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading
from licensing.words import say
from portal.accounts.actions import open_account
from portal.accounts.queries import account_by_email
from portal.accounts.rules import DEMO_CODE
from portal.accounts.secrets_at_rest import hash_password

DEMO_PASSWORD = "leizheng-demo-2026"  # noqa: S105 - printed on purpose; the demo world is never production
FILE_NAME = "demo-accounts.txt"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """What somebody types to sign in as a person of the demo world."""

    person: DemoPerson
    totp_secret: str

    @property
    def roles(self) -> str:
        return ", ".join(words(role) for role in self.person.roles)


def demo_accounts(people: Iterable[DemoPerson]) -> list[DemoAccount]:
    """The accounts of ``people``; the second factor follows from the address, so it is the same on every machine."""
    return [DemoAccount(person, _secret(person.email)) for person in people]


def ensure_accounts(accounts: Iterable[DemoAccount], created: Callable[[], None]) -> int:
    """Create the accounts that are missing and call ``created`` after each one looked at; how many were new."""
    new, hashed = 0, ""
    for account in accounts:
        with reading(SYSTEM) as look:
            missing = account_by_email(look.session, account.person.email) is None
        if missing:
            # One hash for all: a slow hash protects a secret, and this password is printed below.
            hashed = hashed or hash_password(DEMO_PASSWORD)
            open_account(account.person.email, hashed, account.person.person_id, account.totp_secret)
            new += 1
        created()
    return new


def first_of_each_role(accounts: Iterable[DemoAccount]) -> list[DemoAccount]:
    """One account for each combination of roles, as a start: preferably of one place, so that they can play one case together."""
    chosen: dict[str, DemoAccount] = {}
    for account in sorted(accounts, key=lambda account: "南京" not in account.person.workplace):
        chosen.setdefault(account.roles, account)
    return list(chosen.values())


def accounts_table(accounts: Iterable[DemoAccount]) -> Table:
    """The accounts as a table for the terminal."""
    table = Table(words(say("Who")), title=_password_notice(), box=SIMPLE, padding=(0, 1))
    table.add_column(words(say("E-mail address")), no_wrap=True)
    table.add_column(words(say("Secret of the second factor")), no_wrap=True)
    for account in accounts:
        who = " ".join(filter(None, (account.roles, account.person.name, account.person.workplace)))
        table.add_row(who, account.person.email, account.totp_secret)
    return table


def write_accounts(settings: Settings, accounts: Iterable[DemoAccount]) -> Path:
    """Write all accounts to a file in ``home`` that only its owner can read; its path."""
    path = settings.home / FILE_NAME
    lines = [_password_notice(), demo_code_notice(settings), ""]
    lines += ["\t".join((a.roles, a.person.name, a.person.email, a.totp_secret, a.person.workplace)) for a in accounts]
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write("\n".join(lines) + "\n")
    return path


def demo_code_notice(settings: Settings) -> str:
    """Whether the demo code stands for every second factor now."""
    if settings.demo:
        sentence = say(
            "Demo mode is on: the code %(code)s is accepted as everybody's second factor. Never run a real office like this.",
            code=DEMO_CODE,
        )
    else:
        sentence = say(
            "The code %(code)s works only in demo mode (LEIZHENG_DEMO=true); otherwise use the secrets in an authenticator.", code=DEMO_CODE
        )
    return words(sentence)


def _password_notice() -> str:
    return words(say("The password of all accounts: %(password)s", password=DEMO_PASSWORD))


def _secret(email: str) -> str:
    return base64.b32encode(hashlib.sha256(f"leizheng-demo:{email}".encode()).digest()[:20]).decode("ascii")
