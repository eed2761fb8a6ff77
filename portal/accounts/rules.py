"""Pure rules on passwords, codes and time windows."""

from __future__ import annotations

import hmac
import unicodedata
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from licensing.errors import FieldError, Invalid
from licensing.words import say

STEP_SECONDS = 30
STEPS_AROUND = (-1, 0, 1)
PASSWORD_MIN = 12
PASSWORD_MAX = 128
DEMO_CODE = "000000"


def canonical_email(text: str) -> str:
    """The one form of an address: NFKC, trimmed, lower case, without control characters (PostgreSQL takes no NUL)."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    return "".join(character for character in plain if unicodedata.category(character) != "Cc")


def canonical_code(text: str) -> str:
    """A typed code as ASCII digits without spaces: normalised before it is compared, so that no second spelling exists (threat A8)."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def matching_step(secret: bytes, code: str, moment: datetime, *, after: int) -> int | None:
    """The time step whose code this is, one step early or late allowed and later than ``after``; else None (RFC 6238, 5.2)."""
    if len(code) != 6 or not (code.isascii() and code.isdecimal()):
        return None
    generator = TOTP(secret, 6, SHA1(), STEP_SECONDS, enforce_key_length=False)  # noqa: S303 - RFC 6238 and all authenticators use SHA-1
    here = int(moment.timestamp()) // STEP_SECONDS
    for step in (here + offset for offset in STEPS_AROUND):
        if step > after and hmac.compare_digest(generator.generate(step * STEP_SECONDS), code.encode("ascii")):
            return step
    return None


def check_new_password(password: str, *, email: str) -> None:
    """Raise ``Invalid`` unless the password is long enough and not a guess at hand (ASVS 6.2.1, 6.2.4, 6.2.11)."""
    sentence = None
    if len(password) < PASSWORD_MIN:
        sentence = say("The password must have at least %(length)s characters.", length=PASSWORD_MIN)
    elif len(password) > PASSWORD_MAX:
        sentence = say("The password must have at most %(length)s characters.", length=PASSWORD_MAX)
    elif len(set(password)) < 5 or email.split("@", maxsplit=1)[0] in password.lower():
        sentence = say("This password is too easy to guess.")
    if sentence is not None:
        raise Invalid(sentence, [FieldError("new_password", "password", sentence)], next_step=say("Three or four unrelated words do well."))


def is_idle(seen_at: datetime, now: datetime, *, seconds: int) -> bool:
    """Whether nothing was heard for longer than ``seconds``."""
    return now - seen_at > timedelta(seconds=seconds)
