"""One exchange with a person: load their progress, advance, and write everything down in one transaction.

Promises: an update is handled once, however often it is delivered; one person's updates are handled in the order in
which they came; words are sealed in the same transaction as the progress that follows from them, and are held nowhere
else. When `hear` returns, the exchange is on the disk, and only then may the update be acknowledged.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakValueDictionary

from bot.conversation.recent import Recent, RecentMessages
from bot.conversation.shelf import Shelf
from bot.conversation.writing import Writing
from bot.sending.letter import Letter
from flows.engine import advance, begin
from flows.progress import Progress, read_progress
from flows.services import Services
from flows.turn import Edited, Heard, Opened
from storage.records import Content
from storage.write import Store, Unit

#: Crockford's base 32: no letter that looks like a figure. 16 of them are 80 bits, which nobody guesses.
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something heard, and around it what the engine need not know: who, where, and the sound of a voice note."""

    update: int
    person: int
    chat: int
    heard: Heard
    message: int | None = None
    pressed_on: int | None = None
    voice: Content | None = field(default=None, repr=False)


def new_code() -> str:
    """A withdrawal code such as `7K2M-Q9XD-4HTB-W0ZR`."""
    letters = [secrets.choice(CODE_LETTERS) for _ in range(16)]
    return "-".join("".join(letters[place : place + 4]) for place in range(0, 16, 4))


class Exchange:
    """Holds what every exchange needs. `committed` is called after each commit with the person's pseudonym: there may
    be messages to send."""

    def __init__(
        self,
        store: Store,
        shelf: Shelf,
        services: Services,
        committed: Callable[[bytes], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._services = services
        self._committed = committed
        self._clock = clock
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._recent = RecentMessages()

    async def hear(self, incoming: Incoming) -> bool:
        """Handle one update; False where it was handled before. Raises StorageError where it could not be written: then
        nothing of it was."""
        turn = self._turns.setdefault(incoming.person, asyncio.Lock())
        async with turn:
            pseudonym, taken, held = b"", list[Recent](), list[Recent]()
            try:
                async with self._store.unit(incoming.update) as unit:
                    if unit.seen:
                        return False
                    pseudonym, kept = await unit.progress(incoming.person)
                    taken = self._recent.take(pseudonym)
                    held = await self._hear(unit, pseudonym, kept, incoming, taken)
            except BaseException:
                self._recent.put_back(pseudonym, taken)
                raise
            self._recent.put_back(pseudonym, held)
            self._committed(pseudonym)
        return True

    async def part_from(self, update: int, person: int) -> None:
        """This person has shut the bot out: nothing is said to them any more, and nothing that they asked for comes."""
        async with self._store.unit(update) as unit:
            pseudonym, _ = await unit.progress(person)
        if not unit.seen:
            await self._store.forget_unreachable(pseudonym)

    def delivered(self, pseudonym: bytes, letter: Letter, message: int) -> None:
        """A message of ours arrived in the chat."""
        answering = letter.step.startswith("question")
        self._recent.said(pseudonym, Recent(message, self._clock(), answering))

    async def _hear(
        self, unit: Unit, pseudonym: bytes, kept: bytes | None, incoming: Incoming, recent: list[Recent]
    ) -> list[Recent]:
        progress = read_progress(kept) if kept is not None else None
        heard = await self._place(unit, pseudonym, incoming)
        if isinstance(heard, Opened):
            progress, heard = self._open(progress, heard)
        guide = self._shelf.of(progress) if progress else self._shelf.present
        now = self._clock()
        turn = advance(guide, progress, heard, now)
        return await Writing(unit, pseudonym, incoming, progress, turn, now, recent).write()

    def _open(self, progress: Progress | None, opened: Opened) -> tuple[Progress | None, Opened]:
        """Somebody opened the chat: a new conversation begins where there is none and the service is known."""
        services = self._services.service
        service = self._services.find(opened.code) if opened.code else services[0] if len(services) == 1 else None
        opened = Opened(opened.code, known=service is not None or not opened.code)
        if progress is None and service is not None:
            guide = self._shelf.first(service.code)
            progress = begin(guide, service=service.code, session=secrets.token_hex(8), code=new_code())
        return progress, opened

    async def _place(self, unit: Unit, pseudonym: bytes, incoming: Incoming) -> Heard:
        """What was heard; an edited message together with the place where it is kept."""
        if not isinstance(incoming.heard, Edited):
            return incoming.heard
        place = await unit.place_of(pseudonym, str(incoming.message))
        if place is None:
            return incoming.heard
        return Edited(incoming.heard.text, place.question, place.part)
