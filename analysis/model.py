"""What the parts of the analysis hand to each other: frameworks, codings, and what a coder is.

Spans are Unicode code points in the text as it was given, from 0, end exclusive.
"""

from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

#: How it went: it helped, it harmed, it is wished for, both helped and harmed, or neither was said.
Stance = Literal["help", "harm", "wish", "mixed", "neither"]


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SubTheme(Frozen):
    id: str
    title: str
    covers: str = Field(description="What belongs here, in the project's own words.")


class Theme(Frozen):
    id: str
    title: str
    subthemes: tuple[SubTheme, ...]


class Framework(Frozen):
    id: str
    title: str
    version: int
    sha256: str = Field(
        description="Of the file that it was read from, so that a coding can say what it was made with."
    )
    source: str = Field(description="The publication whose theme names these are.")
    themes: tuple[Theme, ...]

    def theme_of(self, subtheme: str) -> Theme:
        """The theme that a sub-theme belongs to. Raises KeyError where the framework has no such sub-theme."""
        for theme in self.themes:
            if any(each.id == subtheme for each in theme.subthemes):
                return theme
        raise KeyError(subtheme)

    @property
    def subthemes(self) -> tuple[SubTheme, ...]:
        return tuple(each for theme in self.themes for each in theme.subthemes)


class Coding(Frozen):
    """One segment of an answer under one sub-theme, suggested by a machine or made by a person."""

    subtheme: str
    theme: str
    stance: Stance
    confidence: float = Field(ge=0, le=1)
    start: int = Field(ge=0)
    end: int
    reason: str = Field(description="Why, in words that a person who codes can check: the cues and nearest exemplars.")


class Coded(Frozen):
    """What a coder makes of one text. No codings means no theme, which is a result and not a failure."""

    codings: tuple[Coding, ...]
    top: tuple[str, ...] = Field(description="Every sub-theme by score over the whole text, best first.")
    note: str = Field("", description="Why a text was not coded at all, where there is such a reason.")


class Coder(Protocol):
    """Anything that can code a text. Same text, same question: same result, on any machine."""

    @property
    def framework(self) -> Framework: ...

    def code(self, text: str, invites: tuple[str, ...] = ()) -> Coded:
        """Code one answer. `invites` names the sub-themes that its question asked about: a weak hint, never a label."""
        ...
