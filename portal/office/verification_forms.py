"""The report of a verification as it is typed: on a phone, in one form, with photographs that come one by one."""

from __future__ import annotations

import re
from typing import Any

from licensing.cases.fieldwork import TaskPage
from licensing.cases.machine import State
from licensing.commitments.consequences import CONSEQUENCES
from licensing.commitments.findings import FACTS, FINDING, REMARKS, RESULT, SECOND, VISITED_ON, Seen
from licensing.commitments.rules import Result
from licensing.licences.operations import Operation
from licensing.words import Said, say
from portal.typed import Errors, Filled, Form, complaint_about, day_of, typed_text

WORDS_LIMIT = 1000
REMARK_LIMIT = 300
CAPTION_LIMIT = 200
RECTIFY = "rectify"
"""Instead of a consequence: nothing follows yet, so that another person may order to rectify."""
REMOVE = re.compile(r"remove\.([1-9]\d{0,8})", re.ASCII)


def read_report(form: Form, page: TaskPage) -> Filled:
    """Everything that was typed, with the complaints about it; whether it is enough for a result is for ``findings`` to say."""
    codes = [fact.code for fact, _ in page.facts]
    seen = {code: form.get(f"fact.{code}", "") for code in codes}
    values: dict[str, Any] = {
        RESULT: form.get(RESULT, "") if form.get(RESULT) in set(Result) else "",
        FINDING: typed_text(form, FINDING),
        FACTS: {code: value for code, value in seen.items() if value in set(Seen)},
        REMARKS: {code: words for code in codes if (words := typed_text(form, f"remark.{code}"))},
        VISITED_ON: _day(form),
        SECOND: form.get(SECOND, "") if form.get(SECOND, "") in {str(person) for person in page.colleagues} else "",
        "consequence": form.get("consequence", "") if form.get("consequence") in {RECTIFY, *CONSEQUENCES} else "",
        "captions": {str(file.id): typed_text(form, f"caption.{file.id}") for file in page.files if f"caption.{file.id}" in form},
    }
    return Filled(values, _complaints(values))


def captions(filled: Filled) -> dict[int, str]:
    """The captions that can be kept."""
    return {int(file): words for file, words in filled.values["captions"].items() if f"caption.{file}" not in filled.errors}


def report_of(filled: Filled) -> dict[str, Any]:
    """What was typed as the report of the verification."""
    return {name: filled.values[name] for name in (FINDING, FACTS, REMARKS, VISITED_ON, SECOND)}


def consequence_of(filled: Filled) -> Operation | None:
    """What the notice announces if the promise is untrue; nothing while another person may order to rectify first."""
    chosen = filled.values["consequence"]
    return None if chosen in ("", RECTIFY) else Operation(chosen)


def missing_in(filled: Filled, page: TaskPage) -> Errors:
    """What a result still needs. Where a permit was given, somebody has to say what is to become of it: no default puts it at stake."""
    values = filled.values
    if not values[RESULT]:
        finding = {} if values[FINDING] else {FINDING: say("Say what was found.")}
        return {RESULT: say("Choose what was found."), **finding}
    undecided = values[RESULT] == Result.UNTRUE and page.state is State.GRANTED and not values["consequence"]
    return {"consequence": say("Choose what the notice announces.")} if undecided else {}


def _complaints(values: dict[str, Any]) -> Errors:
    texts = [
        (FINDING, values[FINDING], WORDS_LIMIT),
        *((f"remark.{code}", words, REMARK_LIMIT) for code, words in values[REMARKS].items()),
        *((f"caption.{file}", words, CAPTION_LIMIT) for file, words in values["captions"].items()),
    ]
    found = {name: _complaint(words, limit) for name, words, limit in texts}
    return {name: complaint for name, complaint in found.items() if complaint is not None}


def _complaint(words: str, limit: int) -> Said | None:
    """What is wrong with a text that may be empty here: the rules say where one is needed."""
    return complaint_about(words, say("Say what was found."), limit) if words else None


def _day(form: Form) -> str:
    typed = form.get(VISITED_ON, "").strip()
    return typed if day_of(typed) else ""
