"""The promise as people live it: kept, broken before the decision, broken after it, and withdrawn."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import applying
import checking
import deciding
import pytest
from live import Town
from people import Cast
from PIL import Image
from visitors import Visitor
from world import BODY, acceptance_answers, facts, result, tiny_pdf

from licensing.cases import actions, drafts
from licensing.licences.tables import Licence

pytestmark = pytest.mark.slow

PROOFS = ("factory_certificate", "installation_record")
FINDING = "现场铭牌型号为SPD-20，与承诺的SPD-40/4P不一致。"
PEOPLE = ("applicant", "member", "verifier", "approver", "second_approver")
Arrive = Callable[..., Visitor]


@pytest.fixture
def cast(town: Town, arrive: Arrive) -> Cast:
    """The verifier is out with a phone."""
    return Cast.of(town, arrive, {who: getattr(town.world, who) for who in PEOPLE}, phones=frozenset({"verifier"}))


def photograph() -> tuple[str, bytes]:
    content = io.BytesIO()
    Image.new("RGB", (640, 480), (180, 190, 200)).save(content, "JPEG")
    return "铭牌.jpg", content.getvalue()


def prepared(cast: Cast) -> tuple[int, str]:
    """A draft for acceptance with everything but the two proofs; its number and the path of its page."""
    world = cast.world
    approval = world.granted("design_review").number
    actor = world.actor(world.applicant)
    case_id = drafts.start(actor, world.company, "completion_acceptance")
    for section, values in acceptance_answers(approval).items():
        drafts.save_section(actor, case_id, section, values, world.page(case_id).case.draft_version)
    drafts.add_document(actor, case_id, "as_built_drawings", "竣工图.pdf", tiny_pdf())
    return case_id, f"/my/cases/{case_id}"


def promised(cast: Cast) -> tuple[int, str]:
    """The same, both proofs promised in the browser and handed in."""
    case_id, case = prepared(cast)
    applicant = cast.at_once("applicant")
    for proof in PROOFS:
        applying.choose(applicant, case, proof, "promise")
        applying.promise(applicant, facts(proof), proof)
        assert applicant.says("Your promise was signed and its evidence is kept.")
    applicant.picture("signed")
    applying.submit(applicant, case)
    actions.accept(cast.world.actor(cast.world.intake), case_id)
    return case_id, case


def inspect(cast: Cast, case_id: int) -> None:
    """The inspection that the authority commissions, passed."""
    examiner = cast.world.actor(cast.world.examiner)
    actions.commission(examiner, case_id, body=BODY, expected_days=5)
    actions.record_result(examiner, case_id, result())


def grant(cast: Cast, case_id: int) -> None:
    """Proposed by the examiner, granted in the browser."""
    actions.propose(cast.world.actor(cast.world.examiner), case_id, grant=True, opinion="检测合格，承诺属实，建议准予许可。")
    approver = cast.at_once("approver")
    deciding.act(approver, f"/office/cases/{case_id}", "grant", "Grant and issue the licence", opinion="经验收，符合要求，予以许可。")
    assert approver.says("The permit was granted and its licence is in force.")


def licence_of(cast: Cast, case_id: int) -> Licence:
    licence = cast.world.page(case_id).licence
    assert licence is not None
    return licence


def test_promised_verified_true_and_granted(cast: Cast) -> None:
    case_id, case = prepared(cast)
    member = cast.at_once("member")
    applying.choose(member, case, PROOFS[0], "promise")
    applying.write(member, PROOFS[0], facts(PROOFS[0]))
    member.press("Save and read the promise")
    assert member.page.get_by_role("button", name=member.words("Sign the promise")).count() == 0, "an ordinary member signs nothing"
    assert "李文静" in member.text(), "it says who can"
    member.picture("not-a-signatory")
    applicant = cast.at_once("applicant")
    applicant.open(f"{case}/proofs/{PROOFS[0]}/promise")
    applicant.picture("notice")
    applying.sign(applicant)
    applying.choose(applicant, case, PROOFS[1], "promise")
    applying.promise(applicant, facts(PROOFS[1]), PROOFS[1])
    applying.submit(applicant, case)
    actions.accept(cast.world.actor(cast.world.intake), case_id)
    verifier = cast.on(3, 4, "verifier")
    deciding.verify(verifier, "true", "现场核对实物、铭牌和合格证书，与承诺一致。", photograph())
    assert verifier.says("The result was recorded.")
    deciding.verify(verifier, "true", "安装记录与现场一致。")
    inspect(cast, case_id)
    grant(cast, case_id)
    applicant = cast.on(3, 5, "applicant")
    applicant.open(case)
    assert applicant.says("Verified: true")
    applicant.picture("granted")


def test_untrue_before_the_decision_ends_the_case_and_bars_until_repaired(cast: Cast) -> None:
    case_id, case = promised(cast)
    verifier = cast.on(3, 4, "verifier")
    deciding.verify(verifier, "untrue", FINDING, photograph())
    applicant = cast.on(3, 5, "applicant")
    applicant.open(case)
    assert FINDING in applicant.text()
    applicant.picture("notified")
    applicant.follow("Answer the notice")
    applicant.type("reason", "供货方发错了货，我们没有发现。")
    applicant.press("Hand in the answer")
    approver = cast.on(3, 6, "approver")
    approver.open(f"/office/cases/{case_id}")
    approver.picture("answered")
    deciding.act(approver, f"/office/cases/{case_id}", "terminate", "End it and send the letter", reason=FINDING)
    applicant = cast.on(3, 9, "applicant")
    applicant.open(case)
    assert applicant.says("Ended for an untrue promise")

    next_case = drafts.start(cast.world.actor(cast.world.applicant), cast.world.company, "completion_acceptance")
    applicant.open(f"/my/cases/{next_case}/proofs/{PROOFS[0]}")
    assert applicant.says("Your company cannot promise at present.")
    assert applicant.page.locator('[name=choice][value="promise"]').count() == 0
    applicant.picture("barred")
    applicant.follow("See your credit record and ask for repair")
    applicant.picture("credit")
    applicant.leave_by(applicant.page.locator("td a.row-link").first)
    applicant.type("act", "repair")
    applicant.type("reason", "已更换全部产品，并复检合格。")
    applicant.press("Hand it in")
    applicant.picture("repair-asked")
    approver = cast.on(3, 10, "second_approver")
    approver.open("/office/credit")
    approver.picture("credit-waiting")
    approver.leave_by(approver.page.locator(".tasks a").first)
    approver.type("decision", "yes")
    approver.type("reason", "整改属实。")
    approver.press("Decide")
    applicant = cast.on(3, 11, "applicant")
    applying.fill(applicant, f"/my/cases/{next_case}", "project", {"region": "320104"}, button="Save and continue")
    applying.choose(applicant, f"/my/cases/{next_case}", PROOFS[0], "promise")
    applying.promise(applicant, facts(PROOFS[0]), PROOFS[0])
    assert applicant.says("Your promise was signed and its evidence is kept."), "the way is open again"


def test_untrue_after_the_decision_is_told_answered_and_revoked_and_the_qr_says_so(cast: Cast, tmp_path: Path) -> None:
    case_id, case = promised(cast)
    cast.world.verify(case_id)
    inspect(cast, case_id)
    grant(cast, case_id)
    applicant = cast.at_once("applicant")
    applicant.open(case)
    pdf = tmp_path / "licence.pdf"
    pdf.write_bytes(applicant.download("Download the licence (PDF)"))
    licence = licence_of(cast, case_id)

    verifier = cast.on(3, 10, "verifier")
    verifier.open(f"/office/cases/{case_id}")
    verifier.press("Verify it once more")
    deciding.verify(verifier, "untrue", FINDING, photograph(), announces="revoke_for_deceit")
    applicant = cast.on(3, 11, "applicant")
    applicant.open(f"/my/licences/{licence.id}")
    assert FINDING in applicant.text()
    applicant.picture("notice-about-the-licence")
    applicant.leave_by(applicant.page.locator("a", has_text=applicant.words("Answer the notice")).first)
    applicant.type("reason", "型号为供货方更换，我方并不知情。")
    applicant.press("Hand in the answer")
    approver = cast.on(3, 12, "approver")
    approver.open(f"/office/licences/{licence.id}")
    approver.leave_by(approver.page.locator('a[href$="/decide"]').first)
    approver.type("reason", "以欺骗手段取得许可，依法撤销。")
    approver.press("Decide and send the letter")
    assert approver.says("It was decided and carried out.")
    stranger = cast.arrive("stranger", language=cast.language, phone=True)
    stranger.open(checking.path_of(checking.scan(pdf, tmp_path)))
    assert checking.headline(stranger) == stranger.words("Not valid")
    assert checking.codes(stranger)[2] == "revoked-for-deceit"
    assert stranger.words("It was revoked on %(since)s because it was obtained by deceit.", since="2026-03-12") in stranger.text()
    stranger.picture("revoked")
    stranger.open("/credit")
    assert "南京金陵石化销售有限公司" in stranger.text()
    stranger.picture("credit")


def test_withdrawn_and_handed_in_and_granted(cast: Cast) -> None:
    case_id, case = promised(cast)
    applicant = cast.on(3, 4, "applicant")
    applicant.open(case)
    applicant.follow("Withdraw the promise")
    applicant.type("reason", "找到了全部合格证书原件。")
    applicant.press("Withdraw the promise")
    applicant.picture("hand-in-due")
    assert applicant.says("What you have to hand in")
    owed = next(iter(cast.world.page(case_id).view.owed))
    applying.upload(applicant, case, owed, ("合格证书.pdf", tiny_pdf("certificates")))
    applicant.open(case)
    applicant.press("Send it to the authority")
    assert applicant.says("The proof was sent and the clock runs on.")
    cast.world.verify(case_id)
    inspect(cast, case_id)
    grant(cast, case_id)
    applicant.open(case)
    assert applicant.says("Promise withdrawn")
    assert licence_of(cast, case_id).number in applicant.text()
