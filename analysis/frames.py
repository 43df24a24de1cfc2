"""The same answers through several frameworks, and two mirrors beside each other: what service users and staff see.

Answers are counted, not people: this is for a researcher at work, never for a published table, which goes through
disclosure control. A sub-theme without a counterpart in the crosswalk stays visible as such.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from analysis.frameworks import DEFAULT, read_crosswalk, read_framework
from analysis.model import Coder, Frozen

Seen = Literal["both", "service users only", "staff only", "neither"]


class Through(Frozen):
    """A set of answers through one framework."""

    framework: str
    answers: int
    without_theme: int
    subthemes: dict[str, int] = Field(description="Answers with at least one coding under it.")


class Mirror(Frozen):
    """One sub-theme of relational practice as service users and staff speak of it."""

    subtheme: str
    service_users: int
    staff: int
    counterparts: tuple[str, ...] = Field(description="Sub-themes of the clinicians' framework that meet it.")
    seen_by: Seen


def look_through(coder: Coder, texts: Iterable[str]) -> Through:
    """How many answers speak of each sub-theme."""
    counts: Counter[str] = Counter({each.id: 0 for each in coder.framework.subthemes})
    answers = without = 0
    for text in texts:
        found = {each.subtheme for each in coder.code(text).codings}
        answers += 1
        without += not found
        counts.update(found)
    return Through(framework=coder.framework.id, answers=answers, without_theme=without, subthemes=dict(counts))


def counterparts(framework: str) -> dict[str, tuple[str, ...]]:
    """The sub-themes of relational practice, each with those of another framework that the crosswalk says meet it."""
    met: dict[str, list[str]] = {each.id: [] for each in read_framework(DEFAULT).subthemes}
    for own, others in read_crosswalk().root[framework].items():
        for other in others:
            met[other].append(own)
    return {subtheme: tuple(those) for subtheme, those in met.items()}


def hold_mirrors(service_users: Through, staff: Through) -> list[Mirror]:
    """Service users' answers through relational practice beside staff's through the clinicians' framework.

    A staff answer counts for every sub-theme of relational practice that the crosswalk names for what it was coded as.
    """
    rows = []
    for subtheme, those in counterparts(staff.framework).items():
        said = service_users.subthemes.get(subtheme, 0)
        reflected = sum(staff.subthemes.get(each, 0) for each in those)
        rows.append(
            Mirror(
                subtheme=subtheme,
                service_users=said,
                staff=reflected,
                counterparts=those,
                seen_by=_who(said, reflected),
            )
        )
    return rows


def unseen_by_crosswalk(through: Through, meets: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """What a framework sees that relational practice has no place for, with how many answers speak of it."""
    return {own: through.subthemes.get(own, 0) for own, others in meets.items() if not others}


def _who(said: int, reflected: int) -> Seen:
    if said and reflected:
        return "both"
    if said:
        return "service users only"
    return "staff only" if reflected else "neither"
