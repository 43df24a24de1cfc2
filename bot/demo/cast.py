"""The invented people of the demo: what each agrees to, chooses and says. Their file is `people.toml`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flows.errors import ContentError, problems_of, read_toml

PEOPLE = Path(__file__).parent / "people.toml"


class Part(BaseModel):
    """One invented person. A question that is not in `answers` is skipped."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str = "full"
    topics: tuple[str, ...]
    consent: dict[str, bool]
    about: dict[str, str] = {}
    answers: dict[str, tuple[str, ...]]


class Cast(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    person: tuple[Part, ...] = Field(min_length=1)


def read_cast(path: Path = PEOPLE) -> tuple[Part, ...]:
    """The invented people. Raises ContentError, which lists every problem."""
    try:
        return Cast.model_validate(read_toml(path, ContentError)).person
    except ValidationError as error:
        raise ContentError(problems_of(error, {}, str(path))) from None
