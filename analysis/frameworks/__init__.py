"""Frameworks of themes, read from data files.

The three that come with Hearten live beside this file; a service can give the path to its own. Ids are kept exactly,
because codings, gold standards and exports refer to them. The hash is of the file's bytes: two codings with the same
hash were made with the same words.
"""

from collections import Counter
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Self

from pydantic import Field, RootModel, model_validator

from analysis.content import read_bytes, read_toml
from analysis.errors import ContentError
from analysis.model import Framework, Frozen, Theme

DEFAULT = "relational_practice"
_CROSSWALK = "crosswalk"


class FrameworkFile(Frozen):
    """What a framework file holds. `overarching` is the one idea over all themes, where the publication has one."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str = Field(min_length=1)
    version: int = Field(ge=1)
    source: str = Field(min_length=1)
    overarching: str = ""
    themes: tuple[Theme, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        for kind, ids in (
            ("theme", [theme.id for theme in self.themes]),
            ("sub-theme", [each.id for theme in self.themes for each in theme.subthemes]),
        ):
            twice = [name for name, count in Counter(ids).items() if count > 1]
            if twice:
                raise ValueError(f"the {kind} {twice[0]} stands there twice: give each {kind} an id of its own.")
        for theme in self.themes:
            if not theme.subthemes:
                raise ValueError(f"the theme {theme.id} has no sub-themes: add at least one.")
        return self


class Crosswalk(RootModel[dict[str, dict[str, tuple[str, ...]]]]):
    """Framework id, its sub-theme id, and the sub-themes of relational practice that it meets, strongest first."""

    def meets(self, framework: str, subtheme: str) -> tuple[str, ...]:
        """The counterparts of a sub-theme, none where there is no counterpart. Raises KeyError for unknown ids."""
        return self.root[framework][subtheme]


def framework_ids() -> tuple[str, ...]:
    """The ids of the frameworks that come with Hearten, in alphabetical order."""
    names = (file.name for file in files(__package__).iterdir() if file.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in names if name != f"{_CROSSWALK}.toml"))


def read_framework(id_or_path: str = DEFAULT) -> Framework:
    """A framework by its id, or from a file of your own.

    Raises ContentError where neither is found (the sentence lists the ids that exist) or a rule is broken.
    """
    file: Traversable
    if id_or_path in framework_ids():
        file = files(__package__) / f"{id_or_path}.toml"
    elif (path := Path(id_or_path)).is_file():
        file = path
    else:
        known = ", ".join(framework_ids())
        raise ContentError(f"There is no such framework: give the path to a file, or one of these: {known}.")
    read = read_toml(file, FrameworkFile)
    return Framework(
        id=read.id,
        title=read.title,
        version=read.version,
        sha256=sha256(read_bytes(file)).hexdigest(),
        source=read.source,
        themes=read.themes,
    )


def read_crosswalk() -> Crosswalk:
    """How the sub-themes of the two syntheses meet relational practice."""
    return read_toml(files(__package__) / f"{_CROSSWALK}.toml", Crosswalk)
