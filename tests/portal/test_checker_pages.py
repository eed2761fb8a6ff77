"""What the portal hands out for the checker: one release whose parts fit together, the same for everybody, under a policy of its own."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from portal_tools import CHECKER_POLICY, CheckingClient, Someone, parse
from world import NANJING

from licensing.licences.verdict import GENUINE, IN_FORCE, LISTED, WHOLE, Overall, Verdict
from licensing.settings import Settings
from licensing.trust.current import current_trust_list
from licensing.trust.keys import ensure_authority_keys
from portal.public import check_release

TRUST_LIST = "/.well-known/leizheng/trust-list"
LIBRARIES = {"pdf.min.mjs", "pdf.worker.min.mjs", "zxing_reader.wasm", "LICENSE"}


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    ensure_authority_keys(settings.keys, str(NANJING["code"]), str(NANJING["name"]), str(NANJING["uscc"]), b"\x01")


def release(client: CheckingClient) -> dict[str, Any]:
    first_line = client.get("/check/worker.js").text.partition("\n")[0]
    found: dict[str, Any] = json.loads(first_line.removeprefix("const RELEASE = ").removesuffix(";"))
    return found


def taken_along(text: str) -> dict[str, Any]:
    """What the page brings for its program."""
    found = next(node.get("data-carried") for node in parse(text).iter("div") if node.get("id") == "checker")
    along: dict[str, Any] = json.loads(found or "")
    return along


def test_every_file_of_a_release_has_the_digest_that_is_told(client: CheckingClient) -> None:
    told = release(client)
    for file in told["files"]:
        with client.get(file["url"]) as answer:
            assert answer.status_code == 200, file
            assert hashlib.sha256(answer.data).hexdigest() == file["sha256"], file
    assert {url.rpartition("/")[2] for url in (file["url"] for file in told["files"])} >= LIBRARIES - {"LICENSE"}
    for language, url in told["pages"].items():
        assert f'<html lang="{"zh-Hans" if language == "zh" else "en"}">' in client.get(url).text


def test_every_module_that_a_module_names_is_in_the_release(client: CheckingClient) -> None:
    parts = check_release.parts()
    for name, part in parts.items():
        if name.startswith("check/") and name.endswith(".js"):
            text = part.content.decode()
            named = re.findall(r'(?:from|URL\()\s*"(\./[^"]+|\.\./[^"]+)"', text)
            places = [(check_release.STATIC / name).parent / path for path in named]
            missing = [place for place in places if place.resolve().relative_to(check_release.STATIC).as_posix() not in parts]
            assert missing == [], name


def test_the_page_has_a_policy_of_its_own_and_only_it_may_use_the_camera(client: CheckingClient) -> None:
    own, other = client.get("/check/").headers, client.get("/verify").headers
    assert own["Permissions-Policy"].startswith("camera=(self)")
    assert other["Permissions-Policy"].startswith("camera=()")
    assert own["Content-Security-Policy"] == CHECKER_POLICY
    assert "wasm" not in other["Content-Security-Policy"]
    for policy in (own["Content-Security-Policy"], other["Content-Security-Policy"]):
        assert "unsafe-inline" not in policy
        assert "'unsafe-eval'" not in policy
        assert "//" not in policy


def test_without_a_slash_the_address_leads_there(client: CheckingClient) -> None:
    assert client.get("/check?lang=en").location.endswith("/check/?lang=en")


def test_the_page_is_the_same_for_everybody(
    client: CheckingClient, log_in: Callable[..., None], someone: Callable[..., Someone], company_id: int
) -> None:
    before, worker = client.get("/check/?lang=en").text, client.get("/check/worker.js").text
    log_in(client, someone("王工", seat=company_id))
    assert client.get("/check/?lang=en").text == before
    assert client.get("/check/worker.js").text == worker
    assert "王工" not in before


def test_a_part_of_another_release_is_unknown(client: CheckingClient) -> None:
    with client.get(f"/check/parts/{check_release.version()}/check/page.js") as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.mimetype == "text/javascript"
    for path in ("0000000000000000/check/page.js", f"{check_release.version()}/../app.js", f"{check_release.version()}/check/worker.js"):
        assert client.get(f"/check/parts/{path}").status_code == 404


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_can_be_installed(client: CheckingClient, language: str) -> None:
    answer = client.get(f"/check/manifest.webmanifest?lang={language}")
    told = json.loads(answer.data)
    assert answer.mimetype == "application/manifest+json"
    assert (told["scope"], told["start_url"], told["display"]) == ("/check/", f"/check/?lang={language}", "standalone")
    assert {icon["purpose"] for icon in told["icons"]} == {"any", "maskable"}
    for icon in told["icons"]:
        with client.get(icon["src"]) as picture:
            assert picture.data.startswith(b"\x89PNG")
            assert int.from_bytes(picture.data[16:20], "big") == int(icon["sizes"].partition("x")[0])


def test_the_trust_list_is_handed_out_as_it_was_signed(client: CheckingClient, settings: Settings) -> None:
    answer = client.get(TRUST_LIST)
    assert answer.data == current_trust_list(settings).signed
    assert answer.mimetype == "application/cose"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert client.get(TRUST_LIST, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_the_page_takes_along_every_answer_and_the_step_that_belongs_to_it(client: CheckingClient) -> None:
    along = taken_along(client.get("/check/?lang=en").text)
    for question, answers in (("whole", WHOLE), ("genuine", GENUINE), ("in_force", IN_FORCE)):
        assert along[question].keys() == answers.keys()
        for code, answer in answers.items():
            told = along[question][code]
            assert (told["weight"], told["text"]) == (answer.weight.value, answer.text.text)
            asked = {"whole": WHOLE["ok"], "genuine": GENUINE["ok"], "in_force": IN_FORCE["in-force"], question: answer}
            verdict = Verdict(**asked, paper=None)
            if verdict.overall is not Overall.VALID:
                assert told.get("step", along["steps"][verdict.overall.value]) == verdict.next_step.text
    assert along["listed"] == {code: sentence.text for code, sentence in LISTED.items()}
    assert along["headlines"].keys() == along["steps"].keys() == {"valid", "unknown", "invalid"}


def test_the_worker_changes_with_the_root(client: CheckingClient, make_app: Callable[[Settings], Flask], settings: Settings) -> None:
    moved = settings.model_copy(update={"keys": settings.home / "other-keys"})
    ensure_authority_keys(moved.keys, str(NANJING["code"]), str(NANJING["name"]), str(NANJING["uscc"]), b"\x01")
    before = release(client)
    other = make_app(moved).test_client()
    after = json.loads(other.get("/check/worker.js").text.partition("\n")[0].removeprefix("const RELEASE = ").removesuffix(";"))
    assert before["name"] != after["name"]
    assert before["files"] == after["files"]


def test_libraries_come_with_their_licences() -> None:
    vendor = check_release.STATIC / "vendor"
    readme = (vendor / "README.md").read_text(encoding="utf-8")
    for folder in (path for path in vendor.iterdir() if path.is_dir()):
        assert f"`{folder.name}/`" in readme
        assert (folder / "LICENSE").stat().st_size > 500
    assert "6.5.438" in readme
    assert b"6.5.438" in (vendor / "pdfjs" / "pdf.min.mjs").read_bytes()
    assert b"3.1.4" in (vendor / "zxing-wasm" / "share.js").read_bytes()
