"""What the processes that share the coding are given, and what they do with it: plain data in, plain data out."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.cluster import Texts
from analysis.deidentify import Finder, find_details
from analysis.finding import read_finders
from analysis.frameworks import read_framework
from analysis.identifiers import Found
from analysis.model import Coded, Coding, Framework
from analysis.reading import NOTHING, Text, code_each

if TYPE_CHECKING:
    from analysis.coder import ThemeCoder
    from analysis.engines import Engine


@dataclass(frozen=True, slots=True)
class Tools:
    """What it takes to find details and to code, as plain data that can be sent to another process."""

    framework: str
    engine: "Engine" = "auto"
    model: Path | None = None
    study_list: Path | None = None
    ner: bool = False
    coding: bool = True

    def coder(self) -> "ThemeCoder | Silent":
        """The engine, or one that suggests nothing where no coding is wanted."""
        if not self.coding:
            return Silent(read_framework(self.framework))
        # Imported here so that a process which only opens answers does not wait for scikit-learn, nor holds it.
        from analysis.engines import open_coder  # noqa: PLC0415

        return open_coder(self.framework, self.engine, self.model)

    def finders(self) -> tuple[Finder, ...]:
        return _finders(self.study_list, ner=self.ner)

    @property
    def files(self) -> tuple[Path, ...]:
        """What is read besides our own content."""
        named = (Path(self.framework) if self.framework.endswith(".toml") else None, self.study_list)
        manifest = self.model / "model.toml" if self.model else None
        return tuple(each for each in (*named, manifest) if each is not None)

    @property
    def may_be_copied(self) -> bool:
        """Whether a process that has these may be copied as it is: a network may have threads of its own."""
        return sys.platform == "linux" and not self.ner and (self.engine == "lexical" or not self.coding)

    def learn(self) -> None:
        """Read every list and learn everything now, so that copies of this process need not."""
        find_details("Anna lives in Leeds.", self.finders())
        code_each(self.coder(), [("They listened to me.", ())])


class Silent:
    """A coder for reports that want no suggestions of a machine."""

    engine = ""

    def __init__(self, framework: Framework) -> None:
        self.framework = framework

    def code(self, _text: str, _invites: tuple[str, ...] = ()) -> Coded:
        return NOTHING

    def code_many(self, texts: Iterable[Text]) -> Iterator[Coded]:
        for _ in texts:
            yield NOTHING


@lru_cache(maxsize=1)
def _finders(study_list: Path | None, *, ner: bool) -> tuple[Finder, ...]:
    return read_finders(study_list, ner=ner)


def find_all(tools: Tools, texts: Texts) -> list[list[Found]]:
    finders = tools.finders()
    return [find_details(text, finders) for text in texts]


Packed = tuple[tuple[tuple[Any, ...], ...], tuple[str, ...], str]
"""What is coded, as plain tuples: ten times as quick to hand on as models that are checked again."""

_FIELDS = tuple(Coding.model_fields)


def code_all(tools: Tools, texts: Texts) -> list[Packed]:
    return [
        (tuple(tuple(getattr(it, name) for name in _FIELDS) for it in each.codings), each.top, each.note)
        for each in code_each(tools.coder(), texts)
    ]


def unpack(packed: Packed) -> Coded:
    codings, top, note = packed
    made = tuple(Coding.model_construct(**dict(zip(_FIELDS, each, strict=True))) for each in codings)
    return Coded.model_construct(codings=made, top=top, note=note)


def code_many_texts(tools: Tools, texts: Texts) -> list[Coded]:
    return list(tools.coder().code_many(texts))
