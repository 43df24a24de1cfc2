"""Opening: made where there is nothing, refused where it is not ours, for the owner only."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
import traceback
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from storage import schema
from storage.audit import Head
from storage.database import Database
from storage.database.revisions import alembic
from storage.errors import BrokenChain, KeyFileError, LostKeyring, NewerSchema, OlderSchema, SchemaError, Unavailable
from storage.keys import BotKey
from storage.read import Reader
from storage.write import Store
from tests.test_storage.server import USER, database_of

DAY = date(2026, 7, 1)

pytestmark = pytest.mark.databases("sqlite", "postgresql")


@pytest.mark.parametrize("name", ["main", "keyring"])
async def test_the_migrations_make_what_the_code_expects(name, tmp_path):
    database = Database(name, f"sqlite+aiosqlite:///{tmp_path}/it.db", writable=True)
    assert await database.check_or_make()
    assert not await database.check_or_make()
    assert ScriptDirectory.from_config(alembic(name)).get_heads() == [schema.HEADS[name]]

    def compare(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, getattr(schema, name))

    def describe(connection):
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        plain = [(name, sql.replace('"', "")) for name, sql in rows]  # SQLite quotes the name of a renamed table
        return {name: " ".join(sql.split()) for name, sql in plain if "alembic" not in name}

    async with database.begin(write=True) as transaction:
        assert await transaction.run_sync(compare) == []
        made = await transaction.run_sync(describe)
    direct = Database(name, f"sqlite+aiosqlite:///{tmp_path}/direct.db", writable=True)
    async with direct.begin(write=True) as transaction:
        await transaction.run_sync(getattr(schema, name).create_all)
        assert await transaction.run_sync(describe) == made
    await database.close()
    await direct.close()


@pytest.mark.parametrize("name", ["main", "keyring"])
@pytest.mark.databases("postgresql")
async def test_the_migrations_make_the_same_on_a_server(name, study):
    database = Database(name, study.urls[name], writable=True)
    assert not await database.check_or_make()

    def compare(connection):
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, getattr(schema, name))

    async with database.begin(write=True) as transaction:
        assert await transaction.run_sync(compare) == []
    await database.close()


@pytest.mark.databases("sqlite")
async def test_files_are_the_owners_and_every_connection_is_careful(store, study, fill):
    await fill(store, 1)
    files = [path for path in (study.host / "var").iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"hearten.db", "hearten.db-wal", "keyring.db", "keyring.db-wal", "bot.key"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((study.host / "var").stat().st_mode) == 0o700
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "temp_store": 2}
    for database in (store._main, store._keyring_database):
        async with database.begin(write=False) as one, database.begin(write=False) as other:
            for transaction in (one, other):
                for pragma, value in wanted.items():
                    assert (await transaction.exec_driver_sql(f"PRAGMA {pragma}")).scalar_one() == value


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("name", ["hearten.db", "keyring.db"])
async def test_a_newer_database_is_refused_untouched(study, name):
    await (await Store.open(study.settings)).close()
    path = study.host / "var" / name
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'x9999'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NewerSchema, match="update Hearten"):
        await Store.open(study.settings)
    with pytest.raises(NewerSchema):
        await Reader.open(study.settings, study.research_key)
    assert path.read_bytes() == before


@pytest.mark.databases("postgresql")
@pytest.mark.parametrize("name", ["main", "keyring"])
async def test_a_newer_database_on_a_server_is_refused(study, name):
    await (await Store.open(study.settings)).close()
    await study.change("UPDATE alembic_version SET version_num = 'x9999'", name=name)
    with pytest.raises(NewerSchema, match="update Hearten"):
        await Store.open(study.settings)
    with pytest.raises(NewerSchema):
        await Reader.open(study.settings, study.research_key)


async def test_an_older_database_names_the_command(study, monkeypatch):
    await (await Store.open(study.settings)).close()
    monkeypatch.setitem(schema.HEADS, "main", "m0004")
    with pytest.raises(OlderSchema, match="python -m storage migrate"):
        await Store.open(study.settings)


@pytest.mark.databases("sqlite")
async def test_files_that_are_not_databases(study):
    (study.host / "var").mkdir()
    study.settings.database_file.write_text("These are not the bytes of a database. " * 300)
    with pytest.raises(Unavailable, match="could not be read or written"):
        await Store.open(study.settings)


async def test_another_bot_key_or_keyring_is_refused(study, fill):
    store = await Store.open(study.settings)
    await fill(store, 1)
    await store.close()
    kept = study.settings.bot_key.read_text()
    study.settings.bot_key.unlink()
    with pytest.raises(KeyFileError, match="missing"):
        await Store.open(study.settings)
    assert not study.settings.bot_key.exists(), "a new key would hide that the old one is lost"
    BotKey.read_or_make(study.settings.bot_key)
    with pytest.raises(KeyFileError, match="not the bot key of this database"):
        await Store.open(study.settings)
    study.settings.bot_key.write_text(kept)
    elsewhere = {"keyring_url": f"sqlite+aiosqlite:///{study.away}/keyring.db"}
    with pytest.raises(LostKeyring, match="HEARTEN_KEYRING_URL"):
        await Store.open(study.settings.model_copy(update=elsewhere))
    await (await Store.open(study.settings)).close()


@pytest.mark.databases("sqlite")
async def test_a_reader_changes_nothing_and_makes_no_file(study, fill):
    with pytest.raises(SchemaError, match="There is no database"):
        await Reader.open(study.settings, None)
    store = await Store.open(study.settings)
    await fill(store, 2)
    await store.close()
    files = {path: path.read_bytes() for path in study.host.rglob("*") if path.is_file()}
    assert len(await study.answers()) == 2
    assert {path: path.read_bytes() for path in study.host.rglob("*") if path.is_file()} == files


async def test_the_audit_log_names_the_first_entry_that_was_changed(store, study, fill):
    await fill(store, 3)
    head = await store.audit_head()
    assert Head.parse(str(head)) == head
    async with store.unit() as unit:
        await unit.erase_person((await unit.progress(0))[0])
    later = await store.audit_head(head)
    assert later.seq == head.seq + 1
    await study.change("DELETE FROM audit WHERE seq = :last", last=later.seq)
    await store.audit_head()
    with pytest.raises(BrokenChain, match="cut off"):
        await store.audit_head(later)
    for change in ("UPDATE audit SET detail = '{}' WHERE seq = 3", "DELETE FROM audit WHERE seq = 2"):
        await study.change(change)
        with pytest.raises(BrokenChain, match=r"from entry [23] on"):
            await store.audit_head()
    with pytest.raises(BrokenChain, match="number:code"):
        Head.parse("nonsense")


@pytest.mark.databases("sqlite")
def test_no_error_carries_parameters(study):
    """What is printed of a failing statement holds none of its values."""
    code = """
