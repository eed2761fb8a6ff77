"""The statutory limits T1–T19 as data: how long, counted in what, from which event, by which rule.

A limit that differs by place or case has lettered variants (``T14a``, ``T14b``); its bare number is a ``window`` that only tells in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from licensing.errors import NotFound
from licensing.words import Said, say

LICENSING_LAW = "《行政许可法》"
PROJECT_RULE = "《雷电防护装置设计审核和竣工验收规定》(中国气象局令第37号)"
QUALIFICATION_RULE = "《雷电防护装置检测资质管理办法》(中国气象局令第31号, 第38号、第41号修改)"
EXTENSION_SOURCE = f"{LICENSING_LAW}第四十二条"
LONGEST_EXTENSION = 10


class Unit(StrEnum):
    """What is counted. A ``window`` is not counted: it is a rule or a season told in words."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"
    MONTHS = "months"
    YEARS = "years"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Limit:
    """One legal limit. ``amount`` is in ``unit`` and is None for a window; ``source`` is the rule and article.

    ``backwards``: the last moment lies before ``starts`` (three months before expiry).
    ``extendable``: the head of the authority may extend it once (T6).
    ``shifts``: a last day that falls on a day off moves to the next working day (Civil Code art. 203); only calendar units need it.
    ``note``: what the amount alone does not say.
    """

    id: str
    name: Said
    amount: int | None
    unit: Unit
    starts: Said
    source: str
    backwards: bool = False
    extendable: bool = False
    shifts: bool = False
    note: Said | None = None

    @property
    def length(self) -> Said:
        """The amount in words, such as "10 working days"."""
        if self.amount is None:
            return self.note or say("not counted in days")
        return length_of(self.amount, self.unit)

    def promised(self, amount: int, source: str) -> Limit:
        """The same limit, shortened to what the authority promises in its service guide."""
        return replace(self, amount=amount, source=source)


def length_of(amount: int, unit: Unit) -> Said:
    """An amount in words; ``unit`` is not a window."""
    one = {
        Unit.WORKING_DAYS: say("1 working day"),
        Unit.CALENDAR_DAYS: say("1 calendar day"),
        Unit.MONTHS: say("1 month"),
        Unit.YEARS: say("1 year"),
    }
    many = {
        Unit.WORKING_DAYS: say("%(amount)s working days", amount=amount),
        Unit.CALENDAR_DAYS: say("%(amount)s calendar days", amount=amount),
        Unit.MONTHS: say("%(amount)s months", amount=amount),
        Unit.YEARS: say("%(amount)s years", amount=amount),
    }
    return (one if amount == 1 else many)[unit]


RECEIPT = say("receipt of the materials")
ACCEPTANCE = say("acceptance of the application")
DECISION = say("the decision")
INSPECTED = say("the last inspection of the device")
REPORTED = say("issue of the inspection report")
OUTSIDE = say("the first activity outside the home area")

