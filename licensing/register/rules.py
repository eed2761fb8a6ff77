"""What the public register says of a permit, and what is masked in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

FIELDS: Final = ("类型", "文书号", "名称", "类别", "日期", "有效期自", "有效期至", "内容", "许可机关", "数据来源")
"""The fields of the national publication of permits, in their order (domain 9.2.7)."""

KIND: Final = "行政许可"
ORDINARY: Final = "普通"
CATEGORIES: Mapping[str, str] = {"design_review": "核准", "completion_acceptance": "核准", "qualification": "认可"}
"""The category of a permit by its matter (行政许可法 art. 12); what is not named is an ordinary one."""

LONGEST_PERSON: Final = 4
"""A Chinese name without a dot has at most so many characters."""
BODIES: Final = ("公司", "厂", "店", "局", "院", "所", "站", "校", "中心", "集团", "银行", "矿", "库", "场", "社")
"""What the name of a small business ends with."""
_PERSON = re.compile("[\u3400-\u9fff]{2,4}|[\u3400-\u9fff]{2,10}·[\u3400-\u9fff]{2,10}")
_BODY = re.compile(f"[\u3400-\u9fff]{{2,3}}(?:{'|'.join(BODIES)})")
"""Four characters may be a person or a small business; two or three are a person."""
_IDENTITY = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|\d{15})(?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")


@dataclass(frozen=True, slots=True)
class Permit:
    """One published permit; ``holder`` and ``project`` are masked already. What a refusal has no value for is empty or None."""

    case_id: int
    granted: bool
    number: str
    holder: str
    matter_code: str
    matter: str
    project: str
    decided_on: date
    valid_from: date | None
    valid_until: date | None
    authority: str

    def fields(self) -> tuple[str, ...]:
        """The values of :data:`FIELDS`. A refusal has the legal fields only: no validity, and no reason."""
        outcome = "准予" if self.granted else "不予"
        return (
            KIND,
            self.number,
            self.holder,
            CATEGORIES.get(self.matter_code, ORDINARY),
            self.decided_on.isoformat(),
            self.valid_from.isoformat() if self.valid_from else "",
            self.valid_until.isoformat() if self.valid_until else "",
            f"{outcome}{self.matter}：{self.project}",
            self.authority,
            self.authority,
        )


def masked_holder(name: str, legal_representative: str = "") -> str:
    """The name of a holder; of a natural person only the first character. A company's name is public."""
    name = name.strip()
    small_business = len(name) > 3 and _BODY.fullmatch(name) is not None
    natural = name == legal_representative.strip() or (_PERSON.fullmatch(name) is not None and not small_business)
    return name[:1] + "*" * max(1, len(name) - 1) if natural and name else scrubbed(name)


def scrubbed(text: str) -> str:
    """A text without numbers of identity cards, and with the middle of mobile numbers hidden."""
    return _MOBILE.sub(r"\1****\2", _IDENTITY.sub("******", text))
