"""Writes the pages of ``docs/reference`` from the code, so that they cannot differ from it.

``.venv/bin/python docs/generate.py`` writes them; a test compares what is committed with what this would write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from licensing.cases.machine import (
    EVENT_NAMES,
    STATE_NAMES,
    TRANSITIONS,
    TURN_NAMES,
    TURNS,
    Clock,
    State,
    Transition,
    Turn,
    state_name,
    turn_in,
)
from licensing.cases.objectable import ANSWER_DAYS, OBJECTABLE, Objectable
from licensing.catalogue import load_catalogue
from licensing.catalogue.model import Step
from licensing.clock import LIMITS, Limit
from licensing.commitments import machine as promise_machine
from licensing.credit import machine as credit_machine
from licensing.licences.operations import NATIONAL_STATUS, OPERATION_NAMES, OPERATIONS, Rule
from licensing.licences.status import STATUS_NAMES, Status
from licensing.licences.verdict import GENUINE, IN_FORCE, LISTED_CODES, WHOLE, Answer, Overall, Verdict, Weight, listed_answer
from licensing.policy import POLICY, Action, Grant
from licensing.proceedings import machine as proceeding_machine

REFERENCE = Path(__file__).resolve().parent / "reference"
NOTE = "<!-- Written by docs/generate.py from the code. Change the code and run it again. -->"

CLOCK_WORDS: Mapping[Clock, str] = {
    Clock.UNTOUCHED: "—",
    Clock.START_INTAKE: "intake limit starts",
    Clock.PAUSE_INTAKE: "intake limit stands",
    Clock.START_DECISION: "decision limit starts",
    Clock.STOP: "stops",
    Clock.RESUME: "runs again",
    Clock.EXTEND: "limit extended",
    Clock.END: "ends",
}


def pages() -> dict[str, str]:
    """Every generated page: file name and text."""
    return {name: write() for name, write in _PAGES.items()}


def write_pages(folder: Path = REFERENCE) -> list[Path]:
    """Write every page into ``folder``; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in pages().items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def case_machine() -> str:
    """States, steps and picture of the case machine."""
    return _page(
        "The case machine",
        "One table drives the code, the buttons, the permission checks and this page: `licensing/cases/machine.py`. What is not in the"
        " table cannot happen.",
        "## Picture",
        _diagram(),
        "## States",
        _table(("State", "Name", "Whose turn"), (_state_row(state) for state in State)),
        "## Steps",
        "*Who* comes from `licensing/policy.py`. ✻ needs a second factor that was shown a short while ago. *Back to* are the states to"
        " which a step leads back, with the clock standing there as before, when a notice or a proposal interrupted handling in them."
        " *Where*: only in matters whose procedure has (or lacks) that step; the catalogue names the steps of each matter.",
        _table(
            ("From", "What happens", "To", "Where", "Back to", "Who", "Reason", "Clock", "Letter"), (_step_row(row) for row in TRANSITIONS)
        ),
        "## Objections",
        "To these acts the applicant may object 异议, once each (`licensing/cases/objectable.py`). It is answered within"
        f" {ANSWER_DAYS} working days with letter D15, by: {_who(POLICY[Action.CASE_ANSWER_OBJECTION])}. The *doer* is who did the act."
        " An objection is no step: it changes no state and stops no clock.",
        _table(("Act", "Letter", "Until", "When it is upheld"), (_objection_row(act) for act in OBJECTABLE.values())),
    )


