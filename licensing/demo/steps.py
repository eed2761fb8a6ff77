"""Plays the steps of the stories through the same actions that people use, each as the right person at its own moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import select

from licensing.cases import actions, closing, drafts, extension, issuing, promises, transfer, verifying
from licensing.cases.actions import EvaluationResult, Item
from licensing.cases.drafts import proofs_of
from licensing.cases.journal import load
from licensing.cases.lateness import Reason
from licensing.cases.tables import Case
from licensing.catalogue import load_catalogue
from licensing.clock import local_date
from licensing.commitments.queries import tasks_of
from licensing.commitments.rules import Choice, Result, everything_accepted
from licensing.commitments.verification import OPEN
from licensing.credit import actions as credit
from licensing.credit.machine import State as CreditState
from licensing.credit.queries import entries_of
from licensing.credit.tables import CreditEntry
from licensing.demo import objecting, rating, recognising
from licensing.demo.answers import answers, facts, mended
from licensing.demo.papers import Paper
from licensing.demo.qualification import qualification_answers
from licensing.demo.reports import report
from licensing.demo.stage import Stage
from licensing.demo.stories import ACCEPTANCE, DESIGN, EVENTS, EXTENSION_DAYS, NEEDS_PROMISE, QUALIFICATION, STORIES, Act
from licensing.licences.queries import of_case
from licensing.licences.status import Status
from licensing.licences.tables import Licence
from licensing.moments import rehearse
from licensing.policy import SYSTEM, Actor, Role
from licensing.storage import reading

PROMISED = "factory_certificate"
"""The proof of which the stories about promises tell."""
RESUMABLE = frozenset({"begin", "prepare", "grant"})
"""Steps of several transactions: an interrupted load may have left them half done, and doing them again adds only what is missing."""


def play(stage: Stage, act: Act) -> None:
    """Do one step, unless an earlier, interrupted load did it. A case that people have taken elsewhere since is left alone."""
    if act.verb in rating.VERBS:
        stage.wait(act.key)
    before, happened = stage.so_far(act)
    stage.expected[act.key] += EVENTS[act.verb]
    half_done = act.verb in RESUMABLE and happened == [*before, EVENTS[act.verb][0]]
    if happened == before or half_done:
        with rehearse(act.at):
            VERBS[act.verb](stage, act)


def _start(stage: Stage, act: Act) -> int:
    if act.key not in stage.cases:
        company = stage.ids.companies[act.project.company]
        stage.cases[act.key] = drafts.start(stage.applicant(act.project), company, act.matter)
    return stage.cases[act.key]


def _begin(stage: Stage, act: Act) -> None:
    """A draft with only its first section."""
    case_id = _start(stage, act)
    typed = _answers(stage, act, "")
    drafts.save_section(stage.applicant(act.project), case_id, "project", typed["project"], _row(case_id).draft_version)


def _prepare(stage: Stage, act: Act) -> None:
    """A draft with every answer and every paper; each proof is promised or handed in."""
    stage.wait((act.project.index, DESIGN))
    case_id, actor = _start(stage, act), stage.applicant(act.project)
    version = _row(case_id).draft_version
    for section, values in _answers(stage, act, _approval_number(stage, act)).items():
        version = drafts.save_section(actor, case_id, section, values, version)
    held, promised = set(_documents(case_id)), _promised(act)
    for material in load_catalogue().matter(act.matter).materials:
        if (act.matter, material.code) not in stage.papers.by_slot:
            continue  # needed only for what nobody applies for here
        if material.proof is not None and material.proof in promised:
            _promise(stage, act, material.proof)
            continue
        if material.proof in _promisable(act):
            promises.choose_proof(actor, case_id, material.proof, Choice.HAND_IN)
        if material.code not in held:
            _keep(actor, case_id, material.code, stage.papers.by_slot[act.matter, material.code])


def _promise(stage: Stage, act: Act, code: str) -> None:
    """The signatory of the company signs, whoever prepared the draft."""
    actor, case_id, day = stage.signatory(act.project), stage.cases[act.key], local_date(act.at)
    with reading(SYSTEM) as look:
        proof = proofs_of(look.session, load(look.session, case_id))[code]
    promises.choose_proof(actor, case_id, code, Choice.PROMISE)
    promised = facts(stage.cast, act.project, code, day)
    promises.sign_promise(actor, case_id, code, facts=promised, given=everything_accepted(proof, promised))


def _submit(stage: Stage, act: Act) -> None:
    actions.submit(stage.applicant(act.project), stage.cases[act.key])


def _ask(stage: Stage, act: Act) -> None:
    items = [Item(target, note) for target, note in stage.cast.wording["correction"][act.matter].items()]
    actions.request_correction(stage.officer(act, Role.INTAKE), stage.cases[act.key], items)


def _resubmit(stage: Stage, act: Act) -> None:
    """Correct the slip, exchange the paper, submit again."""
    case_id, actor = stage.cases[act.key], stage.applicant(act.project)
    row = _row(case_id)
    section, values = mended(stage.cast, act.project, act.matter, row.answers)
    drafts.save_section(actor, case_id, section, values, row.draft_version)
    slot, revised = stage.papers.revised[act.matter]
    drafts.remove_document(actor, case_id, _documents(case_id)[slot])
    _keep(actor, case_id, slot, revised)
    actions.submit(actor, case_id)


def _accept(stage: Stage, act: Act) -> None:
    actions.accept(stage.officer(act, Role.INTAKE), stage.cases[act.key])


def _silence(stage: Stage, act: Act) -> None:
    actions.deem_accepted(stage.cases[act.key])


def _turn_away(stage: Stage, act: Act) -> None:
    actions.not_accept(stage.officer(act, Role.INTAKE), stage.cases[act.key], stage.words(act))


def _commission(stage: Stage, act: Act) -> None:
    """The body is commissioned once its certificate is made: only who has one can be chosen."""
    days, body = load_catalogue().matter(act.matter).stop.expected_days, stage.inspectors(act.project)
    stage.wait((stage.cast.bodies.index(body), QUALIFICATION))
    actions.commission(stage.officer(act, Role.EXAMINER), stage.cases[act.key], body=body.name, expected_days=days)


def _report(stage: Stage, act: Act, *, passed: bool) -> None:
    words, reported = stage.cast.wording[act.matter], local_date(act.at) - timedelta(days=1)
    number = words["report"].format(place=stage.bureau_of(act).details["number_place"], year=reported.year, serial=100 + act.project.index)
    result = EvaluationResult(number, stage.inspectors(act.project).name, reported, passed, words["passed"] if passed else words["failed"])
    _verify(stage, act)
    actions.record_result(stage.officer(act, Role.EXAMINER), stage.cases[act.key], result)


def _verify(stage: Stage, act: Act) -> None:
    """The promises are verified with the inspection."""
    with reading(SYSTEM) as look:
        waiting = [task.id for task in tasks_of(look.session, stage.cases[act.key]) if task.state == OPEN]
    officer = _verifier(stage, act)
    for task_id in waiting:
        verifying.record_finding(officer, task_id, Result.TRUE, report(officer, task_id, Result.TRUE, stage.cast.wording["verified"]))


def _verifier(stage: Stage, act: Act) -> Actor:
    """Who verifies; where no post of a verifier is filled, the examiner."""
    posts = {post for officer in stage.bureau_of(act).officers for post in officer.posts}
    return stage.officer(act, Role.VERIFIER if "verifier" in posts else Role.EXAMINER)


def _take_back(stage: Stage, act: Act) -> None:
    promises.withdraw_promise(stage.signatory(act.project), stage.cases[act.key], PROMISED, stage.words(act))


def _require(stage: Stage, act: Act) -> None:
    verifying.require_proof(stage.officer(act, Role.EXAMINER), stage.cases[act.key], [PROMISED], stage.words(act))


def _hand_in(stage: Stage, act: Act) -> None:
    """The paper that the promise stood for."""
    case_id, actor = stage.cases[act.key], stage.applicant(act.project)
    material = next(material for material in load_catalogue().matter(act.matter).materials if material.proof == PROMISED)
    _keep(actor, case_id, material.code, stage.papers.by_slot[act.matter, material.code])
    promises.settle(actor, case_id)


def _find_untrue(stage: Stage, act: Act) -> None:
    with reading(SYSTEM) as look:
        task_id = next(task.id for task in tasks_of(look.session, stage.cases[act.key]) if task.commitment.proof == PROMISED)
    officer = _verifier(stage, act)
    verifying.record_finding(officer, task_id, Result.UNTRUE, report(officer, task_id, Result.UNTRUE, stage.words(act)))


def _explain(stage: Stage, act: Act) -> None:
    promises.answer_untruth(stage.applicant(act.project), stage.cases[act.key], stage.words(act))


def _judge(stage: Stage, act: Act, verb: Callable[[Actor, int, str], None]) -> None:
    verb(stage.officer(act, Role.APPROVER), stage.cases[act.key], stage.words(act))


def _ask_repair(stage: Stage, act: Act) -> None:
    """Once: the entry that waits for the decision about its repair is left as it is."""
    with reading(SYSTEM) as look:
        entries = entries_of(look.session, stage.ids.companies[act.project.company])
        [entry_id] = look.session.scalars(select(CreditEntry.id).where(CreditEntry.number == entries[-1].number))
    if entries[-1].state is CreditState.STANDING:
        credit.ask_repair(stage.signatory(act.project), entry_id, stage.words(act))


def _propose(stage: Stage, act: Act, *, grant: bool) -> None:
    actions.propose(stage.officer(act, Role.EXAMINER), stage.cases[act.key], grant=grant, opinion=stage.words(act))


def _send_back(stage: Stage, act: Act) -> None:
    actions.return_proposal(stage.officer(act, Role.APPROVER), stage.cases[act.key], stage.words(act))


def _grant(stage: Stage, act: Act) -> None:
    """The decision in its place in time; the licence is made beside."""
    case_id = stage.cases[act.key]
    intended = _intended(case_id)
    approver, late = stage.officer(act, Role.APPROVER), Reason.STAFF_SHORTAGE  # kept only where the decision is late
    licence_id = intended or issuing.decide_grant(approver, case_id, stage.words(act), late=late)
    stage.hand_over(act.key, partial(issuing.finish, case_id, licence_id), act.at)


def _refuse(stage: Stage, act: Act) -> None:
    actions.refuse(stage.officer(act, Role.APPROVER), stage.cases[act.key], stage.words(act))


def _close(stage: Stage, act: Act) -> None:
    closing.close(stage.officer(act, Role.APPROVER), stage.cases[act.key], closing.Cause.OBJECT_GONE, stage.words(act))


def _extend(stage: Stage, act: Act) -> None:
    extension.extend(stage.officer(act, Role.APPROVER), stage.cases[act.key], days=EXTENSION_DAYS, reason=stage.words(act))


def _transfer(stage: Stage, act: Act) -> None:
    target = stage.ids.authorities[act.project.moved_to]
    transfer.transfer(stage.officer(act, Role.INTAKE), stage.cases[act.key], target, stage.words(act))


def _withdraw(stage: Stage, act: Act) -> None:
    actions.withdraw(stage.applicant(act.project), stage.cases[act.key], stage.words(act))


VERBS: Mapping[str, Callable[[Stage, Act], None]] = {
    "begin": _begin,
    "prepare": _prepare,
    "submit": _submit,
    "ask": _ask,
    "resubmit": _resubmit,
    "accept": _accept,
    "silence": _silence,
    "turn_away": _turn_away,
    "commission": _commission,
    "pass": partial(_report, passed=True),
    "fail": partial(_report, passed=False),
    "propose_grant": partial(_propose, grant=True),
    "propose_refuse": partial(_propose, grant=False),
    "send_back": _send_back,
    "grant": _grant,
    "refuse": _refuse,
    "withdraw": _withdraw,
    "close": _close,
    "extend": _extend,
    "take_back": _take_back,
    "require": _require,
    "hand_in": _hand_in,
    "find_untrue": _find_untrue,
    "explain": _explain,
    "terminate": partial(_judge, verb=verifying.terminate),
    "order": partial(_judge, verb=verifying.order_correction),
    "drop": partial(_judge, verb=verifying.drop_finding),
    "ask_repair": _ask_repair,
    "transfer": _transfer,
    **objecting.VERBS,
    **rating.VERBS,
    **recognising.VERBS,
}


def _answers(stage: Stage, act: Act, approval: str) -> dict[str, Any]:
    """The answers that the house does not know already."""
    if act.matter == QUALIFICATION:
        return qualification_answers(stage.cast, act.project, local_date(act.at))
    flawed = any(verb == "ask" for verb, _ in STORIES[act.story])
    agent = stage.applicant(act.project).name
    return answers(stage.cast, act.project, act.matter, agent=agent, on=local_date(act.at), approval=approval, flawed=flawed)


def _approval_number(stage: Stage, act: Act) -> str:
    if act.matter != ACCEPTANCE:
        return ""
    with reading(SYSTEM) as look:
        approval = of_case(look.session, stage.cases[act.project.index, DESIGN])
    return approval.number if approval else ""


def _promised(act: Act) -> set[str]:
    """Half of the applicants promise: both proofs, or only one of them; as far as that was possible on the day."""
    both, possible = {PROMISED, "installation_record"}, _promisable(act)
    if any(verb in NEEDS_PROMISE for verb, _ in STORIES[act.story]):
        return both & possible
    return (both, set(), {PROMISED}, set())[act.project.index % 4] & possible


def _promisable(act: Act) -> set[str]:
    catalogue = load_catalogue()
    return {proof.code for proof in catalogue.promisable(catalogue.matter(act.matter), local_date(act.at))}


def _row(case_id: int) -> Case:
    with reading(SYSTEM) as look:
        return look.session.get_one(Case, case_id)


def _documents(case_id: int) -> dict[str, int]:
    with reading(SYSTEM) as look:
        return {document.slot: document.id for document in drafts.documents(look, case_id)}


def _intended(case_id: int) -> int | None:
    with reading(SYSTEM) as look:
        query = select(Licence.id).where(Licence.case_id == case_id, Licence.status == Status.INTENT)
        return look.session.scalar(query)


def _keep(actor: Actor, case_id: int, slot: str, paper: Paper) -> None:
    drafts.keep_document(actor, case_id, slot, paper.filename, paper.content, paper.inspected)
