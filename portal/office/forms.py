"""What officers type, read once: every form becomes values to show again and complaints by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from licensing.cases import commissions
from licensing.cases.queries import CasePage
from licensing.cases.targets import targets
from licensing.catalogue.model import Step
from licensing.words import Said, say
from portal.office.opinions import case_facts, typed_or_chosen
from portal.security import current_actor
from portal.typed import Filled, Form, Values, complaint_about, day_of, filled, typed_text

if TYPE_CHECKING:
    from licensing.cases.tables import CommissionReport

NOTE_LIMIT = 300
WORDS_LIMIT = 1000
OPINION_LIMIT = 400
LINE_LIMIT = 100
LONGEST_COMMISSION = 120


def no_values(_page: CasePage) -> Values:
    """A form that starts empty."""
    return {}


def correction_values(_page: CasePage) -> Values:
    return {"picked": (), "notes": {}}


def read_correction(form: Form, page: CasePage) -> Filled:
    """The items to correct. A note counts as picked; a picked item without a note is complained about at its note."""
    known = {target.code: target for target in targets(page.matter)}
    notes = {code: text for code in known if (text := typed_text(form, f"note.{code}"))}
    ticked = {code for code in known if form.get(f"pick.{code}")}
    picked = tuple(code for code in known if code in ticked or code in notes)
    empty = {code: say("Say what is wrong: %(name)s.", name=say(known[code].english_name)) for code in picked}
    errors = {f"note.{code}": complaint for code in picked if (complaint := complaint_about(notes.get(code, ""), empty[code], NOTE_LIMIT))}
    if not picked:
        errors["items"] = say("Choose at least one item and say what is wrong with it.")
    return Filled({"picked": picked, "notes": notes}, errors)


def read_reason(form: Form, page: CasePage) -> Filled:
    """A reason, typed or chosen from the ready ones."""
    reason = typed_or_chosen(form, "reason", case_facts(page))
    complaint = complaint_about(reason, say("Give the reason."), WORDS_LIMIT)
    return filled({"reason": reason, "canned": form.get("canned", "")}, reason=complaint)


def read_require_proof(form: Form, page: CasePage) -> Filled:
    """Which promised proofs are required themselves, and why."""
    promised = [code for code, choice in page.choices.items() if choice.commitment_id is not None]
    proofs = tuple(code for code in promised if form.get(f"proof.{code}"))
    reason = read_reason(form, page)
    if not proofs:
        reason.errors["proofs"] = say("Choose at least one promise.")
    return Filled({**reason.values, "proofs": proofs}, reason.errors)


def finding_values(page: CasePage) -> Values:
    """The approver starts from what the verification found."""
    return {"reason": str((page.view.untruth or {}).get("reason", ""))}


def commission_values(page: CasePage) -> Values:
    return {"body": "", "expected_days": str(page.matter.stop.expected_days)}


def read_commission(form: Form, _page: CasePage) -> Filled:
    body, days = typed_text(form, "body"), typed_text(form, "expected_days")
    amount = int(days) if days.isdecimal() and len(days) <= 3 else 0
    in_range = 1 <= amount <= LONGEST_COMMISSION
    return filled(
        {"body": body, "expected_days": str(amount) if in_range else days, "days": amount},
        body=complaint_about(body, say("Enter the body that is commissioned."), LINE_LIMIT),
        expected_days=None if in_range else say("Enter how many working days it will take, 1 to 120."),
    )


def result_values(page: CasePage) -> Values:
    """The body is the one that was commissioned last; the rest comes from its report, when it handed one in here."""
    found = commissions.waiting_report(current_actor(), page.case.id)
    return {"body": commissioned_body(page), **(reported_values(found) if found else {})}


def reported_values(row: CommissionReport) -> Values:
    """A report as the form of the result reads it."""
    return {
        "report_number": row.number,
        "done_on": row.done_on.isoformat(),
        "passed": "yes" if row.passed else "no",
        "opinion": row.opinion,
    }


def read_result(form: Form, page: CasePage) -> Filled:
    values = {name: typed_text(form, name) for name in ("report_number", "body", "done_on", "passed")}
    opinion, day = typed_or_chosen(form, "opinion", case_facts(page)), day_of(values["done_on"])
    return filled(
        {**values, "opinion": opinion, "canned": form.get("canned", ""), "day": day},
        report_number=complaint_about(values["report_number"], say("Enter the number of the report."), LINE_LIMIT),
        body=complaint_about(values["body"], say("Enter the body that did it."), LINE_LIMIT),
        done_on=None if day else say("Enter the date of the report, such as 2026-03-31."),
        passed=None if values["passed"] in ("yes", "no") else say("Choose whether it passed."),
        opinion=complaint_about(opinion, say("Enter the conclusion of the report."), WORDS_LIMIT),
    )


def propose_values(page: CasePage) -> Values:
    return {"recommendation": "" if page.view.evaluation is None else "grant" if page.view.evaluation["passed"] else "refuse"}


def read_propose(form: Form, page: CasePage) -> Filled:
    recommendation, opinion = form.get("recommendation", ""), typed_or_chosen(form, "opinion", case_facts(page))
    return filled(
        {"recommendation": recommendation, "opinion": opinion, "canned": form.get("canned", "")},
        recommendation=_recommendation_complaint(recommendation, page),
        opinion=complaint_about(opinion, say("Give your opinion with its reasons."), OPINION_LIMIT),
    )


def grant_values(_page: CasePage) -> Values:
    return {"opinion": ""}


def read_grant(form: Form, page: CasePage) -> Filled:
    opinion = typed_or_chosen(form, "opinion", case_facts(page))
    return filled(
        {"opinion": opinion, "canned": form.get("canned", "")},
        opinion=complaint_about(opinion, say("Write the opinion that will stand on the licence."), OPINION_LIMIT),
    )


def refuse_values(page: CasePage) -> Values:
    """The approver starts from what the examiner proposed."""
    return {"reason": str((page.view.proposal or {}).get("opinion", ""))}


def commissioned_body(page: CasePage) -> str:
    """The body that was commissioned last, as the history tells it."""
    bodies = [entry.detail for entry in page.timeline if entry.event == "EvaluationCommissioned"]
    return bodies[-1] if bodies else ""


def _recommendation_complaint(recommendation: str, page: CasePage) -> Said | None:
    if recommendation not in ("grant", "refuse"):
        return say("Choose what you propose.")
    if recommendation == "grant" and not (page.view.evaluation or {}).get("passed"):
        if Step.EXPERT_REVIEW in page.view.steps:
            return say("A grant can be proposed only after an expert review that was passed.")
        return say("A grant can be proposed only after a passed evaluation or inspection.")
    return None
