"""One family of errors: a stable code, one sentence for the person, a next step.

The portal maps each class to an HTTP status, the command line to an exit code. Codes are public and never change their meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from licensing.words import Said


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one answer: ``path`` such as ``buildings.2.height_m``, a stable code, a sentence."""

    path: str
    code: str
    sentence: Said


class LeizhengError(Exception):
    """The base of all errors that a person may see."""

    code = "error"
    http_status = 400

    def __init__(self, sentence: Said, *, next_step: Said | None = None, code: str | None = None) -> None:
        super().__init__(sentence.in_words())
        self.sentence = sentence
        self.next_step = next_step
        self.code = code or type(self).code


class Invalid(LeizhengError):
    """The input breaks a rule; ``fields`` says which answers and why."""

    code = "invalid"
    http_status = 422

    def __init__(
        self, sentence: Said, fields: Sequence[FieldError] = (), *, next_step: Said | None = None, code: str | None = None
    ) -> None:
        super().__init__(sentence, next_step=next_step, code=code)
        self.fields = tuple(fields)


class NotFound(LeizhengError):
    """There is no such thing, or it is not yours to see: the two look the same."""

    code = "not-found"
    http_status = 404


class Forbidden(LeizhengError):
    """The actor may not do this."""

    code = "forbidden"
    http_status = 403


class ReauthenticationNeeded(Forbidden):
    """The act is weighty and the second factor is not fresh (ASVS 7.5.3)."""

    code = "reauthentication-needed"


class SignInEnded(LeizhengError):
    """Nobody is signed in any more, so nothing was done."""

    code = "sign-in-ended"
    http_status = 401


class Conflict(LeizhengError):
    """Somebody else was faster, or the thing is no longer in the state the act needs."""

    code = "conflict"
    http_status = 409


class Unavailable(LeizhengError):
    """A part that is needed does not answer; trying again later may help."""

    code = "unavailable"
    http_status = 503


class Misconfigured(LeizhengError):
    """The installation is not right; an operator has to act."""

    code = "misconfigured"
    http_status = 500
