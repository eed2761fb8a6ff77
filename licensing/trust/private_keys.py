"""The one reader of private keys: PKCS#8 files that their owner alone can read, or keys that never leave a PKCS#11 token.

Imported by ``signer`` (which signs with them) and by ``keys`` (which makes them), and by nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from licensing.errors import Misconfigured
from licensing.trust import certificates, cose, token_keys
from licensing.trust.certificates import PublicKey, Purpose
from licensing.trust.layout import PRIVATE_FILE, KeyFolder, exposed, purpose_of_id, write_file
from licensing.trust.token_keys import Token
from licensing.words import say

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class SigningKey(Protocol):
    """A key that signs, wherever it lies."""

    @property
    def public_key(self) -> PublicKey:
        """Its public half."""

    def sign(self, data: bytes) -> bytes:
        """The signature over ``data``: DER with the smaller s for ECDSA with SHA-256 (RFC 5753), raw for EdDSA (RFC 8419)."""


@dataclass(frozen=True, slots=True)
class FileKey:
    """A key in the memory of this process, read from a file."""

    private_key: PrivateKey

    @property
    def public_key(self) -> PublicKey:
        return self.private_key.public_key()

    def sign(self, data: bytes) -> bytes:
        """See ``SigningKey.sign``."""
        if isinstance(self.private_key, ed25519.Ed25519PrivateKey):
            return self.private_key.sign(data)
        return cose.smaller_s(self.private_key.sign(data, ec.ECDSA(hashes.SHA256())))


def open_key(keys_dir: Path, key_id: str, token: Token | None = None) -> SigningKey:
    """The private key with this id: its file, or else the key of that label on ``token``.

    Raises ``Misconfigured`` when it is in neither place, broken, of a foreign kind, or a file that others can read; ``Unavailable``
    when the token does not answer.
    """
    path = KeyFolder(keys_dir).pair(key_id).key
    return FileKey(read_private_key(path)) if token is None or path.exists() else token_keys.open_key(token, key_id)


def has_key(keys_dir: Path, key_id: str, token: Token | None = None) -> bool:
    """True when the private key with this id is here, as a file or on ``token``."""
    return KeyFolder(keys_dir).pair(key_id).key.exists() or (token is not None and token_keys.has_key(token, key_id))


def make_key(keys_dir: Path, key_id: str, token: Token | None = None) -> PublicKey:
    """A new private key under this id, of the kind that its purpose needs: on ``token`` when there is one, else in a file."""
    purpose = purpose_of_id(key_id)
    if token is not None and purpose is not Purpose.TIMESTAMP:
        return token_keys.make_key(token, key_id, edwards=purpose is Purpose.LOG)
    key = ed25519.Ed25519PrivateKey.generate() if purpose is Purpose.LOG else certificates.new_key()
    return write_private_key(KeyFolder(keys_dir).pair(key_id).key, key)


def write_private_key(path: Path, key: PrivateKey) -> PublicKey:
    """Write a private key as PKCS#8, mode 0600; gives its public half."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_file(path, pem, PRIVATE_FILE)
    return key.public_key()


def read_private_key(path: Path) -> PrivateKey:
    """The private key in a PEM file; raises ``Misconfigured`` when it is missing, broken, of a foreign kind or readable by others."""
    if not path.exists():
        raise Misconfigured(say("The private key %(name)s is missing.", name=path.name), next_step=say("Run leizheng init."))
    if exposed(path):
        raise Misconfigured(
            say("The private key %(name)s can be read by others.", name=path.name),
            next_step=say("Give the file mode 0600 and its folder mode 0700, and think about a new key."),
        )
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise Misconfigured(say("The private key %(name)s cannot be read.", name=path.name)) from error
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    raise Misconfigured(say("The private key %(name)s is neither P-256 nor Ed25519.", name=path.name))


def sign_raw(key: SigningKey, data: bytes) -> bytes:
    """64 raw bytes as COSE carries them: r‖s (ECDSA with SHA-256) or EdDSA. Source: RFC 9053 2."""
    signature = key.sign(data)
    return signature if isinstance(key.public_key, ed25519.Ed25519PublicKey) else cose.raw_signature(signature)
