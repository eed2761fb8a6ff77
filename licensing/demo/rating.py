"""The steps of the stories in which an applicant rates the handling 好差评, and a supervisor answers. They leave no event on a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from licensing.demo.stage import Stage
from licensing.demo.stories import Act
from licensing.policy import SYSTEM, Role
from licensing.ratings import actions
from licensing.ratings.tables import Rating
from licensing.storage import reading


def _rate(stage: Stage, act: Act) -> None:
    """The applicant says how it was, in the words of the story."""
    said = stage.cast.wording["rating"][act.story]
    if _made(stage.cases[act.key]) is None:
        actions.rate(stage.applicant(act.project), stage.cases[act.key], said["level"], said["words"])


def _answer_rating(stage: Stage, act: Act) -> None:
    """A supervisor, who took no part, says what was found."""
    said, made = stage.cast.wording["rating"][act.story], _made(stage.cases[act.key])
    if made is not None and made.answered_at is None:
        actions.answer(stage.officer(act, Role.SUPERVISOR), made.id, said["finding"], said["answer"])


def _made(case_id: int) -> Rating | None:
    with reading(SYSTEM) as look:
        return look.session.scalar(select(Rating).where(Rating.case_id == case_id))


VERBS: Mapping[str, Callable[[Stage, Act], None]] = {"rate": _rate, "answer_rating": _answer_rating}
