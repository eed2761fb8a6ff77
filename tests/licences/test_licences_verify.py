"""Every way in and every way to be wrong, on licences of the real pipeline."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
import time_machine
from issued import Register
from PIL import Image
from qrcode.main import QRCode  # type: ignore[import-untyped]
from world import tiny_pdf

from licensing.licences import health
from licensing.licences.status import Status
from licensing.licences.verdict import Overall, Verdict, as_json
from licensing.licences.verify import verify_file, verify_number, verify_pdf, verify_qr
from licensing.policy import SYSTEM
from licensing.storage import reading, storage


def by_qr(register: Register, text: str, *, online: bool = True) -> Verdict:
    with reading(SYSTEM) as look:
        return verify_qr(text, register.trust, register.hosts, look.session if online else None)


def by_number(number: str, code: str) -> Verdict:
    with reading(SYSTEM) as look:
        return verify_number(number, code, look.session)


def by_pdf(register: Register, content: bytes, *, online: bool = True) -> Verdict:
    with reading(SYSTEM) as look:
        return verify_pdf(content, register.trust, look.session if online else None)


def by_file(register: Register, content: bytes) -> Verdict:
    with reading(SYSTEM) as look:
        return verify_file(content, register.trust, register.hosts, look.session)


def codes(verdict: Verdict) -> tuple[str, str, str]:
    return verdict.whole.code, verdict.genuine.code, verdict.in_force.code


@pytest.mark.parametrize("index", [0, 1, 2])
def test_three_ways_to_the_same_answer(register: Register, index: int) -> None:
    entry = register.entries[index]
    answers = [
        by_qr(register, entry["qr"]),
        by_number(entry["number"], entry["check_code"].lower().replace("-", "")),
        by_pdf(register, register.pdf(index)),
    ]
    assert [answer.overall for answer in answers] == [Overall.VALID] * 3
    assert answers[0].paper == answers[1].paper == answers[2].paper
    assert answers[0].paper is not None
    assert answers[0].paper.holder == entry["holder"]
    assert answers[0].paper.identifier == entry["identifier"]
    assert (answers[0].paper.valid_until is None) == (index != 2)


def test_the_link_with_a_fragment_is_the_same(register: Register) -> None:
    assert by_qr(register, register.entries[0]["qr"].replace("/v/", "/v#")).overall is Overall.VALID


def test_one_byte_anywhere_is_seen(register: Register) -> None:
    whole = register.pdf()
    for place in (10, len(whole) // 3, len(whole) // 2, len(whole) - 3000, len(whole) - 10):
        spoiled = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        verdict = by_pdf(register, spoiled)
        assert verdict.overall is Overall.INVALID, place
        assert verdict.paper is None


def test_an_appended_newline_is_named(register: Register) -> None:
    assert codes(by_pdf(register, register.pdf() + b"\n")) == ("bytes-after-end", "not-checked", "not-checked")


def test_a_cut_file_is_refused(register: Register) -> None:
    assert by_pdf(register, register.pdf()[:-1]).overall is Overall.INVALID


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"\x00" * 1000, b"plain words", b"\x89PNG\r\n\x1a\nbroken"])
def test_what_is_no_licence_gets_a_verdict(register: Register, content: bytes) -> None:
    assert by_file(register, content).overall is not Overall.VALID


def test_the_qr_of_another_licence_shows_the_other_one(register: Register) -> None:
    verdict = by_qr(register, register.entries[1]["qr"])
    assert verdict.paper is not None
    assert verdict.paper.number != register.entries[0]["number"]


def test_a_changed_digit_is_refused(register: Register) -> None:
    text = register.entries[0]["qr"]
    for place in (-1, -40, -200, len("https://zz.example.gov.cn/v/") + 3):
        other = str((int(text[place]) + 1) % 10)
        spoiled = text[:place] + other + (text[place + 1 :] if place != -1 else "")
        verdict = by_qr(register, spoiled)
        assert verdict.overall is Overall.INVALID
        assert verdict.paper is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("zz.example.gov.cn", "zz.example.gov.cn.evil.example"), "qr-foreign-host"),
        (("zz.example.gov.cn", "zz.example.gov.cn:443"), "qr-foreign-host"),
        (("https", "http"), "qr-not-ours"),
        (("/v/", "/x/"), "qr-not-ours"),
        (("/v/", "/v/0"), "qr-malformed"),
    ],
)
def test_a_foreign_address_is_named(register: Register, change: tuple[str, str], code: str) -> None:
    verdict = by_qr(register, register.entries[0]["qr"].replace(*change))
    assert codes(verdict)[0] == code
    assert verdict.overall is Overall.INVALID


@pytest.mark.parametrize("text", ["", "hello", "https://zz.example.gov.cn/v/", "https://zz.example.gov.cn/v/1", "\ud800", "9" * 5000])
def test_any_text_gets_a_verdict(register: Register, text: str) -> None:
    assert by_qr(register, text).overall is Overall.INVALID
    assert by_qr(register, "https://zz.example.gov.cn/v/" + text).overall is Overall.INVALID


def test_unknown_and_wrong_look_the_same(register: Register) -> None:
    entry = register.entries[0]
    wrong = by_number(entry["number"], "2222-2222")
    unknown = by_number("样气雷审字(2026)第9999号", entry["check_code"])
    assert as_json(wrong) == as_json(unknown)
    assert codes(wrong) == ("not-checked", "no-match", "not-checked")
    assert as_json(by_number("\x00", "\ud800")) == as_json(wrong)
    assert as_json(by_number(entry["number"], "")) == as_json(wrong)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (Status.SUSPENDED, "suspended"),
        (Status.REVOKED_FOR_DECEIT, "revoked-for-deceit"),
        (Status.REVOKED_AS_PENALTY, "revoked-as-penalty"),
        (Status.PERMISSION_WITHDRAWN, "permission-withdrawn"),
        (Status.CANCELLED, "cancelled"),
        (Status.REPLACED, "replaced"),
        (Status.EXPIRED, "expired"),
    ],
)
def test_what_is_no_longer_in_force_is_invalid_everywhere(register: Register, status: Status, code: str) -> None:
    entry = register.entries[0]
    register.change(status=status, status_since=datetime(2026, 5, 6, 20, tzinfo=UTC))
    for verdict in (
        by_qr(register, entry["qr"]),
        by_number(entry["number"], entry["check_code"]),
        by_pdf(register, register.pdf()),
    ):
        assert verdict.overall is Overall.INVALID
        assert verdict.in_force.code == code
        assert verdict.paper is not None
        assert verdict.genuine.code in {"ok", "register"}
    if code not in {"expired", "replaced"}:
        assert "2026-05-07" in str(verdict.in_force.text)


@pytest.mark.parametrize("status", [Status.VOID, Status.INTENT])
def test_what_was_never_out_is_unknown(register: Register, status: Status) -> None:
    entry = register.entries[0]
    register.change(status=status)
    assert codes(by_number(entry["number"], entry["check_code"])) == ("not-checked", "no-match", "not-checked")
    assert by_qr(register, entry["qr"]).in_force.code == "not-in-register"
    assert codes(by_pdf(register, register.pdf())) == ("ok", "unknown-file", "not-in-register")


def test_a_qualification_expires_by_itself(register: Register) -> None:
    entry = register.entries[2]
    issued_on = datetime.fromisoformat(by_qr(register, entry["qr"]).paper.valid_from)  # type: ignore[union-attr]
    with time_machine.travel(datetime(issued_on.year + 5, issued_on.month, issued_on.day, 12, tzinfo=UTC), tick=False):
        for verdict in (by_qr(register, entry["qr"]), by_number(entry["number"], entry["check_code"])):
            assert verdict.in_force.code == "expired"
        assert by_qr(register, entry["qr"], online=False).in_force.code == "expired"
        assert by_pdf(register, register.pdf(2), online=False).in_force.code == "expired"


def test_offline_is_never_valid(register: Register) -> None:
    for verdict in (by_qr(register, register.entries[0]["qr"], online=False), by_pdf(register, register.pdf(), online=False)):
        assert verdict.overall is Overall.UNKNOWN
        assert verdict.in_force.code == "offline"
        assert verdict.paper is not None
    assert verify_number("x", "y", None).overall is Overall.UNKNOWN


def test_a_register_that_was_tampered_with_says_nothing(register: Register) -> None:
    entry = register.entries[0]
    register.change(record=b"{}")
    verdict = by_number(entry["number"], entry["check_code"])
    assert (verdict.whole.code, verdict.overall) == ("register-damaged", Overall.UNKNOWN)


def test_a_record_that_was_swapped_does_not_fit_qr_and_file(register: Register) -> None:
    with reading(SYSTEM) as look:
        other = health.issued(look.session)[1]
        values = {"record": other.record, "record_sha256": other.record_sha256}
    register.change(**values)
    assert by_qr(register, register.entries[0]["qr"]).whole.code == "other-record"
    assert by_pdf(register, register.pdf()).whole.code == "other-record"


def picture(*texts: str) -> bytes:
    sheet = Image.new("L", (700 * max(len(texts), 1), 700), 255)
    for place, text in enumerate(texts):
        code = QRCode(box_size=7, border=4)
        code.add_data(text)
        code.make()
        drawn = code.make_image().convert("L")
        sheet.paste(drawn.resize((680, 680)), (700 * place + 10, 10))
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


def test_a_photo_is_searched_for_its_qr(register: Register) -> None:
    first, second = register.entries[0]["qr"], register.entries[1]["qr"]
    assert by_file(register, picture(first)).overall is Overall.VALID
    assert by_file(register, picture(first, "https://example.org/")).overall is Overall.VALID
    assert by_file(register, picture(first, second)).whole.code == "several-qr"
    assert by_file(register, picture()).whole.code == "no-qr"
    assert by_file(register, picture("https://example.org/")).whole.code == "qr-not-ours"


def test_the_json_has_the_promised_shape(register: Register) -> None:
    said = as_json(by_qr(register, register.entries[0]["qr"]))
    assert set(said) == {"overall", "whole", "genuine", "in_force", "as_of", "paper", "next_step", "successor"}
    assert {"holder", "uscc", "number", "identifier", "type", "valid_from", "valid_until", "issuer"} <= set(said["paper"])
    assert all(set(said[name]) == {"code", "text"} for name in ("whole", "genuine", "in_force"))


def test_health_finds_what_was_spoiled(register: Register) -> None:
    def found() -> set[str]:
        with reading(SYSTEM) as look:
            first, files = health.issued(look.session)[0], storage().files
            rows = health.problems(look.session, files, register.trust)
            return {problem.code for problem in (*rows, *health.file_problems(look.session, files, register.trust, first))}

    assert found() == set()
    register.change(check_code="2222-2222")
    assert found() == {"columns-differ", "not-in-log", "not-in-tables"}
    sha256 = register.entries[0]["sha256"]
    path = register.settings.files / sha256[:2] / sha256
    path.write_bytes(path.read_bytes() + b"\n")
    assert "file-damaged" in found()
    path.unlink()
    assert "file-missing" in found()


def test_a_file_without_signature_says_what_to_do(register: Register) -> None:
    verdict = by_pdf(register, tiny_pdf())
    assert codes(verdict)[0] == "no-signature"
    assert "QR" in str(verdict.next_step)
