"""The stage on which the stories are played: everybody, their papers, the cases so far, and who acts at which moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select

from licensing.cases.tables import Case, CaseEvent
from licensing.clock import local_date
from licensing.demo.cast import Bureau, Cast, Firm, Project
from licensing.demo.papers import Papers
from licensing.demo.register import Registered
from licensing.demo.stories import DESIGN, QUALIFICATION, Act
from licensing.licences.tables import Licence
from licensing.moments import rehearse
from licensing.parties.queries import actor_for
from licensing.policy import SYSTEM, Actor, Role
from licensing.storage import reading

SIGNING_TAKES = timedelta(seconds=9)
WAITING_AT_MOST = 4


@dataclass(slots=True)
class Stage:
    """What the steps need: everybody, the papers, the cases found so far, and the makers of licences at work."""

    cast: Cast
    ids: Registered
    papers: Papers
    makers: ThreadPoolExecutor
    licence_made: Callable[[], None]
    cases: dict[tuple[int, str], int] = field(default_factory=dict)
    expected: dict[tuple[int, str], list[str]] = field(default_factory=dict)
    at_work: dict[tuple[int, str], Future[Licence]] = field(default_factory=dict)

    def wait(self, key: tuple[int, str]) -> None:
        """Until the licence of this case is in force."""
        if key in self.at_work:
            self.at_work.pop(key).result()

    def wait_for_all(self) -> None:
        """Until every licence that was begun is in force."""
        for key in list(self.at_work):
            self.wait(key)

    def applicant(self, project: Project) -> Actor:
        """The person who applies for the company of ``project``."""
        people = self.firm(project).people
        return self.actor(people[project.index % len(people)])

    def signatory(self, project: Project) -> Actor:
        """The authorised signatory of the company of ``project``."""
        return self.actor(self.firm(project).people[0])

    def officer(self, act: Act, role: Role) -> Actor:
        """An officer of the responsible authority in this post who does not belong to the company; they take turns.

        Approvers do not: the one with the fewest posts decides, who has neither accepted nor proposed.
        """
        return self.officer_at(self.bureau_of(act), act.project.company, role, act.project.index + (act.matter == DESIGN))

    def officer_at(self, bureau: Bureau, company: str, role: Role, turn: int) -> Actor:
        """The same for any bureau and company; ``turn`` says whose turn it is."""
        members = {key for key, held in self.cast.extra_seats if held == company}
        fitting = [person for person in bureau.officers if role in person.posts and person.key not in members]
        fitting.sort(key=lambda person: len(person.posts))
        return self.actor(fitting[0 if role is Role.APPROVER else turn % len(fitting)].key)

    def bureau_of(self, act: Act) -> Bureau:
        """The authority that has the case when ``act`` is done: another one after the transfer."""
        if "transfer" in act.before:
            return next(bureau for bureau in self.cast.bureaus if bureau.code == act.project.moved_to)
        return self.bureau(act.project)

    def bureau(self, project: Project) -> Bureau:
        """The authority to which the application goes: the one with the longest fitting prefix."""
        matter = QUALIFICATION if project.qualification else DESIGN
        fitting = [
            (len(prefix), bureau)
            for bureau in self.cast.bureaus
            for prefix in bureau.prefixes
            if matter in bureau.matters and project.region.startswith(prefix)
        ]
        return max(fitting, key=lambda found: found[0])[1]

    def firm(self, project: Project) -> Firm:
        """The company of ``project``."""
        return next(firm for firm in self.cast.firms if firm.name == project.company)

    def inspectors(self, project: Project) -> Firm:
        """The inspection body that is commissioned: of the same province, and of grade 甲, which may look at every class."""
        fitting = [firm for firm in self.cast.bodies if firm.grade == "1" and firm.details["region_code"][:2] == project.region[:2]]
        return fitting[project.index % len(fitting)]

    def hand_over(self, key: tuple[int, str], make: Callable[[], Licence], moment: datetime) -> None:
        """Let the makers finish a licence. No more than a few wait at a time, so that the log stays nearly in the order of time."""
        if len(self.at_work) >= WAITING_AT_MOST:
            self.wait(next(iter(self.at_work)))
        self.at_work[key] = self.makers.submit(self._finish, make, moment + SIGNING_TAKES)

    def _finish(self, make: Callable[[], Licence], moment: datetime) -> Licence:
        with rehearse(moment):
            licence = make()
        self.licence_made()
        return licence

    def so_far(self, act: Act) -> tuple[list[str], list[str]]:
        """What should have happened to the case of ``act`` before it, and what did."""
        if act.key not in self.expected:
            self._find(act)
        return list(self.expected[act.key]), self._happened(act.key)

    def _find(self, act: Act) -> None:
        """Look for the case that an earlier load began. One that stopped before its first answers has no name yet."""
        self.expected[act.key] = []
        with reading(SYSTEM) as look:
            query = select(Case.id).where(
                Case.company_id == self.ids.companies[act.project.company],
                Case.matter == act.matter,
                or_(Case.project_name == act.project.name, and_(Case.project_name == "", Case.created_at == act.at)),
            )
            found = look.session.scalars(query.order_by(Case.id)).first()
        if found is not None:
            self.cases[act.key] = found

    def _happened(self, key: tuple[int, str]) -> list[str]:
        if key not in self.cases:
            return []
        with reading(SYSTEM) as look:
            query = select(CaseEvent.type).where(CaseEvent.case_id == self.cases[key]).order_by(CaseEvent.sequence)
            return list(look.session.scalars(query))

    def actor(self, key: str) -> Actor:
        """The person with this key, as of the moment that is being played, the second factor just shown."""
        return self.person(self.ids.people[key])

    def words(self, act: Act) -> str:
        """What is written at this step."""
        return str(self.cast.wording[act.matter][act.verb])

    def person(self, person_id: int) -> Actor:
        """The same for who is known by the id."""
        with reading(SYSTEM) as look:
            return actor_for(look.session, person_id, on=local_date(look.now), second_factor_at=look.now)
