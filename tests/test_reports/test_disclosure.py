"""An attacker who knows the rules and everything published learns no withheld count: each could be any small number.

The attacker looks for whole populations: how many people there are of every possible kind (which sub-themes they spoke
about, which columns they are in, whether they skipped) such that every published number comes out. For each withheld
count the smallest and the largest value over all such populations must still be 1 and one below the threshold.
"""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import LinearConstraint, milp

from analysis.disclosure import COLUMNS, Column, Counts, Heard, Tally, ThresholdError, publish
from analysis.model import Framework, SubTheme, Theme

THRESHOLD = 5
FRAMEWORK = Framework(
    id="small",
    title="Small",
    version=1,
    sha256="0" * 64,
    source="invented",
    themes=(
        Theme(id="A", title="A", subthemes=tuple(SubTheme(id=s, title=s, covers=s) for s in ("a1", "a2"))),
        Theme(id="B", title="B", subthemes=(SubTheme(id="b1", title="b1", covers="b1"),)),
    ),
)
SUBTHEMES = ("a1", "a2", "b1")

# What one person can be to one sub-theme: silent, or in any set of columns (none of them is a mention without a side).
STATES: tuple[frozenset[str] | None, ...] = (
    None,
    *(frozenset(c for c, kept in zip(COLUMNS, bits, strict=True) if kept) for bits in product((0, 1), repeat=3)),
)
# Kinds of people: (did they answer, did they skip something, state per sub-theme).
KINDS = [(True, skipped, states) for skipped in (False, True) for states in product(STATES, repeat=3)]
KINDS += [(False, skipped, (None, None, None)) for skipped in (False, True)]

Row = np.ndarray


def indicator(chosen: "list[bool]") -> Row:
    return np.array(chosen, dtype=float)


ANSWERED = indicator([answered for answered, _, _ in KINDS])
ASKED = indicator([True for _ in KINDS])
SKIPPED = indicator([skipped for _, skipped, _ in KINDS])


def mention(subtheme: int, column: Column | None = None) -> Row:
    def belongs(states: tuple[frozenset[str] | None, ...]) -> bool:
        state = states[subtheme]
        return state is not None and (column is None or column in state)

    return indicator([belongs(states) for _, _, states in KINDS])


def knowledge(counts: Counts) -> tuple[list[tuple[Row, float, float]], list[Row]]:
    """Every published number and rule as (row, least, most), and the rows of the withheld counts."""
    facts: list[tuple[Row, float, float]] = [(ANSWERED, counts.answered or 0, counts.answered or 0)]
    withheld: list[Row] = []

    def learn(row: Row, count: int | None) -> None:
        if count is None:
            withheld.append(row)
        facts.append((row, 1, THRESHOLD - 1) if count is None else (row, count, count))

    unanswered = ASKED - ANSWERED
    learn(unanswered, None if counts.asked is None else counts.asked - (counts.answered or 0))
    if counts.skipped is not None:
        facts.append((SKIPPED, counts.skipped, counts.skipped))
    elif counts.asked is not None:
        learn(SKIPPED, None)
    else:
        facts.append((SKIPPED, 1, np.inf))
    for theme in counts.themes.values():
        shown = []
        for name, row in theme.subthemes.items():
            index = SUBTHEMES.index(name)
            learn(mention(index), row.people)
            if row.people is not None:
                shown.append(mention(index))
            for column in COLUMNS:
                learn(mention(index, column), row.of(column))
        if theme.people is not None:
            facts.append((np.clip(np.sum(shown, axis=0), 0, 1), theme.people, theme.people))
    return facts, withheld


