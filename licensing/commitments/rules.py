"""What can be chosen for a proof, what a promise says word for word, and when a permit may rest on it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from licensing.catalogue.model import Proof
from licensing.clock import CHINA
from licensing.commitments.machine import State
from licensing.words import N_, Said, say


class Choice(StrEnum):
    """What the applicant chose for a replaceable proof."""

    HAND_IN = "hand_in"
    PROMISE = "promise"


class Occasion(StrEnum):
    """When the credit of a company is looked at, or why a verification is opened."""

    CHOICE = "choice"
    SUBMISSION = "submission"
    DECISION = "decision"
    BEFORE_DECISION = "before_decision"
    AFTER_DECISION = "after_decision"
    REPEAT = "repeat"
    SAMPLE = "sample"
    RECTIFICATION = "rectification"


class Result(StrEnum):
    """What a verification found."""

    TRUE = "true"
    UNTRUE = "untrue"
    UNCLEAR = "unclear"


RESULT_NAMES: Mapping[Result, str] = {
    Result.TRUE: N_("The promise is true"),
    Result.UNTRUE: N_("The promise is untrue"),
    Result.UNCLEAR: N_("It cannot be established"),
}
UNVERIFIED_METHODS = frozenset({"waived", "random"})
"""With these a permit does not wait for a verification; the promise falls under daily supervision (domain 8.1.10)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs a promise, for whom, before which authority, when and in which session; the second factor was shown shortly before."""

    case_number: str
    authority: str
    company: str
    uscc: str
    person: str
    session: str
    second_factor_at: datetime
    at: datetime


def facts_bytes(proof: Proof, facts: Mapping[str, str]) -> bytes:
    """The promised facts as they are kept: canonical JSON (UTF-8, sorted keys) with the name of each."""
    said = {fact.code: {"name": fact.name, "value": facts.get(fact.code, "")} for fact in proof.facts}
    return canonical({"proof": proof.code, "version": proof.version, "facts": said})


def statement(proof: Proof, facts: Mapping[str, str], signed: Signature) -> bytes:
    """The promise as it is kept: notice and commitment as shown, the promised facts, the answers, and who signed (UTF-8, NFC).

    Source: 国办发〔2020〕42号; domain 8.1.7, 8.1.8, 8.3.2.
    """
    lines = [
        proof.notice_text().rstrip("\n"),
        "逐项确认 Answers",
        f"告知 Notice：已阅读并理解 read and understood（{len(proof.notice)}）",
        *(f"承诺 Commitment {place}：同意 accepted" for place in range(1, len(proof.commitment) + 1)),
        "承诺的事实 Facts promised",
        *fact_lines(proof, facts),
        f"告知机关 Authority：{signed.authority}",
        f"承诺单位 Company：{signed.company}（{signed.uscc}）",
        f"承诺人 Signed by：{signed.person}（授权签字人 authorised signatory）",
        f"办件号 Case：{signed.case_number}",
        f"身份核验 Second factor：{_moment(signed.second_factor_at)}",
        f"会话 Session：{signed.session or '—'}",
        f"承诺时间 Signed at：{_moment(signed.at)}",
        f"告知文本 SHA-256：{proof.digest()}",
    ]
    return ("\n".join(lines) + "\n").encode()


def fact_lines(proof: Proof, facts: Mapping[str, str]) -> list[str]:
    """One line for each promised fact."""
    return [f"{fact.name} {fact.english_name}：{facts.get(fact.code) or '—'}" for fact in proof.facts]


def canonical(said: Mapping[str, Any]) -> bytes:
    """``said`` as JSON in the one form that is kept and hashed."""
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Standing:
    """One promise on which a case rests: the version of its proof, and where it stands."""

    proof: Proof
    state: State


def needs_verification_first(proof: Proof) -> bool:
    """Whether no permit is granted before a promise of this proof was found true (domain 8.2.5)."""
    return proof.verified == "before" and proof.verification_method not in UNVERIFIED_METHODS


def obstacles(promises: Iterable[Standing]) -> tuple[Said, ...]:
    """What keeps a permit from being granted on these promises; nothing when they carry it."""
    return tuple(sentence for promise in promises if (sentence := _obstacle(promise)) is not None)


def _obstacle(promise: Standing) -> Said | None:
    name = say(promise.proof.english_name)
    if promise.state is State.TRUE:
        return None
    if promise.state in (State.PROMISED, State.PENDING):
        return say("Not verified yet: %(proof)s.", proof=name) if needs_verification_first(promise.proof) else None
    if promise.state is State.UNCLEAR:
        return say("It could not be established whether this promise is true: %(proof)s.", proof=name)
    return say("This promise does not stand: %(proof)s.", proof=name)


def _moment(at: datetime) -> str:
    return at.astimezone(CHINA).isoformat(timespec="seconds")
