"""What the doctor says about keys, trust list and journal."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from licensing.trust import doctor, keys, trust_list
from licensing.trust.certificates import LIFETIME, Holder, Purpose
from licensing.trust.keys import changing
from licensing.trust.layout import KeyFolder

from .conftest import CODE, NAME, NOT_BEFORE, USCC

NAMES = ["trust.private-files", "trust.list", "trust.list-date", "trust.keys-end", "trust.draft", "trust.journal"]
DAY = timedelta(days=1)


@pytest.fixture
def copy(plain_dir: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain_dir, tmp_path / "keys"))


def wrong(folder: Path, journal: Path | None = None) -> set[str]:
    found = doctor.checks(folder, journal or folder.parent / "journal.jsonl")
    assert [check.name for check in found] == NAMES
    assert all((check.mend is None) is check.ok for check in found)
    assert all(str(check.detail) for check in found)
    return {check.name for check in found if not check.ok}


def _expose(folder: Path) -> None:
    KeyFolder(folder).root.key.chmod(0o644)


def _break(folder: Path) -> None:
    KeyFolder(folder).trust_list.write_bytes(b"broken")


def _retire(key_id: str) -> Callable[[Path], None]:
    def retire(folder: Path) -> None:
        with changing(folder) as change:
            change.retire(key_id, last=True)

    return retire


def _leave_to_the_root(folder: Path) -> None:
    KeyFolder(folder).root.key.unlink()
    _retire("log-1")(folder)


@pytest.mark.parametrize(
    ("harm", "names"),
    [
        (lambda _: None, set()),
        (_expose, {"trust.private-files"}),
        (_break, {"trust.list", "trust.list-date", "trust.keys-end"}),
        (_retire("qr-07"), {"trust.list"}),
        (_retire("log-1"), {"trust.list"}),
        (_retire("status-1"), {"trust.list"}),
        (_leave_to_the_root, {"trust.draft"}),
    ],
)
def test_each_harm_is_named(copy: Path, harm: Callable[[Path], None], names: set[str]) -> None:
    harm(copy)
    assert wrong(copy) == names


def test_a_damaged_journal_is_named(copy: Path, tmp_path: Path) -> None:
    journal = tmp_path / "broken.jsonl"
    journal.write_text("not json\n", encoding="ascii")
    journal.chmod(0o600)
    assert wrong(copy, journal) == {"trust.journal"}


def test_without_keys_nothing_is_right_but_what_need_not_be_there(tmp_path: Path) -> None:
    assert wrong(tmp_path / "none") == set(NAMES) - {"trust.draft", "trust.journal"}


def test_an_authority_that_stopped_is_not_missed(copy: Path) -> None:
    keys.ensure_authority_keys(copy, "330000", "浙江省气象局", "11330000002482007T", b"\x08")
    for key_id in ("seal-330000-1", "qr-08"):
        _retire(key_id)(copy)
    assert wrong(copy) == set()


def test_the_list_is_to_be_renewed_a_month_ahead(copy: Path) -> None:
    due = trust_list.load(copy).next_update
    with time_machine.travel(due - 31 * DAY, tick=False):
        assert wrong(copy) == set()
    with time_machine.travel(due - 29 * DAY, tick=False):
        assert wrong(copy) == {"trust.list-date"}


def test_keys_that_end_soon_are_named_until_the_next_ones_sign(copy: Path) -> None:
    with time_machine.travel(NOT_BEFORE + LIFETIME - 30 * DAY, tick=False):
        keys.sign_draft(copy)
        assert wrong(copy) == {"trust.keys-end"}
        keys.ensure_service_keys(copy)
        for purpose, holder in (
            (Purpose.SEAL, Holder(CODE, NAME, USCC)),
            (Purpose.QR, Holder(CODE, NAME, USCC)),
            (Purpose.STATUS, keys.SERVICE_HOLDERS[Purpose.STATUS]),
            (Purpose.LOG, keys.SERVICE_HOLDERS[Purpose.LOG]),
        ):
            with changing(copy) as change:
                change.activate(change.create(purpose, holder))
        assert wrong(copy) == set()
