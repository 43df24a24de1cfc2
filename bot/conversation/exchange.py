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

from bot.conversation.codes import Tries, new_code, read_button, read_code
from bot.conversation.parcels import look_up
from bot.conversation.recent import Recent, RecentMessages
from bot.conversation.shelf import Shelf
from bot.conversation.writing import Advance, Writing, read_chat
from bot.sending.letter import Letter
from flows.engine import advance, begin
from flows.plan import is_answering
from flows.progress import Progress, read_progress
from flows.services import Services
from flows.turn import ChangeLanguage, Coded, Due, Edited, Heard, Opened, Pressed, Said, StartRound, Turn
from storage.records import Content, Reminder
from storage.retention import Rules
from storage.write import Store, Unit


@dataclass(frozen=True, slots=True)
class Incoming:
    """Something heard, and around it what the engine need not know: who, where, and the sound of a voice note. Without
    an update, it is our own clock that speaks."""

    update: int | None
    person: int
    chat: int
    heard: Heard
    message: int | None = None
    pressed_on: int | None = None
    sent: datetime | None = None
    voice: Content | None = field(default=None, repr=False)


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
        *,
        copy_days: int = Rules().copy_days,
    ) -> None:
        self._copy_days = copy_days
        self._store = store
        self._shelf = shelf
        self._services = services
        self._committed = committed
        self._clock = clock
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._recent = RecentMessages()
        self._tries = Tries()

    async def hear(self, incoming: Incoming) -> bool:
        """Handle one update; False where it was handled before. Raises StorageError where it could not be written: then
        nothing of it was."""
        async with self._turn_of(incoming.person):
            return await self._exchange(incoming, incoming.update, None)

    async def hear_due(self, due: Reminder) -> bool:
        """The time of something scheduled has come. It is taken in the unit that puts what is said in the outbox, so
        that nobody is reminded twice; False where it was taken, moved or ended meanwhile, or nothing is to be said."""
        person = read_chat(due.payload)
        incoming = Incoming(update=None, person=person, chat=person, heard=Due(due.name))
        async with self._turn_of(person):
            return await self._exchange(incoming, None, due)

    def _turn_of(self, person: int) -> asyncio.Lock:
        return self._turns.setdefault(person, asyncio.Lock())

    async def _exchange(self, incoming: Incoming, update: int | None, due: Reminder | None) -> bool:
        pseudonym, taken = b"", list[Recent]()
        try:
            async with self._store.unit(update, incoming.person) as unit:
                if unit.seen:
                    return False
                pseudonym, kept = await unit.progress(incoming.person)
                if due is not None and not await unit.take_reminder(due):
                    return False
                taken = self._recent.take(pseudonym)
                turns = await self._advance(unit, pseudonym, kept, incoming)
                waiting = self._recent.waiting
                held = await Writing(unit, pseudonym, incoming, turns, self._clock(), taken, waiting).write()
        except BaseException:
            self._recent.put_back(pseudonym, taken)
            raise
        self._recent.put_back(pseudonym, held)
        self._committed(pseudonym)
        return any(turn.says for _, turn in turns)

    async def part_from(self, update: int, person: int) -> None:
        """This person has shut the bot out: nothing is said to them any more, and nothing that they asked for comes."""
        async with self._store.unit(update) as unit:
            pseudonym, _ = await unit.progress(person)
        if not unit.seen:
            await self._store.forget_unreachable(pseudonym)

    def delivered(self, pseudonym: bytes, letter: Letter, message: int) -> None:
        """A message of ours arrived in the chat."""
        self._recent.said(pseudonym, Recent(message, self._clock(), answering=is_answering(letter.step)))

    async def _advance(self, unit: Unit, pseudonym: bytes, kept: bytes | None, incoming: Incoming) -> list[Advance]:
        """What follows from what was heard: one turn, and another where that one begins a round or changes the
        language. Each with the progress that it began from."""
        progress = read_progress(kept) if kept is not None else None
        heard = await self._place(unit, pseudonym, incoming)
        if isinstance(heard, Opened):
            progress, heard = self._open(progress, heard)
        guide = self._shelf.of(progress) if progress else self._shelf.present
        turns = [(progress, advance(guide, progress, heard, self._clock()))]
        following = self._follow(turns[0][1])
        if following is not None:
            turns.append((following, advance(self._shelf.of(following), following, Opened(), self._clock())))
        return turns

    def _follow(self, turn: Turn) -> Progress | None:
        """The progress with which another turn begins, where this one asks for that."""
        if turn.progress is None:
            return None
        for effect in turn.effects:
            match effect:
                case StartRound(name):
                    guide = self._shelf.named(name, turn.progress)
                    known = {"service": turn.progress.service, "code": turn.progress.code}
                    return begin(guide, session=secrets.token_hex(8), before=turn.progress, **known)
                case ChangeLanguage():
                    return turn.progress
        return None

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
        """What was heard; an edited message together with the place where it is kept, and a withdrawal code as one."""
        match incoming.heard:
            case Edited(text):
                place = await unit.place_of(pseudonym, str(incoming.message))
                if place is not None:
                    return Edited(text, place.question, place.part, place.session)
            case Said(text) if code := read_code(text):
                return Coded(code)
            case Opened(given) if (code := read_code(given)) and self._services.find(given) is None:
                return Coded(code)
            case Pressed(data) if code := read_button(data):
                may = self._tries.may(pseudonym, self._clock())
                return Coded(code, confirmed=True, known=may and await unit.person_of(code) is not None)
        return await look_up(unit, pseudonym, incoming.heard, self._copy_days)
