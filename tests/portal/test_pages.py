"""Errors, languages, headers and words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask, render_template_string
from portal_tools import CheckingClient

from licensing.errors import FieldError, Invalid, NotFound
from licensing.settings import Settings
from licensing.words import say
from portal import components
from portal.security import Access, access

KITCHEN = """{% extends "portal/base.html" %}{% import "portal/ui.html" as ui %}{% block title %}x{% endblock %}
{% block crumbs %}{{ ui.crumbs([("Services", "/"), ("Here", none)]) }}{% endblock %}
{% block content %}{{ ui.error_summary({"a.0.b": say("Mend <this>."), "pick": "Choose one."}, "Then go on.") }}
{{ ui.verdict("ok", "Genuine", "Issued by the bureau") }}{{ ui.four_answers([("Whole", "Not altered", "ok")]) }}
{% call ui.form("/x", files=true, guard=true) %}
{{ ui.field("a.0.b", "Height", "12<3", hint="in metres", error=say("Mend <this>."), unit="m", width="short") }}
{{ ui.date_field("day", "Day", "2026-01-02", required=false) }}{{ ui.text_area("why", "Why", "</textarea><b>") }}
{{ ui.select_field("kind", "Kind", [("a", "A"), ("b", "B")], "b") }}
{{ ui.choice("pick", "Pick", [("a", "A", "note"), ("b", "B", none)], "a", error="Choose one.") }}
{{ ui.choice("many", "Many", [("a", "A", none), ("b", "B", none)], ["a", "b"], many=true) }}
{{ ui.upload("plan", "Plan", limit=20, present=[("p.pdf", "2 MB", "/f")], many=true) }}{{ ui.button("Save", name="do", value="save") }}
{% endcall %}
{% call ui.task_list() %}{{ ui.task("Plan", "/p", "Missing", "warn", hint="three files") }}
{{ ui.task("Later", none, "Not yet") }}{% endcall %}
{% call ui.summary_list() %}
{{ ui.summary_row("Name", "<i>", "/edit") }}{% call ui.summary_row("More") %}{{ ui.tag("Yes", "ok") }}{% endcall %}{% endcall %}
{{ ui.deadline(5, day, "warn", [("11-23", "1", "counted", true)], note="by law") }}
{{ ui.timeline([(moment, "Handed in", "王工", none), (moment, "Accepted", none, "the clock starts")]) }}
{% call ui.table("Cases", ["Number"]) %}<tr><td data-label="Number">1</td></tr>{% endcall %}
{{ ui.pages("/a", "/b") }}{{ ui.notification("Done.") }}{{ ui.empty_state("Nothing.", "/", "Home") }}
{{ ui.button_link("Go", "/", "quiet") }}{% endblock %}"""


def add_page(app: Flask, path: str, view: object) -> None:
    app.view_functions[path] = access(Access.PUBLIC if not path.startswith("/api") else Access.OPEN_API)(view)  # type: ignore[type-var]
    app.url_map.add(app.url_rule_class(path, endpoint=path, methods=["GET", "POST"]))


def fail_with(error: Exception) -> object:
    def view() -> str:
        raise error

    return view


def test_a_missing_page_is_friendly(client: CheckingClient) -> None:
    answer = client.get("/nowhere?lang=en")
    assert answer.status_code == 404
    assert "This page does not exist" in answer.text


def test_the_wrong_method_is_friendly(client: CheckingClient) -> None:
    assert client.post("/about", data={"csrf_token": client.csrf()}).status_code == 405


def test_a_known_error_shows_sentence_code_and_next_step(app: Flask, client: CheckingClient) -> None:
    add_page(app, "/broken", fail_with(NotFound(say("There is no case %(n)s.", n="<5>"), next_step=say("Look again."))))
    answer = client.get("/broken?lang=en")
    assert answer.status_code == 404
    for words in ("There is no case &lt;5&gt;.", "Look again.", "not-found"):
        assert words in answer.text


def test_a_program_gets_a_problem(app: Flask, client: CheckingClient) -> None:
    complaint = FieldError("number", "shape", say("This is no number."))
    add_page(app, "/api/broken", fail_with(Invalid(say("The input is not right."), [complaint], next_step=say("Mend it."))))
    answer = client.post("/api/broken")
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json() == {
        "type": "about:blank",
        "status": 422,
        "code": "invalid",
        "title": "The input is not right.",
        "next_step": "Mend it.",
        "fields": [{"path": "number", "code": "shape", "sentence": "This is no number."}],
    }
    assert client.get("/api/nowhere").get_json()["code"] == "http-404"


def test_an_unknown_error_tells_nothing(app: Flask, client: CheckingClient) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    add_page(app, "/crash", fail_with(RuntimeError("secret detail")))
    answer = client.get("/crash")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text


def test_too_much_is_refused(app: Flask, client: CheckingClient) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 5000
    answer = client.post("/login", data={"csrf_token": "x", "email": "y" * 6000})
    assert answer.status_code == 413


def test_the_language_is_asked_for_and_remembered(client: CheckingClient) -> None:
    assert '<html lang="zh-Hans">' in client.get("/about").text
    english = client.get("/about?lang=en")
    assert '<html lang="en">' in english.text
    assert '<html lang="en">' in client.get("/login").text
    assert '<html lang="zh-Hans">' in client.get("/login?lang=zh").text
    assert '<html lang="zh-Hans">' in client.get("/login?lang=xx").text


def test_the_language_link_keeps_the_question(client: CheckingClient) -> None:
    assert 'href="/login?next=%2Faccount&amp;lang=en"' in client.get("/login?next=/account").text


def test_cookies_and_headers_are_strict_over_https(settings: Settings, app: Flask, make_app: Callable[[Settings], Flask]) -> None:
    secure = make_app(settings.model_copy(update={"https": True}))
    answer = secure.test_client().get("/login", base_url="https://zz.example.gov.cn")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("__Host-leizheng="))
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_static_files_are_typed_and_kept(client: CheckingClient) -> None:
    with client.get("/static/theme.css") as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "max-age" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [("zh", "2026 年 11 月 23 日", "2026 年 11 月 24 日 00:30"), ("en", "23 Nov 2026", "24 Nov 2026, 00:30")],
)
def test_dates_are_written_as_people_write_them(app: Flask, language: str, day: str, moment: str) -> None:
    with app.test_request_context(f"/?lang={language}"):
        assert components.date_text(date(2026, 11, 23)) == day
        assert components.moment_text(datetime(2026, 11, 23, 16, 30, tzinfo=UTC)) == moment
        assert components.date_text(datetime(2026, 11, 22, 16, 30, tzinfo=UTC)) == day
        assert components.date_text(None) == components.moment_text(None) == ""


def test_numbers_are_grouped() -> None:
    assert components.grouped(1234567) == "1\u202f234\u202f567"


def test_links_are_made_only_to_what_exists(app: Flask) -> None:
    with app.test_request_context("/"):
        assert components.url_if("public.about") == "/about"
        assert components.url_if("no.such.page") is None
        assert components.path_exists("/about")
        assert not components.path_exists("/nowhere")


def test_every_component_keeps_the_rules_of_a_page(app: Flask, client: CheckingClient) -> None:
    def view() -> str:
        moment = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
        return render_template_string(KITCHEN, say=say, day=date(2026, 12, 4), moment=moment)

    add_page(app, "/kitchen", view)
    text = client.get("/kitchen?lang=en").text
    for words in ("Mend &lt;this&gt;.", "12&lt;3", "&lt;/textarea&gt;&lt;b&gt;", "&lt;i&gt;", "4 Dec 2026", "23 Nov 2026, 16:00"):
        assert words in text
    assert text.count(" checked") == 3
    assert '<option value="b" selected>' in text
