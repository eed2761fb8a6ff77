"""Time stamps for new seals: asked of an authority by RFC 3161, and taken only from one that the trust list pins."""

from __future__ import annotations

import http.client
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final, NoReturn
from urllib.parse import SplitResult, urlsplit

from asn1crypto import algos, tsp
from cryptography import x509

from licensing.errors import Misconfigured, Unavailable
from licensing.settings import Settings
from licensing.trust import timestamp_token
from licensing.trust.current import current_signer, current_trust_list
from licensing.trust.timestamp_token import Token
from licensing.words import say

TEST: Final = "test"
SECONDS: Final = 10.0
_LARGEST_ANSWER: Final = timestamp_token.TOKEN_LIMIT + 1024
_QUERY: Final = "application/timestamp-query"
_REPLY: Final = "application/timestamp-reply"
_NONCE_BITS: Final = 63
_KINDS: Final = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


def authority(settings: Settings) -> x509.Certificate | None:
    """The certificate of the authority that new seals are stamped by; ``None`` where the settings name none.

    Raises ``Misconfigured`` (``tsa-not-pinned``) when the trust list has no active time-stamping key.
    """
    if not settings.tsa:
        return None
    key = current_trust_list(settings).timestamp_key
    if key is None:
        _not_pinned()
    return key.certificate


def request(settings: Settings, imprint: bytes) -> bytes:
    """A new token (DER, in its one spelling) over the SHA-256 ``imprint``, from the authority that ``settings.tsa`` names.

    ``test`` is the one that ships and lives in the signer; anything else is an address that is asked over HTTP within ten seconds, without
    redirects. Raises ``Unavailable`` (``tsa-unreachable``, ``tsa-refused``) when trying again may help, ``Invalid``
    (``timestamp-refused``) for an answer that is no acceptable token, ``Misconfigured`` (``tsa-not-pinned``) for one by a stranger.
    """
    if settings.tsa == TEST:
        token = timestamp_token.canonical(current_signer(settings).sign_time(imprint))
    else:
        token = _asked(settings.tsa, imprint)
    pinned = current_trust_list(settings).timestamp(token.certificate)
    if pinned is None or pinned.judge(token.moment) != "ok":
        _not_pinned()
    if token.imprint != imprint:
        _refused()
    return token.der


def query(imprint: bytes, nonce: int) -> bytes:
    """The DER of a time-stamp request that wants the authority's certificate with the answer. Source: RFC 3161 2.4.1."""
    what = tsp.MessageImprint({"hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "hashed_message": imprint})
    return bytes(tsp.TimeStampReq({"version": "v1", "message_imprint": what, "nonce": nonce, "cert_req": True}).dump())


def token_of(answer: bytes, nonce: int) -> Token:
    """The token in a time-stamp response that was granted for this ``nonce``. Source: RFC 3161 2.4.2.

    Raises ``Unavailable`` (``tsa-refused``) when it was not granted or answers another request.
    """
    try:
        response = tsp.TimeStampResp.load(answer, strict=True)
        granted = response["status"]["status"].native == "granted"
        der = response["time_stamp_token"].dump() if granted else b""
    except (ValueError, TypeError) as error:
        raise _refusal() from error
    if not granted:
        _refused()
    token = timestamp_token.canonical(der)
    if token.nonce != nonce:
        _refused()
    return token


def _asked(address: str, imprint: bytes) -> Token:
    nonce = secrets.randbits(_NONCE_BITS) + 1
    place = _place(address)
    try:
        answer = _post(place, query(imprint, nonce))
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(
            say("The time-stamping authority does not answer."), next_step=say("Try again in some minutes."), code="tsa-unreachable"
        ) from error
    return token_of(answer, nonce)


def _place(address: str) -> SplitResult:
    try:
        place = urlsplit(address)
        usable = place.scheme in _KINDS and place.hostname and place.port != 0 and not (place.username or place.password)
    except ValueError:
        usable = None
    if not usable:
        raise Misconfigured(
            say("The address of the time-stamping authority is not one: %(address)s.", address=address),
            next_step=say("Set LEIZHENG_TSA to an http or https address, to test, or to nothing."),
        )
    return place


def _post(address: SplitResult, body: bytes) -> bytes:
    path = f"{address.path or '/'}{'?' + address.query if address.query else ''}"
    with _connected(address) as connection:
        connection.request("POST", path, body, {"Content-Type": _QUERY, "Accept": _REPLY, "Connection": "close"})
        with connection.getresponse() as response:
            # The library follows no redirect: any status but this one is no answer.
            if response.status != http.client.OK or response.headers.get_content_type() != _REPLY:
                _refused()
            answer = response.read(_LARGEST_ANSWER + 1)
    if len(answer) > _LARGEST_ANSWER:
        _refused()
    return answer


@contextmanager
def _connected(address: SplitResult) -> Iterator[http.client.HTTPConnection]:
    connection = _KINDS[address.scheme](address.hostname or "", address.port, timeout=SECONDS)
    connection.connect()
    # The time limit of a socket starts anew with every byte; this one does not.
    deadline = time.monotonic() + SECONDS
    end = threading.Timer(SECONDS, _hang_up, (connection.sock,))
    end.daemon = True
    end.start()
    try:
        yield connection
        if time.monotonic() >= deadline:
            raise TimeoutError
    finally:
        end.cancel()
        connection.close()


def _hang_up(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _refused() -> NoReturn:
    raise _refusal()


def _refusal() -> Unavailable:
    return Unavailable(
        say("The time-stamping authority did not grant the time stamp."),
        next_step=say("Look at the log of the authority, then try again."),
        code="tsa-refused",
    )


def _not_pinned() -> NoReturn:
    raise Misconfigured(
        say("The trust list pins no active key of this time-stamping authority."),
        next_step=say("Add it to the trust list, or set LEIZHENG_TSA to nothing."),
        code="tsa-not-pinned",
    )
