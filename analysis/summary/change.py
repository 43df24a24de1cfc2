"""What changed since the period before, read from what was published then, and drawn so that noise is not news.

Only published numbers of both periods go in, so nothing withheld can come out. Compared is the share, of those who
answered, who spoke about a theme; where a part of the theme is withheld, then or now, its other parts are compared one
by one, because the number of the theme would leave out different parts in different periods.

Each difference has Newcombe's hybrid score interval for two independent proportions (Newcombe 1998, Statistics in
Medicine 17:873-890, method 10). All lines of one summary together hold the error of one in twenty (Bonferroni), so that
a page with many lines does not find news by chance. Some people answered in both periods; the intervals are then wider
than they need be, as long as people who spoke of a thing once are likelier to speak of it again.
"""

from collections.abc import Iterator, Sequence
from math import sqrt
from statistics import NormalDist
from typing import Literal

from pydantic import Field

from analysis.disclosure import Counts
from analysis.model import Frozen

#: The chance of seeing any news where nothing changed at all, over all lines of one summary.
ERROR = 0.05
#: Periods before this one that are named beside it.
REMEMBERED = 3

Verdict = Literal["more", "fewer", "too close"]
#: Why there is nothing to compare with, or that there is.
Compared = Literal["yes", "no earlier summary", "another framework"]


class EarlierPeriod(Frozen):
    period: str
    title: str
    answered: int


class ChangeRow(Frozen):
    """A theme, or a part of it. `people` are counts of the earlier periods, oldest first, then of this one; None where
    withheld. Differences are shares of those who answered, from -1 to 1: this period less the one before."""

    theme: str
    subtheme: str | None
    people: tuple[int | None, ...]
    difference: float
    low: float
    high: float
    verdict: Verdict


class Change(Frozen):
    """`not_compared` are ids of themes and sub-themes of which a number is withheld, then or now. `unsure`: it is not
    known whether the earlier answers were sorted in the same way."""

    compared: Compared
    earlier: tuple[EarlierPeriod, ...] = ()
    rows: tuple[ChangeRow, ...] = ()
    not_compared: tuple[str, ...] = ()
    unsure: bool = Field(False)


def newcombe(now: int, of_now: int, before: int, of_before: int, error: float = ERROR) -> tuple[float, float]:
    """The interval of now/of_now - before/of_before that holds the true difference but for this error."""
    z = NormalDist().inv_cdf(1 - error / 2)
    p, q = now / of_now, before / of_before
    (p_low, p_high), (q_low, q_high) = _wilson(now, of_now, z), _wilson(before, of_before, z)
    return p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2), p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2)


def _wilson(count: int, total: int, z: float) -> tuple[float, float]:
    """The score interval of one proportion (Wilson 1927)."""
    middle, spread = count + z * z / 2, z * sqrt(count * (total - count) / total + z * z / 4)
    return max(0.0, (middle - spread) / (total + z * z)), min(1.0, (middle + spread) / (total + z * z))


def compare(now: Counts, earlier: Sequence[tuple[EarlierPeriod, Counts]], *, unsure: bool = False) -> Change:
    """The change since the last of `earlier`, which are in the order of time and all of enough people."""
    if not earlier:
        return Change(compared="no earlier summary")
    before = earlier[-1][1]
    lines = list(_lines(now, before))
    chosen = [line for line in lines if None not in {_count(now, *line), _count(before, *line)}]
    spoken = [line for line in chosen if _count(now, *line) or _count(before, *line)]
    rows = [_row(line, now, [counts for _, counts in earlier], len(spoken)) for line in spoken]
    return Change(
        compared="yes",
        earlier=tuple(period for period, _ in earlier),
        rows=tuple(rows),
        not_compared=tuple(subtheme or theme for theme, subtheme in lines if (theme, subtheme) not in chosen),
        unsure=unsure,
    )


Line = tuple[str, str | None]


def _lines(now: Counts, before: Counts) -> Iterator[Line]:
    """Themes that are whole in both, and the parts of the others."""
    for name, theme in now.themes.items():
        then = before.themes.get(name)
        if then is None or theme.withheld_subthemes or then.withheld_subthemes:
            for part in theme.subthemes:
                yield name, part
        else:
            yield name, None


def _count(counts: Counts, theme: str, subtheme: str | None) -> int | None:
    found = counts.themes.get(theme)
    if found is None:
        return None
    if subtheme is None:
        return found.people if not found.withheld_subthemes else None
    return found.subthemes[subtheme].people if subtheme in found.subthemes else None


def _row(line: Line, now: Counts, earlier: Sequence[Counts], lines: int) -> ChangeRow:
    people = tuple(_count(counts, *line) for counts in (*earlier, now))
    *_, before, after = people
    of_before, of_after = earlier[-1].answered, now.answered
    assert before is not None and after is not None and of_before and of_after  # noqa: PT018, S101 - chosen so
    low, high = newcombe(after, of_after, before, of_before, ERROR / lines)
    verdict: Verdict = "more" if low > 0 else "fewer" if high < 0 else "too close"
    return ChangeRow(
        theme=line[0],
        subtheme=line[1],
        people=people,
        difference=round(after / of_after - before / of_before, 4),
        low=round(low, 4),
        high=round(high, 4),
        verdict=verdict,
    )
