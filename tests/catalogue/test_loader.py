"""A data file that does not fit stops the start, and the error says where."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from licensing.catalogue.loader import DATA, read_catalogue
from licensing.errors import Misconfigured, NotFound


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DATA, tmp_path / "data"))


def _change(folder: Path, name: str, old: str, new: str) -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_same_files_same_version(folder: Path) -> None:
    assert read_catalogue(folder).version == read_catalogue(DATA).version


def test_any_change_changes_the_version(folder: Path) -> None:
    _change(folder, "regions.toml", '"鼓楼区"', '"鼓樓区"')
    assert read_catalogue(folder).version != read_catalogue(DATA).version


@pytest.mark.parametrize(
    ("name", "old", "new", "key"),
    [
        ("matters/design_review.toml", 'kind = "text"', 'kind = "prose"', "kind"),
        ("matters/design_review.toml", "promised_days = 5", "promised_days = 5\ncolour = 1", "colour"),
        ("matters/design_review.toml", 'licence_type = "design_approval"', 'licence_type = "nothing"', "licence_type"),
        ("matters/design_review.toml", 'shared = "buildings"', 'shared = "towers"', "sections.shared"),
        ("matters/design_review.toml", 'later = "project.planned_completion"', 'later = "project.never"', "date_orders"),
        ("matters/design_review.toml", 'section = "buildings"', 'section = "synopsis"', "row_counts"),
        ("matters/completion_acceptance.toml", 'licence_type = "design_approval"', 'licence_type = "design"', "design_approval_number"),
        ("matters/qualification.toml", 'follows = "grade"', 'follows = "mark"', "follows"),
        ("matters/qualification.toml", 'title_at = "body.name"', 'title_at = "project.name"', "title_at"),
        ("matters/qualification.toml", 'when = { field = "qual', 'when = { field = "x', "when"),
        ("matters/qualification.toml", 'required_when = { field = "qual', 'required_when = { field = "x', "required_when"),
        ("matters/qualification.toml", 'path = "staff"', 'path = "body"', "conditions.senior-titles"),
        ("matters/qualification.toml", 'path = "staff.insured"', 'path = "staff.happy"', "conditions.social-insurance"),
        ("matters/qualification.toml", "minimum = 200\n", "", "conditions.projects-done"),
        ("matters/qualification.toml", 'value = "Y"', 'value = "perhaps"', "conditions.social-insurance"),
        ("matters/qualification.toml", 'where = { field = "title"', 'where = { field = "hat"', "conditions.senior-titles"),
        ("licence_types.toml", 'grade = "qualification.grade"', 'grade = "body.grade"', "number_answers"),
        ("matters/completion_acceptance.toml", '"installation_record"]', '"installation_film"]', "proofs"),
        ("matters/completion_acceptance.toml", 'code_list = "lightning_class"', 'code_list = "rain"', "code_list"),
        ("forms.toml", 'prefill = "company.name"', 'prefill = "company.shoe_size"', "prefill"),
        ("forms.toml", 'code = "B", name = "混合"', 'code = "A", name = "混合"', "options"),
        ("licence_types.toml", "index = 2", "index = 1", "index"),
        ("licence_types.toml", 'type_code = "11100000MB0000000P901"', 'type_code = "11100000MB0000000P9"', "type_code"),
        ("licence_types.toml", 'define_authority_code = "11100000MB0000000P"', 'define_authority_code = "11100000MB0000000Q"', "define"),
        ("licence_types.toml", 'path = "answers.project.use"', 'path = "answers.project.abuse"', "face"),
        ("licence_types.toml", "{place}气雷审字", "{moon}气雷审字", "number_pattern"),
        ("letters.toml", "{serial:04d}", "{serial:04d", "number_pattern"),
        ("proofs/premises_proof.v1.toml", "active = false", "active = true", "provisional"),
        ("proofs/factory_certificate.v1.toml", "version = 1", "version = 2", "version"),
        ("proofs/factory_certificate.v1.toml", 'later = "installation_record.installed_on"', 'later = "maker"', "date_orders"),
        ("proofs/installation_record.v2.toml", "publication_days = 1825", "publication_days = 0", "publication_days"),
        ("proofs/installation_record.v2.toml", "published = true", "published = false", "publication_days"),
        ("proofs/installation_record.v2.toml", "[publication_place]", "[publication_place2]", "publication_place"),
        ("proofs/factory_certificate.v1.toml", "publication_days = 0", "publication_days = 30", "publication_days"),
        ("proofs/installation_record.v2.toml", "2026-04-01", "2025-04-01", "valid_from"),
        ("regions.toml", '320100 = "南京市"', "", "320102"),
    ],
)
def test_a_fault_names_file_and_key(folder: Path, name: str, old: str, new: str, key: str) -> None:
    _change(folder, name, old, new)
    with pytest.raises(Misconfigured) as caught:
        read_catalogue(folder)
    assert caught.value.sentence.facts["file"] == name
    assert key in str(caught.value)


def test_broken_toml_names_the_file(folder: Path) -> None:
    (folder / "letters.toml").write_text("[[letter", encoding="utf-8")
    with pytest.raises(Misconfigured) as caught:
        read_catalogue(folder)
    assert caught.value.sentence.facts["file"] == "letters.toml"


def test_a_new_version_of_a_proof_is_the_current_one_and_the_old_one_stays(folder: Path) -> None:
    old = folder / "proofs" / "factory_certificate.v1.toml"
    new = folder / "proofs" / "factory_certificate.v2.toml"
    text = old.read_text(encoding="utf-8")
    new.write_text(text.replace("version = 1", "version = 2").replace("2026-01-01", "2027-01-01"), encoding="utf-8")
    catalogue = read_catalogue(folder)
    before, after = catalogue.proof("factory_certificate", 1), catalogue.proof("factory_certificate")
    assert (before.version, after.version) == (1, 2)
    assert before.digest() != after.digest()
    assert catalogue.current("factory_certificate", before.valid_from) == before
    assert catalogue.current("factory_certificate", after.valid_from) == after


def test_a_proof_that_is_switched_off_does_not_fall_back_to_its_older_text(folder: Path) -> None:
    old = folder / "proofs" / "factory_certificate.v1.toml"
    text = old.read_text(encoding="utf-8").replace("version = 1", "version = 2").replace("2026-01-01", "2027-01-01")
    (folder / "proofs" / "factory_certificate.v2.toml").write_text(text.replace("active = true", "active = false"), encoding="utf-8")
    catalogue = read_catalogue(folder)
    matter, off = catalogue.matter("completion_acceptance"), catalogue.proof("factory_certificate")
    assert catalogue.current("factory_certificate", off.valid_from) is None
    assert [proof.code for proof in catalogue.promisable(matter, off.valid_from)] == ["installation_record"]
    assert len(catalogue.promisable(matter, off.valid_from - timedelta(days=1))) == 2


def test_unknown_things_are_not_found() -> None:
    catalogue = read_catalogue(DATA)
    for look_up in (catalogue.matter, catalogue.proof, catalogue.licence_type, catalogue.letter, catalogue.region_name):
        with pytest.raises(NotFound):
            look_up("nothing")
    with pytest.raises(NotFound):
        catalogue.licence_type_by_index(99)
    assert catalogue.current("nothing", date(2026, 3, 2)) is None
    assert catalogue.current("premises_proof", catalogue.proof("premises_proof").valid_from) is None
