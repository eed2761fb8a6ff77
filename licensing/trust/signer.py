"""Signs structured requests with the private keys of this machine, and never two payloads for one number.

Order: check the request, journal the intent (fsync), sign, journal the answer (fsync), answer. A crash anywhere leaves a record of what
may exist. ``requests`` holds the forms; ``signer_process`` puts this into a process of its own.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ed25519

from licensing.errors import Conflict, Invalid, LeizhengError, Misconfigured, Unavailable
from licensing.ledger import notes
from licensing.ledger.rules import verify_consistency
from licensing.moments import now
from licensing.trust import attributes, cose, schema, status_token, test_tsa, timestamp_token, trust_list
from licensing.trust.certificates import SERVICE, Purpose
from licensing.trust.journal import Answer, Entry, Journal, Name, OpenJournal, TreeHead
from licensing.trust.layout import KeyFolder
from licensing.trust.private_keys import SigningKey, open_key, sign_raw
from licensing.trust.requests import (
    DIGEST_SIZE,
    Checkpoint,
    CheckpointRequest,
    QrRequest,
    Seal,
    SealRequest,
    SecondPayload,
    Signer,
    StatusRequest,
    StatusTokens,
)
from licensing.trust.schema import Document
from licensing.trust.token_keys import Token
from licensing.trust.trust_list import TrustList
from licensing.trust.trusted_key import TrustedKey
from licensing.words import Said, say

__all__ = [
    "Checkpoint",
    "CheckpointRequest",
    "LocalSigner",
    "QrRequest",
    "Seal",
    "SealRequest",
    "SecondPayload",
    "Signer",
    "StatusRequest",
    "StatusTokens",
]

QR: Final = "qr"
SEAL: Final = "seal"
CLOCK_SKEW: Final = timedelta(minutes=5)
LONGEST_STATUS: Final = 48 * 3600
_LONGEST_PROOF: Final = 64
_MINUTE: Final = 60.0


class LocalSigner:
    """Signs with the keys in a folder of this machine, or on its token; safe to share between threads and to run in several processes.

    ``rate`` is how many new signatures of each purpose are given in a minute; what was signed before is given again without limit.
    """

    def __init__(self, keys_dir: Path, journal_path: Path, *, rate: int = 600, token: Token | None = None) -> None:
        self._keys = _Keys(keys_dir, token)
        self._journal = Journal(journal_path)
        self._rate = _RateCap(rate)
        self._lock = threading.Lock()

    def sign_qr(self, request: QrRequest) -> bytes:
        """See ``Signer.sign_qr``. The key is the authority's newest one that is active and covers the moment of the decision."""
        document = schema.read(request.record)
        schema.check_payload(document, request.payload)
        entry = _entry(QR, request.authority_code, document, hashlib.sha256(request.payload).digest())
        moment = datetime.fromisoformat(document.fields["decided_at"])
        answer, _ = self._once(entry, document, Purpose.QR, moment, lambda key, private: _cose(key, private, request.payload))
        return answer.signature

    def sign_seal(self, request: SealRequest) -> Seal:
        """See ``Signer.sign_seal``. The attributes are the three of PAdES B-B, for this file and this seal (ETSI EN 319 142-1 6.3)."""
        document = schema.read(request.document)
        _need_digest(request.file_digest, "file_digest")
        if request.signed_at.tzinfo is None or not document.fits_moment(request.signed_at):
            raise _mismatch(say("The seal would name another time than the document does."))
        entry = _entry(SEAL, request.authority_code, document, request.file_digest)
        answer, timestamp = self._once(
            entry,
            document,
            Purpose.SEAL,
            request.signed_at,
            lambda key, private: private.sign(attributes.signed_attributes(request.file_digest, key.der)),
        )
        return Seal(answer.certificate, answer.signature, timestamp)

    def keep_timestamp(self, number: str, token: bytes) -> bytes:
        """See ``Signer.keep_timestamp``. Of several versions under the number, the one whose signature was stamped."""
        stamp = timestamp_token.canonical(token)
        with self._lock, self._journal.alone() as journal:
            name = _stamped(journal, number, stamp.imprint)
            kept = journal.timestamp(name)
            if kept is None:
                journal.write_timestamp(name, stamp.der)
            return kept or stamp.der

    def sign_status(self, request: StatusRequest) -> StatusTokens:
        """See ``Signer.sign_status``: a list of this service, of the width we use, that ends within two days of its making."""
        listed = self._keys.listed()
        _check_status(request, listed)
        moment = datetime.fromtimestamp(request.issued_at, UTC)
        _not_ahead(moment)
        key, private = self._keys.signing(Purpose.STATUS, SERVICE, moment)
        self._rate.take(Purpose.STATUS)
        claims = status_token.StatusClaims(
            request.uri, request.issued_at, request.expires_at, request.ttl, request.bits, request.compressed
        )
        sign = partial(sign_raw, private)
        return StatusTokens(status_token.cwt(claims, key.kid, sign), status_token.jwt(claims, key.kid, sign))

    def sign_checkpoint(self, request: CheckpointRequest) -> bytes:
        """See ``Signer.sign_checkpoint``. What was signed once is remembered before it is signed: no smaller and no other log after it."""
        listed = self._keys.listed()
        _check_checkpoint(request, listed)
        key, private = self._keys.signing(Purpose.LOG, SERVICE, now())
        with self._lock, self._journal.alone() as journal:
            last = journal.tree(request.origin)
            _refuse_other_log(last, request)
            if last is None or last.size < request.size:
                self._rate.take(Purpose.LOG)
                journal.write_tree(request.origin, TreeHead(request.size, request.root))
            note_key = notes.NoteKey(request.origin, _edwards(key).public_bytes_raw())
            return notes.sign_note(notes.Checkpoint(request.origin, request.size, request.root).text, note_key, private.sign)

    def latest_checkpoint(self) -> Checkpoint | None:
        """See ``Signer.latest_checkpoint``: of the log that the trust list names."""
        origin = self._keys.listed().origin
        with self._lock, self._journal.alone() as journal:
            last = journal.tree(origin)
        return Checkpoint(last.size, last.root) if last else None

    def sign_time(self, imprint: bytes) -> bytes:
        """See ``Signer.sign_time``. The clock is that of this machine."""
        _need_digest(imprint, "imprint")
        moment = now()
        key, private = self._keys.signing(Purpose.TIMESTAMP, SERVICE, moment)
        self._rate.take(Purpose.TIMESTAMP)
        return test_tsa.token(imprint, moment, key.der, private.sign)

    def _once(
        self, entry: Entry, document: Document, purpose: Purpose, moment: datetime, sign: Callable[[TrustedKey, SigningKey], bytes]
    ) -> tuple[Answer, bytes | None]:
        with self._lock, self._journal.alone() as journal:
            _refuse_second_payload(journal, entry)
            answered = journal.answer(entry.name)
            if answered is not None:
                return answered, journal.timestamp(entry.name)
            _not_ahead(moment)
            key, private = self._keys.signing(purpose, entry.authority, moment)
            _check_issuer(document, key)
            self._rate.take(purpose)
            if journal.intent(entry.name) is None:
                journal.write_intent(entry)
            answer = Answer(sign(key, private), key.der)
            journal.write_answer(entry.name, answer)
            return answer, None


