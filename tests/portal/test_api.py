"""The open interface: verdicts for everything that can be judged, problems for everything else, never a failure."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from issued import Register

from licensing.trust import trust_list
from portal.api import routes
from portal.api.openapi import description


@pytest.fixture
def api(register: Register, make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(register.settings).test_client()


def post(api: FlaskClient, body: bytes | str, content_type: str = "application/json", **headers: str) -> tuple[int, dict[str, Any]]:
    answer = api.post("/api/v1/verify", data=body, content_type=content_type, headers=headers)
    return answer.status_code, answer.get_json()


def test_qr_number_and_file(api: FlaskClient, register: Register) -> None:
    entry = register.entries[0]
    asked = [{"qr": entry["qr"]}, {"number": entry["number"], "check_code": entry["check_code"]}]
    answers = [post(api, json.dumps(body)) for body in asked]
    sent = api.post("/api/v1/verify", data={"file": (io.BytesIO(register.pdf()), "a.pdf")}, content_type="multipart/form-data")
    for status, verdict in (*answers, (sent.status_code, sent.get_json())):
        assert status == 200
        assert verdict["overall"] == "valid"
        assert verdict["paper"]["number"] == entry["number"]
        assert datetime.fromisoformat(verdict["as_of"]).tzinfo is not None
        check_against(verdict, "Verdict")
    assert sent.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in sent.headers


def test_what_is_not_valid_is_a_verdict_too(api: FlaskClient) -> None:
    for body in ({"qr": "\ud800"}, {"qr": "https://evil.example/v/1"}, {"number": "\u0000", "check_code": "x"}):
        status, verdict = post(api, json.dumps(body))
        assert (status, verdict["overall"]) == (200, "invalid")
        check_against(verdict, "Verdict")


BAD = [
    b"",
    b"{",
    b"[]",
    b"null",
    b"1",
    b'"qr"',
    b"{}",
    b'{"qr": 1}',
    b'{"qr": null}',
    b'{"qr": ""}',
    b'{"qr": ["x"]}',
    b'{"qr": "x", "qr": "y"}',
    b'{"qr": "x", "more": 1}',
    b'{"number": "x"}',
    b'{"number": "x", "check_code": {}}',
    b"\xff\xfe{}",
    b"NaN",
    b"[" * 15000,
    b"1" * 15000,
    json.dumps({"qr": "9" * 2001}).encode(),
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_a_bad_request_is_a_problem(api: FlaskClient, body: bytes) -> None:
    status, problem = post(api, body)
    assert status == 422
    assert problem["code"] in {"not-json", "malformed-request"}
    assert problem["next_step"]
    check_against(problem, "Problem")


def test_a_huge_body_is_refused(api: FlaskClient, register: Register) -> None:
    status, problem = post(api, b'{"qr": "' + b"9" * 100_000 + b'"}')
    assert (status, problem["code"]) == (413, "http-413")
    # Put together by hand: the test client would leave its own temporary file open.
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
    for size, status in ((routes.FORM_ROOM, 413), (1, 422)):
        body = head + bytes(register.settings.upload_limit + size) + b"\r\n--x--\r\n"
        assert post(api, body, "multipart/form-data; boundary=x")[0] == status


def test_a_form_without_file_is_a_problem(api: FlaskClient) -> None:
    for data in ({}, {"file": "words"}, {"other": (io.BytesIO(b"x"), "x")}, {"file": (io.BytesIO(b""), "x")}):
        answer = api.post("/api/v1/verify", data=data, content_type="multipart/form-data")
        assert answer.status_code == 422
        assert answer.get_json()["fields"][0]["path"] == "file"
    assert post(api, b"garbage", "multipart/form-data; boundary=x")[0] in {400, 422}
    assert post(api, b"garbage", "multipart/form-data")[0] in {400, 422}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["qr", "number", "check_code", "x"]), st.one_of(st.text(), st.integers(), st.none(), st.lists(st.text()))
    )
)
def test_nothing_makes_it_fail(api: FlaskClient, body: dict[str, Any]) -> None:
    assert post(api, json.dumps(body))[0] in {200, 422, 429}


def test_the_wrong_method_is_a_problem(api: FlaskClient) -> None:
    answer = api.get("/api/v1/verify")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")


def test_asking_too_often(api: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "CALLS", routes.limits.Limit("api-verify", 2, 600))
    assert [post(api, b'{"qr": "x"}')[0] for _ in range(3)] == [200, 200, 429]


def test_sentences_follow_accept_language(api: FlaskClient) -> None:
    english = post(api, b'{"qr": "x"}', **{"Accept-Language": "en-GB,en;q=0.9"})[1]["whole"]["text"]
    assert english == "This is not the QR code of a licence."


def test_the_trust_list_is_public(api: FlaskClient, register: Register) -> None:
    answer = api.get("/.well-known/leizheng/trust.pem")
    assert answer.status_code == 200
    assert trust_list.from_pem(answer.data).root == register.trust.root
    assert b"PRIVATE" not in answer.data
    again = api.get("/.well-known/leizheng/trust.pem", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_description_names_every_open_path(api: FlaskClient) -> None:
    document = api.get("/api/v1/openapi.json").get_json()
    rules = list(api.application.url_map.iter_rules())
    described = {path.replace("{", "<").replace("}", ">") for path in document["paths"]}
    assert {str(rule) for rule in rules if rule.endpoint.startswith(("api.", "status."))} <= described
    assert described <= {str(rule) for rule in rules}
    assert document["openapi"].startswith("3.1")
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(references(document)) <= known
    operations = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(operations) == len(set(operations))


def references(node: object) -> Iterator[str]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and "$ref" in node:
        yield node["$ref"]
    for child in children:
        yield from references(child)


def check_against(value: Any, name: str) -> None:
    """As much of JSON Schema as the description uses."""
    _check(value, {"$ref": f"#/components/schemas/{name}"}, description("x")["components"]["schemas"])


def _check(value: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    if "$ref" in schema:
        _check(value, schemas[schema["$ref"].rsplit("/", 1)[1]], schemas)
    if "oneOf" in schema:
        real = [option for option in schema["oneOf"] if option.get("type") != "null"]
        if value is not None:
            _check(value, real[0], schemas)
    if "enum" in schema:
        assert value in schema["enum"]
    if schema.get("type") == "object":
        assert set(schema["required"]) <= set(value)
        assert schema.get("additionalProperties", True) or set(value) == set(schema["properties"])
        for key, inner in value.items():
            _check(inner, schema["properties"][key], schemas)
    if schema.get("type") == "array":
        for inner in value:
            _check(inner, schema["items"], schemas)
    wanted = schema.get("type")
    kinds = {"string": str, "boolean": bool, "integer": int, "null": type(None)}
    plain = [kinds[each] for each in ([wanted] if isinstance(wanted, str) else wanted or []) if each in kinds]
    assert not plain or isinstance(value, tuple(plain))
