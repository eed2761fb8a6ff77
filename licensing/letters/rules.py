"""The words of the letters. Pure; the texts are Chinese because the letters are (Order 37 arts. 8, 11; Administrative Licensing Law)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from licensing.catalogue.model import LetterKind, Matter


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What a letter tells about its case. ``due_on`` is the date the letter promises, ``days`` a number of working days it names.

    ``deemed``: nobody accepted it, silence did.
    """

    case_number: str
    project: str
    addressee: str
    received_on: date | None = None
    due_on: date | None = None
    days: int | None = None
    body: str = ""
    deemed: bool = False


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """What a letter tells about a licence. ``act`` is the act in Chinese, such as 撤销, ``basis`` its legal basis.

    ``asked_on`` is the day on which the holder asked for it, if so. A notice names ``days`` working days to answer, until ``due_on``,
    and whether a ``hearing`` may be demanded.
    """

    licence_name: str
    licence_number: str
    proceeding: str
    addressee: str
    act: str
    basis: tuple[str, ...]
    asked_on: date | None = None
    due_on: date | None = None
    days: int | None = None
    hearing: bool = False


@dataclass(frozen=True, slots=True)
class ObjectionFacts:
    """What the answer to an objection tells: against which letter it was made, whether it was ``upheld``, what takes the case up."""

    case_number: str
    project: str
    addressee: str
    number: str
    act: str
    letter_number: str
    received_on: date
    upheld: bool
    renewed_by: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A headed part of a long letter; its lines are ``numbered`` where they are clauses."""

    heading: str
    lines: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """What a letter says, but for its number, its date and who sends it."""

    title: str
    addressee: str
    paragraphs: tuple[str, ...]
    items: tuple[str, ...]
    parts: tuple[Part, ...] = ()


def case_words(kind: LetterKind, matter: Matter, facts: LetterFacts, items: Sequence[str]) -> Words:
    """The words of a letter of ``kind`` about a case."""
    received = f"你单位于{_day(facts.received_on)}提交的" if facts.received_on else "你单位提交的"
    subject = f"{received}“{facts.project}”{matter.name}申请（办件号{facts.case_number}）"
    basis = "、".join(kind.legal_basis)
    opening = _BY_SILENCE if facts.deemed else _OPENINGS[kind.code]
    said = opening.format(subject=subject, basis=basis, received=_day(facts.received_on))
    paragraphs = filter(None, (said, _closing(kind, matter, facts)))
    return Words(kind.title_for(matter), facts.addressee, tuple(paragraphs), tuple(items))


def licence_words(kind: LetterKind, facts: LicenceFacts, items: Sequence[str]) -> Words:
    """The words of a letter of ``kind`` about a licence."""
    subject = f"你单位持有的《{facts.licence_name}》（编号：{facts.licence_number}）"
    asked = f"{_day(facts.asked_on)}，你单位提出{facts.act}申请（{facts.proceeding}）。" if facts.asked_on else ""
    said = {"subject": subject, "act": facts.act, "basis": "、".join(facts.basis), "proceeding": facts.proceeding, "asked": asked}
    paragraphs = filter(None, (line.format(**said) for line in (*_LICENCE_LINES[kind.code], *_rights(kind, facts))))
    return Words(kind.title_about(facts.act), facts.addressee, tuple(paragraphs), tuple(items))


def objection_words(kind: LetterKind, matter: Matter, facts: ObjectionFacts, items: Sequence[str]) -> Words:
    """The words of the answer to an objection 异议答复."""
    about = f"“{facts.project}”{matter.name}申请（办件号{facts.case_number}）的《{facts.act}》（{facts.letter_number}）"
    renewed = f"原办件不再变更；本机关已为你单位生成新的申请（办件号{facts.renewed_by}），原填报内容已复制，申请材料和承诺请重新提交。"
    found = "成立" if facts.upheld else "不成立"
    paragraphs = (
        f"你单位于{_day(facts.received_on)}对{about}提出异议（{facts.number}）。",
        f"依据{'、'.join(kind.legal_basis)}，本机关指派未参与该行政行为的人员进行了复核，结论为：异议{found}。"
        f"{renewed if facts.renewed_by else ''}理由如下。",
    )
    return Words(kind.title_for(matter), facts.addressee, paragraphs, tuple(items))


def content(kind: LetterKind, words: Words, *, number: str, issuer: str, written_on: date) -> dict[str, object]:
    """Everything the letter says, as it is stored and printed."""
    return {
        "kind": kind.code,
        "title": words.title,
        "number": number,
        "addressee": words.addressee,
        "paragraphs": list(words.paragraphs),
        "items": list(words.items),
        "remedy": kind.remedy,
        "issuer": issuer,
        "date_text": _day(written_on),
        **({"parts": [{**asdict(part), "lines": list(part.lines)} for part in words.parts]} if words.parts else {}),
    }


def canonical(said: Mapping[str, object]) -> bytes:
    """The bytes that the digest of a letter's content covers, and that lie in its PDF."""
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


