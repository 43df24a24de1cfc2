"""Disclosure control: which counts of people may be shown, so that nobody can work out one that may not.

What is counted is people, never comments. A count of 0 is shown; a count from 1 up to one below the threshold is
withheld; whatever would let a reader compute a withheld count is not published at all.

What we chose to publish, and why it is safe. The usual table (cells that add up to totals) needs a search for further
cells to withhold, and every such search tells an attentive reader something by what it picks. We publish counts that do
not add up instead, and decide what to withhold only from what the reader sees anyway:

* per sub-theme: people who spoke about it, and of these how many told of help, of harm, of a wish. One person may do
  several of these or none (a mention that takes no side is in no column), so the columns neither reach nor exceed the
  first number in any fixed way. A withheld column could be anything from 1 to threshold - 1.
* per theme: people who spoke about at least one of the sub-themes *whose count is shown*. What the withheld sub-themes
  hold cannot change this number, so nothing follows from it. (The plain theme total would: 30 people on a theme whose
  two other sub-themes show 8 and 15 leaves at least 7 for the third.)
* overall: people who answered; people who were asked, only where the difference between the two is 0 or reaches the
  threshold; people who skipped something, only where the number asked is shown.
* nothing per question, and no number of comments: everyone who answered is in at least one row of a table by question,
  and comments are at least as many as people. Both bound a withheld count from one side.

Proof in one line: give each withheld count any value from 1 to threshold - 1 and choose that many of the people who
answered; every published number stays as it is. `tests/test_reports/test_disclosure.py` lets an attacker try, who knows
these rules and solves for every population that fits what was published.

Below the threshold of people who answered, nothing at all is published.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal, get_args

from analysis.errors import AnalysisError
from analysis.model import Framework, Frozen, Stance, Theme

#: The three ways it can have gone that a count is published for. `mixed` is counted as help and as harm.
Column = Literal["help", "harm", "wish"]
COLUMNS: tuple[Column, ...] = get_args(Column)
COUNTED: Mapping[Stance, tuple[Column, ...]] = {
    "help": ("help",),
    "harm": ("harm",),
    "wish": ("wish",),
    "mixed": ("help", "harm"),
    "neither": (),
}

DEFAULT_THRESHOLD = 8
#: Below this, "withheld" would say too exactly how few it was; official statistics seldom go lower either.
LEAST_THRESHOLD = 5


class ThresholdError(AnalysisError):
    """A threshold that protects nobody."""


@dataclass
class Heard:
    """Who spoke about one sub-theme, and who told of what. The members stand for people and mean nothing else."""

    people: set[int] = field(default_factory=set)
    columns: dict[Column, set[int]] = field(default_factory=lambda: {column: set() for column in COLUMNS})

    def add(self, person: int, stance: Stance) -> None:
        self.people.add(person)
        for column in COUNTED[stance]:
            self.columns[column].add(person)


@dataclass
class Tally:
    """All that a summary counts, as sets of people. `skipped` and `answered` are always people who were asked. `told`
    is what those who answered told of themselves, by question; None where nobody looked."""

    asked: set[int] = field(default_factory=set)
    answered: set[int] = field(default_factory=set)
    skipped: set[int] = field(default_factory=set)
    subthemes: dict[str, Heard] = field(default_factory=dict)
    told: dict[int, Mapping[str, str]] | None = None

    def heard(self, subtheme: str) -> Heard:
        return self.subthemes.setdefault(subtheme, Heard())


class SubThemeCounts(Frozen):
    """Numbers of people; None is withheld."""

    people: int | None
    help: int | None
    harm: int | None
    wish: int | None

    def of(self, column: Column) -> int | None:
        counts: dict[Column, int | None] = {"help": self.help, "harm": self.harm, "wish": self.wish}
        return counts[column]


class ThemeCounts(Frozen):
    """`people` spoke about at least one sub-theme whose own count is shown. `withheld_subthemes` of them are not."""

    people: int | None
    withheld_subthemes: int
    subthemes: dict[str, SubThemeCounts]

    @property
    def shown(self) -> tuple[str, ...]:
        """The sub-themes whose own count is shown: those that `people` counts."""
        return tuple(name for name, row in self.subthemes.items() if row.people is not None)


class Counts(Frozen):
    """Everything that may be published of one service in one period, or that there were too few to publish anything."""

    threshold: int
    enough: bool
    asked: int | None
    answered: int | None
    skipped: int | None
    themes: dict[str, ThemeCounts]

    @property
    def withheld(self) -> int:
        """How many counts of the table by sub-theme are withheld."""
        rows = [row for theme in self.themes.values() for row in theme.subthemes.values()]
        return sum(count is None for row in rows for count in (row.people, row.help, row.harm, row.wish))


def check_threshold(threshold: int) -> int:
    if threshold < LEAST_THRESHOLD:
        raise ThresholdError(
            f"A threshold of {threshold} people protects nobody: set {LEAST_THRESHOLD} or more in the services file."
        )
    return threshold


def publish(tally: Tally, framework: Framework, threshold: int = DEFAULT_THRESHOLD) -> Counts:
    """What may be shown of a tally. Raises ThresholdError where the threshold is below LEAST_THRESHOLD."""
    check_threshold(threshold)
    answered = len(tally.answered)
    if answered < threshold:
        return Counts(threshold=threshold, enough=False, asked=None, answered=None, skipped=None, themes={})
    asked = len(tally.asked | tally.answered)
    # Whether the number asked is shown depends on the difference only; what follows it depends on that being shown.
    asked_shown = asked if _shown(asked - answered, threshold) is not None else None
    skipped = len(tally.skipped)
    return Counts(
        threshold=threshold,
        enough=True,
        asked=asked_shown,
        answered=answered,
        skipped=_shown(skipped, threshold) if asked_shown is not None or skipped == 0 else None,
        themes={theme.id: _publish_theme(tally, theme, threshold) for theme in framework.themes},
    )


def _publish_theme(tally: Tally, theme: Theme, threshold: int) -> ThemeCounts:
    rows = {each.id: _publish_subtheme(tally.subthemes.get(each.id, Heard()), threshold) for each in theme.subthemes}
    shown: list[AbstractSet[int]] = [
        tally.subthemes[name].people for name, row in rows.items() if row.people is not None and row.people > 0
    ]
    withheld = sum(row.people is None for row in rows.values())
    people: int | None = len(set().union(*shown))
    if withheld and not shown:
        people = None  # a nought here would read as "nobody", which is not so
    return ThemeCounts(people=people, withheld_subthemes=withheld, subthemes=rows)


def _publish_subtheme(heard: Heard, threshold: int) -> SubThemeCounts:
    counts = {column: _shown(len(heard.columns[column]), threshold) for column in COLUMNS}
    return SubThemeCounts(people=_shown(len(heard.people), threshold), **counts)


def _shown(count: int, threshold: int) -> int | None:
    return count if count == 0 or count >= threshold else None
