"""The papers that applicants hand in: a few small real PDFs, made once and used again and again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from licensing.demo.stories import ACCEPTANCE, DESIGN
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
