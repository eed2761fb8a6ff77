"""For each replaceable proof: choose, state the facts, read and sign; withdraw before the decision; answer; the evidence."""

from __future__ import annotations

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.cases import evidence, promises, rectifying
from licensing.cases.journal import not_found
from licensing.cases.machine import State
from licensing.cases.queries import CasePage
from licensing.cases.rules import is_filled_in
from licensing.catalogue.answers import clean_facts
from licensing.catalogue.model import Proof
from licensing.clock import today
from licensing.commitments.machine import State as PromiseState
from licensing.commitments.queries import fact_problems
from licensing.commitments.rules import Acceptance, Choice, facts_digest
from licensing.credit.queries import eligibility_of
from licensing.credit.rules import explain_bar
from licensing.errors import Conflict, Forbidden, Invalid
from licensing.parties.queries import signatories
from licensing.policy import Action, Role, Subject
from licensing.storage import reading
from licensing.words import Said, say
from portal.applicant import forms
from portal.applicant.pages import ID, is_open, my_page, notes_on, open_page, to_case
from portal.components import errors_by_field
from portal.downloads import download
from portal.promises import promise_cards
from portal.security import Access, access, current_actor, current_sign_in, refuse_early

blueprint = Blueprint("applicant_promises", __name__, url_prefix="/my")
REASON_LIMIT = 500
_ON_THE_CHOICE = {"promise-barred": "choice", "forbidden": "choice", "reason-needed": "reason"}
"""What is told beside the choice, and where."""
_ON_THE_PROMISE = {"notice-changed": "notice", "facts-changed": "facts", "promise-barred": "notice", "forbidden": "notice"}
"""What is told on the page that is signed, and where."""
PROOF = f"/cases/<{ID}:case_id>/proofs/<proof>"


@blueprint.get(PROOF)
@access(Access.APPLICANT)
def proof(case_id: int, proof: str) -> ResponseReturnValue:
    page = my_page(case_id)
    return _choice_page(page, _proof(page, proof), {}) if is_filled_in(page.view) else to_case(case_id)


@blueprint.post(PROOF)
@access(Access.APPLICANT)
def proof_send(case_id: int, proof: str) -> ResponseReturnValue:
    page = open_page(case_id)
    chosen = _proof(page, proof)
    choice, reason = request.form.get("choice", ""), request.form.get("reason", "").strip()
    if choice not in set(Choice):
        return _choice_page(page, chosen, {"choice": say("Choose one of the two.")}, status=422)
    if len(reason) > REASON_LIMIT:
        return _choice_page(page, chosen, {"reason": say("At most %(limit)s characters are possible.", limit=REASON_LIMIT)}, status=422)
    try:
        promises.choose_proof(current_actor(), case_id, chosen.code, Choice(choice), reason)
    except (Conflict, Forbidden, Invalid) as error:
        if error.code not in _ON_THE_CHOICE:
            raise
        return _choice_page(page, chosen, {_ON_THE_CHOICE[error.code]: error.sentence}, status=error.http_status)
    material = page.matter.material_for(chosen.code)
    if choice == Choice.HAND_IN and material is not None:
        return redirect(url_for("applicant_papers.documents", case_id=case_id, material=material.code), 303)
    return redirect(url_for("applicant_promises.facts", case_id=case_id, proof=chosen.code), 303)


@blueprint.get(f"{PROOF}/facts")
@access(Access.APPLICANT)
def facts(case_id: int, proof: str) -> ResponseReturnValue:
    page = my_page(case_id)
    if not is_filled_in(page.view):
        return to_case(case_id)
    chosen = _proof(page, proof)
    return _facts_page(page, chosen, _typed(page, chosen), {})


