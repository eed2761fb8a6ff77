"""The acts on a licence that need words, one row each: which event, which form, what it does, what is said afterwards."""

from __future__ import annotations

from licensing.commitments import consequences
from licensing.licences.operations import Rule
from licensing.policy import Actor
from licensing.proceedings import actions, issuing
from licensing.proceedings.machine import Event
from licensing.words import N_, Said, say
from portal.licences import PROPOSALS
from portal.office import licence_forms as forms
from portal.office.licence_forms import About
from portal.office.performing import Act
from portal.typed import Values

LicenceAct = Act[Event, About]

LEADS = {
    "propose": N_("You propose, another person decides."),
    "notice": N_("The holder gets this notice now and has time to answer. Only then can another person decide."),
    "recommend": N_("The holder asked for this. You propose to grant or to refuse it, another person decides."),
    "hearing": N_("The holder demanded a hearing. Record what was said; then another person decides."),
    "decide": N_("It takes effect the moment you decide: in the register, in the status list and for everybody who checks the licence."),
    "grant": N_(
        "The new version is signed and in force the moment you grant it, and the one before is replaced. Check what will stand on it."
    ),
    "refuse": N_("The holder receives the reasons in writing and may object."),
    "return": N_("The examiner gets the request back with your reason and proposes anew."),
    "drop": N_("The matter ends here and nothing happens to the licence. The holder is told."),
}


def act_title(act: LicenceAct, about: About) -> Said:
    """The heading of the act's page."""
    return say(act.title, what=say(PROPOSALS[about.rule.operation]))


def lead(act: LicenceAct, about: About) -> Said:
    """What the act does, told before it is done."""
    return say(LEADS["notice" if act.slug == "propose" and about.rule.notice else act.slug])


def _propose(actor: Actor, about: About, values: Values) -> None:
    actions.propose(
        actor,
        about.page.licence.id,
        about.rule.operation,
        reason=values["reason"],
        changes=values.get("changes"),
        answer_days=values.get("days"),
    )


def _recommend(actor: Actor, about: About, values: Values) -> None:
    actions.recommend(actor, _id(about), grant=values["recommendation"] == "grant", reason=values["reason"])


def _hear(actor: Actor, about: About, values: Values) -> None:
    actions.record_hearing(actor, _id(about), held_on=values["day"], summary=values["reason"])


def _decide(actor: Actor, about: About, values: Values) -> None:
    consequences.decide(actor, _id(about), values["reason"])


def _grant(actor: Actor, about: About, values: Values) -> None:
    issuing.grant_version(actor, _id(about), values["reason"])


def _refuse(actor: Actor, about: About, values: Values) -> None:
    actions.refuse(actor, _id(about), values["reason"])


def _return(actor: Actor, about: About, values: Values) -> None:
    actions.send_back(actor, _id(about), values["reason"])


def _drop(actor: Actor, about: About, values: Values) -> None:
    consequences.drop(actor, _id(about), values["reason"])


def _id(about: About) -> int:
    return about.card.row.id if about.card else 0


PROPOSE: LicenceAct = Act(
    "propose",
    Event.PROPOSED,
    N_("Propose: %(what)s"),
    N_("Propose it"),
    N_("It was proposed."),
    forms.propose_values,
    forms.read_proposal,
    _propose,
    kind="",
)
NOTIFY: LicenceAct = Act(
    "propose",
    Event.NOTICE_SERVED,
    N_("Propose: %(what)s"),
    N_("Send the notice"),
    N_("The notice was sent; the holder can answer it now."),
    forms.propose_values,
    forms.read_proposal,
    _propose,
    kind="danger",
)
ACTS: tuple[LicenceAct, ...] = (
    Act(
        "recommend",
        Event.PROPOSED,
        N_("Propose a decision on the request: %(what)s"),
        N_("Send to the approver"),
        N_("Your proposal was sent to the approver."),
        forms.recommend_values,
        forms.read_recommendation,
        _recommend,
        kind="",
    ),
    Act(
        "hearing",
        Event.HEARING_RECORDED,
        N_("Record the hearing: %(what)s"),
        N_("Record the hearing"),
        N_("The hearing was recorded."),
        forms.hearing_values,
        forms.read_hearing,
        _hear,
        kind="",
    ),
    Act(
        "decide",
        Event.DECIDED,
        N_("Decide: %(what)s"),
        N_("Decide and send the letter"),
        N_("It was decided and carried out."),
        forms.proposed_reason,
        forms.read_reason,
        _decide,
        kind="danger",
    ),
    Act(
        "grant",
        Event.VERSION_DECIDED,
        N_("Grant: %(what)s"),
        N_("Grant and issue the new version"),
        N_("The new version is in force."),
        forms.proposed_reason,
        forms.read_reason,
        _grant,
        kind="",
    ),
    Act(
        "refuse",
        Event.REFUSED,
        N_("Refuse the request: %(what)s"),
        N_("Refuse and send the letter"),
        N_("The request was refused."),
        forms.proposed_reason,
        forms.read_reason,
        _refuse,
        kind="danger",
    ),
    Act(
        "return",
        Event.RETURNED,
        N_("Return to the examiner"),
        N_("Return the proposal"),
        N_("The proposal was returned to the examiner."),
        forms.no_values,
        forms.read_reason,
        _return,
    ),
    Act(
        "drop",
        Event.DROPPED,
        N_("Do not pursue: %(what)s"),
        N_("Do not pursue it"),
        N_("The matter was dropped and the holder was told."),
        forms.no_values,
        forms.read_reason,
        _drop,
    ),
)


def opening_act(rule: Rule) -> LicenceAct:
    """The act that begins a proceeding on the authority's own motion: with a notice when the operation is adverse."""
    return NOTIFY if rule.notice is not None else PROPOSE
