"""Catalogues are gathered from the code and compiled into what the portal reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po
from babel.support import Translations

from portal import i18n


def test_sentences_are_gathered_from_code_and_templates() -> None:
    gathered = {message.id for message in i18n.gather()}
    assert "Sign in" in gathered, "templates"
    assert "This password is too easy to guess." in gathered, "portal"
    assert "Your post does not allow this." in gathered, "licensing"


def test_a_translation_survives_extraction_and_is_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)
    i18n.extract()
    path = tmp_path / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as stream:
        catalog = read_po(stream, locale="zh_Hans_CN")
    catalog["Sign in"].string = "登录"
    with path.open("wb") as stream:
        write_po(stream, catalog)
    i18n.extract()
    i18n.compile()
    assert Translations.load(tmp_path, ["zh_Hans_CN"]).gettext("Sign in") == "登录"
    missing = i18n.untranslated()["zh_Hans_CN"]
    assert "Sign in" not in missing
    assert "Sign out" in missing
