"""What a reviewer is asked to look at again: stretches that may point at one person although no name is in them.

No rule finds all of it, and nothing is taken out by itself: "the only one in a small town" is for a person to see. The
words are data (`flags.toml`).
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files

from pydantic import Field

from analysis.content import read_toml
from analysis.model import Frozen
from analysis.segments import find_segments


class Flag(Frozen):
    """Code points of the text, end exclusive, and why a person should look."""

    start: int
    end: int
    reason: str


class Alone(Frozen):
    reason: str = Field(min_length=1)
    phrases: tuple[str, ...] = Field(min_length=1)


class Trait(Frozen):
    kind: str = Field(min_length=1)
    phrases: tuple[str, ...] = Field(min_length=1)


class FlagFile(Frozen):
    many: int = Field(ge=2, description="How many kinds of traits in one sentence are pointed out.")
    alone: tuple[Alone, ...]
    trait: tuple[Trait, ...]


def find_flags(text: str) -> list[Flag]:
    """In the order of the text."""
    rules = _rules()
    flags = [
        Flag(start=match.start(), end=match.end(), reason=reason)
        for reason, pattern in rules.alone
        for match in pattern.finditer(text)
    ]
    for segment in find_segments(text):
        kinds = [kind for kind, pattern in rules.traits if pattern.search(text, segment.start, segment.end)]
        if len(kinds) >= rules.many:
            together = ", ".join(kinds[:-1]) + " and " + kinds[-1]
            reason = f"Here {together} come together. Could it be one person only, where they live?"
            flags.append(Flag(start=segment.start, end=segment.end, reason=reason))
    return sorted(flags, key=lambda each: (each.start, each.end))


class _Rules:
    def __init__(self, file: FlagFile) -> None:
        self.many = file.many
        self.alone = [(each.reason, _pattern(each.phrases)) for each in file.alone]
        self.traits = [(each.kind, _pattern(each.phrases)) for each in file.trait]


@lru_cache(maxsize=1)
def _rules() -> _Rules:
    return _Rules(read_toml(files(__package__) / "flags.toml", FlagFile))


def _pattern(phrases: Iterable[str]) -> re.Pattern[str]:
    each = (re.escape(phrase).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for phrase in phrases)
    return re.compile(rf"\b(?:{'|'.join(each)})\b", re.IGNORECASE)
