"""What the file of a case holds, in order, as stored bytes, from the applications to the events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.cases import evidence
from licensing.cases.journal import Loaded, load
from licensing.cases.machine import Event
from licensing.cases.objectable import OBJECTABLE, PUBLICITY, Outcome
from licensing.cases.submission import printed_answers
from licensing.cases.tables import Commission, CommissionReport, Objection
from licensing.cases.view import Submission
from licensing.catalogue import Section, load_catalogue
from licensing.catalogue.model import numeral
from licensing.clock import CHINA, local_date
from licensing.commitments.aftermath import ENDINGS, aftermath
from licensing.commitments.aftermath import FOLDER as AFTER
from licensing.commitments.queries import of_case as promises_of
from licensing.commitments.rules import Choice
from licensing.commitments.tables import Commitment, EvidencePack
from licensing.documents.packing import MANIFEST, csv_of
from licensing.documents.sandbox import ask
from licensing.letters.actions import sealed_pdf
from licensing.letters.queries import of_case as letters_of
from licensing.letters.tables import Letter
from licensing.licences.queries import of_case as licence_of
from licensing.parties.queries import person_names
from licensing.parties.tables import Company
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import Work, reading

PDF: Final = ".pdf"
_PROMISED: Final[Mapping[str, str]] = {
    "letter.pdf": "告知承诺书",
    "statement.txt": "承诺原文",
    "notice.txt": "告知文本",
}
_OUTCOMES: Final[Mapping[str, str]] = {str(Outcome.UPHELD): "异议成立", str(Outcome.REJECTED): "异议不成立"}
_CHOICES: Final[Mapping[str, str]] = {str(Choice.PROMISE): "承诺代替", str(Choice.HAND_IN): "提交"}


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of the index 卷内目录: title, date, pages (None where a file has none), the name of the file, and its bytes."""

    title: str
    day: date
    name: str
    content: bytes
    pages: int | None = None


def file_of(settings: Settings, case_id: int) -> tuple[Piece, ...]:
    """Everything that belongs into the file of a case, in order. Call it outside of any transaction.

    Letters and evidence that are not sealed yet are sealed now. Raises ``Unavailable`` while the signer is away.
    """
    with reading(SYSTEM) as look:
        promised = promises_of(look.session, case_id)
        sent = letters_of(look.session, case_id)
    packs = {made.id: evidence.complete(settings, case_id, made.id) for made in promised if made.letter_id is not None}
    sealed = {letter.id: sealed_pdf(letter.id) for letter in sent if letter.id not in {made.letter_id for made in promised}}
    with reading(SYSTEM) as look:
        case = load(look.session, case_id)
        pieces = (
            *_applications(look.session, case),
            *_documents(look, case),
            *_reports(look, case),
            *(piece for place, made in enumerate(promised, 1) for piece in _promise(look, case, place, made, packs.get(made.id))),
            *_letters([letter for letter in sent if letter.id in sealed], sealed),
            *_deliveries(look.session, sent),
            *_objections(look.session, case),
            *_licence(look, case),
            *_events(case),
        )
    return tuple(_paged(piece) for piece in pieces)


def _applications(session: Session, case: Loaded) -> Iterator[Piece]:
    company = session.get_one(Company, case.row.company_id)
    for place, submission in enumerate(case.view.submissions, start=1):
        title = f"{case.matter.guide.form_name.text}（第{place}次提交）"
        lines = (title, *_heading(case, company, submission), *_answers(case, submission), *_choices(case, submission))
        yield Piece(title, local_date(submission.at), f"applications/{place:02d}.txt", "".join(f"{line}\n" for line in lines).encode())


def _heading(case: Loaded, company: Company, submission: Submission) -> Iterator[str]:
    yield f"事项：{case.matter.name}"
    yield f"办件号：{case.row.public_number}"
    yield f"申请单位：{company.name}（{company.uscc}）"
    yield f"提交时间：{submission.at.astimezone(CHINA):%Y-%m-%d %H:%M}（北京时间）"


def _answers(case: Loaded, submission: Submission) -> Iterator[str]:
    printed = printed_answers(case.matter, submission.answers)
    for place, section in enumerate(case.matter.sections, start=1):
        yield f"\n{numeral(place)}、{section.name}"
        rows = printed[section.code] if section.repeats else [printed[section.code]]
        for number, row in enumerate(rows, start=1):
            yield from (f"（{number}）",) if section.repeats else ()
            yield from _row(section, row)


def _row(section: Section, row: Mapping[str, str]) -> Iterator[str]:
    for field in section.fields:
        if row.get(field.code):
            yield f"{field.name}：{row[field.code]}"


def _choices(case: Loaded, submission: Submission) -> Iterator[str]:
    if submission.proofs:
        yield "\n证明事项"
    for code, made in submission.proofs.items():
        material = case.matter.material_for(code)
        yield f"{material.name if material else code}：{_CHOICES[made['choice']]}"


def _documents(look: Work, case: Loaded) -> Iterator[Piece]:
    """Every document that some submission held, once, under the day on which it was handed in first."""
    known: dict[int, tuple[Mapping[str, Any], date]] = {}
    for submission in case.view.submissions:
        for document in submission.documents:
            known.setdefault(int(document["id"]), (document, local_date(submission.at)))
    for place, (document, day) in enumerate(known.values(), start=1):
        material = case.matter.material(document["slot"])
        title = f"{material.name if material else document['slot']}（{document['filename']}）"
        name = f"documents/{place:02d}-{document['slot']}.{ENDINGS.get(document['media_type'], 'bin')}"
        yield Piece(title, day, name, look.files.get(document["sha256"]), document["pages"] or None)


