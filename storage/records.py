"""What passes through the two ports of storage: plain records, no behaviour.

The write port (`storage.write`) is for the bot, the read port (`storage.read`) for the analysis.
Neither knows what the words mean: question, service and guide are opaque names here.
Spans of time are whole days, because a reader of an export must not learn at which minute somebody wrote.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

TEXT = "text/plain; charset=utf-8"

#: The items of consent that storage itself must obey. Others may exist; they are kept and not interpreted.
TAKE_PART = "take_part"
QUOTES = "quotes"
SUMMARIES = "summaries"
HEAR_BACK = "hear_back"

#: `answer`: the person's own words. `choice`: the name of an option they picked (the optional "about you" questions).
Kind = Literal["answer", "choice"]

#: What became of a question that was put to somebody. It goes one way only: asked, then answered or skipped.
Outcome = Literal["asked", "answered", "skipped"]


@dataclass(frozen=True, slots=True)
class Content:
    """What is sealed: bytes and what they are. Exactly these bytes come back."""

    media_type: str
    data: bytes

    @classmethod
    def of_text(cls, text: str) -> "Content":
        return cls(TEXT, text.encode("utf-8"))

    @property
    def text(self) -> str:
        """The words, or the empty string where this is not text (a voice note)."""
        return self.data.decode("utf-8") if self.media_type == TEXT else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one part of an answer belongs. A person's session, a question, and which of several messages (from 1)."""

    session: str
    question: str
    part: int


@dataclass(frozen=True, slots=True)
class NewPart:
    """One message of an answer, on its way to be sealed. Written again at the same place, it replaces the old one."""

    place: Place
    kind: Kind
    content: Content
    message: str | None  # the messenger's name for the message, so that an edit finds its place; kept as a keyed hash
    day: date


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Someone agreed to take part. `items` is each consent item with its own yes or no; `wording` is the SHA-256
    (hexadecimal) of the exact text that they agreed to; `code` is the withdrawal code, kept as a keyed hash only."""

    session: str
    service: str
    guide: str
    guide_version: int
    code: str
    items: dict[str, bool]
    wording: str
    day: date


@dataclass(frozen=True, slots=True)
class Agreed:
    """What somebody said last to one item of consent in one session, and the day of it."""

    session: str
    item: str
    given: bool
    wording: str
    day: date


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message in the outbox, opened: `payload` is what the bot put in, `seq` orders it among one person's."""

    seq: int
    pseudonym: bytes
    payload: bytes
    attempts: int


@dataclass(frozen=True, slots=True)
class Reminder:
    """What somebody asked to be reminded of: its name is theirs once, `due` to the millisecond."""

    pseudonym: bytes
    name: str
    due: datetime
    payload: bytes


@dataclass(frozen=True, slots=True)
class Trace:
    """A message in a chat that may be deleted there until then; `token` names it among the person's."""

    token: bytes
    until: datetime
    payload: bytes


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """Somebody asked for a copy of their answers: `person` is the pseudonym in hexadecimal, `here` whether the copy was
    made and waits for them, `day` when the one or the other was."""

    person: str
    day: date
    here: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """All parts of one answer, opened with the research key. `person` is the pseudonym in hexadecimal: it must be
    replaced by a new id before anything leaves the researcher's machine."""

    person: str
    session: str
    service: str
    guide: str
    guide_version: int
    question: str
    kind: Kind
    day: date
    parts: tuple[Content, ...]
    quotable: bool
    in_summaries: bool
    typed: tuple[str, ...] = ()
    """What was typed out of each part that is a voice note, the empty string for every other part; () for nothing."""

    @property
    def text(self) -> str:
        """The words of all text parts, and what was typed out of voice notes; one line break between two messages."""
        return "\n".join(words for part, words in self.words() if words or part.media_type == TEXT)

    def words(self) -> list[tuple[Content, str]]:
        """Each part with its words: its own, or what was typed out of it."""
        typed = self.typed or ("",) * len(self.parts)
        return [(part, part.text or words) for part, words in zip(self.parts, typed, strict=True)]


@dataclass(frozen=True, slots=True)
class AnswerPlace:
    """Where one answer belongs, with nothing of what it says. `person` is the pseudonym, as in `Answer`."""

    person: str
    session: str
    question: str
    kind: Kind
    service: str
    guide: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that was put to one person, and what became of it: the denominators of every count."""

    person: str
    session: str
    service: str
    guide: str
    guide_version: int
    question: str
    outcome: Outcome
    day: date


@dataclass(frozen=True, slots=True)
class Flow:
    """How many people came how far, in the whole database: opened the chat, agreed to take part, withdrew later."""

    opened: int
    agreed: int
    withdrew: int
