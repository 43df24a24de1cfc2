"""Periods are fixed: every day lies in one month, one quarter, one year; everything else is refused in a sentence."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.period import PeriodError, quarter_of, read_period


@pytest.mark.parametrize(
    ("name", "since", "until", "title"),
    [
        ("2026-Q3", date(2026, 7, 1), date(2026, 10, 1), "July to September 2026"),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1), "October to December 2026"),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1), "December 2026"),
        ("2026-07", date(2026, 7, 1), date(2026, 8, 1), "July 2026"),
        ("2026", date(2026, 1, 1), date(2027, 1, 1), "2026"),
        (" 2026-Q1 ", date(2026, 1, 1), date(2026, 4, 1), "January to March 2026"),
    ],
)
def test_a_period_is_read(name: str, since: date, until: date, title: str) -> None:
    period = read_period(name)
    assert (period.since, period.until, period.title, period.name) == (since, until, title, name.strip())


@pytest.mark.parametrize("name", ["", "2026-Q5", "2026-13", "2026-00", "Q3", "26-Q3", "2026-07-01", "0000", "٢٠٢٦"])
def test_anything_else_is_refused_with_what_to_write(name: str) -> None:
    with pytest.raises(PeriodError, match="2026-Q3"):
        read_period(name)


@given(st.dates(date(1990, 1, 1), date(2200, 1, 1)))
def test_every_day_is_in_one_quarter_and_the_next_begins_where_it_ends(day: date) -> None:
    quarter = quarter_of(day)
    assert day in quarter
    following = quarter_of(quarter.until)
    assert following.since == quarter.until
    assert not quarter.overlaps(following)
    assert quarter_of(quarter.until - timedelta(days=1)) == quarter


def test_a_month_and_its_quarter_overlap() -> None:
    assert read_period("2026-08").overlaps(read_period("2026-Q3"))
    assert not read_period("2026-10").overlaps(read_period("2026-Q3"))
