"""The four answers about a licence, with fixed codes: one table for page, JSON, command line and offline checker. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from licensing.errors import LeizhengError
from licensing.licences import status_values as values
from licensing.licences.status import Status
from licensing.moments import CHINA
from licensing.words import Said, Translate, say


class Overall(StrEnum):
    """真实有效 / 无法确认 / 无效."""

    VALID = "valid"
    UNKNOWN = "unknown"
    INVALID = "invalid"


class Weight(StrEnum):
    """What one answer does to the whole."""

    GOOD = "good"
    OPEN = "open"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers: a stable code, a sentence, and its weight."""

    code: str
    text: Said
    weight: Weight


@dataclass(frozen=True, slots=True)
class Paper:
    """What the register or the signed record says the paper must show."""

    holder: str
    uscc: str
    number: str
    identifier: str
    type: str
    valid_from: str
    valid_until: str | None
    issuer: str
    project: str | None = None
    abbreviated: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whole, genuine, in force, and what to compare with the paper; the overall word follows from the three weights.

    ``as_of`` is the moment for which ``in_force`` speaks (aware): that of the question at the register, that of the list offline; None
    when neither was asked.
    """

    whole: Answer
    genuine: Answer
    in_force: Answer
    paper: Paper | None
    successor: str | None = None
    as_of: datetime | None = None

    @property
    def overall(self) -> Overall:
        weights = {self.whole.weight, self.genuine.weight, self.in_force.weight}
        if Weight.BAD in weights:
            return Overall.INVALID
        return Overall.UNKNOWN if Weight.OPEN in weights else Overall.VALID

    @property
    def next_step(self) -> Said:
        """What to do now: by the first answer that has a step of its own, else by the overall word."""
        codes = (answer.code for answer in (self.whole, self.genuine, self.in_force) if answer.weight is not Weight.GOOD)
        return next((_NEXT_STEP_FOR[code] for code in codes if code in _NEXT_STEP_FOR), _NEXT_STEP[self.overall])


def _good(code: str, text: Said) -> Answer:
    return Answer(code, text, Weight.GOOD)


def _open(code: str, text: Said) -> Answer:
    return Answer(code, text, Weight.OPEN)


def _bad(code: str, text: Said) -> Answer:
    return Answer(code, text, Weight.BAD)


_NEXT_STEP = {
    Overall.VALID: say("Compare holder, number, project and dates with the paper before you. If one differs, it is not this licence."),
    Overall.UNKNOWN: say("Do not rely on it yet. Type the number and the check code on the official site, or call the authority."),
    Overall.INVALID: say("Do not rely on it. Keep a copy and report it to the authority named on the paper."),
}
_OFFICIAL_SITE = say("Open the official site yourself and type the number and the check code there.")
_NOT_ANY_MORE = say("It was genuine, but it no longer permits anything. Ask the holder what is in force today.")
_ONLINE = say("Check once more online before you rely on it: only the register knows whether it is still in force.")
_NEXT_STEP_FOR = {
    "no-match": say("Compare both with the paper once more. If they still do not fit, do not rely on it and report it to the authority."),
    "no-signature": say("If this is a scan of a printed licence, scan its QR code instead or type its number. Do not rely on the file."),
    "no-qr": say("Hold the camera straight over the QR code, closer and in good light, or type the number."),
    "several-qr": say("Photograph one licence at a time."),
    "qr-foreign-host": _OFFICIAL_SITE,
    "qr-not-ours": _OFFICIAL_SITE,
    "qr-malformed": _OFFICIAL_SITE,
    "expired": _NOT_ANY_MORE,
    "suspended": _NOT_ANY_MORE,
    "cancelled": _NOT_ANY_MORE,
    "permission-withdrawn": _NOT_ANY_MORE,
    "revoked-for-deceit": _NOT_ANY_MORE,
    "revoked-as-penalty": _NOT_ANY_MORE,
    "replaced": say("Ask the holder for the licence that replaced it."),
    "ended": _NOT_ANY_MORE,
    "not-yet-valid": say("Check once more on the day on which it begins."),
    "offline": _ONLINE,
    "status-stale": _ONLINE,
    "key-compromised": say("Do not rely on it. Ask the authority named on the paper whether it was issued anew."),
    "key-compromised-before": say(
        "Check it online, or ask the authority named on the paper whether it was issued before the key was lost."
    ),
    "trust-list-stale": say("Fetch the trust list from the official site and check once more."),
    "register-behind": say("Try again later, or call the authority named on the paper."),
}

_WHOLE = (
    _good("ok", say("The content was not altered.")),
    _good("signed-code", say("The content of the QR code was not altered.")),
    _good("register", say("What is shown here comes from the register.")),
    _open("not-checked", say("The content could not be checked.")),
    _open("register-damaged", say("The entry in the register is damaged; an operator has to look at it.")),
    _open("no-qr", say("No QR code was found in the picture.")),
    _open("several-qr", say("The picture shows more than one licence.")),
    _bad("altered", say("The file was altered after it was signed.")),
    _bad("bytes-after-end", say("Something was added after the end of the signed file.")),
    _bad("not-whole-file", say("The signature does not cover the whole file.")),
    _bad("no-signature", say("The file carries no signature.")),
    _bad("several-signatures", say("The file carries more than one signature; a licence has exactly one.")),
    _bad("not-certified", say("The signature does not forbid later changes; that of a licence does.")),
    _bad("unreadable", say("The file cannot be read as a licence.")),
    _bad("qr-not-ours", say("This is not the QR code of a licence.")),
    _bad("qr-foreign-host", say("The QR code leads to a site that is not an official one.")),
    _bad("qr-malformed", say("The QR code is damaged or was not made by this service.")),
    _bad("qr-signature", say("The signature in the QR code does not match what the code says.")),
    _bad("other-record", say("The licence and the register do not say the same.")),
)
_GENUINE = (
    _good("ok", say("It was issued with a key of the authority.")),
    _good("register", say("The number and the check code stand in the register of the authority.")),
    _open("not-checked", say("The issuer could not be checked.")),
    _open("key-compromised-before", say("The key that signed this was lost later; only the register can tell whether this is older.")),
    _open("trust-list-stale", say("The trust list is out of date, so the issuer cannot be confirmed.")),
    _bad("key-compromised", say("The key that signed this was no longer in the hands of the authority alone.")),
    _bad("unknown-signer", say("It was signed by somebody who is not an authority.")),
    _bad("expired-signer", say("The key was not valid when this was signed.")),
    _bad("qr-unknown-key", say("The QR code was signed by a key that the authorities have not published.")),
    _bad("unknown-file", say("The register does not know this file.")),
    _bad("no-match", say("No licence has this number together with this check code.")),
)
_IN_FORCE = (
    _good("in-force", say("It is in force.")),
    _good("in-force-as-of", say("It is in force according to the list of %(as_of)s.")),
    _bad("not-yet-valid", say("It is not valid yet.")),
    _bad("expired", say("Its validity has ended.")),
    _bad("suspended", say("It is suspended since %(since)s.")),
    _bad("revoked-for-deceit", say("It was revoked on %(since)s because it was obtained by deceit.")),
    _bad("revoked-as-penalty", say("It was revoked on %(since)s as a penalty.")),
    _bad("permission-withdrawn", say("The permission was withdrawn on %(since)s.")),
    _bad("cancelled", say("It was cancelled on %(since)s.")),
    _bad("replaced", say("It was replaced on %(since)s by %(successor)s.")),
    _bad("not-in-register", say("The register does not know it.")),
    _bad("ended", say("It no longer permits anything: it was cancelled or withdrawn, or its validity has ended.")),
    _open("status-stale", say("The list of %(as_of)s is too old to tell whether it is in force today.")),
    _open("register-behind", say("The register is behind what was already published; an operator has to restore it.")),
    _open("offline", say("Offline nobody can know whether it is still in force.")),
    _open("not-checked", say("Whether it is in force could not be checked.")),
)

WHOLE: Mapping[str, Answer] = {answer.code: answer for answer in _WHOLE}
GENUINE: Mapping[str, Answer] = {answer.code: answer for answer in _GENUINE}
IN_FORCE: Mapping[str, Answer] = {answer.code: answer for answer in _IN_FORCE}

STATUS_CODES: Mapping[Status, str] = {
    Status.IN_FORCE: "in-force",
    Status.EXPIRED: "expired",
    Status.SUSPENDED: "suspended",
    Status.REVOKED_FOR_DECEIT: "revoked-for-deceit",
    Status.REVOKED_AS_PENALTY: "revoked-as-penalty",
    Status.PERMISSION_WITHDRAWN: "permission-withdrawn",
    Status.CANCELLED: "cancelled",
    Status.REPLACED: "replaced",
}


LISTED_CODES: Mapping[int, str] = {
    values.IN_FORCE: "in-force-as-of",
    values.ENDED: "ended",
    values.SUSPENDED: "suspended",
    values.REVOKED_FOR_DECEIT: "revoked-for-deceit",
    values.REVOKED_AS_PENALTY: "revoked-as-penalty",
    values.REPLACED: "replaced",
    values.NOT_ACTIVE: "not-yet-valid",
}
LISTED: Mapping[str, Said] = {
    "in-force-as-of": IN_FORCE["in-force-as-of"].text,
    "status-stale": IN_FORCE["status-stale"].text,
    "ended": say("It no longer permits anything (list of %(as_of)s)."),
    "suspended": say("It is suspended (list of %(as_of)s)."),
    "revoked-for-deceit": say("It was revoked because it was obtained by deceit (list of %(as_of)s)."),
    "revoked-as-penalty": say("It was revoked as a penalty (list of %(as_of)s)."),
    "replaced": say("It was replaced by a newer one (list of %(as_of)s)."),
    "not-yet-valid": say("It is not valid yet (list of %(as_of)s)."),
}
"""What is said when the answer comes from a status list: it knows no dates and no successor, but for which moment it speaks."""
_PASSING = frozenset({"in-force-as-of", "not-yet-valid", "not-checked"})


def listed_answer(value: int | None, as_of: datetime, *, fresh: bool, covers: bool) -> Answer:
    """The answer for a value of a status list of the moment ``as_of`` (aware); None is an index beyond its end.

    ``covers`` says that the list is not older than the licence. A list that is not ``fresh`` or does not cover proves nothing good, nor
    that something has not begun yet: both change by themselves. What was taken away stays so. A value nobody has defined is not
    “in force” (draft-ietf-oauth-status-list-20, 7).
    """
    code = "not-checked" if value is None else LISTED_CODES.get(value, "ended")
    if code in _PASSING and not (fresh and covers):
        code = "status-stale"
    answer = IN_FORCE[code]
    if code not in LISTED:
        return answer
    return Answer(code, Said(LISTED[code].text, {"as_of": as_of.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")}), answer.weight)


def in_force_answer(status: Status, since: str, successor: str | None) -> Answer:
    """The answer for a status of the register, with its date and the successor's identifier: a new version has the same number."""
    answer = IN_FORCE[STATUS_CODES[status]]
    return Answer(answer.code, Said(answer.text.text, {"since": since, "successor": successor or "—"}), answer.weight)


def refused(error: LeizhengError) -> Verdict:
    """The verdict for input that could not be taken as a licence at all: bad input is a verdict, never an error."""
    if error.code in GENUINE:
        return Verdict(WHOLE["not-checked"], GENUINE[error.code], IN_FORCE["not-checked"], None)
    return Verdict(WHOLE.get(error.code, WHOLE["unreadable"]), GENUINE["not-checked"], IN_FORCE["not-checked"], None)


def as_json(verdict: Verdict, translate: Translate = str) -> dict[str, Any]:
    """The verdict in the shape that page, API and command line share."""

    def spelled(answer: Answer) -> dict[str, str]:
        return {"code": answer.code, "text": answer.text.in_words(translate)}

    return {
        "overall": verdict.overall.value,
        "whole": spelled(verdict.whole),
        "genuine": spelled(verdict.genuine),
        "in_force": spelled(verdict.in_force),
        "as_of": verdict.as_of.isoformat(timespec="seconds") if verdict.as_of else None,
        "paper": asdict(verdict.paper) if verdict.paper else None,
        "successor": verdict.successor,
        "next_step": verdict.next_step.in_words(translate),
    }
