"""Does my project need a permit? Questions and outcomes as data, and the way through them. Pure.

Scope and jurisdiction: 《雷电防护装置设计审核和竣工验收规定》 arts. 2, 4, 5; what other departments manage: 国发〔2016〕39号.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict

from licensing.catalogue.parts import STRICT, Clause

OutcomeKind = Literal["needed", "sector", "not_needed"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer. It leads to another question or to an outcome, never to both.

    ``because`` is what this answer adds to the reasons, ``source`` the article behind it, ``authority`` who is then responsible.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    words: Clause
    question: str | None = None
    outcome: str | None = None
    because: Clause | None = None
    source: str | None = None
    authority: Clause | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, on one page."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    words: Clause
    choices: tuple[Choice, ...]
    hint: Clause | None = None

    def choice(self, code: str) -> Choice | None:
        """The answer with this code, or None."""
        return next((choice for choice in self.choices if choice.code == code), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where the questions end. ``matter`` is what to apply for; ``authority`` is there where no answer names one."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    code: str
    kind: OutcomeKind
    title: Clause
    reason: Clause
    sources: tuple[str, ...]
    next_step: Clause
    matter: str | None = None
    authority: Clause | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """All questions, in the order of the file, and all outcomes; ``first`` is where everybody begins."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT

    first: str
    questions: tuple[Asked, ...]
    outcomes: tuple[Outcome, ...]

    def question(self, code: str) -> Asked | None:
        """The question with this code, or None."""
        return next((question for question in self.questions if question.code == code), None)

    def outcome(self, code: str) -> Outcome | None:
        """The outcome with this code, or None."""
        return next((outcome for outcome in self.outcomes if outcome.code == code), None)


@dataclass(frozen=True, slots=True)
class Way:
    """How far some answers lead: the questions answered in order, and either the ``open`` question or the ``outcome``."""

    answered: tuple[tuple[Asked, Choice], ...]
    open: Asked | None
    outcome: Outcome | None

    @property
    def answers(self) -> dict[str, str]:
        """The answers on this way, by question; what was answered elsewhere is left out."""
        return {question.code: choice.code for question, choice in self.answered}

    @property
    def reasons(self) -> tuple[Clause, ...]:
        """Why it ends as it does: what the answers add, then what the outcome says."""
        told = tuple(choice.because for _, choice in self.answered if choice.because)
        return (*told, self.outcome.reason) if self.outcome else told

    @property
    def sources(self) -> tuple[str, ...]:
        """The rules and articles behind it, each once."""
        of_answers = (choice.source for _, choice in self.answered if choice.source)
        return tuple(dict.fromkeys((*of_answers, *(self.outcome.sources if self.outcome else ()))))

    @property
    def authority(self) -> Clause | None:
        """Who is responsible: the last answer that says so, else the outcome; None while a question is open."""
        if self.outcome is None:
            return None
        return next((choice.authority for _, choice in reversed(self.answered) if choice.authority), self.outcome.authority)


def follow(need: Need, answers: Mapping[str, str], *, until: str | None = None) -> Way:
    """The way that ``answers`` lead from the first question: to the first question without a usable answer, or to an outcome.

    With ``until`` the way stops at that question even when it is answered, so that the answer can be changed.
    """
    answered: list[tuple[Asked, Choice]] = []
    question = need.question(need.first)
    while question is not None:
        choice = None if question.code == until else question.choice(answers.get(question.code, ""))
        if choice is None:
            return Way(tuple(answered), question, None)
        answered.append((question, choice))
        if choice.outcome is not None:
            return Way(tuple(answered), None, need.outcome(choice.outcome))
        question = need.question(choice.question or "")
    return Way(tuple(answered), None, None)


def faults(need: Need, matters: frozenset[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with the questions, as key and reason: every way must end in one outcome, nothing may be out of reach or repeated."""
    yield from _doubles(need)
    yield from _leads(need)
    for outcome in need.outcomes:
        if (outcome.kind == "needed") != (outcome.matter is not None):
            yield f"outcome.{outcome.code}", "what is needed, and nothing else, names a matter"
        if outcome.matter is not None and outcome.matter not in matters:
            yield f"outcome.{outcome.code}", f"there is no matter {outcome.matter}"
    reached = _within_reach(need)
    yield from ((f"question.{lost.code}", "no answer leads here") for lost in need.questions if lost.code not in reached)
    ends = {choice.outcome for question in need.questions if question.code in reached for choice in question.choices}
    yield from ((f"outcome.{lost.code}", "no answer leads here") for lost in need.outcomes if lost.code not in ends)
    yield from ((f"question.{code}", "its answers lead back to it") for code in sorted(_on_a_loop(need)))


def _doubles(need: Need) -> Iterator[tuple[str, str]]:
    listed = [f"question.{question.code}" for question in need.questions]
    listed += [f"question.{question.code}.{choice.code}" for question in need.questions for choice in question.choices]
    listed += [f"outcome.{outcome.code}" for outcome in need.outcomes]
    yield from ((key, "it is there twice") for key in sorted({key for key in listed if listed.count(key) > 1}))


def _leads(need: Need) -> Iterator[tuple[str, str]]:
    if need.question(need.first) is None:
        yield "first", f"there is no question {need.first}"
    for question in need.questions:
        if not question.choices:
            yield f"question.{question.code}", "a question needs answers"
        for choice in question.choices:
            key = f"question.{question.code}.{choice.code}"
            if (choice.question is None) == (choice.outcome is None):
                yield key, "an answer leads to a question or to an outcome"
            if choice.question is not None and need.question(choice.question) is None:
                yield key, f"there is no question {choice.question}"
            if choice.outcome is not None and need.outcome(choice.outcome) is None:
                yield key, f"there is no outcome {choice.outcome}"


def _next(need: Need, code: str) -> set[str]:
    question = need.question(code)
    return {choice.question for choice in question.choices if choice.question} if question else set()


def _reachable(need: Need, codes: set[str]) -> set[str]:
    found: set[str] = set()
    ahead = set(codes)
    while ahead:
        found |= ahead
        ahead = {following for code in ahead for following in _next(need, code)} - found
    return found


def _within_reach(need: Need) -> set[str]:
    return _reachable(need, {need.first})


def _on_a_loop(need: Need) -> set[str]:
    return {question.code for question in need.questions if question.code in _reachable(need, _next(need, question.code))}
