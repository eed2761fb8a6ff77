"""Keys are made here and live here: prepared, active, retired or compromised. The signed trust list says in which state each one is.

Where the root's private key is at hand a change is signed at once; where the root is offline, the change waits in a draft for it.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from licensing import clock
from licensing.errors import Conflict, Invalid, Misconfigured
from licensing.settings import Settings
from licensing.trust import ceremony, certificates, drafts, private_keys, trust_list
from licensing.trust.ceremony import Answer
from licensing.trust.certificates import SERVICE, SERVICE_HOLDERS, Holder, Issuer, Purpose, TrustAnchor
from licensing.trust.drafts import Draft, Request
from licensing.trust.layout import KeyFolder, alone, no_such_key, purpose_of_id, qr_id, seal_id, write_file
from licensing.trust.private_keys import SigningKey
from licensing.trust.token_keys import Token
from licensing.trust.trust_list import TrustList
from licensing.trust.trusted_key import KeyState
from licensing.words import Said, say

FILE: Final = "file"
ON_TOKEN: Final = "token"  # noqa: S105
ELSEWHERE: Final = "elsewhere"
_ALWAYS: Final = (Purpose.STATUS, Purpose.LOG)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change led to: the version of the list now in use (0 before the first), and the draft that waits for the root, if any."""

    version: int
    waiting: Draft | None


@dataclass(frozen=True, slots=True)
class KeyView:
    """One key for people: ``place`` is ``file``, ``token`` or ``elsewhere``; ``waiting`` its state after the root has signed the draft."""

    id: str
    holder: Holder
    state: KeyState
    active_from: datetime | None
    since: datetime | None
    not_after: datetime | None
    place: str
    waiting: KeyState | None


def ensure_root(keys_dir: Path) -> TrustAnchor:
    """The root, made when there is none. Raises ``Misconfigured`` when its private key can be read by others."""
    with alone(keys_dir) as folder:
        return _ensure_root(folder)


def ensure_service_keys(
    keys_dir: Path, *, not_before: datetime | None = None, hosts: tuple[str, ...] | None = None, token: Token | None = None
) -> Outcome:
    """The root, the keys with which the service signs status lists and its log, and a list that says so: made when there are none."""
    with changing(keys_dir, token, hosts, first=True) as change:
        for purpose in _ALWAYS:
            change.ensure_service(purpose, not_before)
    return change.outcome


def ensure_test_tsa(keys_dir: Path, *, not_before: datetime | None = None) -> Outcome:
    """A key of the time-stamping authority that ships for development; its certificate says TEST. Never for production."""
    with changing(keys_dir, first=True) as change:
        change.ensure_service(Purpose.TIMESTAMP, not_before)
    return change.outcome


def ensure_authority_keys(
    keys_dir: Path,
    code: str,
    name: str,
    uscc: str,
    kid: bytes,
    *,
    not_before: datetime | None = None,
    hosts: tuple[str, ...] | None = None,
    token: Token | None = None,
) -> None:
    """A seal and the QR key ``kid`` (one or two bytes) of an authority, active, made when there are none; the service's keys too.

    ``not_before`` is the first moment they may sign for, by default today 00:00 UTC; they last five years. What the list has already
    stays in its state; ``hosts`` None keeps those of the list. Raises ``Misconfigured`` when a kid belongs to another authority (kids
    are never used again), a private key is missing, exposed or another one, or the root is offline: then a draft waits for it.
    """
    holder = Holder(code, name, uscc)
    with changing(keys_dir, token, hosts, first=True) as change:
        for purpose in _ALWAYS:
            change.ensure_service(purpose, not_before)
        if not change.seals_of(code):
            change.ensure_active(seal_id(code, 1), holder, not_before)
        change.ensure_active(qr_id(kid), holder, not_before)
    if change.outcome.waiting:
        raise _root_offline(say("The keys of %(name)s wait for the root.", name=name))
    for key in trust_list.load(keys_dir).keys:
        if key.state is KeyState.ACTIVE and key.id in (*change.seals_of(code), qr_id(kid)):
            _check(key.certificate, private_keys.open_key(keys_dir, key.id, token), key.id)


