"""What can be chosen for a proof, what a promise says word for word, and when a permit may rest on it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from licensing.catalogue.model import Proof
from licensing.clock import CHINA
from licensing.commitments.machine import State
from licensing.errors import FieldError
from licensing.words import N_, Said, say


class Choice(StrEnum):
    """What the applicant chose for a replaceable proof."""

    HAND_IN = "hand_in"
    PROMISE = "promise"


class Occasion(StrEnum):
    """When the credit of a company is looked at, or why a verification is opened."""

    CHOICE = "choice"
    SIGNING = "signing"
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


NOTICE = "notice"
"""How an acceptance names the notice as a whole."""
SHOWN_IN: Mapping[str, str] = {
    "zh": "中文 Chinese",
    "en": "中文，附英文参考译文 Chinese, with the English reading aid",
}
"""The languages in which notice and commitment are shown; the Chinese is always there, because it is the text that counts."""
RESULT_NAMES: Mapping[Result, str] = {
    Result.TRUE: N_("The promise is true"),
    Result.UNTRUE: N_("The promise is untrue"),
    Result.UNCLEAR: N_("It cannot be established"),
}
UNVERIFIED_METHODS = frozenset({"waived", "random"})
"""With these a permit does not wait for a verification; the promise falls under daily supervision (domain 8.1.10)."""


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signs a promise, for whom, before which authority, when and in which session; the second factor was shown shortly before.

    ``person_id`` is the number of the person in our register (domain 8.3.2).
    """

    case_number: str
    authority: str
    company: str
    uscc: str
    person: str
    person_id: int
    session: str
    second_factor_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What the signatory was shown and what was answered: digests of notice and facts, the language of the page, what was accepted.

    ``accepted`` holds ``notice`` and the places of the accepted clauses from 1 on, as text.
    """

    notice_sha256: str
    facts_sha256: str
    language: str
    accepted: frozenset[str]


def facts_digest(proof: Proof, facts: Mapping[str, str]) -> str:
    """SHA-256 of :func:`facts_bytes`, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(facts_bytes(proof, facts)).hexdigest()


def everything_accepted(proof: Proof, facts: Mapping[str, str], language: str = "zh") -> Acceptance:
    """The answer of somebody who was shown the notice and these (clean) facts and accepted every clause."""
    return Acceptance(proof.digest(), facts_digest(proof, facts), language, frozenset({NOTICE, *clauses(proof)}))


def clauses(proof: Proof) -> list[str]:
    """The places of the clauses of the commitment, as an acceptance names them."""
    return [str(place) for place in range(1, len(proof.commitment) + 1)]


def unaccepted(proof: Proof, given: Acceptance) -> list[FieldError]:
    """What was not accepted, clause by clause: a promise holds only when notice and clauses were accepted one by one."""
    read = say("Read the notice and say that you understand it.")
    errors = [] if NOTICE in given.accepted else [FieldError(f"accept-{NOTICE}", "not-accepted", read)]
    for place in clauses(proof):
        if place not in given.accepted:
            sentence = say("Accept clause %(place)s, or hand in the proof instead.", place=place)
            errors.append(FieldError(f"accept-{place}", "not-accepted", sentence))
    return errors


def facts_bytes(proof: Proof, facts: Mapping[str, str]) -> bytes:
    """The promised facts as they are kept: canonical JSON (UTF-8, sorted keys) with the name of each."""
    said = {fact.code: {"name": fact.name, "value": facts.get(fact.code, "")} for fact in proof.facts}
    return canonical({"proof": proof.code, "version": proof.version, "facts": said})


def statement(proof: Proof, facts: Mapping[str, str], given: Acceptance, signed: Signature) -> bytes:
    """The promise as it is kept: the standard text, how it was shown, each answer, the promised facts, and who signed (UTF-8, NFC).

    Source: 国办发〔2020〕42号; domain 8.1.7, 8.1.8, 8.3.2.
    """
    lines = [
        proof.notice_text().rstrip("\n"),
        f"展示语言 Shown in：{SHOWN_IN[given.language]}",
        "逐项确认 Answers",
        f"告知 Notice（{len(proof.notice)}）：{'已阅读并理解 read and understood' if NOTICE in given.accepted else '未确认 not confirmed'}",
        *(f"承诺 Commitment {place}：{'同意 accepted' if place in given.accepted else '未同意 not accepted'}" for place in clauses(proof)),
        "承诺的事实 Facts promised",
        *fact_lines(proof, facts),
        f"告知机关 Authority：{signed.authority}",
        f"承诺单位 Company：{signed.company}（{signed.uscc}）",
        f"承诺人 Signed by：{signed.person}（授权签字人 authorised signatory；人员编号 person no. {signed.person_id}）",
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
