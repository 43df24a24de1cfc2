"""One exchange with a person: load their progress, advance, and write everything down in one transaction.

Promises: an update is handled once, however often it is delivered; one person's updates are handled in the order in
which they came; words are sealed in the same transaction as the progress that follows from them, and are held nowhere
else. When `hear` returns, the exchange is on the disk, and only then may the update be acknowledged.
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from bot.message import Message
from bot.shelf import Shelf
from flows.engine import advance, begin
from flows.progress import Progress, read_progress
from flows.services import Services
from flows.turn import Agree, Edited, Effect, Forget, ForgetEverything, Heard, Keep, Mark, Opened, Turn
from storage.records import Content, Enrolment, NewPart, Place
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
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._shelf = shelf
        self._services = services
        self._committed = committed
        self._clock = clock
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    async def hear(self, incoming: Incoming) -> None:
        """Handle one update. Raises StorageError where it could not be written: then nothing of it was."""
        turn = self._turns.setdefault(incoming.person, asyncio.Lock())
        async with turn:
            async with self._store.unit(incoming.update) as unit:
                if unit.seen:
                    return
                pseudonym = await self._hear(unit, incoming)
            self._committed(pseudonym)

    async def _hear(self, unit: Unit, incoming: Incoming) -> bytes:
        now = self._clock()
        pseudonym, kept = await unit.progress(incoming.person)
        progress = read_progress(kept) if kept is not None else None
        heard = await self._place(unit, pseudonym, incoming)
        if isinstance(heard, Opened):
            progress, heard = self._open(progress, heard)
        guide = self._shelf.of(progress) if progress else self._shelf.present
        turn = advance(guide, progress, heard, now)
        writing = _Writing(unit, pseudonym, incoming, progress, turn, now)
        await writing.write()
        return pseudonym

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


@dataclass(frozen=True, slots=True)
class _Writing:
    """A turn on its way into the store."""

    unit: Unit
    pseudonym: bytes
    incoming: Incoming
    before: Progress | None
    turn: Turn
    now: datetime

    async def write(self) -> None:
        for effect in self.turn.effects:
            await self._do(effect)
        if self.turn.progress is not None:
            await self.unit.save(self.pseudonym, self.turn.progress.model_dump_json().encode(), self.now.date())
        for say in self.turn.says:
            message = Message.of(say, self.incoming.chat, self.incoming.pressed_on)
            await self.unit.say(self.pseudonym, message.model_dump_json().encode())

    async def _do(self, effect: Effect) -> None:
        match effect:
            case Keep():
                await self._keep(effect)
            case Forget(question, part):
                await self.unit.erase_parts(self.pseudonym, self._progress.session, question, part)
            case ForgetEverything():
                await self.unit.erase_person(self.pseudonym)
            case Mark(question, outcome):
                session = self._progress.session
                await self.unit.outcome(self.pseudonym, session, question, outcome, self.now.date())
            case Agree(items, wording):
                await self._enrol(items, wording)

    async def _keep(self, keep: Keep) -> None:
        content = Content.of_text(keep.text) if keep.text is not None else self.incoming.voice
        if content is None:
            raise AssertionError("the engine kept a voice note where none was heard")
        place = Place(self._progress.session, keep.question, keep.part)
        message = str(self.incoming.message) if keep.kind == "answer" else None
        await self.unit.keep(self.pseudonym, NewPart(place, keep.kind, content, message, self.now.date()))

    async def _enrol(self, items: dict[str, bool], wording: str) -> None:
        progress = self._progress
        enrolment = Enrolment(
            session=progress.session,
            service=progress.service,
            guide=progress.guide,
            guide_version=progress.guide_version,
            code=progress.code,
            items=items,
            wording=wording,
            day=self.now.date(),
        )
        await self.unit.enrol(self.pseudonym, enrolment)

    @property
    def _progress(self) -> Progress:
        progress = self.turn.progress or self.before
        if progress is None:
            raise AssertionError("a turn without a progress has nothing to write")
        return progress
