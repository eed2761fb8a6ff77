"""The words of the letters. Pure; the texts are Chinese because the letters are (Order 37 arts. 8, 11; Administrative Licensing Law)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from licensing.catalogue.model import LetterKind, Matter


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What a letter tells about its case. ``due_on`` is the date the letter promises, ``days`` a number of working days it names."""

    case_number: str
    project: str
    addressee: str
    received_on: date | None = None
    due_on: date | None = None
    days: int | None = None
    body: str = ""


def paragraphs(kind: LetterKind, matter: Matter, facts: LetterFacts) -> tuple[str, ...]:
    """The paragraphs of a letter of ``kind`` about ``facts``."""
    received = f"你单位于{_day(facts.received_on)}提交的" if facts.received_on else "你单位提交的"
    subject = f"{received}“{facts.project}”{matter.name}申请（办件号{facts.case_number}）"
    basis = "、".join(kind.legal_basis)
    return tuple(filter(None, (_OPENINGS[kind.code].format(subject=subject, basis=basis), _closing(kind, matter, facts))))


_OPENINGS = {
    "D1": "{subject}，经审查，申请材料齐全、符合法定形式。依据{basis}，本机关决定予以受理。",
    "D2": "{subject}，经审查，申请材料不齐全或者不符合法定形式。依据{basis}，现将需要补正的全部内容一次性告知如下。",
    "D3": "{subject}，经审查，依据{basis}，本机关决定不予受理，理由如下。",
    "D4": "{subject}，依据{basis}，需要进行下列程序，所需时间不计入办理期限。",
    "D7": "{subject}，经审查，依据{basis}，本机关决定不予行政许可，理由如下。",
}


def _closing(kind: LetterKind, matter: Matter, facts: LetterFacts) -> str:
    if kind.code == "D1" and facts.due_on:
        return f"办理期限截止日为{_day(facts.due_on)}（依法中止的时间不计入）。"
    if kind.code == "D4" and facts.days:
        return f"{matter.stop.name}由{facts.body or '本机关委托的机构'}进行，预计需要{facts.days}个工作日。"
    if kind.code == "D2":
        return "请只修改上述内容后重新提交。补正材料齐全之日起重新计算受理期限。"
    return ""


def content(
    kind: LetterKind, matter: Matter, facts: LetterFacts, items: Sequence[str], *, number: str, issuer: str, written_on: date
) -> dict[str, object]:
    """Everything the letter says, as it is stored and printed."""
    return {
        "kind": kind.code,
        "title": kind.title_for(matter),
        "number": number,
        "addressee": facts.addressee,
        "paragraphs": list(paragraphs(kind, matter, facts)),
        "items": list(items),
        "remedy": kind.remedy,
        "issuer": issuer,
        "date_text": _day(written_on),
    }


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""
