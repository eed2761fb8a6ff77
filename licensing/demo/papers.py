"""The papers that applicants hand in: a few small real PDFs, made once and used again and again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from licensing.demo.stories import ACCEPTANCE, DESIGN, QUALIFICATION
from licensing.documents.engine import render_pdf
from licensing.documents.uploads import Inspected, inspect

_MADE_AT = datetime(2024, 1, 2, 1, 0, tzinfo=UTC)
_PRODUCT_ROWS = (
    ("标称放电电流", "20 kA（8/20 μs）"),
    ("最大放电电流", "40 kA（8/20 μs）"),
    ("最大持续工作电压", "385 V"),
    ("电压保护水平", "不大于 1.8 kV"),
    ("工作温度", "-40 ℃ 至 +80 ℃"),
    ("防护等级", "IP20"),
)
_CERTIFICATE_ROWS = (
    ("产品名称", "电源电涌保护器"),
    ("执行标准", "GB/T 18802.11"),
    ("检验项目", "外观、动作负载、电压保护水平、绝缘电阻"),
    ("检验结论", "合格，准予出厂"),
)
_RECORD_ROWS = (
    ("安装位置", "总配电箱、分配电箱"),
    ("连接导线", "铜芯 16 mm²，长度不大于 0.5 m"),
    ("接地连接", "与等电位连接带可靠连接"),
    ("过渡电阻", "0.03 Ω"),
    ("隐蔽工程验收", "合格，附照片六张"),
)
_BODY_SHEETS = {
    "legal_person": (
        "营业执照（副本）.pdf",
        "营业执照",
        (("类型", "有限责任公司"), ("登记状态", "存续"), ("经营范围", "雷电防护装置检测")),
    ),
    "staff_list": (
        "专业技术人员简表及证明材料.pdf",
        "专业技术人员简表",
        (("高级职称", "1 人"), ("中级职称", "3 人以上"), ("劳动合同", "均在有效期内"), ("任命文件", "技术负责人任命书一份")),
    ),
    "social_insurance": ("社会保险缴纳证明.pdf", "社会保险缴纳证明", (("缴纳单位", "申请人"), ("险种", "养老、医疗、工伤、失业、生育"))),
    "premises_proof": (
        "办公场所租赁合同.pdf",
        "房屋租赁合同",
        (("用途", "办公、仪器室、档案室"), ("建筑面积", "320 m²"), ("租期", "五年")),
    ),
    "quality_system": ("质量管理手册.pdf", "质量管理手册", (("版本", "C/0"), ("内部审核", "每年一次"), ("管理评审", "每年一次"))),
    "instruments": ("仪器设备清单及检定证书.pdf", "仪器设备清单", (("数量", "六台"), ("检定、校准", "均在有效期内"))),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as an applicant has it, already judged by the upload inspection."""

    filename: str
    content: bytes
    inspected: Inspected


@dataclass(frozen=True, slots=True)
class Papers:
    """One paper for each slot of each matter, and the revised drawing for corrections."""

    by_slot: dict[tuple[str, str], Paper]
    revised: dict[str, tuple[str, Paper]]


def make_papers(upload_limit: int) -> Papers:
    """Render and inspect every paper; equal bytes at every call."""
    first, second = ({"revision": revision, "mesh": 10, "down_conductors": 6} for revision in ("A", "B"))
    design = _drawing("防雷设计说明书及设计图纸.pdf", "雷电防护装置平面布置图", first, upload_limit)
    design_revised = _drawing("防雷设计图纸（修改版）.pdf", "雷电防护装置及接地平面布置图", second, upload_limit)
    built = _drawing("防雷竣工图.pdf", "雷电防护装置竣工图", first, upload_limit)
    built_revised = _drawing("防雷竣工图（加盖竣工图章）.pdf", "雷电防护装置竣工图（已盖竣工图章）", second, upload_limit)
    return Papers(
        by_slot={
            (DESIGN, "design_documents"): design,
            (DESIGN, "product_description"): _sheet("防雷产品说明.pdf", "电涌保护器产品说明", _PRODUCT_ROWS, upload_limit),
            (ACCEPTANCE, "as_built_drawings"): built,
            (ACCEPTANCE, "factory_certificate"): _sheet("出厂合格证书.pdf", "产品出厂合格证", _CERTIFICATE_ROWS, upload_limit),
            (ACCEPTANCE, "installation_record"): _sheet("防雷产品安装记录.pdf", "防雷产品安装记录", _RECORD_ROWS, upload_limit),
            **{(QUALIFICATION, slot): _sheet(*sheet, upload_limit) for slot, sheet in _BODY_SHEETS.items()},
        },
        revised={DESIGN: ("design_documents", design_revised), ACCEPTANCE: ("as_built_drawings", built_revised)},
    )


def _drawing(filename: str, title: str, facts: Mapping[str, object], limit: int) -> Paper:
    return _paper(filename, "demo/drawing.html", title, facts, limit)


def _sheet(filename: str, title: str, rows: tuple[tuple[str, str], ...], limit: int) -> Paper:
    return _paper(filename, "demo/sheet.html", title, {"rows": rows}, limit)


def _paper(filename: str, template: str, title: str, facts: Mapping[str, object], limit: int) -> Paper:
    identifier = hashlib.sha256(filename.encode()).digest()[:16]
    content = render_pdf(template, {**facts, "title": title, "issued_at": _MADE_AT}, title=title, identifier=identifier)
    return Paper(filename, content, inspect(filename, content, limit))
