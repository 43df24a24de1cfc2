"""What a database belongs to: one study, one bot key. Found out when it is opened, made where it is empty."""

import os

from sqlalchemy import insert, select

from storage import audit
from storage.database import Database, Transaction
from storage.errors import KeyFileError
from storage.keys import BotKey
from storage.schema import meta, participant
from storage.settings import StorageSettings

_META = select(meta.c.name, meta.c.value)


async def know_study(main: Database, settings: StorageSettings) -> tuple[BotKey, bytes, bool]:
    """The bot key, the study's name, and whether anyone has taken part. Raises KeyFileError for another bot key."""
    async with main.begin(write=True) as connection:
        await connection.hold(b"study")
        known: dict[str, bytes] = {row.name: row.value for row in await connection.execute(_META)}
        if not known:
            return await _begin(connection, settings)
        anyone = (await connection.execute(select(participant.c.day).limit(1))).first() is not None
    bot_key = BotKey.read(settings.bot_key)
    if known["bot_key"] != bot_key.token("study", known["study"].hex()):
        raise KeyFileError(
            f"{settings.bot_key} is not the bot key of this database: put the right file there (HEARTEN_BOT_KEY)."
        )
    return bot_key, known["study"], anyone


async def _begin(connection: Transaction, settings: StorageSettings) -> tuple[BotKey, bytes, bool]:
    bot_key, study = BotKey.read_or_make(settings.bot_key), os.urandom(16)
    check = bot_key.token("study", study.hex())
    await connection.execute(insert(meta), [{"name": "study", "value": study}, {"name": "bot_key", "value": check}])
    await audit.append(connection, bot_key.audit_key, audit.Note("database made", {}))
    return bot_key, study, False
