"""Which revision of its schema a database has, and how it gets to the newest.

Each function runs within the caller's transaction, so that a migration and the record of it are one commit.
"""

from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, text

Name = Literal["main", "keyring"]

_MIGRATIONS = Path(__file__).parents[1] / "migrations"


def revision_of(connection: Connection) -> str | None:
    """The revision that a database has, None where it is empty."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def upgrade(connection: Connection, name: Name) -> None:
    """Run every migration that is still to be run."""
    from alembic import command  # noqa: PLC0415 - slow to import, and seldom needed

    config = alembic(name)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def known_revisions(name: Name) -> set[str]:
    """Every revision that this code knows."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - slow to import, and seldom needed

    return {each.revision for each in ScriptDirectory.from_config(alembic(name)).walk_revisions()}


def alembic(name: Name) -> Any:
    """What Alembic needs to know to find the migrations of one database."""
    from alembic.config import Config  # noqa: PLC0415 - slow to import, and seldom needed

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(_MIGRATIONS / name).replace("%", "%%"))
    return config
