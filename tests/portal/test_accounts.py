"""Signing in, second factors, sessions and confirmations."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask, request
from portal_tools import PASSWORD, SECRET, CheckingClient, Someone, parse

from licensing.clock import now
from licensing.errors import Conflict, Invalid, ReauthenticationNeeded
from licensing.policy import SYSTEM, Role
from licensing.settings import Settings
from licensing.storage import Base, open_storage, storage, unit_of_work
from licensing.words import say
from portal.accounts import actions, limits
from portal.accounts.rules import STEP_SECONDS, canonical_code, check_new_password, matching_step
from portal.accounts.secrets_at_rest import totp_key
from portal.accounts.tables import Account
from portal.security import Access, access, current_actor

Make = Callable[..., Someone]
LogIn = Callable[..., None]
MakeApp = Callable[[Settings], Flask]


def type_password(client: CheckingClient, who: Someone, password: str = PASSWORD, **more: str) -> object:
    return client.send("/login", {"email": who.email, "password": password, **more})


def test_password_and_code_open_the_door(client: CheckingClient, someone: Make, company_id: int) -> None:
    who = someone("王工", seat=company_id)
    first = client.send("/login", {"email": f"  {who.email.upper()} ", "password": PASSWORD, "next": "/account"})
    assert first.location == "/login/code?next=/account"
    assert client.get("/account").location == "/login?next=/account", "the password alone opens nothing"
    second = client.send("/login/code", {"second_factor_code": who.code(), "next": "/account"})
    assert second.location == "/account"
    page = client.get("/account")
    assert "王工" in page.text
    assert page.headers["Cache-Control"] == "no-store"


def test_an_applicant_may_have_no_second_factor(client: CheckingClient, someone: Make, company_id: int) -> None:
    type_password(client, someone("李工", seat=company_id, second_factor=False))
    assert client.get("/account").status_code == 200


def test_a_next_address_elsewhere_is_not_followed(client: CheckingClient, someone: Make) -> None:
    answer = type_password(client, someone("李工", second_factor=False), next="https://evil.example/")
    assert answer.location == "/"


def test_unknown_wrong_and_closed_get_the_same_answer(app: Flask, client: CheckingClient, someone: Make) -> None:
    who, closed = someone("王工", email="known@example.org"), someone("关某", email="closed@example.org")
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Account, closed.account_id).active = False
    texts = set()
    for email, password in ((who.email, "wrong"), ("nobody@example.org", "wrong"), (closed.email, PASSWORD)):
        browser = app.test_client()
        answer = browser.send("/login", {"email": email, "password": password})
        assert answer.status_code == 422
        texts.add(re.sub(r'name="csrf_token" value="[^"]+"', "", answer.text.replace(email, "…")))
    assert len(texts) == 1


def test_guessing_is_stopped_for_known_and_unknown_alike(app: Flask, someone: Make) -> None:
    for email in (someone("王工").email, "nobody@example.org"):
        browser = app.test_client()
        codes = [browser.send("/login", {"email": email, "password": f"guess {n}"}).status_code for n in range(8)]
        assert codes == [422] * 5 + [429] * 3
    with app.test_client() as browser:
        assert browser.send("/login", {"email": "nobody@example.org", "password": PASSWORD}).status_code == 429


def test_the_right_password_is_refused_while_the_door_is_shut_and_works_later(client: CheckingClient, someone: Make) -> None:
    who = someone("王工", second_factor=False)
    start = now()
    with time_machine.travel(start, tick=False) as clock:
        for _attempt in range(5):
            type_password(client, who, "wrong")
        assert type_password(client, who).status_code == 429
        clock.shift(timedelta(minutes=15))
        assert type_password(client, who).status_code == 302


def test_an_account_is_guarded_over_all_addresses_and_counts_are_shared_by_processes(
    app: Flask, settings: Settings, make_app: MakeApp, someone: Make
) -> None:
    who = someone("王工")
    other = make_app(settings)
    allowed = 0
    for attempt in range(40):
        browser = (app, other)[attempt % 2].test_client()
        answer = browser.post(
            "/login",
            data={"csrf_token": browser.csrf(), "email": who.email, "password": "wrong"},
            environ_overrides={"REMOTE_ADDR": f"10.0.0.{attempt}"},
        )
        allowed += answer.status_code == 422
    assert allowed == limits.LOGIN_ACCOUNT.times


def test_limits_count_exactly_when_asked_at_the_same_time(app: Flask) -> None:
    limit = limits.Limit("test", 7, 3600)
    with time_machine.travel(now(), tick=False), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _n: bool(limits.hit((limit, "key"))), range(20)))
    assert sum(answers) == 7
    limits.forget((limit, "key"))
    assert limits.hit((limit, "key"))


def test_a_refused_try_says_when_to_come_back(app: Flask) -> None:
    limit = limits.Limit("test", 1, 60)
    with time_machine.travel("2026-11-23T08:00:10+00:00", tick=False):
        limits.hit((limit, "key"))
        assert limits.hit((limit, "key")).retry_after == 51


@pytest.mark.parametrize("spelling", ["{}", " {} ", "{:.3} {:.0}", "\u3000{}", "full-width"])
def test_a_code_works_once_however_it_is_spelled(app: Flask, someone: Make, spelling: str) -> None:
    who = someone("王工")
    code = who.code()
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
    again = {"full-width": full_width, "{:.3} {:.0}": f"{code[:3]} {code[3:]}"}.get(spelling) or spelling.format(code)
    assert canonical_code(again) == code
    assert actions.use_second_factor(who.account_id, again)
    assert not actions.use_second_factor(who.account_id, code)
    assert not actions.use_second_factor(who.account_id, again)


def test_a_code_asked_for_twenty_times_at_once_works_once(app: Flask, someone: Make) -> None:
    who = someone("王工")
    code = who.code()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _n: actions.use_second_factor(who.account_id, code), range(20))) == 1


def test_an_older_code_is_refused_after_a_newer_one(app: Flask, someone: Make) -> None:
    who = someone("王工")
    with time_machine.travel(now(), tick=False) as clock:
        older = who.code()
        clock.shift(timedelta(seconds=STEP_SECONDS))
        assert actions.use_second_factor(who.account_id, who.code())
        assert not actions.use_second_factor(who.account_id, older)


def test_codes_match_rfc_6238() -> None:
    secret = b"12345678901234567890"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        with time_machine.travel(seconds, tick=False):
            assert matching_step(secret, code, now(), after=0) == seconds // STEP_SECONDS
            assert matching_step(secret, code, now() + timedelta(seconds=2 * STEP_SECONDS), after=0) is None


def test_codes_are_guessed_a_few_times_only(client: CheckingClient, someone: Make) -> None:
    who = someone("王工")
    type_password(client, who)
    wrong = "000000" if who.code() != "000000" else "000001"
    for _attempt in range(limits.SECOND_FACTOR.times):
        assert client.send("/login/code", {"second_factor_code": wrong}).status_code == 422
    answer = client.send("/login/code", {"second_factor_code": who.code()})
    assert answer.status_code == 422
    assert client.get("/account").status_code == 302


def test_a_half_finished_sign_in_ends_after_five_minutes(client: CheckingClient, someone: Make) -> None:
    who = someone("王工")
    with time_machine.travel(now(), tick=False) as clock:
        type_password(client, who)
        clock.shift(timedelta(minutes=5, seconds=1))
        assert client.send("/login/code", {"second_factor_code": who.code()}).location == "/login"
        assert client.get("/login/code").location == "/login"


def test_signing_in_gives_a_new_session(client: CheckingClient, someone: Make) -> None:
    who = someone("李工", second_factor=False)
    token = client.csrf()
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    client.post("/login", data={"csrf_token": token, "email": who.email, "password": PASSWORD})
    with client.session_transaction() as session:
        assert "planted" not in session
    assert client.post("/logout", data={"csrf_token": token}).status_code == 400, "the token of before is dead"


def test_signing_out_ends_the_cookie_wherever_it_was_copied(app: Flask, client: CheckingClient, someone: Make, log_in: LogIn) -> None:
    log_in(client, someone("王工"))
    stolen = client.get_cookie("leizheng")
    client.send("/logout")
    thief = app.test_client()
    thief.set_cookie("leizheng", stolen.value)
    assert thief.get("/account").status_code == 302


def test_a_password_change_ends_every_session(app: Flask, client: CheckingClient, someone: Make, log_in: LogIn) -> None:
    who = someone("王工")
    other = app.test_client()
    log_in(client, who)
    log_in(other, who)
    new = "neun Birnen am Fluss"
    asked = {"old_password": PASSWORD, "new_password": new, "new_password_again": new}
    assert client.send("/account/password", asked).location == "/login"
    assert client.get("/account").status_code == 302
    assert other.get("/account").status_code == 302
    assert type_password(client, who).status_code == 422
    assert type_password(client, who, new).location.startswith("/login/code")


@pytest.mark.parametrize(
    ("old", "new", "again", "field"),
    [
        ("wrong", "neun Birnen am Fluss", "neun Birnen am Fluss", "old_password"),
        (PASSWORD, "kurz", "kurz", "new_password"),
        (PASSWORD, "neun Birnen am Fluss", "other", "new_password_again"),
    ],
)
def test_a_refused_password_change_says_where(
    client: CheckingClient, someone: Make, log_in: LogIn, old: str, new: str, again: str, field: str
) -> None:
    log_in(client, someone("王工"))
    answer = client.send("/account/password", {"old_password": old, "new_password": new, "new_password_again": again})
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert client.get("/account").status_code == 200


@pytest.mark.parametrize("password", ["short", "a" * 129, "aaaaaaaaaaaaaaaa", "xx-person1-xx-yy"])
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_new_password(password, email="person1@example.org")


def test_an_idle_session_ends(client: CheckingClient, someone: Make, log_in: LogIn, settings: Settings) -> None:
    with time_machine.travel(now(), tick=False) as clock:
        log_in(client, someone("王工"))
        for _visit in range(3):
            clock.shift(timedelta(seconds=settings.session_idle - 1))
            assert client.get("/account").status_code == 200
        clock.shift(timedelta(seconds=settings.session_idle + 1))
        assert client.get("/account").status_code == 302
        clock.shift(timedelta(seconds=-settings.session_idle))
        assert client.get("/account").status_code == 302, "it stays ended"


def test_a_closed_account_is_out_at_once(client: CheckingClient, someone: Make, log_in: LogIn) -> None:
    who = someone("王工")
    log_in(client, who)
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Account, who.account_id).active = False
    assert client.get("/account").status_code == 302


@pytest.mark.parametrize("kind", ["post", "admin"])
def test_staff_without_a_second_factor_are_led_to_set_one_up(client: CheckingClient, someone: Make, authority_id: int, kind: str) -> None:
    task = {"post": (authority_id, Role.APPROVER)} if kind == "post" else {"admin": Role.SYSTEM_ADMIN}
    type_password(client, someone("赵某", second_factor=False, **task))
    for path in ("/account", "/account/password", "/admin/", "/confirm"):
        assert client.get(path).location == "/account/second-factor", path
    page = client.get("/account/second-factor")
    secret = parse(page.text).findtext(".//b[@class='num wide']").replace(" ", "")
    wrong = client.send("/account/second-factor", {"second_factor_code": "12345"})
    assert wrong.status_code == 422
    shown = Someone(0, 0, "", secret).code()
    assert client.send("/account/second-factor", {"second_factor_code": shown}).status_code == 302
    assert client.get("/account").status_code == 200
    assert client.get("/account/second-factor").location == "/account", "a second factor is never replaced by this page"


def test_staff_whose_session_lacks_the_second_factor_are_kept_out(client: CheckingClient, someone: Make, log_in: LogIn) -> None:
    log_in(client, someone("系统", admin=Role.SYSTEM_ADMIN), second_factor=False)
    assert client.get("/admin/").status_code == 302


def test_only_administrators_see_the_state_page(
    app: Flask, client: CheckingClient, someone: Make, log_in: LogIn, authority_id: int
) -> None:
    log_in(client, someone("系统", admin=Role.SYSTEM_ADMIN))
    with unit_of_work(SYSTEM) as work:
        work.tell("case.granted", case=1)
    assert "case.granted" in client.get("/admin/").text
    officer = app.test_client()
    log_in(officer, someone("赵某", post=(authority_id, Role.APPROVER)))
    assert officer.get("/admin/").status_code == 403


def weighty(app: Flask, done: list[dict[str, list[str]]]) -> None:
    """A page that needs a fresh second factor, as granting does."""

    @access(Access.SIGNED_IN)
    def act() -> str:
        shown = current_actor().second_factor_at
        if shown is None or now() - shown > timedelta(minutes=5):
            raise ReauthenticationNeeded(say("Please confirm with your second factor first."))
        if request.method == "POST":
            done.append(request.form.to_dict(flat=False))
        return "<!doctype html><html lang=en><title>x</title><h1>done</h1>"

    app.view_functions["weighty"] = act
    app.url_map.add(app.url_rule_class("/weighty", endpoint="weighty", methods=["GET", "POST"]))


def test_confirming_brings_back_to_the_page(app: Flask, client: CheckingClient, someone: Make, log_in: LogIn) -> None:
    weighty(app, [])
    who = someone("赵某")
    with time_machine.travel(now(), tick=False) as clock:
        log_in(client, who)
        assert client.get("/weighty").status_code == 200
        clock.shift(timedelta(minutes=6))
        assert client.get("/weighty?tab=2").location == "/confirm?next=/weighty?tab%3D2"
        assert client.get("/confirm?next=/weighty?tab%3D2").status_code == 200
        assert client.send("/confirm", {"confirm_next": "/weighty?tab=2", "second_factor_code": "12"}).status_code == 422
        answer = client.send("/confirm", {"confirm_next": "/weighty?tab=2", "second_factor_code": who.code()})
        assert (answer.status_code, answer.location) == (302, "/weighty?tab=2")
        assert client.get("/weighty").status_code == 200


def test_a_form_that_waited_for_the_code_is_sent_once_more_as_it_was(
    app: Flask, client: CheckingClient, someone: Make, log_in: LogIn
) -> None:
    done: list[dict[str, list[str]]] = []
    weighty(app, done)
    who = someone("赵某")
    with time_machine.travel(now(), tick=False) as clock:
        log_in(client, who)
        clock.shift(timedelta(minutes=6))
        asked = client.send("/weighty", {"reason": "材料齐全 <b>", "item": ["1", "2"], "next": "/own"})
        assert asked.status_code == 403
        assert done == []
        refused = client.post("/confirm", data=fields_of(asked.text) | {"second_factor_code": "999"})
        assert refused.status_code == 422
        data = fields_of(refused.text) | {"second_factor_code": who.code()}
        answer = client.post("/confirm", data=data)
        assert (answer.status_code, answer.location) == (307, "/weighty")
        assert client.post(answer.location, data=data).status_code == 200
    assert len(done) == 1
    assert done[0]["reason"] == ["材料齐全 <b>"]
    assert done[0]["item"] == ["1", "2"]
    assert done[0]["next"] == ["/own"]


def test_a_link_cannot_make_the_confirm_page_send_a_form(app: Flask, client: CheckingClient, someone: Make, log_in: LogIn) -> None:
    who = someone("赵某")
    log_in(client, who)
    data = {"confirm_next": "/weighty", "repeat": "made-up", "second_factor_code": who.code()}
    assert client.send("/confirm", data).status_code == 302


def fields_of(text: str) -> dict[str, list[str]]:
    """The fields of the form in the middle of the page."""
    form = next(form for form in parse(text).iter("form") if form.get("action") == "/confirm")
    found: dict[str, list[str]] = {}
    for field in form.iter("input"):
        found.setdefault(field.get("name", ""), []).append(field.get("value", ""))
    return found


def test_the_demo_code_counts_only_in_a_demonstration(
    settings: Settings, make_app: MakeApp, app: Flask, client: CheckingClient, someone: Make
) -> None:
    who = someone("王工")
    assert actions.use_second_factor(who.account_id, "000000") is (who.code() == "000000")
    assert "000000" not in client.get("/about").text
    open_storage(settings.model_copy(update={"demo": True}), storage().engine)
    assert actions.use_second_factor(who.account_id, "000000")
    assert actions.use_second_factor(who.account_id, " ０００ 000")
    demo = make_app(settings.model_copy(update={"demo": True}))
    assert "000000" in demo.test_client().get("/about").text


def test_an_address_has_one_account(app: Flask, someone: Make) -> None:
    who = someone("王工", email="one@example.org")
    with pytest.raises(Conflict):
        actions.create_account("ONE@example.org ", PASSWORD, who.person_id)


def test_secrets_at_rest_are_not_readable(app: Flask, someone: Make) -> None:
    who = someone("王工")
    with unit_of_work(SYSTEM) as work:
        row = work.session.get_one(Account, who.account_id)
        assert SECRET not in row.totp_secret
        assert row.password.startswith("$argon2id$")
    assert totp_key("jbsw y3dp") == b"Hello"
    assert {"account", "sign_in", "rate_count"} <= set(Base.metadata.tables)
