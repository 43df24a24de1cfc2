"""One measured figure, and the table of them. Every module of `tests.bench` that measures has `rows()`."""

from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

#: The modules that measure, in the order of the table. Each in a process of its own, one after the other.
MEASURED = ("reply", "crowd", "storage", "coding", "deidentify", "export", "summary")


@dataclass(frozen=True, slots=True)
class Row:
    """`theirs` is the same of what one would take instead, or do without, measured in the same run; `beside` names it.

    `count`: so many things went through. Rows of one name and several counts make a curve.
    """

    name: str
    unit: str
    ours: float
    theirs: float | None = None
    beside: str = ""
    more_is_better: bool = False
    count: int | None = None

    @property
    def ratio(self) -> float | None:
        """How many times as good ours is: 2 is twice as fast, or half the memory."""
        if not self.theirs or not self.ours:
            return None
        return self.ours / self.theirs if self.more_is_better else self.theirs / self.ours


def show(rows: Iterable[Row], title: str = "") -> None:
    """The table on the terminal."""
    table = Table("", "Hearten", "beside it", "times as good", title=title or None)
    for row in rows:
        name = row.name if row.count is None else f"{row.name}, {row.count:,}"
        theirs = "" if row.theirs is None else f"{row.beside} {figure(row.theirs)} {row.unit}"
        table.add_row(name, f"{figure(row.ours)} {row.unit}", theirs, "" if row.ratio is None else f"{row.ratio:.2f}")
    Console().print(table)


def figure(value: float) -> str:
    """Three places that mean something."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
