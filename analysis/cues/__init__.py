"""Cues: words and phrases that speak for a sub-theme or for a stance, with their weights and the reason to show.

They are data that people who do not program can read and add to; the first lines of relational_practice.toml explain
the format.
"""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import Field

from analysis.content import read_toml
from analysis.errors import ContentError
from analysis.model import Framework, Frozen, Stance


class Cue(Frozen):
    subtheme: str
    weight: float = Field(gt=0, le=5)
    reason: str = Field(min_length=1)
    phrases: tuple[str, ...] = Field(min_length=1)


class CueFile(Frozen):
    framework: str
    cue: tuple[Cue, ...]


class Sign(Frozen):
    """Phrases that show a stance. `turns`: a "not" shortly before turns them round."""

    stance: Stance
    weight: float = Field(gt=0, le=5)
    reason: str = Field(min_length=1)
    turns: bool = False
    phrases: tuple[str, ...] = Field(min_length=1)


class Form(Frozen):
    """A way of putting things that says little alone and much with the rest. `begins`: only as the first words."""

    name: str = Field(min_length=1)
    begins: bool = False
    phrases: tuple[str, ...] = Field(min_length=1)


class SignFile(Frozen):
    negators: tuple[str, ...]
    sign: tuple[Sign, ...]
    form: tuple[Form, ...] = ()


class WordList(Frozen):
    words: tuple[str, ...]


def read_cues(framework: Framework, own: Path | None = None) -> tuple[Cue, ...]:
    """The cues of a framework, none where nobody wrote any. `NAME.cues.toml` beside a framework file of your own is
    read as well. Raises ContentError where a cue names a sub-theme that the framework has not."""
    found: list[Traversable] = [files(__package__) / f"{framework.id}.toml"]
    if own is not None:
        found.append(own.with_suffix(".cues.toml"))
    known = {each.id for each in framework.subthemes}
    cues: list[Cue] = []
    for file in found:
        if not file.is_file():
            continue
        for number, cue in enumerate(read_toml(file, CueFile).cue, start=1):
            if cue.subtheme not in known:
                raise ContentError(
                    f"{file.name}, cue {number}: the framework {framework.id} has no sub-theme {cue.subtheme}: "
                    "use one of its ids."
                )
            cues.append(cue)
    return tuple(cues)


def read_signs() -> SignFile:
    """The signs of stance."""
    return read_toml(files(__package__) / "stance.toml", SignFile)


def read_care_words() -> frozenset[str]:
    """Words that show that a text is about care at all."""
    return frozenset(read_toml(files(__package__) / "care.toml", WordList).words)


@cache
def read_function_words() -> frozenset[str]:
    """English function words."""
    return frozenset(read_toml(files(__package__) / "english.toml", WordList).words)
