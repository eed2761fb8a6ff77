"""A deep page of the worklist: keyset against OFFSET, on 20,000 cases in SQLite."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select, tuple_

from bench.measure import Ratio, compare
from licensing.cases.tables import Case
from licensing.parties.tables import Authority, Company, Person
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage, unit_of_work
from licensing.storage.migrations import upgrade

CASES, DEPTH, PAGE = 20_000, 15_000, 50


def run(folder: Path) -> list[Ratio]:
    open_storage(Settings(home=folder / "var", keys=folder / "keys"))
    upgrade(storage().engine)
    _fill()
    mine = (Case.authority_id == 1, Case.state == "submitted")
    base = select(Case.id, Case.project_name).where(*mine).order_by(Case.sort_on, Case.id).limit(PAGE)
    with reading(SYSTEM) as look:
        last = look.session.execute(base.add_columns(Case.sort_on).offset(DEPTH - 1).limit(1)).one()
        naive = base.offset(DEPTH)
        keyset = base.where(tuple_(Case.sort_on, Case.id) > (last[2], last[0]))
        assert look.session.execute(naive).all() == look.session.execute(keyset).all()
        return [
            compare(
                f"worklist page behind {DEPTH} cases",
                ("OFFSET", lambda: look.session.execute(naive).all()),
                ("keyset", lambda: look.session.execute(keyset).all()),
                rounds=25,
            )
        ]


def _fill() -> None:
    now = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    with unit_of_work(SYSTEM) as work:
        work.session.add(Person(id=1, name="示例", phone=""))
        work.session.add(Company(id=1, uscc="91350100M000100Y43", name="示例公司"))
        work.session.add(
            Authority(
                id=1, code="bench", name="示例", uscc="123201004660075190", level="city", region_code="320100", number_place="例", kid=1
            )
        )
        work.session.flush()
        common = {
            "matter": "design_review",
            "catalogue_version": "",
            "company_id": 1,
            "authority_id": 1,
            "state": "submitted",
            "answers": {},
        }
        common |= {"draft_version": 1, "sequence": 2, "created_at": now, "updated_at": now, "created_by": 1, "project_name": "示例项目"}
        rows = [{**common, "public_number": f"B{n:06d}", "due_on": date(2026, 3, 2) + timedelta(days=n % 400)} for n in range(CASES)]
        work.session.execute(insert(Case), rows)
