"""The form of a verification: one form, several buttons, and nothing that was typed is lost by any of them."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from applicant_tools import held
from office_tools import Desk, text
from PIL import Image
from portal_tools import CheckingClient, parse
from werkzeug.test import TestResponse
from world import COMPANY, facts

from licensing.cases import fieldwork, verifying
from licensing.commitments.queries import tasks_of
from licensing.commitments.rules import Result
from licensing.commitments.verification import OPEN
from licensing.policy import SYSTEM
from licensing.storage import open_storage, reading, storage

PROOF = "factory_certificate"
REMARK, FINDING = "铭牌在箱体内侧。", "现场核对实物与承诺的事实。"


def task_id(desk: Desk, case_id: int) -> int:
    with reading(SYSTEM) as look:
        return next(task.id for task in tasks_of(look.session, case_id) if task.state == OPEN and task.commitment.proof == PROOF)


@pytest.fixture
def task(desk: Desk) -> int:
    return task_id(desk, desk.world.accepted("completion_acceptance"))


@pytest.fixture
def path(task: int) -> str:
    return f"/office/verifications/{task}"


def typed(desk: Desk, **changed: str) -> dict[str, str]:
    """A whole report as a browser sends it."""
    compared = {f"fact.{code}": "yes" for code in facts(PROOF)}
    other = {"remark.model": REMARK, "finding": FINDING, "result": "true", "visited_on": "2026-03-02", "second": str(desk.world.examiner)}
    return {**compared, **other, **changed}


def photograph(name: str = "铭牌.jpg") -> tuple[io.BytesIO, str]:
    content = io.BytesIO()
    Image.new("RGB", (64, 48), (180, 190, 200)).save(content, "JPEG")
    return io.BytesIO(content.getvalue()), name


def send(browser: CheckingClient, path: str, form: dict[str, str], *files: tuple[io.BytesIO, str]) -> TestResponse:
    return browser.send(path, {**form, "files": list(files)}, content_type="multipart/form-data")


def stands(page: TestResponse, form: dict[str, str]) -> None:
    """Everything that was typed stands in the fields of the page."""
    found = held(page)
    assert {name: found.get(name) for name in form} == form


def test_the_page_has_one_form_and_enter_in_it_only_saves(desk: Desk, path: str) -> None:
    page = parse(desk.browser(desk.world.verifier).get(path).text)
    [form] = [form for form in next(page.iter("main")).iter("form") if form.get("action")]
    assert form.get("enctype") == "multipart/form-data"
    assert next(form.iter("button")).get("value") == "save", "the first button is the one that Enter presses"


def test_adding_and_removing_photographs_keeps_everything_typed(desk: Desk, path: str, task: int) -> None:
    browser, form = desk.browser(desk.world.verifier), typed(desk, finding="两处\n铭牌")
    answer = send(browser, path, {**form, "do": "add"}, photograph(), photograph("电涌保护器.jpg"))
    assert (answer.status_code, answer.location.rsplit("/", 1)[1]) == (303, f"{task}#material")
    stands(browser.get(path), form)
    first, second = fieldwork.task_page(desk.world.actor(desk.world.verifier), task).files
    captions = {f"caption.{first.id}": "配电间铭牌", f"caption.{second.id}": "总配电箱"}
    shown = browser.get(f"{path}/files/{first.id}/preview")
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    answer = send(browser, path, {**form, **captions, "do": f"remove.{second.id}"})
    assert answer.status_code == 303
    page = browser.get(path)
    stands(page, {**form, f"caption.{first.id}": "配电间铭牌"})
    assert "电涌保护器.jpg" not in page.text
    assert send(browser, path, {**form, "do": f"remove.{second.id}"}).status_code == 404


def test_what_cannot_be_added_is_told_and_nothing_is_lost(desk: Desk, path: str, task: int) -> None:
    browser, form = desk.browser(desk.world.verifier), typed(desk)
    for files in ((), ((io.BytesIO(b"no picture"), "a.exe"),)):
        refused = send(browser, path, {**form, "do": "add"}, *files)
        assert refused.status_code == 422
        assert 'id="files-error"' in refused.text
        stands(refused, form)
    send(browser, path, {**form, "do": "add"}, photograph())
    [file] = fieldwork.task_page(desk.world.actor(desk.world.verifier), task).files
    long = {**form, f"caption.{file.id}": "长" * 201, "remark.maker": "长" * 301}
    refused = send(browser, path, long)
    assert refused.status_code == 422
    stands(refused, long)
    stands(browser.get(path), {**form, "remark.maker": "长" * 301, f"caption.{file.id}": "长" * 201})


def test_asking_the_source_keeps_everything_typed(desk: Desk, path: str, tmp_path: Path) -> None:
    browser, form = desk.browser(desk.world.verifier), typed(desk)
    refused = send(browser, path, {**form, "do": "source"})
    assert refused.status_code == 409
    stands(refused, form)
    records = [{"proof": PROOF, "uscc": COMPANY["uscc"], "facts": {"model": "SPD-20"}}]
    (tmp_path / "facts.json").write_text(json.dumps(records), encoding="utf-8")
    open_storage(desk.world.settings.model_copy(update={"fact_source": f"file:{tmp_path / 'facts.json'}"}), storage().engine)
    assert send(browser, path, {**form, "do": "source"}).status_code == 303
    page = browser.get(path)
    stands(page, form)
    assert "SPD-20" in page.text
    assert "It speaks of 1 of 6 facts." in text(page)


def test_a_photograph_that_was_chosen_but_not_added_goes_with_the_result(desk: Desk, path: str, task: int) -> None:
    browser = desk.browser(desk.world.verifier)
    form = {name: value for name, value in typed(desk).items() if not name.startswith("fact.")}
    refused = send(browser, path, form)
    assert refused.status_code == 422
    assert "Compare each fact on site" in text(refused)
    assert send(browser, path, form, photograph()).status_code == 303
    done = browser.get(path)
    assert "铭牌.jpg" in done.text
    assert "Together with" in text(done)
    assert "赵志强" in text(done)


def test_a_result_that_contradicts_the_facts_is_refused_and_nothing_typed_is_lost(desk: Desk, path: str, task: int) -> None:
    browser = desk.browser(desk.world.verifier)
    wrong = typed(desk, **{"fact.model": "no", "finding": "", "second": "", "visited_on": "2026-03-03"})
    refused = send(browser, path, wrong)
    assert refused.status_code == 422
    for words in ("a fact differs", "Choose who came with you", "between the promise and today"):
        assert words in text(refused), words
    for field in ("finding", "result", "second", "visited_on"):
        assert f'id="{field}-error"' in refused.text, field
    stands(refused, wrong)
    nothing = send(browser, path, {})
    assert nothing.status_code == 422
    assert "Choose what was found" in text(nothing)
    assert send(browser, path, typed(desk)).status_code == 303
    again = send(browser, path, typed(desk, finding="再写一次。"))
    assert again.status_code == 409
    assert "done already" in text(again)
    assert "再写一次。" in again.text, "it can still be read"
    assert desk.browser(desk.world.intake).get(path).status_code == 200, "colleagues may read"
    assert desk.browser(desk.world.stranger).get(path).status_code == 403
    assert REMARK in desk.browser(desk.world.intake).get(path).text


def test_what_was_typed_can_be_gone_on_with_later_and_by_nobody_else(desk: Desk, path: str) -> None:
    form = typed(desk, result="")
    del form["result"]
    assert send(desk.browser(desk.world.verifier), path, {**form, "do": "save"}).status_code == 303
    stands(desk.browser(desk.world.verifier).get(path), form)
    assert FINDING not in desk.browser(desk.world.examiner).get(path).text


def test_the_worklist_has_its_parts_and_says_in_words_what_is_urgent(desk: Desk, task: int) -> None:
    browser, world = desk.browser(desk.world.verifier), desk.world
    page = browser.get("/office/verifications")
    assert "working days left" in text(page)
    for part, words in (("mine", "You were drawn for none"), ("late", "None is late"), ("done", "Nothing was verified yet")):
        assert words in text(browser.get(f"/office/verifications?show={part}")), part
    verifying.record_finding(world.actor(world.verifier), task, Result.TRUE, world.report(task))
    assert "The promise is true" in text(browser.get("/office/verifications?show=done"))
    for odd in ("show=nothing", "after=x", "after=2026-13-01_1", "show=late&after=9999-12-31_1"):
        assert browser.get(f"/office/verifications?{odd}").status_code == 200, odd
