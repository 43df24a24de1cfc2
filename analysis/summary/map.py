"""Where everything stands on the thematic map: the framework in the middle, its themes around it, their sub-themes
around those, in the manner of the figure of the relational practice study. Only geometry: `templates/map.html` draws.

Size is how many people: a soft disc for all who spoke about a sub-theme, and marks on it. How it went is told twice, by
colour and by shape with its filling, so that the map can be read without colours and in black and white: a filled
circle helped, a hatched diamond harmed, an open triangle is wished for. A dashed mark is a withheld count.
Lengths are in the units of the drawing's own view box.
"""

import math
import textwrap
from dataclasses import dataclass, replace

from analysis.disclosure import COLUMNS, Column
from analysis.summary.numbers import NamedSubTheme, NamedTheme, Summary

_DISC = 44.0  # radius of the disc of the sub-theme that most people spoke about
_SMALLEST_DISC = 14.0
_LARGEST = 25.0  # radius of a mark that stands for as many
_SMALLEST = 12.5  # a count that is shown is never smaller than this, so that its number can be read
_WITHHELD = 7.0
_GAP = 4.0
_CELL = 232.0  # width of the place of one sub-theme
_ABOVE = 50.0  # from the top of that place to the middle of its marks
_WRAP = 20
_THEME_WRAP = 16
_LINE = 20.0  # from one line of a label to the next
_THEME_LINE = 23.0
_DIAMOND = 1.25  # from the middle of a mark to its side, by its radius: makes the shapes alike in area
_TRIANGLE = 1.3


Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Mark:
    column: Column
    x: float
    y: float
    radius: float
    count: int | None

    @property
    def reach(self) -> float:
        """From its middle to its side."""
        return self.radius * {"help": 1.0, "harm": _DIAMOND, "wish": _TRIANGLE}[self.column]

    @property
    def outline(self) -> str:
        """Points of the diamond or the triangle, of about the area of a circle with this radius."""
        side = self.reach
        if self.column == "harm":
            corners = [(0.0, -side), (side, 0.0), (0.0, side), (-side, 0.0)]
        else:
            corners = [(0.0, -side * 1.05), (side, side * 0.75), (-side, side * 0.75)]
        return " ".join(f"{self.x + dx:.1f},{self.y + dy:.1f}" for dx, dy in corners)


