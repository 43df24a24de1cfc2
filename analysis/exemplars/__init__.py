"""Exemplars: invented answers with the sub-theme that they are mainly about and how it went.

They are what the lexical engine learns from, and what it shows as its nearest examples. All are invented; none is a
quotation. `<framework>.jsonl` or `<framework>.<voice>.jsonl` for a framework, `none.jsonl` for what has no theme,
`stance.<voice>.jsonl` for what teaches stance alone.
"""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from pydantic import Field

from analysis.content import read_lines
from analysis.errors import ContentError
from analysis.model import Framework, Frozen, Stance

NO_THEME = "none"


class Told(Frozen):
    """An invented answer and how it went."""

    stance: Stance
    text: str = Field(min_length=1)


class Exemplar(Told):
    subtheme: str


def read_exemplars(framework: Framework, own: Path | None = None) -> dict[str, tuple[Exemplar, ...]]:
    """The exemplars of a framework by voice (the middle of the file name), in a fixed order.

    `own` is a file of a service's own framework; `NAME.exemplars.jsonl` beside it is read as well. Raises ContentError
    where an exemplar names a sub-theme that the framework has not.
    """
    found: dict[str, Traversable] = {}
    for file in sorted(files(__package__).iterdir(), key=lambda each: each.name):
        name, _, rest = file.name.partition(".")
        if name == framework.id and rest.endswith("jsonl"):
            found[rest.removesuffix("jsonl").strip(".") or "plain"] = file
    if own is not None and (beside := own.with_suffix(".exemplars.jsonl")).is_file():
        found["own"] = beside
    known = {each.id for each in framework.subthemes}
    voices = {}
    for voice, file in found.items():
        exemplars = read_lines(file, Exemplar)
        for number, exemplar in enumerate(exemplars, start=1):
            if exemplar.subtheme not in known:
                raise ContentError(
                    f"{file.name}, exemplar {number}: the framework {framework.id} has no sub-theme "
                    f"{exemplar.subtheme}: use one of its ids."
                )
        voices[voice] = tuple(exemplars)
    return voices


def read_told() -> dict[str, tuple[Told, ...]]:
    """The exemplars that teach stance alone, by voice: every topic told in every stance, so that words of the topic
    teach nothing and ways of putting things do."""
    found = sorted((each for each in files(__package__).iterdir() if each.name.startswith("stance.")), key=str)
    return {each.name.split(".")[1]: tuple(read_lines(each, Told)) for each in found}


def read_themeless() -> tuple[Exemplar, ...]:
    """Invented texts that have no theme: greetings, questions to the bot, small talk."""
    return tuple(read_lines(files(__package__) / f"{NO_THEME}.jsonl", Exemplar))
