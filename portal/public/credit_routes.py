"""What the credit record publishes."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from licensing.credit.queries import public_entries
from portal.credit import words
from portal.security import Access, access
from portal.typed import number_of, printable

blueprint = Blueprint("public_credit", __name__)
PAGE_SIZE = 30


@blueprint.get("/credit")
@access(Access.PUBLIC)
def credit() -> ResponseReturnValue:
    """Published entries that have not ended, newest first. No natural person is named."""
    search, after = printable(request.args.get("search", ""))[:100], request.args.get("after", "")
    found = public_entries(search, after=number_of(after), size=PAGE_SIZE)
    return render_template(
        "portal/public/credit.html",
        search=search,
        rows=found.rows,
        next_url=url_for("public_credit.credit", search=search or None, after=found.next_key) if found.next_key else None,
        first_url=url_for("public_credit.credit", search=search or None) if after else None,
        **words(),
    )
