"""The form with which handling ends because something is gone: what, and what shows it."""

from __future__ import annotations

from licensing.cases import closing
from licensing.cases.queries import CasePage
from licensing.policy import Actor
from licensing.words import say
from portal.office import forms
from portal.typed import Filled, Form, Values

CHOICES = [(str(cause), say(name), None) for cause, name in closing.CAUSE_NAMES.items()]


def start(_page: CasePage) -> Values:
    return {"causes": CHOICES}


def read(form: Form, page: CasePage) -> Filled:
    cause, given = form.get("cause", ""), forms.read_reason(form, page)
    known = cause in set(closing.Cause)
    values = {**given.values, "causes": CHOICES, "cause": cause, "items": closing.letter_items(cause, given.values["reason"])}
    return Filled(values, {**given.errors, **({} if known else {"cause": say("Choose what is gone.")})})


def perform(actor: Actor, page: CasePage, values: Values) -> None:
    closing.close(actor, page.case.id, values["cause"], values["reason"], late=values["late"])
