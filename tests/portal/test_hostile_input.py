"""Hostile text in every field of every form: a clear answer below 500, and the page still stands (threats F1, F6, F8)."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest
from office_tools import ACTS, Desk, case_url
from portal_tools import CheckingClient, parse

pytestmark = pytest.mark.slow

HOSTILE = {
    "nothing": "",
    "control characters": "a\x00b\x1b[31m\r\nSet-Cookie: x=1",
    "markup": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "template": "{{ 7*7 }}{% raw %}%(project)s ${7*7}",
    "query": "' OR 1=1; DROP TABLE case_file; --",
    "path": "../../../../etc/passwd",
    "rare and turned": "㛃䶮𬭎𫓧𠅤𡋤\u202eabc\u200b\ue000\ufffe",
    "huge": "雷" * 50_000,
    "number": "-1e309",
    "big number": "9" * 400,
    "date": "2026-02-30",
    "address": "//evil.example/@127.0.0.1",
}


def forms(browser: CheckingClient, path: str) -> Iterator[tuple[str, str, set[str]]]:
    """Method, target and field names of the forms of a page."""
    page = browser.get(path)
    assert page.status_code < 500, path
    if page.mimetype != "text/html" or page.status_code >= 300:
        return
    for form in parse(page.text).iter("form"):
        target = form.get("action") or path
        if not target.endswith("/logout"):
            yield form.get("method", "get").lower(), target, set(_names(form))


def _names(form: Element) -> Iterator[str]:
    for node in form.iter():
        if node.tag in {"input", "select", "textarea", "button"} and node.get("name") not in (None, "csrf_token"):
            yield node.get("name", "")


def links(browser: CheckingClient, path: str, below: str) -> list[str]:
    """The pages below ``below`` to which a page leads, files left out."""
    tree = parse(browser.get(path).text)
    found = dict.fromkeys(node.get("href", "").partition("#")[0] for node in tree.iter("a"))
    return [target for target in found if target.startswith(below) and "." not in target]


def attack(browser: CheckingClient, paths: list[str], value: str) -> int:
    """Send every form of ``paths`` with ``value`` in each of its fields; how many were sent."""
    sent = 0
    for path in paths:
        for method, target, names in list(forms(browser, path)):
            data, asked = dict.fromkeys(names, value), dict.fromkeys(names, value[:2000])
            answer = browser.send(target, data) if method == "post" else browser.get(target, query_string=asked)
            assert answer.status_code < 500, (path, target, answer.status_code)
            sent += 1
    return sent


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_applicants_forms(desk: Desk, kind: str) -> None:
    case_id = desk.world.draft()
    browser = desk.browser(desk.world.applicant)
    root = f"/my/cases/{case_id}"
    pages = [root, *links(browser, root, root)]
    assert attack(browser, pages, HOSTILE[kind]) >= 10
    assert browser.get("/my").status_code == 200
    assert browser.get(root).status_code == 200


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_officers_forms(desk: Desk, kind: str) -> None:
    world = desk.world
    for person, case_id in ((world.intake, world.submitted()), (world.examiner, world.accepted()), (world.approver, world.proposed())):
        browser = desk.browser(person)
        pages = ["/office", *(case_url(case_id, act) for act in ACTS)]
        assert attack(browser, pages, HOSTILE[kind]) >= 2
        assert browser.get("/office").status_code == 200
        assert browser.get(case_url(case_id)).status_code == 200


@pytest.mark.parametrize("kind", HOSTILE)
def test_everybodys_forms(desk: Desk, kind: str) -> None:
    browser = desk.app.test_client()
    assert isinstance(browser, CheckingClient)
    assert attack(browser, ["/", "/verify", "/login"], HOSTILE[kind]) >= 3
    for path in ("/v/", "/guides/", "/my/cases/", "/office/cases/", "/my/start/"):
        assert browser.get(path + HOSTILE[kind][:1000].replace("\x00", "%00").replace("\r\n", "%0d%0a")).status_code < 500
