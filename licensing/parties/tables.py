"""Companies, people, seats in companies, authorities and posts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from licensing.errors import Conflict
from licensing.parties.rules import ALWAYS
from licensing.storage import Base, Moment
from licensing.words import say


class Company(Base):
    """A legal person: 建设单位 or 检测单位. ``uscc`` is canonical (GB 32100: 18 characters, upper case)."""

    __tablename__ = "company"

    id: Mapped[int] = mapped_column(primary_key=True)
    uscc: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(300), default="")
    postcode: Mapped[str] = mapped_column(String(6), default="")
    legal_representative: Mapped[str] = mapped_column(String(60), default="")
    contact_name: Mapped[str] = mapped_column(String(60), default="")
    contact_phone: Mapped[str] = mapped_column(String(30), default="")
    region_code: Mapped[str] = mapped_column(String(6), default="")


class Person(Base):
    """A natural person who acts here. Two accounts of one person share this row."""

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    phone: Mapped[str] = mapped_column(String(30), default="")
    admin_role: Mapped[str | None] = mapped_column(String(30))

    seats: Mapped[list[Seat]] = relationship(back_populates="person")
    posts: Mapped[list[OfficePost]] = relationship(back_populates="person")


class Seat(Base):
    """A person's role in a company, from one day to another (inclusive; open end means still held)."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("person_id", "company_id", "role", "held_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    company_id: Mapped[int] = mapped_column(ForeignKey("company.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    held_from: Mapped[date]
    held_until: Mapped[date | None]

    person: Mapped[Person] = relationship(back_populates="seats")
    company: Mapped[Company] = relationship()


class Authority(Base):
    """A meteorological authority 气象主管机构 with the place abbreviation of its document numbers.

    ``parent_id`` is the level above. An authority is ``active`` when cases may be sent to it; that is a cache of what its events say.
    One that was only imported has no credit code yet, and its ``kid`` is unknown until it has keys.
    """

    __tablename__ = "authority"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    english_name: Mapped[str] = mapped_column(String(150), default="")
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    level: Mapped[str] = mapped_column(String(10))
    region_code: Mapped[str] = mapped_column(String(12))
    number_place: Mapped[str] = mapped_column(String(10))
    kid: Mapped[int | None] = mapped_column(unique=True)
    phone: Mapped[str] = mapped_column(String(30), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("authority.id"), index=True)
    active: Mapped[bool] = mapped_column(default=True)

    events: Mapped[list[AuthorityEvent]] = relationship(order_by="AuthorityEvent.sequence", back_populates="authority")

    @property
    def credit_code(self) -> str:
        """The unified social credit code that stands in licences. Raises ``Conflict`` (``authority-incomplete``) while it has none."""
        if self.uscc is None:
            raise Conflict(
                say("%(name)s cannot issue anything yet: its credit code is not known.", name=self.name),
                next_step=say("Transfer the case to an authority that is active."),
                code="authority-incomplete",
            )
        return self.uscc


class AuthorityEvent(Base):
    """That an authority was imported, activated or deactivated, by whom and why; never changed, never deleted."""

    __tablename__ = "authority_event"
    __table_args__ = (UniqueConstraint("authority_id", "sequence"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    sequence: Mapped[int]
    type: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(Moment)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(1000), default="")

    authority: Mapped[Authority] = relationship(back_populates="events")


class Jurisdiction(Base):
    """Which authority decides a matter in a region, from one day to another (inclusive; an open end means still).

    The longest prefix of the code of the region wins (Order 37 art. 2).
    """

    __tablename__ = "jurisdiction"
    __table_args__ = (UniqueConstraint("matter", "region_prefix", "valid_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    matter: Mapped[str] = mapped_column(String(40))
    region_prefix: Mapped[str] = mapped_column(String(12))
    valid_from: Mapped[date] = mapped_column(default=ALWAYS)
    valid_to: Mapped[date | None]

    authority: Mapped[Authority] = relationship()


class OfficePost(Base):
    """A person's role at an authority, from one day to another (inclusive)."""

    __tablename__ = "office_post"
    __table_args__ = (UniqueConstraint("person_id", "authority_id", "role", "held_from"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    role: Mapped[str] = mapped_column(String(30))
    held_from: Mapped[date]
    held_until: Mapped[date | None]

    person: Mapped[Person] = relationship(back_populates="posts")
    authority: Mapped[Authority] = relationship()
