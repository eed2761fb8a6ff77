"""What the checker takes along to work without the server: sentences, the table of verdicts, kinds of licences, the pinned root."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from babel.dates import format_date
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask_babel import gettext

from licensing.catalogue import load_catalogue
from licensing.licences.verdict import GENUINE, IN_FORCE, LISTED, WHOLE, Answer, Overall, Verdict, Weight
from licensing.words import N_, Said, say
from portal.components import DATE, MOMENT
from portal.language import LANGUAGES, language

HEADLINES: Final[Mapping[Overall, Said]] = {
    Overall.VALID: say("Genuine and in force as of %(as_of)s"),
    Overall.UNKNOWN: say("Cannot be confirmed"),
    Overall.INVALID: say("Not valid"),
}
WORDS: Final[Mapping[str, str]] = {
    "age_days": N_("%(count)s days old"),
    "age_days_one": N_("1 day old"),
    "age_hours": N_("%(count)s hours old"),
    "age_hours_one": N_("1 hour old"),
    "age_minutes": N_("%(count)s minutes old"),
    "age_minutes_one": N_("1 minute old"),
    "age_now": N_("less than a minute old"),
    "age_future": N_("from the future: the clock of this device is slow"),
    "list_of": N_("List of %(as_of)s, %(age)s"),
    "no_lists": N_("This device holds no complete list yet."),
    "no_list": N_("This device holds no status list of this authority."),
    "list_not_asked": N_("No status list was needed for this answer."),
    "none": N_("none"),
    "trust_facts": N_("Trust list version %(version)s of %(issued)s; to be renewed before %(until)s."),
    "no_trust_list": N_("There is no trust list on this device. Connect to the network once."),
    "state_fresh": N_("Lists up to date"),
    "state_stale": N_("Lists out of date"),
    "state_missing": N_("Lists missing"),
    "renewing": N_("The lists are being renewed …"),
    "checked_at": N_("Checked on this device at %(moment)s (China time)."),
    "for_whom": N_("For %(holder)s, issued by %(issuer)s."),
    "compare": N_("Compare it line by line."),
    "nothing_to_compare": N_("There is nothing to compare."),
    "no_end": N_("No end date"),
    "looking": N_("Looking for the QR code …"),
    "hold_over": N_("Hold the camera straight over the QR code."),
    "camera_forbidden": N_(
        "This page may not use the camera. Allow it in the settings of the browser, or take one of the other ways below."
    ),
    "camera_missing": N_("No camera answers on this device. Take one of the other ways below."),
}


def phrasebook() -> dict[str, Any]:
    """Sentences, months and patterns of dates in the language of this request."""
    locale = LANGUAGES[language()]
    month = "MMM" if "MMM" in DATE[language()] else "M"
    return {
        "words": {name: gettext(text) for name, text in WORDS.items()},
        "months": [format_date(date(2026, number, 1), month, locale=locale) for number in range(1, 13)],
        "patterns": {"day": DATE[language()], "moment": MOMENT[language()]},
    }


def verdict_table() -> dict[str, Any]:
    """The answers that exist, each with its weight, its sentence and the next step that is its own; steps and headlines of the whole.

    The sentences keep their ``%(name)s`` places: the checker fills them.
    """
    good = Verdict(WHOLE["ok"], GENUINE["ok"], IN_FORCE["in-force"], None)
    doubtful = Verdict(WHOLE["not-checked"], good.genuine, good.in_force, None)
    wrong = Verdict(WHOLE["altered"], good.genuine, good.in_force, None)
    generic = {verdict.overall: verdict.next_step for verdict in (good, doubtful, wrong)}

    def spelled(answer: Answer) -> dict[str, str]:
        step = Verdict(answer, good.genuine, good.in_force, None).next_step
        own = {} if answer.weight is Weight.GOOD or step in generic.values() else {"step": gettext(step.text)}
        return {"weight": answer.weight.value, "text": gettext(answer.text.text), **own}

    return {
        "whole": {code: spelled(answer) for code, answer in WHOLE.items()},
        "genuine": {code: spelled(answer) for code, answer in GENUINE.items()},
        "in_force": {code: spelled(answer) for code, answer in IN_FORCE.items()},
        "listed": {code: gettext(sentence.text) for code, sentence in LISTED.items()},
        "steps": {overall.value: gettext(step.text) for overall, step in generic.items()},
        "headlines": {overall.value: gettext(sentence.text) for overall, sentence in HEADLINES.items()},
    }


def licence_types() -> dict[str, dict[str, str]]:
    """Name and type code of every kind of licence by its index in the QR code."""
    return {str(kind.index): {"name": kind.name, "type_code": kind.type_code} for kind in load_catalogue().licence_types}


def pinned_root(certificate: x509.Certificate) -> dict[str, str]:
    """The root as the page pins it: public key and key identifier in base64."""
    identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {"key": base64.b64encode(key).decode(), "id": base64.b64encode(identifier).decode()}
