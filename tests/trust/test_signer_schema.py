"""What the signer takes for a document, field by field, and that a QR code must say what its record says."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as profile
from hypothesis import strategies as st

from licensing.errors import Invalid
from licensing.licences.record import LicenceRecord
from licensing.trust import lz1, schema
from licensing.trust.schema import Kind

from .conftest import SIGNED_AT
from .documents import canonical, fields_of, letter, number, record, second_version

LONG_NAME = "样例省能源投资集团新能源科技发展股份有限公司样例市分公司" * 3


def refused(document: bytes) -> set[str]:
    """The fields that a document is refused for."""
    with pytest.raises(Invalid) as caught:
        schema.read(document)
    assert caught.value.code == "document-refused"
    assert caught.value.fields
    return {field.path for field in caught.value.fields}


def test_documents_in_order_are_read() -> None:
    first = record()
    read = schema.read(first.canonical())
    assert (read.kind, read.number, read.version, read.identifier) == (Kind.LICENCE, number(1), 1, first.identifier)
    assert (read.digest, read.issuer_code) == (first.digest, first.issuer_code)
    assert schema.read(second_version().canonical()).version == 2
    assert schema.read(record(valid_until=None, project=None, opinion="", case_number="").canonical()).kind is Kind.LICENCE
    told = schema.read(letter(items=["第一条\n第二行"]))
    assert (told.kind, told.number, told.version, told.identifier) == (Kind.LETTER, "苏气防雷受(2026)第0001号", 1, "")


@pytest.mark.parametrize("whole", [record().canonical(), letter()], ids=["licence", "letter"])
def test_every_field_must_be_there_and_no_other(whole: bytes) -> None:
    said = fields_of(whole)
    for name in said:
        rest = {key: value for key, value in said.items() if key != name}
        assert refused(canonical(rest)) >= ({name} if name != "format" else {"type"})
    assert refused(canonical({**said, "extra": ""})) == {"extra"}


WRONG: dict[str, list[Any]] = {
    "format": ["leizheng-licence-record/2", "", 1],
    "type": ["", "driving_licence", None, ["acceptance_opinion"]],
    "type_code": ["11100000MB0000000P901", "11100000mb0000000p902", "", 1],
    "type_name": ["雷电防护装置设计核准意见书", "", "x" * 101],
    "identifier": [
        "",
        record(2).identifier,
        record().identifier[:-1] + "?",
        record().identifier + "\n",
        record().identifier.replace(".001.", ".01."),
    ],
    "number": [
        "",
        number(2),
        "苏气雷验(2025)第0001号",
        "苏气雷验(2026)第1号",
        "苏气雷审字(2026)第0001号",
        " 气雷验(2026)第0001号",
        "x" * 61,
        1,
    ],
    "version": [0, 2, 1000, True, "1", 1.0, None],
    "issuer": ["", "x" * 201, "江苏省\u202e气象局", 1, None],
    "issuer_code": ["", "91320104MA1NXY7R8L", "11320000014000100x", 1],
    "holder": ["", "x" * 201, "南京\x00公司", "南京\n公司", "\ud800", 1, None],
    "holder_code": ["", "x" * 33, "南京", "9132 0104", 1],
    "project": ["", "x" * 201, "a\u200bb", 1],
    "issued_on": ["2026-03-05", "20260304", "2026-3-4", "2026-02-30", "", 1, None],
    "valid_from": ["2031-03-04", "tomorrow", None],
    "valid_until": ["2026-03-03", "", 0],
    "decided_at": [
        "2026-03-04T05:06:07",
        "2026-03-04 05:06:07+00:00",
        "2026-03-04T05:06:07.5+00:00",
        "2026-03-04T05:06:07Z",
        "1999-03-04T05:06:07+00:00",
        1,
    ],
    "case_number": ["x" * 61, None, "a\tb"],
    "check_code": ["7K3F9QWD", "7k3f-9qwd", "0K3F-9QWD", "7K3I-9QWD", "", 1],
    "status_index": [-1, 2**32, "7", 7.0, True, None],
    "face": [[], [["建设单位"]], [["", "x"]], [["建设单位", ""]], [["a", "b", "c"]], ["ab"], {"a": "b"}, [["a", "b"]] * 61, [["a", 1]]],
    "opinion": ["x" * 4001, None, "a\x1bb"],
    "previous": [record(2).identifier, "", "1.2.3", record().identifier, 1],
}


@pytest.mark.parametrize("name", [field.name for field in fields(LicenceRecord)])
def test_a_record_with_one_wrong_field_is_refused(name: str) -> None:
    said = fields_of(record().canonical())
    for value in WRONG[name]:
        wrong = {**said, name: value}
        assert refused(canonical(wrong) if value != "\ud800" else b'{"holder":"\\ud800"}'), (name, value)


WRONG_LETTER: dict[str, list[Any]] = {
    "kind": ["", "D99", None],
    "title": ["", "x" * 201, "a\nb"],
    "number": ["", "x" * 61, 1],
    "addressee": ["", "x" * 201, None],
    "paragraphs": [[], [""], ["x" * 4001], ["a\x00"], ["x"] * 51, "text", [1]],
    "items": ["x", [""], ["x"] * 201, [None]],
    "remedy": [None, "x" * 2001],
    "issuer": ["", 1, "x" * 201],
    "date_text": ["2026-03-04", "2026年13月4日", "2026年2月30日", "二〇二六年三月四日", "", None],
}


@pytest.mark.parametrize("name", WRONG_LETTER)
def test_a_letter_with_one_wrong_field_is_refused(name: str) -> None:
    for value in WRONG_LETTER[name]:
        assert refused(letter(**{name: value})) == {name}, value


def test_only_the_canonical_spelling_is_a_document() -> None:
    whole = record().canonical()
    spellings = (
        whole + b"\n",
        b" " + whole,
        whole.replace(b'":"', b'": "', 1),
        whole.replace("南京".encode(), b"\\u5357\\u4eac", 1),
        whole[:-1] + b',"version":1}',
        whole[:-1],
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"format":NaN}',
        b"[" * 60_000,
        b" " * (schema.LONGEST_DOCUMENT + 1),
    )
    for spelling in spellings:
        assert refused(spelling)


def test_a_version_names_the_one_before_it() -> None:
    assert refused(replace(second_version(), previous=None).canonical()) == {"previous"}
    assert refused(replace(second_version(), previous=record(2).identifier).canonical()) == {"previous"}
    assert refused(replace(second_version(), previous=second_version().identifier).canonical()) == {"previous"}
    assert refused(replace(second_version(), version=1).canonical()) == {"version"}


def test_the_time_of_a_seal_is_that_of_its_document() -> None:
    licence, told = schema.read(record().canonical()), schema.read(letter())
    assert licence.fits_moment(SIGNED_AT)
    assert not licence.fits_moment(SIGNED_AT + timedelta(seconds=1))
    assert told.fits_moment(datetime(2026, 3, 3, 16, 0, tzinfo=UTC))
    assert told.fits_moment(datetime(2026, 3, 4, 15, 59, tzinfo=UTC))
    assert not told.fits_moment(datetime(2026, 3, 4, 16, 0, tzinfo=UTC))


def test_the_payload_of_a_record_is_accepted_and_says_the_same() -> None:
    for said in (record(), second_version(), record(valid_until=None, project=None), record(holder=LONG_NAME, project=LONG_NAME)):
        document = schema.read(said.canonical())
        payload = schema.qr_payload(said.canonical())
        schema.check_payload(document, payload)
        read = lz1.parse_payload(payload)
        assert read.digest == said.digest[:16]
        assert (read.serial, read.version, read.status_index) == (20260001, said.version, 7)
        assert datetime.fromtimestamp(read.issued_at, UTC) == SIGNED_AT
        expected = None if said.valid_until is None else datetime(2031, 3, 3, 15, 59, 59, tzinfo=UTC).timestamp()
        assert read.expires_at == expected
    assert read.abbreviated
    assert LONG_NAME.startswith(read.holder.removesuffix("…"))


def test_a_letter_has_no_qr_code() -> None:
    with pytest.raises(Invalid):
        schema.qr_payload(letter())


OTHER: dict[str, st.SearchStrategy[Any]] = {
    "type_index": st.integers(0, 2**16 - 1),
    "serial": st.integers(0, 2**63) | st.from_regex(r"\A[0-9A-Z]{1,32}\Z"),
    "version": st.integers(0, 2**16 - 1),
    "holder_id": st.from_regex(r"\A[0-9A-Z]{1,32}\Z"),
    "holder": st.text(min_size=1, max_size=30),
    "project": st.none() | st.text(min_size=1, max_size=30),
    "status_index": st.integers(0, 2**32 - 1),
    "digest": st.binary(min_size=16, max_size=16),
    "issued_at": st.integers(0, 2**37 - 1),
    "expires_at": st.none() | st.integers(0, 2**37 - 1),
}


@pytest.mark.parametrize("name", OTHER)
@given(data=st.data())
@profile(max_examples=25, deadline=None)
def test_a_payload_that_says_something_else_is_refused(name: str, data: st.DataObject) -> None:
    document = schema.read(record().canonical())
    right = schema.qr_content(document)
    other = data.draw(OTHER[name].filter(lambda value: value != getattr(right, name)))
    with pytest.raises(Invalid) as caught:
        schema.check_payload(document, lz1.payload_bytes(replace(right, **{name: other})))
    assert caught.value.code == "payload-mismatch"
    # Another name may be longer, so that the names beside it are cut too.
    assert name in {field.path for field in caught.value.fields}


@given(junk=st.binary(max_size=300))
@profile(max_examples=100, deadline=None)
def test_junk_is_no_payload(junk: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        schema.check_payload(schema.read(record().canonical()), junk)
    assert [field.path for field in caught.value.fields] == ["payload"]


def test_an_abbreviation_is_the_one_that_the_record_leads_to() -> None:
    document = schema.read(record(holder=LONG_NAME).canonical())
    content = schema.qr_content(document)
    assert content.abbreviated
    shorter = replace(content, holder=content.holder.removesuffix("…")[:-1] + "…")
    for wrong in (shorter, replace(content, holder="另一家公司…"), replace(content, holder=LONG_NAME[:10])):
        with pytest.raises(Invalid, match="holder"):
            schema.check_payload(document, lz1.payload_bytes(wrong))
