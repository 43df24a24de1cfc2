"""What engines learn from: the exemplars, definitions and themeless texts of a framework, as one lesson."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

from analysis.exemplars import read_exemplars, read_themeless, read_told
from analysis.frameworks import framework_ids, read_framework
from analysis.model import Framework

_FEWEST = 6  # words of a text that shows by itself that it is about care


class Lesson(NamedTuple):
    """Exemplars first, then definitions; `answers` are numbers of `labels`. `themeless` have no theme in any framework;
    `also` are about care, and only tell what is from what is not."""

    name: str
    labels: tuple[str, ...]
    texts: list[str]
    answers: list[int]
    themeless: list[str]
    also: list[str]
    examples: tuple[str, ...]


def make_lesson(
    framework: Framework, exemplars: list[tuple[str, str]], themeless: list[str], also: list[str], definitions: int
) -> Lesson:
    """The lesson of a framework from exemplars (sub-theme, text). `definitions` says how often each definition counts:
    once at least where there is nothing else."""
    labels = tuple(each.id for each in framework.subthemes)
    defined = [(each.id, f"{each.title}. {each.covers}") for each in framework.subthemes]
    taught = exemplars + defined * definitions or defined
    return Lesson(
        name=framework.id,
        labels=labels,
        texts=[text for _, text in taught],
        answers=[labels.index(label) for label, _ in taught],
        themeless=themeless,
        also=also,
        examples=tuple(text for _, text in exemplars),
    )


def read_lesson(framework: Framework, own: Path | None, definitions: int) -> Lesson:
    """Everything that there is to learn a framework from."""
    exemplars = [(each.subtheme, each.text) for voice in read_exemplars(framework, own).values() for each in voice]
    themeless = [each.text for each in read_themeless()]
    return make_lesson(framework, exemplars, themeless, read_also(framework.id), definitions)


@cache
def read_also(framework: str) -> list[str]:
    """Texts about care that teach other things than this framework: other frameworks, and stance."""
    others = [read_exemplars(read_framework(name)).values() for name in framework_ids() if name != framework]
    told = [each for voice in read_told().values() for each in voice if each.stance != "neither"]
    kept = [each for each in told if len(each.text.split()) >= _FEWEST]
    return [each.text for each in (*(each for voices in others for voice in voices for each in voice), *kept)]


def own_file(framework: str) -> Path | None:
    """The file of a framework of your own; None for one that comes with Hearten."""
    return None if framework in framework_ids() else Path(framework)


def every_text() -> set[str]:
    """All texts that the frameworks that come with Hearten teach, and those that teach stance."""
    lessons = [read_lesson(read_framework(name), None, 1) for name in framework_ids()]
    told = {each.text for voice in read_told().values() for each in voice}
    return told | {text for lesson in lessons for text in (*lesson.texts, *lesson.themeless)}
