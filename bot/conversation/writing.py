"""A turn on its way into the store: every effect, the progress, and the letters that say it, in the given unit."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.conversation import recent as messages
from bot.conversation.recent import Recent
from bot.sending.letter import Letter, deletions, letters_of
from flows.progress import Progress
from flows.turn import Agree, Effect, Forget, ForgetEverything, Keep, Mark, Pressed, Turn
from storage.records import Content, Enrolment, NewPart, Place
from storage.write import Unit

if TYPE_CHECKING:
    from bot.conversation.exchange import Incoming


@dataclass(frozen=True, slots=True)
class Writing:
    """`recent` are our messages that have arrived since this person was last heard."""

    unit: Unit
    pseudonym: bytes
    incoming: "Incoming"
    before: Progress | None
    turn: Turn
    now: datetime
    recent: list[Recent]

    async def write(self) -> list[Recent]:
        """Returns the messages whose numbers are not to be kept yet, because nobody has agreed to anything."""
        gone = await self._what_may_be_deleted()
        for effect in self.turn.effects:
            await self._do(effect)
        if self.turn.progress is not None:
            await self.unit.save(self.pseudonym, self.turn.progress.model_dump_json().encode(), self.now.date())
        for letter in [*self._letters(), *deletions(self.incoming.chat, gone)]:
            await self.unit.say(self.pseudonym, letter.model_dump_json().encode())
        return await self._note_messages()

    async def _note_messages(self) -> list[Recent]:
        everything = [*self.recent, *self._heard_just_now()]
        if self.turn.progress is None:
            return []
        if not self.turn.progress.taking_part:
            return everything
        await messages.keep(self.unit, self.pseudonym, everything)
        return []

    def _letters(self) -> list[Letter]:
        """What is said. The last letter takes away the buttons that were just used."""
        pressed_on = self.incoming.pressed_on
        letters = [each for say in self.turn.says for each in letters_of(say, self.incoming.chat, pressed_on)]
        if letters and pressed_on is not None and isinstance(self.incoming.heard, Pressed):
            letters[-1] = letters[-1].model_copy(update={"used": pressed_on})
        return letters

    async def _what_may_be_deleted(self) -> list[int]:
        """Who withdraws has the chat cleared as far as Telegram allows; the numbers are gone with everything else."""
        withdraws = any(isinstance(effect, ForgetEverything) for effect in self.turn.effects)
        if not withdraws or self.before is None or not self.before.taking_part:
            return []
        known = messages.read(await self.unit.traces(self.pseudonym))
        everything = [*known, *self.recent, *self._heard_just_now()]
        return sorted({each.number for each in everything if each.may_go(self.now)})

    def _heard_just_now(self) -> list[Recent]:
        """The message that the person sent, where it was one."""
        if self.incoming.message is None or self.incoming.pressed_on is not None:
            return []
        kept = any(isinstance(effect, Keep) for effect in self.turn.effects)
        return [Recent(self.incoming.message, self.now, answering=kept)]

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
