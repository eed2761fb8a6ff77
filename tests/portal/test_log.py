"""The page of the public log, and the portal while the register is behind what was published."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from issued import Register
from office_tools import Desk
from portal_tools import CheckingClient, Someone, parse

from licensing import worker
from licensing.ledger import gate, kept, queries
from licensing.ledger.notes import Checkpoint, open_checkpoint, to_base64
from licensing.ledger.proof_files import open_proof, parse_proof
from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import reading, unit_of_work
from licensing.trust import checkpoints
from portal.public import verify_routes
from portal.security import Access

pytestmark = pytest.mark.slow


@pytest.fixture
def visitor(register: Register, make_app: Callable[[Settings], Flask]) -> CheckingClient:
    """A stranger at the portal of the installation that issued."""
    browser = make_app(register.settings).test_client()
    assert isinstance(browser, CheckingClient)
    browser.get("/log?lang=en")
    return browser


def fall_behind(settings: Settings) -> None:
    """As if a backup had been put back: the mark says that the log was longer."""
    kept.write(kept.mark_path(settings), Checkpoint("log", 10**6, bytes(32)).text.encode())


def test_the_page_shows_the_signed_head(visitor: CheckingClient, register: Register) -> None:
    text = unescape(visitor.get("/log").text)
    head = open_checkpoint(visitor.get("/log/checkpoint").data, checkpoints.note_keys(register.trust))
    for words in (to_base64(head.root), f"https://{register.settings.public_host}/log", checkpoints.note_keys(register.trust)[0].text):
        assert words in text
    assert parse(text).find(".//footer//a[@href='/log']") is not None


def test_a_licence_is_proven_by_number_and_code_and_by_identifier(visitor: CheckingClient, register: Register) -> None:
    entry = register.entries[1]
    by_number = visitor.get("/log", query_string={"number": entry["number"], "code": entry["check_code"]})
    by_identifier = visitor.get("/log", query_string={"identifier": f" {entry['identifier']} "})
    assert by_number.status_code == by_identifier.status_code == 200
    answer = visitor.get(f"/log/proof/{entry['identifier']}")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={entry['identifier']}.tlog-proof"
    proof = parse_proof(answer.text)
    open_proof(proof, checkpoints.note_keys(register.trust))
    assert json.loads(proof.entry)["subject"] == entry["identifier"]
    for text in (by_number.text, by_identifier.text):
        assert f'href="/log/proof/{entry["identifier"]}"' in text
        assert all(to_base64(step) in unescape(text) for step in proof.path)
        assert "The signed file was issued" in text
        assert "Genuine" not in text, "the log does not say whether a licence is in force"


def test_unknown_and_wrong_give_equal_pages(visitor: CheckingClient, register: Register) -> None:
    def page(number: str, code: str) -> tuple[int, str]:
        answer = visitor.get("/log", query_string={"number": number, "code": code})
        lines = [line for line in answer.text.splitlines() if "hreflang" not in line and 'name="number"' not in line]
        return answer.status_code, "".join(line for line in lines if 'name="code"' not in line)

    entry = register.entries[0]
    assert page(entry["number"], "2222-2222") == page("样气雷审字(2026)第9999号", entry["check_code"]) == page("\x00<b>", "\ufffe")
    assert page(entry["number"], "2222-2222")[0] == 404


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("number=x", 422, "Type the check code"),
        ("code=x", 422, "Type the number"),
        ("identifier=1.2.156.nothing", 404, "The log has no licence with this identifier."),
        ("identifier=%00", 404, "The log has no licence with this identifier."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(visitor: CheckingClient, query: str, status: int, words: str) -> None:
    answer = visitor.get(f"/log?{query}")
    assert answer.status_code == status
    assert words in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_guessing_counts_together_with_the_page_that_checks(visitor: CheckingClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_routes, "NUMBERS", verify_routes.limits.Limit("verify-number", 3, 600))
    paths = ["/log?number=x&code=y", "/verify/number?number=x&code=y", "/log?number=x&code=y", "/log?number=x&code=y"]
    assert [visitor.get(path).status_code for path in paths] == [404, 200, 404, 429]
    assert visitor.get("/verify/number?number=x&code=y").status_code == 429


def test_a_record_that_no_checkpoint_covers_yet_waits(visitor: CheckingClient, register: Register) -> None:
    from sqlalchemy import delete

    from licensing.ledger.tables import LedgerCheckpoint

    with unit_of_work(SYSTEM) as work:
        work.session.execute(delete(LedgerCheckpoint))
    entry = register.entries[0]
    answer = visitor.get("/log", query_string={"identifier": entry["identifier"]})
    assert (answer.status_code, "the next checkpoint" in answer.text) == (200, True)
    assert visitor.get(f"/log/proof/{entry['identifier']}").status_code == 404
    assert "No checkpoint was published yet." in visitor.get("/log").text


@pytest.mark.parametrize("identifier", ["nothing", "%00", "1.2.156.3005.2", "x" * 3000])
def test_no_proof_of_nothing(visitor: CheckingClient, identifier: str) -> None:
    assert visitor.get(f"/log/proof/{identifier}").status_code == 404


def test_both_languages_and_no_script_needed(visitor: CheckingClient, register: Register) -> None:
    for language in ("zh", "en"):
        assert visitor.get(f"/log?lang={language}").status_code == 200
        assert visitor.get(f"/log?lang={language}&identifier={register.entries[2]['identifier']}").status_code == 200


def test_a_licence_granted_at_the_desk_is_in_the_log_when_the_answer_comes(desk: Desk) -> None:
    licence = desk.world.granted()
    with reading(SYSTEM) as look:
        newest = queries.latest_checkpoint(look.session)
        assert newest is not None
        assert newest.size == queries.size(look.session)
        assert queries.check(look.session).holds
        assert look.session.get_one(Licence, licence.id).status == "in_force"


def test_behind_its_witness_the_portal_shows_but_changes_nothing(desk: Desk, settings: Settings) -> None:
    case_id = desk.world.submitted()
    officer, applicant = desk.browser(desk.world.intake), desk.browser(desk.world.applicant)
    fall_behind(settings)
    banner = "Nothing can be changed at the moment."
    for browser, path in ((officer, f"/office/cases/{case_id}"), (applicant, "/my"), (officer, "/log"), (officer, "/verify")):
        answer = browser.get(f"{path}?lang=en")
        assert (answer.status_code, banner in answer.text) == (200, True), path
    refused = [
        officer.send(f"/office/cases/{case_id}/accept", {}),
        applicant.send("/my/start/design_review", {"company": desk.world.company}),
    ]
    for answer in refused:
        assert answer.status_code == 503
        assert gate.CODE in answer.text
    kept.mark_path(settings).unlink()
    assert banner not in officer.get(f"/office/cases/{case_id}?lang=en").text


def test_behind_its_witness_no_channel_says_valid_and_no_list_is_signed(visitor: CheckingClient, register: Register) -> None:
    entry = register.entries[0]
    digits = str(entry["qr"]).rsplit("/", 1)[1]
    authority = next(iter(register.trust.seals)).authority_code
    assert "Genuine and in force" in visitor.get(f"/v/{digits}").text
    assert visitor.get(f"/status/{authority}").status_code == 200
    assert worker.tidy() != {}
    fall_behind(register.settings)
    assert "Genuine and in force" not in visitor.get(f"/v/{digits}").text
    assert (
        "Genuine and in force"
        not in visitor.get("/verify/number", query_string={"number": entry["number"], "code": entry["check_code"]}).text
    )
    assert visitor.get(f"/status/{authority}").status_code == 503
    assert worker.tidy() == {}
    assert visitor.get("/log/checkpoint").status_code == 200, "what was published stays to be read"


def test_every_change_of_applicants_and_officers_is_refused_while_behind(
    app: Flask,
    client: CheckingClient,
    settings: Settings,
    someone: Callable[..., Someone],
    log_in: Callable[..., None],
    company_id: int,
    authority_id: int,
) -> None:
    from test_routes_access import routes

    from licensing.policy import Role

    log_in(client, someone("万能", seat=company_id, post=(authority_id, Role.INTAKE), admin=Role.SYSTEM_ADMIN))
    fall_behind(settings)
    closed = {Access.APPLICANT, Access.OFFICER, Access.ADMIN}
    unsafe = [entry for entry in routes(app) if entry[1] != "GET" and entry[3] in closed]
    assert unsafe
    for endpoint, method, path, _ in unsafe:
        assert client.open(path, method=method, data={"csrf_token": client.csrf()}).status_code == 503, endpoint
    assert client.send("/logout").status_code == 302, "one can always leave"
