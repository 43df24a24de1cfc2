"""The first schema of the keyring."""

import sqlalchemy as sa
from alembic import op

revision = "k0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "participant_key",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erasing",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sqlite_with_rowid=False,
    )
