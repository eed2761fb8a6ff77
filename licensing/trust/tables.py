"""The trust lists that were published."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage import Base, Moment


class TrustListVersion(Base):
    """One version of the trust list as the root signed it; never changed, never removed."""

    __tablename__ = "trust_list_version"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Moment)
    cose: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
