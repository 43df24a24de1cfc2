"""A database of every schema that was ever released is brought to the present one, and nothing in it is lost.

`released/` holds them, populated; `released/make.py` makes the next.
"""

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Boolean, MetaData, Table, insert, text

from storage import schema
from storage.database import Database
from storage.database.revisions import known_revisions, upgrade
from storage.errors import NewerSchema, OlderSchema
from storage.keys import read_research_key
from storage.migrate import migrate
from storage.read import Reader
from storage.write import Store

RELEASED = Path(__file__).parent / "released"
REVISIONS = sorted(each.name for each in RELEASED.iterdir() if (each / "main.sql").exists())
NAMES = {"main": "database_url", "keyring": "keyring_url"}


def test_there_is_one_of_each():
    assert set(REVISIONS) == known_revisions("main")


@pytest.fixture(params=REVISIONS)
def released(request, study):
    """A study with the keys of the released one, its databases not there yet."""
    kept = RELEASED / request.param
    (study.host / "var").mkdir(exist_ok=True)
    for name, place in (("bot.key", study.settings.bot_key), ("research.key", study.away / "research.key")):
        shutil.copy(kept / name, place)
        place.chmod(0o600)
    shutil.copy(kept / "research.pub", study.host / "recipients")
    return study


def read_dump(revision: str, name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript((RELEASED / revision / f"{name}.sql").read_text())
    return connection


def lay_out_files(study, revision: str) -> None:
    for name, file in (("main", study.settings.database_file), ("keyring", study.settings.keyring_file)):
        with closing(read_dump(revision, name)) as dump, closing(sqlite3.connect(file)) as copy:
            dump.backup(copy)
            copy.execute("PRAGMA journal_mode=WAL")
        file.chmod(0o600)


async def lay_out_on_server(study, revision: str) -> None:
    """The tables as the migrations of then made them on a server, and the same rows in them."""
    for name, url in study.urls.items():
        with closing(read_dump(revision, name)) as dump:
            (made,) = dump.execute("SELECT version_num FROM alembic_version").fetchone()
            database = Database(name, url, writable=True)
            async with database.begin(write=True) as transaction:
                await transaction.execute(text("DROP SCHEMA public CASCADE"))
                await transaction.execute(text("CREATE SCHEMA public"))
                await transaction.run_sync(upgrade, name, made)
                await transaction.run_sync(copy_rows, dump)
            await database.close()


def copy_rows(connection, dump: sqlite3.Connection) -> None:
    dump.row_factory = sqlite3.Row
    for (name,) in dump.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
        if name == "alembic_version":
            continue
        table = Table(name, MetaData(), autoload_with=connection)
        rows = [dict(row) for row in dump.execute(f"SELECT * FROM {name}")]  # noqa: S608 - a name of ours
        for row in rows:
            row |= {each.name: bool(row[each.name]) for each in table.columns if isinstance(each.type, Boolean)}
        if rows:
            connection.execute(insert(table), rows)
        if "seq" in table.columns and name != "audit":
            connection.execute(text(f"SELECT setval(pg_get_serial_sequence('{name}', 'seq'), 100)"))


@pytest.mark.databases("sqlite", "postgresql")
async def test_nothing_is_lost_on_the_way_to_the_present(released, request):
    revision = request.node.callspec.params["released"]
    if released.server:
        await lay_out_on_server(released, revision)
    else:
        lay_out_files(released, revision)
    if revision != schema.HEADS["main"]:
        with pytest.raises(OlderSchema, match="python -m storage migrate"):
            await Store.open(released.settings)
    old = revision != schema.HEADS["main"]
    changed, copy = await migrate(released.settings)
    assert changed == old
    assert (copy is not None) == (old and released.server is None)
    assert await migrate(released.settings) == (False, None)
    await everything_is_there(released)
    if copy:
        with closing(sqlite3.connect(copy)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)
            assert connection.execute("SELECT count(*) FROM part").fetchone() == (2,)
        assert copy.stat().st_mode & 0o077 == 0


async def everything_is_there(study) -> None:
    reader = await Reader.open(study.settings, read_research_key(study.away / "research.key", "four words of a test"))
    answers = {answer.text: answer async for answer in reader.answers()}
    assert set(answers) == {f"They were kind, said number {number}." for number in (0, 1)}
    assert [each.quotable for _, each in sorted(answers.items())] == [True, False]
    assert len([each async for each in reader.asked()]) == await reader.people() == 2
    await reader.close()
    store = await Store.open(study.settings)
    assert (await store.audit_head()).seq == 6
    now = datetime.now(UTC)
    assert [each.payload for each in await store.waiting(now)] == [b"thanks %d" % number for number in range(3)]
    for number in range(3):
        async with store.unit(100 + number, number) as unit:
            assert unit.seen
            assert (await unit.progress(number))[1] == b"progress %d" % number
            person = await unit.person_of(f"code {number:06d}")
            assert person == (await unit.progress(number))[0]
    async with store.unit() as unit:
        assert await unit.person_of("CODE-000003") is None
        await unit.say(person, b"once more")
        await unit.erase_person(person)
    await store.close()


async def test_a_newer_one_is_left_as_it_is(released, request):
    lay_out_files(released, request.node.callspec.params["released"])
    file = released.settings.database_file
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'x9999'")
    before = file.read_bytes()
    with pytest.raises(NewerSchema):
        await migrate(released.settings)
    assert file.read_bytes() == before
    assert not list(file.parent.glob("*.backup"))