_TABLE = (
    Limit(
        "T1",
        say("Accept, refuse to accept, or ask for corrections"),
        5,
        Unit.WORKING_DAYS,
        RECEIPT,
        f"{LICENSING_LAW}第三十二条; {PROJECT_RULE}第八条",
    ),
    Limit(
        "T2",
        say("Silence counts as acceptance"),
        None,
        Unit.WINDOW,
        RECEIPT,
        f"{LICENSING_LAW}第三十二条; {PROJECT_RULE}第八条",
        note=say("When T1 passes in silence, the application counts as accepted from the day the materials were received."),
    ),
    Limit("T3", say("Decide on the design review"), 10, Unit.WORKING_DAYS, ACCEPTANCE, f"{PROJECT_RULE}第十一条", extendable=True),
    Limit("T4", say("Decide on the completion acceptance"), 10, Unit.WORKING_DAYS, ACCEPTANCE, PROJECT_RULE, extendable=True),
    Limit(
        "T5",
        say("Decide on the qualification"),
        20,
        Unit.WORKING_DAYS,
        ACCEPTANCE,
        f"{QUALIFICATION_RULE}; {LICENSING_LAW}第四十二条",
        extendable=True,
        note=say("The time of the expert review is not counted."),
    ),
    Limit(
        "T6",
        say("Extension by the head of the authority"),
        LONGEST_EXTENSION,
        Unit.WORKING_DAYS,
        say("the end of the ordinary limit"),
        EXTENSION_SOURCE,
        note=say("The reasons are told to the applicant."),
    ),
    Limit("T7", say("Deliver the licence"), 10, Unit.WORKING_DAYS, DECISION, f"{LICENSING_LAW}第四十四条"),
    Limit(
        "T8",
        say("Report the qualification to the China Meteorological Administration"),
        30,
        Unit.WORKING_DAYS,
        say("recognition of the qualification"),
        QUALIFICATION_RULE,
    ),
    Limit(
        "T9", say("Tell the applicant that the qualification is refused, with reasons"), 10, Unit.WORKING_DAYS, DECISION, QUALIFICATION_RULE
    ),
    Limit(
        "T10",
        say("Apply for renewal"),
        3,
        Unit.MONTHS,
        say("expiry of the certificate"),
        f"{QUALIFICATION_RULE}第二十一条",
        backwards=True,
        note=say("Applied for later, the certificate lapses by itself on its last day."),
    ),
    Limit(
        "T11",
        say("Apply for a change of data"),
        30,
        Unit.WORKING_DAYS,
        say("the change in the company register"),
        f"{QUALIFICATION_RULE}第二十二条",
    ),
    Limit(
        "T12",
        say("Rectify lost conditions"),
        3,
        Unit.MONTHS,
        say("the order to rectify"),
        f"{QUALIFICATION_RULE}第二十八条",
        shifts=True,
        note=say("This is the longest time an order may give."),
    ),
    Limit(
        "T13",
        say("File the annual report"),
        None,
        Unit.WINDOW,
        say("the year after the certificate was issued"),
        f"{QUALIFICATION_RULE}第二十条",
        note=say("Every year from 1 April to 30 June."),
    ),
    Limit(
        "T14",
        say("Upload an inspection report"),
        None,
        Unit.WINDOW,
        REPORTED,
        "各省级气象主管机构通知",
        note=say("It differs by province: T14a counts 10 calendar days (Shanghai), T14b counts 10 working days (Zhejiang)."),
    ),
    Limit("T14a", say("Upload an inspection report (Shanghai)"), 10, Unit.CALENDAR_DAYS, REPORTED, "上海市气象局2023年通知", shifts=True),
    Limit("T14b", say("Upload an inspection report (Zhejiang)"), 10, Unit.WORKING_DAYS, REPORTED, "浙江省气象局通知"),
    Limit(
        "T15",
        say("Give notice before work outside the home area"),
        None,
        Unit.WINDOW,
        OUTSIDE,
        "各地气象主管机构通知",
        backwards=True,
        note=say("It differs by place: T15a counts 10 calendar days (Wuwei), T15b counts 10 working days (Jiayuguan)."),
    ),
    Limit("T15a", say("Give notice before work in Wuwei"), 10, Unit.CALENDAR_DAYS, OUTSIDE, "武威市气象局通知", backwards=True),
    Limit("T15b", say("Give notice before work in Jiayuguan"), 10, Unit.WORKING_DAYS, OUTSIDE, "嘉峪关市气象局2025年通知", backwards=True),
    Limit(
        "T16",
        say("No new application"),
        None,
        Unit.WINDOW,
        DECISION,
        f"{LICENSING_LAW}第七十八条、第七十九条; {QUALIFICATION_RULE}",
        note=say("It depends on the fault: T16a counts 1 year (false materials), T16b counts 3 years (deceit or bribery)."),
    ),
    Limit(
        "T16a", say("No new application after false materials"), 1, Unit.YEARS, DECISION, f"{LICENSING_LAW}第七十八条; {QUALIFICATION_RULE}"
    ),
    Limit("T16b", say("No new application after deceit"), 3, Unit.YEARS, DECISION, f"{LICENSING_LAW}第七十九条; {QUALIFICATION_RULE}"),
    Limit("T17", say("Publish the decision"), 7, Unit.WORKING_DAYS, DECISION, "行政许可和行政处罚信息公示(双公示)制度"),
    Limit("T18", say("Validity of the certificate"), 5, Unit.YEARS, say("issue of the certificate"), QUALIFICATION_RULE),
    Limit(
        "T19",
        say("Next periodic inspection of a device"),
        None,
        Unit.WINDOW,
        INSPECTED,
        "《防雷减灾管理办法》(中国气象局令第44号)",
        note=say("It depends on the place: T19a counts 1 year, T19b counts 6 months (explosive or fire-risk places)."),
    ),
    Limit("T19a", say("Next periodic inspection, ordinary place"), 1, Unit.YEARS, INSPECTED, "《防雷减灾管理办法》(中国气象局令第44号)"),
    Limit(
        "T19b",
        say("Next periodic inspection, explosive or fire-risk place"),
        6,
        Unit.MONTHS,
        INSPECTED,
        "《防雷减灾管理办法》(中国气象局令第44号)",
    ),
)

LIMITS: Mapping[str, Limit] = {limit.id: limit for limit in _TABLE}


def find_limit(name: str) -> Limit:
    """The limit with this id, in capitals or not ("t14B" is T14b). Raises ``NotFound``."""
    if limit := LIMITS.get(name.strip()[:1].upper() + name.strip()[1:].lower()):
        return limit
    raise NotFound(
        say("There is no limit named %(name)s.", name=name),
        next_step=say("Use one of: %(names)s.", names=", ".join(LIMITS)),
        code="limit-unknown",
    )
