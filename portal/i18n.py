"""The catalogues of translations: gathered from the code, compiled at set-up."""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from licensing.catalogue import label_messages
from licensing.settings import PROJECT_ROOT

TRANSLATIONS = Path(__file__).resolve().parent / "translations"
DOMAIN = "messages"
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "say": (1,), "N_": None}
LOCALES = ("zh_Hans_CN",)
LABELS = "licensing/catalogue/data"


def gather() -> Catalog:
    """Every sentence that the code says and every label of the matters' data, with the places where it is said."""
    with (PROJECT_ROOT / "babel.cfg").open(encoding="utf-8") as stream:
        methods, options = parse_mapping_cfg(stream)  # type: ignore[no-untyped-call]
    catalog = Catalog(project="leizheng", charset="utf-8", fuzzy=False)
    found = extract_from_dir(PROJECT_ROOT, methods, options, KEYWORDS, ("i18n:",))
    for filename, _line, message, comments, context in sorted(found, key=lambda entry: (entry[0], entry[1])):
        catalog.add(message, None, [(filename, 1)], auto_comments=comments, context=context)
    for label in label_messages():
        catalog.add(label, None, [(LABELS, 1)])
    return catalog


def extract() -> None:
    """Write the template and bring every translation up to date; what the code no longer says is dropped.

    The data of the matters gives the Chinese of its own labels: there it is legal wording, here it is never typed a second time.
    """
    template = gather()
    _write(TRANSLATIONS / f"{DOMAIN}.pot", template)
    for locale in LOCALES:
        path = _po(locale)
        catalog = _read(path, locale) if path.exists() else Catalog(locale=locale, project="leizheng", charset="utf-8", fuzzy=False)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        for english, chinese in label_messages().items():
            catalog[english].string = chinese
        _write(path, catalog)


def compile() -> None:
    """Write the compiled catalogue of every translation beside its source."""
    for locale in LOCALES:
        path = _po(locale)
        if path.exists():
            compiled = BytesIO()
            write_mo(compiled, _read(path, locale))
            path.with_suffix(".mo").write_bytes(compiled.getvalue())


def untranslated() -> dict[str, list[str]]:
    """For every translation the sentences of the code that it lacks."""
    wanted = {message.id for message in gather() if message.id}
    return {
        locale: sorted(
            str(text) for text in wanted - {message.id for message in _read(_po(locale), locale) if all(_strings(message.string))}
        )
        for locale in LOCALES
    }


def _strings(string: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (string or "",) if string is None or isinstance(string, str) else tuple(string)


def _po(locale: str) -> Path:
    return TRANSLATIONS / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def _read(path: Path, locale: str) -> Catalog:
    with path.open("rb") as stream:
        return read_po(stream, locale=locale, domain=DOMAIN)


def _write(path: Path, catalog: Catalog) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = BytesIO()
    write_po(text, catalog, omit_header=False, width=140, sort_output=True, include_lineno=False)
    path.write_bytes(text.getvalue())


if __name__ == "__main__":
    {"extract": extract, "compile": compile}[sys.argv[1]]()
