"""What an applicant types, and the forms of a page as a browser would send them."""

from __future__ import annotations

import io
from typing import Any

from portal_tools import CheckingClient, parse
from werkzeug.test import TestResponse
from world import facts, tiny_pdf


def typed(section: str, values: Any, **more: object) -> dict[str, object]:
    """The fields of a section as the form names them."""
    if isinstance(values, list):
        return {f"{section}.{number}.{name}": text for number, row in enumerate(values) for name, text in row.items()} | more
    return {f"{section}.{name}": text for name, text in values.items()} | more


def held(page: TestResponse) -> dict[str, str]:
    """What stands in the fields of the page now."""
    found: dict[str, str] = {}
    for node in parse(page.text).iter():
        name = node.get("name")
        if name and node.tag == "input" and (node.get("type") not in ("radio", "checkbox") or node.get("checked") is not None):
            found[name] = node.get("value", "")
        elif name and node.tag == "textarea":
            found[name] = (node.text or "").removeprefix("\n")
        elif name and node.tag == "select":
            found[name] = next((option.get("value", "") for option in node.iter("option") if option.get("selected") is not None), "")
    return found


def save(browser: CheckingClient, case_id: int, section: str, values: Any, **more: object) -> TestResponse:
    """Fill in a section and press *save and continue*."""
    path = f"/my/cases/{case_id}/sections/{section}"
    version = held(browser.get(path))["draft_version"]
    return browser.send(path, {"draft_version": version, "then": "continue", **typed(section, values), **more})


def upload(browser: CheckingClient, case_id: int, material: str, *files: tuple[bytes, str]) -> TestResponse:
    """Upload files; a tiny drawing when none is given."""
    sent = [(io.BytesIO(content), name) for content, name in files or ((tiny_pdf(), "图纸.pdf"),)]
    return browser.send(f"/my/cases/{case_id}/documents/{material}", {"files": sent}, content_type="multipart/form-data")


def state_facts(browser: CheckingClient, case_id: int, proof: str, **changes: str) -> TestResponse:
    """State the facts of a promise and press *save and read the promise*."""
    return browser.send(f"/my/cases/{case_id}/proofs/{proof}/facts", typed(proof, facts(proof)) | changes)


def promise_path(case_id: int, proof: str) -> str:
    """Where a promise is read and signed."""
    return f"/my/cases/{case_id}/proofs/{proof}/promise"


def accepting(page: TestResponse) -> dict[str, Any]:
    """The form of a promise with every clause accepted."""
    clauses = [node.get("value") for node in parse(page.text).iter("input") if node.get("name") == "accepted"]
    return {**held(page), "accepted": clauses}


def sign(browser: CheckingClient, case_id: int, proof: str, **changes: object) -> TestResponse:
    """Read the notice, accept every clause and sign."""
    path = promise_path(case_id, proof)
    return browser.send(path, accepting(browser.get(path)) | changes)
