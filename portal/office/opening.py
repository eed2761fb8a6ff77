"""How officers open a case, whichever page of it they ask for."""

from __future__ import annotations

from licensing.cases import queries
from licensing.cases.journal import not_found, subject_of
from licensing.cases.queries import CasePage
from licensing.errors import Forbidden
from licensing.policy import Action
from licensing.words import say
from portal.security import current_actor, refuse_early


def open_case(case_id: int) -> CasePage:
    """The case, if it lies at an authority where the reader holds a post, or below one where the reader is a supervisor.

    A seat in a company opens nothing here. Raises ``NotFound``, and ``Forbidden`` to those who belong to the company that applies.
    """
    actor = current_actor()
    page = queries.case_page(actor, case_id)
    if page.case.authority_id not in actor.readable_ids:
        raise not_found()
    if page.case.company_id in actor.company_ids:
        raise Forbidden(
            say("You belong to the company that applies, so you may not handle this case."),
            next_step=say("Ask a colleague with the right post to do it."),
        )
    return page


def open_case_to(action: Action, case_id: int) -> CasePage:
    """The case as :func:`open_case` opens it, for who may do ``action`` to it: others are refused before what they sent is read."""
    page = open_case(case_id)
    refuse_early(action, subject_of(page.case, page.view.handlers, page.view.panel))
    return page
