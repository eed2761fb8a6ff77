"""Three licences, one of each type, issued once through the real pipeline; every test gets its own copy of their register."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from licensing.licences.tables import Licence
from licensing.policy import SYSTEM
from licensing.samples import issue_samples
from licensing.settings import Settings
from licensing.storage import open_storage, storage, unit_of_work
from licensing.trust.current import current_trust_list
from licensing.trust.trust_list import TrustList


@dataclass(frozen=True, slots=True)
class Register:
    """An installation with issued licences; ``entries`` are those of the manifest: approval, acceptance, qualification."""

    settings: Settings
    folder: Path
    entries: tuple[dict[str, Any], ...]

    @property
    def trust(self) -> TrustList:
        return current_trust_list(self.settings)

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.settings.public_host,)

    def pdf(self, index: int = 0) -> bytes:
        return Path(self.folder / self.entries[index]["file"]).read_bytes()

    def change(self, index: int = 0, **values: Any) -> None:
        """Write into the register behind the back of all actions."""
        with unit_of_work(SYSTEM) as work:
            work.session.execute(update(Licence).where(Licence.number == self.entries[index]["number"]).values(**values))


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Register:
    folder = tmp_path_factory.mktemp("issued")
    settings = Settings(home=folder / "var", keys=folder / "keys", database="", demo=False, https=False)
    entries = tuple(issue_samples(settings, folder / "out", 3))
    storage().engine.dispose()
    return Register(settings, folder / "out", entries)


@pytest.fixture
def register(issued: Register, tmp_path: Path) -> Iterator[Register]:
    """The issued licences in a register that this test may change."""
    home = tmp_path / "register"
    shutil.copytree(issued.settings.home, home)
    settings = Settings(home=home, keys=issued.settings.keys, database="", demo=False, https=False)
    opened = open_storage(settings)
    yield Register(settings, issued.folder, issued.entries)
    opened.engine.dispose()
