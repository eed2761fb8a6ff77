"""Years of the calendar that were imported, and the dates of cases that they moved."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_year",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["imported_by"], ["person.id"], name=op.f("fk_calendar_year_imported_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_year")),
    )
    op.create_index("ix_calendar_year_year", "calendar_year", ["year", "id"], unique=False)
    op.create_table(
        "calendar_effect",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("old_due_on", sa.Date(), nullable=False),
        sa.Column("new_due_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_calendar_effect_case_id")),
        sa.ForeignKeyConstraint(["import_id"], ["calendar_year.id"], name=op.f("fk_calendar_effect_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_effect")),
    )
    op.create_index(op.f("ix_calendar_effect_case_id"), "calendar_effect", ["case_id"], unique=False)
    op.create_index(op.f("ix_calendar_effect_import_id"), "calendar_effect", ["import_id"], unique=False)


def downgrade() -> None:
    op.drop_table("calendar_effect")
    op.drop_table("calendar_year")
