"""The authorisation matrix knows every route: quick to ask, so that whoever adds a route hears at once which row is missing."""

from __future__ import annotations

from flask import Flask
from matrix_table import GUARDS, routes, row_of, unguarded

from portal.security import Access, access


def test_every_route_stands_in_the_table(app: Flask) -> None:
    missing = unguarded(app)
    assert not missing, "\n".join(["tests/portal/matrix_table.py does not say who may do this; its first lines tell how to:", *missing])


def test_every_row_is_for_a_route(app: Flask) -> None:
    assert set(GUARDS) - {row_of(rule.endpoint) for rule, _, _ in routes(app)} == set(), "no route needs these rows any more"


def test_a_new_route_without_a_row_is_named(app: Flask) -> None:
    for endpoint, path, method in (
        ("office_attic.page", "/office/attic", "GET"),
        ("office.paint", "/office/cases/<int:case_id>/paint", "POST"),
    ):
        app.view_functions[endpoint] = access(Access.OFFICER)(lambda **_: "")
        app.url_map.add(app.url_rule_class(path, endpoint=endpoint, methods={method}))
    page, sent = unguarded(app)
    assert "GET /office/attic" in page
    assert 'add a row "office_attic.page"' in page
    assert "POST /office/cases/<int:case_id>/paint" in sent
    assert 'add a row "office.paint" with the action' in sent
