"""Draws in public, and the script of the guide with which anybody draws again."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Response, request
from office_tools import Desk, text

from licensing.ledger.actions import append
from licensing.policy import SYSTEM
from licensing.settings import PROJECT_ROOT
from licensing.storage import unit_of_work
from licensing.trust import checkpoints

sys.path.insert(0, str(Path(__file__).parent.parent / "journeys"))
from live import serving

GUIDE = PROJECT_ROOT / "docs" / "guides" / "verifier.md"


@pytest.fixture
def number(desk: Desk) -> str:
    """The number of a draw, made with the button."""
    desk.world.granted("completion_acceptance")
    browser = desk.browser(desk.world.supervisor)
    form = {"authority": str(desk.world.authority), "percent": "50"}
    refused = browser.send("/office/draws", {**form, "percent": "much"})
    assert (refused.status_code, "1 to 100" in text(refused)) == (422, True)
    made = browser.send("/office/draws", form)
    page = browser.get(made.location)
    assert "drawn again just now: the same" in text(page)
    assert "孙立新" in text(page), "the authority reads names"
    found = re.search(r"CJ\d+", page.text)
    assert found is not None
    return found[0]


def test_everybody_sees_list_seed_and_inspectors_with_masked_names(desk: Desk, number: str) -> None:
    stranger = desk.app.test_client()
    stranger.set_cookie("lang", "en")
    every = stranger.get("/draws")
    assert number in every.text
    assert "verified by random checks only" in text(every)
    page = stranger.get(f"/draws/{number}")
    assert "drawn again just now: the same" in text(page)
    for name in ("孙立新", "沈佩兰", "冯秋实", "蒋文博"):
        assert name not in page.text
    assert "孙**" in page.text
    told = json.loads(stranger.get(f"/draws/{number}.json").data)
    listing = stranger.get(f"/draws/{number}/list.json")
    assert set(told["drawn"][0]["inspectors"]) == {str(desk.world.second_verifier), str(desk.world.second_examiner)}
    assert json.loads(listing.data)["draw"] == number
    for missing in ("CJ2026999999", "x", "CJ1%00"):
        for path in (f"/draws/{missing}", f"/draws/{missing}.json", f"/draws/{missing}/list.json"):
            assert stranger.get(path).status_code == 404, path
    assert stranger.get("/draws?after=x").status_code == 200


def test_the_script_of_the_guide_draws_again_and_finds_what_was_changed(desk: Desk, number: str, tmp_path: Path) -> None:
    with unit_of_work(SYSTEM) as work:
        for place in range(300):
            append(work, "rehearsal", str(place), bytes(32))
    checkpoints.publish(desk.world.settings)
    _, block = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    script, twist = tmp_path / "draw.py", {"from": b"", "to": b""}
    script.write_text(block, encoding="utf-8")

    def twisted(response: Response) -> Response:
        if twist["from"] and request.path.startswith("/draws/"):
            response.direct_passthrough = False
            response.data = response.data.replace(twist["from"], twist["to"])
        return response

    desk.app.after_request_funcs.setdefault(None, []).append(twisted)
    with serving(desk.app) as address:

        def draws_again() -> tuple[int, str]:
            alone = [sys.executable, "-I", "-S", str(script), address, number]
            done = subprocess.run(alone, capture_output=True, text=True, check=False, timeout=60)
            assert "Traceback" not in done.stderr, done.stderr
            return done.returncode, done.stdout + done.stderr

        code, said = draws_again()
        assert (code, f"{number}: 1 of 2, the same" in said) == (0, True), said
        told = desk.app.test_client().get(f"/draws/{number}.json").json
        assert told is not None
        seed, [one] = told["seed"], told["drawn"]
        first, second = one["inspectors"]
        for changed, to in (
            (seed.encode(), (seed[:-1] + ("0" if seed[-1] != "0" else "1")).encode()),
            (b'"percent":50', b'"percent":51'),
            (f'"{first}"'.encode(), f'"{second}"'.encode()),
            (one["item"].encode(), b"1/installation_record/77"),
        ):
            twist.update({"from": changed, "to": to})
            code, said = draws_again()
            assert (code, said.startswith("DIFFERS: ")) == (1, True), (changed, said)
