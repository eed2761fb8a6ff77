"""An application may change what a licence permits: it names that licence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("changes_licence_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_case_file_changes_licence_id"), "licence", ["changes_licence_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_case_file_changes_licence_id"), ["changes_licence_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("case_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_case_file_changes_licence_id"))
        batch_op.drop_constraint(batch_op.f("fk_case_file_changes_licence_id"), type_="foreignkey")
        batch_op.drop_column("changes_licence_id")