def extreme(row: Row, facts: list[tuple[Row, float, float]], sign: int) -> int:
    matrix = np.array([fact[0] for fact in facts])
    limits = LinearConstraint(matrix, [fact[1] for fact in facts], [fact[2] for fact in facts])
    found = milp(sign * row, constraints=limits, integrality=np.ones(len(KINDS)))
    assert found.success, "the true population must be among those the attacker considers"
    return round(sign * found.fun)


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    tally = Tally()
    person = 0
    for size in draw(st.lists(st.integers(1, 9), min_size=1, max_size=6)):
        answered, skipped, states = draw(st.sampled_from(KINDS))
        for _ in range(size):
            person += 1
            tally.asked.add(person)
            if answered:
                tally.answered.add(person)
            if skipped:
                tally.skipped.add(person)
            for name, state in zip(SUBTHEMES, states, strict=True):
                if state is not None:
                    heard = tally.heard(name)
                    heard.people.add(person)
                    for column in COLUMNS:
                        if column in state:
                            heard.columns[column].add(person)
    return tally


@settings(max_examples=40, deadline=None)
@given(tallies())
def test_every_withheld_count_could_still_be_any_small_number(tally: Tally) -> None:
    counts = publish(tally, FRAMEWORK, THRESHOLD)
    if not counts.enough:
        assert (counts.asked, counts.answered, counts.skipped, counts.themes) == (None, None, None, {})
        return
    facts, withheld = knowledge(counts)
    for row in withheld:
        assert (extreme(row, facts, +1), extreme(row, facts, -1)) == (1, THRESHOLD - 1)


def test_the_attacker_is_able_to_catch_a_plain_theme_total() -> None:
    """The same attacker, shown the theme total that we do not publish, pins the withheld count exactly."""
    tally = Tally(answered=set(range(30)), asked=set(range(30)))
    tally.subthemes = {"a1": Heard(people=set(range(8))), "a2": Heard(people=set(range(8, 12)))}
    facts, _ = knowledge(publish(tally, FRAMEWORK, THRESHOLD))
    either = np.clip(mention(0) + mention(1), 0, 1)
    facts.append((either, 12, 12))
    assert (extreme(mention(1), facts, +1), extreme(mention(1), facts, -1)) == (4, 4)


def test_zero_is_shown_small_is_withheld_and_the_threshold_itself_is_shown() -> None:
    tally = Tally(answered=set(range(20)), asked=set(range(20)))
    for person in range(8):
        tally.heard("a1").add(person, "help")
    for person in range(7):
        tally.heard("a1").add(person, "harm")
    row = publish(tally, FRAMEWORK, 8).themes["A"].subthemes["a1"]
    assert (row.people, row.help, row.harm, row.wish) == (8, 8, None, 0)


def test_people_are_counted_and_not_their_comments() -> None:
    tally = Tally(answered=set(range(20)), asked=set(range(20)))
    for _ in range(50):
        tally.heard("a1").add(1, "help")
    assert publish(tally, FRAMEWORK, 8).themes["A"].subthemes["a1"].people is None


def test_mixed_counts_as_help_and_as_harm_and_a_mention_without_a_side_in_no_column() -> None:
    heard = Heard()
    heard.add(1, "mixed")
    heard.add(2, "neither")
    assert (heard.people, heard.columns) == ({1, 2}, {"help": {1}, "harm": {1}, "wish": set()})


def test_one_person_below_the_threshold_publishes_nothing() -> None:
    assert not publish(Tally(answered=set(range(7)), asked=set(range(70))), FRAMEWORK, 8).enough
    assert publish(Tally(answered=set(range(8)), asked=set(range(8))), FRAMEWORK, 8).enough


def test_the_number_asked_is_withheld_where_it_would_tell_how_few_said_nothing() -> None:
    counts = publish(Tally(answered=set(range(20)), asked=set(range(23)), skipped=set(range(10))), FRAMEWORK, 8)
    assert (counts.asked, counts.skipped) == (None, None)
    counts = publish(Tally(answered=set(range(20)), asked=set(range(28)), skipped=set(range(10))), FRAMEWORK, 8)
    assert (counts.asked, counts.skipped) == (28, 10)


def test_a_threshold_that_protects_nobody_is_refused() -> None:
    with pytest.raises(ThresholdError, match="5 or more"):
        publish(Tally(), FRAMEWORK, 4)
