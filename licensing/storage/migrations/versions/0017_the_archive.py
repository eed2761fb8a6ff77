"""The archive: the file of a finished case, closed and numbered. A message can lead to a commission."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_archive",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("index_sha256", sa.String(length=64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["archived_by"], ["person.id"], name=op.f("fk_case_archive_archived_by")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_case_archive_authority_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_archive_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_archive")),
        sa.UniqueConstraint("case_id", name=op.f("uq_case_archive_case_id")),
        sa.UniqueConstraint("number", name=op.f("uq_case_archive_number")),
    )
    with op.batch_alter_table("case_archive", schema=None) as batch_op:
        batch_op.create_index("ix_case_archive_list", ["authority_id", "id"], unique=False)
    op.add_column("notice", sa.Column("commission_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("notice", "commission_id")
    op.drop_table("case_archive")