class _Keys:
    """The installed trust list and the private keys to it, each read once and the list again when it changes."""

    def __init__(self, keys_dir: Path, token: Token | None) -> None:
        self._folder = KeyFolder(keys_dir)
        self._token = token
        self._list: tuple[tuple[int, int], TrustList] | None = None
        self._open: dict[str, SigningKey] = {}

    def listed(self) -> TrustList:
        """The trust list as it is installed now. Raises ``Misconfigured`` when there is none."""
        path = self._folder.trust_list
        state = path.stat() if path.exists() else None
        stamp = (state.st_ino, state.st_mtime_ns) if state else (0, 0)
        if self._list is None or self._list[0] != stamp:
            self._list = stamp, trust_list.load(self._folder.path)
        return self._list[1]

    def signing(self, purpose: Purpose, holder_code: str, moment: datetime) -> tuple[TrustedKey, SigningKey]:
        """The newest active key of a holder (an authority, or the service) that covers ``moment``, and its private half.

        Raises ``Misconfigured``: ``key-not-active`` when there is none, or when the private key is missing or belongs to another entry.
        """
        key = self.listed().signing_key(purpose, holder_code, moment)
        if key is None:
            raise Misconfigured(
                say(
                    "No active key for “%(purpose)s” of %(holder)s covers %(day)s.",
                    purpose=purpose.value,
                    holder=holder_code,
                    day=moment.date(),
                ),
                next_step=say("An operator has to make and activate a key for this period; see leizheng keys list."),
                code="key-not-active",
            )
        if key.id not in self._open:
            self._open[key.id] = open_key(self._folder.path, key.id, self._token)
        if self._open[key.id].public_key != key.public_key:
            raise Misconfigured(say("The private key %(id)s does not belong to its certificate.", id=key.id))
        return key, self._open[key.id]


