"""The acts on a case that need words, one row each: which policy action, which form, what it does, what is said afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from licensing.cases import actions, issuing, verifying
from licensing.cases.actions import EvaluationResult, Item
from licensing.cases.machine import TRANSITIONS, Event, State
from licensing.cases.queries import CasePage
from licensing.catalogue.model import Step
from licensing.policy import Action, Actor
from licensing.words import N_, Said, say
from portal.office import closing, extension, forms, reviewing, transfer
from portal.office.late import reading_late
from portal.office.performing import Act
from portal.typed import Filled, Values

CaseAct = Act[Action, CasePage]


_JUDGEMENTS = {"terminate": Event.TERMINATED, "order-correction": Event.CORRECTION_ORDERED, "drop-finding": Event.FINDING_DROPPED}
"""One policy action allows all three; the machine tells them apart."""


def letter_of(act: CaseAct) -> str | None:
    """The code of the letter that goes out with ``act``, or None."""
    event = _JUDGEMENTS.get(act.slug)
    rows = (row for row in TRANSITIONS if row.action is act.action and event in (None, row.event))
    return next((row.letter for row in rows if row.letter), None)


def fits_now(act: CaseAct, page: CasePage, today: date) -> bool:
    """Whether ``act`` fits what was proposed (who disagrees returns it, invariant 2) and the applicant was heard first."""
    proposed = (page.view.proposal or {}).get("recommendation")
    reviewed = Step.EXPERT_REVIEW in page.view.steps
    heard = page.state is State.ANSWERED or (page.view.answer_due is not None and today > page.view.answer_due)
    fits = {
        Action.CASE_OPEN_PUBLICITY: proposed == "grant",
        Action.CASE_GRANT: proposed == "grant" and not publicised(page, today),
        Action.CASE_COMMISSION: (act.slug == "panel") == reviewed,
        Action.CASE_RECORD_RESULT: (act.slug == "opinion") == reviewed,
        Action.CASE_REFUSE: proposed == "refuse",
        Action.COMMITMENT_JUDGE: heard,
        Action.CASE_EXTEND: page.view.extension is None and not page.is_late(today),
        Action.CASE_REQUIRE_PROOF: any(choice.commitment_id is not None for choice in page.choices.values()),
    }
    return fits.get(act.action, True)


def publicised(page: CasePage, today: date) -> bool:
    """Whether the publicity goes on: nothing is granted before it is over."""
    return page.state is State.PUBLICITY and page.view.publicity_until is not None and today <= page.view.publicity_until


def lead(act: CaseAct, page: CasePage) -> Said:
    """What the act does, told before it is done."""
    return say(_LEADS.get(act.slug) or _LEADS[act.action], what=say(page.matter.stop.english_name))


def act_title(act: CaseAct, page: CasePage) -> Said:
    """The heading of the act's page and the words of its button in the panel."""
    return say(act.title, what=say(page.matter.stop.english_name))


def _correct(actor: Actor, page: CasePage, values: Values) -> None:
    actions.request_correction(actor, page.case.id, [Item(code, values["notes"][code]) for code in values["picked"]])


def _not_accept(actor: Actor, page: CasePage, values: Values) -> None:
    actions.not_accept(actor, page.case.id, values["reason"])


def _commission(actor: Actor, page: CasePage, values: Values) -> None:
    actions.commission(actor, page.case.id, body=values["body"], expected_days=values["days"])


def _record(actor: Actor, page: CasePage, values: Values) -> None:
    passed = values["passed"] == "yes"
    actions.record_result(
        actor, page.case.id, EvaluationResult(values["report_number"], values["body"], values["day"], passed, values["opinion"])
    )


def _propose(actor: Actor, page: CasePage, values: Values) -> None:
    actions.propose(actor, page.case.id, grant=values["recommendation"] == "grant", opinion=values["opinion"])


def _require_proof(actor: Actor, page: CasePage, values: Values) -> None:
    verifying.require_proof(actor, page.case.id, list(values["proofs"]), values["reason"])


def _terminate(actor: Actor, page: CasePage, values: Values) -> None:
    verifying.terminate(actor, page.case.id, values["reason"], late=values["late"])


def _order_correction(actor: Actor, page: CasePage, values: Values) -> None:
    verifying.order_correction(actor, page.case.id, values["reason"])


def _drop_finding(actor: Actor, page: CasePage, values: Values) -> None:
    verifying.drop_finding(actor, page.case.id, values["reason"])


