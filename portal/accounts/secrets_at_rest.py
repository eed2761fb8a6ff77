"""How passwords and second-factor secrets are kept: Argon2id for the first, encryption for the second."""

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


def lock(secret: str) -> str:
    """The secret as it is stored."""
    return _box().encrypt(secret.encode("ascii")).decode("ascii")


def unlock(locked: str) -> str:
    """The secret as the authenticator has it."""
    return _box().decrypt(locked.encode("ascii")).decode("ascii")


@cache
def _hash_of_nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def _box() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"leizheng totp").derive(storage().settings.secret_key.encode("ascii"))
    return Fernet(base64.urlsafe_b64encode(derived))
