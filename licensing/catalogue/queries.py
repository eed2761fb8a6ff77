"""The catalogue as it is now: the data files, and the versions of proofs that were written and put in force in the portal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from licensing.catalogue.catalogue import Catalogue
from licensing.catalogue.loader import load_catalogue
from licensing.catalogue.model import Proof
from licensing.catalogue.tables import ProofVersion

IN_FORCE: Final = "in_force"
_PROOF = TypeAdapter(Proof)


def catalogue_now(session: Session) -> Catalogue:
    """The catalogue with every version of a proof that was put in force here; a stored version goes before a shipped one of its number."""
    contents = session.scalars(select(ProofVersion.content).where(ProofVersion.state == IN_FORCE).order_by(ProofVersion.id))
    stored = {(proof.code, proof.version): proof for proof in map(proof_from, contents)}
    catalogue = load_catalogue()
    if not stored:
        return catalogue
    merged = {(proof.code, proof.version): proof for proof in catalogue.proofs} | stored
    return replace(catalogue, proofs=tuple(merged[key] for key in sorted(merged)))


def proof_from(content: Mapping[str, Any]) -> Proof:
    """The proof in ``content``; raises ``pydantic.ValidationError`` for what is none."""
    return _PROOF.validate_python(dict(content))


def content_of(proof: Proof) -> dict[str, Any]:
    """The proof as plain data, to be stored."""
    return dict(_PROOF.dump_python(proof, mode="json"))
