"""What whoever rehearses can turn: the faults, the time, and a look at what the database sees.

GET, POST /faults              the switches of `faults.py`
POST /clock {"hours": 24}      let time pass, for the people, the messages and, in the demo, the bot
GET /people/N/rows             the rows that lie in the database about person N, as anybody with the file sees them
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from bot.messenger.clock import RehearsalClock
from bot.messenger.room import Room


class Wrong(Exception):  # noqa: N818 (the page asked for something that cannot be done)
    """A request that cannot be done; its text is one sentence for the person at the page."""


@dataclass(frozen=True, slots=True)
class SeenRow:
    """One row of one table: its columns by name, what is sealed shortened to its first bytes."""

    table: str
    columns: dict[str, str]


#: From a person's id to the rows about them.
Rows = Callable[[int], Awaitable[Sequence[SeenRow]]]


class Controls:
    """Routes of the rehearsal itself. `rows` is set by whoever has a database to show."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.rows: Rows | None = None

    async def faults(self, _: web.Request) -> dict[str, Any]:
        return {"faults": self._room.faults.wire()}

    async def set_faults(self, request: web.Request) -> dict[str, Any]:
        """Body: {name: {"probability", "count", "seconds", "methods"}}; {} switches everything off."""
        body = await read_body(request)
        self._room.faults.clear()
        for name, switch in body.items():
            try:
                self._room.faults.set(name, **switch)
            except TypeError:
                raise Wrong("A fault is set by probability, count, seconds and methods.") from None
            except ValueError as wrong:
                raise Wrong(str(wrong)) from None
        return {"faults": self._room.faults.wire()}

    async def forward(self, request: web.Request) -> dict[str, Any]:
        hours, clock = (await read_body(request)).get("hours"), self._room.clock
        if not isinstance(clock, RehearsalClock):
            raise Wrong("The time of this rehearsal cannot be changed.")
        if not isinstance(hours, int | float):
            raise Wrong("Say by how many hours.")
        try:
            clock.forward(hours * 3600)
        except ValueError as wrong:
            raise Wrong(str(wrong)) from None
        self._room.announce_everywhere("about")
        return {"ahead": clock.ahead}

    async def show_rows(self, person: int) -> dict[str, Any]:
        if self.rows is None:
            return {"rows": None}
        return {"rows": [{"table": row.table, "columns": row.columns} for row in await self.rows(person)]}


async def read_body(request: web.Request) -> dict[str, Any]:
    """The JSON object that the page sent. Raises Wrong."""
    try:
        body = json.loads(await request.read()) if request.content_type == "application/json" else None
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Wrong("That request is not in the form that the page sends.")
    return body
