"""The small world, loaded through the real actions with real licences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from pack_reader import READMES, change_one_character, follow, refusal, run, unpack
from sqlalchemy import select

from licensing.cases import archived_list, evidence, objection_queries, publicising, queries, recognitions, reviews
from licensing.cases.machine import FINAL, Event, State
from licensing.cases.recusals import Recusal
from licensing.cases.tables import Case, CaseArchive, CaseEvent, Objection
from licensing.cases.worklist import Asked, worklist
from licensing.clock import CHINA, add_working_days, load_calendar, today
from licensing.commitments.tables import Commitment
from licensing.demo import DemoWorld, load
from licensing.demo.actions import ARCHIVED
from licensing.demo.cast import load_cast
from licensing.demo.stage import Stage
from licensing.demo.steps import VERBS
from licensing.demo.stories import Act
from licensing.licences.tables import Licence
from licensing.parties.queries import actor_for
from licensing.parties.tables import Authority
from licensing.policy import SYSTEM, Actor
from licensing.proceedings.tables import Proceeding
from licensing.ratings.tables import Rating
from licensing.selfcheck import row_problems
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage
from licensing.storage.migrations import upgrade
from licensing.storage.queries import waiting_messages
from licensing.trust.current import current_trust_list
from licensing.trust.timestamps import TEST
from portal.accounts.rules import matching_step
from portal.accounts.secrets_at_rest import totp_key
from portal.demo_accounts import DEMO_PASSWORD, demo_accounts, ensure_accounts, first_of_each_role, write_accounts

pytestmark = pytest.mark.slow
NIGHT = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
TUESDAY = date(2026, 11, 24)
ONLY_IN_THE_FULL_WORLD = {Event.PROMISE_WITHDRAWN, Event.PROOF_REQUIRED, Event.PROOF_SETTLED, Event.FINDING_DROPPED, Event.EXTENDED}


@dataclass(frozen=True)
class Loaded:
    """The world, what the progress bar was told, and where it stopped the first time."""

    world: DemoWorld
    steps: list[tuple[int, int]]
    cases_after_interruption: int


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """The small world, loaded by two runs: the first is interrupted in the middle."""
    home = tmp_path_factory.mktemp("demo")
    settings = Settings(home=home / "var", keys=home / "keys", database="", demo=True, https=False, tsa=TEST)
    open_storage(settings)
    upgrade(storage().engine)
    with time_machine.travel(NIGHT, tick=True):
        _interrupted(settings)
        with reading(SYSTEM) as look:
            before = len(look.session.scalars(select(Case)).all())
        steps: list[tuple[int, int]] = []
        world = load(settings, lambda done, total: steps.append((done, total)), scale="small")
        yield Loaded(world, steps, before)
    storage().engine.dispose()


class _PowerFailure(Exception):
    """Stands for whatever ends a process."""


def _interrupted(settings: Settings) -> None:
    """A load that dies at the first proposal, after some cases were begun and licences made."""

    def die(_stage: Stage, _act: Act) -> None:
        raise _PowerFailure

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(VERBS, "propose_refuse", die)  # type: ignore[arg-type]
        with pytest.raises(_PowerFailure):
            load(settings, scale="small")


def _id(loaded: Loaded, key: str) -> int:
    return next(person.person_id for person in loaded.world.people if person.email.startswith(f"{key}@"))


def actor_of(loaded: Loaded, key: str) -> Actor:
    """Somebody of the demo world, today."""
    with reading(SYSTEM) as look:
        return actor_for(look.session, _id(loaded, key), on=today(), second_factor_at=look.now)


def test_every_state_is_there(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        states = set(look.session.scalars(select(Case.state)))
        events = set(look.session.scalars(select(CaseEvent.type)))
    assert states == set(State) - {State.ISSUING}
    never = {Event.LICENCE_VOIDED, Event.EXPERT_DECLINED, Event.EXPERT_REPLACED}
    assert set(Event) - events <= {*never, Event.PROPOSAL_RETURNED, *ONLY_IN_THE_FULL_WORLD}


def test_an_interrupted_load_goes_on(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        rows = look.session.scalars(select(Case)).all()
        renewed = set(look.session.scalars(select(Objection.renewed_by).where(Objection.renewed_by.is_not(None))))
    cases = [(case.company_id, case.matter, case.project_name) for case in rows if case.id not in renewed]
    assert 0 < loaded.cases_after_interruption < len(cases)
    assert len(set(cases)) == len(cases)
    assert len(renewed) == 1
    assert loaded.world.counts["case_file"] == len(rows)


def test_a_second_run_adds_nothing(loaded: Loaded) -> None:
    again = load(storage().settings, scale="small")
    assert again == loaded.world


def test_progress_goes_up_to_the_end(loaded: Loaded) -> None:
    done = [steps for steps, _ in loaded.steps]
    assert done == sorted(done)
    assert loaded.steps[-1][0] == loaded.steps[-1][1]


def test_licences_are_in_force_numbered_and_dated_in_order(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        licences = look.session.scalars(select(Licence).order_by(Licence.authority_id, Licence.type, Licence.serial)).all()
    assert {licence.status for licence in licences} == {"in_force", "suspended", "replaced"}
    assert {licence.type for licence in licences} == {"design_approval", "acceptance_opinion", "qualification_certificate"}
    assert all(storage().files.get(licence.file_sha256 or "").startswith(b"%PDF") for licence in licences)
    assert all(licence.issued_on < TUESDAY for licence in licences)
    assert any(licence.number == "1102024001" for licence in licences)


def test_licences_have_lived_since(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        states = {(row.operation, row.state) for row in look.session.scalars(select(Proceeding))}
        versions = look.session.scalars(select(Licence.version).where(Licence.type == "qualification_certificate")).all()
        assert list(row_problems(look.session, storage().files, current_trust_list(storage().settings))) == []
    assert states == {("suspend", "notified"), ("suspend", "done"), ("change", "done")}
    assert sorted(versions) == [1, 1, 1, 1, 2], "three bodies of grade A, one of them changed, and the one that was recognised"


def test_deadlines_are_lively_and_in_order(loaded: Loaded) -> None:
    officers = [person for person in loaded.world.people if person.workplace == "南京市气象局"]
    lefts: list[int] = []
    for officer in officers:
        with reading(SYSTEM) as look:
            actor = actor_for(look.session, officer.person_id, on=today())
        left = [row.days_left for row in worklist(actor).rows if row.days_left is not None]
        assert left == sorted(left)
        lefts += left
    assert {-1, 0} <= set(lefts)
    assert today() == TUESDAY


def test_the_differences_of_a_correction_can_be_seen(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        case = look.session.scalars(select(Case).where(Case.project_name == "锡山东亭加油站新建工程")).one()
        actor = actor_for(look.session, _id(loaded, "guojingfen"), on=today())
    changed = {difference.path for difference in queries.case_page(actor, case.id).differences}
    assert changed == {"design_unit.qualification_number", "document:design_documents"}


def test_promises_were_made(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        promised = look.session.scalars(select(Commitment)).all()
    assert {commitment.proof for commitment in promised} == {"factory_certificate", "installation_record"}


def test_the_evidence_of_an_untrue_promise_is_checked_by_its_readme_alone(loaded: Loaded, tmp_path: Path) -> None:
    with reading(SYSTEM) as look:
        made = look.session.scalars(select(Commitment).where(Commitment.state == "false").order_by(Commitment.id)).first()
        assert made is not None
        actor = actor_for(look.session, made.person_id, on=today())
    pack = unpack(evidence.pack_for(actor, storage().settings, made.case_id, made.id), tmp_path / "pack")
    for readme in READMES:
        said = follow(pack, readme)
        assert "The log holds the manifest" in said["sh check.sh"]
        assert "Signature is Valid" in said["pdfsig letter.pdf"]
        assert made.company_name in said["pdftotext -layout letter.pdf -"].replace("\n", "").replace(" ", "")
        assert any("ts -verify" in command for command in said)
    assert run(pack, "sha256sum", "--check", "after/manifest.sha256").returncode == 0
    assert {path.name for path in (pack / "after" / "letters").iterdir()} == {"01-D9.pdf", "02-D10.pdf"}
    for name in ("notice.txt", "letter.pdf", "facts.json", "events/case-0001.json"):
        before = (pack / name).read_bytes()
        change_one_character(pack / name)
        assert refusal(pack), name
        (pack / name).write_bytes(before)
    assert not refusal(pack)


def test_nothing_lies_in_the_future_and_events_keep_office_hours(loaded: Loaded) -> None:
    calendar = load_calendar()
    with reading(SYSTEM) as look:
        moments = [at.astimezone(CHINA) for at in look.session.scalars(select(CaseEvent.at))]
    assert max(moments).date() <= add_working_days(TUESDAY, -1, calendar)
    assert all(calendar.is_working(moment.date()) and 9 <= moment.hour < 17 for moment in moments)


def test_an_officer_with_a_seat_may_not_handle_the_cases_of_the_company(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        case = look.session.scalars(select(Case).where(Case.project_name == "栖霞岭索道更新工程")).one()
        member, colleague = (actor_for(look.session, _id(loaded, key), on=today()) for key in ("sunlixin", "zhaozhiqiang"))
    waiting = Asked(states=(State.SUBMITTED,))
    assert case.company_id in member.company_ids
    assert case.id not in {row.case.id for row in worklist(member, waiting).rows}
    assert case.id in {row.case.id for row in worklist(colleague, waiting).rows}


def test_the_province_has_a_qualification_to_report_and_one_that_is_published(loaded: Loaded) -> None:
    supervisor = actor_of(loaded, "luoqiming")
    [duty] = recognitions.duties(supervisor).rows
    [published] = publicising.public_publicities()
    assert duty.report is None
    assert duty.due_on > TUESDAY
    assert duty.company.name == "镇江金山避雷装置检测有限公司"
    assert published.applicant.name == "泰州海陵雷安检测有限公司"
    assert not published.is_over


def test_three_of_five_experts_have_voted_and_the_one_whom_the_applicant_employs_was_not_drawn(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        case = look.session.scalars(select(Case).where(Case.state == State.EVALUATING, Case.matter == "qualification")).one()
    panel = reviews.panel_page(actor_of(loaded, "yinfengwu"), case.id)
    assert panel is not None
    assert (len(panel.members), panel.missing) == (5, 2)
    assert [reasons for _, reasons in panel.draws[0].excluded] == [(Recusal.EMPLOYED,)]
    for member in panel.members:
        voter = next(person for person in loaded.world.people if person.person_id == member.person_id)
        assert [line.case.id for line in reviews.mine(actor_of(loaded, voter.email.split("@")[0])) if line.is_open] == [case.id]
    assert _id(loaded, "jiaoyuanfan") not in {member.person_id for member in panel.members}


def test_objections_wait_for_who_may_answer_and_one_was_upheld(loaded: Loaded) -> None:
    for key, about in {"luoqiming": "publicity", "zhanghuifang": Event.REFUSED}.items():
        [waiting] = objection_queries.register(actor_of(loaded, key)).rows
        assert waiting.made.objection.about == about
        assert objection_queries.objection_page(actor_of(loaded, key), waiting.made.objection.id).ruling
    with reading(SYSTEM) as look:
        upheld = look.session.scalars(select(Objection).where(Objection.outcome == "upheld")).one()
        draft = look.session.get_one(Case, upheld.renewed_by)
    assert (draft.state, draft.project_name) == (State.DRAFT, "冶山采石场二期变电所工程")


def test_the_authorities_of_all_provinces_are_known_and_those_of_the_cast_decide(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        known = {row.code: row.active for row in look.session.scalars(select(Authority))}
    assert sum(code.endswith("0000") for code in known) == 31
    assert {code for code, active in known.items() if active} == {bureau.code for bureau in load_cast().bureaus}


def test_applicants_rated_once_in_two_loads_and_a_bad_rating_waits_for_its_answer_in_time(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        made = {look.session.get_one(Case, row.case_id).state: row for row in look.session.scalars(select(Rating))}
    assert {state: row.level for state, row in made.items()} == {State.NOT_ACCEPTED: 4, State.REFUSED: 1}
    assert made[State.NOT_ACCEPTED].answer_due is None
    due = made[State.REFUSED].answer_due
    assert due is not None
    assert due >= TUESDAY


def test_a_case_went_from_the_wrong_authority_to_the_right_one(loaded: Loaded) -> None:
    there, gone = (worklist(actor_of(loaded, key), Asked(states=(State.SUBMITTED,))).rows for key in ("guyaqin", "xuweidong"))
    assert "阳澄湖东岸加油站改建工程" in {row.case.project_name for row in there}
    assert "阳澄湖东岸加油站改建工程" not in {row.case.project_name for row in gone}


def test_the_oldest_files_are_closed(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        closed = look.session.scalars(select(CaseArchive)).all()
        finished = look.session.scalars(select(Case.id).where(Case.state.in_(FINAL)).order_by(Case.id)).all()
    assert len(closed) == ARCHIVED
    assert {row.case_id for row in closed} < set(finished)
    everywhere = archived_list.closed_files(actor_of(loaded, "luoqiming")).rows
    assert {file.row.id for file in everywhere} <= {row.id for row in closed}
    assert everywhere, "the province oversees its bureaus"


def test_the_past_was_told_already(loaded: Loaded) -> None:
    with reading(SYSTEM) as look:
        assert waiting_messages(look.session) == []


def test_accounts_are_made_once_and_kept_private(loaded: Loaded) -> None:
    accounts = demo_accounts(loaded.world.people[:3])
    looked_at: list[int] = []
    assert ensure_accounts(accounts, lambda: looked_at.append(1)) == 3
    assert ensure_accounts(accounts, lambda: looked_at.append(1)) == 0
    assert len(looked_at) == 6
    path = write_accounts(storage().settings, accounts)
    assert path.stat().st_mode & 0o777 == 0o600
    assert all(word in path.read_text(encoding="utf-8") for word in (DEMO_PASSWORD, accounts[0].person.email, accounts[0].totp_secret))


def test_one_account_of_each_role_is_shown_with_a_secret_that_works(loaded: Loaded) -> None:
    shown = first_of_each_role(demo_accounts(loaded.world.people))
    assert {"intake officer", "examiner", "approver", "applicant", "expert", "audit administrator"} <= {account.roles for account in shown}
    assert all(len(totp_key(account.totp_secret)) == 20 for account in shown)
    assert matching_step(totp_key(shown[0].totp_secret), "abcdef", NIGHT, after=0) is None
