"""Catalogues are gathered from the code and compiled into what the portal reads; the Chinese one is complete and keeps to its terms."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po, write_po
from babel.support import Translations
from click.testing import CliRunner

from licensing.catalogue import label_messages
from licensing.commands.deadlines import explain_deadline
from licensing.words import translator
from portal import i18n

CHINESE = "zh_Hans_CN"
PLACES = re.compile(r"%\(\w+\)[sd]")
WORDS = re.compile(r"(?<![0-9A-Za-z])(?<![0-9A-Z]-)[A-Za-z][A-Za-z0-9_./-]*")

# Names, file formats, standards, commands and settings: the same in both languages.
SAME_IN_CHINESE = {
    *(
        "A4",
        "AA",
        "CBOR",
        "CSV",
        "TOML",
        "XLSX",
        "kB",
        "j",
        "k",
        "x",
        "letter.json",
        "Cookie",
        "Ed25519",
        "GB",
        "JPEG",
        "JSON",
        "MB",
        "P-256",
        "PDF",
        "PNG",
        "SHA-256",
        "U",
        "UTF-8",
        "WCAG",
        "dpi",
    ),
    *(
        *("C2SP", "RFC", "http", "https", "v/", "time", "signed-note", "tlog-proof", "tlog-tiles", "python-pkcs11", "token"),
        *("activate", "create", "keys", "ledger", "list", "serve", "sign", "signer", "test", "trust-list", "verify"),
        *("allow", "authority", "dry-run", "last", "name", "uscc", "trust-list.draft.json"),
        *("LEIZHENG_FACT_SOURCE", "LEIZHENG_SMS_GATEWAY", "LEIZHENG_PKCS11_PIN_FILE", "LEIZHENG_PKCS11_TOKEN", "LEIZHENG_TSA"),
        "leizheng",
        "doctor",
        "init",
        "migrate",
        "LEIZHENG_DATABASE",
        "LEIZHENG_DEMO",
        "true",
        "Ctrl-C",
        "open_storage",
        "fonts-noto-cjk",
        "fonts-hanazono",
        "tmp",
    ),
    *("provisional", "toml", "code", "file", "qr", "number", "check_code", "multipart/form-data", "access", "Access."),
    *("A", "B", "I", "O", "S", "V", "Z"),
    *("T1", "T17", "T14a", "T14b", "T15a", "T15b", "T16a", "T16b", "T19a", "T19b"),
}

# English word → the Chinese words of the dictionary, one of which must then stand in the translation.
GLOSSARY: dict[str, tuple[str, ...]] = {
    r"matters?": ("事项",),
    r"design review": ("设计审核",),
    r"completion acceptance": ("竣工验收",),
    r"qualification": ("资质",),
    r"inspection (?:body|bodies)": ("检测单位",),
    r"grade a": ("甲级",),
    r"grade b": ("乙级",),
    r"annual report": ("年度报告",),
    r"quality assessment": ("质量考核",),
    r"(?:meteorological )?authorit(?:y|ies)": (
        "气象主管机构",
        "发证机关",
        "登记机关",
        "原认定机构",
        "承办机构",
        "本机构",
        "决定机关",
        "承诺期限",
        "时间戳机构",
    ),
    r"unified social credit code": ("统一社会信用代码",),
    r"promis(?:e|es|ed)": ("承诺",),
    r"proofs?": ("证明",),
    r"corrections?": ("补正",),
    r"applicants?": ("申请人", "申请单位"),
    r"application accepted": ("受理",),
    r"not accepted": ("不予受理",),
    r"refused?": ("不予许可", "不予受理", "不予行政许可"),
    r"granted": ("准予许可", "许可"),
    r"suspended": ("暂扣",),
    r"revoked on .* as a penalty": ("吊销",),
    r"revoked on .* deceit": ("撤销",),
    r"cancelled": ("注销",),
    r"withdrawn?": ("撤回",),
    r"renewal": ("延续",),
    r"licence identifier": ("电子证照标识",),
    r"licence record": ("照面信息记录",),
    r"licences?": ("证照", "营业执照", "照面信息记录"),
    r"check code": ("查验码",),
    r"credit": ("信用",),
    r"second factor": ("二次验证",),
    r"sign in": ("登录",),
    r"cases?": ("办件",),
    r"examiner": ("审查人",),
    r"approver": ("审批人",),
    r"intake officer": ("受理人",),
    r"working days?": ("工作日",),
    r"clock stands": ("期限中止",),
    r"in force": ("有效", "生效"),
    r"worklist": ("工作台",),
    r"letters?": ("文书", "字母"),
    r"technical evaluation": ("技术评价",),
    r"deadline": ("期限",),
}


@pytest.fixture(scope="module")
def chinese() -> list[Message]:
    with (i18n.TRANSLATIONS / CHINESE / "LC_MESSAGES" / "messages.po").open("rb") as stream:
        return [message for message in read_po(stream, locale=CHINESE) if message.id]


def test_sentences_are_gathered_from_code_and_templates() -> None:
    gathered = {message.id for message in i18n.gather()}
    assert "Sign in" in gathered, "templates"
    assert "This password is too easy to guess." in gathered, "portal"
    assert "Your post does not allow this." in gathered, "licensing"
    assert "Lightning protection class" in gathered, "the data of the matters"


@pytest.mark.slow
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
    translations = Translations.load(tmp_path, ["zh_Hans_CN"])
    assert translations.gettext("Sign in") == "登录"
    assert translations.gettext("Lightning protection class") == "防雷类别", "labels come from the data"
    missing = i18n.untranslated()["zh_Hans_CN"]
    assert "Sign in" not in missing
    assert "Sign out" in missing


def test_every_sentence_has_its_chinese(chinese: list[Message]) -> None:
    assert i18n.untranslated() == {CHINESE: []}
    assert [message.id for message in chinese if message.fuzzy] == []


def test_the_catalogue_holds_nothing_that_nobody_says(chinese: list[Message]) -> None:
    assert {message.id for message in chinese} == {message.id for message in i18n.gather() if message.id}


def test_labels_say_what_the_data_says(chinese: list[Message]) -> None:
    written = {message.id: message.string for message in chinese}
    assert {english: written[english] for english in label_messages()} == label_messages()


def test_the_chinese_keeps_every_place(chinese: list[Message]) -> None:
    torn = {str(message.id): message.string for message in chinese if _places(message.id) != _places(message.string)}
    assert torn == {}


def test_no_english_word_is_left_in_the_chinese(chinese: list[Message]) -> None:
    left = {str(message.string): sorted(found) for message in chinese if (found := _latin(str(message.string)) - SAME_IN_CHINESE)}
    assert left == {}


def test_the_chinese_has_chinese_punctuation(chinese: list[Message]) -> None:
    """Between two Chinese characters no half-width comma, semicolon, colon, question mark or full stop stands."""
    wrong = [message.string for message in chinese if re.search(r"[一-鿿][,;:?!.](?:[一-鿿]|$)", str(message.string))]
    assert wrong == []


@pytest.mark.parametrize("word", sorted(GLOSSARY))
def test_terms_are_those_of_the_dictionary(word: str, chinese: list[Message]) -> None:
    pattern = re.compile(rf"(?<![\w-]){word}(?![\w-])", re.IGNORECASE)
    labels = label_messages()
    ours = [message for message in chinese if message.id not in labels and pattern.search(PLACES.sub(" ", str(message.id)))]
    wrong = {str(message.id): message.string for message in ours if not any(term in str(message.string) for term in GLOSSARY[word])}
    assert wrong == {}


def test_the_command_line_speaks_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    i18n.compile()
    translator.cache_clear()
    monkeypatch.setenv("LEIZHENG_LANG", "zh")
    day = CliRunner().invoke(explain_deadline, ["--from", "2026-09-25", "--limit", "T3"])
    assert "T3 · 作出设计审核决定：10 个工作日" in day.output
    assert "法定节假日：国庆节。" in day.output
    assert day.output.rstrip().endswith("自 2026-09-25 起 10 个工作日。")
    assert (
        json.loads(CliRunner().invoke(explain_deadline, ["--from", "2026-09-25", "--limit", "T3", "--json"]).output)["limit"]["name"]
        == "作出设计审核决定"
    )
    unknown = CliRunner().invoke(explain_deadline, ["--from", "2026-09-25", "--limit", "T99"])
    assert unknown.stderr.startswith("没有名为 T99 的期限。 [limit-unknown]")


def _places(text: object) -> list[str]:
    return sorted(PLACES.findall(str(text)))


def _latin(text: str) -> set[str]:
    return set(WORDS.findall(PLACES.sub(" ", text)))
