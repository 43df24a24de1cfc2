"""A message on its way out, as it waits in the outbox: whom it goes to, its words and its buttons.

It is sealed with the bot key while it waits. Words are sent as plain text, never as markup, so that nothing in them can
be taken for formatting.
"""

from pydantic import BaseModel, ConfigDict

from flows.turn import Say

#: Telegram's limit for one message, in UTF-16 code units (Bot API, sendMessage).
LONGEST = 4096


class Message(BaseModel):
    """`replace` is the message whose place this one takes, where the person pressed a button on it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    chat: int
    text: str
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()
    replace: int | None = None

    @classmethod
    def of(cls, say: Say, chat: int, pressed_on: int | None) -> "Message":
        buttons = tuple(tuple((button.label, button.data) for button in row) for row in say.buttons)
        return cls(chat=chat, text=say.text, buttons=buttons, replace=pressed_on if say.replace else None)
