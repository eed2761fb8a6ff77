"""The status lists as programs fetch them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from issued import Register

from licensing.clock import now
from licensing.licences import status_list
from licensing.licences.status import Status
from licensing.trust import status_token
from licensing.trust.status_token import CWT_TYPE, JWT_TYPE

PATH = "/status/SAMPLE"
URI = "https://zz.example.gov.cn/status/SAMPLE"


@pytest.fixture
def api(register: Register, make_app: Callable[..., Flask]) -> FlaskClient:
    return make_app(register.settings).test_client()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, CWT_TYPE),
        ("*/*", CWT_TYPE),
        ("text/html,application/xhtml+xml,*/*;q=0.8", CWT_TYPE),
        (CWT_TYPE, CWT_TYPE),
        (JWT_TYPE, JWT_TYPE),
        (f"{CWT_TYPE};q=0.5, {JWT_TYPE}", JWT_TYPE),
        (f"{JWT_TYPE};q=0, */*", CWT_TYPE),
    ],
)
def test_the_kind_is_negotiated(api: FlaskClient, register: Register, accept: str | None, kind: str) -> None:
    answer = api.get(PATH, headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    token = status_token.verify(answer.data, register.trust.status_keys, URI)
    assert [token.value(index) for index in range(4)] == [0, 0, 0, 0xF]
    assert (answer.data[:1] == b"\xd2") == (kind == CWT_TYPE)


def test_another_kind_is_not_acceptable(api: FlaskClient) -> None:
    assert api.get(PATH, headers={"Accept": "application/json"}).status_code == 406


def test_any_page_may_read_it_and_nobody_gets_a_cookie(api: FlaskClient) -> None:
    plain = FlaskClient(api.application)
    for answer in (plain.get(PATH), plain.options(PATH), plain.get("/status/NOBODY")):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Set-Cookie" not in answer.headers


def test_it_is_asked_for_again_each_time_and_told_only_when_it_changed(api: FlaskClient, register: Register) -> None:
    kinds = (CWT_TYPE, JWT_TYPE)
    first = {kind: api.get(PATH, headers={"Accept": kind}) for kind in kinds}
    assert first[CWT_TYPE].headers["ETag"] != first[JWT_TYPE].headers["ETag"]
    for kind, answer in first.items():
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "Accept" in answer.headers["Vary"]
        again = api.get(PATH, headers={"Accept": kind, "If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    register.change(status=Status.REVOKED_AS_PENALTY, status_since=now() + timedelta(seconds=1))
    assert status_list.refresh_all() == 1
    for kind, answer in first.items():
        again = api.get(PATH, headers={"Accept": kind, "If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 200
        assert status_token.verify(again.data, register.trust.status_keys).value(0) == 0xD


def test_the_history_is_told(api: FlaskClient, register: Register) -> None:
    issued = status_token.verify(api.get(PATH).data, register.trust.status_keys)
    with time_machine.travel(issued.as_of + timedelta(hours=13), tick=False):
        register.change(status=Status.SUSPENDED)
        assert status_list.refresh_all() == 1

    def then(hours: float) -> int | None:
        asked = int((issued.as_of + timedelta(hours=hours)).timestamp())
        answer = api.get(f"{PATH}?time={asked}")
        if answer.status_code == 404:
            return None
        token = status_token.verify(answer.data, register.trust.status_keys)
        assert token.claims.issued_at <= asked <= token.claims.expires_at
        return token.value(0)

    assert [then(hours) for hours in (-24, 0, 12, 13, 37, 38)] == [None, 0, 0, 2, 2, None]


@pytest.mark.parametrize("time", ["", "x", "-1", "1.5", "1" * 12, "１", "0x1", "1 ", "null", "%00"])
def test_a_time_that_is_none_is_refused(api: FlaskClient, time: str) -> None:
    assert api.get(f"{PATH}?time={time}").status_code == 422


@pytest.mark.parametrize("time", ["0", "99999999999"])
def test_a_time_without_list_is_not_found(api: FlaskClient, time: str) -> None:
    assert api.get(f"{PATH}?time={time}").status_code == 404


@pytest.mark.parametrize("code", ["NOBODY", "sample", "%00", "%ff", "💡", "x" * 3000, "..", "SAMPLE%20"])
def test_an_unknown_authority_is_not_found(api: FlaskClient, code: str) -> None:
    assert api.get(f"/status/{code}").status_code == 404


def test_the_last_second_of_a_list_belongs_to_it(api: FlaskClient, register: Register) -> None:
    issued = status_token.verify(api.get(PATH).data, register.trust.status_keys)
    end = issued.claims.expires_at
    assert [api.get(f"{PATH}?time={end + more}").status_code for more in (0, 1)] == [200, 404]
    assert datetime.fromtimestamp(end, UTC) - issued.as_of == timedelta(hours=24)
