"""The public register of permits, ratings, messages to everybody by every channel, and seats that a company gives itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_CHINA = timedelta(hours=8)
_CASE = sa.table("case_file", sa.column("id"), sa.column("state"), sa.column("decided_on", sa.Date()), sa.column("region_code"))
_EVENT = sa.table(
    "case_event",
    sa.column("case_id"),
    sa.column("sequence"),
    sa.column("type"),
    sa.column("at", sa.DateTime(timezone=True)),
    sa.column("data", sa.JSON()),
)
_SUBMISSIONS = ("CaseSubmitted", "CaseCorrected", "ProofSettled")
_DECISIONS = {"granted": "CaseGranted", "refused": "CaseRefused"}


def upgrade() -> None:
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("decided_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("region_code", sa.String(length=6), nullable=False, server_default=""))
        batch_op.create_index("ix_case_file_register", ["decided_on", "id", "state"], unique=False)
    _fill_cases()

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.alter_column("company_id", existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(sa.Column("authority_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("role", sa.String(length=30), nullable=True))
        batch_op.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reference", sa.String(length=60), nullable=False, server_default=""))
        batch_op.create_foreign_key(batch_op.f("fk_notice_authority_id"), "authority", ["authority_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_notice_person_id"), "person", ["person_id"], ["id"])
        batch_op.drop_index("ix_notice_company")
        batch_op.create_index("ix_notice_company", ["company_id", "read_at", "id"], unique=False)
        batch_op.create_index("ix_notice_post", ["authority_id", "role", "read_at", "id"], unique=False)
        batch_op.create_index("ix_notice_person", ["person_id", "read_at", "id"], unique=False)

    op.create_table(
        "notice_channel",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_channel_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_notice_channel")),
    )
    op.create_table(
        "notice_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_delivery_notice_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_delivery_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_delivery")),
        sa.UniqueConstraint("notice_id", "person_id", "channel", name=op.f("uq_notice_delivery_notice_id_person_id_channel")),
    )
    with op.batch_alter_table("notice_delivery", schema=None) as batch_op:
        batch_op.create_index("ix_notice_delivery_due", ["next_try_at", "id"], unique=False)

    op.create_table(
        "rating",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("rated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rated_by", sa.Integer(), nullable=False),
        sa.Column("answer_due", sa.Date(), nullable=True),
        sa.Column("finding", sa.String(length=20), nullable=False),
        sa.Column("answer", sa.String(length=1000), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"], name=op.f("fk_rating_answered_by")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_rating_authority_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_rating_case_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_rating_company_id")),
        sa.ForeignKeyConstraint(["rated_by"], ["person.id"], name=op.f("fk_rating_rated_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rating")),
        sa.UniqueConstraint("case_id", name=op.f("uq_rating_case_id")),
    )
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.create_index("ix_rating_waiting", ["authority_id", "answered_at", "id"], unique=False)

    op.create_table(
        "seat_invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("held_until", sa.Date(), nullable=False),
        sa.Column("letter_sha256", sa.String(length=64), nullable=False),
        sa.Column("letter_name", sa.String(length=120), nullable=False),
        sa.Column("letter_type", sa.String(length=60), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_by", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.Column("seat_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_seat_invitation_closed_by")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_seat_invitation_company_id")),
        sa.ForeignKeyConstraint(["invited_by"], ["person.id"], name=op.f("fk_seat_invitation_invited_by")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_seat_invitation_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_invitation")),
    )
    with op.batch_alter_table("seat_invitation", schema=None) as batch_op:
        batch_op.create_index("ix_seat_invitation_address", ["address", "outcome"], unique=False)
        batch_op.create_index(batch_op.f("ix_seat_invitation_company_id"), ["company_id"], unique=False)

    op.create_table(
        "seat_end",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seat_id", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_seat_end_ended_by")),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"], name=op.f("fk_seat_end_seat_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seat_end")),
        sa.UniqueConstraint("seat_id", name=op.f("uq_seat_end_seat_id")),
    )


def downgrade() -> None:
    op.drop_table("seat_end")
    with op.batch_alter_table("seat_invitation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_seat_invitation_company_id"))
        batch_op.drop_index("ix_seat_invitation_address")
    op.drop_table("seat_invitation")
    with op.batch_alter_table("rating", schema=None) as batch_op:
        batch_op.drop_index("ix_rating_waiting")
    op.drop_table("rating")
    with op.batch_alter_table("notice_delivery", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_delivery_due")
    op.drop_table("notice_delivery")
    op.drop_table("notice_channel")
    op.execute(sa.text("DELETE FROM notice WHERE company_id IS NULL"))
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index("ix_notice_person")
        batch_op.drop_index("ix_notice_post")
        batch_op.drop_index("ix_notice_company")
        batch_op.create_index("ix_notice_company", ["company_id", "id"], unique=False)
        batch_op.drop_constraint(batch_op.f("fk_notice_person_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_notice_authority_id"), type_="foreignkey")
        batch_op.drop_column("reference")
        batch_op.drop_column("person_id")
        batch_op.drop_column("role")
        batch_op.drop_column("authority_id")
        batch_op.alter_column("company_id", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.drop_index("ix_case_file_register")
        batch_op.drop_column("region_code")
        batch_op.drop_column("decided_on")


def _fill_cases() -> None:
    """What the events of the cases that are already there say: the place of the latest submission, and the day of the decision."""
    connection = op.get_bind()
    for case_id, state in connection.execute(sa.select(_CASE.c.id, _CASE.c.state)).all():
        wanted = (*_SUBMISSIONS, _DECISIONS.get(state, ""))
        query = sa.select(_EVENT.c.type, _EVENT.c.at, _EVENT.c.data).where(_EVENT.c.case_id == case_id, _EVENT.c.type.in_(wanted))
        values: dict[str, Any] = {}
        for kind, at, data in connection.execute(query.order_by(_EVENT.c.sequence)):
            if kind in _SUBMISSIONS:
                values["region_code"] = str((data["answers"].get("project") or {}).get("region", ""))[:6]
            else:
                values["decided_on"] = _day(at)
        if values:
            connection.execute(sa.update(_CASE).where(_CASE.c.id == case_id).values(**values))


def _day(at: datetime) -> Any:
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return (aware + _CHINA).date()
