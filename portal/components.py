"""What templates need besides macros: words, dates, numbers, names and links that exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from babel.dates import format_date, format_datetime
from flask import Flask, current_app, url_for
from flask_babel import gettext
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError, RequestRedirect

from licensing.cases.experts import is_expert
from licensing.clock import CHINA
from licensing.errors import Invalid
from licensing.notices.queries import unread
from licensing.policy import Actor, Role
from licensing.words import Said
from portal.database import db
from portal.language import LANGUAGES, language
from portal.security import Access, current_actor, current_sign_in

DATE = {"zh": "y 年 M 月 d 日", "en": "d MMM y"}
DATE_AND_WEEKDAY = {"zh": "M 月 d 日 EEE", "en": "EEE d MMM"}
MOMENT = {"zh": "y 年 M 月 d 日 HH:mm", "en": "d MMM y, HH:mm"}
DATE_INPUT = "%Y-%m-%d"
NARROW_SPACE = "\u202f"


@dataclass(frozen=True, slots=True)
class NavLink:
    """One link in the masthead, shown to those who may open it, or of them only to those who hold a post of ``role``, or to experts.

    An area lists its own as ``NAVIGATION`` in its routes module.
    """

    endpoint: str
    text: str
    who: Access
    role: Role | None = None
    of_experts: bool = False


def furnish(app: Flask, links: Iterable[NavLink]) -> None:
    """Put filters and globals into the templates."""
    app.extensions["leizheng-navigation"] = tuple(links)
    app.jinja_env.filters.update(
        say=say_filter, date_text=date_text, day_text=day_text, moment_text=moment_text, grouped=grouped, label=label, reading=reading
    )
    app.jinja_env.filters["as_date"] = date.fromisoformat
    app.jinja_env.globals.update(
        actor=current_actor,
        signed_in=current_sign_in,
        label=label,
        url_if=url_if,
        path_exists=path_exists,
        navigation=navigation,
        is_demo=lambda: bool(current_app.config["LEIZHENG"].demo),
        static_version=static_version,
        unread_messages=unread_messages,
    )


def say_filter(sentence: Said | str | None) -> str:
    """A sentence in the language of the page; a plain string is translated when the catalogue knows it."""
    if sentence is None or sentence == "":
        return ""
    return sentence.in_words(gettext) if isinstance(sentence, Said) else gettext(sentence)


def date_text(day: date | datetime | None) -> str:
    """``2026 年 11 月 23 日`` or ``23 Nov 2026``; a moment is read in China time."""
    return "" if day is None else format_date(_china_day(day), DATE[language()], locale=LANGUAGES[language()])


def day_text(day: date | datetime | None) -> str:
    """``11 月 23 日 周一`` or ``Mon 23 Nov``, for lists in which the year is plain."""
    return "" if day is None else format_date(_china_day(day), DATE_AND_WEEKDAY[language()], locale=LANGUAGES[language()])


def moment_text(moment: datetime | None) -> str:
    """Day and time of day in China time."""
    return "" if moment is None else format_datetime(_aware(moment).astimezone(CHINA), MOMENT[language()], locale=LANGUAGES[language()])


def grouped(number: float | None) -> str:
    """Digits in groups of three, parted by a narrow space (GB/T 15835, 5.2)."""
    return "" if number is None else f"{number:,}".replace(",", NARROW_SPACE)


def label(thing: Any) -> str:
    """The name of a catalogue object, an authority or the like: Chinese on a Chinese page, English on an English one."""
    english = getattr(thing, "english_name", "")
    return str(english) if language() == "en" and english else str(thing.name)


def reading(clause: Any) -> str:
    """The text of a catalogue clause or step: Chinese on a Chinese page, the reading aid on an English one."""
    english = getattr(clause, "english", "")
    return str(english) if language() == "en" and english else str(clause.text)


def url_if(endpoint: str, **values: Any) -> str | None:
    """The address of a page, or None when this installation has no such page."""
    try:
        return url_for(endpoint, **values)
    except BuildError:
        return None


def path_exists(path: str) -> bool:
    """Whether some page answers to GET on ``path``."""
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def unread_messages() -> int:
    """How many messages the reader of the page has not read."""
    return unread(db.session, current_actor())


def navigation() -> list[NavLink]:
    """The masthead's links for who asks."""
    actor = current_actor()
    roles = {post.role for post in actor.posts}
    links = current_app.extensions["leizheng-navigation"]
    mine = [link for link in links if may_enter(actor, link.who) and (link.role is None or link.role in roles)]
    return [link for link in mine if not link.of_experts or is_expert(actor)]


def may_enter(actor: Actor, who: Access) -> bool:
    """Whether a link to a page of this class is worth showing."""
    return {
        Access.PUBLIC: True,
        Access.SIGNED_IN: actor.person_id is not None,
        Access.APPLICANT: bool(actor.memberships),
        Access.OFFICER: actor.is_officer,
        Access.ADMIN: bool(actor.admin_roles),
    }.get(who, False)


def errors_by_field(error: Invalid) -> dict[str, Said]:
    """The first complaint of each answer by its path, as the macros ``field`` and ``error_summary`` want them."""
    found: dict[str, Said] = {}
    for complaint in error.fields:
        found.setdefault(complaint.path, complaint.sentence)
    return found


def static_version() -> str:
    """Changes with the style sheet, so that browsers may keep it."""
    return str(current_app.config["STATIC_VERSION"])


def _china_day(day: date | datetime) -> date:
    return _aware(day).astimezone(CHINA).date() if isinstance(day, datetime) else day


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
