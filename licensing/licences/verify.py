"""Is it true? The one verification that page, API and command line use; bad input is a verdict, never an error.

Three ways in: the text of the QR (profile LZ1), the number with its short check code, and the PDF itself. What is shown comes from the
register or from the signed record, never from text read out of a file (security 0, rule 1). With a ``session`` the register answers;
without one (offline) the signed status lists do, if somebody carried them along: then nothing is ever a bare "valid".
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy.orm import Session

from licensing.catalogue import load_catalogue
from licensing.clock import CHINA, local_date, now, today
from licensing.documents import sandbox
from licensing.errors import LeizhengError
from licensing.ledger import gate
from licensing.ledger import queries as ledger
from licensing.licences import identifier, queries
from licensing.licences.offline import Reference, StatusLists, status_offline
from licensing.licences.record import LicenceRecord, from_canonical
from licensing.licences.status import Status, status_on
from licensing.licences.tables import Licence
from licensing.licences.verdict import GENUINE, IN_FORCE, WHOLE, Answer, Paper, Verdict, Weight, in_force_answer, refused
from licensing.trust import lz1
from licensing.trust.trust_list import TrustList
from licensing.trust.trusted_key import TrustedKey

CHECK_LIMITS: Mapping[str, int] = {"seconds": 10, "memory": 512 * sandbox.MEBIBYTE}
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def verify_qr(text: str, trust: TrustList, hosts: tuple[str, ...], session: Session | None, lists: StatusLists | None = None) -> Verdict:
    """The answers for the text of a scanned QR; ``hosts`` are the official names."""
    try:
        decoded = lz1.verify(lz1.from_text(text, hosts), trust.public_key)
        key = trust.qr_keys[decoded.kid]
        paper = _paper_of_qr(decoded.lz1, key.uscc, key.issuer)
    except LeizhengError as error:
        return refused(error)
    said, whole = decoded.lz1, WHOLE["signed-code"]
    genuine = GENUINE[key.judge(datetime.fromtimestamp(said.issued_at, UTC))]
    if session is None:
        return _offline(whole, genuine, paper, trust, lists, _reference_of_qr(said, key))
    licence = queries.by_identifier(session, paper.identifier)
    if licence is None:
        return _unregistered(session, Verdict(whole, genuine, IN_FORCE["not-in-register"], paper), genuine)
    if bytes.fromhex(licence.record_sha256)[: lz1.DIGEST_SIZE] != said.digest or not _is_its_code(text, licence):
        return Verdict(WHOLE["other-record"], genuine, IN_FORCE["not-checked"], paper)
    return _registered(session, licence, whole, _vouched(session, licence, genuine, key))


def verify_number(number: str, check_code: str, session: Session | None) -> Verdict:
    """The answers for a number and the check code printed beside it; an unknown number and a wrong code look the same (threat C5)."""
    if session is None:
        return Verdict(WHOLE["not-checked"], GENUINE["not-checked"], IN_FORCE["offline"], None)
    licence = queries.by_number_and_code(session, number, check_code)
    if licence is None:
        unknown = Verdict(WHOLE["not-checked"], GENUINE["no-match"], IN_FORCE["not-checked"], None)
        return _unregistered(session, unknown, GENUINE["not-checked"])
    return _registered(session, licence, WHOLE["register"], GENUINE["register"])


def verify_file(
    content: bytes, trust: TrustList, hosts: tuple[str, ...], session: Session | None, lists: StatusLists | None = None
) -> Verdict:
    """The answers for a file of any kind: a photo is searched for its QR, everything else is judged as a PDF."""
    if content.startswith(_PICTURES):
        return verify_picture(content, trust, hosts, session, lists)
    return verify_pdf(content, trust, session, lists)


def verify_picture(
    content: bytes, trust: TrustList, hosts: tuple[str, ...], session: Session | None, lists: StatusLists | None = None
) -> Verdict:
    """The answers for the one licence QR in a JPEG or PNG. The picture itself proves nothing: what counts is the signed code."""
    try:
        texts = set(sandbox.ask("licensing.documents.child:scan_qr", content, seconds=15))
    except LeizhengError:  # it took too long or too much, which a busy machine does to a good picture as well
        return Verdict(WHOLE["not-checked"], GENUINE["not-checked"], IN_FORCE["not-checked"], None)
    ours = sorted(text for text in texts if verify_qr(text, trust, hosts, None).whole.code != "qr-not-ours") or sorted(texts)
    if len(ours) != 1:
        return Verdict(WHOLE["several-qr" if ours else "no-qr"], GENUINE["not-checked"], IN_FORCE["not-checked"], None)
    return verify_qr(ours[0], trust, hosts, session, lists)


def verify_pdf(content: bytes, trust: TrustList, session: Session | None, lists: StatusLists | None = None) -> Verdict:
    """The answers for an uploaded file: one signature over all of it by a pinned seal, and the register knows exactly these bytes.

    The file is parsed in a disposable child; whatever happens there is a verdict. A child that dies has judged nothing: a busy machine
    ends it over a good file as well.
    """
    try:
        found = sandbox.ask("licensing.trust.pdf_check:check", content, **CHECK_LIMITS, trust_pem=trust.to_pem().decode())
    except LeizhengError:
        return Verdict(WHOLE["not-checked"], GENUINE["not-checked"], IN_FORCE["not-checked"], None)
    whole, genuine = WHOLE.get(found["whole"], WHOLE["unreadable"]), GENUINE.get(found["genuine"], GENUINE["not-checked"])
    if Weight.BAD in (whole.weight, genuine.weight):
        return Verdict(whole, genuine, IN_FORCE["not-checked"], None)
    record, key = _attached_record(found["record"]), _seal_that_signed(trust, found["signer"])
    paper = _paper_of_record(record) if record else None
    if record is None or key is None:
        return Verdict(whole, genuine, IN_FORCE["not-checked"], paper)
    if session is None:
        return _offline(whole, genuine, paper, trust, lists, _reference_of_record(record, key))
    return _filed(session, hashlib.sha256(content).hexdigest(), record, key, Verdict(whole, genuine, IN_FORCE["not-in-register"], paper))


def _filed(session: Session, sha256: str, record: LicenceRecord, key: TrustedKey, found: Verdict) -> Verdict:
    """What the register says of a file that is whole and genuine by itself."""
    licence = queries.by_file(session, sha256)
    if licence is None:
        return _unregistered(session, replace(found, genuine=GENUINE["unknown-file"]), found.genuine)
    if record.digest.hex() != licence.record_sha256:
        return Verdict(WHOLE["other-record"], found.genuine, IN_FORCE["not-checked"], None)
    return _registered(session, licence, found.whole, _vouched(session, licence, found.genuine, key))


def _is_its_code(text: str, licence: Licence) -> bool:
    """A number has one code: another one over the same record, by a key that was lost, names a holder or dates of its own."""
    return text.rpartition("/v")[2][1:] == (licence.qr_text or "").rpartition("/v")[2][1:]


def _registered(session: Session, licence: Licence, whole: Answer, genuine: Answer) -> Verdict:
    record, moment = _record_of(licence), now()
    if record is None:
        return Verdict(WHOLE["register-damaged"], genuine, IN_FORCE["not-checked"], None)
    status = status_on(Status(licence.status), _date(record.valid_until), today())
    successor = queries.licence(session, licence.successor_id).identifier if licence.successor_id else None
    if status is Status.IN_FORCE and today() < date.fromisoformat(record.valid_from):
        return Verdict(whole, genuine, IN_FORCE["not-yet-valid"], _paper_of_record(record), as_of=moment)
    answer = in_force_answer(status, local_date(licence.status_since).isoformat(), successor)
    if answer.weight is Weight.GOOD and gate.behind(session):
        return Verdict(whole, genuine, IN_FORCE["register-behind"], _paper_of_record(record))
    return Verdict(whole, genuine, answer, _paper_of_record(record), successor, moment)


def _unregistered(session: Session, verdict: Verdict, genuine: Answer) -> Verdict:
    """``verdict``, but when the register has lost what came last, nothing follows from its silence: then ``genuine`` stands."""
    return replace(verdict, genuine=genuine, in_force=IN_FORCE["register-behind"]) if gate.behind(session) else verdict


def _vouched(session: Session, licence: Licence, genuine: Answer, key: TrustedKey) -> Answer:
    """What a lost key signed before is believed when the log has known it since before: a thief cannot write there."""
    if genuine.code != "key-compromised-before":
        return genuine
    intent = ledger.leaf_of(session, "licence-intent", licence.identifier)
    try:
        said = json.loads(intent.entry) if intent is not None else {}
        logged = said["digest"] == licence.record_sha256 and datetime.fromisoformat(said["at"]) < key.since
    except (LookupError, TypeError, ValueError):  # no entry, or one that was damaged
        logged = False
    return GENUINE["ok"] if logged else genuine


def _offline(
    whole: Answer, genuine: Answer, paper: Paper | None, trust: TrustList, lists: StatusLists | None, reference: Reference
) -> Verdict:
    moment = now()
    if genuine.code == "ok" and trust.stale_at(moment):
        genuine = GENUINE["trust-list-stale"]
    answer, as_of = status_offline(reference, lists, moment)
    return Verdict(whole, genuine, answer, paper, as_of=as_of)


def _reference_of_qr(said: lz1.Lz1, key: TrustedKey) -> Reference:
    over = said.expires_at is not None and now().timestamp() > said.expires_at
    return Reference(key.status_list, said.status_index, datetime.fromtimestamp(said.issued_at, UTC), over)


def _reference_of_record(record: LicenceRecord, key: TrustedKey) -> Reference:
    last_day, first_day = _date(record.valid_until), date.fromisoformat(record.valid_from)
    over = last_day is not None and today() > last_day
    issued_at = datetime.fromisoformat(record.decided_at)
    return Reference(key.status_list, record.status_index, issued_at, over, early=today() < first_day)


def _seal_that_signed(trust: TrustList, signer: Mapping[str, Any] | None) -> TrustedKey | None:
    digest = signer["certificate_sha256"] if signer else ""
    return next((seal for seal in trust.seals if hashlib.sha256(seal.der).hexdigest() == digest), None)


def _record_of(licence: Licence) -> LicenceRecord | None:
    try:
        record = from_canonical(licence.record)
    except ValueError:
        return None
    return record if record.digest.hex() == licence.record_sha256 else None


def _paper_of_qr(said: lz1.Lz1, issuer_code: str, issuer: str) -> Paper:
    licence_type = load_catalogue().licence_type_by_index(said.type_index)
    serial = f"{said.serial:08d}" if isinstance(said.serial, int) else said.serial
    made = identifier.make(licence_type.type_code, issuer_code, serial, said.version)
    ends = datetime.fromtimestamp(said.expires_at, CHINA).date().isoformat() if said.expires_at else None
    return Paper(
        holder=said.holder,
        uscc=said.holder_id,
        number="",
        identifier=str(made),
        type=licence_type.name,
        valid_from=datetime.fromtimestamp(said.issued_at, CHINA).date().isoformat(),
        valid_until=ends,
        issuer=issuer,
        project=said.project,
        abbreviated=said.abbreviated,
    )


def _paper_of_record(record: LicenceRecord) -> Paper:
    return Paper(
        holder=record.holder,
        uscc=record.holder_code,
        number=record.number,
        identifier=record.identifier,
        type=record.type_name,
        valid_from=record.valid_from,
        valid_until=record.valid_until,
        issuer=record.issuer,
        project=record.project,
    )


def _attached_record(encoded: str | None) -> LicenceRecord | None:
    try:
        return from_canonical(b64decode(encoded)) if encoded else None
    except ValueError:
        return None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
