"""What an applicant does in the browser: each function is one errand, from the case's page and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from visitors import Visitor

PICK = "input[type=checkbox][name=accepted]"


def start(applicant: Visitor, matter: str) -> str:
    """Start an application from the list of matters; the path of the case."""
    applicant.open("/my")
    applicant.leave_by(applicant.page.locator(f'a[href="/my/start/{matter}"]'))
    applicant.press("Start the application")
    return here(applicant)


def here(visitor: Visitor) -> str:
    """The path of the page that is open."""
    return urlsplit(visitor.page.url).path


def fill(applicant: Visitor, case: str, section: str, answers: Any, *, button: str = "Save and continue") -> None:
    """Open a section, answer every question, save."""
    applicant.open(f"{case}/sections/{section}")
    write(applicant, section, answers)
    applicant.press(button)


def write(applicant: Visitor, section: str, answers: Any) -> None:
    """Answer the questions of the open section; rows are added as they are needed."""
    if isinstance(answers, Mapping):
        applicant.type_all(section, answers)
        return
    for number, row in enumerate(answers):
        if applicant.page.locator(f'[name="{section}.{number}.name"]').count() == 0:
            applicant.page.locator(f'[data-add-row="{section}"]').click()
        applicant.type_all(f"{section}.{number}", row)


def upload(applicant: Visitor, case: str, material: str, *files: tuple[str, bytes]) -> None:
    """Hand in files for a material."""
    applicant.open(f"{case}/documents/{material}")
    applicant.choose_files("files", *files)
    applicant.press("Upload")


def choose(applicant: Visitor, case: str, proof: str, choice: str) -> None:
    """Decide between handing a proof in and promising it; leads to the page on which that is done."""
    applicant.open(f"{case}/proofs/{proof}")
    applicant.type("choice", choice)
    applicant.press("Continue")


def promise(applicant: Visitor, facts: Mapping[str, str], proof: str, *, clauses: Iterable[int] | None = None) -> None:
    """On the page of the facts: state them, read the notice, accept it clause by clause (or only some of them), sign."""
    applicant.type_all(proof, facts)
    applicant.press("Save and read the promise")
    sign(applicant, clauses)


def sign(applicant: Visitor, clauses: Iterable[int] | None = None) -> None:
    """On the page of a notice: accept it clause by clause, or only some clauses, and sign."""
    boxes = applicant.page.locator(PICK)
    for number in range(boxes.count()) if clauses is None else clauses:
        boxes.nth(number).check()
    applicant.press("Sign the promise")


def submit(applicant: Visitor, case: str, *, button: str = "Submit the application") -> None:
    """Read the answers once more, declare that they are true, hand in."""
    applicant.open(f"{case}/check")
    applicant.page.locator("[name=declared]").check()
    applicant.press(button)
