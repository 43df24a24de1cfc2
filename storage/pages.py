"""Reading a table from end to end in constant memory, without holding up anybody.

Each page is a short transaction of its own, in the order of the primary key, and begins behind the last row of the page
before. A row that goes in the meantime is not in the pages that follow; one that comes may be.
"""

from collections.abc import AsyncIterator
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, tuple_

from storage.database import Database

SIZE = 256


async def pages(
    database: Database, statement: Select[Any], columns: tuple[ColumnElement[Any], ...], size: int = SIZE
) -> AsyncIterator[list[Row[Any]]]:
    """Lists of at most `size` rows; `columns` are the primary key, all of them selected by the statement."""
    statement = statement.order_by(*columns).limit(size)
    behind = tuple_(*columns) > tuple_(*(bindparam(f"behind_{each.key}", type_=each.type) for each in columns))
    values: dict[str, Any] | None = None
    while True:
        async with database.begin(write=False) as connection:
            if values is None:
                page = list(await connection.execute(statement))
            else:
                page = list(await connection.execute(statement.where(behind), values))
        if page:
            yield page
        if len(page) < size:
            return
        values = {f"behind_{each.key}": getattr(page[-1], str(each.key)) for each in columns}
