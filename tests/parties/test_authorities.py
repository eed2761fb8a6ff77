"""Authorities in the register: imported once, active once they can seal, and what that does to who decides."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from neighbours import settle
from sqlalchemy import delete, update
from world import KEYS_FROM, LONG_AGO, World

from licensing.cli import main
from licensing.errors import Conflict, Forbidden, Invalid, ReauthenticationNeeded
from licensing.parties import actions as parties
from licensing.parties.lists import AUTHORITIES, listed
from licensing.parties.queries import authority_by_code, authority_tree, responsible_authority
from licensing.parties.tables import Authority, AuthorityEvent
from licensing.policy import SYSTEM, Role
from licensing.storage import reading, storage, unit_of_work
from licensing.trust import offices
from licensing.trust.keys import ensure_authority_keys


def imported(world: World) -> offices.Imported:
    with unit_of_work(SYSTEM) as work:
        return offices.import_listed(work, listed())


def who(matter: str, region: str) -> str:
    with reading(SYSTEM) as look:
        return responsible_authority(look.session, matter, region).name


def administrator(world: World) -> int:
    with unit_of_work(SYSTEM) as work:
        return parties.register_person(work, name="何志远", admin_role=Role.SYSTEM_ADMIN).id


def keep_keys(world: World, code: str) -> int:
    """Keys for an imported authority; its id."""
    with reading(SYSTEM) as look:
        row = authority_by_code(look.session, code)
        assert row is not None
    ensure_authority_keys(world.settings.keys, code, row.name, "91350100M000100Y43", b"\x07", not_before=KEYS_FROM)
    return row.id


def test_an_import_twice_changes_nothing(world: World) -> None:
    first, second = imported(world), imported(world)
    assert len(first.new) == len(listed()) - 1, "Nanjing was here already"
    assert first.changed == ("320100",)
    assert (second.new, second.changed, second.unchanged) == ((), (), len(listed()))
    with reading(SYSTEM) as look:
        assert not list(offices.problems(look.session))


def test_an_imported_authority_decides_nothing_until_it_is_activated(world: World) -> None:
    imported(world)
    assert who("design_review", "320115") == "南京市气象局"
    with pytest.raises(Invalid) as nobody:
        who("design_review", "110000")
    assert nobody.value.code == "no-authority"
    admin = world.actor(administrator(world))
    jiangning = keep_keys(world, "320115")
    with pytest.raises(Conflict) as unnumbered:
        offices.activate(admin, jiangning, "机构与密钥已核实。")
    assert unnumbered.value.code == "authority-incomplete"
    with unit_of_work(SYSTEM) as work:
        work.session.get_one(Authority, jiangning).number_place = "江宁"
    offices.activate(admin, jiangning, "机构与密钥已核实。")
    assert who("design_review", "320115") == "南京市江宁区气象局"
    assert who("design_review", "320115-01") == "南京市江宁区气象局", "a zone without an authority goes to its host's"
    offices.deactivate(admin, jiangning, "人员不足。")
    assert who("design_review", "320115") == "南京市气象局"


def test_an_authority_without_keys_is_not_activated(world: World) -> None:
    imported(world)
    admin = world.actor(administrator(world))
    with reading(SYSTEM) as look:
        beijing = authority_by_code(look.session, "110000")
    assert beijing is not None
    with pytest.raises(Conflict) as refused:
        offices.activate(admin, beijing.id, "启用。")
    assert refused.value.code == "authority-incomplete"


def test_only_the_system_administrator_with_a_fresh_second_factor_and_a_reason_switches(world: World) -> None:
    person = administrator(world)
    for officer in (world.supervisor, world.approver, world.applicant):
        with pytest.raises(Forbidden):
            offices.deactivate(world.actor(officer), world.authority, "停用。")
    with pytest.raises(ReauthenticationNeeded):
        offices.deactivate(world.actor(person, second_factor=False), world.authority, "停用。")
    for reason in ("", "  ", "长" * 301):
        with pytest.raises(Invalid) as refused:
            offices.deactivate(world.actor(person), world.authority, reason)
        assert refused.value.code == "reason-needed"
    with pytest.raises(Conflict) as already:
        offices.activate(world.actor(person), world.authority, "启用。")
    assert already.value.code == "authority-moved-on"


def test_a_switch_behind_the_back_of_the_log_is_found(world: World) -> None:
    offices.deactivate(world.actor(administrator(world)), world.authority, "搬迁。")
    for change, codes in (
        (update(Authority).where(Authority.id == world.authority).values(active=True), {"authority-differs"}),
        (update(AuthorityEvent).values(reason="别的理由"), {"authority-differs", "not-in-log", "not-in-tables"}),
        (delete(AuthorityEvent), {"not-in-tables"}),
    ):
        with unit_of_work(SYSTEM) as work:
            work.session.execute(change)
        with reading(SYSTEM) as look:
            assert {problem.code for problem in offices.problems(look.session)} == codes


def test_each_level_sees_its_own_subtree(world: World) -> None:
    neighbours = settle(world)
    with reading(SYSTEM) as look:
        seen = {
            person: [row.code for _, row in authority_tree(look.session, world.actor(person))]
            for person in (neighbours.overseer, neighbours.province_examiner, world.supervisor, world.applicant)
        }
        everything = [(depth, row.code) for depth, row in authority_tree(look.session, SYSTEM)]
    assert seen == {
        neighbours.overseer: ["320000", "320100", "320583"],
        neighbours.province_examiner: ["320000"],
        world.supervisor: ["320100"],
        world.applicant: [],
    }
    assert everything == [(0, "320000"), (1, "320100"), (1, "320583")]


def test_a_post_that_ended_oversees_nothing(world: World) -> None:
    neighbours = settle(world)
    with unit_of_work(SYSTEM) as work:
        person = parties.register_person(work, name="离任")
        province = work.session.get_one(Authority, neighbours.province)
        parties.give_post(work, person, province, Role.SUPERVISOR, held_from=LONG_AGO, held_until=LONG_AGO)
    assert world.actor(person.id).overseen == frozenset()


def test_the_command_imports_and_lists(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = world.settings
    monkeypatch.setenv("LEIZHENG_HOME", str(settings.home))
    monkeypatch.setenv("LEIZHENG_KEYS", str(settings.keys))
    monkeypatch.setenv("LEIZHENG_DATABASE", settings.database)
    copy = tmp_path / "ours.toml"
    text = AUTHORITIES.read_text(encoding="utf-8").replace('code = "110000"', 'phone = "010-00000000", code = "110000"')
    copy.write_text(text, encoding="utf-8")
    monkeypatch.setenv("LEIZHENG_LANG", "en")

    def run(*arguments: str) -> Result:
        storage().engine.dispose()
        return CliRunner().invoke(main, ["authorities", *arguments])

    done = json.loads(run("import", "--json").stdout)
    assert (len(done["new"]), done["changed"]) == (len(listed()) - 1, ["320100"])
    assert json.loads(run("import", str(copy), "--json").stdout)["changed"] == ["110000"]
    shown = {one["code"]: one for one in json.loads(run("list", "--json").stdout)}
    assert shown["320100"]["active"]
    assert shown["320100"]["lacks"] == []
    assert (shown["320100"]["depth"], shown["320100"]["people"]) == (1, 9)
    assert not shown["110000"]["active"]
    assert len(shown["110000"]["lacks"]) == 1
    assert "北京市气象局" in run("list").stdout
    broken = tmp_path / "broken.toml"
    broken.write_text("authority = 1", encoding="utf-8")
    refused = run("import", str(broken))
    assert refused.exit_code == 1
    assert "authorities-file" in refused.stderr
