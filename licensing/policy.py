"""Who may do what: one function, default deny.

The web, the command line and the jobs each make an :class:`Actor` and ask :func:`rule_on`. Buttons, routes and actions ask the same
question, so they cannot disagree. The policy knows no database: what it needs of the object is handed in as :class:`Subject`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from licensing.errors import Forbidden, NotFound, ReauthenticationNeeded
from licensing.words import N_, Said, say


class Role(StrEnum):
    """A post inside an authority, or a seat in a company. 岗位 and 单位内角色. ``overseer`` and ``expert`` are held by nobody.

    A supervisor is overseer below; who was drawn onto the panel of a case is expert towards that case, and to nothing else.
    """

    INTAKE = "intake"
    EXAMINER = "examiner"
    APPROVER = "approver"
    VERIFIER = "verifier"
    SUPERVISOR = "supervisor"
    APPLICANT = "applicant"
    SIGNATORY = "signatory"
    OVERSEER = "overseer"
    EXPERT = "expert"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"
    SYSTEM = "system"


OFFICER_ROLES = frozenset({Role.INTAKE, Role.EXAMINER, Role.APPROVER, Role.VERIFIER, Role.SUPERVISOR})
READER_ROLES = OFFICER_ROLES | {Role.OVERSEER}
"""Who may look into the files of an authority: its own officers, and the supervisors of the levels above (domain 10.5)."""
COMPANY_ROLES = frozenset({Role.APPLICANT, Role.SIGNATORY})
ADMIN_ROLES = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})


class Action(StrEnum):
    """Every act that the policy can allow, ``thing:verb``."""

    CASE_START = "case:start"
    CASE_READ = "case:read"
    CASE_EDIT = "case:edit"
    CASE_SUBMIT = "case:submit"
    CASE_WITHDRAW = "case:withdraw"
    CASE_TRANSFER = "case:transfer"
    CASE_ACCEPT = "case:accept"
    CASE_NOT_ACCEPT = "case:not-accept"
    CASE_REQUEST_CORRECTION = "case:request-correction"
    CASE_COMMISSION = "case:commission"
    CASE_RECORD_RESULT = "case:record-result"
    CASE_CHECK_SITE = "case:check-site"
    CASE_PROPOSE = "case:propose"
    CASE_RETURN = "case:return"
    CASE_OPEN_PUBLICITY = "case:open-publicity"
    CASE_GRANT = "case:grant"
    CASE_REFUSE = "case:refuse"
    CASE_EXTEND = "case:extend"
    CASE_CLOSE = "case:close"
    CASE_DEEM_ACCEPTED = "case:deem-accepted"
    CASE_FINISH_ISSUING = "case:finish-issuing"
    CASE_ASSIGN = "case:assign"
    CASE_REQUIRE_PROOF = "case:require-proof"
    CASE_RATE = "case:rate"
    CASE_OBJECT = "case:object"
    CASE_ANSWER_OBJECTION = "case:answer-objection"
    CASE_ARCHIVE = "case:archive"
    ARCHIVE_READ = "archive:read"
    PANEL_READ = "panel:read"
    PANEL_VOTE = "panel:vote"
    PANEL_DECLINE = "panel:decline"
    PANEL_REPLACE = "panel:replace"
    POOL_READ = "pool:read"
    POOL_KEEP = "pool:keep"
    RECOGNITION_READ = "recognition:read"
    RECOGNITION_REPORT = "recognition:report"
    COMMISSION_READ = "commission:read"
    COMMISSION_REPORT = "commission:report"
    NOTE_READ = "note:read"
    NOTE_WRITE = "note:write"
    RATING_READ = "rating:read"
    RATING_ANSWER = "rating:answer"
    SEAT_READ = "seat:read"
    SEAT_GIVE = "seat:give"
    SEAT_END = "seat:end"
    COMMITMENT_PROMISE = "commitment:promise"
    COMMITMENT_WITHDRAW = "commitment:withdraw"
    COMMITMENT_SETTLE = "commitment:settle"
    COMMITMENT_VERIFY = "commitment:verify"
    COMMITMENT_ANSWER = "commitment:answer"
    COMMITMENT_JUDGE = "commitment:judge"
    COMMITMENT_RECTIFY = "commitment:rectify"
    COMMITMENT_REPORT = "commitment:report"
    COMMITMENT_DRAW = "commitment:draw"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_DRAFT = "catalogue:draft"
    CATALOGUE_DECIDE = "catalogue:decide"
    CREDIT_READ = "credit:read"
    CREDIT_ENTER = "credit:enter"
    CREDIT_OBJECT = "credit:object"
    CREDIT_ASK_REPAIR = "credit:ask-repair"
    CREDIT_DECIDE = "credit:decide"
    LICENCE_READ = "licence:read"
    LICENCE_ASK = "licence:ask"
    LICENCE_ANSWER = "licence:answer"
    LICENCE_PROPOSE = "licence:propose"
    LICENCE_DECIDE = "licence:decide"
    LICENCE_RETURN = "licence:return"
    LICENCE_FINISH = "licence:finish"
    LICENCE_EXPIRE = "licence:expire"
    REGISTER_READ = "register:read"
    WORKLIST_READ = "worklist:read"
    FIGURES_READ = "figures:read"
    ADMIN_READ = "admin:read"
    CALENDAR_READ = "calendar:read"
    CALENDAR_IMPORT = "calendar:import"
    AUTHORITY_SWITCH = "authority:switch"


NOT_YOUR_POST = N_("Your post does not allow this.")
_KEEPERS_ONLY = N_("Only supervisors of an authority of the highest level here keep the catalogue.")
_SIGNATORY_ONLY = N_("Only the authorised signatory of the company can do this; your authorisation is not on record or has ended.")


@dataclass(frozen=True, slots=True)
class Grant:
    """Which roles may do an action, what else must hold, and what is said to those who hold another role.

    With ``keepers`` the role counts only at an authority that keeps the thing for everybody (``Subject.keepers``). With ``apart`` only
    somebody may do it who took no part in the thing (``Subject.took_part``).
    """

    roles: frozenset[Role]
    second_factor: bool = False
    keepers: bool = False
    not_by_handlers: frozenset[str] = frozenset()
    apart: bool = False
    refusal: str = NOT_YOUR_POST


def _may(
    *roles: Role,
    second_factor: bool = False,
    keepers: bool = False,
    not_by: tuple[str, ...] = (),
    apart: bool = False,
    refusal: str = NOT_YOUR_POST,
) -> Grant:
    return Grant(frozenset(roles), second_factor, keepers, frozenset(not_by), apart, refusal)


_HANDLERS = ("acceptor", "corrector", "examiner", "finder", "proposer", "decider")
POLICY: Mapping[Action, Grant] = {
    Action.CASE_START: _may(*COMPANY_ROLES),
    Action.CASE_READ: _may(*COMPANY_ROLES, *READER_ROLES, Role.SYSTEM),
    Action.CASE_EDIT: _may(*COMPANY_ROLES),
    Action.CASE_SUBMIT: _may(*COMPANY_ROLES),
    Action.CASE_WITHDRAW: _may(*COMPANY_ROLES),
    Action.COMMITMENT_PROMISE: _may(Role.SIGNATORY, second_factor=True, refusal=_SIGNATORY_ONLY),
    Action.COMMITMENT_WITHDRAW: _may(Role.SIGNATORY, refusal=_SIGNATORY_ONLY),
    Action.COMMITMENT_SETTLE: _may(*COMPANY_ROLES),
    Action.COMMITMENT_ANSWER: _may(*COMPANY_ROLES),
    Action.COMMITMENT_VERIFY: _may(Role.VERIFIER, Role.EXAMINER),
    Action.COMMITMENT_JUDGE: _may(Role.APPROVER, second_factor=True, not_by=("finder",)),
    Action.COMMITMENT_RECTIFY: _may(Role.APPROVER, second_factor=True, not_by=("finder",)),
    Action.COMMITMENT_REPORT: _may(*COMPANY_ROLES),
    Action.COMMITMENT_DRAW: _may(Role.SUPERVISOR),
    Action.CASE_REQUIRE_PROOF: _may(Role.VERIFIER, Role.EXAMINER),
    Action.CASE_ACCEPT: _may(Role.INTAKE),
    Action.CASE_NOT_ACCEPT: _may(Role.INTAKE),
    Action.CASE_REQUEST_CORRECTION: _may(Role.INTAKE),
    Action.CASE_TRANSFER: _may(Role.INTAKE, Role.EXAMINER),
    Action.CASE_COMMISSION: _may(Role.EXAMINER),
    Action.CASE_RECORD_RESULT: _may(Role.EXAMINER),
    Action.CASE_CHECK_SITE: _may(Role.EXAMINER, Role.VERIFIER),
    Action.CASE_OPEN_PUBLICITY: _may(Role.APPROVER, second_factor=True, not_by=("acceptor", "proposer")),
    Action.PANEL_READ: _may(Role.EXPERT),
    Action.PANEL_VOTE: _may(Role.EXPERT, second_factor=True),
    Action.PANEL_DECLINE: _may(Role.EXPERT),
    Action.PANEL_REPLACE: _may(Role.EXAMINER),
    Action.POOL_READ: _may(Role.EXAMINER, Role.SUPERVISOR),
    Action.POOL_KEEP: _may(Role.SUPERVISOR),
    Action.RECOGNITION_READ: _may(*OFFICER_ROLES),
    Action.RECOGNITION_REPORT: _may(Role.EXAMINER, Role.APPROVER, Role.SUPERVISOR),
    Action.CASE_PROPOSE: _may(Role.EXAMINER),
    Action.CASE_RETURN: _may(Role.APPROVER, not_by=("acceptor", "proposer")),
    Action.CASE_GRANT: _may(Role.APPROVER, second_factor=True, not_by=("acceptor", "proposer")),
    Action.CASE_REFUSE: _may(Role.APPROVER, second_factor=True, not_by=("acceptor", "proposer")),
    Action.CASE_EXTEND: _may(Role.APPROVER, second_factor=True, not_by=("acceptor", "proposer")),
    Action.CASE_CLOSE: _may(Role.APPROVER, second_factor=True, not_by=("acceptor", "proposer")),
    Action.CASE_DEEM_ACCEPTED: _may(Role.SYSTEM),
    Action.CASE_FINISH_ISSUING: _may(Role.SYSTEM, Role.APPROVER),
    Action.CASE_ASSIGN: _may(*OFFICER_ROLES),
    Action.CASE_OBJECT: _may(*COMPANY_ROLES),
    Action.CASE_ANSWER_OBJECTION: _may(Role.APPROVER, Role.SUPERVISOR, second_factor=True, apart=True),
    Action.CASE_ARCHIVE: _may(*OFFICER_ROLES, Role.SYSTEM),
    Action.ARCHIVE_READ: _may(*READER_ROLES),
    Action.LICENCE_READ: _may(*COMPANY_ROLES, *READER_ROLES, Role.SYSTEM),
    Action.LICENCE_ASK: _may(*COMPANY_ROLES),
    Action.LICENCE_ANSWER: _may(*COMPANY_ROLES),
    Action.LICENCE_PROPOSE: _may(Role.EXAMINER, Role.VERIFIER, Role.SUPERVISOR),
    Action.LICENCE_DECIDE: _may(Role.APPROVER, second_factor=True, not_by=("proposer",)),
    Action.LICENCE_RETURN: _may(Role.APPROVER, not_by=("proposer",)),
    Action.LICENCE_FINISH: _may(Role.SYSTEM, Role.APPROVER),
    Action.LICENCE_EXPIRE: _may(Role.SYSTEM),
    Action.CATALOGUE_READ: _may(*OFFICER_ROLES),
    Action.CATALOGUE_DRAFT: _may(Role.SUPERVISOR, keepers=True, refusal=_KEEPERS_ONLY),
    Action.CATALOGUE_DECIDE: _may(Role.SUPERVISOR, second_factor=True, keepers=True, not_by=("drafter",), refusal=_KEEPERS_ONLY),
    Action.CREDIT_READ: _may(*COMPANY_ROLES, *OFFICER_ROLES),
    Action.CREDIT_ENTER: _may(Role.SUPERVISOR, second_factor=True),
    Action.CREDIT_OBJECT: _may(*COMPANY_ROLES),
    Action.CREDIT_ASK_REPAIR: _may(*COMPANY_ROLES),
    Action.CREDIT_DECIDE: _may(Role.SUPERVISOR, Role.APPROVER, second_factor=True, not_by=("enterer",)),
    Action.COMMISSION_READ: _may(*COMPANY_ROLES),
    Action.COMMISSION_REPORT: _may(*COMPANY_ROLES),
    Action.NOTE_READ: _may(*OFFICER_ROLES),
    Action.NOTE_WRITE: _may(*OFFICER_ROLES),
    Action.CASE_RATE: _may(*COMPANY_ROLES),
    Action.RATING_READ: _may(*OFFICER_ROLES),
    Action.RATING_ANSWER: _may(Role.SUPERVISOR, not_by=_HANDLERS),
    Action.SEAT_READ: _may(Role.SIGNATORY, refusal=_SIGNATORY_ONLY),
    Action.SEAT_GIVE: _may(Role.SIGNATORY, second_factor=True, refusal=_SIGNATORY_ONLY),
    Action.SEAT_END: _may(Role.SIGNATORY, second_factor=True, refusal=_SIGNATORY_ONLY),
    Action.REGISTER_READ: _may(*OFFICER_ROLES),
    Action.WORKLIST_READ: _may(*OFFICER_ROLES),
    Action.FIGURES_READ: _may(Role.SUPERVISOR),
    Action.ADMIN_READ: _may(*ADMIN_ROLES),
    Action.CALENDAR_READ: _may(*ADMIN_ROLES, Role.SYSTEM),
    Action.CALENDAR_IMPORT: _may(Role.SYSTEM_ADMIN, Role.SYSTEM, second_factor=True),
    Action.AUTHORITY_SWITCH: _may(Role.SYSTEM_ADMIN, second_factor=True),
}


@dataclass(frozen=True, slots=True)
class Post:
    """A role held at an authority."""

    authority_id: int
    role: Role


@dataclass(frozen=True, slots=True)
class Membership:
    """A role held in a company."""

    company_id: int
    role: Role


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person with memberships and posts as they are now, and when the second factor was last shown (aware UTC).

    ``session`` names the sign-in in which the person acts; empty where there is none. ``overseen`` are the authorities below those where
    the person is a supervisor: they may be read and nothing more.
    """

    person_id: int | None
    name: str
    memberships: frozenset[Membership] = frozenset()
    posts: frozenset[Post] = frozenset()
    admin_roles: frozenset[Role] = frozenset()
    second_factor_at: datetime | None = None
    session: str = ""
    is_system: bool = False
    overseen: frozenset[int] = frozenset()

    @property
    def company_ids(self) -> frozenset[int]:
        return frozenset(membership.company_id for membership in self.memberships)

    @property
    def authority_ids(self) -> frozenset[int]:
        return frozenset(post.authority_id for post in self.posts)

    @property
    def readable_ids(self) -> frozenset[int]:
        """The authorities whose files the actor may read: those of the posts, and those below a supervisor's post."""
        return self.authority_ids | self.overseen

    @property
    def is_officer(self) -> bool:
        return bool(self.posts)