def _return(actor: Actor, page: CasePage, values: Values) -> None:
    actions.return_proposal(actor, page.case.id, values["reason"])


def _grant(actor: Actor, page: CasePage, values: Values) -> None:
    issuing.grant(actor, page.case.id, values["opinion"], late=values["late"])


def _refuse(actor: Actor, page: CasePage, values: Values) -> None:
    actions.refuse(actor, page.case.id, values["reason"], late=values["late"])


_LEADS: Mapping[str, str] = {
    "opinion": N_("All have voted. Whether it was passed follows from the votes; with the opinion the clock runs again from today."),
    "panel": N_(
        "The panel is drawn from the pool of your authority; who has a conflict is left out, with the reason. While it reviews the clock"
        " stands, and the applicant is told how long it will take."
    ),
    Action.CASE_CHECK_SITE: N_("Two officers at least look at the body on site. The clock runs on; the experts read what was found."),
    Action.CASE_OPEN_PUBLICITY: N_(
        "What is to be granted is published, and everybody may object. The clock runs on. Grant it after the last day, when every objection"
        " is answered."
    ),
    "terminate": N_(
        "The procedure ends here. The applicant gets the reasons in writing, and the untrue promise is entered in its credit record: it"
        " cannot promise any more until its credit is repaired."
    ),
    "order-correction": N_("For an honest mistake: the applicant hands in the proof instead. Nothing is entered in its credit record."),
    "drop-finding": N_("The promise is verified again and handling goes on. The applicant is told."),
    Action.CASE_REQUIRE_PROOF: N_(
        "The promise stands no more and the applicant hands in the proof itself. The clock stands until it is there."
    ),
    Action.CASE_REQUEST_CORRECTION: N_(
        "Name everything that must be corrected, in one notice. The applicant can change only what you name; the clock starts anew when"
        " the corrections arrive."
    ),
    Action.CASE_NOT_ACCEPT: N_("The case ends here. The applicant receives the reason in writing and may object."),
    Action.CASE_COMMISSION: N_("%(what)s: while it is under way the clock stands, and the applicant is told how long it will take."),
    Action.CASE_RECORD_RESULT: N_("With the result the clock runs again from today."),
    Action.CASE_PROPOSE: N_("You propose, another person decides."),
    Action.CASE_RETURN: N_("The examiner gets the case back with your reason and proposes anew."),
    Action.CASE_GRANT: N_("The licence is numbered, signed and in force the moment you grant. Check what will stand on it."),
    Action.CASE_TRANSFER: N_(
        "The case goes to another authority with its clock: no limit starts anew, and the applicant need not hand in anything again. You"
        " will not see it any more."
    ),
    Action.CASE_EXTEND: N_(
        "The head of the authority extends the time to decide, once and by at most ten working days. The applicant is told the reason and"
        " the new date."
    ),
    Action.CASE_CLOSE: N_(
        "For a project that will not be built, or an applicant that was struck off: the case ends without a decision about the permit. The"
        " letter says why, and how to object."
    ),
    Action.CASE_REFUSE: N_("The case ends here. The applicant receives the reasons in writing and may object."),
}

