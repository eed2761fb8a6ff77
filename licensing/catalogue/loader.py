"""Reads the data files into a ``Catalogue`` and refuses whatever does not fit together, naming the file and the key."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from licensing.catalogue import checks
from licensing.catalogue.catalogue import Catalogue
from licensing.catalogue.model import LetterKind, LicenceType, Matter, Proof, Section
from licensing.catalogue.need import Need
from licensing.catalogue.parts import Sample
from licensing.catalogue.retention import Retention
from licensing.errors import Misconfigured
from licensing.words import say

DATA = Path(__file__).parent / "data"
Table = dict[str, Any]
Shape = TypeVar("Shape")


@functools.cache
def load_catalogue() -> Catalogue:
    """The catalogue of this installation, read once. Raises ``Misconfigured`` naming the file and the key that is wrong."""
    return read_catalogue(DATA)


def read_catalogue(folder: Path) -> Catalogue:
    """The catalogue in ``folder``, checked as a whole. Raises ``Misconfigured`` naming the file and the key that is wrong."""
    forms = _read(folder, "forms.toml")
    regions = _read(folder, "regions.toml")
    _check_forms(forms)
    catalogue = Catalogue(
        version=_digest(folder),
        matters=_matters(folder, forms),
        proofs=_proofs(folder, forms),
        licence_types=_list(folder, "licence_types.toml", "licence_type", tuple[LicenceType, ...]),
        letters=_list(folder, "letters.toml", "letter", tuple[LetterKind, ...]),
        region_names=MappingProxyType(dict(sorted(regions["names"].items()))),
        zones=MappingProxyType(dict(sorted(regions.get("zones", {}).items()))),
        former_names=MappingProxyType(regions.get("former", {})),
    )
    for fault in checks.faults(catalogue):
        raise wrong(fault.file, fault.key, fault.reason)
    return catalogue


@functools.cache
def load_need() -> Need:
    """The questions of the self-check. Raises ``Misconfigured`` when some way through them does not end in one outcome."""
    return read_need(DATA, load_catalogue())


def read_need(folder: Path, catalogue: Catalogue) -> Need:
    """The questions in ``folder``, checked against the matters of ``catalogue``. Raises ``Misconfigured`` naming the key that is wrong."""
    need = _shape("need.toml", _read(folder, "need.toml"), Need)
    for fault in checks.need_faults(need, catalogue):
        raise wrong(fault.file, fault.key, fault.reason)
    return need


@functools.cache
def load_samples() -> Mapping[str, Sample]:
    """The sample of every matter, by its code. Raises ``Misconfigured`` when one is missing or answers what no form asks."""
    return read_samples(DATA, load_catalogue())


def read_samples(folder: Path, catalogue: Catalogue) -> Mapping[str, Sample]:
    """The samples in ``folder``, checked against the forms of ``catalogue``. Raises ``Misconfigured`` naming the key that is wrong."""
    samples = _shape("samples.toml", _read(folder, "samples.toml"), dict[str, Sample])
    for fault in checks.sample_faults(samples, catalogue):
        raise wrong(fault.file, fault.key, fault.reason)
    return MappingProxyType(samples)


@functools.cache
def load_retention() -> Retention:
    """How long files of cases are kept. Raises ``Misconfigured`` when an end of a case has a period that is not listed."""
    return read_retention(DATA)


def read_retention(folder: Path) -> Retention:
    """The periods in ``folder``. Raises ``Misconfigured`` naming the key that is wrong."""
    retention = _shape("retention.toml", _read(folder, "retention.toml"), Retention)
    known = {period.code for period in retention.period}
    for outcome, code in retention.outcomes.items():
        if code not in known:
            raise wrong("retention.toml", f"outcomes.{outcome}", f"there is no period {code}")
    return retention


def wrong(file: str, key: str, reason: str) -> Misconfigured:
    """The error for a data file that cannot be used."""
    return Misconfigured(
        say("The catalogue file %(file)s is wrong at %(key)s: %(reason)s", file=file, key=key, reason=reason),
        next_step=say("Correct the file and start again."),
        code="catalogue",
    )


def _check_forms(forms: Table) -> None:
    """Shared sections are judged in their own file, so that an error does not name a matter that only uses them."""
    for code in forms["sections"]:
        section = _shape("forms.toml", _section("forms.toml", {"shared": code}, forms), Section)
        for fault in checks.field_faults("forms.toml", f"sections.{code}", section.fields):
            raise wrong(fault.file, fault.key, fault.reason)


def _matters(folder: Path, forms: Table) -> tuple[Matter, ...]:
    names = sorted(path.name for path in (folder / "matters").glob("*.toml"))
    found = [_shape(f"matters/{name}", _resolved(f"matters/{name}", _read(folder, f"matters/{name}"), forms), Matter) for name in names]
    return tuple(sorted(found, key=lambda matter: checks.ORDER_OF_MATTERS.get(matter.code, len(found))))


def _proofs(folder: Path, forms: Table) -> tuple[Proof, ...]:
    names = sorted(path.name for path in (folder / "proofs").glob("*.toml"))
    found = []
    for name in names:
        file = f"proofs/{name}"
        table = _read(folder, file)
        proof = _shape(file, table | {"facts": [_with_options(file, fact, forms) for fact in table.get("facts", [])]}, Proof)
        if name != f"{proof.code}.v{proof.version}.toml":
            raise wrong(file, "version", f"the file must be called {proof.code}.v{proof.version}.toml")
        found.append(proof)
    return tuple(sorted(found, key=lambda proof: (proof.code, proof.version)))


def _resolved(file: str, table: Table, forms: Table) -> Table:
    """A matter with its shared sections and code lists put in place."""
    return table | {"sections": [_section(file, section, forms) for section in table.get("sections", [])]}


def _section(file: str, section: Table, forms: Table) -> Table:
    whole = section
    if "shared" in section:
        if section["shared"] not in forms["sections"]:
            raise wrong(file, "sections.shared", f"forms.toml has no section {section['shared']}")
        whole = {"code": section["shared"]} | forms["sections"][section["shared"]]
    return whole | {"fields": [_with_options(file, field, forms) for field in whole.get("fields", [])]}


def _with_options(file: str, field: Table, forms: Table) -> Table:
    if "code_list" not in field:
        return field
    rest = {key: value for key, value in field.items() if key != "code_list"}
    if field["code_list"] not in forms["code_lists"]:
        raise wrong(file, f"{field.get('code')}.code_list", f"forms.toml has no code list {field['code_list']}")
    return rest | {"options": forms["code_lists"][field["code_list"]]}


def _list(folder: Path, name: str, key: str, shape: type[Shape]) -> Shape:
    return _shape(name, _read(folder, name).get(key, []), shape)


def _read(folder: Path, name: str) -> Table:
    try:
        return tomllib.loads((folder / name).read_text(encoding="utf-8"), parse_float=Decimal)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise wrong(name, "-", str(error)) from error


def _shape(file: str, raw: object, shape: type[Shape]) -> Shape:
    try:
        return TypeAdapter(shape).validate_python(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise wrong(file, ".".join(str(part) for part in first["loc"]), first["msg"]) from error


def _digest(folder: Path) -> str:
    """SHA-256 over names and contents of all data files, in order of name."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.toml")):
        content = path.read_bytes()
        whole.update(f"{path.relative_to(folder).as_posix()}\n{len(content)}\n".encode())
        whole.update(content)
    return whole.hexdigest()
