"""Taking turns between processes, for longer than a transaction: who writes to whom.

On a server each process keeps one connection for this, and takes advisory locks on it: when the process or its
connection goes, its turns go with it. Nothing of it is kept in a table.
"""

import asyncio
import hashlib
from contextlib import suppress

from sqlalchemy import BigInteger, Executable, bindparam, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from storage.database.transaction import finish

_NUMBER = bindparam("number", type_=BigInteger)
_TAKE = select(func.pg_try_advisory_lock(_NUMBER))
_GIVE_BACK = select(func.pg_advisory_unlock(_NUMBER))


def number_of(what: bytes) -> int:
    """The number by which PostgreSQL knows a lock."""
    return int.from_bytes(hashlib.sha256(what).digest()[:8], "big", signed=True)


class Turns:
    """All the turns of one process."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._one_at_a_time = asyncio.Lock()

    async def take(self, what: bytes) -> bool:
        """Whether it is ours now; it is not where another process has it."""
        return await finish(self._ask(_TAKE, what))

    async def give_back(self, what: bytes) -> None:
        """Where this fails, the connection is gone, and the turn with it."""
        with suppress(SQLAlchemyError, OSError):
            await finish(self._ask(_GIVE_BACK, what))

    async def close(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.invalidate()  # back in the pool, it would keep what it holds
            await connection.close()

    async def _ask(self, statement: Executable, what: bytes) -> bool:
        async with self._one_at_a_time:
            try:
                if self._connection is None:
                    self._connection = await self._engine.connect()
                    await self._connection.execution_options(isolation_level="AUTOCOMMIT")
                return bool((await self._connection.execute(statement, {"number": number_of(what)})).scalar_one())
            except BaseException:
                await self.close()
                raise
