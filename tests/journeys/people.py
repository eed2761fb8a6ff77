"""The people of a journey: accounts with passwords and authenticators, and how they sign in."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta

import time_machine
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from visitors import Visitor

from licensing.clock import now
from portal.accounts import actions as accounts

PASSWORD = "vier Pferde im Regen"
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