SYSTEM = Actor(person_id=None, name="system", is_system=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """What the policy needs to know of the object: whose it is, which authority decides, who did what before.

    ``keepers`` are the authorities that keep what belongs to the whole installation, ``panel`` the people who review as experts,
    ``took_part`` all who ever acted in it, where somebody else is asked for.
    """

    company_id: int | None = None
    authority_id: int | None = None
    handlers: Mapping[str, int] = field(default_factory=dict)
    keepers: frozenset[int] = frozenset()
    panel: frozenset[int] = frozenset()
    took_part: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Ruling:
    """Allowed or not, and the reason in words when not."""

    allowed: bool
    reason: Said | None = None
    visible: bool = True
    needs_second_factor: bool = False

    def __bool__(self) -> bool:
        return self.allowed


def roles_towards(actor: Actor, subject: Subject) -> frozenset[Role]:
    """The roles the actor holds for this subject, and no others."""
    roles = {membership.role for membership in actor.memberships if membership.company_id == subject.company_id}
    if subject.company_id is None:
        roles |= {membership.role for membership in actor.memberships}
    roles |= {post.role for post in actor.posts if subject.authority_id in (None, post.authority_id)}
    if subject.authority_id in actor.overseen:
        roles.add(Role.OVERSEER)
    if actor.person_id in subject.panel:
        roles.add(Role.EXPERT)
    return frozenset(roles | actor.admin_roles | ({Role.SYSTEM} if actor.is_system else set()))


def rule_on(actor: Actor, action: Action, subject: Subject, *, now: datetime, window: timedelta = timedelta(minutes=5)) -> Ruling:
    """Whether ``actor`` may do ``action`` to ``subject`` at ``now``; whatever is not granted is denied (design invariants 1 and 2).

    The machine itself, at its own command line, has no second factor to show.
    """
    grant = POLICY.get(action)
    held = roles_towards(actor, subject)
    if grant is None or not held:
        return Ruling(False, say("There is nothing here for you."), visible=False)
    fitting = grant.roles & held
    if not fitting or (grant.keepers and not _keeps(actor, fitting, subject)):
        return Ruling(False, say(grant.refusal))
    barred = _barred(actor, grant, fitting, subject)
    if barred is not None:
        return Ruling(False, barred)
    if grant.second_factor and not actor.is_system and not _fresh(actor.second_factor_at, now, window):
        return Ruling(False, say("Please confirm with your second factor first."), needs_second_factor=True)
    return Ruling(True)


def require(actor: Actor, action: Action, subject: Subject, *, now: datetime, window: timedelta = timedelta(minutes=5)) -> None:
    """Raise ``NotFound``, ``ReauthenticationNeeded`` or ``Forbidden`` unless :func:`rule_on` allows; foreign and missing look the same."""
    ruling = rule_on(actor, action, subject, now=now, window=window)
    if ruling:
        return
    reason = ruling.reason or say("This is not allowed.")
    if not ruling.visible:
        raise NotFound(
            say("This page does not exist, or it is not yours to see."), next_step=say("Check the address or go back to your list.")
        )
    if ruling.needs_second_factor:
        raise ReauthenticationNeeded(reason, next_step=say("Enter the code from your authenticator and try again."))
    raise Forbidden(reason, next_step=say("Ask a colleague with the right post to do it."))


def _barred(actor: Actor, grant: Grant, fitting: frozenset[Role], subject: Subject) -> Said | None:
    """Why the actor may not do it in spite of the role: one's own company, one's own review, one's own proposal."""
    if fitting <= READER_ROLES | {Role.EXPERT} and subject.company_id is not None and subject.company_id in actor.company_ids:
        return say("You belong to the company that applies, so you may not handle this case.")
    if fitting <= READER_ROLES and actor.person_id in subject.panel:
        return say("You review this case as an expert, so you may not handle it.")
    if grant.apart and actor.person_id in subject.took_part:
        return say("You took part in this case; somebody else has to answer.")
    if any(subject.handlers.get(handler) == actor.person_id for handler in grant.not_by_handlers):
        return say("You handled or proposed this yourself; another person has to decide.")
    return None


def _keeps(actor: Actor, roles: frozenset[Role], subject: Subject) -> bool:
    return any(post.role in roles and post.authority_id in subject.keepers for post in actor.posts)


def _fresh(shown_at: datetime | None, now: datetime, window: timedelta) -> bool:
    return shown_at is not None and timedelta(0) <= now - shown_at <= window