@contextlib.contextmanager
def changing(keys_dir: Path, token: Token | None = None, hosts: tuple[str, ...] | None = None, *, first: bool = False) -> Iterator[Change]:
    """The keys, for a change that is signed by the root, or left as a draft for it, when the block ends; an error changes nothing.

    ``hosts`` are the official host names that the list gives from now on; None keeps them. Raises ``Misconfigured`` (``root-missing``)
    where no root is known, unless it is the ``first`` start, which makes one.
    """
    with alone(keys_dir) as folder:
        if first:
            _ensure_root(folder)
        trust_list.root_here(folder)
        base = drafts.following(ceremony.installed(folder), hosts or (Settings().public_host,))
        before = ceremony.opened(folder, base.hosts)
        change = Change(folder, token, replace(before, hosts=hosts) if hosts else before)
        yield change
        change.outcome = _finish(folder, base, before, change.draft)


class Change:
    """Keys that are being changed; ``outcome`` is there when the block of ``changing`` has ended."""

    outcome: Outcome

    def __init__(self, folder: KeyFolder, token: Token | None, draft: Draft) -> None:
        self.folder = folder
        self.token = token
        self.draft = draft

    def create(self, purpose: Purpose, holder: Holder, *, kid: bytes = b"", not_before: datetime | None = None) -> str:
        """A new key, prepared: its id. ``kid`` is for QR keys, by default the next one that was never used.

        Raises ``Conflict`` for a kid that was.
        """
        key_id = qr_id(kid) if kid else self._free_id(purpose, holder.code)
        if key_id in self._used():
            raise Conflict(say("The key identifier %(kid)s was used before.", kid=kid.hex()), code="kid-used")
        self._prepare(key_id, holder, not_before)
        return key_id

    def activate(self, key_id: str, active_from: datetime | None = None) -> None:
        """A prepared key signs from ``active_from`` on, by default now. Raises ``NotFound``, ``Conflict``, ``Invalid``."""
        moment = _whole(active_from or clock.now())
        certificate = self.certificate(key_id)
        request = self.draft.request(key_id)
        begins = request.not_before if request else x509.load_der_x509_certificate(certificate).not_valid_before_utc
        if moment < begins:
            raise Invalid(say("The certificate of the key %(id)s begins only at %(moment)s.", id=key_id, moment=begins), code="too-early")
        self.draft = drafts.moved(self.draft, key_id, KeyState.ACTIVE, moment, certificate=certificate)

    def retire(self, key_id: str, *, last: bool = False) -> None:
        """An active key signs no more; what it signed stays good. Raises ``NotFound``, ``Conflict``.

        The last one of its kind and holder is kept (``last-key``) unless ``last``: without it nothing could be signed.
        """
        self.certificate(key_id)
        moment = _whole(clock.now())
        after = drafts.moved(self.draft, key_id, KeyState.RETIRED, moment)
        others = [key for key in after.keys if key.state is KeyState.ACTIVE and key.active_from <= moment]
        if not last and self._kin(key_id) not in {self._kin(key.id) for key in others}:
            raise Conflict(
                say("Without the key %(id)s nothing of its kind can be signed.", id=key_id),
                next_step=say("Create and activate the next key first, or say --last."),
                code="last-key",
            )
        self.draft = after

    def compromise(self, key_id: str, since: datetime) -> None:
        """Others may have the key since ``since``: nothing that names a later moment is believed any more, for ever.

        Said again it can only move to an earlier moment. Raises ``NotFound``, ``Conflict``, ``Invalid`` for a moment to come.
        """
        if since > clock.now():
            raise Invalid(say("Nobody can know what will be stolen: name a moment that has passed."), code="too-late")
        certificate = self.certificate(key_id)
        self.draft = drafts.moved(self.draft, key_id, KeyState.COMPROMISED, _whole(since), certificate=certificate)

    def ensure_service(self, purpose: Purpose, not_before: datetime | None) -> None:
        """An active key of the service for ``purpose`` that has not run out, made when there is none."""
        now = clock.now()
        fit = [key for key in self.draft.keys if purpose_of_id(key.id) is purpose and key.state is KeyState.ACTIVE]
        if any(not key.certificate or x509.load_der_x509_certificate(key.certificate).not_valid_after_utc > now for key in fit):
            return
        useful = not_before if not_before and not_before + certificates.LIFETIME > now else None
        self.ensure_active(self._free_id(purpose, SERVICE), SERVICE_HOLDERS[purpose], useful)

    def ensure_active(self, key_id: str, holder: Holder, not_before: datetime | None) -> None:
        """The key with this id, made and activated unless the list knows it. Raises ``Misconfigured`` when it is of another holder."""
        if self.draft.key(key_id) is None:
            self._prepare(key_id, holder, not_before)
            request = self.draft.request(key_id)
            certificate = self.certificate(key_id)
            self.activate(key_id, request.not_before if request else x509.load_der_x509_certificate(certificate).not_valid_before_utc)
        if self.holder(key_id).code != holder.code:
            raise Misconfigured(
                say("The key %(name)s belongs to another authority.", name=key_id),
                next_step=say("Give each authority its own key identifier, and never use one again."),
            )

    def seals_of(self, code: str) -> list[str]:
        """The ids of an authority's seals in the list."""
        return [key.id for key in self.draft.keys if key.id.rpartition("-")[0] == f"{Purpose.SEAL}-{code}"]

    def _prepare(self, key_id: str, holder: Holder, not_before: datetime | None) -> None:
        path = self.folder.path
        if self.draft.request(key_id) or self.folder.pair(key_id).certificate.exists():
            return
        if private_keys.has_key(path, key_id, self.token):  # left by a crash before the certificate was there
            public_key = private_keys.open_key(path, key_id, self.token).public_key
        else:
            public_key = private_keys.make_key(path, key_id, self.token)
        start = not_before or clock.now().replace(hour=0, minute=0, second=0)
        spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.draft = drafts.requested(self.draft, Request(key_id, spki, holder, _whole(start)))

    def certificate(self, key_id: str) -> bytes:
        """In DER, of any key that there is; empty while the root has not issued it."""
        key = self.draft.key(key_id)
        if key is not None or self.draft.request(key_id):
            return key.certificate if key else b""
        path = self.folder.pair(key_id).certificate
        if not path.exists():
            raise no_such_key(key_id)
        return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)

    def holders(self) -> list[Holder]:
        """Whose keys there are, in the order of the list."""
        return [self.holder(key.id) for key in sorted(self.draft.keys, key=lambda key: ceremony.place(key.id))]

    def holder(self, key_id: str) -> Holder:
        request = self.draft.request(key_id)
        return request.holder if request else certificates.holder_of(x509.load_der_x509_certificate(self.certificate(key_id)))

    def _kin(self, key_id: str) -> tuple[Purpose, str]:
        return purpose_of_id(key_id), self.holder(key_id).code

    def _free_id(self, purpose: Purpose, code: str) -> str:
        used = self._used()
        if purpose is Purpose.QR:
            numbers = [int(key_id.partition("-")[2], 16) for key_id in used if purpose_of_id(key_id) is Purpose.QR]
            kid = max(numbers, default=0) + 1
            return qr_id(kid.to_bytes((kid.bit_length() + 7) // 8, "big"))
        made = (seal_id(code, place) if purpose is Purpose.SEAL else f"{purpose}-{place}" for place in itertools.count(1))
        return next(key_id for key_id in made if key_id not in used)

    def _used(self) -> set[str]:
        """The ids of all keys that there ever were, as far as list, draft and folder know."""
        listed = {key.id for key in self.draft.keys} | {request.id for request in self.draft.requests}
        return listed | set(self.folder.certificates()) | set(self.folder.key_ids())


def sign_draft(keys_dir: Path, draft: Draft | None = None, hosts: tuple[str, ...] | None = None) -> Answer:
    """The root, here, signs a draft (by default the one that waits here, or a renewal) and remembers the list as its own last one.

    Raises ``Misconfigured`` without the root's private key, ``TrustListRefused`` for a draft that does not follow what it signed last.
    """
    with alone(keys_dir) as folder:
        if not folder.root.key.exists():
            raise _root_offline(say("The private key of the root is not here."))
        wanted = draft or ceremony.opened(folder, hosts or (Settings().public_host,))
        wanted = replace(wanted, hosts=hosts) if hosts else wanted
        answer = ceremony.sign(wanted, _issuer(folder), _whole(clock.now()))
        ceremony.install(folder, answer)
        return answer


def install_list(keys_dir: Path, answer: Answer) -> TrustList:
    """Install what the root made of the draft that waits here. Raises ``TrustListRefused``, ``Invalid``."""
    with alone(keys_dir) as folder:
        return ceremony.install(folder, answer)


def views(keys_dir: Path, token: Token | None = None) -> list[KeyView]:
    """Every key but the root, as the installed list has it, those that are only prepared or waiting included; changes nothing."""
    folder = KeyFolder(keys_dir)
    listed = ceremony.installed(folder)
    draft = ceremony.opened(folder, (Settings().public_host,))
    ids = {key.id for key in draft.keys} | {request.id for request in draft.requests} | set(folder.certificates())
    return [_view(folder, token, listed, draft, key_id) for key_id in sorted(ids, key=ceremony.place)]


def _view(folder: KeyFolder, token: Token | None, listed: TrustList | None, draft: Draft, key_id: str) -> KeyView:
    change = Change(folder, token, draft)
    key = listed.by_id.get(key_id) if listed else None
    der = change.certificate(key_id)
    certificate = x509.load_der_x509_certificate(der) if der else None
    state, wanted = key.state if key else KeyState.PREPARED, draft.key(key_id)
    place = FILE if folder.pair(key_id).key.exists() else ON_TOKEN if private_keys.has_key(folder.path, key_id, token) else ELSEWHERE
    return KeyView(
        id=key_id,
        holder=change.holder(key_id),
        state=state,
        active_from=key.active_from if key else None,
        since=key.since if key else None,
        not_after=certificate.not_valid_after_utc if certificate else None,
        place=place,
        waiting=wanted.state if wanted and wanted.state is not state else None,
    )


def _finish(folder: KeyFolder, base: Draft, before: Draft, after: Draft) -> Outcome:
    if after == base:
        return Outcome(base.version - 1, None)
    if after != before or not folder.draft.exists():
        write_file(folder.draft, drafts.to_json(after))
    if not folder.root.key.exists():
        return Outcome(base.version - 1, after)
    issuer = _issuer(folder)
    if (after.keys, after.hosts) != (base.keys, base.hosts):
        return Outcome(ceremony.install(folder, ceremony.sign(after, issuer, _whole(clock.now()))).version, None)
    for request in after.requests:  # a key that is only prepared is in no list
        ceremony.write_certificate(folder, request, ceremony.issue(request, issuer), issuer.anchor)
    folder.draft.unlink()
    return Outcome(base.version - 1, None)


def _ensure_root(folder: KeyFolder) -> TrustAnchor:
    root = folder.root
    if not root.certificate.exists():
        if not root.key.exists():
            private_keys.write_private_key(root.key, certificates.new_key())
        write_file(root.certificate, certificates.root_certificate(_root_key(folder)).public_bytes(Encoding.PEM))
    if root.key.exists():
        _root_key(folder)
    return trust_list.root_here(folder)


def _issuer(folder: KeyFolder) -> Issuer:
    return Issuer(trust_list.root_here(folder), _root_key(folder), clock.now())


def _root_key(folder: KeyFolder) -> ec.EllipticCurvePrivateKey:
    key = private_keys.read_private_key(folder.root.key)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise Misconfigured(say("The private key %(name)s is not a P-256 key.", name=folder.root.key.name))
    return key


def _root_offline(sentence: Said) -> Misconfigured:
    step = say("Take trust-list.draft.json to where the root is, and run leizheng trust-list sign there.")
    return Misconfigured(sentence, next_step=step, code="root-offline")


def _check(certificate: x509.Certificate, key: SigningKey, key_id: str) -> None:
    if certificate.public_key() != key.public_key:
        raise Misconfigured(say("The certificate %(name)s does not belong to the private key beside it.", name=key_id))


def _whole(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
