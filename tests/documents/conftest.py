"""A licence face and its parts, rendered once for all tests of the room."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from licensing.documents.engine import Attachment
from licensing.documents.face import Face, render_face
from licensing.documents.qr import draw_qr
from licensing.documents.seal import seal_svg

PREFIX = "https://zz.example.gov.cn/v/"
DIGITS = "704174253302713599979739640284547749548090195622993079677704028443584799437890133010905434649574177425827971994589" * 3
ISSUED = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
RARE = "㛃䶮𬭎𫓧𠅤𡋤"
TEMPLATES = {
    "design_approval": "certificates/design_approval/face.html",
    "acceptance": "certificates/acceptance/face.html",
    "qualification": "certificates/qualification/face.html",
}


def make_face(**changes: object) -> Face:
    """A believable face; ``changes`` replace its parts."""
    parts: dict[str, object] = {
        "type_name": "雷电防护装置设计核准意见书",
        "english_name": "Approval Opinion on the Design of Lightning Protection Devices",
        "number": "宁气雷审字(2026)第0321号",
        "rows": [
            ("项目名称", f"{RARE}综合实验楼"),
            ("项目地址", "江苏省南京市浦口区江淼路 88 号"),
            ("建设单位", "南京江北产业投资建设有限公司"),
            ("统一社会信用代码", "91320100MA1XYZ1234"),
            ("有效期限", "长期有效"),
        ],
        "issuer": "南京市气象局",
        "issued_on_text": "2026 年 11 月 23 日",
        "opinion": "经审查，该项目雷电防护装置设计符合《建筑物防雷设计规范》（GB 50057）的要求，予以核准。",
        "identifier": "1.2.156.3005.2.11100000MB0000000X001.11320100000000000X.2026000321.001.K",
        "check_code": "7K3F-9QWD",
        "host": "zz.example.gov.cn",
    }
    return Face(**{**parts, **changes})  # type: ignore[arg-type]


def draw(face: Face, template: str = TEMPLATES["design_approval"], digits: str = DIGITS, attachments: tuple[Attachment, ...] = ()) -> bytes:
    """``face`` as PDF with a fixed seal, identifier and date."""
    return render_face(
        template,
        face,
        qr=draw_qr(PREFIX, digits),
        seal=seal_svg("南京市气象局", "行政审批专用章"),
        attachments=attachments,
        identifier=b"0123456789abcdef",
        issued_at=ISSUED,
    )


@pytest.fixture(scope="session")
def record_file() -> Attachment:
    return Attachment("record.json", "application/json", "Licence record", '{"holder":"南京"}'.encode())


@pytest.fixture(scope="session")
def licence(record_file: Attachment) -> bytes:
    return draw(make_face(), attachments=(record_file,))
