"""The promise: its verification, its evidence, versions of proofs, and credit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proof_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("draft_version", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drafted_by", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_proof_version_decided_by")),
        sa.ForeignKeyConstraint(["drafted_by"], ["person.id"], name=op.f("fk_proof_version_drafted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_version")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_proof_version_code_version")),
    )
    op.create_table(
        "sample_draw",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("list_sha256", sa.String(length=64), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("tree_size", sa.Integer(), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("drawn", sa.JSON(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("drawn_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_sample_draw_authority_id")),
        sa.ForeignKeyConstraint(["drawn_by"], ["person.id"], name=op.f("fk_sample_draw_drawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_draw")),
        sa.UniqueConstraint("number", name=op.f("uq_sample_draw_number")),
    )
    with op.batch_alter_table("sample_draw", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sample_draw_authority_id"), ["authority_id"], unique=False)

    op.create_table(
        "credit_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("effect", sa.String(length=300), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_credit_entry_authority_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_credit_entry_case_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_credit_entry_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_entry")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_entry_number")),
    )
    with op.batch_alter_table("credit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_credit_entry_company_id"), ["company_id"], unique=False)
        batch_op.create_index("ix_credit_entry_office", ["authority_id", "state", "id"], unique=False)

    op.create_table(
        "eligibility_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("occasion", sa.String(length=20), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("seen", sa.JSON(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_eligibility_check_case_id")),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name=op.f("fk_eligibility_check_company_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_eligibility_check")),
    )
    with op.batch_alter_table("eligibility_check", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_eligibility_check_case_id"), ["case_id"], unique=False)

    op.create_table(
        "credit_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_credit_event_actor_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["credit_entry.id"], name=op.f("fk_credit_event_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_event")),
        sa.UniqueConstraint("entry_id", "sequence", name=op.f("uq_credit_event_entry_id_sequence")),
    )
    op.create_table(
        "commitment_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_commitment_event_actor_id")),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_commitment_event_commitment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commitment_event")),
        sa.UniqueConstraint("commitment_id", "sequence", name=op.f("uq_commitment_event_commitment_id_sequence")),
    )
    op.create_table(
        "evidence_pack",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_evidence_pack_commitment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_pack")),
        sa.UniqueConstraint("commitment_id", name=op.f("uq_evidence_pack_commitment_id")),
    )
    op.create_table(
        "verification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("commitment_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("authority_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("occasion", sa.String(length=20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["authority_id"], ["authority.id"], name=op.f("fk_verification_authority_id")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_verification_case_id")),
        sa.ForeignKeyConstraint(["commitment_id"], ["commitment.id"], name=op.f("fk_verification_commitment_id")),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name=op.f("fk_verification_created_by")),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_verification_done_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
        sa.UniqueConstraint("number", name=op.f("uq_verification_number")),
    )
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_verification_commitment_id"), ["commitment_id"], unique=False)
        batch_op.create_index("ix_verification_worklist", ["authority_id", "state", "due_on", "id"], unique=False)

    op.create_table(
        "verification_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("verification_id", sa.Integer(), nullable=False),
        sa.Column("filename", sa.String(length=120), nullable=False),
        sa.Column("media_type", sa.String(length=60), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["added_by"], ["person.id"], name=op.f("fk_verification_file_added_by")),
        sa.ForeignKeyConstraint(["verification_id"], ["verification.id"], name=op.f("fk_verification_file_verification_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_file")),
    )
    with op.batch_alter_table("verification_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_verification_file_verification_id"), ["verification_id"], unique=False)

    with op.batch_alter_table("commitment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("facts_sha256", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("company_name", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("company_uscc", sa.String(length=18), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("authority_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("role", sa.String(length=30), nullable=False, server_default="signatory"))
        batch_op.add_column(sa.Column("session", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=False, server_default="2000-01-01 00:00:00"))
        batch_op.add_column(sa.Column("published", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("letter_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("state", sa.String(length=20), nullable=False, server_default="promised"))
        batch_op.add_column(sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_foreign_key(batch_op.f("fk_commitment_letter_id"), "letter", ["letter_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_commitment_authority_id"), "authority", ["authority_id"], ["id"])

    op.execute(
        sa.text(
            "UPDATE commitment SET authority_id = COALESCE((SELECT authority_id FROM case_file WHERE case_file.id = commitment.case_id),"
            " (SELECT MIN(id) FROM authority))"
        )
    )
    with op.batch_alter_table("commitment", schema=None) as batch_op:
        batch_op.alter_column("authority_id", existing_type=sa.Integer(), nullable=False)

    with op.batch_alter_table("proof_choice", schema=None) as batch_op:
        batch_op.add_column(sa.Column("facts", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("proof_choice", schema=None) as batch_op:
        batch_op.drop_column("facts")

    with op.batch_alter_table("commitment", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_commitment_authority_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_commitment_letter_id"), type_="foreignkey")
        batch_op.drop_column("sequence")
        batch_op.drop_column("state")
        batch_op.drop_column("letter_id")
        batch_op.drop_column("published")
        batch_op.drop_column("second_factor_at")
        batch_op.drop_column("session")
        batch_op.drop_column("role")
        batch_op.drop_column("authority_id")
        batch_op.drop_column("company_uscc")
        batch_op.drop_column("company_name")
        batch_op.drop_column("facts_sha256")

    with op.batch_alter_table("verification_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_verification_file_verification_id"))

    op.drop_table("verification_file")
    with op.batch_alter_table("verification", schema=None) as batch_op:
        batch_op.drop_index("ix_verification_worklist")
        batch_op.drop_index(batch_op.f("ix_verification_commitment_id"))
        batch_op.drop_index(batch_op.f("ix_verification_case_id"))

    op.drop_table("verification")
    op.drop_table("evidence_pack")
    op.drop_table("commitment_event")
    op.drop_table("credit_event")
    with op.batch_alter_table("eligibility_check", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_eligibility_check_case_id"))

    op.drop_table("eligibility_check")
    with op.batch_alter_table("credit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_credit_entry_office")
        batch_op.drop_index(batch_op.f("ix_credit_entry_company_id"))

    op.drop_table("credit_entry")
    with op.batch_alter_table("sample_draw", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sample_draw_authority_id"))

    op.drop_table("sample_draw")
    op.drop_table("proof_version")
