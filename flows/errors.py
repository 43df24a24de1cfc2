"""Errors in content, told so that whoever wrote the content can mend it.

ContentError
├── GuideError       a guide, or one of the files that all guides share
│   └── NoSuchVersion    an older version that is not kept any more
└── ServicesError    the file that lists the services
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: in which file, at which place in it, which rule it breaks and what to do."""

    file: str
    place: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.place}" if self.place else self.file
        return f"{place}: {self.rule}. {self.remedy}"


class ContentError(Exception):
    """All the problems at once, one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class GuideError(ContentError):
    pass


class NoSuchVersion(GuideError):  # noqa: N818 - reads as what happened
    pass


class ServicesError(ContentError):
    pass


#: What to do about the mistakes that pydantic tells apart. The others carry their remedy in the rule itself.
REMEDIES = {
    "missing": "Add it",
    "extra_forbidden": "Check the spelling of the key, or take it out",
    "string_pattern_mismatch": "Use only the letters and signs that it allows",
    "string_too_long": "Make it shorter",
    "string_too_short": "Write something here",
    "too_short": "Add what is missing",
    "too_long": "Take something out",
}
RULES = {
    "missing": "this is needed and is not there",
    "extra_forbidden": "this key is not known here",
    "literal_error": "this is not one of the values that can stand here",
}


def problems_of(error: ValidationError, file_of: Mapping[str, str], default: str) -> list[Problem]:
    """A validation error as problems. `file_of` names the file of each top-level key; the others are in `default`."""
    problems = []
    details = error.errors(include_url=False, include_context=False, include_input=False)
    for detail in details:
        place = detail["loc"]
        if any(len(each["loc"]) > len(place) > 0 and each["loc"][: len(place)] == place for each in details):
            continue  # pydantic counts a list without its broken members: they are told of already
        file = file_of.get(str(place[0]), default) if place else default
        rule = RULES.get(detail["type"], detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, "))
        remedy = REMEDIES.get(detail["type"], "Change it")
        shown = place[1:] if file != default else place
        problems.append(Problem(file, _dotted(shown), rule, remedy + "."))
    return problems


def _dotted(place: Sequence[int | str]) -> str:
    """`('topics', 2, 'text')` as `topics[3].text`: people count from 1."""
    text = ""
    for each in place:
        text += f"[{each + 1}]" if isinstance(each, int) else f".{each}" if text else str(each)
    return text


def read_toml(path: Path, error: type[ContentError]) -> dict[str, Any]:
    """The contents of a TOML file. Raises `error` where it is missing or is not TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise error([Problem(str(path), "", "there is no such file", "Check the name and the folder.")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise error([Problem(str(path), "", f"this is not valid TOML: {problem}", "Mend that line.")]) from None
    except OSError as problem:
        rule = f"the file cannot be read ({problem.strerror})"
        raise error([Problem(str(path), "", rule, "Check who may read it.")]) from None