@blueprint.post(f"{PROOF}/facts")
@access(Access.APPLICANT)
def facts_send(case_id: int, proof: str) -> ResponseReturnValue:
    """Keep the facts, complete or not; go on to sign when they hold."""
    page = open_page(case_id)
    chosen = _proof(page, proof)
    typed = forms.read_facts(chosen, request.form)
    try:
        promises.keep_facts(current_actor(), case_id, chosen.code, typed)
    except Invalid as error:
        return _facts_page(page, chosen, typed, errors_by_field(error), status=error.http_status)
    problems = _fact_problems(page, chosen, typed)
    if problems:
        return _facts_page(page, chosen, typed, problems, status=422)
    return redirect(url_for("applicant_promises.promise", case_id=case_id, proof=chosen.code), 303)


@blueprint.get(f"{PROOF}/promise")
@access(Access.APPLICANT)
def promise(case_id: int, proof: str) -> ResponseReturnValue:
    """The notice and the promise clause by clause, to be signed; once signed, what was promised."""
    page = my_page(case_id)
    if not is_filled_in(page.view):
        return to_case(case_id)
    chosen = _proof(page, proof)
    standing = page.choices.get(chosen.code)
    if standing is not None and standing.commitment is not None:
        return redirect(url_for("applicant_promises.proof", case_id=case_id, proof=chosen.code), 303)
    if _fact_problems(page, chosen, _typed(page, chosen)):
        return redirect(url_for("applicant_promises.facts", case_id=case_id, proof=chosen.code), 303)
    return _promise_page(page, chosen, {})


@blueprint.post(f"{PROOF}/promise")
@access(Access.APPLICANT)
def promise_send(case_id: int, proof: str) -> ResponseReturnValue:
    page = open_page(case_id)
    chosen = _proof(page, proof)
    try:
        made = promises.sign_promise(current_actor(), case_id, chosen.code, facts=_typed(page, chosen), given=_given())
    except Invalid as error:
        if error.fields and error.code != "not-accepted":
            return _facts_page(page, chosen, _typed(page, chosen), errors_by_field(error), status=error.http_status)
        return _promise_page(page, chosen, errors_by_field(error) or {"notice": error.sentence}, status=error.http_status)
    except (Conflict, Forbidden) as error:
        if error.code not in _ON_THE_PROMISE:
            raise
        return _promise_page(page, chosen, {_ON_THE_PROMISE[error.code]: error.sentence}, status=error.http_status)
    if evidence.complete_soon(current_app.config["LEIZHENG"], case_id, made.id):
        flash(gettext("Your promise was signed and its evidence is kept."))
    else:
        flash(gettext("Your promise was signed. Its evidence pack cannot be made at the moment; it follows by itself within minutes."))
    return redirect(url_for("applicant_promises.proof", case_id=case_id, proof=chosen.code), 303)


@blueprint.get(f"{PROOF}/withdraw")
@access(Access.APPLICANT)
def withdraw(case_id: int, proof: str) -> ResponseReturnValue:
    page = my_page(case_id)
    return _withdraw_page(page, _proof(page, proof), {}) if page.can(Action.COMMITMENT_WITHDRAW) else to_case(case_id)


@blueprint.post(f"{PROOF}/withdraw")
@access(Access.APPLICANT)
def withdraw_send(case_id: int, proof: str) -> ResponseReturnValue:
    page, reason = my_page(case_id), request.form.get("reason", "").strip()
    refuse_early(Action.COMMITMENT_WITHDRAW, Subject(company_id=page.case.company_id, authority_id=-1))
    chosen = _proof(page, proof)
    complaint = _complaint(reason, say("Say why you withdraw the promise."))
    if complaint is not None:
        return _withdraw_page(page, chosen, {"reason": complaint}, status=422)
    try:
        promises.withdraw_promise(current_actor(), case_id, chosen.code, reason)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
        return to_case(case_id)
    flash(gettext("The promise was withdrawn. Hand the proof in, or promise again."))
    return to_case(case_id)


@blueprint.post(f"/cases/<{ID}:case_id>/settle")
@access(Access.APPLICANT)
def settle(case_id: int) -> ResponseReturnValue:
    """Send the proofs that were due."""
    my_page(case_id)
    try:
        promises.settle(current_actor(), case_id)
    except (Invalid, Conflict) as error:
        flash(error.sentence.in_words(gettext))
        return to_case(case_id)
    flash(gettext("The proof was sent and the clock runs on."))
    return to_case(case_id)


