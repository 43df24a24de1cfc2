"""Playing an invented person: reads the newest message as anybody would, and presses and writes what the part says.

The player knows the buttons of the public contract (`verb:step[:argument]`) and nothing else of the bot.
"""

from bot.demo.cast import Part
from bot.messenger import Message, Person

#: Seconds for one reply. Far more than the bot needs, also while many people write at once.
PATIENCE = 60.0


class Player:
    """One person in the local messenger, with a part to play."""

    def __init__(self, person: Person, part: Part) -> None:
        self._person = person
        self._part = part
        self._answered: set[str] = set()
        self.said = 0

    async def play(self, code: str) -> None:
        """From the service's link to the thanks at the end."""
        await self._person.send_start(code)
        message = await self._reply()
        while (step := _step(message)) != "end":
            if step == "topics":
                await self._choose_topics(message)
            elif step.startswith("question-"):
                message = await self._answer(message, step.removeprefix("question-"))
            await self._person.press(message, self._button(message, step))
            message = await self._reply()

    async def _reply(self) -> Message:
        """The next message with buttons: those without one are followed by more."""
        return await self._person.wait_for(lambda message: bool(message.buttons), timeout=PATIENCE)

    async def _answer(self, message: Message, question: str) -> Message:
        """Say what there is to say. Where the bot stops to show care, carry on."""
        words = self._part.answers.get(question, ()) if question not in self._answered else ()
        self._answered.add(question)
        for each in words:
            await self._person.send(each)
            self.said += 1
            message = await self._reply()
            if "next:care" in _data(message):
                await self._person.press(message, "next:care")
                message = await self._reply()
        return message

    async def _choose_topics(self, message: Message) -> None:
        for topic in self._part.topics:
            await self._person.press(message, f"choose:topics:{topic}", anyway=True)

    def _button(self, message: Message, step: str) -> str:
        """The button that this person presses at this step."""
        kind, _, name = step.partition("-")
        wishes = {
            "consent": f"yes:{step}" if self._part.consent.get(name, True) else f"no:{step}",
            "tidy": "no:tidy",
            "path": f"choose:{step}:{self._part.path}",
            "about": f"choose:{step}:{self._part.about.get(name, '')}",
            "about_offer": f"yes:{step}" if self._part.about else f"no:{step}",
        }
        offered = _data(message)
        usual: tuple[str, ...] = (f"done:{step}", f"next:{step}", f"yes:{step}", f"skip:{step}")
        if kind in ("company", "safe", "how_was_this"):
            usual = tuple(data for data in offered if data.startswith("choose:"))
        return next(data for data in (wishes.get(kind, ""), *usual) if data in offered)


def _data(message: Message) -> list[str]:
    return [button.data for row in message.buttons for button in row]


def _step(message: Message) -> str:
    """The step that a message belongs to. Every message of the way offers help at its own step."""
    return next(data.removeprefix("help:") for data in _data(message) if data.startswith("help:"))
