"""The public pages that answer: is it true?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from issued import Register
from portal_tools import CheckingClient

from licensing.licences.status import Status
from portal.public import verify_routes


@pytest.fixture
def visitor(register: Register, make_app: Callable[..., Flask]) -> CheckingClient:
    """A stranger at the portal of the installation that issued."""
    browser = make_app(register.settings).test_client()
    assert isinstance(browser, CheckingClient)
    browser.get("/verify?lang=en")
    return browser


def digits(register: Register, index: int = 0) -> str:
    return str(register.entries[index]["qr"].rsplit("/", 1)[1])


def upload(visitor: CheckingClient, content: bytes, name: str = "licence.pdf") -> tuple[int, str]:
    """Send the form. Its body is put together by hand: the test client would leave the temporary file of a large one open."""
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + visitor.csrf().encode(),
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n' % name.encode() + content,
        b"--x--\r\n",
    ]
    answer = visitor.post("/verify/file", data=b"\r\n".join(parts), content_type="multipart/form-data; boundary=x")
    return answer.status_code, answer.text


def test_the_qr_shows_what_to_compare(visitor: CheckingClient, register: Register) -> None:
    answer = visitor.get(f"/v/{digits(register)}")
    assert answer.status_code == 200
    entry = register.entries[0]
    for words in ("Genuine and in force", entry["holder"], entry["number"], entry["identifier"], "No end date", "zz.example.gov.cn"):
        assert words in answer.text


def test_the_end_of_a_qualification_is_shown(visitor: CheckingClient, register: Register) -> None:
    assert "No end date" not in visitor.get(f"/v/{digits(register, 2)}").text


@pytest.mark.parametrize("path", ["1", "0", "abc", "1/2/3", "9" * 1300, "9" * 4000, "%00", "%ff%fe", "１２３", "-1", "1?x=1", "../login"])
def test_a_bad_qr_is_a_verdict(visitor: CheckingClient, path: str) -> None:
    answer = visitor.get(f"/v/{path}")
    assert answer.status_code in ({200} if path != "../login" else {200, 404})
    if path != "../login":
        assert "Not valid" in answer.text


def test_number_and_code(visitor: CheckingClient, register: Register) -> None:
    entry = register.entries[0]
    answer = visitor.get("/verify/number", query_string={"number": entry["number"].replace("(", "（"), "code": entry["check_code"].lower()})
    assert answer.status_code == 200
    assert "Genuine and in force" in answer.text


def test_unknown_and_wrong_give_equal_pages(visitor: CheckingClient, register: Register) -> None:
    def page(number: str, code: str) -> str:
        text = visitor.get("/verify/number", query_string={"number": number, "code": code}).text
        return "".join(line for line in text.splitlines() if "China time" not in line and "hreflang" not in line)

    entry = register.entries[0]
    wrong = page(entry["number"], "2222-2222")
    assert "No licence has this number together with this check code." in wrong
    assert wrong == page("样气雷审字(2026)第9999号", entry["check_code"])
    assert wrong == page("\x00<b>", "\ufffe")


@pytest.mark.parametrize("query", ["", "?number=x", "?code=x", "?number=+&code=+"])
def test_what_is_missing_is_said_beside_the_field(visitor: CheckingClient, query: str) -> None:
    answer = visitor.get(f"/verify/number{query}")
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text


def test_what_was_typed_is_kept(visitor: CheckingClient) -> None:
    assert 'value="京气雷验&lt;b&gt;"' in visitor.get("/verify/number", query_string={"number": "京气雷验<b>"}).text


def test_the_file_itself(visitor: CheckingClient, register: Register) -> None:
    status, text = upload(visitor, register.pdf())
    assert (status, "Genuine and in force" in text) == (200, True)
    status, text = upload(visitor, register.pdf() + b"\n")
    assert (status, "Something was added after the end" in text) == (200, True)
    status, text = upload(visitor, b"just words", "words.txt")
    assert (status, "Not valid" in text) == (200, True)


def test_no_file_and_a_huge_file_are_refused_kindly(visitor: CheckingClient, register: Register) -> None:
    assert upload(visitor, b"")[0] == 422
    assert visitor.send("/verify/file").status_code == 422
    status, text = upload(visitor, b"%PDF-" + bytes(register.settings.upload_limit))
    assert (status, "larger than 20 MB" in text) == (422, True)


def test_a_revoked_licence_is_never_shown_as_valid(visitor: CheckingClient, register: Register) -> None:
    register.change(status=Status.REVOKED_FOR_DECEIT)
    entry = register.entries[0]
    for text in (
        visitor.get(f"/v/{digits(register)}").text,
        visitor.get("/verify/number", query_string={"number": entry["number"], "code": entry["check_code"]}).text,
        upload(visitor, register.pdf())[1],
    ):
        assert "Not valid" in text
        assert "obtained by deceit" in text
        assert "Genuine and in force" not in text


def test_no_answer_is_kept_by_any_cache(visitor: CheckingClient, register: Register) -> None:
    entry = register.entries[0]
    answers = [
        visitor.get(f"/v/{digits(register)}"),
        visitor.get("/v/1"),
        visitor.get("/verify"),
        visitor.get("/verify/number", query_string={"number": entry["number"], "code": entry["check_code"]}),
        visitor.get("/verify/number"),
        visitor.send("/verify/file"),
    ]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
        assert "Last-Modified" not in answer.headers


def test_the_moment_of_the_status_is_shown(visitor: CheckingClient, register: Register) -> None:
    assert "The status is that of 20" in visitor.get(f"/v/{digits(register)}").text
    assert "The status is that of" not in visitor.get("/v/1").text


def test_guessing_is_slowed_down(visitor: CheckingClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify_routes, "NUMBERS", verify_routes.limits.Limit("verify-number", 3, 600))
    answers = [visitor.get("/verify/number?number=x&code=y") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert 'value="x"' in answers[-1].text


def test_the_home_page_leads_here(visitor: CheckingClient) -> None:
    assert 'action="/verify/number"' in visitor.get("/").text
    assert 'href="/verify"' in visitor.get("/").text


def test_both_languages(visitor: CheckingClient, register: Register) -> None:
    for language in ("zh", "en"):
        assert visitor.get(f"/v/{digits(register)}?lang={language}").status_code == 200
