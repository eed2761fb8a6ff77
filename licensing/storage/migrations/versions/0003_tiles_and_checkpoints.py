"""Tiles and checkpoints of the log."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WIDTH = 256


def upgrade() -> None:
    op.create_table(
        "ledger_tile",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_ledger_tile")),
    )
    op.create_table(
        "ledger_checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_ledger_checkpoint")),
    )
    _fill_tiles()


def downgrade() -> None:
    op.drop_table("ledger_checkpoint")
    op.drop_table("ledger_tile")


def _fill_tiles() -> None:
    """The heads of the tiles that the leaves of an older log already fill."""
    connection = op.get_bind()
    hashes = list(connection.scalars(sa.text("SELECT leaf_hash FROM ledger_leaf ORDER BY position")))
    insert = sa.text("INSERT INTO ledger_tile (level, number, root) VALUES (:level, :number, :root)")
    level = 0
    while len(hashes) >= _WIDTH:
        hashes = [_head(hashes[start : start + _WIDTH]) for start in range(0, len(hashes) - _WIDTH + 1, _WIDTH)]
        for number, head in enumerate(hashes):
            connection.execute(insert, {"level": level, "number": number, "root": head})
        level += 1


def _head(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return hashes[0]
