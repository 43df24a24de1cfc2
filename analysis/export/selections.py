"""Selections of a REFI-QDA project: how the codings of one coder on one span become codes and a description, and how
these are read again.

A description is a person's memo alone where they gave the span one coding. Otherwise it has a line for each coding,
`compassion (help): why`, with the machine's confidence behind the stance; further lines of a memo are indented.

Promise: `read_description` gives what `description_of` was given, apart from what codes say.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

from analysis.export.refi import STANCES
from analysis.export.rows import Row
from analysis.model import Stance

_LINE = re.compile(
    r"(?P<subtheme>\S+) \((?P<stance>\w+)(?:, (?P<confidence>[0-9.]{1,25}))?"
    r"(?:, (?P<settled>stands|does not stand))?\): ?(?P<reason>.*)",
    re.DOTALL,
)
_INDENT = "    "
_SETTLED = {True: ", stands", False: ", does not stand", None: ""}


class Said(NamedTuple):
    """One coding as a description has it. `confidence` is None for people."""

    subtheme: str
    stance: Stance
    confidence: float | None
    settled: bool | None
    reason: str


def by_coder_and_span(codings: Sequence[Row]) -> dict[tuple[str, int, int], list[Row]]:
    """The codings of a row, one entry for each selection."""
    spans: dict[tuple[str, int, int], list[Row]] = {}
    for coding in codings:
        spans.setdefault((coding["coder"], coding["start"], coding["end"]), []).append(coding)
    return spans


def description_of(codings: Sequence[Row]) -> str:
    """Why a coder gave these codings to a span; empty for a person who wrote no memo."""
    first = codings[0]
    if len(codings) == 1 and first["confidence"] is None and not any(_parse(first["reason"])):
        return str(first["reason"])
    return "\n".join(map(_line, codings))


def read_description(text: str) -> list[Said]:
    """The codings that a description of ours has lines for; none in a memo."""
    return list(_parse(text))


def _line(coding: Row) -> str:
    confidence = "" if coding["confidence"] is None else f", {coding['confidence']}"
    reason = coding["reason"].replace("\n", f"\n{_INDENT}")
    return f"{coding['subtheme']} ({coding['stance']}{confidence}{_SETTLED[coding['settled']]}): {reason}"


def _parse(text: str) -> Iterator[Said]:
    entries: list[str] = []
    for line in text.split("\n"):
        if entries and line.startswith(_INDENT):
            entries[-1] += "\n" + line.removeprefix(_INDENT)
        else:
            entries.append(line)
    for each in entries:
        found = _LINE.fullmatch(each)
        if found and found["stance"] in STANCES:
            confidence = None if found["confidence"] is None else min(1.0, float(found["confidence"]))
            settled = None if found["settled"] is None else found["settled"] == "stands"
            yield Said(found["subtheme"], cast("Stance", found["stance"]), confidence, settled, found["reason"])
