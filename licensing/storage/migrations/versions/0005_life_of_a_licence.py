"""What happens to a licence after its issue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("licence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("origin", sa.String(length=30), nullable=False, server_default="issue"))
        batch_op.add_column(sa.Column("previous_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_licence_previous_id"), "licence", ["previous_id"], ["id"])
        batch_op.create_index("ix_licence_register", ["authority_id", "id"], unique=False)
        batch_op.create_index("ix_licence_ending", ["status", "valid_until"], unique=False)

    op.create_table(
        "licence_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("licence_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(length=30), nullable=False),
        sa.Column("source", sa.String(length=30), nullable=False),
        sa.Column("target", sa.String(length=30), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["licence_id"], ["licence.id"], name=op.f("fk_licence_event_licence_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_licence_event_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_licence_event")),
        sa.UniqueConstraint("licence_id", "sequence", name=op.f("uq_licence_event_licence_id_sequence")),
    )

    op.create_table(
        "proceeding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("licence_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("operation", sa.String(length=30), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("slot", sa.String(length=40), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["licence_id"], ["licence.id"], name=op.f("fk_proceeding_licence_id")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_proceeding_authority_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_proceeding_company_id")),
        sa.ForeignKeyConstraint(["version_id"], ["licence.id"], name=op.f("fk_proceeding_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proceeding")),
        sa.UniqueConstraint("number", name=op.f("uq_proceeding_number")),
        sa.UniqueConstraint("slot", name=op.f("uq_proceeding_slot")),
    )
    with op.batch_alter_table("proceeding", schema=None) as batch_op:
        batch_op.create_index("ix_proceeding_state", ["authority_id", "state"], unique=False)
        batch_op.create_index("ix_proceeding_licence", ["licence_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proceeding_company_id"), ["company_id"], unique=False)

    op.create_table(
        "proceeding_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proceeding_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["proceeding_id"], ["proceeding.id"], name=op.f("fk_proceeding_event_proceeding_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_proceeding_event_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proceeding_event")),
        sa.UniqueConstraint("proceeding_id", "sequence", name=op.f("uq_proceeding_event_proceeding_id_sequence")),
    )

    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.alter_column("case_id", existing_type=sa.Integer(), nullable=True)
        batch_op.add_column(sa.Column("licence_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_letter_licence_id"), "licence", ["licence_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_letter_licence_id"), ["licence_id"], unique=False)

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("licence_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_column("licence_id")

    op.execute(sa.text("DELETE FROM letter WHERE case_id IS NULL"))
    with op.batch_alter_table("letter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_letter_licence_id"))
        batch_op.drop_constraint(batch_op.f("fk_letter_licence_id"), type_="foreignkey")
        batch_op.drop_column("licence_id")
        batch_op.alter_column("case_id", existing_type=sa.Integer(), nullable=False)

    op.drop_table("proceeding_event")
    op.drop_table("proceeding")
    op.drop_table("licence_event")
    with op.batch_alter_table("licence", schema=None) as batch_op:
        batch_op.drop_index("ix_licence_ending")
        batch_op.drop_index("ix_licence_register")
        batch_op.drop_constraint(batch_op.f("fk_licence_previous_id"), type_="foreignkey")
        batch_op.drop_column("previous_id")
        batch_op.drop_column("origin")
        batch_op.drop_column("sequence")