def verdict_codes() -> str:
    """The codes of the four answers, and how they make one word."""
    return _page(
        "Verdict codes",
        "A check gives three answers with a fixed code each, and a fourth that only your eyes can give: is it *this* paper? The table is"
        " `licensing/licences/verdict.py`; page, API and command line all use it. Codes are public and never change their meaning.",
        "The weight of an answer decides the whole: one **bad** answer makes it *invalid*; without a bad one, one **open** answer makes it"
        " *unknown*; three **good** ones make it *valid*. What to do is told by the first answer that is not good and has a step of its"
        " own; a valid licence is compared line by line with the paper.",
        "## Whole: was the content altered?",
        _answers(WHOLE, lambda answer: Verdict(answer, GENUINE["ok"], IN_FORCE["in-force"], None)),
        "## Genuine: who issued it?",
        _answers(GENUINE, lambda answer: Verdict(WHOLE["ok"], answer, IN_FORCE["in-force"], None)),
        "## In force: does it count today?",
        _answers(IN_FORCE, lambda answer: Verdict(WHOLE["ok"], GENUINE["ok"], answer, None)),
        "## From a status list",
        "Offline the answer comes from a signed status list (`leizheng verify --offline --status FILE`, the offline checker): it knows no"
        " dates and no successor, but for which moment it speaks. The licence's own dates come first. A list counts until it expires, 24"
        " hours after it was signed; after that it proves nothing good, nor that something has not begun yet, and what was taken away stays"
        " taken away. A list older than the licence says nothing of it. The list's values stand in `licensing/licences/status_values.py`.",
        _table(("Value", "Code", "What is said", "From a list that is too old"), (_listed_row(value) for value in LISTED_CODES)),
        "## Overall",
        _table(("Word", "中文", "Exit code of `leizheng verify`"), _OVERALL),
    )


def limits() -> str:
    """The statutory limits T1–T19."""
    return _page(
        "Legal limits",
        "What the law gives, as the clock counts it (`licensing/clock/limits.py`). The day of the event itself is not counted."
        " `leizheng explain-deadline --from DATE --limit T3` tells every day on the way to the date.",
        _table(("Limit", "For what", "How long", "Counted from", "Source", "Remarks"), (_limit_row(limit) for limit in LIMITS.values())),
    )


def licence_operations() -> str:
    """What can be done to a licence, and how a proceeding about it goes."""
    return _page(
        "Operations on licences",
        "What can happen to a licence after its issue stands in one table, `licensing/licences/operations.py`; how it is decided,"
        " in another, `licensing/proceedings/machine.py`. Code, buttons, letters, tests and this page are made from them.",
        "## Operations",
        "*Heard*: working days that the holder has at least to answer a notice, unless the holder asked for it; ⚖ means that a hearing may"
        " be demanded. *New version*: the licence becomes *replaced* in the same transaction in which its successor comes in force.",
        _table(
            (
                "Code",
                "Operation",
                "From",
                "To",
                "Proposed by",
                "Decided by",
                "Heard",
                "Holder may ask",
                "New version",
                "Letter",
                "Legal basis",
            ),
            (_operation_row(rule) for rule in OPERATIONS.values()),
        ),
        "## Statuses",
        _table(("Status", "Name", "National code", "Description"), (_status_row(status) for status in Status)),
        "## Steps of a proceeding",
        "*Begun by*: the holder by a request, or the authority on its own motion.",
        _table(
            ("From", "What happens", "To", "Begun by", "Who", "Reason", "When"),
            (_proceeding_row(row) for row in proceeding_machine.TRANSITIONS),
        ),
    )


def promises() -> str:
    """What can happen to a promise and to an entry in the credit record."""
    return _page(
        "Promises and credit",
        "What can happen to a promise stands in `licensing/commitments/machine.py`, what can happen to an entry in the credit record in"
        " `licensing/credit/machine.py`. Who may do it is asked of `licensing/policy.py`; what it does to the case is told by"
        " [the case machine](case-machine.md).",
        "## States of a promise",
        _table(("State", "Name"), ((f"`{state}`", promise_machine.STATE_NAMES[state]) for state in promise_machine.State)),
        "## Steps of a promise",
        _table(("From", "What happens", "To", "Letter"), (_promise_row(row) for row in promise_machine.TRANSITIONS)),
        "## States of a credit entry",
        _table(
            ("State", "Name", "Whose turn"),
            ((f"`{state}`", credit_machine.STATE_NAMES[state], str(credit_machine.TURNS[state])) for state in credit_machine.State),
        ),
        "## Steps of a credit entry",
        "Every step needs a reason. ✻ needs a second factor that was shown a short while ago.",
        _table(("From", "What happens", "To", "Who"), (_credit_row(row) for row in credit_machine.TRANSITIONS)),
    )


