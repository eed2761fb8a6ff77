"""How passwords, second-factor secrets and kept forms are stored: Argon2id for the first, encryption for the others."""

from __future__ import annotations

import base64
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from licensing.storage import storage

_hasher = PasswordHasher()
SECOND_FACTOR = b"leizheng totp"
FORMS = b"leizheng kept form"
"""What is encrypted; each has a key of its own."""


def hash_password(password: str) -> str:
    """An Argon2id hash that Flask-Security reads too."""
    return _hasher.hash(password)


def password_fits(hashed: str | None, password: str) -> bool:
    """Whether the password is right. With no hash the same work is done for nothing, so that time tells nobody who exists (A4)."""
    try:
        return _hasher.verify(hashed or _hash_of_nobody(), password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def new_totp_secret() -> str:
    """160 random bits in Base32, as authenticators type them (RFC 4226, 4 R6)."""
    return base64.b32encode(secrets.token_bytes(20)).decode("ascii")


def totp_key(secret: str) -> bytes:
    """The bytes of a Base32 secret. Raises ``ValueError`` on anything else."""
    text = secret.replace(" ", "").upper()
    return base64.b32decode(text + "=" * (-len(text) % 8))


def lock(secret: str, purpose: bytes = SECOND_FACTOR) -> str:
    """An ASCII text as it is stored."""
    return _box(purpose).encrypt(secret.encode("ascii")).decode("ascii")


def unlock(locked: str, purpose: bytes = SECOND_FACTOR) -> str:
    """The text as it was before :func:`lock`. Raises ``InvalidToken`` when the key of the installation is another one now."""
    return _box(purpose).decrypt(locked.encode("ascii")).decode("ascii")


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def _box(purpose: bytes) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=purpose).derive(storage().settings.secret_key.encode("ascii"))
    return Fernet(base64.urlsafe_b64encode(derived))
