"""Every public page of every matter opens in both languages, and the guide says all that a service guide must publish."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from office_tools import Desk, text
from portal_tools import CheckingClient, parse

from licensing.catalogue import load_catalogue
from licensing.catalogue.loader import load_need
from licensing.catalogue.need import Asked, follow

MATTERS = [matter.code for matter in load_catalogue().matters]
LANGUAGES = ("zh", "en")
ELEMENTS = {
    "name": "事项名称",
    "item-code": "事项编码",
    "basis": "设定依据",
    "authority": "实施主体",
    "level": "行使层级",
    "audience": "服务对象",
    "conditions": "受理条件",
    "materials": "材料",
    "steps": "流程",
    "intake-limit": "受理时限",
    "legal-limit": "法定时限",
    "promised-limit": "承诺时限",
    "fee": "收费",
    "result": "结果名称",
    "delivery": "送达方式",
    "visits": "到场次数",
    "place": "办理地点",
    "hours": "办理时间",
    "advice": "咨询电话",
    "complaints": "监督电话",
    "questions": "常见问题",
    "remedy": "救济途径",
    "promises": "是否告知承诺",
}


def open_matter(code: str) -> Iterator[str]:
    """Every public address of one matter."""
    guide = f"/guides/{code}"
    yield from (guide, f"{guide}/form", f"{guide}/form?sample=1", f"{guide}/form.pdf", f"{guide}/form.pdf?sample=1")
    if load_catalogue().matter(code).licence_type:
        yield f"{guide}/result"
    for proof in ("factory_certificate", "installation_record") if code == "completion_acceptance" else ():
        yield from (f"{guide}/promises/{proof}", f"{guide}/promises/{proof}.txt")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("matter", MATTERS)
def test_every_public_page_of_a_matter_opens(desk: Desk, matter: str, language: str) -> None:
    browser = desk.app.test_client()
    browser.set_cookie("lang", language)
    for path in open_matter(matter):
        answer = browser.get(path)
        assert answer.status_code == 200, path
        kind = {"pdf": "application/pdf", "txt": "text/plain"}.get(urlsplit(path).path.rpartition(".")[2], "text/html")
        assert answer.mimetype == kind, path
        assert answer.data.startswith(b"%PDF-") == (kind == "application/pdf"), path


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "path", ["/", "/about", "/need", "/deadline", "/promises", "/promises/figures", "/credit", "/verify", "/log", "/check/"]
)
def test_every_public_page_opens(desk: Desk, path: str, language: str) -> None:
    assert desk.app.test_client().get(f"{path}?lang={language}").status_code == 200


@pytest.mark.parametrize("matter", MATTERS)
def test_every_link_of_a_guide_leads_somewhere(desk: Desk, matter: str) -> None:
    browser = desk.app.test_client()
    page = parse(browser.get(f"/guides/{matter}?lang=en").text)
    main = next(node for node in page.iter("main"))
    for target in {node.get("href") for node in main.iter("a") if node.get("href", "").startswith("/")}:
        assert browser.get(target).status_code in {200, 302}, target


@pytest.mark.parametrize("matter", MATTERS)
def test_a_guide_publishes_every_element(client: CheckingClient, matter: str) -> None:
    page = parse(client.get(f"/guides/{matter}?lang=zh").text)
    said = {node.get("id") for node in page.iter() if node.get("id") and "".join(node.itertext()).strip()}
    assert {element: meaning for element, meaning in ELEMENTS.items() if element not in said} == {}


@pytest.mark.parametrize("matter", MATTERS)
def test_a_guide_says_what_the_catalogue_says(client: CheckingClient, matter: str) -> None:
    found = load_catalogue().matter(matter)
    page = client.get(f"/guides/{matter}?lang=zh").text
    guide = found.guide
    clauses = (guide.authority, guide.level, guide.audience, *guide.conditions, guide.fee, guide.result, guide.delivery, guide.place)
    clauses += (guide.hours, guide.advice_phone, guide.complaint_phone, guide.remedy, *(one.question for one in guide.questions))
    said = [found.item_code, *found.legal_basis, *(clause.text for clause in clauses), *(step.name for step in guide.steps)]
    said += [material.name for material in found.materials] + [material.source.text for material in found.materials]
    for words in said:
        assert words in page


@pytest.mark.parametrize("matter", MATTERS)
def test_every_document_has_kind_form_copies_source_and_need(client: CheckingClient, matter: str) -> None:
    page = parse(client.get(f"/guides/{matter}?lang=en").text)
    rows = [row for row in page.iter("tr") if row.findall("td")]
    assert len(rows) == 1 + len(load_catalogue().matter(matter).materials)
    for row in rows:
        cells = {cell.get("data-label"): "".join(cell.itertext()).strip() for cell in row.findall("td")}
        assert set(cells) == {"Document", "Kind and form", "Copies", "Where it comes from", "Needed", "Blank and sample"}
        assert all(cells.values()), cells


def test_the_standard_text_of_a_promise_has_one_address(desk: Desk) -> None:
    browser = desk.app.test_client()
    guide = browser.get("/guides/completion_acceptance?lang=en").text
    assert "/guides/completion_acceptance/promises/factory_certificate" in guide
    assert browser.get("/guides/completion_acceptance/promise/factory_certificate").status_code == 404
    page = browser.get("/guides/completion_acceptance/promises/factory_certificate?lang=en")
    proof = load_catalogue().proof("factory_certificate", 1)
    for words in (proof.digest(), proof.legal_basis[0], proof.notice[0].text, proof.commitment[1].text):
        assert words in page.text
    kept = browser.get("/guides/completion_acceptance/promises/factory_certificate.txt")
    assert kept.data == proof.notice_text().encode()
    assert "attachment" in kept.headers["Content-Disposition"]


def ways(question: Asked, answers: dict[str, str]) -> Iterator[dict[str, str]]:
    """Every way through the self-check, as answers."""
    need = load_need()
    for choice in question.choices:
        taken = {**answers, question.code: choice.code}
        following = follow(need, taken).open
        yield from ways(following, taken) if following else [taken]


def first_question() -> Asked:
    question = load_need().question(load_need().first)
    assert question is not None
    return question


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_through_the_self_check_ends_in_a_result_that_says_why_and_where(client: CheckingClient, language: str) -> None:
    client.set_cookie("lang", language)
    kinds = set()
    for answers in ways(first_question(), {}):
        way = follow(load_need(), answers)
        page = client.get("/need", query_string=answers)
        assert (page.status_code, way.outcome is not None, way.authority is not None) == (200, True, True)
        assert way.outcome is not None
        assert way.authority is not None
        kinds.add(way.outcome.kind)
        told = (way.outcome.title, way.outcome.next_step, way.authority, *way.reasons)
        for clause in told:
            assert (clause.text if language == "zh" else clause.english) in page.text
        for source in way.sources:
            assert source in page.text
        if way.outcome.matter:
            assert f'href="/guides/{way.outcome.matter}"' in page.text
            is_open = load_catalogue().matter(way.outcome.matter).open
            assert (f'href="/my/start/{way.outcome.matter}"' in page.text) == is_open
    assert kinds == {"needed", "sector", "not_needed"}


def test_the_self_check_asks_one_question_at_a_time_and_keeps_the_answers_in_the_address(client: CheckingClient) -> None:
    client.set_cookie("lang", "en")
    first = client.get("/need")
    assert "What do you want to do?" in text(first)
    assert radios(first.text) == {(first_question().code, choice.code) for choice in first_question().choices}
    second = client.get("/need?asked=work&work=build")
    assert "Is it a flammable or explosive project or place?" in text(second)
    assert '<input type="hidden" name="work" value="build">' in second.text
    nothing = client.get("/need?asked=hazard&work=build")
    assert nothing.status_code == 422
    assert "Choose one answer" in text(nothing)
    changed = client.get("/need?change=work&work=build&hazard=no")
    assert ("work", "build") in radios(changed.text)
    assert 'value="build" checked' in changed.text
    assert '<input type="hidden" name="hazard" value="no">' in changed.text


@pytest.mark.parametrize(
    "strange", ["work=%00", "work=build&hazard=maybe", "change=nothing", "asked=nothing", "work=build&work=maintain", "x=y"]
)
def test_strange_answers_are_asked_again(client: CheckingClient, strange: str) -> None:
    assert client.get(f"/need?{strange}").status_code == 200


def test_home_and_guides_lead_to_the_self_check(client: CheckingClient) -> None:
    for path in ("/", *(f"/guides/{matter}" for matter in MATTERS)):
        assert 'href="/need"' in client.get(path).text, path


def radios(page: str) -> set[tuple[str, str]]:
    return {(node.get("name", ""), node.get("value", "")) for node in parse(page).iter("input") if node.get("type") == "radio"}


@pytest.mark.parametrize("extension", ["abc", "-3", "1.5", "११", "99999"])
def test_an_extension_that_is_no_number_of_days_is_complained_about(client: CheckingClient, extension: str) -> None:
    answer = client.get("/deadline", query_string={"from": "2026-03-02", "limit": "T3", "extension": extension, "lang": "en"})
    assert answer.status_code == 422
    assert 'id="extension-error"' in answer.text
    assert f'value="{extension}"' in answer.text, "what was typed stays"


def test_an_extension_moves_the_date(client: CheckingClient) -> None:
    query = {"from": "2026-03-02", "limit": "T3", "lang": "en"}
    plain, longer = client.get("/deadline", query_string=query), client.get("/deadline", query_string={**query, "extension": "5"})
    assert (plain.status_code, longer.status_code) == (200, 200)
    assert "2026-03-16" in text(plain)
    assert "2026-03-23" in text(longer)