@dataclass(frozen=True, slots=True)
class Label:
    """Lines of text, each with its own middle point."""

    lines: tuple[tuple[float, float, str], ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One sub-theme: its marks, its title and its count in words, joined to its theme by a line from `root`."""

    x: float
    y: float
    root: Point
    disc: float  # radius; 0 where nobody spoke about it or the count is withheld
    marks: tuple[Mark, ...]
    title: Label
    people: str
    people_y: float

    @property
    def end(self) -> tuple[float, float]:
        """Where the line arrives: under the number where it comes from below, so that it crosses no words."""
        return self.x, self.people_y + 12 if self.root[1] > self.people_y + 20 else self.y


@dataclass(frozen=True, slots=True)
class Branch:
    x: float
    y: float
    width: float
    height: float
    title: Label
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Map:
    name: str
    width: float
    height: float
    x: float
    y: float
    title: Label
    branches: tuple[Branch, ...]

    @property
    def root(self) -> tuple[float, float]:
        """Width and height of what holds the title in the middle."""
        width, height = _size(self.title)
        return max(236.0, width + 24), max(76.0, height + 4)


def draw_wide(summary: Summary) -> Map:
    """For a desk and for paper: sub-themes in the cells along the edge of a square grid, so that none can meet another.
    Sixteen sub-themes fill a grid of five by five."""
    themes, total = summary.framework.themes, len(summary.subthemes)
    cells = _edge_cells(max(4, math.ceil((total + 4) / 4)))
    width, height = _CELL, _row_height(summary)
    x, y = width * (cells[-1][1] + 1) / 2, height * (cells[-1][1] + 1) / 2
    branches, index = [], 0
    for theme in themes:
        places = []
        for _ in theme.subthemes:
            column, row = cells[index * len(cells) // total]
            places.append((width * (column + 0.5), height * row + _ABOVE))
            index += 1
        middle = [sum(axis) / len(places) for axis in zip(*places, strict=True)]
        root = (x + (middle[0] - x) * 0.58, y + (middle[1] - y) * 0.52)
        leaves = tuple(_leaf(summary, each, place, root) for each, place in zip(theme.subthemes, places, strict=True))
        branches.append(_branch(theme, *root, leaves))
    title = _label(summary.framework.title, x, y, _THEME_WRAP)
    return Map("wide", 2 * x, 2 * y, x, y, title, tuple(branches))


def draw_tall(summary: Summary) -> Map:
    """For a phone: the same things from top to bottom, sub-themes two by two."""
    width, y, height = 420.0, 190.0, _row_height(summary)
    branches = []
    for theme in summary.framework.themes:
        leaves = []
        for index, each in enumerate(theme.subthemes):
            down = y + 95 + height * (index // 2)
            across = 104.0 if index % 2 == 0 else 316.0
            leaves.append(_leaf(summary, each, (across, down), (width / 2, down)))
        branches.append(_branch(theme, width / 2, y, tuple(leaves), wrap=40))
        y += 90 + height * math.ceil(len(theme.subthemes) / 2)
    title = _label(summary.framework.title, width / 2, 55, _THEME_WRAP)
    return Map("tall", width, y - 40, width / 2, 55, title, tuple(branches))


def _edge_cells(side: int) -> list[tuple[int, int]]:
    """Column and row of the cells along the edge of a square grid, clockwise, beginning near the lower left corner so
    that the first theme goes around the upper left one."""
    last = side - 1
    left = [(0, row) for row in range(last - 1, 0, -1)]
    top = [(column, 0) for column in range(last)]
    right = [(last, row) for row in range(last)]
    bottom = [(column, last) for column in range(last, -1, -1)]
    return [*left, *top, *right, *bottom]


def _row_height(summary: Summary) -> float:
    """Enough for the largest marks above and the longest title with its number below."""
    longest = max(len(textwrap.wrap(each.title, _WRAP, break_long_words=False)) for each in summary.subthemes)
    return _ABOVE + _DISC + 26 + _LINE * (longest + 1)


def _most_people(summary: Summary) -> int:
    return max(1, *(summary.count(each.id) or 0 for each in summary.subthemes))


def _branch(theme: NamedTheme, x: float, y: float, leaves: tuple[Leaf, ...], wrap: int = _THEME_WRAP) -> Branch:
    title = _label(theme.title, x, y, wrap)
    return Branch(x, y, *_size(title), title, leaves)


def _size(title: Label) -> tuple[float, float]:
    """Width and height of a box around a title."""
    widest = max(len(text) for _, _, text in title.lines)
    return widest * 10.5 + 44, len(title.lines) * _THEME_LINE + 26


def _leaf(summary: Summary, subtheme: NamedSubTheme, place: Point, root: Point) -> Leaf:
    x, y = place
    marks = _marks(summary, subtheme.id, x, y)
    people = summary.count(subtheme.id)
    disc = max(_SMALLEST_DISC, _DISC * math.sqrt(people / _most_people(summary))) if people else 0.0
    top = y + max([8.0, disc, *(each.radius * 1.2 for each in marks)]) + 16
    lines = textwrap.wrap(subtheme.title, _WRAP, break_long_words=False)
    label = Label(tuple((x, top + _LINE * index, line) for index, line in enumerate(lines)))
    said = "nobody" if people == 0 else "too few to show" if people is None else f"{people} people"
    return Leaf(x, y, root, disc, marks, label, said, top + _LINE * len(lines))


def _marks(summary: Summary, subtheme: str, x: float, y: float) -> tuple[Mark, ...]:
    largest = _most_people(summary)
    sized: list[tuple[Column, int | None, float]] = []
    for column in COLUMNS:
        count = summary.count(subtheme, column)
        if count is None:
            sized.append((column, count, _WITHHELD))
        elif count:
            sized.append((column, count, max(_SMALLEST, _LARGEST * math.sqrt(count / largest))))
    marks = [Mark(column, 0.0, y, radius, count) for column, count, radius in sized]
    left = x - (sum(2 * mark.reach for mark in marks) + _GAP * (len(marks) - 1)) / 2
    placed = []
    for mark in marks:
        placed.append(replace(mark, x=left + mark.reach))
        left += 2 * mark.reach + _GAP
    return tuple(placed)


def _label(text: str, x: float, y: float, wrap: int) -> Label:
    lines = textwrap.wrap(text, wrap, break_long_words=False)
    first = y - _THEME_LINE * (len(lines) - 1) / 2
    return Label(tuple((x, first + _THEME_LINE * index, line) for index, line in enumerate(lines)))
