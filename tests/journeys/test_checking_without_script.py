"""A stranger whose phone runs no script gets the same answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import checking
import pytest
from live import Town
from visitors import Visitor

from licensing.cases.queries import licence_file

pytestmark = pytest.mark.slow


def test_qr_number_and_file_are_answered_without_script(town: Town, arrive: Callable[..., Visitor], tmp_path: Path) -> None:
    world = town.world
    case_id = world.proposed("design_review")
    issued = world.grant(case_id)
    _row, content = licence_file(world.actor(world.applicant), case_id)
    (pdf := tmp_path / "licence.pdf").write_bytes(content)
    stranger = arrive("stranger", phone=True, script=False)

    stranger.open(checking.path_of(checking.scan(pdf, tmp_path)))
    assert checking.headline(stranger) == "Genuine and in force"
    assert checking.codes(stranger) == ("signed-code", "ok", "in-force")
    stranger.follow("Check another licence")
    stranger.press("Check")
    assert stranger.complaint("number")
    checking.type_number(stranger, issued.number, issued.check_code)
    assert checking.codes(stranger) == ("register", "register", "in-force")
    checking.upload(stranger, content)
    assert checking.codes(stranger) == ("ok", "ok", "in-force")
    checking.upload(stranger, content + b"\n")
    assert checking.headline(stranger) == "Not valid"
    assert checking.codes(stranger)[0] == "bytes-after-end"
    stranger.picture("refused")
