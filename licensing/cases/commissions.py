"""What a commissioned body sees and reports, and what the examiner does with the report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from licensing.cases.bodies import Body
from licensing.cases.journal import Loaded, load, load_for, not_found, require
from licensing.cases.machine import State
from licensing.cases.tables import Case, Commission, CommissionReport
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Matter
from licensing.clock import local_date
from licensing.documents.previews import MOST_PAGES, page_picture
from licensing.documents.uploads import inspect, safe_filename
from licensing.errors import Conflict, FieldError, Invalid
from licensing.ledger.actions import append
from licensing.ledger.protection import Fact, Problem, row_digest, unaccounted
from licensing.notices.actions import notify_company, notify_post
from licensing.parties.queries import company_by_uscc
from licensing.parties.tables import Authority, Company
from licensing.policy import Action, Actor, Role, Subject
from licensing.storage import Work, reading, storage, unit_of_work
from licensing.words import Said, say

LEAF: Final = "commission"
REPORT_LEAF: Final = "commission-report"
RETURN_LEAF: Final = "commission-report-returned"
LATER: Final = ("returned_at", "returned_by", "return_reason")
"""The columns of a report that returning it fills."""
LONGEST_NUMBER, LONGEST_WORDS, LONGEST_REASON = 100, 1000, 500
PDF: Final = "application/pdf"


@dataclass(frozen=True, slots=True)
class Report:
    """What the body says: the number and date of its report, its conclusion, and the file with its name."""

    number: str
    done_on: date | None
    passed: bool | None
    opinion: str
    file: tuple[str, bytes] | None


@dataclass(frozen=True, slots=True)
class CommissionPage:
    """One commission as the people of the body see it: which project of whom, for which authority, and what was reported."""

    commission: Commission
    case: Case
    matter: Matter
    applicant: Company
    authority: Authority
    reports: tuple[CommissionReport, ...]
    is_open: bool

    @property
    def waiting(self) -> CommissionReport | None:
        """The report that the authority has and did not return."""
        return next((report for report in self.reports if report.returned_at is None), None)


@dataclass(frozen=True, slots=True)
class Commissions:
    """A page of commissions; ``next_key`` continues after it."""

    rows: tuple[CommissionPage, ...]
    next_key: int | None


def note_commission(work: Work, case: Loaded, body: Body | None, expected_days: int) -> None:
    """Keep the commission for a body that has people here, and tell them; called in the transaction of the event."""
    company = company_by_uscc(work.session, body.code) if body else None
    if company is None:
        return
    row = Commission(
        case_id=case.row.id,
        sequence=case.row.sequence,
        company_id=company.id,
        expected_days=expected_days,
        commissioned_at=work.now,
        commissioned_by=work.actor.person_id,
    )
    work.session.add(row)
    work.session.flush()
    append(work, LEAF, _subject(case.row, row), row_digest(row))
    said = say("An authority commissioned your company. Look at the commission and upload the report there.")
    notify_company(work, company.id, said, commission_id=row.id, reference=case.row.public_number)


def mine(actor: Actor, *, after: int | None = None, size: int = 50) -> Commissions:
    """The commissions of the bodies to which the actor belongs, newest first; keyset-paged by ``after``."""
    with reading(actor) as look:
        query = select(Commission, Case, Company).join(Case, Case.id == Commission.case_id).join(Company, Company.id == Case.company_id)
        query = query.where(Commission.company_id.in_(actor.company_ids)).options(selectinload(Commission.reports))
        if after is not None:
            query = query.where(Commission.id < after)
        # Cases and companies come along: each page finds them in the session.
        found = look.session.execute(query.order_by(Commission.id.desc()).limit(size + 1)).all()
        rows = tuple(_page(look, row) for row, _, _ in found[:size])
        return Commissions(rows, rows[-1].commission.id if len(found) > size else None)


def count_of(actor: Actor) -> int:
    """How many commissions the bodies of the actor have had."""
    with reading(actor) as look:
        query = select(func.count()).select_from(Commission).where(Commission.company_id.in_(actor.company_ids))
        return look.session.scalar(query) or 0


def commission_page(actor: Actor, commission_id: int) -> CommissionPage:
    """One commission. Raises ``NotFound`` when it is not one of the actor's bodies."""
    with reading(actor) as look:
        return _page(look, _own(look, commission_id, Action.COMMISSION_READ))


