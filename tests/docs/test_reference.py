"""What is written about the code is what the code says."""

from __future__ import annotations

import hashlib
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from licensing.cases.machine import TRANSITIONS, State
from licensing.commitments.machine import Event as PromiseEvent
from licensing.commitments.machine import State as PromiseState
from licensing.licences.record import from_canonical
from licensing.licences.verdict import GENUINE, IN_FORCE, WHOLE
from licensing.settings import PROJECT_ROOT, Settings

DOCS = PROJECT_ROOT / "docs"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s#]+)(?:#[^)]*)?\)")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_committed_pages_are_what_the_generator_writes(generator: ModuleType, tmp_path: Path) -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in generator.write_pages(tmp_path)}
    committed = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md") if path.name != "README.md"}
    assert committed == written, "run .venv/bin/python docs/generate.py"


def test_every_state_step_and_code_is_on_its_page(generator: ModuleType) -> None:
    pages = generator.pages()
    for name in [*State, *(row.event for row in TRANSITIONS)]:
        assert f"`{name}`" in pages["case-machine.md"], name
    for name in [*PromiseState, *PromiseEvent]:
        assert f"`{name}`" in pages["promises.md"], name
    for code in [*WHOLE, *GENUINE, *IN_FORCE]:
        assert f"`{code}`" in pages["verdict-codes.md"], code


def test_every_table_row_has_as_many_cells_as_its_head(generator: ModuleType) -> None:
    for name, text in generator.pages().items():
        for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(cells) == 1, f"{name}: {block[:80]}"


def test_the_operators_guide_names_every_setting() -> None:
    guide = (DOCS / "guides" / "operator.md").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if f"`LEIZHENG_{name.upper()}`" not in guide]
    assert missing == []


def test_the_example_record_is_canonical_and_has_the_digest_that_is_told() -> None:
    page = (DOCS / "formats" / "record.md").read_text(encoding="utf-8")
    example = re.search(r"```json\n(\{.*\})\n```", page)
    digest = re.search(r"\b[0-9a-f]{64}\b", page)
    assert example is not None
    assert digest is not None
    record = from_canonical(example[1].encode())
    assert record.digest.hex() == digest[0] == hashlib.sha256(example[1].encode()).hexdigest()


def test_links_lead_to_pages_that_exist() -> None:
    pages = [*PROJECT_ROOT.glob("*.md"), PROJECT_ROOT / "keys" / "README.md", *DOCS.rglob("*.md")]
    broken = [
        f"{page.relative_to(PROJECT_ROOT)}: {target}"
        for page in pages
        for target in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8")))
        if "://" not in target and not target.endswith(".png") and not (page.parent / target).exists()
    ]
    assert broken == []
