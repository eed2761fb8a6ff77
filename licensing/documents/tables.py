"""Pictures of pages that were drawn once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from licensing.storage import Base, Moment


class PagePicture(Base):
    """One page of a file, by the hash of the file: ``picture_sha256`` is the drawn picture, None where it could not be drawn.

    It can be drawn again at any time from the file, which alone is evidence; so the log does not hold it.
    """

    __tablename__ = "page_picture"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    page: Mapped[int] = mapped_column(primary_key=True)
    picture_sha256: Mapped[str | None] = mapped_column(String(64))
    drawn_at: Mapped[datetime] = mapped_column(Moment)
