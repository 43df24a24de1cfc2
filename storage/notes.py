"""Noting in the audit log what the commands do: what, on which day and how much of it, never whose."""

from storage import audit
from storage.database import Transaction
from storage.keys import BotKey


async def note(connection: Transaction, bot_key: BotKey, event: str, **detail: int | str) -> None:
    """Call it last in a transaction: it holds the end of the log."""
    await audit.append(connection, bot_key.audit_key, audit.Note(event, detail))
