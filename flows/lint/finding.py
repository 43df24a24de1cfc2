"""What a check of a guide found: where, against which rule, in which words, and what to do."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "advice"]


@dataclass(frozen=True, slots=True)
class Finding:
    """An `error` has to be mended, or excepted by name with a reason. An `advice` is for a person to weigh."""

    level: Level
    file: str
    place: str
    rule: str
    words: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}: {self.rule}: {self.words} {self.remedy}"
