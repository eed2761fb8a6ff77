"""What tests of promises share: sign, find, look at what was made."""

from __future__ import annotations

from world import World, facts, result, tiny_pdf

from licensing.cases import actions, drafts, promises, verifying
from licensing.commitments.queries import of_case, tasks_of
from licensing.commitments.rules import Choice, Result, everything_accepted
from licensing.commitments.tables import Commitment, Verification
from licensing.commitments.verification import OPEN
from licensing.policy import SYSTEM
from licensing.proceedings.tables import Proceeding
from licensing.storage import reading

PROOF, OTHER = "factory_certificate", "installation_record"
FOUND = "现场铭牌型号与承诺的型号不一致。"


def sign(world: World, case_id: int, proof: str = PROOF, **changed: str) -> Commitment:
    """Choose to promise and sign as the signatory."""
    signatory, text = world.actor(world.applicant), world.page(case_id).proofs[proof]
    promises.choose_proof(signatory, case_id, proof, Choice.PROMISE)
    typed = {**facts(proof), **changed}
    return promises.sign_promise(signatory, case_id, proof, facts=typed, given=everything_accepted(text, typed))


def made(case_id: int, proof: str = PROOF) -> list[Commitment]:
    """Every promise of ``proof`` that was signed for the case, oldest first."""
    with reading(SYSTEM) as look:
        return [one for one in of_case(look.session, case_id) if one.proof == proof]


def open_tasks(case_id: int) -> dict[str, Verification]:
    """The open verifications of a case by proof."""
    with reading(SYSTEM) as look:
        return {task.commitment.proof: task for task in tasks_of(look.session, case_id) if task.state == OPEN}


def find(world: World, case_id: int, outcome: Result, proof: str = PROOF, **more: object) -> None:
    """End the open verification of ``proof``."""
    task_id = open_tasks(case_id)[proof].id
    report = world.report(task_id, outcome, FOUND)
    verifying.record_finding(world.actor(world.verifier), task_id, outcome, report, **more)  # type: ignore[arg-type]


def find_again(world: World, case_id: int, outcome: Result, proof: str = PROOF, **more: object) -> None:
    """Verify a promise once more, with this outcome."""
    verifying.verify_again(world.actor(world.verifier), case_id, made(case_id, proof)[-1].id)
    find(world, case_id, outcome, proof, **more)


def commission(world: World, case_id: int) -> None:
    actions.commission(world.actor(world.examiner), case_id, body="江苏防雷检测中心", expected_days=5)


def record_result(world: World, case_id: int) -> None:
    actions.record_result(world.actor(world.examiner), case_id, result())


def withdraw(world: World, case_id: int, proof: str = PROOF) -> None:
    promises.withdraw_promise(world.actor(world.applicant), case_id, proof, "找到了证书原件")


def hand_in(world: World, case_id: int, *proofs: str) -> None:
    """Upload what is owed and send it."""
    for proof in proofs or (PROOF,):
        drafts.add_document(world.actor(world.member), case_id, proof, "证明.pdf", tiny_pdf())
    promises.settle(world.actor(world.member), case_id)


def answer(world: World, case_id: int) -> None:
    promises.answer_untruth(world.actor(world.member), case_id, "供货方发错了货。")


def proceedings() -> list[Proceeding]:
    """All proceedings, oldest first."""
    with reading(SYSTEM) as look:
        return sorted(look.session.query(Proceeding), key=lambda row: row.id)