_PAGES: Mapping[str, Callable[[], str]] = {
    "case-machine.md": case_machine,
    "licence-operations.md": licence_operations,
    "limits.md": limits,
    "promises.md": promises,
    "verdict-codes.md": verdict_codes,
}
_PLACES = {"since": "⟨date⟩", "successor": "⟨identifier⟩", "as_of": "⟨moment⟩"}
_OVERALL = (
    (f"`{Overall.VALID}`", "真实有效", "0"),
    (f"`{Overall.INVALID}`", "无效", "1"),
    (f"`{Overall.UNKNOWN}`", "无法确认", "2"),
)


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", NOTE, *parts)) + "\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _diagram() -> str:
    lines = ["stateDiagram-v2", f"    [*] --> {State.DRAFT}"]
    lines += [f"    {source} --> {row.target}: {row.event}{_only(row)}" for row in TRANSITIONS for source in _in_order(row.sources)]
    lines += [
        f"    {source} --> {back}: {row.event}"
        for row in TRANSITIONS
        for source in _in_order(row.sources)
        for back in _in_order(row.back_to)
    ]
    lines += [f"    {state} --> [*]" for state in State if TURNS[state] is Turn.NOBODY]
    return "\n".join(("```mermaid", *lines, "```"))


def _in_order(sources: Iterable[State]) -> list[State]:
    wanted = set(sources)
    return [state for state in State if state in wanted]


def _state_row(state: State) -> tuple[str, str, str]:
    names, turns = ((STATE_NAMES[state], state_name(state, [Step.EXPERT_REVIEW])), (TURNS[state], turn_in(state, [Step.EXPERT_REVIEW])))
    return f"`{state}`", " / ".join(dict.fromkeys(names)), " / ".join(TURN_NAMES[turn] for turn in dict.fromkeys(turns))


def _step_row(row: Transition) -> tuple[str, ...]:
    sources, back = (", ".join(f"`{state}`" for state in _in_order(states)) for states in (row.sources, row.back_to))
    what = f"`{row.event}` {EVENT_NAMES[row.event]}"
    needed = "needed" if row.reason_needed else "—"
    people, clock = _who(POLICY[row.action]), CLOCK_WORDS[row.clock]
    return sources, what, f"`{row.target}`", _where(row), back or "—", people, needed, clock, _letter(row.letter)


def _only(row: Transition) -> str:
    return f" ({_where(row).replace('`', '')})" if row.step or row.without else ""


def _where(row: Transition) -> str:
    with_step = f"with `{row.step}`" if row.step else ""
    return with_step or (f"without `{row.without}`" if row.without else "—")


def _objection_row(act: Objectable) -> tuple[str, ...]:
    days = load_catalogue().letter(act.letter).remedy_days
    until = f"{days} calendar days after its letter was opened" if days else act.term
    follows = "a new application with the answers of the case" if act.renews else "the ordinary acts go on"
    return f"`{act.event}` {EVENT_NAMES[act.event]}", _letter(act.letter), until, follows


def _operation_row(rule: Rule) -> tuple[str, ...]:
    heard = "—" if rule.notice is None else f"{rule.notice.days}{' ⚖' if rule.notice.oral else ''}"
    asked = "only then" if rule.on_request_only else "yes" if rule.holder_may_ask else "—"
    basis = "; ".join((*rule.basis, *rule.project_basis, *rule.qualification_basis))
    sources = ", ".join(f"`{status}`" for status in Status if status in rule.sources)
    people = tuple(_who(POLICY[action]) if action else "—" for action in (rule.propose, rule.decide))
    name = f"`{rule.operation}` {OPERATION_NAMES[rule.operation]} {rule.chinese}"
    return (
        rule.code,
        name,
        sources,
        f"`{rule.target}`",
        *people,
        heard,
        asked,
        "yes" if rule.new_version else "—",
        _letter(rule.letter),
        basis,
    )


