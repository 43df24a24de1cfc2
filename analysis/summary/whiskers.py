"""Where everything stands on the drawing of changes: for each line a dot, how far chance may have moved it, and zero.

Only geometry: `templates/change.html` draws. Whether a difference is too close to tell is told by shape (a hollow dot
on a dashed line) and in words, never by colour alone, and no direction is painted as good or bad: more people who speak
about a thing may be either. Lengths are in the units of the drawing's own view box.
"""

import math
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.summary.change import Change, Verdict

_TOP = 46.0
_LINE = 22.0  # from one line of a label to the next
_BELOW = 44.0  # from the last line of a label to the next label
_SIDE = 22.0
_LETTER = 8.6  # width of a letter, about


@dataclass(frozen=True, slots=True)
class Whisker:
    """One line: its words, and where its dot and the ends of its line are."""

    words: tuple[tuple[float, str], ...]
    y: float
    low: float
    dot: float
    high: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Drawing:
    name: str
    width: float
    height: float
    side: float  # where words begin
    zero: float
    ticks: tuple[tuple[float, str], ...]
    whiskers: tuple[Whisker, ...]


SAYS: Mapping[Verdict, str] = {
    "more": "more people than before",
    "fewer": "fewer people than before",
    "too close": "too close to tell",
}


def draw_change(change: Change, titles: Mapping[str, str], name: str, width: float) -> Drawing:
    """`titles`: of themes and sub-themes, by id. All whiskers share one scale, the same to both sides of zero."""
    reach = max((abs(end) for row in change.rows for end in (row.low, row.high)), default=0.1)
    scale = max(0.1, math.ceil(reach * 10) / 10)
    half = width / 2 - _SIDE

    def across(share: float) -> float:
        return width / 2 + half * share / scale

    y, whiskers = _TOP + _LINE, []
    for row in change.rows:
        words = f"{titles[row.subtheme or row.theme]}: {SAYS[row.verdict]}"
        lines = textwrap.wrap(words, int((width - 2 * _SIDE) / _LETTER), break_long_words=False)
        placed = tuple((y + _LINE * index, line) for index, line in enumerate(lines))
        y = placed[-1][0] + _LINE
        whiskers.append(Whisker(placed, y, across(row.low), across(row.difference), across(row.high), row.verdict))
        y += _BELOW
    points = round(scale * 100)
    ticks = ((across(-scale), f"{points} fewer"), (width / 2, "as before"), (across(scale), f"{points} more"))
    return Drawing(name, width, y - _BELOW + 24, _SIDE, width / 2, ticks, tuple(whiskers))