ACTS: tuple[CaseAct, ...] = (
    Act(
        "correction",
        Action.CASE_REQUEST_CORRECTION,
        N_("Ask for corrections"),
        N_("Send the notice"),
        N_("The notice of correction was sent."),
        forms.correction_values,
        forms.read_correction,
        _correct,
    ),
    Act(
        "not-accept",
        Action.CASE_NOT_ACCEPT,
        N_("Do not accept"),
        N_("Do not accept and send the letter"),
        N_("The application was not accepted."),
        forms.no_values,
        forms.read_reason,
        _not_accept,
        kind="danger",
        sheet="reason",
    ),
    Act(
        "commission",
        Action.CASE_COMMISSION,
        N_("Commission: %(what)s"),
        N_("Commission and stop the clock"),
        N_("It was commissioned; the clock stands."),
        forms.commission_values,
        forms.read_commission,
        _commission,
    ),
    Act(
        "result",
        Action.CASE_RECORD_RESULT,
        N_("Record the result: %(what)s"),
        N_("Record the result"),
        N_("The result was recorded; the clock runs again."),
        forms.result_values,
        forms.read_result,
        _record,
        kind="",
    ),
    Act(
        "site-check",
        Action.CASE_CHECK_SITE,
        N_("Record a check on site"),
        N_("Record the check"),
        N_("The check on site was recorded."),
        reviewing.site_check_values,
        reviewing.read_site_check,
        reviewing.check_site,
    ),
    Act(
        "panel",
        Action.CASE_COMMISSION,
        N_("Draw the panel of experts"),
        N_("Draw the panel and stop the clock"),
        N_("The panel was drawn and told; the clock stands."),
        reviewing.panel_values,
        reviewing.read_panel,
        reviewing.draw,
        kind="",
    ),
    Act(
        "opinion",
        Action.CASE_RECORD_RESULT,
        N_("Record the opinion of the experts"),
        N_("Record the opinion"),
        N_("The opinion was recorded; the clock runs again."),
        reviewing.opinion_values,
        reviewing.read_opinion,
        reviewing.record_opinion,
        kind="",
    ),
    Act(
        "propose",
        Action.CASE_PROPOSE,
        N_("Propose a decision"),
        N_("Send to the approver"),
        N_("Your proposal was sent to the approver."),
        forms.propose_values,
        forms.read_propose,
        _propose,
        kind="",
    ),
    Act(
        "publicity",
        Action.CASE_OPEN_PUBLICITY,
        N_("Publish it for objections"),
        N_("Publish it"),
        N_("It is published; everybody may object until the last day."),
        reviewing.publicity_values,
        lambda _form, page: Filled(reviewing.publicity_values(page)),
        reviewing.publicise,
        kind="",
    ),
    Act(
        "grant",
        Action.CASE_GRANT,
        N_("Grant and issue"),
        N_("Grant and issue the licence"),
        N_("The permit was granted and its licence is in force."),
        forms.grant_values,
        reading_late(forms.read_grant),
        _grant,
        kind="",
    ),
    Act(
        "refuse",
        Action.CASE_REFUSE,
        N_("Refuse"),
        N_("Refuse and send the letter"),
        N_("The permit was refused."),
        forms.refuse_values,
        reading_late(forms.read_reason),
        _refuse,
        kind="danger",
        sheet="reason",
    ),
    Act(
        "require-proof",
        Action.CASE_REQUIRE_PROOF,
        N_("Require the proof itself"),
        N_("Require the proof and stop the clock"),
        N_("The notice was sent; the clock stands until the proof is there."),
        forms.no_values,
        forms.read_require_proof,
        _require_proof,
    ),
    Act(
        "terminate",
        Action.COMMITMENT_JUDGE,
        N_("End the procedure for an untrue promise"),
        N_("End it and send the letter"),
        N_("The procedure was ended and the credit record has its entry."),
        forms.finding_values,
        reading_late(forms.read_reason),
        _terminate,
        kind="danger",
        sheet="reason",
    ),
    Act(
        "order-correction",
        Action.COMMITMENT_JUDGE,
        N_("Let the applicant hand in the proof"),
        N_("Order the correction"),
        N_("The applicant was told to hand in the proof."),
        forms.no_values,
        forms.read_reason,
        _order_correction,
        sheet="reason",
    ),
    Act(
        "drop-finding",
        Action.COMMITMENT_JUDGE,
        N_("Do not uphold the finding"),
        N_("Do not uphold it"),
        N_("The finding was not upheld; the promise is verified again."),
        forms.no_values,
        forms.read_reason,
        _drop_finding,
        sheet="reason",
    ),
    Act(
        "return",
        Action.CASE_RETURN,
        N_("Return to the examiner"),
        N_("Return the proposal"),
        N_("The proposal was returned to the examiner."),
        forms.no_values,
        forms.read_reason,
        _return,
    ),
    Act(
        "transfer",
        Action.CASE_TRANSFER,
        N_("Transfer to another authority"),
        N_("Transfer the case and send the letter"),
        N_("The case was transferred, and the applicant was told."),
        transfer.start,
        transfer.read,
        transfer.perform,
        gone=True,
    ),
    Act(
        "extend",
        Action.CASE_EXTEND,
        N_("Extend the time to decide"),
        N_("Extend and send the letter"),
        N_("The time to decide was extended, and the applicant was told."),
        extension.start,
        extension.read,
        extension.perform,
    ),
    Act(
        "close",
        Action.CASE_CLOSE,
        N_("End it: what was applied for is gone"),
        N_("End it and send the letter"),
        N_("Handling was ended, and the letter was sent."),
        closing.start,
        reading_late(closing.read),
        closing.perform,
        kind="danger",
    ),
)
