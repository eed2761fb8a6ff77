"""The calendar in force: the shipped years under those that were imported here."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from licensing.clock.calendar import Calendar
from licensing.clock.notice import load_calendar, missing_text, read_year, shipped_text
from licensing.clock.tables import ImportedYear


class _Kept:
    """The calendar that was read last, after what it was read from."""

    last: tuple[tuple[str, int, str], Calendar] | None = None


def calendar_now(session: Session) -> Calendar:
    """The calendar in force. Asks for the newest import only; the years are read again when that is another one."""
    newest = session.execute(select(ImportedYear.id, ImportedYear.digest).order_by(ImportedYear.id.desc()).limit(1)).one_or_none()
    if newest is None:
        return load_calendar()
    source = (str(session.get_bind().engine.url), newest.id, newest.digest)
    kept = _Kept.last
    if kept is None or kept[0] != source:
        _Kept.last = kept = (source, _read(session))
    return kept[1]


def calendar_where_installed(session: Session) -> Calendar:
    """The calendar in force, also in a database that has no tables yet: there it is the shipped one."""
    known = inspect(session.connection()).has_table(ImportedYear.__tablename__)
    return calendar_now(session) if known else load_calendar()


def newest_id(session: Session) -> int | None:
    """The newest import of any year, by which a change in between is noticed; None before the first."""
    return session.scalar(select(func.max(ImportedYear.id)))


def imports(session: Session) -> list[ImportedYear]:
    """Every import, newest first."""
    return list(session.scalars(select(ImportedYear).order_by(ImportedYear.id.desc())))


def content_before(session: Session, row: ImportedYear) -> str:
    """The file that was in force for the year before ``row`` was imported: an earlier import, the shipped file, or that there was none."""
    earlier = select(ImportedYear.content).where(ImportedYear.year == row.year, ImportedYear.id < row.id)
    return session.scalar(earlier.order_by(ImportedYear.id.desc()).limit(1)) or shipped_text(row.year) or missing_text(row.year)


def calendar_before(session: Session, row: ImportedYear) -> Calendar:
    """The calendar that was in force when ``row`` was imported."""
    return _read(session, before=row.id)


def calendars_since(session: Session, moment: datetime) -> list[Calendar]:
    """The calendar in force at ``moment`` and every one that came after it, the newest first: mostly one."""
    later = select(ImportedYear.id).where(ImportedYear.imported_at > moment).order_by(ImportedYear.id.desc())
    return [calendar_now(session), *(_read(session, before=one) for one in session.scalars(later))]


def _read(session: Session, before: int | None = None) -> Calendar:
    calendar, contents = load_calendar(), select(ImportedYear.content).order_by(ImportedYear.id)
    for content in session.scalars(contents if before is None else contents.where(ImportedYear.id < before)):
        calendar = calendar.with_year(read_year(content))
    return calendar
