"""The root signs a draft, and the signed list is installed: on one machine, or on two with a medium carried between them.

Nothing here reads a private key; whoever holds the root's hands it in.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from licensing.errors import Invalid
from licensing.trust import certificates, cose, drafts, trust_list
from licensing.trust.certificates import USAGE, Issuer, Purpose, TrustAnchor
from licensing.trust.drafts import Draft, DraftKey, Request
from licensing.trust.layout import KeyFolder, purpose_of_id, write_file
from licensing.trust.trust_list import TrustList
from licensing.trust.trusted_key import KeyState, TrustedKey
from licensing.words import say

FORMAT: Final = "leizheng-trust-list-signed/1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the root gives back: the signed list, and the certificates it issued (DER) by the ids of their keys."""

    signed: bytes
    certificates: Mapping[str, bytes]


def opened(folder: KeyFolder, hosts: tuple[str, ...]) -> Draft:
    """The draft that waits here, brought up to the installed list; without one, a draft that changes nothing."""
    base = drafts.following(installed(folder), hosts)
    if not folder.draft.exists():
        return base
    return drafts.rebased(drafts.from_json(folder.draft.read_bytes()), base, frozenset(folder.certificates()))


def installed(folder: KeyFolder) -> TrustList | None:
    """The trust list here, ``None`` before the first. Raises ``Misconfigured`` when it is not one of this root."""
    return trust_list.load(folder.path) if folder.trust_list.exists() else None


def issue(request: Request, issuer: Issuer) -> bytes:
    """The certificate (DER) that the root gives to a request. Raises ``Invalid`` for a key of the wrong kind."""
    purpose = purpose_of_id(request.id)
    try:
        kid = bytes.fromhex(request.id.partition("-")[2]) if purpose is Purpose.QR else b""
        public_key = serialization.load_der_public_key(request.public_key)
        dated = replace(issuer, not_before=request.not_before)
        issued = certificates.certificate(purpose, request.holder, public_key, dated, kid=kid)  # type: ignore[arg-type]
    except (ValueError, TypeError) as error:
        raise Invalid(say("The key %(id)s cannot be certified.", id=request.id)) from error
    return issued.public_bytes(Encoding.DER)


def sign(draft: Draft, issuer: Issuer, moment: datetime) -> Answer:
    """The list that ``draft`` asks for, signed at ``moment`` (aware, whole seconds); valid for 180 days."""
    issued = {request.id: issue(request, issuer) for request in draft.requests}
    keys = tuple(_listed(key, issued, draft.hosts) for key in sorted(draft.keys, key=lambda key: place(key.id)))
    next_update = moment + trust_list.LIFETIME
    revoked = [(key.certificate, key.since) for key in keys if key.state is KeyState.COMPROMISED]
    crl = certificates.revocation_list(issuer, draft.version, moment, next_update, revoked)
    listed = TrustList(issuer.anchor, draft.version, moment, next_update, draft.previous, draft.hosts, draft.origin, keys, crl, signed=b"")
    content = trust_list.canonical(trust_list.payload(listed))
    return Answer(cose.sign1(content, trust_list.protected_header(issuer.anchor), lambda data: _raw(issuer.key, data)), issued)


def install(folder: KeyFolder, answer: Answer) -> TrustList:
    """Make the signed list the one of this machine, and keep it for ever under its version; take the certificates asked for here.

    Raises ``TrustListRefused`` for a list of another root, an older one, or one that does not follow the installed one, and
    ``Invalid`` when a certificate is not for the key that asked.
    """
    new = trust_list.load_signed(answer.signed, trust_list.root_here(folder))
    old = installed(folder)
    if old is not None:
        drafts.check_succession(old, new)
    for request in drafts.from_json(folder.draft.read_bytes()).requests if folder.draft.exists() else ():
        if request.id in answer.certificates:
            write_certificate(folder, request, answer.certificates[request.id], new.root)
    write_file(folder.version(new.version), new.signed)
    write_file(folder.trust_list, new.signed)
    _settle_draft(folder, new)
    return new


def write_certificate(folder: KeyFolder, request: Request, der: bytes, root: TrustAnchor) -> None:
    """Keep the certificate that the root issued for ``request`` beside its private key. Raises ``Invalid`` when it is for another."""
    certificate = x509.load_der_x509_certificate(der)
    public = certificate.public_key().public_bytes(Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    fitting = public == request.public_key and certificates.purpose_of(certificate) is purpose_of_id(request.id)
    if not fitting or not root.issued(certificate) or certificates.holder_of(certificate) != request.holder:
        raise Invalid(say("The certificate is not the one that the key %(id)s asked for.", id=request.id), code="foreign-certificate")
    write_file(folder.pair(request.id).certificate, certificate.public_bytes(Encoding.PEM))


def to_json(answer: Answer) -> bytes:
    """The answer as it travels back."""
    issued = {key_id: _text(der) for key_id, der in answer.certificates.items()}
    return trust_list.canonical({"format": FORMAT, "list": _text(answer.signed), "certificates": issued})


def from_json(content: bytes) -> Answer:
    """The answer in these bytes; what it says is checked when it is installed. Raises ``Invalid`` when they are none."""
    try:
        data = json.loads(content)
        issued = {str(key_id): base64.b64decode(der) for key_id, der in data["certificates"].items()}
        answer = Answer(base64.b64decode(data["list"]), issued)
        same = to_json(answer) == content.strip()
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise _no_answer() from error
    if not same:
        raise _no_answer()
    return answer


def place(key_id: str) -> tuple[int, str]:
    """Where a key stands in the list: by purpose, then by id."""
    return list(USAGE).index(purpose_of_id(key_id)), key_id


def digest(draft: Draft) -> str:
    """What two people compare, here and at the root, before it signs: SHA-256 of the draft, in groups of four."""
    text = hashlib.sha256(drafts.to_json(draft)).hexdigest()
    return " ".join(text[start : start + 4] for start in range(0, 32, 4))


def _listed(key: DraftKey, issued: Mapping[str, bytes], hosts: tuple[str, ...]) -> TrustedKey:
    certificate = x509.load_der_x509_certificate(key.certificate or issued[key.id])
    return trust_list.trusted_key(key.id, certificate, key.active_from, key.state, key.since, hosts)


def _raw(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    return cose.raw_signature(cose.smaller_s(key.sign(data, ec.ECDSA(hashes.SHA256()))))


def _settle_draft(folder: KeyFolder, new: TrustList) -> None:
    """What was asked for after the draft was carried away is still wanted; without such a rest there is no draft any more."""
    if not folder.draft.exists():
        return
    rest = opened(folder, new.hosts)
    if rest == drafts.following(new, new.hosts):
        folder.draft.unlink()
    else:
        write_file(folder.draft, drafts.to_json(rest))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _no_answer() -> Invalid:
    return Invalid(say("This is not what the root made of a draft."), code="no-signed-list")
