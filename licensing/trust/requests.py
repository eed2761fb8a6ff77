"""What may be asked of the signer, and what it answers. These forms hold no key and open none: the web process needs nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Protocol

from pydantic import ConfigDict

from licensing.errors import Conflict

DIGEST_SIZE: Final = 32
# Between processes a request is JSON: bytes as base64, nothing unknown, no type turned into another.
EXACT: Final = ConfigDict(extra="forbid", strict=True, ser_json_bytes="base64", val_json_bytes="base64")


class SecondPayload(Conflict):
    """This number was already signed, or meant to be, with other content."""

    code = "second-payload"


@dataclass(frozen=True, slots=True)
class QrRequest:
    """Sign the QR code of a licence: ``record`` is its canonical record (JSON), ``payload`` the LZ1 payload that says the same."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    authority_code: str
    record: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class SealRequest:
    """Seal a PDF: ``document`` is the canonical JSON of what it says, a licence record or the content of a letter.

    ``file_digest`` is the SHA-256 of the byte range, ``signed_at`` (aware) the signing time that the file names.
    """

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    authority_code: str
    document: bytes
    file_digest: bytes
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class Seal:
    """A signature value as CMS carries it, the certificate (DER) of its key, and the time-stamp token that was kept, if any."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    certificate: bytes
    signature: bytes
    timestamp: bytes | None


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Sign the status list at ``uri``: moments and ``ttl`` in seconds, ``compressed`` the zlib data of the list."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    uri: str
    issued_at: int
    expires_at: int
    ttl: int
    bits: int
    compressed: bytes


@dataclass(frozen=True, slots=True)
class StatusTokens:
    """One status list, signed in both forms."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    cwt: bytes
    jwt: str


@dataclass(frozen=True, slots=True)
class CheckpointRequest:
    """Sign the head of the log: ``consistency`` proves that it continues the last signed one (RFC 9162 2.1.4)."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    origin: str
    size: int
    root: bytes
    consistency: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The size and root of the largest log that the signer has seen."""

    __pydantic_config__: ClassVar[ConfigDict] = EXACT

    size: int
    root: bytes


class Signer(Protocol):
    """Signs in the name of an authority or of the service; may live in another process. The same request has the same answer.

    All raise ``Invalid`` for a request that breaks its form (``document-refused``, ``payload-mismatch``), ``Misconfigured``
    (``key-not-active``) when no key may sign for that moment, and ``Unavailable`` (``signer-busy``, ``signer-unreachable``,
    ``signer-failed``, ``moment-ahead``) when trying again later may help.
    """

    def sign_qr(self, request: QrRequest) -> bytes:
        """The COSE_Sign1 of the QR code. Raises ``SecondPayload``."""

    def sign_seal(self, request: SealRequest) -> Seal:
        """The signature value over the PAdES attributes of this file, computed here. Raises ``SecondPayload``."""

    def keep_timestamp(self, number: str, token: bytes) -> bytes:
        """The token that counts for the seal on ``number``: the first one kept. Raises ``Invalid`` unless it stamps that seal."""

    def sign_status(self, request: StatusRequest) -> StatusTokens:
        """The status list as CWT and as JWT."""

    def sign_checkpoint(self, request: CheckpointRequest) -> bytes:
        """The signed note. Raises ``Conflict`` (``log-shrunk``, ``log-forked``) unless it continues the last one."""

    def latest_checkpoint(self) -> Checkpoint | None:
        """The largest log that this signer ever signed, or ``None``."""

    def sign_time(self, imprint: bytes) -> bytes:
        """An RFC 3161 token over the SHA-256 ``imprint``, from the test time-stamping authority."""
