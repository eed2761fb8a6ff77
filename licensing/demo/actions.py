"""Load the demo world."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from threading import Lock
from typing import Literal

from sqlalchemy import func, select, update

from licensing.cases.archive import archive_all
from licensing.cases.tables import Case
from licensing.clock import CHINA, load_calendar, today
from licensing.demo import register
from licensing.demo.cast import Cast, Somebody, load_cast
from licensing.demo.certificates import certify, moment_of
from licensing.demo.desk import share_work
from licensing.demo.lives import Lives
from licensing.demo.lives import timetable as life_timetable
from licensing.demo.papers import make_papers
from licensing.demo.recognising import POOL_FILLED, fill_pool
from licensing.demo.register import Registered
from licensing.demo.stage import Stage
from licensing.demo.steps import play
from licensing.demo.stories import timetable
from licensing.licences.status import PUBLIC
from licensing.licences.status_list import refresh_all
from licensing.licences.tables import Licence
from licensing.notices.tables import Notice
from licensing.parties.tables import Authority, Company, Person
from licensing.policy import SYSTEM
from licensing.settings import Settings
from licensing.storage import Base, Work, reading, unit_of_work
from licensing.storage.counters import Counter
from licensing.storage.tables import OutboxMessage
from licensing.trust.publication import publish_installed
from licensing.words import N_, Said, say

Scale = Literal["full", "small"]
Progress = Callable[[int, int], None]
"""Called with the steps done and all steps; a licence counts as many, because making it takes as long."""

MAKERS = 3
LICENCE_STEPS = 25
ARCHIVED = 4
"""So many of the oldest finished cases lie in the archive; the worker goes on with the others."""
GRADE_A = "1"
"""The grade of the bodies that are commissioned, so the small world has them all."""
_ANCHOR = "demo:first-day"

ROLE_NAMES: Mapping[str, str] = {
    "intake": N_("intake officer"),
    "examiner": N_("examiner"),
    "approver": N_("approver"),
    "verifier": N_("verifier"),
    "supervisor": N_("supervisor"),
    "applicant": N_("applicant"),
    "signatory": N_("authorised signatory"),
    "expert": N_("expert"),
    "system_admin": N_("system administrator"),
    "security_admin": N_("security administrator"),
    "audit_admin": N_("audit administrator"),
}


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as: the roles in words, and the authority or the companies where they are held, or an expert's employer."""

    name: str
    roles: tuple[Said, ...]
    email: str
    person_id: int
    workplace: str