def _reports(look: Work, case: Loaded) -> Iterator[Piece]:
    query = select(CommissionReport).join(Commission).where(Commission.case_id == case.row.id).order_by(CommissionReport.id)
    for place, report in enumerate(look.session.scalars(query), start=1):
        title = f"{case.matter.stop.name}报告（{report.number}）"
        yield Piece(title, local_date(report.reported_at), f"reports/{place:02d}.pdf", look.files.get(report.sha256), report.pages)


def _promise(look: Work, case: Loaded, place: int, made: Commitment, pack: EvidencePack | None) -> Iterator[Piece]:
    """The words of a promise and its letter, the manifest of its evidence pack, and what became of it until now."""
    folder, signed = f"promises/{place:02d}-{made.proof}", local_date(made.promised_at)
    material = case.matter.material_for(made.proof)
    about = material.name if material else made.proof
    if pack is not None:
        for name, title in _PROMISED.items():
            yield Piece(f"{title}：{about}", signed, f"{folder}/{name}", look.files.get(pack.files[name]))
        manifest = look.files.get(pack.manifest_sha256)
        yield Piece(f"证据包清单：{about}", local_date(pack.made_at), f"{folder}/evidence-{MANIFEST}", manifest)
    made = look.session.get_one(Commitment, made.id)
    later = aftermath(look.session, made)
    days = {row.name.removesuffix(".json"): _day(row.content) for row in later.rows}
    for row in later.rows:
        title, day = f"承诺的后续记录：{about}", days[row.name.removesuffix(".json")]
        yield Piece(title, day, row.name.replace(AFTER, folder, 1), row.content)
    for name, digest in later.files.items():
        yield Piece(f"核查材料：{about}", days[name.rpartition("/")[0]], name.replace(AFTER, folder, 1), look.files.get(digest))


def _day(row: bytes) -> date:
    """The day of an event or of a verification that ended, from the bytes of its row."""
    said = json.loads(row)
    return local_date(datetime.fromisoformat(said.get("at") or said["done_at"]))


def _letters(sent: Sequence[Letter], sealed: Mapping[int, bytes]) -> Iterator[Piece]:
    for place, letter in enumerate(sent, start=1):
        title = f"{load_catalogue().letter(letter.kind).name}（{letter.number}）"
        yield Piece(title, local_date(letter.written_at), f"letters/{place:02d}-{letter.kind}.pdf", sealed[letter.id])


def _deliveries(session: Session, sent: Sequence[Letter]) -> Iterator[Piece]:
    """Who opened each letter first, and when 送达: instead of a receipt on paper."""
    if not sent:
        return
    names = person_names(session, {letter.opened_by for letter in sent if letter.opened_by is not None})
    rows = (
        (
            letter.number,
            f"{letter.written_at.astimezone(CHINA):%Y-%m-%d %H:%M}",
            f"{letter.opened_at.astimezone(CHINA):%Y-%m-%d %H:%M}" if letter.opened_at else "",
            names.get(letter.opened_by, "") if letter.opened_by is not None else "",
        )
        for letter in sent
    )
    content = csv_of(("文书编号", "制发时间", "首次打开时间", "打开人"), rows)
    yield Piece("文书送达记录", local_date(sent[-1].written_at), "letters/deliveries.csv", content)


def _objections(session: Session, case: Loaded) -> Iterator[Piece]:
    """What was objected, by whom, and what was answered; the letter with the answer lies among the letters."""
    company = session.get_one(Company, case.row.company_id)
    query = select(Objection).where(Objection.case_id == case.row.id).order_by(Objection.id)
    for place, row in enumerate(session.scalars(query), start=1):
        title = f"异议（{row.number}）"
        lines = (title, *_objected(row, company), *_answered(session, row))
        yield Piece(title, local_date(row.received_at), f"objections/{place:02d}.txt", "".join(f"{line}\n" for line in lines).encode())


def _objected(row: Objection, company: Company) -> Iterator[str]:
    against = "拟许可公示" if row.about == PUBLICITY else load_catalogue().letter(OBJECTABLE[Event(row.about)].letter).name
    yield f"异议事项：{against}"
    yield f"提出人：{company.name}（{company.uscc}）" if row.company_id is not None else f"提出人：{row.name}（{row.contact}）"
    yield f"提出时间：{row.received_at.astimezone(CHINA):%Y-%m-%d %H:%M}（北京时间）"
    yield f"异议内容：{row.text}"


def _answered(session: Session, row: Objection) -> Iterator[str]:
    if row.answered_at is None or row.answered_by is None:
        return
    yield f"复核结论：{_OUTCOMES[row.outcome]}"
    yield f"复核人：{person_names(session, {row.answered_by})[row.answered_by]}"
    yield f"答复时间：{row.answered_at.astimezone(CHINA):%Y-%m-%d %H:%M}（北京时间）"
    yield f"答复理由：{row.answer}"


def _licence(look: Work, case: Loaded) -> Iterator[Piece]:
    licence = licence_of(look.session, case.row.id)
    if licence is not None and licence.file_sha256 is not None:
        name = load_catalogue().licence_type(licence.type).name
        yield Piece(f"{name}（{licence.number}）", licence.issued_on, "licence.pdf", look.files.get(licence.file_sha256))


def _events(case: Loaded) -> Iterator[Piece]:
    for event in case.row.events:
        kept = evidence.kept_event(case.row, event)
        yield Piece(f"办理过程记录（{event.sequence}）{event.type}", local_date(event.at), kept.name, kept.content)


def _paged(piece: Piece) -> Piece:
    """The piece with its pages: the sealed papers of the authority are counted, what came from outside was when it came."""
    if piece.pages is not None or not piece.name.endswith(PDF):
        return piece
    return replace(piece, pages=ask("licensing.documents.child:page_count", piece.content))
