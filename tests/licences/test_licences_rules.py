"""Identifiers, numbers, check codes, dates and the canonical record."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing.documents import check_codes
from licensing.errors import Invalid
from licensing.licences import identifier, rules
from licensing.licences.record import LicenceRecord, from_canonical
from licensing.licences.status import Status, status_on
from licensing.licences.verdict import GENUINE, IN_FORCE, STATUS_CODES, WHOLE

ROOT = "1.2.156.3005.2."
VALID = (
    "11100000000013338W011.11430000006122244L.20230000403.001.U",
    "11100000000013338W011.11430000006122244L.20230000403.002.S",
    "11100000000013338W032.11220000013544541J.2430599.001.F",
    "11100000000013338W009.11330105002500287C.2025052201.002.0",
    "11100000MB03271699022.340100.000000016.001.9",
)
RECORD = LicenceRecord(
    type="design_approval",
    type_code="11100000MB0000000P901",
    type_name="雷电防护装置设计核准意见书",
    identifier="1.2",
    number="样气雷审字(2026)第0001号",
    version=1,
    issuer="样例市气象局",
    issuer_code="11990100MB0A00001L",
    holder="样例市㛃䶮化工有限公司",
    holder_code="91990100MA0000023Q",
    project=None,
    issued_on="2026-03-02",
    valid_from="2026-03-02",
    valid_until=None,
    decided_at="2026-03-02T01:00:00+00:00",
    case_number="",
    check_code="7K3F-9QWD",
    status_index=0,
    face=(("建设单位", "样例市㛃䶮化工有限公司"),),
    opinion="",
)


@pytest.mark.parametrize("text", VALID)
def test_public_identifiers_hold(text: str) -> None:
    found = identifier.parse(ROOT + text)
    assert found.holds
    assert str(found) == ROOT + text


@pytest.mark.parametrize("text", VALID)
def test_any_other_check_character_does_not_hold(text: str) -> None:
    for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        assert identifier.parse(ROOT + text[:-1] + character).holds == (character == text[-1])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        ROOT,
        ROOT + "062301.1101101101102.0624_001.001.U",
        ROOT + VALID[0].lower(),
        "1.2.156.3005.3." + VALID[0],
        ROOT + VALID[0] + ".",
        ROOT + VALID[0] + "\nx",
    ],
)
def test_what_is_no_identifier_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        identifier.parse(text)


def test_a_made_identifier_holds() -> None:
    made = identifier.make("11100000MB0000000P901", "11990100MB0A00001L", "20260001", 1)
    assert identifier.parse(str(made)) == made
    assert made.holds
    with pytest.raises(Invalid):
        identifier.make("11100000MB0000000P901", "340100", "20260001", 1)


@pytest.mark.parametrize(
    "typed",
    [
        "京气雷验(2026)第0042号",
        "京气雷验（2026）第0042号",
        " 京气雷验〔2026〕第 0042 号 ",
        "京气雷验【２０２６】第００４２号",
        "京气雷验[2026]第0042号\u3000",
    ],
)
def test_a_number_may_be_typed_in_many_ways(typed: str) -> None:
    assert check_codes.canonical_number(typed) == "京气雷验(2026)第0042号"


@pytest.mark.parametrize("typed", ["7K3F-9QWD", "7k3f9qwd", " 7k3f – 9qwd ", "７Ｋ３Ｆ－９ＱＷＤ", "7K3F_9QWD"])
def test_a_check_code_may_be_typed_in_many_ways(typed: str) -> None:
    assert check_codes.canonical_check_code(typed) == "7K3F-9QWD"


@given(st.text())
def test_any_text_has_a_harmless_form(typed: str) -> None:
    number, code = check_codes.canonical_number(typed), check_codes.canonical_check_code(typed)
    assert len(number) <= check_codes.LONGEST_NUMBER
    assert number.isprintable()
    assert check_codes.canonical_number(number) == number
    assert code == "" or (code.isascii() and len(code) == 9)


@pytest.mark.parametrize("typed", ["\x00", "\ud800", "1\u202e2", "9" * 61])
def test_what_cannot_be_a_number_is_empty(typed: str) -> None:
    assert check_codes.canonical_number(typed) == ""
    assert check_codes.canonical_check_code(typed) == ""


def test_new_check_codes_are_canonical_and_differ() -> None:
    codes = {check_codes.new_check_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(check_codes.canonical_check_code(code) == code for code in codes)


@pytest.mark.parametrize(
    ("start", "years", "last"),
    [
        (date(2026, 3, 2), 5, date(2031, 3, 1)),
        (date(2026, 1, 1), 5, date(2030, 12, 31)),
        (date(2024, 2, 29), 5, date(2029, 2, 28)),
        (date(2026, 3, 2), None, None),
    ],
)
def test_the_last_day_is_the_day_before_the_anniversary(start: date, years: int | None, last: date | None) -> None:
    assert rules.valid_until(start, years) == last


def test_a_licence_expires_after_its_last_day() -> None:
    last = date(2031, 3, 1)
    assert status_on(Status.IN_FORCE, last, last) is Status.IN_FORCE
    assert status_on(Status.IN_FORCE, last, date(2031, 3, 2)) is Status.EXPIRED
    assert status_on(Status.SUSPENDED, last, date(2031, 3, 2)) is Status.SUSPENDED
    assert status_on(Status.IN_FORCE, None, date(2099, 1, 1)) is Status.IN_FORCE


def test_a_record_comes_back_from_its_canonical_form() -> None:
    assert from_canonical(RECORD.canonical()) == RECORD


@pytest.mark.parametrize(
    "spoil", [lambda data: data + b"\n", lambda data: data.replace(b",", b", "), lambda data: data[:0] + b"[]", lambda data: data[:1]]
)
def test_any_other_form_is_no_record(spoil: object) -> None:
    with pytest.raises(ValueError, match=r".*"):
        from_canonical(spoil(RECORD.canonical()))  # type: ignore[operator]


def test_every_status_that_the_public_sees_has_an_answer() -> None:
    assert set(STATUS_CODES) == set(Status) - {Status.INTENT, Status.VOID}
    assert set(STATUS_CODES.values()) <= set(IN_FORCE)
    assert not {"ok"} ^ (set(WHOLE) & set(GENUINE) - {"register", "not-checked"})
