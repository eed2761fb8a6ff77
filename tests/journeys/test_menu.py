"""The menu of an officer with every post: one line on a phone and on a desk, usable with the keyboard and without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from live import Town
from people import Person
from visitors import Visitor

from licensing.parties import actions as parties
from licensing.parties.tables import Authority
from licensing.parties.tables import Person as Someone
from licensing.policy import SYSTEM, Role
from licensing.storage import unit_of_work

pytestmark = pytest.mark.slow

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
ONE_LINE = 56
"""Pixels in which one line of links fits and two do not."""
_IN_SIGHT = """() => {
  const link = document.activeElement.getBoundingClientRect(), strip = document.querySelector("[data-strip]").getBoundingClientRect();
  return Math.min(link.right, strip.right) - Math.max(link.left, strip.left) >= Math.min(32, link.width) - 1;
}"""
"""So much of a link is in sight that the browser scrolls no further when it gets the focus: it counts 32 pixels as seen."""


@pytest.fixture
def officer(town: Town) -> Person:
    """Somebody who holds every post, so that no link is missing."""
    with unit_of_work(SYSTEM) as work:
        person, authority = work.session.get_one(Someone, town.world.supervisor), work.session.get_one(Authority, town.world.authority)
        for role in (Role.INTAKE, Role.EXAMINER, Role.APPROVER, Role.VERIFIER):
            parties.give_post(work, person, authority, role, held_from=date(2020, 1, 1))
    return Person.with_account(town.world.supervisor, "jiang@example.org", town.clock, SECRET)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("phone", [True, False])
def test_the_menu_is_one_line_and_its_last_link_can_be_reached_by_keyboard_without_script(
    arrive: Callable[..., Visitor], officer: Person, language: str, *, phone: bool
) -> None:
    visitor = arrive("officer", language=language, phone=phone, script=False)
    officer.sign_in(visitor)
    visitor.open("/office")
    strip = visitor.page.locator("[data-strip]")
    box = strip.bounding_box()
    assert box is not None
    assert box["height"] <= ONE_LINE
    mine, brand = visitor.page.locator("nav.mine").bounding_box(), visitor.page.locator(".brand").bounding_box()
    assert mine is not None
    assert brand is not None
    assert mine["y"] < brand["y"] + brand["height"] <= box["y"] + 1, "messages and account stand beside the mark"
    count = strip.locator("a, button").count()
    assert count >= 11
    strip.locator("a").first.focus()
    for _ in range(count - 1):
        visitor.page.keyboard.press("Tab")
    assert visitor.page.locator(":focus").inner_text() in ("中文", "English")
    assert visitor.page.evaluate(_IN_SIGHT)


def test_the_area_that_is_open_comes_into_sight(arrive: Callable[..., Visitor], officer: Person) -> None:
    visitor = arrive("officer", phone=True)
    officer.sign_in(visitor)
    visitor.open("/office/verifications")
    here, strip = visitor.page.locator("[data-strip] [aria-current]").bounding_box(), visitor.page.locator("[data-strip]").bounding_box()
    assert here is not None
    assert strip is not None
    assert strip["x"] <= here["x"] + 1
    assert here["x"] + here["width"] <= strip["x"] + strip["width"] + 1
