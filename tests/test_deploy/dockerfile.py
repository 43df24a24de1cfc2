"""Reads a Dockerfile into stages and steps, as far as ours uses the format (Dockerfile reference, docs.docker.com)."""

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """`word` is the instruction, such as RUN; `rest` all that follows it, in one line."""

    word: str
    rest: str

    @property
    def source(self) -> str | None:
        """The stage that a COPY takes from, or None where it takes from the folder."""
        first = self.rest.split()[0]
        return first.removeprefix("--from=") if first.startswith("--from=") else None

    @property
    def places(self) -> tuple[list[str], str]:
        """What a COPY copies, and where to."""
        words = [word for word in self.rest.split() if not word.startswith("--")]
        return words[:-1], words[-1]

    @property
    def variables(self) -> dict[str, str]:
        """What an ENV sets."""
        return dict(word.split("=", 1) for word in shlex.split(self.rest))


@dataclass(slots=True)
class Stage:
    name: str
    base: str
    steps: list[Step] = field(default_factory=list)


def read_steps(text: str) -> list[Step]:
    """Every instruction in order, comments left out and continued lines joined."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", "", lines)
    return [Step(*line.strip().split(None, 1)) for line in joined.splitlines() if line.strip()]


def read_stages(file: Path) -> dict[str, Stage]:
    """The stages by name, in order. Arguments before the first FROM have their defaults."""
    arguments: dict[str, str] = {}
    stages: dict[str, Stage] = {}
    stage: Stage | None = None
    for step in read_steps(file.read_text("utf-8")):
        if step.word == "ARG" and stage is None:
            name, _, default = step.rest.partition("=")
            arguments[name] = default
        elif step.word == "FROM":
            base, _, name = step.rest.partition(" AS ")
            stage = Stage(name, re.sub(r"\$\{(\w+)\}", lambda found: arguments[found[1]], base))
            stages[name] = stage
        else:
            assert stage is not None, "an instruction before the first FROM"
            stage.steps.append(step)
    return stages


def whole(stages: dict[str, Stage], name: str) -> list[Step]:
    """All steps of a stage with those of the stages that it stands on, the first one first."""
    stage = stages[name]
    return [*(whole(stages, stage.base) if stage.base in stages else []), *stage.steps]
