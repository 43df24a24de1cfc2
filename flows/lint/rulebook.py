"""The rules of language as data: `flows/guides/shared/language.toml`, and the frameworks that guides may name.

The files say why each rule is there. A mistake in them raises GuideError, which says where and how to mend it.
"""

import re
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, model_validator

from flows.errors import GuideError, problems_of, read_toml
from flows.lint.finding import Finding, Level

SHARED = Path(__file__).parents[1] / "guides" / "shared"
LANGUAGE = SHARED / "language.toml"
FRAMEWORKS = SHARED / "frameworks.toml"

_NUMBER = r"(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|a few|some|the last)"


class Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Limits(Rules):
    """How hard a text may be. `grade` is the Flesch-Kincaid grade; the others count words or characters."""

    grade: float = Field(gt=0)
    mean_words: float = Field(gt=0)
    longest_words: int = Field(gt=0)
    label_characters: int = Field(gt=0)


class Openings(Rules):
    way_out: tuple[str, ...] = Field(min_length=1)
    sensitive_way_out: tuple[str, ...] = Field(min_length=1)
    sensitive_subthemes: tuple[str, ...]


class ShortForm(Rules):
    words: tuple[str, ...] = Field(min_length=1)
    why: str = Field(min_length=1)


class Banned(Rules):
    """Words that hurt, and what to say instead. `fine` are turns of phrase in which they do not."""

    words: tuple[str, ...] = Field(min_length=1)
    why: str = Field(min_length=1)
    better: str = Field(min_length=1)
    fine: tuple[str, ...] = ()
    level: Level = "error"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return _pattern(self.words)

    @cached_property
    def fine_pattern(self) -> re.Pattern[str] | None:
        return _pattern(self.fine) if self.fine else None


class Exempt(Rules):
    """A place where a rule does not hold, and why."""

    guide: str
    place: str
    rule: str
    why: str = Field(min_length=10)

    def covers(self, guide: str, finding: Finding) -> bool:
        return (
            self.guide in ("*", guide)
            and self.rule == finding.rule
            and fnmatchcase(finding.place, self.place.replace("[", "[[]"))
        )


class Rulebook(Rules):
    limits: dict[str, Limits]
    openings: Openings
    short_forms: tuple[ShortForm, ...] = ()
    banned: tuple[Banned, ...] = Field(min_length=1)
    exceptions: tuple[Exempt, ...] = ()

    @model_validator(mode="after")
    def _has_a_default(self) -> Self:
        if "default" not in self.limits:
            raise ValueError("limits: there must be limits named 'default', for guides that have none of their own")
        return self

    def limits_of(self, guide: str) -> Limits:
        return self.limits.get(guide, self.limits["default"])

    @property
    def known_short_forms(self) -> frozenset[str]:
        return frozenset(word for each in self.short_forms for word in each.words)


class Frameworks(RootModel[dict[str, dict[str, str]]]):
    """Framework id, sub-theme id, title of the sub-theme: the frameworks that come with Hearten."""


def read_rulebook(file: Path = LANGUAGE) -> Rulebook:
    """The rules of language. Raises GuideError, which lists every problem of the file."""
    try:
        return Rulebook.model_validate(read_toml(file, GuideError))
    except ValidationError as error:
        raise GuideError(problems_of(error, {}, str(file))) from None


def read_frameworks(file: Path = FRAMEWORKS) -> Frameworks:
    """The frameworks. Raises GuideError, which lists every problem of the file."""
    try:
        return Frameworks.model_validate(read_toml(file, GuideError))
    except ValidationError as error:
        raise GuideError(problems_of(error, {}, str(file))) from None


def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    """Whole words, in any case; `*` is the rest of a word and `#` a number."""
    parts = []
    for phrase in sorted(phrases, key=len, reverse=True):
        body = re.escape(phrase).replace(r"\*", r"[\w-]*").replace(r"\#", _NUMBER).replace(r"\ ", r"\s+")
        parts.append(body.replace("'", "['’]"))
    return re.compile(rf"(?<![\w-])(?:{'|'.join(parts)})(?![\w-])", re.IGNORECASE)