def report(actor: Actor, commission_id: int, said: Report) -> int:
    """Hand the report of the body to the authority; the id of the report.

    Raises ``Invalid`` (``incomplete``, or the reason why the file is refused) and ``Conflict`` (``commission-over``, ``reported-already``).
    """
    with reading(actor) as look:
        _check_open(look, _own(look, commission_id, Action.COMMISSION_REPORT))
        _check(said, local_date(look.now))
    filename, content = said.file or ("", b"")
    inspected = inspect(filename, content, storage().settings.upload_limit)
    if inspected.media_type != PDF:
        raise _incomplete({"file": say("Hand in the report as a PDF.")})
    with unit_of_work(actor) as work:
        commission = _own(work, commission_id, Action.COMMISSION_REPORT)
        case = _check_open(work, commission)
        first = local_date(commission.commissioned_at)
        if said.done_on is not None and said.done_on < first:
            raise _incomplete({"done_on": say("The report is dated between the commission and today.")})
        row = CommissionReport(
            commission_id=commission.id,
            number=said.number,
            done_on=said.done_on,
            passed=said.passed,
            opinion=said.opinion,
            filename=safe_filename(filename),
            size=inspected.size,
            pages=inspected.pages,
            sha256=work.files.put(content),
            reported_at=work.now,
            reported_by=actor.person_id,
            return_reason="",
        )
        work.session.add(row)
        work.session.flush()
        append(work, REPORT_LEAF, _subject(case.row, commission), row_digest(row, without=LATER))
        if case.row.authority_id is not None:
            told = say("The commissioned body handed in its report on case %(number)s.", number=case.row.public_number)
            notify_post(work, case.row.authority_id, Role.EXAMINER, told, case_id=case.row.id, reference=case.row.public_number)
        return row.id


def waiting_report(actor: Actor, case_id: int) -> CommissionReport | None:
    """The report of the standing commission of a case that the examiner has not used or returned yet. Raises ``NotFound``."""
    with reading(actor) as look:
        case = load_for(look, case_id, Action.CASE_READ)
        commission = _latest(look.session, case.row.id)
        return _waiting(commission) if commission is not None and case.view.state is State.EVALUATING else None


def reports_of(actor: Actor, case_id: int) -> tuple[CommissionReport, ...]:
    """Every report that bodies handed in for a case, oldest first. Raises ``NotFound``, also for the applicant: it is not theirs."""
    with reading(actor) as look:
        _office_case(look, case_id, Action.CASE_READ)
        query = select(CommissionReport).join(Commission).where(Commission.case_id == case_id).order_by(CommissionReport.id)
        return tuple(look.session.scalars(query))


def return_report(actor: Actor, case_id: int, report_id: int, reason: str) -> None:
    """Give a report back to the body with the reason; it hands in another. Raises ``Invalid`` without one, ``Conflict`` when it is over."""
    with unit_of_work(actor) as work:
        case = _office_case(work, case_id, Action.CASE_RECORD_RESULT)
        row = work.session.get(CommissionReport, report_id, with_for_update=True)
        if row is None or row.commission.case_id != case_id:
            raise not_found()
        if not reason or len(reason) > LONGEST_REASON:
            sentence = say("Say what is wrong with the report, in at most %(limit)s characters.", limit=LONGEST_REASON)
            raise Invalid(sentence, [FieldError("return_reason", "reason-needed", sentence)], code="reason-needed")
        if row.returned_at is not None or case.view.state is not State.EVALUATING:
            raise _over()
        row.returned_at, row.returned_by, row.return_reason = work.now, actor.person_id, reason
        work.session.flush()
        append(work, RETURN_LEAF, _subject(case.row, row.commission), row_digest(row))
        said = say("The authority returned your report. Look at the commission and hand in another.")
        notify_company(work, row.commission.company_id, said, commission_id=row.commission_id, reference=case.row.public_number)


def report_file(actor: Actor, case_id: int, report_id: int) -> tuple[CommissionReport, bytes]:
    """A report with its file, for officers. Raises ``NotFound``."""
    with reading(actor) as look:
        row = _report_of(look, case_id, report_id)
        return row, look.files.get(row.sha256)


def report_page(actor: Actor, case_id: int, report_id: int, page: int) -> bytes | None:
    """The picture of a page of a report; None where it cannot be drawn. Raises ``NotFound``."""
    with reading(actor) as look:
        row = _report_of(look, case_id, report_id)
        if not 1 <= page <= min(row.pages, MOST_PAGES):
            raise not_found()
    return page_picture(row.sha256, page)


