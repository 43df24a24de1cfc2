"""The example sentences: reading them from their files, and saying everything that is wrong with them at once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.errors import GuideError, problems_of, read_toml

EXAMPLES = Path(__file__).parents[1] / "guides" / "shared" / "examples"

Label = Literal["danger", "upset", "harmless"]


class Group(BaseModel):
    """Sentences of one kind, one a line in the file, with the reason why they have that label."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: Label
    why: str = Field(min_length=1)
    says: str = Field(min_length=1)


class ExampleFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    group: tuple[Group, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Example:
    text: str
    label: Label

    @property
    def calls_for_care(self) -> bool:
        return self.label != "harmless"


def read_examples(folder: Path = EXAMPLES) -> list[Example]:
    """Every example, in the order of the names of the files and of the lines in them.

    Raises GuideError where a file cannot be read or does not have the form that the README beside it describes.
    """
    return [example for file in sorted(folder.glob("*.toml")) for example in _of_file(file)]


def _of_file(file: Path) -> Iterator[Example]:
    try:
        read = ExampleFile.model_validate(read_toml(file, GuideError))
    except ValidationError as error:
        raise GuideError(problems_of(error, {}, str(file))) from None
    for group in read.group:
        for line in group.says.splitlines():
            if text := line.strip():
                yield Example(text, group.label)


def digest(examples: list[Example]) -> str:
    """SHA-256 (hexadecimal) of all examples, so that weights can say what they were learned from."""
    lines = "\n".join(f"{each.label}\t{each.text}" for each in examples)
    return hashlib.sha256(lines.encode()).hexdigest()
