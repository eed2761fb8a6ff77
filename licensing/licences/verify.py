"""Is it true? The one verification that page, API and command line use; bad input is a verdict, never an error.

Three ways in: the text of the QR (profile LZ1), the number with its short check code, and the PDF itself. What is shown comes from the
register or from the signed record, never from text read out of a file (security 0, rule 1).
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from datetime import UTC, date, datetime

from sqlalchemy.orm import Session

from licensing.catalogue import load_catalogue
from licensing.clock import CHINA, local_date, now, today
from licensing.documents import sandbox
from licensing.errors import LeizhengError
from licensing.licences import identifier, queries
from licensing.licences.record import LicenceRecord, from_canonical
from licensing.licences.status import Status, status_on
from licensing.licences.tables import Licence
from licensing.licences.verdict import GENUINE, IN_FORCE, WHOLE, Answer, Paper, Verdict, Weight, in_force_answer, refused
from licensing.trust import lz1
from licensing.trust.trust_list import TrustList

_PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")


def verify_qr(text: str, trust: TrustList, hosts: tuple[str, ...], session: Session | None) -> Verdict:
    """The answers for the text of a scanned QR. Without a ``session`` (offline) the status stays open: never a bare "valid"."""
    try:
        decoded = lz1.verify(lz1.from_text(text, hosts), trust.public_key)
        key = trust.qr_keys[decoded.kid]
        paper = _paper_of_qr(decoded.lz1, key.uscc, key.issuer)
    except LeizhengError as error:
        return refused(error)
    said = decoded.lz1
    genuine = GENUINE["ok" if key.valid_at(datetime.fromtimestamp(said.issued_at, UTC)) else "expired-signer"]
    if session is None:
        return Verdict(WHOLE["signed-code"], genuine, _offline(said.expires_at), paper)
    licence = queries.by_identifier(session, paper.identifier)
    if licence is None:
        return Verdict(WHOLE["signed-code"], genuine, IN_FORCE["not-in-register"], paper)
    if bytes.fromhex(licence.record_sha256)[: lz1.DIGEST_SIZE] != said.digest:
        return Verdict(WHOLE["other-record"], genuine, IN_FORCE["not-checked"], paper)
    return _registered(session, licence, WHOLE["signed-code"], genuine)


def verify_number(number: str, check_code: str, session: Session | None) -> Verdict:
    """The answers for a number and the check code printed beside it; an unknown number and a wrong code look the same (threat C5)."""
    if session is None:
        return Verdict(WHOLE["not-checked"], GENUINE["not-checked"], IN_FORCE["offline"], None)
    licence = queries.by_number_and_code(session, number, check_code)
    if licence is None:
        return Verdict(WHOLE["not-checked"], GENUINE["no-match"], IN_FORCE["not-checked"], None)
    return _registered(session, licence, WHOLE["register"], GENUINE["register"])


def verify_file(content: bytes, trust: TrustList, hosts: tuple[str, ...], session: Session | None) -> Verdict:
    """The answers for a file of any kind: a photo is searched for its QR, everything else is judged as a PDF."""
    if content.startswith(_PICTURES):
        return verify_picture(content, trust, hosts, session)
    return verify_pdf(content, trust, session)


def verify_picture(content: bytes, trust: TrustList, hosts: tuple[str, ...], session: Session | None) -> Verdict:
    """The answers for the one licence QR in a JPEG or PNG. The picture itself proves nothing: what counts is the signed code."""
    try:
        texts = set(sandbox.ask("licensing.documents.child:scan_qr", content, seconds=15))
    except LeizhengError:
        return Verdict(WHOLE["unreadable"], GENUINE["not-checked"], IN_FORCE["not-checked"], None)
    ours = sorted(text for text in texts if verify_qr(text, trust, hosts, None).whole.code != "qr-not-ours") or sorted(texts)
    if len(ours) != 1:
        return Verdict(WHOLE["several-qr" if ours else "no-qr"], GENUINE["not-checked"], IN_FORCE["not-checked"], None)
    return verify_qr(ours[0], trust, hosts, session)


def verify_pdf(content: bytes, trust: TrustList, session: Session | None) -> Verdict:
    """The answers for an uploaded file: one signature over all of it by a pinned seal, and the register knows exactly these bytes.

    The file is parsed in a disposable child; whatever happens there is a verdict.
    """
    try:
        found = sandbox.ask("licensing.trust.pdf_check:check", content, trust_pem=trust.to_pem().decode())
    except LeizhengError:
        return Verdict(WHOLE["unreadable"], GENUINE["not-checked"], IN_FORCE["not-checked"], None)
    whole, genuine = WHOLE.get(found["whole"], WHOLE["unreadable"]), GENUINE.get(found["genuine"], GENUINE["not-checked"])
    if Weight.BAD in (whole.weight, genuine.weight):
        return Verdict(whole, genuine, IN_FORCE["not-checked"], None)
    record = _attached_record(found["record"])
    paper = _paper_of_record(record) if record else None
    if session is None:
        return Verdict(whole, genuine, _offline_record(record), paper)
    licence = queries.by_file(session, hashlib.sha256(content).hexdigest())
    if licence is None:
        return Verdict(whole, GENUINE["unknown-file"], IN_FORCE["not-in-register"], paper)
    if record is None or record.digest.hex() != licence.record_sha256:
        return Verdict(WHOLE["other-record"], genuine, IN_FORCE["not-checked"], None)
    return _registered(session, licence, whole, genuine)


def _registered(session: Session, licence: Licence, whole: Answer, genuine: Answer) -> Verdict:
    record = _record_of(licence)
    if record is None:
        return Verdict(WHOLE["register-damaged"], genuine, IN_FORCE["not-checked"], None)
    status = status_on(Status(licence.status), _date(record.valid_until), today())
    successor = queries.licence(session, licence.successor_id).number if licence.successor_id else None
    if status is Status.IN_FORCE and today() < date.fromisoformat(record.valid_from):
        return Verdict(whole, genuine, IN_FORCE["not-yet-valid"], _paper_of_record(record))
    answer = in_force_answer(status, local_date(licence.status_since).isoformat(), successor)
    return Verdict(whole, genuine, answer, _paper_of_record(record), successor)


def _record_of(licence: Licence) -> LicenceRecord | None:
    try:
        record = from_canonical(licence.record)
    except ValueError:
        return None
    return record if record.digest.hex() == licence.record_sha256 else None


def _offline(expires_at: int | None) -> Answer:
    over = expires_at is not None and now().timestamp() > expires_at
    return IN_FORCE["expired" if over else "offline"]


def _offline_record(record: LicenceRecord | None) -> Answer:
    if record is None:
        return IN_FORCE["not-checked"]
    last_day = _date(record.valid_until)
    return IN_FORCE["expired" if last_day is not None and today() > last_day else "offline"]


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
