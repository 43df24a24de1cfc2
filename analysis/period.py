"""Periods: a year, a quarter or a month, named the way people write them. Fixed, so that two of a kind never overlap.

Promise: every day belongs to exactly one month, one quarter and one year, and no other span can be asked for. Spans
that slide would let anybody subtract one summary from the next and learn what one person said in between.
"""

import re
from dataclasses import dataclass
from datetime import date

from analysis.errors import AnalysisError

_NAME = re.compile(r"(?P<year>[12][0-9]{3})(?:-Q(?P<quarter>[1-4])|-(?P<month>0[1-9]|1[0-2]))?", re.ASCII)

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class PeriodError(AnalysisError):
    """A period that cannot be read. The message is one sentence for the person who typed it."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days from `since` up to, and without, `until`."""

    name: str
    since: date
    until: date

    @property
    def title(self) -> str:
        """In words: "July to September 2026", "July 2026" or "2026"."""
        first, year = _MONTHS[self.since.month - 1], self.since.year
        match (self.until.year - year) * 12 + self.until.month - self.since.month:
            case 12:
                return str(year)
            case 1:
                return f"{first} {year}"
            case _:
                return f"{first} to {_MONTHS[self.since.month + 1]} {year}"

    def __contains__(self, day: date) -> bool:
        return self.since <= day < self.until

    def overlaps(self, other: "Period") -> bool:
        return self.since < other.until and other.since < self.until


def read_period(name: str) -> Period:
    """Read `2026`, `2026-Q3` or `2026-07`. Raises PeriodError on anything else."""
    found = _NAME.fullmatch(name.strip())
    if found is None:
        raise PeriodError(
            "This is not a period: write a quarter such as 2026-Q3, a month such as 2026-07, or a year such as 2026."
        )
    year = int(found["year"])
    if found["quarter"]:
        return _months(found[0], year, 3 * int(found["quarter"]) - 2, 3)
    if found["month"]:
        return _months(found[0], year, int(found["month"]), 1)
    return _months(found[0], year, 1, 12)


def quarter_of(day: date) -> Period:
    """The quarter that a day belongs to."""
    return read_period(f"{day.year}-Q{(day.month + 2) // 3}")


def month_of(day: date) -> Period:
    """The month that a day belongs to."""
    return read_period(f"{day.year}-{day.month:02}")


def _months(name: str, year: int, first: int, count: int) -> Period:
    after = first + count
    return Period(name, date(year, first, 1), date(year + (after > 12), (after - 1) % 12 + 1, 1))  # noqa: PLR2004 - months
