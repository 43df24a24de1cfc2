"""The table of who answered: right where all is shown, and closed to whoever knows the rule where something is not."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import pytest

from analysis.anonymity import read_hierarchies
from analysis.frameworks import DEFAULT
from analysis.period import read_period
from analysis.questions import framework_of
from analysis.services import Service
from analysis.summary import make_summary, render
from analysis.summary.sample import Sample, about_you, make_table, suppress
from flows.library import load_guide
from tests.test_reports.invented import DAY, FRAMEWORK, answer, coded, coding
from tests.test_reports.test_serve import Shelf
from tests.test_reports.test_summary import summary_of

THRESHOLD = 5

# Table 1 of Trevillion et al. 2022 (BMC Psychiatry 22:55), in the options of the guide. What the study puts into one
# row where the guide has several is added up below; regions other than London are ours.
STUDY = {
    "age": {"from_18_to_24": 3, "from_25_to_34": 8, "from_35_to_44": 8, "from_45_to_54": 4, "from_55_to_64": 5,
        "from_65_and_over": 1, "": 1},
    "gender": {"woman": 24, "man": 6},
    "sexuality": {"straight": 12, "bi": 4, "gay_lesbian": 2, "": 12},
    "ethnicity": {"black_caribbean": 2, "south_asian": 3, "other_asian": 4, "mixed": 2, "white_british": 19},
    "region": {"london": 17, "south_east": 6, "north_west": 5, "yorkshire_humber": 2},
    "service_kind": {"specialist": 16, "general": 10, "not_sure": 4},
}  # fmt: skip


def profiles() -> list[dict[str, str]]:
    people: list[dict[str, str]] = [{} for _ in range(30)]
    for question, counts in STUDY.items():
        picked = [option for option, count in counts.items() for _ in range(count)]
        for person, option in zip(people, picked, strict=True):
            if option:
                person[question] = option
    return people


def rows(sample: Sample, question: str) -> dict[str, int | None]:
    (found,) = (each for each in sample.characteristics if each.id == question)
    return {row.id or row.title: row.people for row in found.rows}


def test_thirty_people_of_the_study_make_its_table() -> None:
    sample = make_table(profiles(), about_you(DEFAULT), None)
    assert [each.title for each in sample.characteristics] == [
        "Age", "Gender", "Sexuality", "Ethnicity", "Region", "Kind of service",
    ]  # fmt: skip
    age = next(each for each in sample.characteristics if each.id == "age")
    assert [(row.title, row.people) for row in age.rows] == [
        ("18 to 24", 3), ("25 to 34", 8), ("35 to 44", 8), ("45 to 54", 4), ("55 to 64", 5), ("65 or over", 1),
        ("Not told", 1),
    ]  # fmt: skip
    gender, sexuality = rows(sample, "gender"), rows(sample, "sexuality")
    assert (gender["woman"], gender["man"], gender["Not told"]) == (24, 6, 0)
    assert (sexuality["straight"], sexuality["Not told"]) == (12, 12)
    assert sum(sexuality[each] or 0 for each in ("bi", "gay_lesbian", "queer", "asexual")) == 6
    ethnicity = rows(sample, "ethnicity")
    told = [ethnicity[each] for each in ("black_caribbean", "south_asian", "other_asian", "mixed", "white_british")]
    assert told == [2, 3, 4, 2, 19]
    assert rows(sample, "region")["london"] == 17
    kind = rows(sample, "service_kind")
    assert (kind["specialist"], kind["general"], kind["not_sure"]) == (16, 10, 4)
    assert all(sum(row.people or 0 for row in each.rows) == 30 for each in sample.characteristics)


def test_with_a_threshold_no_small_number_of_the_study_is_left() -> None:
    sample = make_table(profiles(), about_you(DEFAULT), 8)
    shown = {row.people for each in sample.characteristics for row in each.rows} - {None}
    assert min(shown - {0}) >= 8
    assert rows(sample, "sexuality") == dict.fromkeys(rows(sample, "sexuality"), 0) | {
        "straight": 12, "bi": None, "gay_lesbian": None, "Not told": None,
    }  # fmt: skip
    gender = rows(sample, "gender")
    assert (gender["woman"], gender["man"], gender["Not told"]) == (None, None, None), "6 men are 30 less 24 women"
    age = [row.people for each in sample.characteristics if each.id == "age" for row in each.rows]
    assert age == [None, 8, 8, None, None, None, None]


def tables(total: int, rows_: int) -> Iterator[tuple[int, ...]]:
    if rows_ == 1:
        yield (total,)
        return
    for first in range(total + 1):
        for rest in tables(total - first, rows_ - 1):
            yield (first, *rest)


@pytest.mark.parametrize(
    ("options", "totals"), [(1, range(10, 41)), (2, range(10, 33)), (3, range(10, 25)), (4, (11, 16, 20))]
)
def test_who_knows_the_rule_and_every_table_learns_no_small_number(options: int, totals: range) -> None:
    """Every table of so many people goes through the rule. Of all that come out alike, a withheld option must still
    be any number from 1 to one below the threshold, and "not told" any of as many different ones."""
    for total in totals:
        alike: dict[tuple[int | None, ...], list[tuple[int, ...]]] = defaultdict(list)
        for table in tables(total, options + 1):
            alike[tuple(suppress(table[:-1], table[-1], THRESHOLD))].append(table)
        for published, could_be in alike.items():
            assert not any(0 < each < THRESHOLD for each in published if each is not None)
            for row in [at for at, each in enumerate(published) if each is None]:
                values = {table[row] for table in could_be}
                assert set(range(1, THRESHOLD)) <= values or (row == options and len(values) >= THRESHOLD - 1)


@pytest.mark.parametrize(
    ("table", "published"),
    [
        ((12, 9, 0, 6), (12, 9, 0, 6)),
        ((3, 9, 9, 1), (None, 9, 9, None)),
        ((3, 9, 9, 0), (None, None, 9, None)),
        ((12, 9, 0, 3), (None, 9, 0, None)),
        ((3, 3, 3, 1), (None, None, None, None)),
    ],
)
def test_no_more_is_withheld_than_it_takes(table: tuple[int, ...], published: tuple[int | None, ...]) -> None:
    assert tuple(suppress(table[:-1], table[-1], THRESHOLD)) == published


def test_the_same_attack_catches_plain_withholding() -> None:
    """If only small rows were withheld, the last of them would be known."""
    plain = [each if not 0 < each < THRESHOLD else None for each in (12, 3, 9)]
    could_be = [table for table in tables(24, 3) if [each if not 0 < each < 5 else None for each in table] == plain]
    assert {table[1] for table in could_be} == {3}


def test_few_people_make_no_table() -> None:
    assert make_table([{"gender": "woman"}] * 15, about_you(DEFAULT), 8).characteristics == ()
    assert rows(make_table([{"gender": "woman"}] * 16, about_you(DEFAULT), 8), "gender")["woman"] == 16


def test_an_option_of_another_guide_stands_out_by_nothing() -> None:
    sample = make_table([{"gender": "formula =1+1"}] * 9 + [{}] * 9, about_you(DEFAULT), 8)
    assert rows(sample, "gender")["Another answer"] == 9
    assert "formula" not in sample.model_dump_json()


def test_the_rows_are_the_questions_of_the_guide_and_every_one_has_a_title() -> None:
    guide = load_guide("relational-practice")
    assert [each.id for each in about_you(DEFAULT)] == [each.id for each in guide.about]
    assert {each.id for each in about_you(DEFAULT)} <= set(read_hierarchies())


async def test_what_was_told_in_an_earlier_period_counts_and_what_was_told_later_does_not() -> None:
    shelf, elm, quarter = Shelf(), Service(code="elm", name="Elm Tree", threshold=5), read_period("2026-Q3")

    class OneTheme:
        async def code(self, answers):  # type: ignore[no-untyped-def]
            async for each in answers:
                yield coded(each, coding("t1s1"))

    for number in range(20):
        shelf.tell(answer(f"p{number}"))
        told: dict[str, object] = {"question": "gender", "kind": "choice", "day": date(2026, 2, 1)}
        shelf.tell(answer(f"p{number}", "man", **told))
        if number < 6:
            shelf.tell(answer(f"p{number}", "woman", **told | {"day": date(2026, 3, 1)}))
        shelf.tell(answer(f"p{number}", "non_binary", **told | {"day": date(2026, 10, 1)}))
        shelf.tell(answer(f"q{number}", "non_binary", **told | {"day": DAY}))
    shelf.tell(answer("p1", "non_binary", question="gender", kind="choice", day=DAY, in_summaries=False))
    summary = await make_summary(shelf, OneTheme(), FRAMEWORK, elm, quarter, made=date(2026, 11, 1))
    assert summary.sample is not None
    found = rows(summary.sample, "gender")
    assert (summary.sample.people, found["woman"], found["man"], found["non_binary"]) == (20, 6, 14, 0)
    page = render(summary)
    assert "<td>14</td><td>70 %</td>" in page


async def test_reflections_of_staff_are_not_counted_among_service_users() -> None:
    assert framework_of("staff-reflection") != DEFAULT == framework_of("pulse") == framework_of("a guide of their own")
    shelf, elm = Shelf(), Service(code="elm", name="Elm Tree", threshold=5)

    class OneTheme:
        async def code(self, answers):  # type: ignore[no-untyped-def]
            async for each in answers:
                yield coded(each, coding("t1s1"))

    for number in range(9):
        shelf.tell(answer(f"p{number}"))
        shelf.tell(answer(f"staff{number}", guide="staff-reflection"))
    summary = await make_summary(shelf, OneTheme(), FRAMEWORK, elm, read_period("2026-Q3"), made=date(2026, 11, 1))
    assert (summary.counts.answered, summary.count("t1s1")) == (9, 9)


async def test_the_page_says_where_there_is_no_table() -> None:
    heard = [coded(answer(f"p{n}"), coding("t1s1")) for n in range(9)]
    assert "was not looked at" in render(await summary_of(heard))
