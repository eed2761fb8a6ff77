"""A portal on an empty database, people with posts and seats, and a browser that inspects every page."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache

from licensing.parties import actions as parties
from licensing.policy import SYSTEM, Role
from licensing.settings import Settings
from licensing.storage import storage, unit_of_work
from portal.accounts import actions as accounts
from portal.accounts import queries, secrets_at_rest
from portal.accounts.tables import Account
from portal.app import create_app
from portal.database import db

sys.path.insert(0, str(Path(__file__).parent))
from office_tools import Desk
from portal_tools import PASSWORD, SECRET, CheckingClient, Someone
from world import World

LONG_AGO = date(2020, 1, 1)


class Compiled(BytecodeCache):
    """Templates that an application of another test compiled: every test makes an application, the templates stay the same."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


@pytest.fixture
def make_app() -> Iterator[Callable[[Settings], Flask]]:
    """Make one more application on the same data, as a second process would be; its connections are closed afterwards."""
    engines = []

    def make(settings: Settings) -> Flask:
        made = create_app(settings)
        made.jinja_env.bytecode_cache = COMPILED
        made.test_client_class = CheckingClient
        engines.append(storage().engine)
        return made

    yield make
    for engine in engines:
        engine.dispose()


@pytest.fixture
def app(settings: Settings, make_app: Callable[[Settings], Flask], monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(secrets_at_rest, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    secrets_at_rest._hash_of_nobody.cache_clear()
    return make_app(settings)


@pytest.fixture
def client(app: Flask) -> CheckingClient:
    browser = app.test_client()
    assert isinstance(browser, CheckingClient)
    return browser


@pytest.fixture
def company_id(app: Flask) -> int:
    with unit_of_work(SYSTEM) as work:
        return parties.register_company(work, uscc="91350100M000100Y43", name="示例石化销售有限公司").id


@pytest.fixture
def authority_id(app: Flask) -> int:
    with unit_of_work(SYSTEM) as work:
        return parties.register_authority(
            work,
            region_prefixes=("3501",),
            matters=("design_review", "completion_acceptance"),
            code="FZ",
            name="示例市气象局",
            english_name="Example Meteorological Bureau",
            uscc="11350100003604110F",
            level="city",
            region_code="350100",
            number_place="闽",
            kid=1,
        ).id


@pytest.fixture
def someone(app: Flask) -> Callable[..., Someone]:
    """Make a person: ``someone("王工", seat=company_id)``, ``post=(authority_id, Role.EXAMINER)``, ``admin=Role…``; or no signatory."""

    def make(
        name: str,
        *,
        seat: int | None = None,
        signs: bool = True,
        post: tuple[int, Role] | None = None,
        admin: Role | None = None,
        second_factor: bool = True,
        email: str | None = None,
    ) -> Someone:
        from licensing.parties.tables import Authority, Company

        secret = SECRET if second_factor else None
        with unit_of_work(SYSTEM) as work:
            person = parties.register_person(work, name=name, admin_role=admin)
            if seat is not None:
                for role in (Role.APPLICANT, Role.SIGNATORY)[: 2 if signs else 1]:
                    parties.give_seat(work, person, work.session.get_one(Company, seat), role, held_from=LONG_AGO)
            if post is not None:
                parties.give_post(work, person, work.session.get_one(Authority, post[0]), post[1], held_from=LONG_AGO)
            address = email or f"person{person.id}@example.org"
            account_id = accounts.create_account(address, PASSWORD, person.id, secret, work=work)
        return Someone(account_id, person.id, address, secret)

    return make


@pytest.fixture
def log_in(app: Flask) -> Callable[..., None]:
    """Sign a browser in without the forms: ``log_in(client, person)``. The second factor counts as just shown when there is one."""

    def enter(browser: CheckingClient, who: Someone, *, second_factor: bool | None = None) -> None:
        shown = who.secret is not None if second_factor is None else second_factor
        token = accounts.begin_sign_in(who.account_id, second_factor=shown)
        with app.app_context():
            account = queries.account_by_email(db.session, who.email)
            assert isinstance(account, Account)
            uniquifier = account.fs_uniquifier
        with browser.session_transaction() as session:
            session.update({"_user_id": uniquifier, "_fresh": True, "sign_in": token})

    return enter


@pytest.fixture
def desk(built_world: World, app: Flask, log_in: Callable[..., None]) -> Desk:
    """The portal on a world of one authority with people in every post, on a Monday morning."""
    return Desk(app, built_world, log_in)
