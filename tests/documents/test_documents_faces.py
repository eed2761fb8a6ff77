"""What is printed is what the record says, in every template, for short, long and rare texts."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pikepdf
import pytest
from conftest import DIGITS, ISSUED, PREFIX, RARE, TEMPLATES, draw, make_face

from licensing.documents.engine import Attachment
from licensing.documents.fonts import missing_glyphs, require_glyphs
from licensing.documents.ground import ground_svg
from licensing.documents.letter import Letter, render_letter
from licensing.documents.qr import draw_qr
from licensing.documents.sandbox import ask
from licensing.documents.seal import seal_svg
from licensing.errors import Invalid, Misconfigured

pytestmark = pytest.mark.slow

LONG_ROWS = [
    ("项目名称", "新建南京至淮安城际铁路江北站站房及相关配套综合交通枢纽工程第三标段站前广场地下空间与附属商业服务建筑群一期二阶段工程"),
    ("项目地址", ("江苏省南京市浦口区江浦街道浦滨路以东、沿江大道以南、新浦路以西、规划支路以北地块" * 6)[:200]),
    ("建设单位", "中铁建设集团华东（南京）城市基础设施投资开发建设有限责任公司"),
    ("统一社会信用代码", "91320100MA1XYZ1234"),
    ("设计单位", "中国铁路设计集团有限公司上海分公司"),
    ("施工单位", "中铁十局集团电务工程有限公司南京分公司"),
    ("检测单位", "江苏省防雷检测技术服务有限公司"),
    ("设计核准意见书编号", "宁气雷审字(2025)第0043号"),
    ("建筑单体", "、".join(f"{n} 号综合楼" for n in range(1, 13)) + "，共 12 栋，总建筑面积 186 230.75 m²，最高 58.6 m"),
    ("防雷类别", "第二类、第三类防雷建筑物"),
    ("有效期限", "长期有效"),
]


def lint(pdf: bytes, qr: str = PREFIX + DIGITS, texts: tuple[str, ...] = (), attachments: list[str] | None = None) -> list[str]:
    answer = ask("licensing.documents.child:lint_face", pdf, qr=qr, texts=texts, attachments=attachments)
    return [problem["code"] for problem in answer["problems"]]


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_every_text_comes_back_and_the_qr_is_read(template: str) -> None:
    face = make_face()
    assert lint(draw(face, template), texts=face.texts(), attachments=[]) == []


def test_long_texts_shrink_and_stay_on_one_page() -> None:
    face = make_face(rows=LONG_ROWS)
    assert [len(LONG_ROWS[0][1]) >= 58, len(LONG_ROWS[1][1])] == [True, 200]
    assert lint(draw(face, TEMPLATES["acceptance"]), texts=face.texts(), attachments=[]) == []


def test_what_cannot_fit_is_refused() -> None:
    with pytest.raises(Invalid) as caught:
        draw(make_face(rows=[("项目名称", "长" * 6000)]))
    assert caught.value.code == "face-too-long"


def test_the_lint_sees_each_kind_of_difference(licence: bytes) -> None:
    face = make_face()
    assert lint(licence, texts=face.texts(), attachments=["record.json"]) == []
    assert lint(licence, qr=PREFIX + "1") == ["qr-differs"]
    assert lint(licence, texts=("不在纸上的字",)) == ["text-missing"]
    assert lint(licence, attachments=[]) == ["attachments"]


def test_the_lint_sees_what_must_not_be_in_a_licence(licence: bytes) -> None:
    def changed(change: object) -> list[str]:
        with pikepdf.open(io.BytesIO(licence)) as pdf:
            change(pdf)  # type: ignore[operator]
            out = io.BytesIO()
            pdf.save(out)
        return lint(out.getvalue(), attachments=["record.json"])

    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    assert changed(lambda pdf: pdf.Root.__setattr__("OpenAction", script)) == ["open-action", "active-content"]
    assert changed(lambda pdf: pdf.Root.__setattr__("AcroForm", pikepdf.Dictionary(Fields=[]))) == ["form"]
    assert changed(lambda pdf: pdf.Root.__setattr__("OCProperties", pikepdf.Dictionary())) == ["layers"]
    assert changed(lambda pdf: pdf.pages[0].obj.__setattr__("Annots", pikepdf.Array())) == ["annotations"]
    assert "pages" in changed(lambda pdf: pdf.add_blank_page())
    assert changed(lambda pdf: pdf.attachments.__setitem__("extra.txt", pikepdf.AttachedFileSpec(pdf, b"x", filename="e"))) == [
        "attachments"
    ]


def test_same_input_same_bytes(licence: bytes, record_file: Attachment) -> None:
    assert draw(make_face(), attachments=(record_file,)) == licence
    assert draw(make_face(number="宁气雷审字(2026)第0322号"), attachments=(record_file,)) != licence


def test_pdf_a_3u_with_the_record_as_associated_file(licence: bytes, record_file: Attachment) -> None:
    with pikepdf.open(io.BytesIO(licence)) as pdf:
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "U")
        assert len(pdf.Root.AF) == 1
        specification = pdf.Root.AF[0]
        assert (specification.AFRelationship, specification.UF) == (pikepdf.Name.Data, "record.json")
        assert specification.EF.F.Subtype == pikepdf.Name("/application/json")
        assert pdf.attachments["record.json"].get_file().read_bytes() == record_file.content
        assert str(pdf.docinfo["/CreationDate"]) == "D:20261123030000+00'00"
        assert bytes(pdf.trailer.ID[0]) == b"0123456789abcdef"


def test_the_seal_is_drawn_and_leaves_no_text() -> None:
    assert b"<text" not in seal_svg("南京市气象局", "行政审批专用章")
    face = make_face(issuer="甲局")
    pdf = draw(face)
    assert lint(pdf, texts=("行政审批专用章",)) == ["text-missing"]
    assert seal_svg("南京市气象局") is seal_svg("南京市气象局")
    for wrong in ("", "长" * 31):
        with pytest.raises(Invalid):
            seal_svg(wrong)


def test_rare_characters_have_their_own_glyphs() -> None:
    assert missing_glyphs(RARE + "中文 Latin 0-9 ①〔2026〕m²\n") == frozenset()
    assert len({seal_svg(character) for character in RARE}) == len(RARE)


@pytest.mark.parametrize("bad", ["\ue000", "\U000f0000", "\u202e", "\u200b", "\x00", "\x1b", "\ud800", "\U00031350", "ب"])
def test_what_cannot_be_printed_is_named(bad: str) -> None:
    with pytest.raises(Invalid) as caught:
        require_glyphs(f"南京{bad}公司")
    assert caught.value.code == "glyph-missing"
    assert f"U+{ord(bad):04X}" in str(caught.value)
    assert caught.value.next_step is not None


def test_a_face_with_a_private_use_character_is_refused() -> None:
    with pytest.raises(Invalid, match=r"U\+E123"):
        draw(make_face(rows=[("建设单位", "南京\ue123公司")]))


@pytest.mark.parametrize(("digits", "version", "millimetres"), [(430, 10, 25), (500, 11, 25), (690, 13, 30)])
def test_qr_sizes(digits: int, version: int, millimetres: int) -> None:
    qr = draw_qr(PREFIX, "7" * digits)
    assert (qr.version, qr.millimetres) == (version, millimetres)
    side = 17 + 4 * version + 8
    assert qr.picture.get_intrinsic_size(1, 16) == (side, side, 1)


@pytest.mark.parametrize(
    ("digits", "code"), [("7" * 900, "qr-too-large"), ("7" * 9000, "qr-too-large"), ("12a", "qr-not-digits"), ("٣", "qr-not-digits")]
)
def test_qr_refusals(digits: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        draw_qr(PREFIX, digits)
    assert caught.value.code == code


def test_grounds_are_small_and_need_nothing() -> None:
    for landscape in (True, False):
        drawn = ground_svg(landscape=landscape)
        assert len(drawn) < 120_000
        assert b"href" not in drawn
        assert b"url(" not in drawn


LETTER = Letter(
    title="资料补正通知",
    number="宁气雷补〔2026〕第0012号",
    addressee=f"南京{RARE}有限公司",
    paragraphs=["你单位提交的申请收悉。经审查，申请材料不齐全，现一次性告知如下："],
    items=["防雷接地平面图未盖章。", "电涌保护器选型表缺少第三级参数。"],
    remedy="请于收到本通知之日起 20 个工作日内补正。",
    issuer="南京市气象局",
    date_text="2026 年 11 月 23 日",
)


@pytest.mark.parametrize("kind", ["receipt", "correction", "not_acceptance", "clock_stop", "refusal"])
@pytest.mark.parametrize("sealed", [True, False])
def test_letters_say_everything_on_one_page(kind: str, sealed: bool) -> None:
    seal = seal_svg("南京市气象局") if sealed else None
    pdf = render_letter(f"letters/{kind}.html", LETTER, seal=seal, identifier=b"x" * 16, issued_at=ISSUED)
    texts = (LETTER.title, LETTER.number, LETTER.addressee, *LETTER.paragraphs, *LETTER.items, LETTER.remedy, LETTER.date_text)
    assert lint(pdf, texts=texts) == ["qr-count"]


def test_the_seal_page_of_a_long_letter_never_stands_alone() -> None:
    for count in range(14, 26):
        long = Letter(**{**{name: getattr(LETTER, name) for name in Letter.__slots__}, "paragraphs": ["一行正文。"] * count, "items": []})
        pdf = render_letter("letters/refusal.html", long, seal=seal_svg("南京市气象局"), identifier=b"x", issued_at=ISSUED)
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            pages = len(opened.pages)
        if pages > 1:
            assert LETTER.remedy.replace(" ", "") in _page_text(pdf, pages)
            return
    pytest.fail("no letter became two pages long")


def _page_text(pdf: bytes, page: int) -> str:
    command = ["pdftotext", "-f", str(page), "-l", str(page), "-", "-"]
    return "".join(subprocess.run(command, input=pdf, capture_output=True, check=True).stdout.decode().split())


def test_attachments_need_plain_names() -> None:
    for name, media_type in (("../x", "text/plain"), ("记录.json", "application/json"), ("a.json", "application/json /JS")):
        with pytest.raises(Misconfigured):
            Attachment(name, media_type, "", b"")


@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
def test_other_peoples_tools_agree(template: str, tmp_path: Path) -> None:
    face = make_face(rows=LONG_ROWS[:1] + LONG_ROWS[2:])
    file = tmp_path / "face.pdf"
    file.write_bytes(draw(face, template, digits="7" * 690))
    assert (
        "No syntax or stream encoding errors"
        in subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=True).stdout
    )
    text = "".join(subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True).stdout.split())
    assert [value for value in face.texts() if "".join(value.split()) not in text] == []
    subprocess.run(["pdftoppm", "-r", "150", "-png", "-singlefile", file, tmp_path / "page"], check=True)
    read = subprocess.run(["zbarimg", "-q", "--raw", tmp_path / "page.png"], capture_output=True, text=True, check=True).stdout.strip()
    assert read == PREFIX + "7" * 690
    scanned = ask("licensing.documents.child:scan_qr", (tmp_path / "page.png").read_bytes())
    assert json.dumps(scanned) == json.dumps([read])
