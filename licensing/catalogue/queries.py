"""The catalogue as it is now: the data files, and the versions of proofs that were put in force in the portal."""

from __future__ import annotations

from sqlalchemy.orm import Session

from licensing.catalogue.catalogue import Catalogue
from licensing.catalogue.loader import load_catalogue


def catalogue_now(session: Session) -> Catalogue:
    return load_catalogue()
