"""The people of a journey: accounts with passwords and authenticators, how they sign in, and everybody of one story together."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import time_machine
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from live import Town
from visitors import Visitor
from world import World

from licensing.clock import now
from portal.accounts import actions as accounts

PASSWORD = "vier Pferde im Regen"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NEXT_CODE = timedelta(seconds=31)


@dataclass
class Person:
    """Somebody with an account. ``secret`` is what their authenticator knows (Base32), empty before they have one."""

    email: str
    clock: time_machine.Traveller
    secret: str = ""

    @classmethod
    def with_account(cls, person_id: int, email: str, clock: time_machine.Traveller, secret: str = "") -> Person:
        """Open an account for a registered person."""
        accounts.create_account(email, PASSWORD, person_id, secret or None)
        return cls(email, clock, secret)

    def code(self) -> str:
        """The next code of the authenticator (RFC 6238): half a minute passes, because each code works once."""
        self.clock.shift(NEXT_CODE)
        key = base64.b32decode(self.secret)
        return TOTP(key, 6, SHA1(), 30, enforce_key_length=False).generate(int(now().timestamp())).decode()  # noqa: S303

    def sign_in(self, visitor: Visitor) -> None:
        """Password and, for those who have one, the code."""
        visitor.open("/login")
        visitor.type("email", self.email)
        visitor.type("password", PASSWORD)
        visitor.press("Sign in")
        if self.secret:
            visitor.type("second_factor_code", self.code())
            visitor.press("Continue")

    def enrol(self, visitor: Visitor) -> None:
        """Take the secret from the page into the authenticator and show that it works."""
        self.secret = visitor.page.locator(".wide").inner_text().replace(" ", "")
        visitor.type("second_factor_code", self.code())
        visitor.press("Finish")


@dataclass
class Cast:
    """Everybody of a story, each with an account and a browser of their own, opened when they first come. Those of ``phones`` are out."""

    town: Town
    arrive: Callable[..., Visitor]
    language: str
    people: Mapping[str, Person]
    phones: frozenset[str] = frozenset()
    browsers: dict[str, Visitor] = field(default_factory=dict)

    @classmethod
    def of(cls, town: Town, arrive: Callable[..., Visitor], ids: Mapping[str, int], *, phones: frozenset[str] = frozenset()) -> Cast:
        """Accounts for people by the names that the story gives them. On SQLite everybody reads English, on PostgreSQL Chinese."""
        people = {who: Person.with_account(person, f"{who}@example.com", town.clock, SECRET) for who, person in ids.items()}
        return cls(town, arrive, "zh" if town.world.settings.database else "en", people, phones)

    @property
    def world(self) -> World:
        return self.town.world

    def on(self, month: int, day: int, who: str) -> Visitor:
        """Ten in the morning of another day in China: the person signs in again."""
        self.town.clock.move_to(datetime(2026, month, day, 2, tzinfo=UTC))
        visitor = self.browsers.get(who) or self._arrive(who)
        self.people[who].sign_in(visitor)
        return visitor

    def at_once(self, who: str) -> Visitor:
        """On the same day; whoever is signed in stays so."""
        if who not in self.browsers:
            self.people[who].sign_in(self._arrive(who))
        return self.browsers[who]

    def _arrive(self, who: str) -> Visitor:
        self.browsers[who] = self.arrive(who, language=self.language, phone=who in self.phones)
        return self.browsers[who]
