"""How far somebody has come: small, versioned, and without one word that they wrote.

The host seals this between two messages. It holds the place in the guide, the choices that shape the rest of the way,
and for each answer how many parts it has, so that the next part gets its number and a receipt can count.
"""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

FORMAT = 1


class Small(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Given(Small):
    """One answer: `last` is the highest part number so far, `parts` how many are still kept."""

    last: int
    parts: int


class Aside(Small):
    """A short exchange beside the way: it lasts for one thing heard, and then the way goes on where it was.

    `sure` asks before deleting, `maybe` asks whether a message was a wish (`command`) or part of an answer (`part`),
    `care` shows contacts and choices, `mydata` shows what is kept.
    """

    kind: Literal["sure", "maybe", "care", "mydata"]
    command: str = ""
    part: int = 0


class Progress(Small):
    format: Literal[1] = 1
    guide: str
    guide_version: int
    service: str
    session: str
    code: str
    at: str = "arrival"
    state: Literal["going", "paused", "stopped", "finished"] = "going"
    aside: Aside | None = None
    read_at: datetime | None = None
    consent: dict[str, bool] = {}
    agreed: date | None = None
    wording: str = ""
    path: Literal["full", "short"] | None = None
    topics: tuple[str, ...] | None = None
    left_out: tuple[str, ...] = ()
    about: bool | None = None
    answers: dict[str, Given] = {}
    skipped: tuple[str, ...] = ()
    cared_at: str = ""

    @property
    def taking_part(self) -> bool:
        return self.agreed is not None
