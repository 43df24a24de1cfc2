"""One exchange with a person, as plain records: what was heard, and the turn that answers it.

The engine declares here what it wants done (say, keep, forget, agree, mark); whoever hosts it does those things, all of
them or none. Records carry words only on their way through: nothing in here is logged, and nothing has a clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
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
    """The person changed a message that they had sent. `question`, `part` and `session` say where it is kept, if it
    is; without a session, in the present one."""

    text: str = field(repr=False)
    question: str | None = None
    part: int = 0
    session: str = ""


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button: `verb:step[:argument]`."""

    data: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """Something that is not words: a sticker, a photo, a place, a poll. Or words that somebody else wrote."""

    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """The time of something scheduled has come. The turn may say nothing: it is not wanted any more, or it is night."""

    name: str


@dataclass(frozen=True, slots=True)
class Coded:
    """A withdrawal code, in the form in which we gave it. `confirmed`: its button was pressed, and `known` says whether
    it belongs to somebody. Until then nobody looks."""

    code: str = field(repr=False)
    confirmed: bool = False
    known: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A service has answered what people said: the words in each language, and where there is more. `name` is what it
    is scheduled under."""

    name: str
    messages: Mapping[str, str] = field(repr=False)
    link: str = ""


@dataclass(frozen=True, slots=True)
class CopyCame:
    """The copy that the person asked for was made, and is kept for them until then. `name` is what it is scheduled
    under."""

    name: str
    until: date


@dataclass(frozen=True, slots=True)
class CopyWanted:
    """The person pressed that it is a good time. `here`: the copy still waits for them."""

    here: bool


Heard = Opened | Said | Voiced | Edited | Pressed | Unusable | Due | Coded | Told | CopyCame | CopyWanted

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
    """Seal one part of an answer. `text` is None for the voice note that was just heard. Without a session, it belongs
    to the present one; a message of an earlier one may have been edited."""

    question: str
    part: int
    kind: Literal["answer", "choice"]
    text: str | None = field(repr=False)
    session: str = ""


@dataclass(frozen=True, slots=True)
class Forget:
    """Erase one part of an answer, or the whole answer where `part` is None."""

    question: str
    part: int | None = None


@dataclass(frozen=True, slots=True)
class ForgetEverything:
    """Erase all that is kept of this person, of all sessions: answers, keys, what is scheduled, messages that wait."""


@dataclass(frozen=True, slots=True)
class EraseByCode:
    """Erase all that is kept of whoever holds this withdrawal code. It is somebody else than who is heard."""

    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a question: the denominators of every count. It says nothing of what was written."""

    question: str
    outcome: Literal["asked", "answered", "skipped"]


@dataclass(frozen=True, slots=True)
class Agree:
    """The person agreed to take part, or changed what they agreed to. `wording` is what they had read.

    `session` is the one that it holds for; `Progress.of_session` knows the rest of that session.
    """

    items: dict[str, bool]
    wording: str
    session: str


@dataclass(frozen=True, slots=True)
class Schedule:
    """When `due` (UTC) has come, let the engine hear `Due(name)`. A name that is scheduled already is moved.

    Only what the person asked for, or agreed to, is scheduled. What is said then is decided then.
    """

    name: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Unschedule:
    """What was scheduled under this name is not wanted any more."""

    name: str


@dataclass(frozen=True, slots=True)
class StartRound:
    """The person said yes to a later round: `begin` this guide with `before` (this turn's progress) and with a session
    and a code of its own, let it hear `Opened()`, and carry out that turn after this one."""

    guide: str


@dataclass(frozen=True, slots=True)
class ChangeLanguage:
    """Let the guide in this language hear `Opened()` with this turn's progress, and carry out that turn after this
    one."""

    language: str


@dataclass(frozen=True, slots=True)
class Tidy:
    """Delete from the chat what was asked and answered so far, or all of it (`everything`), as far as the messenger
    allows. What this turn says stays."""

    everything: bool


@dataclass(frozen=True, slots=True)
class AskForCopy:
    """The person would like a copy of their answers. A researcher makes it, since nobody here can."""


@dataclass(frozen=True, slots=True)
class SendCopy:
    """Send the copy that waits for the person into this chat, after what is said, and keep nothing of it."""


@dataclass(frozen=True, slots=True)
class DropCopy:
    """The person does not want the copy: delete it here."""


Effect = (
    Keep
    | Forget
    | ForgetEverything
    | EraseByCode
    | Mark
    | Agree
    | Schedule
    | Unschedule
    | StartRound
    | ChangeLanguage
    | Tidy
    | AskForCopy
    | SendCopy
    | DropCopy
)


@dataclass(frozen=True, slots=True)
class Turn:
    """The answer to one thing heard. `progress` is None where nothing at all is to be remembered of the person."""

    progress: Progress | None
    says: tuple[Say, ...]
    effects: tuple[Effect, ...] = ()
