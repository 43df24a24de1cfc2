"""What is in a bundle: its kinds, the names of the files in it, and how large it may be.

The researcher's machine makes bundles and the bot's host takes them, so both sides agree on this (`docs/envelope.md`).
"""

import hashlib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

TIDINGS, COPY = "tidings", "copy"
TIDINGS_FILE, COPY_FILE = "tidings.json", "copy"

#: Below what Telegram takes for one file (50 MB), and little enough to be held in memory.
MOST_BYTES = 48 * 1024 * 1024
LONGEST_TEXT = 6000

Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, strip_whitespace=True)]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class TidingsText(BaseModel):
    """What a service answers: the words for each language (`en` is always there), the period that it is about, and
    where there is more. It names no person and holds nothing that anybody said."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: Annotated[str, StringConstraints(max_length=40)]
    messages: dict[Language, Text] = Field(min_length=1, max_length=20)
    link: Annotated[str, StringConstraints(pattern=r"^https://\S{1,300}$")] | None = None


def tidings_id(study: bytes, service: str, period: str) -> bytes:
    """The id of the bundle that tells what a service answered to one period: always the same one, so that nobody is
    told twice, however often it is made."""
    words = "\0".join(("hearten tidings", study.hex(), service, period))
    return hashlib.sha256(words.encode()).digest()[:16]
