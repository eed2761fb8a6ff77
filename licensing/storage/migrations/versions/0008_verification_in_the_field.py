"""Verification in the field: drafts of reports, captions and previews of photographs, and the inspectors that a draw assigns."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "verification_draft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("verification_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_verification_draft_person_id")),
        sa.ForeignKeyConstraint(["verification_id"], ["verification.id"], name=op.f("fk_verification_draft_verification_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_draft")),
        sa.UniqueConstraint("verification_id", "person_id", name=op.f("uq_verification_draft_verification_id_person_id")),
    )
    op.create_table(
        "verification_inspector",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("verification_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_verification_inspector_person_id")),
        sa.ForeignKeyConstraint(["verification_id"], ["verification.id"], name=op.f("fk_verification_inspector_verification_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_inspector")),
        sa.UniqueConstraint("verification_id", "place", name=op.f("uq_verification_inspector_verification_id_place")),
    )
    with op.batch_alter_table("verification_inspector", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_inspector_person_id"), ["person_id"], unique=False)

    with op.batch_alter_table("verification_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("caption", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("preview_sha256", sa.String(length=64), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("verification_file", schema=None) as batch_op:
        batch_op.drop_column("preview_sha256")
        batch_op.drop_column("caption")

    with op.batch_alter_table("verification_inspector", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verification_inspector_person_id"))

    op.drop_table("verification_inspector")
    op.drop_table("verification_draft")