def problems(session: Session) -> Iterator[Problem]:
    """What does not hold for commissions and reports; nothing when all is well."""
    query = select(Case, Commission).join(Commission, Commission.case_id == Case.id).options(selectinload(Commission.reports))
    rows = session.execute(query.order_by(Commission.id))
    facts = (fact for case, commission in rows for fact in _facts(_subject(case, commission), commission))
    yield from unaccounted(session, {LEAF, REPORT_LEAF, RETURN_LEAF}, facts)


def _facts(subject: str, commission: Commission) -> Iterator[Fact]:
    yield Fact(LEAF, subject, row_digest(commission))
    for row in commission.reports:
        yield Fact(REPORT_LEAF, subject, row_digest(row, without=LATER))
        if row.returned_at is not None or row.return_reason or row.returned_by is not None:
            yield Fact(RETURN_LEAF, subject, row_digest(row))


def _page(look: Work, row: Commission) -> CommissionPage:
    case = look.session.get_one(Case, row.case_id)
    return CommissionPage(
        commission=row,
        case=case,
        matter=load_catalogue().matter(case.matter),
        applicant=look.session.get_one(Company, case.company_id),
        authority=look.session.get_one(Authority, case.authority_id),
        reports=tuple(row.reports),
        is_open=_is_open(look.session, case, row),
    )


def _own(work: Work, commission_id: int, action: Action) -> Commission:
    row = work.session.get(Commission, commission_id)
    if row is None or row.company_id not in work.actor.company_ids:
        raise not_found()
    require(work, action, Subject(company_id=row.company_id))
    return row


def _office_case(work: Work, case_id: int, action: Action) -> Loaded:
    case = load_for(work, case_id, action)
    if case.row.authority_id not in work.actor.readable_ids or case.row.company_id in work.actor.company_ids:
        raise not_found()
    return case


def _report_of(look: Work, case_id: int, report_id: int) -> CommissionReport:
    _office_case(look, case_id, Action.CASE_READ)
    row = look.session.get(CommissionReport, report_id)
    if row is None or row.commission.case_id != case_id:
        raise not_found()
    return row


def _is_open(session: Session, case: Case, row: Commission) -> bool:
    latest = _latest(session, case.id) if case.state == State.EVALUATING else None
    return latest is not None and latest.id == row.id


def _check_open(work: Work, row: Commission) -> Loaded:
    case = load(work.session, row.case_id)
    if not _is_open(work.session, case.row, row):
        raise _over()
    if _waiting(row) is not None:
        raise Conflict(
            say("A report was handed in already."), next_step=say("Wait until the authority uses or returns it."), code="reported-already"
        )
    return case


def _latest(session: Session, case_id: int) -> Commission | None:
    """The commission of the latest commissioning event, if its body has people here."""
    return session.scalar(select(Commission).where(Commission.case_id == case_id).order_by(Commission.sequence.desc()).limit(1))


def _waiting(row: Commission) -> CommissionReport | None:
    return next((report for report in row.reports if report.returned_at is None), None)


def _check(said: Report, today: date) -> None:
    wrong = {
        "number": None if 0 < len(said.number) <= LONGEST_NUMBER else say("Enter the number of the report."),
        "done_on": None if said.done_on and said.done_on <= today else say("Enter the date of the report, such as 2026-03-31."),
        "passed": None if said.passed is not None else say("Choose whether it passed."),
        "opinion": None if 0 < len(said.opinion) <= LONGEST_WORDS else say("Enter the conclusion of the report."),
        "file": None if said.file is not None else say("Choose the PDF of the report."),
    }
    found = {name: sentence for name, sentence in wrong.items() if sentence is not None}
    if found:
        raise _incomplete(found)


def _incomplete(wrong: dict[str, Said]) -> Invalid:
    complaints = [FieldError(name, name, sentence) for name, sentence in wrong.items()]
    return Invalid(say("The report is not complete."), complaints, code="incomplete")


def _over() -> Conflict:
    return Conflict(
        say("This commission is over, or the report was returned."),
        next_step=say("Load the page again and look at the new state."),
        code="commission-over",
    )


def _subject(case: Case, row: Commission) -> str:
    return f"{case.public_number}/{row.sequence}"