class _RateCap:
    """How many new signatures of one purpose there may be in a minute: who breaks in cannot make licences by the thousand (threat G4)."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._given: defaultdict[Purpose, deque[float]] = defaultdict(deque)

    def take(self, purpose: Purpose) -> None:
        """Count one more. Raises ``Unavailable`` (``signer-busy``) when the minute is used up."""
        moment = time.monotonic()
        with self._lock:
            given = self._given[purpose]
            while given and not moment - _MINUTE < given[0] <= moment:
                given.popleft()
            if len(given) >= self._most:
                raise Unavailable(
                    say("The signer has given as many signatures as it may in one minute."),
                    next_step=say("Nothing is lost. Try again in a minute."),
                    code="signer-busy",
                )
            given.append(moment)


def _cose(key: TrustedKey, private: SigningKey, payload: bytes) -> bytes:
    return cose.sign1(payload, {cose.ALG: cose.algorithm_of(key.public_key), cose.KID: key.kid}, partial(sign_raw, private))


def _entry(kind: str, authority_code: str, document: Document, content: bytes) -> Entry:
    return Entry(
        kind=kind,
        number=document.number,
        version=document.version,
        identifier=document.identifier,
        authority=authority_code,
        document=document.digest.hex(),
        content=content.hex(),
    )


def _refuse_second_payload(journal: OpenJournal, entry: Entry) -> None:
    first = journal.intent(entry.name)
    documents = {journal.document(claim) for claim in entry.claims} - {None}
    if (first is not None and first != entry) or documents - {bytes.fromhex(entry.document)}:
        raise SecondPayload(
            say("The number %(number)s was already signed with other content.", number=entry.number),
            next_step=say("Void this number and take the next one."),
        )


def _check_issuer(document: Document, key: TrustedKey) -> None:
    """A key speaks in its own authority's name only."""
    if document.issuer != key.issuer or document.issuer_code not in {"", key.uscc}:
        raise Misconfigured(
            say("The key belongs to %(holder)s, but the document names %(issuer)s.", holder=key.issuer, issuer=document.issuer),
            next_step=say("An operator has to compare the authority with the certificate of its key."),
            code="other-issuer",
        )


def _not_ahead(moment: datetime) -> None:
    if moment > now() + CLOCK_SKEW:
        raise Unavailable(
            say("The document names a moment that has not come yet."),
            next_step=say("Compare the clocks of the portal and of the signer."),
            code="moment-ahead",
        )


def _stamped(journal: OpenJournal, number: str, imprint: bytes) -> Name:
    for name in journal.names(SEAL, number):
        answer = journal.answer(name)
        if answer is not None and hashlib.sha256(answer.signature).digest() == imprint:
            return name
    raise _mismatch(say("The time stamp is not for a seal on the number %(number)s.", number=number))


def _check_status(request: StatusRequest, listed: TrustList) -> None:
    known = request.uri in {key.status_list for key in listed.keys}
    lasting = 0 < request.expires_at - request.issued_at <= LONGEST_STATUS and 0 < request.ttl <= LONGEST_STATUS
    if not known or not lasting or request.bits != status_token.BITS or request.issued_at < 0:
        raise _mismatch(say("This is not a status list of this service."))
    try:
        status_token.inflate(request.compressed)
    except LeizhengError as error:
        raise _mismatch(error.sentence) from error


def _check_checkpoint(request: CheckpointRequest, listed: TrustList) -> None:
    _need_digest(request.root, "root")
    proof = request.consistency
    if (
        request.origin != listed.origin
        or request.size < 0
        or len(proof) > _LONGEST_PROOF
        or any(len(part) != DIGEST_SIZE for part in proof)
    ):
        raise _mismatch(say("This is not a checkpoint of the log of this service."))


def _refuse_other_log(last: TreeHead | None, request: CheckpointRequest) -> None:
    if last is None:
        return
    if request.size < last.size:
        raise Conflict(
            say("The log has %(size)s entries, but %(before)s were signed already.", size=request.size, before=last.size),
            next_step=say("Restore the newest state of the database."),
            code="log-shrunk",
        )
    grown_from_nothing = last.size == 0 and (request.size > 0 or request.root == last.root)
    if not grown_from_nothing and not verify_consistency(last.size, request.size, last.root, request.root, request.consistency):
        raise Conflict(
            say("The log does not continue the one of %(before)s entries that was signed.", before=last.size),
            next_step=say("Find out who changed the database."),
            code="log-forked",
        )


def _edwards(key: TrustedKey) -> ed25519.Ed25519PublicKey:
    if not isinstance(key.public_key, ed25519.Ed25519PublicKey):
        raise Misconfigured(say("The log needs an Ed25519 key."), code="key-not-active")
    return key.public_key


def _need_digest(value: bytes, field: str) -> None:
    if len(value) != DIGEST_SIZE:
        raise _mismatch(say("The %(field)s is not a SHA-256.", field=field))


def _mismatch(sentence: Said) -> Invalid:
    return Invalid(sentence, code="payload-mismatch")
