"""Consent for each session (later rounds), the day of a conversation, reminders, and messages that may be deleted.

Two tables get another key, which SQLite cannot change in place: they are made anew and their rows carried over.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "m0002"
down_revision = "m0001"


def upgrade() -> None:
    _date_conversations()
    _ask_consent_for_each_session()
    _let_a_code_stand_for_all_sessions()
    _make_reminders()
    _make_traces()


def _date_conversations() -> None:
    """When somebody was last heard is not known of before: they get the whole time again, from today."""
    today = datetime.now(UTC).date().isoformat()
    old = sa.table("conversation", sa.column("pseudonym"), sa.column("progress"))
    new = op.create_table(
        "conversation_new",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("progress", sa.LargeBinary, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sqlite_with_rowid=False,
    )
    rows = sa.select(old.c.pseudonym, old.c.progress, sa.literal(today))
    _put_in_place(new, rows, "conversation")


def _ask_consent_for_each_session() -> None:
    """What somebody said holds for every session that they had."""
    said = ("item", "given", "wording", "day")
    old = sa.table("consent", sa.column("pseudonym"), *(sa.column(name) for name in said))
    sessions = sa.table("participant", sa.column("pseudonym"), sa.column("session"))
    new = op.create_table(
        "consent_new",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("item", sa.String(64), primary_key=True),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("wording", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sqlite_with_rowid=False,
    )
    columns = (old.c.pseudonym, sessions.c.session, *(old.c[name] for name in said))
    rows = sa.select(*columns).join_from(old, sessions, old.c.pseudonym == sessions.c.pseudonym)
    _put_in_place(new, rows, "consent")


def _let_a_code_stand_for_all_sessions() -> None:
    origin = ("session", "service", "guide", "guide_version", "code_token", "day")
    old = sa.table("participant", sa.column("pseudonym"), *(sa.column(name) for name in origin))
    new = op.create_table(
        "participant_new",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("session", sa.String(64), primary_key=True),
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("guide", sa.String(64), nullable=False),
        sa.Column("guide_version", sa.Integer, nullable=False),
        sa.Column("code_token", sa.LargeBinary(32), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sqlite_with_rowid=False,
    )
    _put_in_place(new, sa.select(old.c.pseudonym, *(old.c[name] for name in origin)), "participant")
    op.create_index("participant_of_code", "participant", ["code_token"])


def _make_reminders() -> None:
    op.create_table(
        "reminder",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("reminder_due", "reminder", ["due"])


def _make_traces() -> None:
    op.create_table(
        "trace",
        sa.Column("pseudonym", sa.LargeBinary(32), primary_key=True),
        sa.Column("message_token", sa.LargeBinary(32), primary_key=True),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )


def _put_in_place(new: sa.Table, rows: sa.Select[tuple[object, ...]], name: str) -> None:
    op.execute(sa.insert(new).from_select(list(new.c.keys()), rows))
    op.drop_table(name)
    op.rename_table(f"{name}_new", name)
