"""What waits in the outbox: a message to one chat, or something to be done in that chat.

It is sealed with the bot key while it waits. Words are sent as plain text, never as markup, so that nothing in them can
be taken for formatting.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from bot.sending.splitting import pieces
from flows.turn import Say

#: Telegram deletes at most so many messages in one call (Bot API, deleteMessages).
MOST_DELETED = 100


class Letter(BaseModel):
    """`text` is empty where nothing is said. `replace` is the message whose place this one takes, where the person
    pressed a button on it; `used` is one whose buttons have been pressed and go; `delete` are messages to delete.
    `file`: which of the `files` of their copy is sent, from 1. It waits in the store; no letter holds any of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chat: int
    text: str = ""
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    replace: int | None = None
    used: int | None = None
    delete: tuple[int, ...] = ()
    file: int = 0
    files: int = 0

    @property
    def step(self) -> str:
        """The step that its buttons belong to (`verb:step[:argument]`), empty without buttons."""
        return self.buttons[0][0][1].split(":")[1] if self.buttons else ""


def letters_of(say: Say, chat: int, pressed_on: int | None = None) -> list[Letter]:
    """The messages that say this: more than one where the words are longer than Telegram allows. The buttons are below
    the last of them, since that is where the person has read to."""
    buttons = tuple(tuple((button.label, button.data) for button in row) for row in say.buttons)
    replace = pressed_on if say.replace else None
    *earlier, last = pieces(say.text)
    return [
        *(Letter(chat=chat, text=text) for text in earlier),
        Letter(chat=chat, text=last, buttons=buttons, replace=None if earlier else replace),
    ]


def files_of(chat: int, files: int) -> list[Letter]:
    """The copy of somebody's answers, a letter for each of its files."""
    return [Letter(chat=chat, file=number, files=files) for number in range(1, files + 1)]


def deletions(chat: int, messages: Sequence[int]) -> list[Letter]:
    """Delete these messages, as few calls as possible."""
    return [
        Letter(chat=chat, delete=tuple(messages[place : place + MOST_DELETED]))
        for place in range(0, len(messages), MOST_DELETED)
    ]
