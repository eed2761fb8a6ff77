"""Every version of the trust list and every change of a key is in the register and in the log, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.sql.base import Executable

from licensing.ledger import queries as ledgers
from licensing.ledger.tables import LedgerLeaf
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, unit_of_work
from licensing.trust import health, keys, publication
from licensing.trust.certificates import Holder, Purpose
from licensing.trust.current import current_trust_list
from licensing.trust.keys import changing
from licensing.trust.layout import KeyFolder
from licensing.trust.tables import TrustListVersion
from licensing.trust.trust_list import TrustListRefused

from .conftest import CODE, KID, NAME, NOT_BEFORE, USCC

SINCE = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.fixture
def installation(settings: Settings) -> Iterator[Settings]:
    store = open_storage(settings)
    keys.ensure_authority_keys(settings.keys, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    yield settings
    store.engine.dispose()


def publish(settings: Settings) -> int:
    with unit_of_work(SYSTEM) as work:
        return publication.publish(work, settings)


def leaves() -> list[tuple[str, str, str]]:
    with reading(SYSTEM) as look:
        rows = look.session.scalars(select(LedgerLeaf).order_by(LedgerLeaf.position))
        return [(row.kind, row.subject, row.entry.decode()) for row in rows]


def versions() -> list[tuple[int, bytes, str]]:
    with reading(SYSTEM) as look:
        rows = look.session.scalars(select(TrustListVersion).order_by(TrustListVersion.version))
        return [(row.version, row.cose, row.sha256) for row in rows]


def test_the_first_list_is_published_once(installation: Settings) -> None:
    listed = current_trust_list(installation)
    assert [publish(installation) for _ in range(3)] == [1, 0, 0]
    assert versions() == [(1, listed.signed, listed.digest)]
    assert [(kind, subject) for kind, subject, _ in leaves()] == [
        ("trust-list", "trust-list/1"),
        ("key", f"seal-{CODE}-1/active"),
        ("key", "qr-07/active"),
        ("key", "status-1/active"),
        ("key", "log-1/active"),
    ]
    assert listed.digest in leaves()[0][2]
    assert publication.key_digest(listed.seals[0]).hex() in leaves()[1][2]
    with reading(SYSTEM) as look:
        assert ledgers.check(look.session).holds


def test_versions_between_two_publications_are_all_registered(installation: Settings) -> None:
    publish(installation)
    with changing(installation.keys) as change:
        change.activate(change.create(Purpose.SEAL, Holder(CODE, NAME, USCC)))
    with changing(installation.keys) as change:
        change.retire(f"seal-{CODE}-1")
    with changing(installation.keys) as change:
        change.compromise("qr-07", SINCE)
    assert publish(installation) == 3
    assert [(kind, subject) for kind, subject, _ in leaves()[5:]] == [
        ("trust-list", "trust-list/2"),
        ("key", f"seal-{CODE}-2/active"),
        ("trust-list", "trust-list/3"),
        ("key", f"seal-{CODE}-1/retired"),
        ("trust-list", "trust-list/4"),
        ("key", "qr-07/compromised"),
    ]
    assert [version for version, _, _ in versions()] == [1, 2, 3, 4]


def test_a_machine_that_has_only_the_last_list_says_all_that_changed(installation: Settings) -> None:
    publish(installation)
    with changing(installation.keys) as change:
        change.retire("qr-07", last=True)
    keys.sign_draft(installation.keys)
    for path in KeyFolder(installation.keys).versions():
        path.unlink()
    assert publish(installation) == 1
    assert [(kind, subject) for kind, subject, _ in leaves()[5:]] == [("trust-list", "trust-list/3"), ("key", "qr-07/retired")]


def test_an_older_list_put_back_is_refused(installation: Settings) -> None:
    first = current_trust_list(installation).signed
    keys.sign_draft(installation.keys)
    publish(installation)
    before = leaves()
    KeyFolder(installation.keys).trust_list.write_bytes(first)
    with pytest.raises(TrustListRefused) as refused:
        publish(installation)
    assert refused.value.code == "trust-list-older"
    assert leaves() == before


def test_another_list_of_the_same_version_is_refused(installation: Settings, tmp_path: Path) -> None:
    publish(installation)
    folder = KeyFolder(installation.keys)
    for path in (folder.trust_list, *folder.versions()):
        path.unlink()
    keys.ensure_authority_keys(installation.keys, CODE, NAME, USCC, KID)
    assert current_trust_list(installation).version == 1
    with pytest.raises(TrustListRefused) as refused:
        publish(installation)
    assert refused.value.code == "trust-list-forked"


def test_a_register_of_another_root_is_not_continued(installation: Settings) -> None:
    publish(installation)
    for path in sorted(installation.keys.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    keys.ensure_authority_keys(installation.keys, CODE, NAME, USCC, KID, not_before=NOT_BEFORE)
    with pytest.raises(TrustListRefused):
        publish(installation)


# What the selfcheck finds


def problems(settings: Settings) -> set[tuple[str, str]]:
    with reading(SYSTEM) as look:
        return {(problem.subject, problem.code) for problem in health.problems(look.session, current_trust_list(settings))}


@pytest.fixture
def published(installation: Settings) -> Settings:
    """Three versions: the first, a retired key, a compromised one."""
    with changing(installation.keys) as change:
        change.retire("log-1", last=True)
    with changing(installation.keys) as change:
        change.compromise("qr-07", SINCE)
    assert publish(installation) == 3
    return installation


def _rows(version: int) -> Any:
    return TrustListVersion.version == version


HARMS: dict[str, tuple[Executable, set[tuple[str, str]]]] = {
    "edited": (update(TrustListVersion).where(_rows(2)).values(cose=b"x"), {("trust-list/2", "list-damaged")}),
    "digest edited": (update(TrustListVersion).where(_rows(2)).values(sha256="0" * 64), {("trust-list/2", "row-differs")}),
    "dated back": (update(TrustListVersion).where(_rows(2)).values(at=SINCE), {("trust-list/2", "row-differs")}),
    "renumbered": (update(TrustListVersion).where(_rows(3)).values(version=4), {("trust-list/4", "list-damaged")}),
    "deleted": (delete(TrustListVersion).where(_rows(2)), {("trust-list/2", "not-in-tables")}),
    "cut": (delete(TrustListVersion).where(_rows(3)), {("trust-list/3", "not-in-tables"), ("trust-list/3", "not-published")}),
    "all deleted": (delete(TrustListVersion), {("trust-list/1", "not-in-tables"), ("trust-list/3", "not-published")}),
    "leaf renamed": (
        update(LedgerLeaf).where(LedgerLeaf.subject == "qr-07/compromised").values(entry=b"{}"),
        {("qr-07/compromised", "not-in-log")},
    ),
}


@pytest.mark.parametrize("why", HARMS)
def test_the_check_finds_every_harm_to_the_published_lists(published: Settings, why: str) -> None:
    assert problems(published) == set()
    harm, expected = HARMS[why]
    with unit_of_work(SYSTEM) as work:
        work.session.execute(harm)
    assert expected <= problems(published)


def test_exchanged_rows_are_found(published: Settings) -> None:
    with unit_of_work(SYSTEM) as work:
        for old, new in ((2, 9), (3, 2), (9, 3)):
            work.session.execute(update(TrustListVersion).where(_rows(old)).values(version=new))
    assert {("trust-list/2", "list-damaged"), ("trust-list/3", "list-damaged")} <= problems(published)


def test_a_list_that_was_never_published_is_found(published: Settings) -> None:
    keys.sign_draft(published.keys)
    assert problems(published) == {("trust-list/4", "not-published")}
    publish(published)
    assert problems(published) == set()
