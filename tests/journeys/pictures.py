"""The pictures of the two READMEs, drawn from the portal as it is now: ``.venv/bin/python tests/journeys/pictures.py docs/images``."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import time_machine
from PIL import Image
from playwright.sync_api import sync_playwright

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
import checking
from live import serving
from people import Person
from visitors import PHONE, Visitor, chromium
from world import BODY, World, build_world, result

from licensing.cases import actions
from licensing.cases.queries import licence_file
from licensing.settings import Settings
from licensing.storage import storage
from licensing.storage.migrations import upgrade
from portal.app import create_app

LICENCE_WIDTH = 1200
COLOURS = 256
OPINION = "经审查和现场核查，雷电防护装置按照核准的设计文件施工，各项指标符合国家有关标准和规范的要求，验收合格。"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def draw(target: Path, scratch: Path) -> None:
    """Write ``licence.png``, ``verify.png`` and ``case.png`` into ``target``; an installation grows in the empty ``scratch``."""
    settings = Settings(home=scratch / "var", keys=scratch / "keys", database="", demo=False, https=False)
    with time_machine.travel(datetime(2026, 3, 2, 1, tzinfo=UTC)) as clock:
        app = create_app(settings)
        upgrade(storage().engine)
        world = build_world(settings)
        pdf, open_case = _issue(world, scratch, clock)
        approver = Person.with_account(world.approver, "zhou.guohua@example.gov.cn", clock, SECRET)
        with serving(app) as address, sync_playwright() as playwright, chromium(playwright) as browser:
            stranger = Visitor.arrive(browser, address, scratch, language="zh", phone=True)
            stranger.open(checking.path_of(checking.scan(pdf, scratch)))
            _save(stranger.page.screenshot(clip={"x": 0, "y": 0, **PHONE}), target / "verify.png")
            officer = Visitor.arrive(browser, address, scratch, language="zh")
            approver.sign_in(officer)
            officer.open(f"/office/cases/{open_case}")
            _save(officer.page.screenshot(), target / "case.png")
        storage().engine.dispose()
    page = ("pdftoppm", "-png", "-singlefile", "-scale-to-x", str(LICENCE_WIDTH), "-scale-to-y", "-1", str(pdf))
    _save(subprocess.run(page, capture_output=True, check=True).stdout, target / "licence.png")


def _issue(world: World, scratch: Path, clock: time_machine.Traveller) -> tuple[Path, int]:
    """An acceptance licence, and an acceptance of another project that waits for the decision: the file and the number of the case."""
    done = world.proposed("completion_acceptance")
    world.grant(done, OPINION)
    _row, content = licence_file(world.actor(world.applicant), done)
    (pdf := scratch / "licence.pdf").write_bytes(content)
    name = "滨江路油库二期工程"
    approval = world.granted("design_review", name=name).number
    waiting = world.accepted("completion_acceptance", name=name, design_approval_number=approval)
    world.verify(waiting)
    clock.move_to(datetime(2026, 3, 4, 2, tzinfo=UTC))
    actions.commission(world.actor(world.examiner), waiting, body=BODY, expected_days=5)
    clock.move_to(datetime(2026, 3, 11, 2, tzinfo=UTC))
    actions.record_result(world.actor(world.examiner), waiting, result())
    actions.propose(world.actor(world.examiner), waiting, grant=True, opinion="材料齐全，检测合格，建议予以许可。")
    return pdf, waiting


def _save(png: bytes, target: Path) -> None:
    """Keep a picture in few colours: it is looked at beside text."""
    with Image.open(io.BytesIO(png)) as picture:
        picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        draw(folder, Path(temporary))
