"""``init``, ``migrate``, ``doctor``: bring an installation up and say what is wrong with it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import NamedTuple

import click
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy.exc import SQLAlchemyError

from licensing.cases.measuring import measure_all
from licensing.commands.console import FAILED, Command, as_data, print_facts, print_json, print_table, words
from licensing.demo.register import KEYS_FROM
from licensing.documents import doctor as documents
from licensing.errors import LeizhengError
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import check_durability, open_storage, reading, unit_of_work
from licensing.storage.migrations import current, head, upgrade
from licensing.trust import doctor as trust
from licensing.trust.ceremony import digest
from licensing.trust.current import JOURNAL
from licensing.trust.keys import Outcome, ensure_root, ensure_service_keys, ensure_test_tsa
from licensing.trust.publication import publish
from licensing.trust.timestamps import TEST
from licensing.trust.token_keys import Token
from licensing.words import Said, say


class Finding(NamedTuple):
    """One thing that the doctor looked at."""

    name: str
    ok: bool
    needed: bool
    detail: Said
    mend: Said | None


@click.command("init", cls=Command)
@as_data
def init(as_data: bool) -> None:
    """Make the root key, the keys of the service, the folders and the database. What exists is kept, so it may be run again.

    Where only the certificate of an offline root is here, a draft waits for it: then sign and install it, and go on.
    """
    settings = Settings()
    root = ensure_root(settings.keys)
    outcome = _service_keys(settings)
    version = _migrated(settings)
    if outcome.version:
        with unit_of_work(SYSTEM) as work:
            publish(work, settings)
    fingerprint = root.certificate.fingerprint(SHA256()).hex()
    waiting = digest(outcome.waiting) if outcome.waiting else None
    if as_data:
        paths = {"home": str(settings.home), "keys": str(settings.keys)}
        print_json(
            {**paths, "root_sha256": fingerprint, "database_version": version, "trust_list": outcome.version, "draft_digest": waiting}
        )
        return
    facts = [
        (say("Data"), str(settings.home)),
        (say("Keys"), str(settings.keys)),
        (say("Fingerprint of the root"), fingerprint),
        (say("Version of the trust list"), str(outcome.version)),
        (say("Version of the database"), version),
    ]
    print_facts([*facts, (say("Draft that waits for the root"), waiting)] if waiting else facts)


@click.command("migrate", cls=Command)
@as_data
def migrate(as_data: bool) -> None:
    """Bring the database to the version that this code needs."""
    version = _migrated(Settings())
    if as_data:
        print_json({"database_version": version})
    else:
        print_facts([(say("Version of the database"), version)])


@click.command("doctor", cls=Command)
@as_data
def doctor(as_data: bool) -> None:
    """Look at libraries, fonts, keys and the database. Exit code 1 when something that is needed is wrong."""
    found = list(findings(Settings()))
    ok = all(finding.ok for finding in found if finding.needed)
    if as_data:
        print_json({"ok": ok, "checks": [_as_json(finding) for finding in found]})
    else:
        print_table((say("What"), say("State"), say("Found"), say("How to mend it")), (_row(finding) for finding in found))
    sys.exit(0 if ok else FAILED)


def findings(settings: Settings) -> Iterator[Finding]:
    """Everything that is looked at, one by one; nothing is changed but a torn last line of the signer's journal."""
    for check in documents.checks():
        yield Finding(check.name, check.ok, check.needed, check.detail, None if check.ok else check.mend)
    for found in (*trust.checks(settings.keys, settings.home / JOURNAL), trust.signer(settings)):
        yield Finding(found.name, found.ok, True, found.detail, found.mend)
    yield from _database(settings)


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url.startswith("sqlite") and not (settings.home / "leizheng.sqlite3").exists() and not settings.database:
        yield Finding("storage.database", False, True, say("There is no database yet."), say("Run leizheng init."))
        return
    engine = open_storage(settings).engine
    try:
        check_durability(engine)
        yield Finding("storage.durable", True, True, say("A committed decision survives a power failure."), None)
        version, wanted = current(engine), head()
    except LeizhengError as error:
        yield Finding("storage.durable", False, True, error.sentence, error.next_step)
        return
    except SQLAlchemyError as error:
        yield Finding("storage.database", False, True, _reason(error), say("Start the database or correct LEIZHENG_DATABASE."))
        return
    facts = say("The database is at %(version)s, the code needs %(wanted)s.", version=version or "—", wanted=wanted or "—")
    yield Finding("storage.migrations", version == wanted, True, facts, None if version == wanted else say("Run leizheng migrate."))
    if version == wanted:
        with reading(SYSTEM) as look:
            published = trust.published(look.session, settings)
        yield Finding(published.name, published.ok, True, published.detail, published.mend)


def _reason(error: SQLAlchemyError) -> Said:
    first_line = str(error).splitlines()[0]
    return say("The database does not answer: %(reason)s", reason=first_line[:200])


def _service_keys(settings: Settings) -> Outcome:
    # The demo world signs in a past of its own.
    not_before = KEYS_FROM if settings.demo else None
    outcome = ensure_service_keys(settings.keys, not_before=not_before, token=Token.of(settings))
    return ensure_test_tsa(settings.keys, not_before=not_before) if settings.tsa == TEST else outcome


def _migrated(settings: Settings) -> str:
    engine = open_storage(settings).engine
    upgrade(engine)
    measure_all()
    return current(engine) or ""


def _row(finding: Finding) -> tuple[str, str, str, str]:
    state = say("in order") if finding.ok else say("faulty") if finding.needed else say("missing, not needed")
    return finding.name, words(state), words(finding.detail), words(finding.mend) if finding.mend else ""


def _as_json(finding: Finding) -> dict[str, object]:
    mend = words(finding.mend) if finding.mend else None
    return {"name": finding.name, "ok": finding.ok, "needed": finding.needed, "detail": words(finding.detail), "mend": mend}
