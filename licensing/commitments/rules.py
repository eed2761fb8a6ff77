"""What can be chosen for a proof, and what a promise says, word for word. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from licensing.catalogue.model import Proof
from licensing.clock import CHINA


class Choice(StrEnum):
    """What the applicant chose for a replaceable proof."""

    HAND_IN = "hand_in"
    PROMISE = "promise"


def statement(proof: Proof, facts: Mapping[str, str], *, company: str, uscc: str, person: str, case_number: str, at: datetime) -> bytes:
    """The promise as it is kept: the notice and commitment as shown, the promised facts, who promised, for whom, when (UTF-8, NFC).

    Source: 国办发〔2020〕42号; domain 8.1.7, 8.1.8, 8.3.2.
    """
    labels = [f"{fact.name} {fact.english_name}：{facts.get(fact.code) or '—'}" for fact in proof.facts]
    lines = [
        proof.notice_text().rstrip("\n"),
        "承诺的事实 Facts promised",
        *labels,
        f"承诺单位 Company：{company}（{uscc}）",
        f"承诺人 Promised by：{person}",
        f"办件号 Case：{case_number}",
        f"承诺时间 Promised at：{at.astimezone(CHINA).isoformat(timespec='seconds')}",
        f"告知文本 SHA-256：{proof.digest()}",
    ]
    return ("\n".join(lines) + "\n").encode()
