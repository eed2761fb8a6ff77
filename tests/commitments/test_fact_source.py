"""The data-sharing check, with a file as the double of another department."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from world import COMPANY, World, facts

from licensing.cases import fieldwork
from licensing.commitments.fact_source import FileSource, SourceAnswer, connect
from licensing.commitments.queries import tasks_of
from licensing.commitments.verification import SOURCE_LEAF
from licensing.errors import Conflict, Misconfigured, Unavailable
from licensing.ledger import queries as ledger
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import open_storage, reading, storage

PROOF = "factory_certificate"


def source(path: Path, *records: dict[str, str]) -> FileSource:
    rows = [{"proof": PROOF, "uscc": COMPANY["uscc"], "facts": record} for record in records]
    path.write_text(json.dumps(rows), encoding="utf-8")
    return FileSource(path)


def test_it_tells_agreement_difference_and_nothing_known(tmp_path: Path) -> None:
    asked = source(tmp_path / "facts.json", {**facts(PROOF), "model": "SPD-20"}, {**facts(PROOF), "model": "SPD-20", "maker": "别家"})
    differs = asked.check(PROOF, COMPANY["uscc"], facts(PROOF))
    assert (differs.found, differs.agrees, differs.differing) == (True, False, {"model": "SPD-20"}), "the record that differs least"
    assert source(tmp_path / "same.json", facts(PROOF)).check(PROOF, COMPANY["uscc"], facts(PROOF)).agrees
    assert not asked.check(PROOF, "91320106MA20QKJ458", facts(PROOF)).found


def test_a_record_that_speaks_of_no_promised_fact_proves_nothing(tmp_path: Path) -> None:
    for record in ({}, {"colour": "red"}):
        silent = source(tmp_path / "facts.json", record).check(PROOF, COMPANY["uscc"], facts(PROOF))
        assert (silent.found, silent.agrees, silent.differing) == (False, False, {})
    part = source(tmp_path / "facts.json", {}, {"model": "SPD-40/4P"}, {"model": "SPD-40/4P", "quantity": "12"})
    assert part.check(PROOF, COMPANY["uscc"], facts(PROOF)).known == ("model", "quantity"), "the record that knows most"


def test_a_source_that_cannot_be_read_is_unavailable_and_an_unknown_kind_misconfigured(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    for path in ("broken.json", "missing.json"):
        with pytest.raises(Unavailable):
            FileSource(tmp_path / path).check(PROOF, COMPANY["uscc"], {})
    assert connect(Settings(home=tmp_path, keys=tmp_path)) is None
    with pytest.raises(Misconfigured):
        connect(Settings(home=tmp_path, keys=tmp_path, fact_source="https://example.org"))


def test_the_answer_is_kept_with_the_task_once(world: World, tmp_path: Path) -> None:
    case_id = world.accepted("completion_acceptance")
    with reading(SYSTEM) as look:
        task = next(task for task in tasks_of(look.session, case_id) if task.commitment.proof == PROOF)
    with pytest.raises(Conflict) as none:
        fieldwork.ask_source(world.actor(world.verifier), task.id)
    assert none.value.code == "no-source"
    source(tmp_path / "facts.json", facts(PROOF))
    open_storage(world.settings.model_copy(update={"fact_source": f"file:{tmp_path / 'facts.json'}"}), storage().engine)
    assert fieldwork.ask_source(world.actor(world.verifier), task.id)["agrees"]
    kept = fieldwork.task_page(world.actor(world.examiner), task.id).task.report["source"]
    assert (kept["agrees"], kept["source"]) == (True, "facts.json")
    with pytest.raises(Conflict) as again:
        fieldwork.ask_source(world.actor(world.verifier), task.id)
    assert again.value.code == "source-asked"


def test_of_two_who_ask_at_once_one_answer_is_kept(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case_id = world.accepted("completion_acceptance")
    with reading(SYSTEM) as look:
        task = next(task for task in tasks_of(look.session, case_id) if task.commitment.proof == PROOF)
    source(tmp_path / "facts.json", facts(PROOF))
    open_storage(world.settings.model_copy(update={"fact_source": f"file:{tmp_path / 'facts.json'}"}), storage().engine)
    together = Barrier(2, timeout=30)
    answer = FileSource.check

    def check(self: FileSource, *asked: Any) -> SourceAnswer:
        found = answer(self, *asked)
        together.wait()
        return found

    monkeypatch.setattr(FileSource, "check", check)

    def ask(person: int) -> str:
        try:
            fieldwork.ask_source(world.actor(person), task.id)
        except Conflict as refused:
            return refused.code
        return "kept"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, (world.verifier, world.examiner))) == ["kept", "source-asked"]
    with reading(SYSTEM) as look:
        assert [leaf.subject for leaf in ledger.leaves(look.session, {SOURCE_LEAF})] == [task.number]
