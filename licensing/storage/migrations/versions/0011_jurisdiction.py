"""Jurisdiction: the tree of authorities, their events, and rules with first and last days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ALWAYS = "1900-01-01"


def upgrade() -> None:
    op.create_table(
        "authority_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_authority_event_actor_id")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_authority_event_authority_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authority_event")),
        sa.UniqueConstraint("authority_id", "sequence", name=op.f("uq_authority_event_authority_id_sequence")),
    )
    with op.batch_alter_table("authority", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.alter_column("uscc", existing_type=sa.String(length=18), nullable=True)
        batch_op.alter_column("kid", existing_type=sa.Integer(), nullable=True)
        batch_op.alter_column("region_code", existing_type=sa.String(length=6), type_=sa.String(length=12))
        batch_op.create_foreign_key(batch_op.f("fk_authority_parent_id"), "authority", ["parent_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_authority_parent_id"), ["parent_id"], unique=False)

    with op.batch_alter_table("jurisdiction", schema=None) as batch_op:
        batch_op.add_column(sa.Column("valid_from", sa.Date(), nullable=False, server_default=ALWAYS))
        batch_op.add_column(sa.Column("valid_to", sa.Date(), nullable=True))
        batch_op.alter_column("region_prefix", existing_type=sa.String(length=6), type_=sa.String(length=12))
        batch_op.drop_constraint(batch_op.f("uq_jurisdiction_matter_region_prefix"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_jurisdiction_matter_region_prefix_valid_from"), ["matter", "region_prefix", "valid_from"]
        )


def downgrade() -> None:
    with op.batch_alter_table("jurisdiction", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_jurisdiction_matter_region_prefix_valid_from"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_jurisdiction_matter_region_prefix"), ["matter", "region_prefix"])
        batch_op.alter_column("region_prefix", existing_type=sa.String(length=12), type_=sa.String(length=6))
        batch_op.drop_column("valid_to")
        batch_op.drop_column("valid_from")

    with op.batch_alter_table("authority", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_authority_parent_id"))
        batch_op.drop_constraint(batch_op.f("fk_authority_parent_id"), type_="foreignkey")
        batch_op.alter_column("region_code", existing_type=sa.String(length=12), type_=sa.String(length=6))
        batch_op.alter_column("kid", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("uscc", existing_type=sa.String(length=18), nullable=False)
        batch_op.drop_column("active")
        batch_op.drop_column("parent_id")
    op.drop_table("authority_event")