_BY_SILENCE = "{subject}，本机关在法定期限内未作出答复。依据{basis}，该申请自收到申请材料之日（{received}）起即为受理。"
_OPENINGS = {
    "D1": "{subject}，经审查，申请材料齐全、符合法定形式。依据{basis}，本机关决定予以受理。",
    "D2": "{subject}，经审查，申请材料不齐全或者不符合法定形式。依据{basis}，现将需要补正的全部内容一次性告知如下。",
    "D3": "{subject}，经审查，依据{basis}，本机关决定不予受理，理由如下。",
    "D4": "{subject}，依据{basis}，需要进行下列程序，所需时间不计入办理期限。",
    "D9": (
        "{subject}，采用了证明事项告知承诺制。经核查，发现所作承诺不实，本机关已停止办理。依据{basis}，现将拟终止办理的事实和理由告知如下。"
    ),
    "D10": "{subject}，采用了证明事项告知承诺制。经核查，所作承诺不实。依据{basis}，本机关决定终止办理，并将失信信息记入信用记录。",
    "D11": "{subject}，依据{basis}，下列证明不再适用告知承诺，需要按照原程序提交。",
    "D12": "{subject}，采用证明事项告知承诺制准予了许可。经核查，所作承诺与事实不符。依据{basis}，现责令你单位限期整改。",
    "D13": "{subject}，在法定期限内不能作出决定。依据{basis}，经本机关负责人批准，决定延长办理期限，理由如下。",
    "D14": "{subject}，经核实，申请许可的基础已不存在。依据{basis}，本机关决定终止办理。",
    "D16": "{subject}，经核，不由本机关管辖。依据{basis}，现移送有管辖权的气象主管机构办理，理由如下。",
    "D7": "{subject}，经审查，依据{basis}，本机关决定不予行政许可，理由如下。",
}
_ENDED = "自本决定作出之日起，上述证件及其电子证照不再有效，本机关依据《中华人民共和国行政许可法》第七十条一并办理注销手续。"
_LICENCE_LINES = {
    "D8-0": ("{subject}，本机关拟依据{basis}作出{act}的决定（{proceeding}）。",),
    "D8-1": (
        "{subject}，依据{basis}，本机关决定予以暂扣。",
        "自本决定作出之日起，上述证件及其电子证照在暂扣期间不得使用。改正后可以申请解除暂扣。",
    ),
    "D8-2": ("{asked}{subject}，经审查，依据{basis}，本机关决定解除暂扣，自本决定作出之日起恢复有效。",),
    "D8-3": ("{subject}，经查系以欺骗、贿赂等不正当手段取得。依据{basis}，本机关决定予以撤销。", _ENDED),
    "D8-4": ("{subject}，依据{basis}，本机关决定予以吊销。", _ENDED),
    "D8-5": ("{subject}，因公共利益的需要，依据{basis}，本机关决定撤回该行政许可。", _ENDED),
    "D8-6": (
        "{asked}{subject}，依据{basis}，本机关决定予以注销。",
        "自本决定作出之日起，上述证件及其电子证照不再有效。",
    ),
    "D8-7": ("{asked}{subject}，经审查，依据《中华人民共和国行政许可法》第三十八条，本机关决定不予{act}。",),
}


def _rights(kind: LetterKind, facts: LicenceFacts) -> tuple[str, ...]:
    """What the holder may do about a notice, and until when (Administrative Penalty Law arts. 44, 45, 63, 64)."""
    if kind.code != "D8-0":
        return ()
    until = f"收到本告知书之日起{facts.days}个工作日内，即{_day(facts.due_on)}前（含当日）"
    answer = f"你单位有权进行陈述和申辩。请于{until}通过本系统提出；逾期不提出的，本机关将依法作出决定。"
    hearing = "你单位有权要求举行听证；要求听证的，应当在上述期限内一并提出。" if facts.hearing else ""
    return answer, hearing


@dataclass(frozen=True, slots=True)
class _Dated:
    """A closing with a date in it: ``until`` where the date is known, ``open_end`` where the clock stands."""

    text: str
    until: str
    open_end: str = ""


_DATED_CLOSINGS = {
    "D12": _Dated("请于{until}完成整改，并通过本系统报告；逾期未整改或者整改不合格的，本机关将依法处理该行政许可。", "{due}前（含当日）"),
    "D13": _Dated("办理期限延长{days}个工作日{until}。", "，延长后的截止日为{due}（依法中止的时间不计入）", "，中止期间不计入"),
    "D16": _Dated("自本通知发出之日起由{body}办理，无需重新提交材料。办理期限连续计算，不因移送重新起算{until}。", "，截止日仍为{due}"),
}
_FIXED_CLOSINGS = {
    "D2": "请只修改上述内容后重新提交。补正材料齐全之日起重新计算受理期限。",
    "D11": "请通过本系统提交上述证明。自本通知发出之日起至证明提交之日止的时间不计入办理期限。",
}


def _closing(kind: LetterKind, matter: Matter, facts: LetterFacts) -> str:
    if kind.code == "D1" and facts.due_on:
        return f"办理期限截止日为{_day(facts.due_on)}（依法中止的时间不计入）。"
    if kind.code == "D4" and facts.days:
        return f"{matter.stop.name}由{facts.body or '本机关委托的机构'}进行，预计需要{facts.days}个工作日。"
    if kind.code == "D9":
        until = f"收到本告知书之日起{facts.days}个工作日内，即{_day(facts.due_on)}前（含当日）"
        return f"你单位有权进行陈述和申辩。请于{until}通过本系统提出；逾期不提出的，本机关将依法作出决定。"
    dated = _DATED_CLOSINGS.get(kind.code)
    if dated is not None and (facts.days is not None or "{days}" not in dated.text):
        until = dated.until.format(due=_day(facts.due_on)) if facts.due_on else dated.open_end
        return dated.text.format(until=until, days=facts.days, body=facts.body or "接收机关")
    return _FIXED_CLOSINGS.get(kind.code, "")


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""
