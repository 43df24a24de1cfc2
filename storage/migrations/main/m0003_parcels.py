"""What comes back from the researcher's machine: whom to tell, what to tell them, and copies for those who asked.

Whoever agreed to hear what became of it before this is told from the next time on that they say what they agree to, or
open the chat again: where to reach them was not kept until now.
"""

import sqlalchemy as sa
from alembic import op

revision = "m0003"
down_revision = "m0002"


def upgrade() -> None:
    op.create_table(
        "contact",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "tidings",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "copy_request",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("bundle", sa.LargeBinary(16)),
        sa.Column("files", sa.Integer),
        sa.Column("sealed", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "seen_bundle",
        sa.Column("id", sa.LargeBinary(16), primary_key=True),
        sa.Column("day", sa.String(10), nullable=False),
        sqlite_with_rowid=False,
    )
