"""The form of a proof's next version: clauses, facts and how it is verified and published, read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from licensing.catalogue.model import Proof
from licensing.catalogue.queries import content_of
from portal.typed import Form, typed_text

SINGLE: Final = ("title", "issuer", "use", "subjects", "verification", "publication")
LISTS: Final = ("notice", "commitment")
METHODS: Final = ("site", "document", "data_sharing", "random", "waived")
KINDS: Final = ("text", "long_text", "integer", "decimal", "date")
MOST: Final = 40


def read_version(form: Form, before: Proof) -> dict[str, Any]:
    """What was typed, as the changed parts of a version. Empty clauses and facts without a name are left out; rows follow their number."""
    return {
        "name": typed_text(form, "name"),
        "english_name": typed_text(form, "english_name"),
        **{part: _clause(form, part) for part in SINGLE},
        **{part: list(_clauses(form, part)) for part in LISTS},
        "legal_basis": [line for line in typed_text(form, "legal_basis").split("\n") if line.strip()],
        "facts": list(_facts(form, before)),
        "verification_method": form.get("verification_method", ""),
        "verified": form.get("verified", ""),
        "verification_days": typed_text(form, "verification_days"),
        "answer_days": typed_text(form, "answer_days"),
        "rectification_days": typed_text(form, "rectification_days"),
        "published": form.get("published") == "yes",
        "publication_days": typed_text(form, "publication_days") or "0",
        "active": form.get("active") == "yes",
        "provisional": form.get("active") != "yes" and before.provisional,
        "date_orders": _orders(form, before),
        "valid_to": typed_text(form, "valid_to") or None,
        "publication_place": _place_of_publication(form),
    }


def _place_of_publication(form: Form) -> dict[str, str] | None:
    place = _clause(form, "publication_place")
    return place if any(place.values()) else None


def _clause(form: Form, path: str) -> dict[str, str]:
    return {"text": typed_text(form, f"{path}.text"), "english": typed_text(form, f"{path}.english")}


def _clauses(form: Form, part: str) -> Iterable[dict[str, str]]:
    found = [(_position(form, f"{part}.{row}"), _clause(form, f"{part}.{row}")) for row in range(MOST) if f"{part}.{row}.text" in form]
    kept = [(position, clause) for position, clause in found if clause["text"] or clause["english"]]
    return (clause for _, clause in sorted(kept, key=lambda one: one[0]))


def _facts(form: Form, before: Proof) -> Iterable[dict[str, Any]]:
    """Existing facts keep what the form does not ask; a fact keeps its code for ever."""
    known = {fact["code"]: fact for fact in content_of(before)["facts"]}
    rows = [row for row in range(MOST) if f"facts.{row}.code" in form]
    for row in sorted(rows, key=lambda row: _position(form, f"facts.{row}")):
        code = typed_text(form, f"facts.{row}.code")
        if not code or form.get(f"facts.{row}.gone"):
            continue
        typed = {part: typed_text(form, f"facts.{row}.{part}") for part in ("name", "english_name", "hint", "english_hint")}
        kept = known.get(code, {})
        kind = kept["kind"] if kept.get("kind", "text") not in KINDS else form.get(f"facts.{row}.kind", "text")
        lengths = {} if kept else {"max_length": 10 if kind == "date" else 200}
        marks = {mark: bool(form.get(f"facts.{row}.{mark}")) for mark in ("required", "personal")}
        yield {**kept, "code": code, **typed, "kind": kind, **marks, **lengths}


def _orders(form: Form, before: Proof) -> list[dict[str, str]]:
    """The rules between dates, but for those about a fact that is gone."""
    gone = {typed_text(form, f"facts.{row}.code") for row in range(MOST) if form.get(f"facts.{row}.gone")}
    orders: list[Mapping[str, str]] = content_of(before)["date_orders"]
    return [dict(order) for order in orders if not gone & {order["earlier"], order["later"]}]


def _position(form: Form, path: str) -> float:
    """Where a row stands: the number typed before it, else where it stood."""
    typed, row = form.get(f"{path}.position", ""), float(path.rpartition(".")[2])
    return float(typed) - 0.5 if typed.isdecimal() and len(typed) < 4 else row + 1