@blueprint.get(f"/cases/<{ID}:case_id>/answer")
@access(Access.APPLICANT)
def answer(case_id: int) -> ResponseReturnValue:
    page = my_page(case_id)
    return _answer_page(page, {}) if page.can(Action.COMMITMENT_ANSWER) else to_case(case_id)


@blueprint.post(f"/cases/<{ID}:case_id>/answer")
@access(Access.APPLICANT)
def answer_send(case_id: int) -> ResponseReturnValue:
    page, reason = my_page(case_id), request.form.get("reason", "").strip()
    complaint = _complaint(reason, say("Write your answer."), limit=1000)
    if complaint is not None and page.view.untruth is not None:
        return _answer_page(page, {"reason": complaint}, status=422)
    try:
        promises.answer_untruth(current_actor(), case_id, reason)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
        return to_case(case_id)
    flash(gettext("Your answer was handed in."))
    return to_case(case_id)


@blueprint.get(f"/cases/<{ID}:case_id>/promises/<{ID}:commitment_id>")
@access(Access.APPLICANT)
def statement(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """The promise as it was shown and kept, byte for byte."""
    page = my_page(case_id)
    made, content = evidence.statement_for(current_actor(), case_id, commitment_id)
    return download(content, "text/plain; charset=utf-8", f"{page.case.public_number}-{made.proof}-{made.id}.txt")


@blueprint.get(f"/cases/<{ID}:case_id>/promises/<{ID}:commitment_id>/evidence.zip")
@access(Access.APPLICANT)
def pack(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """The evidence of a promise, to be checked without us."""
    page = my_page(case_id)
    content = evidence.pack_for(current_actor(), current_app.config["LEIZHENG"], case_id, commitment_id)
    return download(content, "application/zip", f"{page.case.public_number}-{commitment_id}.zip")


@blueprint.get(f"/cases/<{ID}:case_id>/promises/<{ID}:commitment_id>/rectified")
@access(Access.APPLICANT)
def report(case_id: int, commitment_id: int) -> ResponseReturnValue:
    return _report_page(my_page(case_id), commitment_id, {})


@blueprint.post(f"/cases/<{ID}:case_id>/promises/<{ID}:commitment_id>/rectified")
@access(Access.APPLICANT)
def report_send(case_id: int, commitment_id: int) -> ResponseReturnValue:
    """Report that what was found untrue is rectified."""
    page, told = my_page(case_id), request.form.get("reason", "").strip()
    complaint = _complaint(told, say("Say what you rectified."), limit=1000)
    if complaint is not None:
        return _report_page(page, commitment_id, {"reason": complaint}, status=422)
    try:
        rectifying.report_rectification(current_actor(), case_id, commitment_id, told)
    except Invalid as error:
        return _report_page(page, commitment_id, {"reason": error.sentence}, status=error.http_status)
    except Conflict as error:
        flash(error.sentence.in_words(gettext))
        return to_case(case_id)
    flash(gettext("Your report was handed in. It is verified next."))
    return to_case(case_id)


def _report_page(page: CasePage, commitment_id: int, errors: dict[str, Said], *, status: int = 200) -> ResponseReturnValue:
    card = next((card for card in promise_cards(page) if card.made.id == commitment_id), None)
    if card is None or card.made.state != PromiseState.RECTIFYING:
        return to_case(page.case.id)
    return render_template(
        "portal/applicant/promise_report.html", page=page, card=card, errors=errors, reason=request.form.get("reason", "")
    ), status


def _choice_page(page: CasePage, chosen: Proof, errors: dict[str, Said], *, status: int = 200) -> ResponseReturnValue:
    standing = page.choices.get(chosen.code)
    made = standing.commitment if standing else None
    return render_template(
        "portal/applicant/proof.html",
        page=page,
        proof=chosen,
        standing=standing,
        made=made,
        facts=forms.questions(chosen.facts, chosen.code, made.facts, {}) if made else [],
        errors=errors,
        barred=_bar(page),
        demanded=chosen.code in page.view.demanded,
        changeable=is_open(page, f"proof:{chosen.code}"),
        notes=notes_on(page, f"proof:{chosen.code}"),
        signs=_signs(page),
        signers=_signers(page),
        reason=request.form.get("reason", ""),
        relied_on=page.state is not State.DRAFT,
    ), status


def _facts_page(page: CasePage, chosen: Proof, typed: forms.Row, errors: dict[str, Said], *, status: int = 200) -> ResponseReturnValue:
    return render_template(
        "portal/applicant/promise_facts.html",
        page=page,
        proof=chosen,
        questions=forms.questions(chosen.facts, chosen.code, typed, errors),
        errors=errors,
        changeable=is_open(page, f"proof:{chosen.code}"),
        places=forms.places(),
    ), status


def _promise_page(page: CasePage, chosen: Proof, errors: dict[str, Said], *, status: int = 200) -> ResponseReturnValue:
    """What was ticked stays, unless it was ticked below other words than those shown now."""
    typed, given = _typed(page, chosen), _given()
    same = (given.notice_sha256, given.facts_sha256) == (chosen.digest(), facts_digest(chosen, typed))
    return render_template(
        "portal/applicant/promise.html",
        page=page,
        proof=chosen,
        facts=forms.questions(chosen.facts, chosen.code, typed, {}),
        facts_sha256=facts_digest(chosen, typed),
        errors=errors,
        accepted=given.accepted if same else frozenset(),
        changeable=is_open(page, f"proof:{chosen.code}"),
        signs=_signs(page),
        has_factor=(signed_in := current_sign_in()) is not None and signed_in.has_second_factor,
        signers=_signers(page),
    ), status


def _withdraw_page(page: CasePage, chosen: Proof, errors: dict[str, Said], *, status: int = 200) -> ResponseReturnValue:
    reason = request.form.get("reason", "")
    return render_template("portal/applicant/promise_withdraw.html", page=page, proof=chosen, errors=errors, reason=reason), status


def _answer_page(page: CasePage, errors: dict[str, Said], *, status: int = 200) -> ResponseReturnValue:
    return render_template("portal/applicant/promise_answer.html", page=page, errors=errors, reason=request.form.get("reason", "")), status


def _bar(page: CasePage) -> Said | None:
    """Why this company may not promise now, or None."""
    with reading(current_actor()) as look:
        seen = eligibility_of(look.session, page.case.company_id, today())
    return None if seen.allowed else explain_bar(seen)


def _typed(page: CasePage, chosen: Proof) -> forms.Row:
    """The facts that were kept for a promise that is not signed yet."""
    standing = page.choices.get(chosen.code)
    return dict(standing.facts) if standing is not None else {}


def _fact_problems(page: CasePage, chosen: Proof, typed: forms.Row) -> dict[str, Said]:
    """What is wrong with the facts, as a page tells it."""
    with reading(current_actor()) as look:
        return forms.complaints(fact_problems(look.session, page.case.id, chosen, clean_facts(chosen, typed), today()))


def _given() -> Acceptance:
    """What the form says was shown and accepted."""
    form = request.form
    return Acceptance(
        notice_sha256=form.get("accepted_notice", ""),
        facts_sha256=form.get("accepted_facts", ""),
        language=form.get("shown_in", ""),
        accepted=frozenset(form.getlist("accepted")),
    )


def _signs(page: CasePage) -> bool:
    """Whether who asks is an authorised signatory of the company today."""
    return any(seat.company_id == page.case.company_id and seat.role is Role.SIGNATORY for seat in current_actor().memberships)


def _signers(page: CasePage) -> list[str]:
    """Who can sign for the company."""
    with reading(current_actor()) as look:
        return signatories(look.session, page.case.company_id, today())


def _complaint(text: str, when_empty: Said, limit: int = REASON_LIMIT) -> Said | None:
    if not text:
        return when_empty
    return say("At most %(limit)s characters are possible.", limit=limit) if len(text) > limit else None


def _proof(page: CasePage, code: str) -> Proof:
    if code not in page.proofs:
        raise not_found()
    return page.proofs[code]