def _status_row(status: Status) -> tuple[str, str, str, str]:
    return f"`{status}`", STATUS_NAMES[status], *NATIONAL_STATUS[status]


def _proceeding_row(row: proceeding_machine.Transition) -> tuple[str, ...]:
    sources = ", ".join(f"`{state}`" for state in proceeding_machine.State if state in row.sources) or "(begin)"
    what = f"`{row.event}` {proceeding_machine.EVENT_NAMES[row.event]}"
    begun = {True: "holder", False: "authority", None: "either"}[row.asked]
    when = "after the time to answer" if row.after_term else "within the time to answer" if row.within_term else "—"
    return sources, what, f"`{row.target}`", begun, _who(POLICY[row.action]), "needed" if row.reason_needed else "—", when


def _promise_row(row: promise_machine.Transition) -> tuple[str, ...]:
    sources = ", ".join(f"`{state}`" for state in promise_machine.State if state in row.sources) or "(sign)"
    return sources, f"`{row.event}` {promise_machine.EVENT_NAMES[row.event]}", f"`{row.target}`", _letter(row.letter)


def _credit_row(row: credit_machine.Transition) -> tuple[str, ...]:
    source = f"`{row.source}`" if row.source else "(enter)"
    return source, f"`{row.event}` {credit_machine.EVENT_NAMES[row.event]}", f"`{row.target}`", _who(POLICY[row.action])


def _who(grant: Grant) -> str:
    roles = ", ".join(sorted(role.replace("_", " ") for role in grant.roles))
    mark = " ✻" if grant.second_factor else ""
    barred = f"; not the {' or '.join(sorted(grant.not_by_handlers))}" if grant.not_by_handlers else ""
    barred += "; only who took no part" if grant.apart else ""
    return f"{roles}{mark}{barred}"


def _letter(code: str | None) -> str:
    if code is None:
        return "—"
    kind = load_catalogue().letter(code)
    return f"{kind.code} {kind.english_name} {kind.name}"


def _answers(answers: Mapping[str, Answer], verdict_with: Callable[[Answer], Verdict]) -> str:
    rows = (_answer_row(answer, verdict_with(answer)) for answer in answers.values())
    return _table(("Code", "Weight", "What is said", "What to do"), rows)


def _answer_row(answer: Answer, verdict: Verdict) -> tuple[str, ...]:
    said = answer.text.text % _PLACES
    if answer.weight is Weight.GOOD:
        return f"`{answer.code}`", "good", said, "—"
    return f"`{answer.code}`", f"**{answer.weight}**", said, str(verdict.next_step)


def _listed_row(value: int) -> tuple[str, ...]:
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    fresh, stale = (listed_answer(value, moment, fresh=counts, covers=True) for counts in (True, False))
    return f"0x{value:X}", f"`{fresh.code}`", fresh.text.text % _PLACES, "the same" if stale == fresh else f"`{stale.code}`"


def _limit_row(limit: Limit) -> tuple[str, ...]:
    length = str(limit.length) if limit.amount is not None else "—"
    return limit.id, str(limit.name), length, _from(limit), limit.source, " ".join(_remarks(limit))


def _from(limit: Limit) -> str:
    return f"back from {limit.starts}" if limit.backwards else str(limit.starts)


def _remarks(limit: Limit) -> Iterable[str]:
    if limit.note is not None:
        yield str(limit.note)
    if limit.extendable:
        yield "May be extended once (T6)."
    if limit.shifts:
        yield "A last day off moves to the next working day."


if __name__ == "__main__":
    write_pages()
