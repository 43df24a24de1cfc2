"""Whether everything that is kept is whole: both databases, the audit log, and every sealed thing in them.

The promises: nothing is changed, memory stays the same however much there is, and nobody's words leave the one call
that opens them. Without a research key, the participant's key shows that an envelope is where it belongs and well
formed; with one, that the answer opens. What opens no more because its person withdrew is counted apart, as no fault.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Table, func, select

from storage import audit
from storage.backup.places import engine_of
from storage.database import Database, Name
from storage.errors import BrokenChain, Erased, SchemaError, SealError
from storage.keyring import Keyring
from storage.keys import BotKey, ResearchKey
from storage.pages import pages
from storage.progress import Tell
from storage.schema import contact, conversation, copy_request, meta, outbox, part, reminder, set_aside, tidings, trace
from storage.seal import Context, open_envelope, recipients_of
from storage.settings import StorageSettings
from storage.talk import bound

_STUDY = select(meta.c.value).where(meta.c.name == "study")
_PLACE = (part.c.pseudonym, part.c.session, part.c.question, part.c.part)
_COUNT = select(func.count()).select_from(part)

#: What the bot key seals: table, key, sealed column, and the purpose that it is bound to.
_TALK = (
    (conversation, (conversation.c.pseudonym,), "progress", b"progress"),
    (outbox, (outbox.c.seq,), "payload", b"outbox"),
    (reminder, (reminder.c.pseudonym, reminder.c.name), "payload", b"reminder"),
    (trace, (trace.c.pseudonym, trace.c.message_token), "payload", b"trace"),
    (contact, (contact.c.pseudonym,), "payload", b"reminder"),
    (copy_request, (copy_request.c.pseudonym,), "payload", b"reminder"),
    (copy_request, (copy_request.c.pseudonym,), "sealed", b"copy"),
    (tidings, (tidings.c.id,), "payload", b"tidings"),
    (set_aside, (set_aside.c.seq,), "sealed", b"set aside"),
)


@dataclass(slots=True)
class Findings:
    """Messages of answers: `opened` with a research key, `fitting` seen without one, `erased` because the person's key
    is gone. `foreign`: sealed to other research keys than those given. `broken`: by the class of error. `damage`: a
    sentence for each database that is not whole. `head` is None where no bot key was there to check the log with."""

    head: audit.Head | None = None
    opened: int = 0
    fitting: int = 0
    erased: int = 0
    foreign: int = 0
    talk: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    sealed_to: Counter[bytes] = field(default_factory=Counter)
    damage: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return not self.broken and not self.damage


async def check(
    settings: StorageSettings, keys: Sequence[ResearchKey], bot_key: BotKey | None, kept: audit.Head | None, tell: Tell
) -> Findings:
    """Check everything. Raises SchemaError or Unavailable where a database cannot be read at all."""
    findings = Findings()
    main = Database("main", settings.database_url, writable=False)
    keyring = Database("keyring", settings.keyring_url, writable=False)
    urls: dict[Name, str] = {"main": settings.database_url, "keyring": settings.keyring_url}
    try:
        for database in (main, keyring):
            await database.check()
            tell(f"Reading {database.name}", 0, 0)
            await _see_file(database, urls[database.name], findings)
        async with main.begin(write=False) as connection:
            study = (await connection.execute(_STUDY)).scalar_one_or_none()
        if study is None:
            raise SchemaError("The database is empty: the bot has not been started with it yet.")
        await Keyring(keyring).belong_to(study, adopt=False)
        if bot_key:
            await _see_log(main, bot_key, kept, findings)
            await _see_talk(main, bot_key, study, findings)
        await _see_answers(main, Keyring(keyring), study, keys, findings=findings, tell=tell)
    finally:
        await main.close()
        await keyring.close()
    return findings


async def _see_file(database: Database, url: str, findings: Findings) -> None:
    """SQLite checks every page, index and row of its file. PostgreSQL has no such question; it is read from end to end
    by what follows."""
    if engine_of(url) != "sqlite":
        return
    async with database.begin(write=False) as connection:
        whole = (await connection.exec_driver_sql("PRAGMA integrity_check(1)")).scalar_one() == "ok"
        loose = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).first() is not None
    if not whole or loose:
        findings.damage.append(f"The file of the {database.name} database is damaged: restore a backup.")


async def _see_log(main: Database, bot_key: BotKey, kept: audit.Head | None, findings: Findings) -> None:
    try:
        async with main.begin(write=False) as connection:
            findings.head = await audit.verify(connection, bot_key.audit_key, kept)
    except BrokenChain as problem:
        findings.damage.append(str(problem))


async def _see_talk(main: Database, bot_key: BotKey, study: bytes, findings: Findings) -> None:
    for table, key, column, purpose in _TALK:
        async for page in pages(main, select(table), key):
            for row in page:
                sealed, whose = getattr(row, column), _whose(table, row)
                if sealed is None:
                    continue  # a copy that was asked for, and is not here yet
                try:
                    bot_key.open(sealed, bound(purpose, study, whose))
                except SealError as problem:
                    findings.broken[type(problem).__name__] += 1
                else:
                    findings.talk += 1


def _whose(table: Table, row: Row[Any]) -> bytes:
    """What the seal of a row is bound to beside its purpose: mostly the person whom it is about."""
    if table is tidings:
        return bytes(row.id)
    return b"" if table is set_aside else bytes(row.pseudonym)


async def _see_answers(
    main: Database, keyring: Keyring, study: bytes, keys: Sequence[ResearchKey], *, findings: Findings, tell: Tell
) -> None:
    async with main.begin(write=False) as connection:
        total, done = (await connection.execute(_COUNT)).scalar_one(), 0
    async for page in pages(main, select(part), _PLACE):
        participant_keys = await keyring.keys_of({row.pseudonym for row in page})
        await asyncio.to_thread(_see_page, page, participant_keys, study, keys, findings)
        done += len(page)
        tell("Opening" if keys else "Checking", done, total)


def _see_page(
    page: list[Row[Any]],
    participant_keys: dict[bytes, bytes],
    study: bytes,
    keys: Sequence[ResearchKey],
    findings: Findings,
) -> None:
    for row in page:
        context = Context(study, row.pseudonym, row.session, row.question, row.part, row.guide, row.guide_version)
        key = participant_keys.get(row.pseudonym)
        try:
            recipients = recipients_of(row.envelope, context, key)
            ours = next((each for each in keys if each.id in recipients), None)
            if ours:
                open_envelope(row.envelope, context, key, ours)
        except Erased:
            findings.erased += 1
        except SealError as problem:
            findings.broken[type(problem).__name__] += 1
        else:
            findings.sealed_to.update(recipients)
            findings.opened += ours is not None
            findings.fitting += ours is None and not keys
            findings.foreign += ours is None and bool(keys)