import asyncio, sys
from storage.database import Database
async def main():
    database = Database("main", sys.argv[1], writable=True)
    async with database.begin(write=True) as transaction:
        await transaction.exec_driver_sql("INSERT INTO nowhere VALUES (?)", ("a canary phrase",))
asyncio.run(main())
"""
    (study.host / "var").mkdir()
    environment = {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", code, study.settings.keyring_url]
    outcome = subprocess.run(command, capture_output=True, check=False, env=environment)
    assert b"Unavailable" in outcome.stderr
    assert b"SQLITE_ERROR" in outcome.stderr
    assert b"canary" not in outcome.stderr


@pytest.mark.databases("postgresql")
async def test_what_a_server_repeats_of_a_row_is_in_no_error(store, speaker):
    async with store.unit() as unit:
        pseudonym = await speaker(1).enrol(unit)
        await unit.save(pseudonym, b"progress", DAY)
    row = {"person": pseudonym, "progress": b"progress", "day": "2026-07-01"}
    with pytest.raises(Unavailable) as caught:
        async with store._main.begin(write=True) as transaction:
            await transaction.execute(text("INSERT INTO conversation VALUES (:person, :progress, :day)"), row)
    whole = "".join(traceback.format_exception(caught.value))
    assert "code 23505" in whole
    assert pseudonym.hex() not in whole
    assert "conversation_" not in whole


@pytest.mark.databases("postgresql")
async def test_every_connection_waits_for_the_disk_and_a_readers_cannot_write(store, study):
    wanted = {"synchronous_commit": "on", "transaction_isolation": "read committed", "lock_timeout": "10s"}
    for database in (store._main, store._keyring_database):
        async with database.begin(write=True) as transaction:
            for name, value in wanted.items():
                assert (await transaction.exec_driver_sql(f"SHOW {name}")).scalar_one() == value
    reading = Database("main", study.settings.database_url, writable=False)
    with pytest.raises(Unavailable, match="read-only"):
        async with reading.begin(write=False) as transaction:
            await transaction.execute(text("DELETE FROM meta"))
    await reading.close()


@pytest.mark.databases("postgresql")
async def test_a_server_that_refuses_is_one_sentence_without_the_password(study):
    good = study.settings.database_url
    name, secret = database_of(good), "a wrong secret"
    refusals = {
        good.replace(f"{USER}:", f"{USER}:{secret}".replace(" ", "%20")): "refuses this user or password",
        good.replace(f"/{name}?", "/not_there?"): "does not exist on that server",
        good.replace(str(study.server.folder), f"{study.server.folder}/nowhere"): "cannot be reached",
        f"postgresql+asyncpg://{USER}:secret@127.0.0.1:1/{name}": "cannot be reached",
        f"postgresql+asyncpg://{USER}:secret@nowhere.invalid/{name}": "cannot be reached",
    }
    for url, words in refusals.items():
        with pytest.raises(Unavailable, match=words) as caught:
            await Store.open(study.settings.model_copy(update={"database_url": url}))
        whole = "".join(traceback.format_exception(caught.value))
        assert "HEARTEN_DATABASE_URL" in str(caught.value)
        assert "secret" not in whole
        assert str(caught.value).count("\n") == 0
    with pytest.raises(Unavailable, match="HEARTEN_KEYRING_URL"):
        await Store.open(study.settings.model_copy(update={"keyring_url": good.replace(f"/{name}?", "/not_there?")}))


@pytest.mark.databases("postgresql")
async def test_an_answers_database_is_no_keyring(study):
    """Two names for one server can hide that two URLs mean the same database."""
    await (await Store.open(study.settings)).close()
    same = study.settings.database_url.replace("?host=", "?port=5432&host=")
    with pytest.raises(SchemaError):
        await Store.open(study.settings.model_copy(update={"keyring_url": same}))


async def test_workers_that_start_at_the_same_moment_share_one_study(study):
    stores = await asyncio.gather(*(Store.open(study.settings) for _ in range(4)))
    assert len({store._study for store in stores}) == 1
    for store in stores:
        await store.audit_head()
        await store.close()
