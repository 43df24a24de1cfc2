"""The first schema of the main database."""

import sqlalchemy as sa
from alembic import op

revision = "m0001"
down_revision = None


def upgrade() -> None:
    _make_tables_about_people()
    _make_tables_about_messages()
    _make_audit()


def _make_tables_about_people() -> None:
    op.create_table(
        "meta",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "conversation",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("progress", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "participant",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("session", sa.String(64), primary_key=True),
        *_origin(),
        sa.Column("code_token", sa.LargeBinary(32), nullable=False, unique=True),
        sa.Column("day", sa.String(10), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "consent",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("item", sa.String(64), primary_key=True),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("wording", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "part",
        *_question(),
        sa.Column("part", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        *_origin(),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("message_token", sa.LargeBinary(32)),
        sa.Column("envelope", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "asked",
        *_question(),
        sa.Column("outcome", sa.String(16), nullable=False),
        *_origin(),
        sa.Column("day", sa.String(10), nullable=False),
        sqlite_with_rowid=False,
    )


def _make_tables_about_messages() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", _serial(), primary_key=True, autoincrement=True),
        sa.Column("pseudonym", sa.LargeBinary(32), nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_of_person", "outbox", ["pseudonym", "seq"])
    op.create_table(
        "seen_update",
        sa.Column("update_id", _serial(), primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False),
    )
    op.create_table(
        "set_aside",
        sa.Column("seq", _serial(), primary_key=True, autoincrement=True),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sqlite_autoincrement=True,
    )


def _make_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", _serial(), primary_key=True, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("previous", sa.LargeBinary(32), nullable=False),
        sa.Column("mac", sa.LargeBinary(32), nullable=False),
    )


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _origin() -> tuple[sa.Column[str] | sa.Column[int], ...]:
    return (
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("guide", sa.String(64), nullable=False),
        sa.Column("guide_version", sa.Integer, nullable=False),
    )


def _question() -> tuple[sa.Column[bytes] | sa.Column[str], ...]:
    return (
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("question", sa.String(64), primary_key=True),
    )
