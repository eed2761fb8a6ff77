"""The words of a signed commitment letter. Pure; they are Chinese because the letter is (国办发〔2020〕42号; domain 8.2.4)."""

from __future__ import annotations

from collections.abc import Mapping

from licensing.catalogue.model import Proof
from licensing.clock import CHINA
from licensing.commitments.rules import Signature
from licensing.letters.rules import Part, Words


def letter_words(proof: Proof, facts: Mapping[str, str], signed: Signature, *, statement_sha256: str) -> Words:
    """The letter of one promise: what was notified, the facts, what was promised clause by clause, and who signed how and when."""
    lead = f"{signed.company}（统一社会信用代码{signed.uscc}）就办件{signed.case_number}，以告知承诺方式代替提交“{proof.name}”，内容如下。"
    return Words(
        title=proof.title.text,
        addressee=signed.authority,
        paragraphs=(lead,),
        items=(),
        parts=(
            Part("本机关告知的内容", tuple(clause.text for clause in proof.notice), numbered=True),
            Part("承诺的事实", tuple(f"{fact.name}：{facts.get(fact.code) or '—'}" for fact in proof.facts)),
            Part("申请人的承诺（逐项确认同意）", tuple(clause.text for clause in proof.commitment), numbered=True),
            Part("签署", _signing(proof, signed, statement_sha256)),
        ),
    )


def _signing(proof: Proof, signed: Signature, statement_sha256: str) -> tuple[str, ...]:
    at, shown = (moment.astimezone(CHINA).strftime("%Y年%m月%d日 %H:%M:%S") for moment in (signed.at, signed.second_factor_at))
    return (
        f"承诺单位：{signed.company}",
        f"授权签字人：{signed.person}",
        f"签署时间：{at}（北京时间）",
        f"身份核验：登录后于{shown}通过第二因素核验" + (f"，会话{signed.session}" if signed.session else ""),
        f"告知承诺文本：{proof.code} 第{proof.version}版，SHA-256 {proof.digest()}",
        f"承诺全文记录：SHA-256 {statement_sha256}",
    )
