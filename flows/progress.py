"""How far somebody has come: small, versioned, and without one word that they wrote.

The host seals this between two messages. It holds the place in the guide, the choices that shape the rest of the way,
and for each answer how many parts it has, so that the next part gets its number and a receipt can count.

Somebody may come back after weeks, to a newer version of the program: `read_progress` brings every older format up to
the present one, step by step. A sample of each is kept in `tests/test_flows/progress/`.
"""

import json
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Small(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Given(Small):
    """One answer: `last` is the highest part number so far, `parts` how many are still kept."""

    last: int
    parts: int


class Aside(Small):
    """A short exchange beside the way: it lasts for one thing heard, and then the way goes on where it was.

    `sure` asks before deleting, `maybe` asks whether a message was a wish (`command`) or part of an answer (`part`),
    `which` asks which answer to delete, `care` shows contacts and choices, `mydata` shows what is kept, `language`
    offers the languages, `tidy` asks whether to clear the chat as we go.
    """

    kind: Literal["sure", "which", "maybe", "care", "mydata", "language", "tidy"]
    command: str = ""
    part: int = 0


class Progress(Small):
    """`resume_at` is where to go on once a changed information sheet has been agreed to.

    `scheduled` is what the host was asked to schedule, by name. `rounds` counts the invitations to later rounds so far,
    `round_open` says that one waits for its answer, and `before` is the session before this one: whoever leaves a later
    round goes back to it and loses nothing. `tidy` is whether the chat is cleared as we go (None: not said), and
    `tidied` that we have told what cannot be.
    """

    format: Literal[4] = 4
    guide: str
    guide_version: int
    language: str = "en"
    service: str
    session: str
    code: str
    at: str = "arrival"
    resume_at: str = ""
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
    scheduled: dict[str, datetime] = {}
    rounds: int = 0
    round_open: bool = False
    copy_asked: date | None = None
    tidy: bool | None = None
    tidied: bool = False
    before: "Progress | None" = None

    @property
    def taking_part(self) -> bool:
        return self.agreed is not None

    def of_session(self, session: str) -> "Progress":
        """This session, or an earlier one. Raises KeyError where there is none of that name."""
        progress: Progress | None = self
        while progress is not None:
            if progress.session == session:
                return progress
            progress = progress.before
        raise KeyError("this person has no such session")


def read_progress(sealed_away: bytes) -> Progress:
    """Progress as it was stored, whichever format it has. Raises ValueError where it is none, or a newer one."""
    raw: dict[str, Any] = json.loads(sealed_away)
    while raw.get("format") in UPGRADES:
        raw = UPGRADES[raw["format"]](raw)
    return Progress.model_validate_json(json.dumps(raw))


def _from_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Format 2 knows the language of the conversation, and where to return to after consent is asked for again."""
    return raw | {"format": 2, "language": "en", "resume_at": ""}


def _from_2(raw: dict[str, Any]) -> dict[str, Any]:
    """Format 3 knows what is scheduled, and the session before a later round. Older ones had neither."""
    return raw | {"format": 3, "scheduled": {}, "rounds": 0, "round_open": False, "before": None}


def _from_3(raw: dict[str, Any]) -> dict[str, Any]:
    """Format 4 knows whether the chat is cleared as we go. Sessions lie within one another."""
    before = raw.get("before")
    return raw | {"format": 4, "tidy": None, "tidied": False, "before": before and _from_3(before)}


#: From each older format to the next one.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_1, 2: _from_2, 3: _from_3}
