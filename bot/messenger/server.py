"""The messenger as a whole: the room, its two doors, and the server that holds them."""

import errno
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from aiohttp import web

from bot.messenger.api import LOOPBACK, Api
from bot.messenger.clock import RehearsalClock
from bot.messenger.controls import Controls, Rows
from bot.messenger.door import Door
from bot.messenger.faults import Faults
from bot.messenger.guard import add_headers, guard
from bot.messenger.parameters import BODY_LIMIT
from bot.messenger.people import Group, Person
from bot.messenger.room import Call, Room


class PortInUse(Exception):  # noqa: N818 (the sentence is for people)
    """Another program listens on that port; the text is one sentence that says what to do."""


class Messenger:
    """A local stand-in for Telegram on this computer, with people to talk to the bot.

    token: the only bot token that is let in, in Telegram's form (`123456:abc`); name: the bot's name on the page;
    clock: unix seconds, for dates and the 48-hour rule; without one, the rehearsal has its own, which can be put
    forward; seed: of the faults' dice.
    """

    def __init__(
        self, token: str, *, name: str = "Hearten", clock: Callable[[], float] | None = None, seed: int = 0
    ) -> None:
        if not token.partition(":")[0].isdigit():
            raise ValueError("A bot token begins with the bot's number and a colon, like 123456:abc.")
        self.clock = clock or RehearsalClock()
        self._room = Room(token, name=name, clock=self.clock, seed=seed)
        self._people: dict[int, Person] = {}
        self._groups: dict[int, Group] = {}
        self._api = Api(self._room)
        self._controls = Controls(self._room)
        self._door = Door(self._room, self.person, self._controls)
        self._runner: web.AppRunner | None = None
        self.host, self.port = "127.0.0.1", 0

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> "Messenger":
        """Listen; port 0 takes any free one. `PortInUse` when the port is taken, ValueError beyond this computer."""
        if host not in LOOPBACK:
            raise ValueError("The local messenger listens on this computer only: use the host 127.0.0.1.")
        app = web.Application(middlewares=[guard], client_max_size=BODY_LIMIT)
        app.on_response_prepare.append(add_headers)
        app.on_response_prepare.append(self._tell_the_time)
        app.add_routes([*self._api.routes(), *self._door.routes()])
        runner = web.AppRunner(app, access_log=None, handler_cancellation=False, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            await runner.cleanup()
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(f"Port {port} is used by another program. Choose another with --port.") from None
            raise
        self._runner = runner
        self.host, self.port = host, runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        """End polls and streams, and stop listening. What the room remembers stays; it can be started again."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        await self._door.close()
        await self._api.close()
        await runner.cleanup()

    @property
    def url(self) -> str:
        """The address of the page and the base of the Bot API, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def person(self, number: int = 1) -> Person:
        """Person `number`, made when they are new; their Telegram-like id is always the same."""
        if number not in self._people:
            self._people[number] = Person(self._room, number)
        return self._people[number]

    def group(self, number: int = 1) -> Group:
        """A group chat with the bot in it; person 1 speaks there."""
        if number not in self._groups:
            chat = self._room.open_chat(-1000 - number, "group", {"title": f"Group {number}"})
            self._groups[number] = Group(self._room, chat, self.person(1).user)
        return self._groups[number]

    @property
    def faults(self) -> Faults:
        """The switches for what can go wrong."""
        return self._room.faults

    @property
    def links(self) -> list[tuple[str, str]]:
        """Label and address of what the page links to in its header."""
        return self._room.links

    @links.setter
    def links(self, links: list[tuple[str, str]]) -> None:
        self._room.links = list(links)
        self._room.announce_everywhere("about")

    def show_rows(self, rows: Rows) -> None:
        """From now on the page can show what the database sees of a person, beside the chat."""
        self._controls.rows = rows
        self._room.announce_everywhere("about")

    @property
    def calls(self) -> list[Call]:
        """What the bot called, oldest first, getUpdates apart; the newest 10,000."""
        return list(self._room.calls)

    def calls_of(self, method: str) -> list[Call]:
        """The calls of one method."""
        return [call for call in self._room.calls if call.method == method]

    @property
    def pending(self) -> int:
        """How many updates the bot has not acknowledged."""
        return len(self._room.updates)

    async def _tell_the_time(self, _: web.Request, response: web.StreamResponse) -> None:
        """Every answer says what time it is here, also where that was put forward."""
        response.headers["Date"] = formatdate(self._room.clock(), usegmt=True)

    def revoke_token(self) -> None:
        """As BotFather does: from now on the token is unknown."""
        self._room.token = f"{self._room.token.partition(':')[0]}:revoked"

    def inject(self, raw: dict[str, Any] | bytes) -> int:
        """Queue any raw update, however odd; return the id that the queue gave it."""
        return self._room.updates.inject(raw)

    def redeliver(self, update_id: int) -> None:
        """Deliver an acknowledged update again, with the same id."""
        self._room.updates.redeliver(update_id)

    def last_update_id(self) -> int:
        """The id of the newest update that was made."""
        return self._room.updates.newest
