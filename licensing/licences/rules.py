"""Pure rules of validity."""

from __future__ import annotations

from datetime import date


def valid_until(issued_on: date, years: int | None) -> date | None:
    """The last day of validity: the day before the anniversary; None when the type has no end date (domain T18)."""
    if years is None:
        return None
    try:
        anniversary = issued_on.replace(year=issued_on.year + years)
    except ValueError:
        return date(issued_on.year + years, 2, 28)
    return date.fromordinal(anniversary.toordinal() - 1)
