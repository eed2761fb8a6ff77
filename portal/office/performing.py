"""How an act that needs words is asked for, shown and done, whatever it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from licensing.errors import Conflict, Forbidden, Invalid, LeizhengError, NotFound
from licensing.policy import Actor
from licensing.words import Said
from portal.components import errors_by_field
from portal.security import current_actor
from portal.typed import Filled, Form, Values

Step = TypeVar("Step")
Page = TypeVar("Page")


@dataclass(frozen=True, slots=True)
class Act(Generic[Step, Page]):
    """One act with a page of its own, the last part of whose address is ``slug``.

    ``action`` is what the machine calls it. ``kind`` is that of the button: "" main, "quiet" beside it, "danger". ``start`` gives the
    values of an untouched form, or raises ``Conflict`` when there is nothing to fill in yet; ``read`` gives those that were sent, and
    ``perform`` does it. ``sheet`` names the template that several acts share. What is ``gone`` afterwards is not the actor's to see any
    more.
    """

    slug: str
    action: Step
    title: str
    button: str
    done: str
    start: Callable[[Page], Values]
    read: Callable[[Form, Page], Filled]
    perform: Callable[[Actor, Page, Values], object]
    kind: str = "quiet"
    sheet: str = ""
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Desk(Generic[Step, Page]):
    """What acts of one family have in common.

    ``require`` raises what the act itself would raise, so that a form is not filled in for nothing; ``sheet`` is the page of an act;
    ``moved_on`` shows the thing as it is now, with the sentence that says why nothing was done; ``home`` is the address of its page, and
    ``away`` where the actor goes when it is gone.
    """

    require: Callable[[Page, Act[Step, Page]], None]
    sheet: Callable[[Act[Step, Page], Page, Filled, int, Said | None], ResponseReturnValue]
    moved_on: Callable[[Page, LeizhengError], ResponseReturnValue]
    home: Callable[[Page], str]
    away: Callable[[], str]

    def show(self, act: Act[Step, Page], page: Page) -> ResponseReturnValue:
        """The page of an act, with its form untouched."""
        try:
            self.require(page, act)
            return self.sheet(act, page, Filled(act.start(page)), 200, None)
        except Conflict as error:
            return self.moved_on(page, error)

    def send(self, act: Act[Step, Page], page: Page) -> ResponseReturnValue:
        """Do the act with what was sent; what was typed is kept when something is wrong with it."""
        try:
            self.require(page, act)
            given = act.read(request.form, page)
            if given.errors or request.form.get("do") == "preview":
                return self.sheet(act, page, given, 422 if given.errors else 200, None)
            act.perform(current_actor(), page, given.values)
        except Invalid as error:
            complaints = errors_by_field(error) or {"act": error.sentence}
            return self.sheet(act, page, Filled(given.values, complaints), 422, error.next_step)
        except (Forbidden, NotFound):
            raise
        except LeizhengError as error:
            return self.moved_on(page, error)
        flash(gettext(act.done))
        return redirect(self.away() if act.gone else self.home(page), 303)
