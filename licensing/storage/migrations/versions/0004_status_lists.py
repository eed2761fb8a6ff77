"""Signed status lists, with their history."""

from __future__ import annotations

import json
from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "status_list_token",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cwt", sa.LargeBinary(), nullable=False),
        sa.Column("jwt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_status_list_token_authority_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_list_token")),
    )
    op.create_index("ix_status_list_token_newest", "status_list_token", ["authority_id", "id"], unique=False)
    op.create_index("uq_licence_status_index", "licence", ["authority_id", "status_index"], unique=True)
    op.add_column("licence", sa.Column("valid_from", sa.Date(), nullable=False, server_default="1970-01-01"))
    _fill_first_days()


def downgrade() -> None:
    with op.batch_alter_table("licence", schema=None) as batch_op:
        batch_op.drop_column("valid_from")
    op.drop_index("uq_licence_status_index", "licence")
    op.drop_index("ix_status_list_token_newest", "status_list_token")
    op.drop_table("status_list_token")


def _fill_first_days() -> None:
    """The first day of each licence, which so far stood in its record alone."""
    connection = op.get_bind()
    licence = sa.table("licence", sa.column("id", sa.Integer), sa.column("record", sa.LargeBinary), sa.column("valid_from", sa.Date))
    for licence_id, record in connection.execute(sa.select(licence.c.id, licence.c.record)).all():
        first_day = date.fromisoformat(json.loads(record)["valid_from"])
        connection.execute(licence.update().where(licence.c.id == licence_id).values(valid_from=first_day))
