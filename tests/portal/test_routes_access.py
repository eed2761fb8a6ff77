"""Every route says who may open it, and the saying holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from portal_tools import CheckingClient, Someone

from licensing.errors import Misconfigured
from licensing.policy import Role
from portal.security import REVIEWED, STATELESS, Access, access, access_of, check_every_route_declares_access, safe_next

SAMPLE = {"int": "987654", "string": "nothing", "default": "nothing", "path": "nothing", "uuid": "00000000-0000-0000-0000-000000000000"}
PUBLIC_REVIEWED = {
    "static",
    "accounts.login",
    "accounts.login_send",
    "accounts.code",
    "accounts.code_send",
    "accounts.logout",
}
PUBLIC_AREAS = ("public.", "public_", "guides.", "verify.", "letters.", "log.", "trust.", "registers.")


def routes(app: Flask) -> Iterator[tuple[str, str, str, Access]]:
    """Endpoint, method, a path with made-up arguments, access class: for each route and method."""
    for rule in app.url_map.iter_rules():
        values = {name: SAMPLE.get(_kind(rule, name), "nothing") for name in rule.arguments}
        with app.test_request_context():
            path = app.url_map.bind("localhost").build(rule.endpoint, {k: _typed(rule, k, v) for k, v in values.items()}, method=None)
        found = access_of(app, rule.endpoint)
        assert found is not None
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, path, found


def _kind(rule: object, name: str) -> str:
    converter = rule._converters[name]  # type: ignore[attr-defined]
    return {"IntegerConverter": "int", "UUIDConverter": "uuid", "PathConverter": "path"}.get(type(converter).__name__, "string")


def _typed(rule: object, name: str, value: str) -> object:
    return rule._converters[name].to_python(value) if _kind(rule, name) != "string" else value  # type: ignore[attr-defined]


def test_every_route_declares_its_class(app: Flask) -> None:
    check_every_route_declares_access(app)
    assert all(access_of(app, rule.endpoint) is not None for rule in app.url_map.iter_rules())


def test_a_route_without_a_class_does_not_start(app: Flask) -> None:
    app.view_functions["open_door"] = lambda: "come in"
    app.url_map.add(app.url_rule_class("/open-door", endpoint="open_door"))
    with pytest.raises(Misconfigured, match="open_door"):
        check_every_route_declares_access(app)


def test_a_route_added_late_without_a_class_is_closed_to_everybody(
    app: Flask, client: CheckingClient, someone: Callable[..., Someone], log_in: Callable[..., None]
) -> None:
    app.view_functions["open_door"] = lambda: "come in"
    app.url_map.add(app.url_rule_class("/open-door", endpoint="open_door"))
    assert client.get("/open-door").status_code == 302
    log_in(client, someone("系统", admin=Role.SYSTEM_ADMIN))
    assert client.get("/open-door").status_code == 403


def test_public_pages_are_a_reviewed_list(app: Flask) -> None:
    public = {rule.endpoint for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is Access.PUBLIC}
    unexpected = {name for name in public - PUBLIC_REVIEWED if not name.startswith(PUBLIC_AREAS)}
    assert unexpected == set()
    assert set(REVIEWED) == {"static"}


def test_strangers_reach_public_pages_only(app: Flask, client: CheckingClient) -> None:
    for endpoint, method, path, who in list(routes(app)):
        if who in {Access.PUBLIC, *STATELESS}:
            continue
        data = {"csrf_token": client.csrf()} if method != "GET" else None
        response = client.open(path, method=method, data=data)
        assert response.status_code == (302 if method == "GET" else 303), (endpoint, method)
        assert response.location.startswith("/login"), (endpoint, method)


def test_a_person_without_any_task_reaches_no_office_or_company_page(
    app: Flask, client: CheckingClient, someone: Callable[..., Someone], log_in: Callable[..., None]
) -> None:
    log_in(client, someone("路人"))
    for endpoint, method, path, who in list(routes(app)):
        if who in {Access.APPLICANT, Access.OFFICER, Access.ADMIN}:
            data = {"csrf_token": client.csrf()} if method != "GET" else None
            assert client.open(path, method=method, data=data).status_code == 403, (endpoint, method)


def test_every_unsafe_route_needs_a_token(
    app: Flask, client: CheckingClient, someone: Callable[..., Someone], log_in: Callable[..., None], company_id: int, authority_id: int
) -> None:
    log_in(client, someone("万能", seat=company_id, post=(authority_id, Role.INTAKE), admin=Role.SYSTEM_ADMIN))
    unsafe = [entry for entry in routes(app) if entry[1] != "GET" and entry[3] not in STATELESS]
    assert unsafe
    for endpoint, method, path, _who in unsafe:
        for data in ({}, {"csrf_token": "made-up"}):
            response = client.open(path, method=method, data=data)
            assert response.status_code == 400, (endpoint, method)
            assert "stale-form" in response.text, (endpoint, method)


def test_requests_that_other_sites_start_are_refused(client: CheckingClient) -> None:
    token = client.csrf()
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 422), ("none", 422)):
        response = client.post("/login", data={"csrf_token": token, "email": "a@b.cn"}, headers={"Sec-Fetch-Site": site})
        assert response.status_code == status, site


def test_no_page_with_an_effect_answers_to_get(app: Flask) -> None:
    both = [
        rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods and rule.methods & {"POST", "PUT", "PATCH", "DELETE"}
    ]
    assert both == [], "one view for reading and one for changing"


def test_an_api_page_is_closed_without_a_gate(app: Flask, client: CheckingClient) -> None:
    app.view_functions["api_door"] = access(Access.API)(lambda: "come in")
    app.url_map.add(app.url_rule_class("/api/door", endpoint="api_door"))
    response = client.get("/api/door")
    assert response.status_code == 403
    assert response.mimetype == "application/problem+json"
    assert response.get_json()["code"] == "forbidden"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil",
        "javascript:alert(1)",
        "/ok\r\nSet-Cookie: a=b",
        "",
        None,
        "evil",
        "/a\tb",
        "///evil.example",
        "/\\/evil",
        "http:/evil",
        "/%09/evil\n",
        "/[::bad",
    ],
)
def test_a_next_address_outside_is_dropped(target: str | None) -> None:
    kept = safe_next(target)
    assert kept is None or kept == "/[::bad"


@pytest.mark.parametrize("target", ["/", "/office/cases/5?tab=log", "/v/123#x", "/中文"])
def test_a_next_address_inside_is_kept(target: str) -> None:
    assert safe_next(target) == target
