"""What officers do in the browser."""

from __future__ import annotations

from collections.abc import Mapping

from people import Person
from visitors import Visitor


def act(officer: Visitor, case: str, slug: str, button: str, **answers: str) -> None:
    """Open the page of an act, answer its questions, send it."""
    officer.open(f"{case}/{slug}")
    for name, value in answers.items():
        officer.type(name, value)
    officer.press(button)


def ask_for_corrections(officer: Visitor, case: str, notes: Mapping[str, str]) -> None:
    """Name item by item what must be corrected, in one notice."""
    officer.open(f"{case}/correction")
    for code, note in notes.items():
        pick = officer.page.locator(f'[name="pick.{code}"]')
        if not pick.is_visible():
            officer.page.locator("details", has=pick).locator("summary").click()
        pick.check()
        officer.type(f"note.{code}", note)
    officer.press("Send the notice")


def verify(officer: Visitor, result: str, finding: str, *photographs: tuple[str, bytes], announces: str = "") -> None:
    """Take the most urgent verification from the worklist, compare every fact, add photographs, record the result with a colleague.

    ``announces`` is what becomes of a permit that was given, where the promise behind it was untrue.
    """
    officer.open("/office/verifications")
    officer.leave_by(officer.page.locator("td a.row-link").first)
    officer.page.locator("#second").select_option(index=1)
    for number, fact in enumerate(officer.page.locator("fieldset.compare").all()):
        fact.locator("input[type=radio]").nth(1 if result == "untrue" and number == 0 else 0).check()
    officer.type("finding", finding)
    if photographs:
        officer.choose_files("files", *photographs)
        officer.press("Add")
    officer.type("result", result)
    if announces:
        officer.type("consequence", announces)
    officer.picture(f"verification-{result}")
    officer.press("Record the result")


def confirm(officer: Visitor, who: Person) -> None:
    """Show the second factor once more; what was typed before is sent right after."""
    officer.type("second_factor_code", who.code())
    officer.press("Confirm")
