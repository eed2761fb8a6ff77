"""What the office reads: an order that an index knows, who works on a case, what was seen, kept filters, and what figures count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_READ_TOGETHER = {
    "received": ("corrections", "proofs"),
    "accepted": ("silent", "acceptor_id"),
    "decided": ("days", "legal_days", "promised_days", "slowest", "proposer_id", "decider_id"),
}


def upgrade() -> None:
    stored = op.get_bind().dialect.name == "postgresql"  # SQLite can add only a virtual one; an index serves both
    order = sa.Computed("coalesce(due_on, '9999-12-31')", persisted=stored)
    op.add_column("case_file", sa.Column("sort_on", sa.Date(), order, nullable=False))
    op.drop_index("ix_case_file_worklist", "case_file")
    op.create_index("ix_case_file_worklist", "case_file", ["authority_id", "state", "sort_on", "id"])
    op.create_index("ix_case_file_everything", "case_file", ["authority_id", "sort_on", "id"])
    op.create_index("ix_commitment_state", "commitment", ["authority_id", "state"])
    op.create_table(
        "case_assignment",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("assigned_by", sa.Integer(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_assignment_case_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_case_assignment_person_id")),
        sa.ForeignKeyConstraint(["assigned_by"], ["person.id"], name=op.f("fk_case_assignment_assigned_by")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_assignment")),
    )
    op.create_index(op.f("ix_case_assignment_person_id"), "case_assignment", ["person_id"])
    op.create_table(
        "case_seen",
        sa.Column("person_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_case_seen_person_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_seen_case_id")),
        sa.PrimaryKeyConstraint("person_id", "case_id", name=op.f("pk_case_seen")),
    )
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_filter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_saved_filter_person_id_name")),
    )
    _measures()


def _measures() -> None:
    # Filled from the events by ``leizheng migrate``: only the code that reads events knows what they say.
    op.create_table(
        "case_measure",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("matter", sa.String(length=40), nullable=False),
        sa.Column("region", sa.String(length=6), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("silent", sa.Boolean(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("legal_days", sa.Integer(), nullable=True),
        sa.Column("promised_days", sa.Integer(), nullable=True),
        sa.Column("slowest", sa.String(length=20), nullable=True),
        sa.Column("corrections", sa.Integer(), nullable=False),
        sa.Column("proofs", sa.String(length=500), nullable=False),
        sa.Column("acceptor_id", sa.Integer(), nullable=True),
        sa.Column("proposer_id", sa.Integer(), nullable=True),
        sa.Column("decider_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_measure_case_id")),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_case_measure_authority_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_measure")),
    )
    for day, columns in _READ_TOGETHER.items():
        op.create_index(f"ix_case_measure_{day}", "case_measure", ["authority_id", f"{day}_on", "matter", "region", *columns])
    op.create_table(
        "case_measure_correction",
        sa.Column("case_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_measure_correction_case_id")),
        sa.PrimaryKeyConstraint("case_id", "target", name=op.f("pk_case_measure_correction")),
    )


def downgrade() -> None:
    op.drop_table("case_measure_correction")
    for day in _READ_TOGETHER:
        op.drop_index(f"ix_case_measure_{day}", "case_measure")
    op.drop_table("case_measure")
    op.drop_table("saved_filter")
    op.drop_table("case_seen")
    op.drop_index(op.f("ix_case_assignment_person_id"), "case_assignment")
    op.drop_table("case_assignment")
    op.drop_index("ix_commitment_state", "commitment")
    op.drop_index("ix_case_file_everything", "case_file")
    op.drop_index("ix_case_file_worklist", "case_file")
    op.drop_column("case_file", "sort_on")
    op.create_index("ix_case_file_worklist", "case_file", ["authority_id", "state", "due_on", "id"])
