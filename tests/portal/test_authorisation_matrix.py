"""Every route × every role × (own company, other company, own region, other region): who gets in, who does not, and what they see of it.

The routes come from the URL map, so a new one joins by itself; who may what comes from the policy table and from ``matrix_table``, which
tells how to add a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from matrix_table import Answer, Guard, guard_of, numbered, routes
from matrix_undo import Before, keep
from matrix_world import BEFORE, MATTER, PROOF, Lot, MatrixWorld, address_of, build_matrix_world
from portal_tools import PASSWORD, SECRET
from werkzeug.routing import Rule
from werkzeug.test import TestResponse
from world import open_world

from licensing.ledger.kept import mark_path
from licensing.policy import Actor
from licensing.settings import Settings
from licensing.storage import storage
from portal.accounts import actions as accounts
from portal.accounts import queries, secrets_at_rest
from portal.accounts.tables import Account
from portal.app import create_app
from portal.database import db
from portal.security import Access

pytestmark = pytest.mark.slow
NOWHERE = 987654
WORDS = {
    "matter": MATTER,
    "section": "project",
    "material": PROOF,
    "proof": PROOF,
    "code": PROOF,
    "operation": "cancel",
    "number": "1",
}
"""What stands in an address besides ids; other words name nothing, which only public pages have."""
OPEN_STATUS = frozenset({200, 302, 303, 409, 422})
PUBLIC_STATUS = OPEN_STATUS | {400, 404, 503}
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')
AT_LEAST = 8_000
MOST_TOLD = 50


@dataclass
class Matrix:
    """The portal on the world, a signed-in browser session for each person, and the database as it was before the first request."""

    app: Flask
    world: MatrixWorld
    database: Path
    before: Before
    actors: Mapping[str, Actor]
    cookies: Mapping[str, str]
    tokens: Mapping[str, str]
    client: FlaskClient
    mark: bytes
    asked: int = 0
    mismatches: list[str] = field(default_factory=list)

    def ask(self, name: str, method: str, path: str) -> TestResponse:
        """One request of a person. What it did is undone, so that the next one finds the world as it was."""
        response = self.send(name, method, path)
        if self.before.touched():
            self.before.restore()
            # The log is as short again as it was, and nobody has seen it longer.
            mark_path(self.app.config["LEIZHENG"]).write_bytes(self.mark)
        return response

    def send(self, name: str, method: str, path: str) -> TestResponse:
        """One request of a person, and nothing is undone."""
        self.asked += 1
        headers = {"Cookie": f"lang=en; {self.cookies[name]}"}
        address = f"10.{self.asked >> 16 & 255}.{self.asked >> 8 & 255}.{self.asked & 255}"
        data = {"csrf_token": self.tokens[name]} if method != "GET" else None
        return self.client.open(path, method=method, headers=headers, data=data, environ_base={"REMOTE_ADDR": address})

    def must(self, right: bool, words: str) -> None:
        if not right:
            self.mismatches.append(words)


@contextmanager
def open_matrix(home: Path, database: str = "") -> Iterator[Matrix]:
    """The clock stands still, so that each second factor stays fresh and pages differ in nothing but what is asked."""
    settings = Settings(home=home / "var", keys=home / "keys", database=database, demo=False, https=False)
    settings.home.mkdir()
    with time_machine.travel(BEFORE, tick=False) as clock:
        world = build_matrix_world(replace(open_world(settings), clock=clock))
        storage().engine.dispose()
        app = create_app(settings)
        sessions = {name: _session(app, person) for name, person in world.people.items()}
        actors = {name: world.actor(name) for name in world.people}
        cookies = {name: cookie for name, (cookie, _) in sessions.items()}
        tokens = {name: token for name, (_, token) in sessions.items()}
        mark, client = mark_path(settings).read_bytes(), app.test_client(use_cookies=False)
        with closing(keep(database, home)) as before:
            yield Matrix(app, world, settings.home / "leizheng.sqlite3", before, actors, cookies, tokens, client, mark)
        storage().engine.dispose()


ON_SQLITE = pytest.param("sqlite", marks=pytest.mark.xdist_group("matrix on SQLite"))
ON_POSTGRESQL = pytest.param("postgresql", marks=(pytest.mark.postgresql, pytest.mark.xdist_group("matrix on PostgreSQL")))
"""A group keeps to one process: there the world is made once."""


@pytest.fixture(scope="module", params=[ON_SQLITE, ON_POSTGRESQL])
def matrix(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    database = request.getfixturevalue("cluster").fresh() if request.param == "postgresql" else ""
    with pytest.MonkeyPatch.context() as patch, open_matrix(tmp_path_factory.mktemp("matrix"), database) as opened:
        patch.setattr(secrets_at_rest, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        secrets_at_rest._hash_of_nobody.cache_clear()
        yield opened


def _session(app: Flask, person: int | None) -> tuple[str, str]:
    """The cookie of a browser in which the person is signed in with a second factor, and the token of its forms."""
    browser = app.test_client()
    if person is not None:
        account = accounts.create_account(address_of(person), PASSWORD, person, SECRET)
        sign_in = accounts.begin_sign_in(account, second_factor=True)
        with app.app_context():
            found = queries.account_by_email(db.session, address_of(person))
            assert isinstance(found, Account)
        with browser.session_transaction() as session:
            session.update({"_user_id": found.fs_uniquifier, "_fresh": True, "sign_in": sign_in})
    token = next(found for path in ("/about", "/login") if (found := TOKEN.search(browser.get(path).text)))
    cookie = browser.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    return f"{cookie.key}={cookie.value}", token.group(1)


def test_the_world_has_everything_that_an_address_names(matrix: Matrix) -> None:
    lot, missing = matrix.world.lots[0], set()
    for rule, _, who in routes(matrix.app):
        guard = guard_of(rule.endpoint)
        if guard is not None and who not in (Access.PUBLIC, Access.OPEN_API):
            known = {
                name for name, number in {**(lot.stages[guard.stage] if guard.of_lots else {}), **matrix.world.shared}.items() if number
            }
            missing |= {f"{rule.endpoint}: {name}" for name in set(numbered(rule)) - known}
    assert not missing, "make these in tests/portal/matrix_world.py, or say in matrix_table.py at which stage of the case they are"


def test_every_route_answers_every_role_as_the_policy_says(matrix: Matrix, capsys: pytest.CaptureFixture[str]) -> None:
    for rule, method, who in routes(matrix.app):
        guard = guard_of(rule.endpoint)
        for name, actor in matrix.actors.items():
            if who in (Access.PUBLIC, Access.OPEN_API):
                _public(matrix, rule, method, name)
            elif not enters(who, actor):
                _closed(matrix, rule, method, name)
            elif guard is not None:
                _guarded(matrix, rule, method, name, guard)
    with capsys.disabled():
        print(f"\nauthorisation matrix: {matrix.asked} requests, {len(matrix.mismatches)} mismatches")
    assert not matrix.mismatches, "\n".join(matrix.mismatches[:MOST_TOLD])
    assert matrix.asked >= AT_LEAST


def enters(who: Access, actor: Actor) -> bool:
    return actor.person_id is not None and {
        Access.SIGNED_IN: True,
        Access.APPLICANT: bool(actor.memberships),
        Access.OFFICER: bool(actor.posts),
        Access.ADMIN: bool(actor.admin_roles),
    }.get(who, False)


def _public(matrix: Matrix, rule: Rule, method: str, name: str) -> None:
    """Open to everybody alike."""
    for numbers in _some(matrix, rule):
        response = matrix.ask(name, method, address(matrix, rule, numbers))
        told = f"{name}: {method} {response.request.path} is public and answered {response.status_code}"
        # The ways in and out lead to the sign-in by themselves.
        elsewhere = rule.endpoint.startswith("accounts.") or not _to_login(response)
        matrix.must(response.status_code in PUBLIC_STATUS and elsewhere, told)


def _closed(matrix: Matrix, rule: Rule, method: str, name: str) -> None:
    """The class of the page keeps a person out, whatever the address names: nobody learns whether it exists."""
    wanted = Answer.LOGIN if matrix.actors[name].person_id is None else Answer.FORBIDDEN
    seen = set()
    for numbers in _some(matrix, rule):
        response = matrix.ask(name, method, address(matrix, rule, numbers))
        _judge(matrix, rule, method, name, "any", wanted, response)
        seen.add(_visible(response))
    matrix.must(len(seen) == 1, f"{name}: {method} {rule.endpoint} tells those who may not enter what exists")


def _guarded(matrix: Matrix, rule: Rule, method: str, name: str, guard: Guard) -> None:
    actor = matrix.actors[name]
    if not numbered(rule) or not guard.of_lots:
        response = matrix.ask(name, method, address(matrix, rule, matrix.world.shared))
        _judge(matrix, rule, method, name, "shared", guard.expected(actor, None, method, matrix.world.keeper), response)
    if not numbered(rule):
        return
    missing = matrix.ask(name, method, address(matrix, rule, {}))
    wanted = Answer.NOT_FOUND if guard.of_lots else None
    _judge(matrix, rule, method, name, "missing", wanted or guard.of_missing(actor, method, matrix.world.keeper), missing)
    inside = False
    for lot in matrix.world.lots if guard.of_lots else ():
        response = matrix.ask(name, method, address(matrix, rule, lot.stages[guard.stage]))
        expected = guard.expected(actor, lot, method)
        _judge(matrix, rule, method, name, _whose(actor, lot), expected, response)
        if expected is Answer.NOT_FOUND:
            told = f"{name}: {method} {rule.endpoint} shows {_whose(actor, lot)} differently from what does not exist"
            matrix.must(_visible(response) == _visible(missing), told)
        elif len(numbered(rule)) > 1 and not inside:
            inside = True
            _mixed(matrix, rule, method, name, guard, lot)


def _mixed(matrix: Matrix, rule: Rule, method: str, name: str, guard: Guard, lot: Lot) -> None:
    """In a case or licence that a person sees, a thing of another one looks like one that does not exist."""
    foreign = next(other for other in matrix.world.lots if other.company != lot.company and other.authority != lot.authority)
    outer, *inner = numbered(rule)
    here, there = lot.stages[guard.stage], foreign.stages[guard.stage]
    mixed = matrix.ask(name, method, address(matrix, rule, {outer: here[outer], **{one: there[one] for one in inner}}))
    missing = matrix.ask(name, method, address(matrix, rule, {outer: here[outer]}))
    told = f"{name}: {method} {rule.endpoint} reaches from {_whose(matrix.actors[name], lot)} into another: {mixed.status_code}"
    matrix.must(mixed.status_code != 200 and _visible(mixed) == _visible(missing), told)


def _judge(matrix: Matrix, rule: Rule, method: str, name: str, whose: str, expected: Answer, response: TestResponse) -> None:
    status = response.status_code
    right = {
        Answer.LOGIN: status == (302 if method == "GET" else 303) and _to_login(response),
        Answer.FORBIDDEN: status == 403,
        Answer.NOT_FOUND: status == 404,
        Answer.OPEN: status in OPEN_STATUS and not _to_login(response),
    }[expected]
    matrix.must(right, f"{name}: {method} {rule.endpoint} ({whose}) answered {status} instead of {expected}")


def _some(matrix: Matrix, rule: Rule) -> Iterator[Mapping[str, int]]:
    """Something that exists, and something that does not."""
    if numbered(rule):
        yield {}
    yield {**matrix.world.lots[0].stages["granted"], **matrix.world.shared}


def address(matrix: Matrix, rule: Rule, numbers: Mapping[str, int]) -> str:
    words = {name: WORDS.get(name, "nothing") for name in rule.arguments}
    values = {**words, **{name: numbers.get(name, NOWHERE) for name in numbered(rule)}}
    return matrix.app.url_map.bind("localhost").build(rule.endpoint, values, method=None)


def _whose(actor: Actor, lot: Lot) -> str:
    company = "own company" if lot.company in actor.company_ids else "other company"
    return f"{company}, {'own region' if lot.authority in actor.authority_ids else 'other region'}"


def _to_login(response: TestResponse) -> bool:
    return response.status_code in (302, 303) and (response.location or "").startswith("/login")


def _visible(response: TestResponse) -> tuple[int, str, str]:
    """What somebody sees of an answer: status, where it leads, and the page without its token and its own address."""
    numbers = r"\d+"
    text = re.sub(r'value="[^"]{40,}"', "", response.get_data(as_text=True)) if response.mimetype == "text/html" else ""
    own = re.sub(numbers, "#", response.request.path)
    return response.status_code, re.sub(numbers, "#", response.location or ""), re.sub(numbers, "#", text).replace(own, "")
