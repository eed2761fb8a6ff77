"""Write a letter in the transaction of the act it tells of; make its sealed PDF once."""

from __future__ import annotations

import hashlib

from sqlalchemy import update

from licensing.catalogue import load_catalogue
from licensing.clock import CHINA, local_date
from licensing.documents import letter as documents_letter
from licensing.documents.check_codes import new_check_code
from licensing.documents.engine import Attachment
from licensing.documents.seal import seal_svg
from licensing.errors import NotFound
from licensing.ledger.actions import append
from licensing.ledger.protection import row_digest
from licensing.letters import health
from licensing.letters.rules import Words, canonical, content
from licensing.letters.tables import Letter
from licensing.parties.queries import authority as authority_of
from licensing.parties.tables import Authority
from licensing.policy import SYSTEM, Actor
from licensing.storage import Work, reading, storage, unit_of_work
from licensing.storage.counters import next_value
from licensing.trust import sealing
from licensing.trust.sealing import SealOrder
from licensing.words import say


def write(
    work: Work, kind_code: str, authority: Authority, words: Words, *, case_id: int | None = None, licence_id: int | None = None
) -> Letter:
    """Number and store a letter about a case or a licence; its words never change after this. Numbers run by authority, kind and year."""
    kind = load_catalogue().letter(kind_code)
    written_on = local_date(work.now)
    serial = next_value(work.session, f"letter:{authority.code}:{kind.code}:{written_on.year}")
    number = kind.number_pattern.format(place=authority.number_place, year=written_on.year, serial=serial)
    said = {**content(kind, words, number=number, issuer=authority.name, written_on=written_on), "check_code": new_check_code()}
    letter = Letter(
        case_id=case_id,
        licence_id=licence_id,
        authority_id=authority.id,
        kind=kind.code,
        number=number,
        content=said,
        content_sha256=hashlib.sha256(canonical(said)).hexdigest(),
        written_at=work.now,
    )
    work.session.add(letter)
    work.session.flush()
    append(work, health.LEAF, number, row_digest(letter, without=health.LATER))
    return letter


def sealed_pdf(letter_id: int) -> bytes:
    """The sealed PDF of a letter: made at the first call, the same stored bytes at every later one. Raises ``NotFound``."""
    with reading(SYSTEM) as look:
        letter = look.session.get(Letter, letter_id)
        if letter is None:
            raise NotFound(say("There is no such letter."))
        authority = authority_of(look.session, letter.authority_id)
    if letter.file_sha256:
        return storage().files.get(letter.file_sha256)
    prepared = storage().files.get(letter.prepared_sha256) if letter.prepared_sha256 else _prepare(letter, authority)
    signed = sealing.seal(storage().settings, _order(letter, authority), prepared)
    with unit_of_work(SYSTEM) as work:
        first = update(Letter).where(Letter.id == letter_id, Letter.file_sha256.is_(None)).values(file_sha256=work.files.put(signed))
        if work.session.execute(first.returning(Letter.id)).scalar_one_or_none() is not None:
            append(work, health.SEALED_LEAF, letter.number, hashlib.sha256(signed).digest())
    return signed


def delivered_pdf(actor: Actor, letter: Letter) -> bytes:
    """The sealed PDF as its addressee opens it: the first time is the receipt of delivery. Call it outside of any transaction."""
    pdf = sealed_pdf(letter.id)
    if letter.opened_at is None:
        with unit_of_work(actor) as work:
            mark_opened(work, letter)
    return pdf


def mark_opened(work: Work, letter: Letter) -> None:
    """Note who opened the letter first on the side of its addressee, and when; later openings change nothing."""
    given = {"opened_at": work.now, "opened_by": work.actor.person_id}
    first = update(Letter).where(Letter.id == letter.id, Letter.opened_at.is_(None)).values(**given)
    if work.session.execute(first.returning(Letter.id)).scalar_one_or_none() is not None:
        append(work, health.OPENED_LEAF, letter.number, health.opened_digest(work.now, work.actor.person_id))


def _prepare(letter: Letter, authority: Authority) -> bytes:
    kind = load_catalogue().letter(letter.kind)
    said = {name: value for name, value in letter.content.items() if name != "kind"}
    pdf = documents_letter.render_letter(
        kind.template,
        documents_letter.Letter(**said),
        seal=seal_svg(authority.name, "行政审批专用章"),
        attachments=[Attachment("letter.json", "application/json", "文书内容 Letter content", canonical(letter.content))],
        identifier=bytes.fromhex(letter.content_sha256)[:16],
        issued_at=letter.written_at.astimezone(CHINA),
        link=check_link(storage().settings.public_host, letter),
    )
    prepared = sealing.prepare(storage().settings, _order(letter, authority), pdf)
    with unit_of_work(SYSTEM) as work:
        first = update(Letter).where(Letter.id == letter.id, Letter.prepared_sha256.is_(None))
        work.session.execute(first.values(prepared_sha256=work.files.put(prepared)))
    with reading(SYSTEM) as look:
        stored = look.session.get_one(Letter, letter.id).prepared_sha256
    return storage().files.get(stored) if stored else prepared


def check_link(host: str, letter: Letter) -> str:
    """Where the QR of a letter leads; empty for a letter of the time before there were check codes."""
    code = letter.content.get("check_code")
    return f"https://{host}/l/{letter.id}/{code}" if code else ""


def _order(letter: Letter, authority: Authority) -> SealOrder:
    return SealOrder(
        authority_code=authority.code,
        authority_name=authority.name,
        document=canonical(letter.content),
        reason="行政审批文书",
        signed_at=letter.written_at,
    )
