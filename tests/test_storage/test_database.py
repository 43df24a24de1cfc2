"""Opening: made where there is nothing, refused where it is not ours, for the owner only."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from storage import schema
from storage.audit import Head
from storage.database import Database, _alembic
from storage.errors import BrokenChain, KeyFileError, LostKeyring, NewerSchema, OlderSchema, SchemaError, Unavailable
from storage.keys import BotKey
from storage.read import Reader
from storage.write import Store


@pytest.mark.parametrize("name", ["main", "keyring"])
async def test_the_migrations_make_what_the_code_expects(name, tmp_path):
    database = Database(name, f"sqlite+aiosqlite:///{tmp_path}/it.db", writable=True)
    assert await database.check_or_make()
    assert not await database.check_or_make()
    assert ScriptDirectory.from_config(_alembic(name)).get_heads() == [schema.HEADS[name]]

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


async def test_an_older_database_names_the_command(study, monkeypatch):
    await (await Store.open(study.settings)).close()
    monkeypatch.setitem(schema.HEADS, "main", "m0003")
    with pytest.raises(OlderSchema, match="python -m storage migrate"):
        await Store.open(study.settings)


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
    moved = study.settings.keyring_file.rename(study.away / "keyring.db")
    with pytest.raises(LostKeyring, match="HEARTEN_KEYRING_URL"):
        await Store.open(study.settings)
    moved.replace(study.settings.keyring_file)
    await (await Store.open(study.settings)).close()


async def test_a_reader_changes_nothing_and_makes_no_file(study, fill):
    with pytest.raises(SchemaError, match="There is no database"):
        await Reader.open(study.settings, None)
    store = await Store.open(study.settings)
    await fill(store, 2)
    await store.close()
    files = {path: path.read_bytes() for path in study.host.rglob("*") if path.is_file()}
    assert len(await study.answers()) == 2
    assert {path: path.read_bytes() for path in study.host.rglob("*") if path.is_file()} == files


async def test_the_audit_log_names_the_first_entry_that_was_changed(store, fill):
    await fill(store, 3)
    head = await store.audit_head()
    assert Head.parse(str(head)) == head
    async with store.unit() as unit:
        await unit.erase_person((await unit.progress(0))[0])
    later = await store.audit_head(head)
    assert later.seq == head.seq + 1
    async with store._main.begin(write=True) as transaction:
        await transaction.exec_driver_sql("DELETE FROM audit WHERE seq = ?", (later.seq,))
    await store.audit_head()
    with pytest.raises(BrokenChain, match="cut off"):
        await store.audit_head(later)
    for change in ("UPDATE audit SET detail = '{}' WHERE seq = 3", "DELETE FROM audit WHERE seq = 2"):
        async with store._main.begin(write=True) as transaction:
            await transaction.exec_driver_sql(change)
        with pytest.raises(BrokenChain, match=r"from entry [23] on"):
            await store.audit_head()
    with pytest.raises(BrokenChain, match="number:code"):
        Head.parse("nonsense")


def test_no_error_carries_parameters(study):
    """What SQLAlchemy would print of a failing statement holds none of its values."""
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
    assert b"('a canary" not in outcome.stderr
    assert b"parameters hidden" in outcome.stderr
