"""A look at everything that somebody who runs the bot must see to, one line each; nothing is changed.

Each check gives one finding, and never stops the others: what cannot be looked at is a finding too. No finding holds
anybody's words, name or id.
"""

import asyncio
import shutil
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from storage.backup.draft import working_files
from storage.backup.places import engine_of, file_of, opened, state_of, url_of, variable_of
from storage.database import Database, Name
from storage.errors import StorageError
from storage.keys import BotKey
from storage.keys.recipients import list_recipients
from storage.purge import Purge
from storage.retention import read_rules
from storage.schema import audit, copy_request, outbox, part, seen_update
from storage.settings import StorageSettings
from storage.talk import milliseconds

#: Free space: at least this, and at least so many times what the databases take (a backup copies, wiping writes anew).
_LEAST_FREE = 500 * 1024 * 1024
_TIMES = 3
_LARGEST_LOG = 64 * 1024 * 1024
_OLDEST_KEY = timedelta(days=400)
_OLDEST_BACKUP = timedelta(days=7)
_LATE = timedelta(minutes=15)
_SOON_A_MONTH = timedelta(days=20)
_SECOND_LOOK = 2.0
_BUILT = date(2026, 1, 1)
_NAMES: tuple[Name, Name] = ("main", "keyring")
_WAIT_FOR_A_COPY = select(func.count().label("waiting"), func.min(copy_request.c.day).label("first")).where(
    copy_request.c.state == "asked"
)
_BACKUPS: dict[Name, str] = {
    "main": "python -m storage backup --out FILE",
    "keyring": "python -m storage backup --keyring --out FILE",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`line` says what is; `remedy` what to do, and is empty where all is well."""

    name: str
    line: str
    remedy: str = ""

    @property
    def is_well(self) -> bool:
        return not self.remedy


async def examine(settings: StorageSettings, now: datetime) -> AsyncIterator[Finding]:
    """Every finding, in the order in which they are best seen to."""
    for name, look in _CHECKS:
        try:
            finding = await look(settings, now)
        except StorageError as problem:
            finding = Finding(name, "could not be looked at", str(problem))
        except OSError:
            finding = Finding(name, "could not be looked at", "Check that the files are yours and the disk answers.")
        yield finding


async def _permissions(settings: StorageSettings, _: datetime) -> Finding:
    if exposed := _exposed([settings.bot_key, settings.passphrase_file, Path(".env"), *_files(settings)]):
        names = " ".join(exposed)
        return Finding(
            "permissions", f"others may read {len(exposed)} files that are secret", f"Run: chmod 600 {names}"
        )
    return Finding("permissions", "secret files are for their owner only")


async def _keys(settings: StorageSettings, _: datetime) -> Finding:
    if not settings.bot_key.exists():
        if await state_of("main", settings.database_url):
            return Finding(
                "bot key",
                f"{settings.bot_key} is missing, and there is a database",
                "Put the bot key back from where you keep its copy; without it the bot knows nobody.",
            )
        return Finding("bot key", "none yet; the first start makes it")
    BotKey.read(settings.bot_key)
    return Finding("bot key", "is there and whole; it never changes: keep a copy apart from the backups")


async def _recipients(settings: StorageSettings, now: datetime) -> Finding:
    listed = list_recipients(settings.recipients)
    open_ones = [each for each in listed if not each.closed]
    if not open_ones:
        what = "every one is closed" if listed else "there is none"
        return Finding(
            "recipients", what, "Make the next key on the researcher's machine, then run `python -m storage keys add`."
        )
    said = f"{len(open_ones)} open, {len(listed) - len(open_ones)} closed"
    oldest = min(datetime.fromtimestamp(each.path.stat().st_mtime, UTC) for each in open_ones)
    if now - oldest > _OLDEST_KEY:
        return Finding(
            "recipients",
            f"{said}; one was put there more than a year ago",
            "Begin a new epoch: python -m storage keys rotate",
        )
    return Finding("recipients", said)


async def _disk(settings: StorageSettings, _: datetime) -> Finding:
    files = _databases(settings)
    folders = {_nearest(path) for path in [*files, settings.bot_key]}
    size = sum(path.stat().st_size for path in files if path.exists())
    free = min(shutil.disk_usage(folder).free for folder in folders)
    need = max(_LEAST_FREE, _TIMES * size)
    line = f"{free // 2**20:,} MB free, the databases take {size // 2**20:,} MB"
    return Finding("disk", line, f"Make room: at least {need // 2**20:,} MB are needed." if free < need else "")


async def _leftovers(settings: StorageSettings, _: datetime) -> Finding:
    """A copy that a backup was making when its machine stopped still holds whoever was erased since."""
    left = [path for file in _databases(settings) for path in working_files(file) if path.exists()]
    if left:
        names = " ".join(map(str, left))
        return Finding("leftovers", "a backup or restore was stopped, or is under way", f"If none is: rm {names}")
    return Finding("leftovers", "none of a backup or restore that was stopped")


async def _clock(settings: StorageSettings, now: datetime) -> Finding:
    newest = _BUILT
    if await state_of("main", settings.database_url):
        async with opened("main", settings.database_url) as connection:
            for table in (audit, seen_update):
                day = (await connection.execute(select(func.max(table.c.day)))).scalar_one()
                newest = max(newest, date.fromisoformat(day)) if day else newest
    if now.date() < newest:
        return Finding(
            "clock",
            f"says {now.date()}, and something is dated {newest}",
            "Set the clock right (timedatectl set-ntp true).",
        )
    return Finding("clock", f"says {now.date()}, not before anything that is kept")


async def _schema(settings: StorageSettings, _: datetime) -> Finding:
    for name in _NAMES:
        if await state_of(name, url_of(settings, name)) is None:
            return Finding(
                "schema", f"there is no database where {variable_of(name)} says", "Run: python -m storage migrate"
            )
        database = Database(name, url_of(settings, name), writable=False)
        try:
            await database.check()
        finally:
            await database.close()
    return Finding("schema", "no migration is waiting")


async def _log(settings: StorageSettings, _: datetime) -> Finding:
    logs = [path.stat().st_size for path in _files(settings) if path.name.endswith("-wal") and path.exists()]
    largest = max(logs, default=0)
    remedy = "A program keeps the database open for reading: end it." if largest > _LARGEST_LOG else ""
    return Finding("write-ahead log", f"{largest / 2**20:.1f} MB", remedy)


async def _outbox(settings: StorageSettings, now: datetime) -> Finding:
    """A message that was just said has no time of its own; one that is still there at a second look was not sent."""
    due = outbox.c.not_before <= milliseconds(now)
    waiting = select(func.count(), func.min(outbox.c.seq), func.max(outbox.c.attempts)).where(due)
    late = select(func.min(outbox.c.not_before)).where(outbox.c.attempts > 0)
    async with opened("main", settings.database_url) as connection:
        count, first, tries = tuple((await connection.execute(waiting)).one())
        oldest = (await connection.execute(late)).scalar_one()
    if count and not tries:
        await asyncio.sleep(_SECOND_LOOK)
        async with opened("main", settings.database_url) as connection:
            still = (await connection.execute(select(outbox.c.seq).where(outbox.c.seq == first))).first() is not None
        if still:
            return Finding("outbox", f"{count} messages wait and nobody sends them", "Start the bot: python -m bot run")
    if oldest is not None and milliseconds(now) - oldest > _LATE.total_seconds() * 1000:
        since = datetime.fromtimestamp(oldest / 1000, UTC)
        return Finding(
            "outbox",
            f"a message that was tried {tries or 'some'} times should have gone by {since:%Y-%m-%d %H:%M} UTC",
            "See that the bot runs and reaches Telegram; its log says what is wrong.",
        )
    return Finding("outbox", f"{count} messages wait" if count else "no message waits")


async def _backups(settings: StorageSettings, now: datetime) -> Finding:
    async with opened("main", settings.database_url) as connection:
        anything = (await connection.execute(select(part.c.day).limit(1))).first() is not None
        newest: dict[Name, str | None] = {}
        for of in _NAMES:
            mine = (audit.c.event == "backup") & (audit.c.detail == f'{{"of": "{of}"}}')
            newest[of] = (await connection.execute(select(func.max(audit.c.day)).where(mine))).scalar_one()
    since = (now.date() - _OLDEST_BACKUP).isoformat()
    missing = [_BACKUPS[of] for of in _NAMES if (newest[of] or "") < since]
    said = f"of the answers: {newest['main'] or 'never'}; of the keyring: {newest['keyring'] or 'never'}"
    if missing and anything:
        return Finding("backups", said, "Run: " + "; ".join(missing))
    return Finding("backups", said)


async def _copies(settings: StorageSettings, now: datetime) -> Finding:
    async with opened("main", settings.database_url) as connection:
        rows = (await connection.execute(_WAIT_FOR_A_COPY)).one()
    if not rows.waiting:
        return Finding("copies", "nobody waits for a copy of their answers")
    said = f"{rows.waiting} asked for a copy of their answers, the first on {rows.first}"
    if now.date() - date.fromisoformat(rows.first) > _SOON_A_MONTH:
        return Finding(
            "copies", said, "Make them: python -m storage requests (in the UK they have a right to it within a month)"
        )
    return Finding("copies", said)


async def _retention(settings: StorageSettings, now: datetime) -> Finding:
    rules = read_rules(settings.retention)
    work = Purge(settings, rules.cutoffs(now.date()), writable=False)
    try:
        due = await work.count()
    finally:
        await work.close()
    ends = f"the study ends on {rules.study_ends}" if rules.study_ends else "no end of the study is set"
    if due.is_any:
        return Finding("retention", f"something is due to go; {ends}", "Look at it: python -m storage purge")
    if due.keyless:
        return Finding(
            "retention",
            f"of {due.keyless} people there are rows and no key; {ends}",
            "Restore the newest copy of the keyring, or look at it: python -m storage purge",
        )
    return Finding("retention", f"nothing is due; {ends}")


_CHECKS: tuple[tuple[str, Callable[[StorageSettings, datetime], Awaitable[Finding]]], ...] = (
    ("permissions", _permissions),
    ("bot key", _keys),
    ("recipients", _recipients),
    ("disk", _disk),
    ("leftovers", _leftovers),
    ("clock", _clock),
    ("schema", _schema),
    ("write-ahead log", _log),
    ("outbox", _outbox),
    ("backups", _backups),
    ("copies", _copies),
    ("retention", _retention),
)


def _exposed(secret: list[Path | None]) -> list[str]:
    return [str(path) for path in secret if path and path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077]


def _files(settings: StorageSettings) -> list[Path]:
    """The databases that are files, and what SQLite keeps beside them."""
    return [path.with_name(path.name + more) for path in _databases(settings) for more in ("", "-wal", "-shm")]


def _databases(settings: StorageSettings) -> list[Path]:
    return [file_of(url_of(settings, name)) for name in _NAMES if engine_of(url_of(settings, name)) == "sqlite"]


def _nearest(path: Path) -> Path:
    """The nearest folder above that exists."""
    return next(each for each in (path.absolute().parents) if each.exists())
