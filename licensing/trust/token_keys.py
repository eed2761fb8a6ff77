"""Private keys on a PKCS#11 token: made there, used there, never read out. A key is found by its label, which is its id.

Source: PKCS #11 v3.0, 2.3 (ECDSA on P-256, EdDSA on edwards25519). The log key needs a token that knows EdDSA.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from asn1crypto.core import ObjectIdentifier, OctetString
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from licensing.errors import Misconfigured, Unavailable
from licensing.settings import Settings
from licensing.trust import cose
from licensing.trust.certificates import PublicKey
from licensing.trust.layout import exposed
from licensing.words import say

_P256: Final = "1.2.840.10045.3.1.7"
_EDWARDS25519: Final = "1.3.101.112"  # RFC 8410 3
# One login serves a whole process and a session is not for two threads at once (PKCS #11 5.6.7, 5.1.4).
_LOCK: Final = threading.RLock()
_SESSIONS: Final[dict[Token, tuple[int, Any]]] = {}


@dataclass(frozen=True, slots=True)
class Token:
    """Where the token is: the vendor's library, the label of the token, a file with the user's PIN (0600)."""

    module: str
    label: str
    pin_file: Path

    @classmethod
    def of(cls, settings: Settings) -> Token | None:
        """The token that the settings name, ``None`` when keys are files. Raises ``Misconfigured`` when a part is missing."""
        if not settings.pkcs11_module:
            return None
        if not settings.pkcs11_token or settings.pkcs11_pin_file is None:
            raise Misconfigured(
                say("The token needs its library, its label and a file with its PIN."),
                next_step=say("Set LEIZHENG_PKCS11_TOKEN and LEIZHENG_PKCS11_PIN_FILE too."),
            )
        return cls(settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin_file)


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A key that signs on its token."""

    token: Token
    label: str
    public_key: PublicKey

    def sign(self, data: bytes) -> bytes:
        """DER with the smaller s for ECDSA with SHA-256, raw for EdDSA. Raises ``Unavailable`` when the token does not answer."""
        pkcs11 = _library()
        with _session(self.token) as session:
            key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=self.label)
            if isinstance(self.public_key, ed25519.Ed25519PublicKey):
                return bytes(key.sign(data, mechanism=pkcs11.Mechanism.EDDSA))
            raw = key.sign(hashlib.sha256(data).digest(), mechanism=pkcs11.Mechanism.ECDSA)
        half = len(raw) // 2
        return cose.smaller_s(encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")))


def open_key(token: Token, label: str) -> TokenKey:
    """The key with this label. Raises ``Misconfigured`` when the token has none, or two; ``Unavailable`` when it does not answer."""
    pkcs11 = _library()
    with _session(token) as session:
        return TokenKey(token, label, _public_key(session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, label=label)))


def has_key(token: Token, label: str) -> bool:
    """True when the token has a private key with this label."""
    pkcs11 = _library()
    wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY, pkcs11.Attribute.LABEL: label}
    with _session(token) as session:
        return any(True for _ in session.get_objects(wanted))


def make_key(token: Token, label: str, *, edwards: bool) -> PublicKey:
    """A new key with this label: on edwards25519, or else on P-256. It cannot be read out or copied."""
    pkcs11 = _library()
    kind, curve = (pkcs11.KeyType.EC_EDWARDS, _EDWARDS25519) if edwards else (pkcs11.KeyType.EC, _P256)
    mechanism = pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN if edwards else pkcs11.Mechanism.EC_KEY_PAIR_GEN
    parameters = {pkcs11.Attribute.EC_PARAMS: ObjectIdentifier(curve).dump()}
    secret = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False, pkcs11.Attribute.PRIVATE: True}
    with _session(token) as session:
        domain = session.create_domain_parameters(kind, parameters, local=True)
        public, _ = domain.generate_keypair(store=True, label=label, id=label.encode(), mechanism=mechanism, private_template=secret)
        return _public_key(public)


def forget() -> None:
    """Close the sessions of this process; the next use opens a new one."""
    pkcs11 = _library()
    with _LOCK:
        while _SESSIONS:
            _, (process, session) = _SESSIONS.popitem()
            if process == os.getpid():
                with contextlib.suppress(pkcs11.PKCS11Error):  # it may be the reason why we are here
                    session.close()


def _public_key(key: Any) -> PublicKey:
    pkcs11 = _library()
    point = bytes(OctetString.load(key[pkcs11.Attribute.EC_POINT]))
    if key.key_type == pkcs11.KeyType.EC_EDWARDS:
        return ed25519.Ed25519PublicKey.from_public_bytes(point)
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)


@contextlib.contextmanager
def _session(token: Token) -> Iterator[Any]:
    pkcs11 = _library()
    with _LOCK:
        try:
            yield _opened(token)
        except pkcs11.NoSuchKey as error:
            raise Misconfigured(
                say("The private key is neither a file nor on the token."), next_step=say("Run leizheng doctor.")
            ) from error
        except pkcs11.MultipleObjectsReturned as error:
            raise Misconfigured(
                say("The token has two keys with one label."), next_step=say("Remove the one that was not listed.")
            ) from error
        except (pkcs11.PKCS11Error, ValueError) as error:
            forget()  # the next request tries with a new session
            raise Unavailable(
                say("The token does not do what it should: %(reason)s.", reason=type(error).__name__),
                next_step=say("Check the token, its label and its PIN."),
                code="token-unreachable",
            ) from error


def _opened(token: Token) -> Any:
    process, session = _SESSIONS.get(token, (0, None))
    if process != os.getpid():
        library = _library().lib(token.module)
        if process:  # a forked child has the parent's handles, but no library that knows them (PKCS #11 5.4)
            library.reinitialize()
        session = library.get_token(token_label=token.label).open(user_pin=_pin(token.pin_file), rw=True)
        _SESSIONS[token] = os.getpid(), session
    return session


def _pin(path: Path) -> str:
    if not path.exists() or exposed(path):
        raise Misconfigured(
            say("The file with the PIN of the token is missing or can be read by others."), next_step=say("Give it mode 0600.")
        )
    return path.read_text(encoding="ascii").strip()


def _library() -> Any:
    try:
        import pkcs11
    except ImportError as error:
        raise Misconfigured(say("Keys on a token need the package python-pkcs11."), next_step=say("Install leizheng[token].")) from error
    return pkcs11