@dataclass(frozen=True, slots=True)
class DemoWorld:
    """Everybody, and how many rows of each kind there are now."""

    people: tuple[DemoPerson, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Scene:
    at: datetime
    play: Callable[[], None]
    weight: int


def load(settings: Settings, progress: Progress | None = None, *, scale: Scale = "full") -> DemoWorld:
    """Fill the open storage with the demo world; running it again adds nothing, and goes on where an interrupted run stopped.

    Dates are laid out around the day of the first run, so that the worklists are lively on that day. ``scale`` small is for tests.
    """
    cast = load_cast()
    with reading(SYSTEM) as look:
        finished = look.session.get(Counter, _finished(scale)) is not None
    if not finished:
        register.ensure_keys(settings, cast)
        publish_installed(settings)
        _play(settings, cast, register.register(cast), progress or _silent, scale)
        _remember(_finished(scale), 1)
    return DemoWorld(tuple(_people(cast, register.registered(cast))), _counts())


def _play(settings: Settings, cast: Cast, ids: Registered, progress: Progress, scale: Scale) -> None:
    count = _Count(progress)
    with ThreadPoolExecutor(min(MAKERS, (os.cpu_count() or 1) + 1), "licence") as makers:
        stage = Stage(cast, ids, make_papers(settings.upload_limit), makers, partial(count.add, LICENCE_STEPS))
        scenes = _scenes(stage, scale, _first_day())
        count.total = sum(scene.weight for scene in scenes)
        for scene in scenes:
            scene.play()
            count.add(1)
        stage.wait_for_all()
    _settle(_first_day())
    share_work()
    archive_all(settings, ARCHIVED)
    refresh_all()
    count.finish()


def _settle(first_day: date) -> None:
    """What was to be told in the past was told then, and what is older than two weeks was read."""
    start = datetime.combine(first_day, time(), tzinfo=CHINA)
    with unit_of_work(SYSTEM) as work:
        told = update(OutboxMessage).where(OutboxMessage.delivered_at.is_(None), OutboxMessage.created_at < start)
        work.session.execute(told.values(delivered_at=OutboxMessage.created_at, attempts=1))
        read = update(Notice).where(Notice.read_at.is_(None), Notice.sent_at < start - timedelta(days=14))
        work.session.execute(read.values(read_at=Notice.sent_at))


def _scenes(stage: Stage, scale: Scale, first_day: date) -> list[_Scene]:
    everything = (*stage.cast.projects, *stage.cast.applications)
    projects = tuple(project for project in everything if scale == "full" or project.small)
    bodies = [(place, firm) for place, firm in enumerate(stage.cast.bodies) if scale == "full" or firm.grade == GRADE_A]
    acts = [
        _Scene(act.at, partial(play, stage, act), 1 + LICENCE_STEPS * (act.verb == "grant"))
        for act in timetable(projects, first_day, load_calendar())
    ]
    lives = Lives(stage)
    deeds = [
        _Scene(deed.at, partial(lives.play, deed), 1 + LICENCE_STEPS * (deed.verb == "grant"))
        for deed in life_timetable(tuple(life for life in stage.cast.lives if scale == "full" or life.small), first_day, load_calendar())
    ]
    papers = [_Scene(moment_of(firm), partial(certify, stage, firm, place), 1 + LICENCE_STEPS) for place, firm in bodies]
    pools = [_Scene(POOL_FILLED, partial(fill_pool, stage, bureau), 1) for bureau in stage.cast.bureaus if bureau.experts]
    return sorted([*papers, *pools, *acts, *deeds], key=lambda scene: scene.at)


class _Count:
    """Counts the steps; licences are made in other threads."""

    def __init__(self, progress: Progress) -> None:
        self.total, self._done, self._progress, self._lock = 1, 0, progress, Lock()

    def add(self, steps: int) -> None:
        with self._lock:
            self._done += steps
            self._progress(min(self._done, self.total), self.total)

    def finish(self) -> None:
        self._progress(self.total, self.total)


def _silent(_done: int, _total: int) -> None:
    return


def _first_day() -> date:
    """The day around which the dates lie: that of the first run, also when the load was interrupted and goes on later."""
    with reading(SYSTEM) as look:
        known = look.session.get(Counter, _ANCHOR)
    if known is not None:
        return date.fromordinal(known.value)
    return date.fromordinal(_remember(_ANCHOR, today().toordinal()))


def _remember(series: str, value: int) -> int:
    with unit_of_work(SYSTEM) as work:
        work.session.add(Counter(series=series, value=value))
    return value


def _finished(scale: Scale) -> str:
    return f"demo:finished:{scale}"


def _people(cast: Cast, ids: Registered) -> Iterator[DemoPerson]:
    for bureau in cast.bureaus:
        for officer in bureau.officers:
            yield _person(officer, officer.posts, ids, bureau.details["name"])
        for adviser in bureau.experts:
            yield _person(adviser.somebody, ("expert",), ids, adviser.employer)
    for administrator, role in cast.administrators:
        yield _person(administrator, (role,), ids, "")
    for key, applicant in cast.applicants.items():
        firms = [firm.name for firm in cast.firms if key in firm.people]
        signs = any(firm.people[0] == key for firm in cast.firms)
        yield _person(applicant, ("applicant", "signatory") if signs else ("applicant",), ids, "、".join(firms))


def _person(somebody: Somebody, roles: tuple[str, ...], ids: Registered, workplace: str) -> DemoPerson:
    names = tuple(say(ROLE_NAMES[role]) for role in roles)
    return DemoPerson(somebody.name, names, somebody.email, ids.people[somebody.key], workplace)


def _counts() -> dict[str, int]:
    with reading(SYSTEM) as look:
        rows = {table.__tablename__: _rows(look, table) for table in (Authority, Company, Person, Case)}
        in_force = select(func.count()).select_from(Licence).where(Licence.status.in_(PUBLIC))
        return {**rows, "licence": look.session.scalar(in_force) or 0}


def _rows(look: Work, table: type[Base]) -> int:
    return look.session.scalar(select(func.count()).select_from(table)) or 0
