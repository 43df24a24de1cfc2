"""How a characteristic is made coarser, step by step: data (`hierarchies.toml`), with a schema that says what is wrong.

Promise: each step joins groups of the step before and never parts one, so that going on always makes groups larger.
"""

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from pydantic import Field, model_validator

from analysis.content import read_toml
from analysis.model import Frozen

#: What somebody did not say stays a group of its own; what an export does not say is another.
NOT_TOLD, WITHHELD = "not told", "withheld"
_ANOTHER = "another answer"

Step = Callable[[str], str]


class Characteristic(Frozen):
    id: str
    title: str
    weight: float = Field(1, gt=0)
    sensitive: bool = False
    steps: tuple[dict[str, tuple[str, ...]], ...] = ()

    @model_validator(mode="after")
    def _joins_only(self) -> "Characteristic":
        for number, step in enumerate(self.steps, start=1):
            named = [each for group in step.values() for each in group]
            if len(named) != len(set(named)):
                raise ValueError(f"step {number} of {self.id} names an option twice: leave it in one group")
        return self


class _File(Frozen):
    characteristic: tuple[Characteristic, ...]


class Hierarchy:
    """One characteristic and its steps. Step 0 is what was told; the last withholds."""

    def __init__(self, characteristic: Characteristic, steps: tuple[Step, ...]) -> None:
        self.id = characteristic.id
        self.title = characteristic.title
        self.weight = characteristic.weight
        self.sensitive = characteristic.sensitive
        self._steps = steps

    @property
    def last(self) -> int:
        return len(self._steps) + 1

    def at(self, step: int, value: str) -> str:
        """The value after so many steps."""
        if step >= self.last:
            return WITHHELD
        for each in self._steps[:step]:
            value = value if value == NOT_TOLD else each(value)
        return value


def read_hierarchies() -> dict[str, Hierarchy]:
    """Those that come with Hearten, by id."""
    return dict(_shipped())


def hierarchy_of(name: str) -> Hierarchy:
    """The hierarchy of a characteristic; one that the data does not know can only be told or withheld."""
    return _shipped().get(name) or Hierarchy(Characteristic(id=name, title=name.replace("_", " ").capitalize()), ())


@cache
def _shipped() -> dict[str, Hierarchy]:
    read = read_toml(files(__package__) / "hierarchies.toml", _File)
    return {each.id: Hierarchy(each, _steps_of(each)) for each in read.characteristic}


def _steps_of(each: Characteristic) -> tuple[Step, ...]:
    if each.id == "period":
        return (year_of,)
    if each.id == "guide":
        return (without_versions,)
    known = {option for step in each.steps for group in step.values() for option in group}
    known |= {group for step in each.steps for group in step}
    # Options that no step names are those that stay as they are ("woman", "straight"); a guide of one's own may have
    # others, which must not stand out for being rare: they are told apart by not being an id that our guides have.
    kept = known | _OURS
    return tuple(_join(step, kept) for step in each.steps)


_OURS = frozenset({"woman", "man", "straight", "general", "specialist"})


def _join(step: dict[str, tuple[str, ...]], kept: frozenset[str] | set[str]) -> Step:
    becomes = {option: group for group, options in step.items() for option in options}
    return lambda value: becomes.get(value, value if value in kept else _ANOTHER)


def year_of(period: str) -> str:
    """ "2026-Q3" to "2026"; spans of several years stay."""
    return period.partition("-")[0] if "to" not in period else period


def without_versions(guides: str) -> str:
    """ "pulse 1 and relational-practice 2" to "pulse and relational-practice"."""
    return " and ".join(dict.fromkeys(each.rpartition(" ")[0] for each in guides.split(" and ")))
