"""What can be done to a licence: one table from which code, buttons, permission checks, letters, tests and documentation come. Pure.

Sources: Administrative Licensing Law arts. 8, 39, 49, 50, 69, 70, 78-81; Administrative Penalty Law arts. 9, 44, 45, 63, 64; Orders 37 and
31. Codes: the operation and status lists of the ministry-level type standards (domain 6.2.3, 6.2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from licensing.licences.status import Status
from licensing.policy import Action
from licensing.words import N_


class Operation(StrEnum):
    """What happens to a licence. 撤销, 吊销 and 撤回 are three different acts with three different grounds."""

    ISSUE = "issue"
    RENEW = "renew"
    SUSPEND = "suspend"
    EXPIRE = "expire"
    CANCEL = "cancel"
    REVOKE_FOR_DECEIT = "revoke_for_deceit"
    REVOKE_AS_PENALTY = "revoke_as_penalty"
    WITHDRAW_PERMISSION = "withdraw_permission"
    LIFT_SUSPENSION = "lift_suspension"
    REPLACE = "replace"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the holder is owed before an adverse decision: ``days`` working days to answer, and whether a hearing may be demanded."""

    days: int
    oral: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One operation. ``target`` is what the licence becomes; with ``new_version`` a successor comes in force in the same transaction.

    ``code`` is the national one; ``chinese`` its name in letters. ``basis`` holds for all types, ``project_basis`` and
    ``qualification_basis`` are added by category. ``propose`` and ``decide`` are policy actions; where both are set, two people act.
    ``notice`` makes it adverse: unless the holder asked for it, the holder is heard first. ``letter`` is the decision's;
    ``holder_may_ask`` opens it in the portal, ``on_request_only`` closes every other way.
    """

    operation: Operation
    sources: frozenset[Status]
    target: Status
    code: str
    chinese: str
    basis: tuple[str, ...]
    project_basis: tuple[str, ...] = ()
    qualification_basis: tuple[str, ...] = ()
    propose: Action | None = Action.LICENCE_PROPOSE
    decide: Action | None = Action.LICENCE_DECIDE
    notice: Hearing | None = None
    letter: str | None = None
    holder_may_ask: bool = False
    on_request_only: bool = False
    new_version: bool = False

    @property
    def second_person(self) -> bool:
        """Whether one person proposes and another one decides."""
        return self.propose is not None and self.decide is not None

    def basis_for(self, category: str) -> tuple[str, ...]:
        """The legal basis for a licence type of this category (``permit`` or ``qualification``)."""
        return (*self.basis, *(self.qualification_basis if category == "qualification" else self.project_basis))


LICENSING_LAW = "《中华人民共和国行政许可法》"
PENALTY_LAW = "《中华人民共和国行政处罚法》"
PROJECT_RULE = "《雷电防护装置设计审核和竣工验收规定》（中国气象局令第37号）"
QUALIFICATION_RULE = "《雷电防护装置检测资质管理办法》（中国气象局令第31号）"
ANSWER_DAYS = 5
"""The law gives five working days to demand a hearing (Penalty Law arts. 64, 85) and no number for other answers; we give as many."""
LONGEST_ANSWER_DAYS = 30

_S, _O = Status, Operation


def _row(operation: Operation, sources: tuple[Status, ...], target: Status, code: str, chinese: str, basis: str, **more: object) -> Rule:
    return Rule(operation, frozenset(sources), target, code, chinese, (basis,), **more)  # type: ignore[arg-type]


_TABLE = (
    _row(
        _O.ISSUE,
        (_S.INTENT,),
        _S.IN_FORCE,
        "01",
        "新发",
        f"{LICENSING_LAW}第三十九条",
        project_basis=(PROJECT_RULE,),
        qualification_basis=(QUALIFICATION_RULE,),
        propose=None,
        decide=None,
    ),
    _row(
        _O.RENEW,
        (_S.IN_FORCE,),
        _S.REPLACED,
        "02",
        "延续",
        f"{LICENSING_LAW}第五十条",
        qualification_basis=(f"{QUALIFICATION_RULE}第二十一条",),
        holder_may_ask=True,
        on_request_only=True,
        new_version=True,
    ),
    _row(
        _O.SUSPEND,
        (_S.IN_FORCE,),
        _S.SUSPENDED,
        "03",
        "暂扣",
        f"{PENALTY_LAW}第九条第三项、第四十四条、第四十五条",
        notice=Hearing(ANSWER_DAYS),
        letter="D8-1",
    ),
    _row(
        _O.EXPIRE,
        (_S.IN_FORCE, _S.SUSPENDED),
        _S.EXPIRED,
        "04",
        "过期失效",
        f"{LICENSING_LAW}第七十条第一项",
        qualification_basis=(f"{QUALIFICATION_RULE}第二十一条",),
        propose=None,
        decide=Action.LICENCE_EXPIRE,
    ),
    _row(
        _O.CANCEL,
        (_S.IN_FORCE, _S.SUSPENDED, _S.EXPIRED),
        _S.CANCELLED,
        "05",
        "注销",
        f"{LICENSING_LAW}第七十条",
        notice=Hearing(ANSWER_DAYS),
        letter="D8-6",
        holder_may_ask=True,
    ),
    _row(
        _O.REVOKE_FOR_DECEIT,
        (_S.IN_FORCE, _S.SUSPENDED, _S.EXPIRED),
        _S.REVOKED_FOR_DECEIT,
        "05",
        "撤销",
        f"{LICENSING_LAW}第六十九条第二款、第七十九条",
        project_basis=(f"{PROJECT_RULE}第二十五条",),
        qualification_basis=(QUALIFICATION_RULE,),
        notice=Hearing(ANSWER_DAYS),
        letter="D8-3",
    ),
    _row(
        _O.REVOKE_AS_PENALTY,
        (_S.IN_FORCE, _S.SUSPENDED),
        _S.REVOKED_AS_PENALTY,
        "05",
        "吊销",
        f"{LICENSING_LAW}第八十条、{PENALTY_LAW}第九条第三项、第四十四条、第六十三条",
        notice=Hearing(ANSWER_DAYS, oral=True),
        letter="D8-4",
    ),
    _row(
        _O.WITHDRAW_PERMISSION,
        (_S.IN_FORCE, _S.SUSPENDED),
        _S.PERMISSION_WITHDRAWN,
        "05",
        "撤回",
        f"{LICENSING_LAW}第八条第二款",
        notice=Hearing(ANSWER_DAYS),
        letter="D8-5",
    ),
    _row(
        _O.LIFT_SUSPENSION,
        (_S.SUSPENDED,),
        _S.IN_FORCE,
        "06",
        "解除暂扣",
        f"{PENALTY_LAW}第九条第三项",
        letter="D8-2",
        holder_may_ask=True,
    ),
    _row(
        _O.REPLACE,
        (_S.IN_FORCE,),
        _S.REPLACED,
        "07",
        "补证",
        f"{LICENSING_LAW}第三十九条",
        holder_may_ask=True,
        new_version=True,
    ),
    _row(
        _O.CHANGE,
        (_S.IN_FORCE,),
        _S.REPLACED,
        "09",
        "变更",
        f"{LICENSING_LAW}第四十九条",
        qualification_basis=(f"{QUALIFICATION_RULE}第二十二条",),
        holder_may_ask=True,
        new_version=True,
    ),
)

OPERATIONS: Mapping[Operation, Rule] = {row.operation: row for row in _TABLE}

OPERATION_NAMES: Mapping[Operation, str] = {
    _O.ISSUE: N_("Issue"),
    _O.RENEW: N_("Renewal"),
    _O.SUSPEND: N_("Suspension"),
    _O.EXPIRE: N_("Expiry"),
    _O.CANCEL: N_("Cancellation"),
    _O.REVOKE_FOR_DECEIT: N_("Revocation for deceit"),
    _O.REVOKE_AS_PENALTY: N_("Revocation as a penalty"),
    _O.WITHDRAW_PERMISSION: N_("Withdrawal of the permission"),
    _O.LIFT_SUSPENSION: N_("End of the suspension"),
    _O.REPLACE: N_("Replacement"),
    _O.CHANGE: N_("Change of data"),
}

NATIONAL_STATUS: Mapping[Status, tuple[str, str]] = {
    _S.IN_FORCE: ("01", "有效"),
    _S.SUSPENDED: ("02", "暂扣"),
    _S.REVOKED_FOR_DECEIT: ("03", "撤销"),
    _S.CANCELLED: ("04", "注销"),
    _S.EXPIRED: ("05", "失效"),
    _S.REVOKED_AS_PENALTY: ("07", "吊销"),
    _S.REPLACED: ("99", "已换发新证"),
    _S.PERMISSION_WITHDRAWN: ("99", "撤回"),
    _S.INTENT: ("99", "未激活"),
    _S.VOID: ("99", "作废"),
}
"""Code and description; 99 is “other”, which has to be described. Platforms that number otherwise get a table of their own."""


def rule(operation: Operation) -> Rule:
    """The row of ``operation``."""
    return OPERATIONS[operation]


def possible(status: Status) -> tuple[Rule, ...]:
    """Every operation that a licence in ``status`` can undergo, in the order of the table."""
    return tuple(row for row in _TABLE if status in row.sources)


def still_possible(status: Status, operation: Operation) -> bool:
    """Whether ``operation`` can happen now or after other operations have changed ``status``."""
    reached, waiting = {status}, [status]
    while waiting:
        for row in possible(waiting.pop()):
            if row.target not in reached:
                reached.add(row.target)
                waiting.append(row.target)
    return bool(reached & OPERATIONS[operation].sources)
