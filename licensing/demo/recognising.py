"""The steps by which an inspection body becomes qualified: checked on site, reviewed by experts drawn from the pool, made public."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from licensing.cases import ballots, experts, panels, publicising, site_checks
from licensing.cases.ballots import Vote
from licensing.cases.experts import Entry
from licensing.cases.journal import load
from licensing.cases.site_checks import SiteCheck
from licensing.catalogue import load_catalogue
from licensing.clock import CHINA, local_date
from licensing.demo.cast import Bureau
from licensing.demo.stage import Stage
from licensing.demo.stories import Act
from licensing.moments import rehearse
from licensing.policy import SYSTEM, Role
from licensing.storage import reading

POOL_FILLED = datetime(2025, 3, 10, 9, 30, tzinfo=CHINA)
_IN_FAVOUR = {True: 4, False: 2}
"""So many of the five vote for a body that is recognised, and for one that is refused."""


def fill_pool(stage: Stage, bureau: Bureau) -> None:
    """Put the experts of ``bureau`` into its pool, those who are not there."""
    authority_id = stage.ids.authorities[bureau.code]
    with reading(SYSTEM) as look:
        there = {expert.person_id for expert in experts.active(look.session, authority_id)}
    with rehearse(POOL_FILLED):
        supervisor = stage.officer_at(bureau, "", Role.SUPERVISOR, 0)
        for adviser in bureau.experts:
            person_id = stage.ids.people[adviser.somebody.key]
            if person_id not in there:
                experts.enter(supervisor, authority_id, person_id, Entry(adviser.specialities, adviser.employer))


def _check_site(stage: Stage, act: Act) -> None:
    """The examiner and a verifier look."""
    examiner, verifier = (stage.officer(act, role) for role in (Role.EXAMINER, Role.VERIFIER))
    who = [one.person_id for one in (examiner, verifier) if one.person_id is not None]
    check = SiteCheck(local_date(act.at), who, _wording(stage, act)["check_site"])
    site_checks.record_site_check(examiner, stage.cases[act.key], check)


def _draw(stage: Stage, act: Act) -> None:
    days = load_catalogue().matter(act.matter).stop.expected_days
    panels.draw_panel(stage.officer(act, Role.EXAMINER), stage.cases[act.key], expected_days=days)


def _vote(stage: Stage, act: Act) -> None:
    """The next of the panel votes, unless an earlier, interrupted load let them."""
    case_id, place = stage.cases[act.key], act.before.count("vote")
    with reading(SYSTEM) as look:
        case = load(look.session, case_id)
        cast = ballots.ballots_of(look.session, case)
    if len(cast) == place:
        meets = place < _IN_FAVOUR[not _fails(act)]
        reasons = _wording(stage, act)["vote"]["yes" if meets else "no"]
        ballots.cast(stage.person(case.view.panel[place]), case_id, Vote(meets, reasons))


def _conclude(stage: Stage, act: Act) -> None:
    opinion = _wording(stage, act)["conclude"]["failed" if _fails(act) else "passed"]
    panels.record_opinion(stage.officer(act, Role.EXAMINER), stage.cases[act.key], opinion)


def _publish(stage: Stage, act: Act) -> None:
    publicising.open_publicity(stage.officer(act, Role.APPROVER), stage.cases[act.key])


def _fails(act: Act) -> bool:
    return act.story == "review_refused"


def _wording(stage: Stage, act: Act) -> Mapping[str, Any]:
    wording: Mapping[str, Any] = stage.cast.wording[act.matter]
    return wording


VERBS: Mapping[str, Callable[[Stage, Act], None]] = {
    "check_site": _check_site,
    "draw": _draw,
    "vote": _vote,
    "conclude": _conclude,
    "publish": _publish,
}
