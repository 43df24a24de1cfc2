"""One exchange with a person, as plain records: what was heard, and the turn that answers it.

The engine declares here what it wants done (say, keep, forget, agree, mark); whoever hosts it does those things, all of
them or none. Records carry words only on their way through: nothing in here is logged, and nothing has a clock.
"""

from dataclasses import dataclass, field
from typing import Literal

from flows.progress import Progress

# --- What was heard ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """The person opened the conversation, perhaps from their service's link. `known`: the code is one of ours."""

    code: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Voiced:
    """A voice note. The host holds the sound; the engine only decides where it belongs."""


@dataclass(frozen=True, slots=True)
class Edited:
    """The person changed a message that they had sent. `question` and `part` say where it is kept, if it is."""

    text: str = field(repr=False)
    question: str | None = None
    part: int = 0


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button: `verb:step[:argument]`."""

    data: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something that is not words: a sticker, a photo, a place, a poll. Or words that somebody else wrote."""

    forwarded: bool = False


Heard = Opened | Said | Voiced | Edited | Pressed | Unusable

# --- What to do about it -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Button:
    label: str
    data: str


@dataclass(frozen=True, slots=True)
class Say:
    """One message. `replace`: it takes the place of the message whose button was pressed, where there is one."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Keep:
    """Seal one part of an answer. `text` is None for the voice note that was just heard."""

    question: str
    part: int
    kind: Literal["answer", "choice"]
    text: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Forget:
    """Erase one part of an answer, or the whole answer where `part` is None."""

    question: str
    part: int | None = None


@dataclass(frozen=True, slots=True)
class ForgetEverything:
    """Erase all that is kept of this person: answers, keys, reminders, messages that wait to be sent."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a question: the denominators of every count. It says nothing of what was written."""

    question: str
    outcome: Literal["asked", "answered", "skipped"]


@dataclass(frozen=True, slots=True)
class Agree:
    """The person agreed to take part, or changed what they agreed to. `wording` is what they had read."""

    items: dict[str, bool]
    wording: str


Effect = Keep | Forget | ForgetEverything | Mark | Agree


@dataclass(frozen=True, slots=True)
class Turn:
    """The answer to one thing heard. `progress` is None where nothing at all is to be remembered of the person."""

    progress: Progress | None
    says: tuple[Say, ...]
    effects: tuple[Effect, ...] = ()
