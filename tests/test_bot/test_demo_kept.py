"""A demo that an earlier version left behind goes on: whoever takes up a new version need not know about migrations."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from bot.assembly import put_together
from bot.demo.show import bring_up_to_date
from tests.test_bot.conftest import House

EARLIER = Path(__file__).parents[1] / "test_storage" / "released" / "m0002"


async def test_what_an_earlier_version_kept_is_brought_up_to_date(house: House) -> None:
    stage = house.stage
    (stage.folder / "keyring").mkdir()
    shutil.copy(EARLIER / "bot.key", stage.folder / "bot.key")
    (stage.folder / "bot.key").chmod(0o600)
    for name, file in (("main", stage.folder / "hearten.db"), ("keyring", stage.folder / "keyring" / "keyring.db")):
        with closing(sqlite3.connect(file)) as database:
            database.executescript((EARLIER / f"{name}.sql").read_text("utf-8"))
        file.chmod(0o600)
    settings = stage.settings(house.messenger.url, house.token)
    await bring_up_to_date(stage, settings)
    async with put_together(settings):  # refuses a schema that is not its own
        pass
    with closing(sqlite3.connect(stage.folder / "hearten.db")) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() != ("m0002",)
        assert database.execute("SELECT count(*) FROM part").fetchone()[0] > 0


async def test_a_first_start_has_nothing_to_bring(house: House) -> None:
    await bring_up_to_date(house.stage, house.stage.settings(house.messenger.url, house.token))
    assert not (house.stage.folder / "hearten.db").exists()
