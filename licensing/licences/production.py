"""The making of the signed file of an intended licence: resumable, and idempotent at every step (design 3, step 5).

Face → PDF/A-3u with the record attached → glyph check → QR read back and text extracted again, compared with the record → signer →
checked by the public verifier's own code → stored by content hash. Nothing here changes the status of a licence.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from licensing.catalogue import load_catalogue
from licensing.clock import CHINA
from licensing.documents import sandbox
from licensing.documents.engine import Attachment
from licensing.documents.face import render_face
from licensing.documents.qr import draw_qr
from licensing.documents.seal import seal_svg
from licensing.errors import Invalid, LeizhengError
from licensing.ledger.proof_files import MEDIA_TYPE
from licensing.licences import queries
from licensing.licences.face import face_of
from licensing.licences.log_proof import PROOF_NAME, record_proof
from licensing.licences.record import LicenceRecord, from_canonical
from licensing.licences.tables import Licence
from licensing.parties.queries import authority as authority_of
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading, storage, unit_of_work
from licensing.trust import lz1, schema, sealing
from licensing.trust.current import current_signer, current_trust_list
from licensing.trust.requests import QrRequest
from licensing.trust.sealing import SealOrder
from licensing.words import say

RECORD_NAME = "licence-record.json"


class ProductionRefused(LeizhengError):
    """The signed file does not pass the public check; it is not shown, and an operator has to act."""

    code = "production-refused"
    http_status = 500


@dataclass(frozen=True, slots=True)
class _Job:
    licence_id: int
    record: LicenceRecord
    authority_code: str
    authority_name: str
    prepared_sha256: str | None

    @property
    def order(self) -> SealOrder:
        return SealOrder(
            authority_code=self.authority_code,
            authority_name=self.authority_name,
            document=self.record.canonical(),
            reason="电子证照签发",
            signed_at=datetime.fromisoformat(self.record.decided_at),
        )


def produce(licence_id: int) -> str:
    """Make, check and store the signed file of an intended licence; its SHA-256 in hex.

    May be called again after a crash at any point: what was prepared is signed as it is, and the signer answers the same request alike.
    Raises ``Invalid`` when the texts do not fit on a page or the page does not say what the record says (nothing was signed then), and
    ``ProductionRefused`` when the signed file does not pass the public check.
    """
    settings, files = storage().settings, storage().files
    job = _job(licence_id)
    prepared = files.get(job.prepared_sha256) if job.prepared_sha256 else _prepare(settings, job)
    signed = sealing.seal(settings, job.order, prepared)
    _check_signed(settings, job.record, signed)
    return files.put(signed)


def _job(licence_id: int) -> _Job:
    with reading(SYSTEM) as look:
        licence = queries.licence(look.session, licence_id)
        issuer = authority_of(look.session, licence.authority_id)
        return _Job(licence.id, from_canonical(licence.record), issuer.code, issuer.name, licence.prepared_sha256)


def _prepare(settings: Settings, job: _Job) -> bytes:
    record = job.record
    licence_type = load_catalogue().licence_type(record.type)
    payload = schema.qr_payload(record.canonical())
    cose = current_signer(settings).sign_qr(QrRequest(job.authority_code, record.canonical(), payload))
    prefix, digits = lz1.to_url(settings.public_host, cose)
    proof = record_proof(settings, record.identifier)
    face = face_of(record, licence_type.english_name, settings.public_host)
    pdf = render_face(
        licence_type.template,
        face,
        qr=draw_qr(prefix, digits),
        seal=seal_svg(job.authority_name, "行政审批专用章"),
        attachments=[
            Attachment(RECORD_NAME, "application/json", "照面信息记录 Licence record", record.canonical()),
            Attachment(PROOF_NAME, MEDIA_TYPE, "照面信息记录的日志存在证明 Proof that the record is in the log", proof.text().encode()),
        ],
        identifier=record.digest[:16],
        issued_at=datetime.fromisoformat(record.decided_at).astimezone(CHINA),
    )
    # The child looks at the page while this process makes room for the signature; nothing is signed before both are done.
    with ThreadPoolExecutor(1) as beside:
        looked_at = beside.submit(_lint, pdf, prefix + digits, face.texts())
        prepared = sealing.prepare(settings, job.order, pdf)
        looked_at.result()
    return _remember(job.licence_id, prefix + digits, prepared)


def _lint(pdf: bytes, qr_text: str, texts: tuple[str, ...]) -> None:
    found = sandbox.ask("licensing.documents.child:lint_face", pdf, qr=qr_text, texts=list(texts), attachments=[RECORD_NAME, PROOF_NAME])
    if found["problems"]:
        problems = "; ".join(f"{problem['code']}: {problem['detail']}" for problem in found["problems"])
        raise Invalid(
            say("The rendered licence does not say what the record says: %(problems)s.", problems=problems),
            next_step=say("Nothing was signed. An operator has to look at the template and the fonts."),
            code="face-differs",
        )


def _remember(licence_id: int, qr_text: str, prepared: bytes) -> bytes:
    """Store what will be signed; of two racers the first one counts, and both go on with its bytes."""
    digest = storage().files.put(prepared)
    with unit_of_work(SYSTEM) as work:
        first = update(Licence).where(Licence.id == licence_id, Licence.prepared_sha256.is_(None))
        work.session.execute(first.values(prepared_sha256=digest, qr_text=qr_text))
    with reading(SYSTEM) as look:
        stored = queries.licence(look.session, licence_id).prepared_sha256
    return storage().files.get(stored or digest)


def _check_signed(settings: Settings, record: LicenceRecord, signed: bytes) -> None:
    trust_pem = current_trust_list(settings).to_pem().decode()
    found = sandbox.ask("licensing.trust.pdf_check:check", signed, trust_pem=trust_pem)
    if (found["whole"], found["genuine"]) != ("ok", "ok"):
        raise ProductionRefused(
            say("The signed file does not pass the public check: %(codes)s.", codes=f"{found['whole']}, {found['genuine']}"),
            next_step=say("The licence %(number)s is not shown. An operator has to look at the keys.", number=record.number),
        )
