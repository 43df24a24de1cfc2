"""A turn on its way into the store: every effect, the progress, and the letters that say it, in the given unit."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.conversation import recent as messages
from bot.conversation.recent import Recent
from bot.sending.letter import Letter, deletions, files_of, letters_of
from flows.engine.tidings import agreed as hears_back
from flows.progress import Progress
from flows.turn import (
    Agree,
    AskForCopy,
    DropCopy,
    Edited,
    Effect,
    EraseByCode,
    Forget,
    ForgetEverything,
    Keep,
    Mark,
    Opened,
    Pressed,
    Schedule,
    SendCopy,
    Tidy,
    Turn,
    Unschedule,
)
from storage.records import Content, Enrolment, NewPart, Place
from storage.write import Unit

if TYPE_CHECKING:
    from bot.conversation.exchange import Incoming

log = logging.getLogger("hearten.conversation")


#: A turn, and the progress from which it began.
Advance = tuple[Progress | None, Turn]


@dataclass(frozen=True, slots=True)
class Writing:
    """`turns` follow each other; the last one's progress is kept. `recent` are our messages that have arrived since
    this person was last heard; `recent_of` gives those of another one."""

    unit: Unit
    pseudonym: bytes
    incoming: "Incoming"
    turns: Sequence[Advance]
    now: datetime
    recent: list[Recent]
    recent_of: Callable[[bytes], list[Recent]]
    _copy: list[Letter] = field(default_factory=list, init=False)

    async def write(self) -> list[Recent]:
        """Returns the messages whose numbers are not to be kept yet, because nobody has agreed to anything."""
        going, staying = await self._sort_messages()
        for before, turn in self.turns:
            for effect in turn.effects:
                await self._do(effect, turn.progress or before)
        if self._after is not None:
            await self.unit.save(self.pseudonym, self._after.model_dump_json().encode(), self.now.date())
        await self._note_contact()
        for letter in [*self._letters(), *self._copy, *deletions(self.incoming.chat, going)]:
            await self.unit.say(self.pseudonym, letter.model_dump_json().encode())
        return await self._note_messages(staying)

    @property
    def _before(self) -> Progress | None:
        return self.turns[0][0]

    @property
    def _after(self) -> Progress | None:
        return self.turns[-1][1].progress

    @property
    def _effects(self) -> list[Effect]:
        return [effect for _, turn in self.turns for effect in turn.effects]

    async def _note_messages(self, staying: list[Recent]) -> list[Recent]:
        if self._after is None:
            return []
        if not self._after.taking_part:
            return staying
        await messages.keep(self.unit, self.pseudonym, self.incoming.chat, staying)
        return []

    def _letters(self) -> list[Letter]:
        """What is said. The last letter takes away the buttons that were just used."""
        chat, pressed_on = self.incoming.chat, self.incoming.pressed_on
        says = [say for _, turn in self.turns for say in turn.says]
        letters = [letter for say in says for letter in letters_of(say, chat, pressed_on)]
        if letters and pressed_on is not None and isinstance(self.incoming.heard, Pressed):
            letters[-1] = letters[-1].model_copy(update={"used": pressed_on})
        return letters

    async def _sort_messages(self) -> tuple[list[int], list[Recent]]:
        """The messages to delete from the chat now, and those whose numbers are still to be kept.

        Who withdraws has the chat cleared as far as Telegram allows; the numbers are gone with everything else. Who
        asked for a tidy chat has it cleared of questions and answers as they go on, and of everything at the end."""
        new = [*self.recent, *self._heard_just_now()]
        withdraws = any(isinstance(effect, ForgetEverything) for effect in self._effects)
        tidies = [effect.everything for effect in self._effects if isinstance(effect, Tidy)]
        if not (withdraws or tidies) or self._before is None or not self._before.taking_part:
            return [], new
        traces = await self.unit.traces(self.pseudonym)
        known = [each for each in (*messages.read(traces), *new) if each.may_go(self.now)]
        going = {each.number for each in known if withdraws or any(tidies) or each.answering}
        await self.unit.forget_traces(self.pseudonym, traces)
        return sorted(going), [each for each in known if each.number not in going]

    def _heard_just_now(self) -> list[Recent]:
        """The message that the person sent, where it was a new one. It may have waited: its own time counts."""
        incoming = self.incoming
        if incoming.message is None or incoming.pressed_on is not None or isinstance(incoming.heard, Edited):
            return []
        kept = any(isinstance(effect, Keep) for effect in self._effects)
        return [Recent(incoming.message, min(incoming.sent or self.now, self.now), answering=kept)]

    async def _do(self, effect: Effect, progress: Progress | None) -> None:
        if isinstance(effect, ForgetEverything):
            await self.unit.erase_person(self.pseudonym)
            return
        if isinstance(effect, EraseByCode):
            await self._erase_by_code(effect.code)
            return
        if progress is None:
            raise AssertionError("a turn without a progress has nothing to write")
        match effect:
            case Keep():
                await self._keep(effect, effect.session or progress.session)
            case Forget(question, part):
                await self.unit.erase_parts(self.pseudonym, progress.session, question, part)
            case Mark(question, outcome):
                await self.unit.outcome(self.pseudonym, progress.session, question, outcome, self.now.date())
            case Agree():
                await self._enrol(effect, progress.of_session(effect.session))
            case Schedule(name, due):
                await self.unit.remind(self.pseudonym, name, due, write_chat(self.incoming.chat))
            case Unschedule(name):
                await self.unit.forget_reminders(self.pseudonym, name)
            case AskForCopy():
                log.warning("somebody asked for a copy of their answers: a researcher has to make it")
                await self.unit.ask_copy(self.pseudonym, write_chat(self.incoming.chat), self.now.date())
            case SendCopy():
                await self._send_copy()
            case DropCopy():
                await self.unit.drop_copy(self.pseudonym)
                self.unit.leaves_remains = True

    async def _keep(self, keep: Keep, session: str) -> None:
        content = Content.of_text(keep.text) if keep.text is not None else self.incoming.voice
        if content is None:
            raise AssertionError("the engine kept a voice note where none was heard")
        place = Place(session, keep.question, keep.part)
        message = str(self.incoming.message) if keep.kind == "answer" else None
        await self.unit.keep(self.pseudonym, NewPart(place, keep.kind, content, message, self.now.date()))

    async def _send_copy(self) -> None:
        """One letter for each file of the copy. They name its place in the store, never what it says."""
        waiting = await self.unit.copy_waiting(self.pseudonym)
        if waiting is not None:
            await self.unit.send_copy(self.pseudonym)
            self._copy.extend(files_of(self.incoming.chat, waiting[0]))

    async def _note_contact(self) -> None:
        """Where to tell this person what became of it, for as long as they agree to that. Whoever comes back to a chat
        that was closed to us is reached again."""
        if self._after is None:
            return
        agreed = any(isinstance(effect, Agree) for effect in self._effects)
        if agreed or (isinstance(self.incoming.heard, Opened) and hears_back(self._after)):
            chat = write_chat(self.incoming.chat) if hears_back(self._after) else None
            await self.unit.reach(self.pseudonym, chat)

    async def _erase_by_code(self, code: str) -> None:
        """Somebody else, most likely the same person with another phone: the old chat is cleared as far as Telegram
        allows, and nothing is said there. Whoever holds that phone now would see a message light up; whoever still
        owns it is told that nothing is kept as soon as they write."""
        other = await self.unit.person_of(code)
        if other is None:
            return
        traces = await self.unit.traces(other)
        chat, known = messages.chat_of(traces), [*messages.read(traces), *self.recent_of(other)]
        await self.unit.erase_person(other)
        going = sorted({each.number for each in known if each.may_go(self.now)})
        for letter in deletions(chat, going) if chat is not None else ():
            await self.unit.say(other, letter.model_dump_json().encode())

    async def _enrol(self, agree: Agree, session: Progress) -> None:
        enrolment = Enrolment(
            session=session.session,
            service=session.service,
            guide=session.guide,
            guide_version=session.guide_version,
            code=session.code,
            items=agree.items,
            wording=agree.wording,
            day=self.now.date(),
        )
        await self.unit.enrol(self.pseudonym, enrolment)


def write_chat(chat: int) -> bytes:
    """What a reminder carries: where to say it. Sealed by the store."""
    return json.dumps({"chat": chat}).encode()


def read_chat(payload: bytes) -> int:
    return int(json.loads(payload)["chat"])
