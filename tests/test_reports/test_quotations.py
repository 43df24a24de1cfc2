"""Whose words are shown: only of who agreed, only what a person approved, never from a small group, and in turns."""

import random
from itertools import pairwise
from pathlib import Path

import pytest

from analysis.content import read_toml
from analysis.errors import ContentError
from analysis.model import Coded, Coding, Stance
from analysis.reading import CodedAnswer, Masked
from analysis.summary import Candidates, Summary, render, summarise, tally
from analysis.summary.quotations import Quoting, read_quoting
from tests.test_reports.invented import FRAMEWORK, answer, coding, stream
from tests.test_reports.test_summary import ELM, MADE, QUARTER

WORDS = "Person {} says that somebody sat down with them and listened."


def heard(
    number: int,
    subtheme: str = "t1s1",
    stance: Stance = "help",
    text: str = WORDS,
    verdict: str = "approved",
    **changes: object,
) -> CodedAnswer:
    given = answer(f"p{number}", text.replace("{}", str(number)), **changes)
    return CodedAnswer(
        given,
        Masked(given.text, {}, verdict),
        Coded(codings=(coding(subtheme, stance, end=len(given.text)),), top=(subtheme,)),
    )


async def summary_of(answers: list[CodedAnswer]) -> Summary:
    candidates = Candidates()
    counted = await tally(stream(answers), stream([]), candidates)
    return summarise(counted, FRAMEWORK, ELM, QUARTER, MADE, candidates=candidates)


def texts(summary: Summary) -> list[str]:
    return [each.text for each in summary.quotations]


async def test_words_that_were_agreed_and_approved_are_shown_under_their_heading() -> None:
    summary = await summary_of([heard(number) for number in range(9)])
    assert {(each.subtheme, each.column) for each in summary.quotations} == {("t1s1", "help")}
    assert len(texts(summary)) == read_quoting().each_list
    page = render(summary)
    assert all(f"“{each}”" in page for each in texts(summary))
    assert "On compassion" in page


@pytest.mark.parametrize(
    "changes",
    [
        {"verdict": "open"},
        {"verdict": "waiting"},
        {"verdict": "withheld"},
        {"quotable": False},
        {"text": "Too short {}."},
        {"text": "Too long {}. " * 40},
        {"stance": "mixed"},
        {"stance": "neither"},
    ],
)
async def test_nothing_else_is_shown_and_the_page_says_kindly_why(changes: dict[str, object]) -> None:
    summary = await summary_of([heard(number, **changes) for number in range(20)])  # type: ignore[arg-type]
    assert summary.counts.answered == 20
    assert texts(summary) == []
    assert "Nobody’s own words are shown this time." in render(summary)


async def test_words_of_who_does_not_want_to_be_in_summaries_are_not_shown() -> None:
    others = [
        heard(number, in_summaries=False, text="Person {} is not part of any summary at all.")
        for number in range(90, 99)
    ]
    summary = await summary_of([*(heard(number) for number in range(9)), *others])
    assert texts(summary)
    assert not any("not part" in each for each in texts(summary))


async def test_words_from_a_withheld_cell_are_not_shown_under_any_heading() -> None:
    """Seven people told of harm here: none of their words, also not where the same words help somewhere else."""
    small = [heard(number, "t0s0", "harm", "Person {} was harmed there and few others were.") for number in range(7)]
    both = []
    for number in range(7):
        one = heard(number + 20, text="Person {} was helped here, and harmed in the same breath.")
        also = Coding(**coding("t0s1", "harm", start=30, end=40).model_dump())
        both.append(
            CodedAnswer(one.answer, one.masked, one.coded.model_copy(update={"codings": (*one.coded.codings, also)}))
        )
    summary = await summary_of([*small, *both, *(heard(number + 40) for number in range(9))])
    assert summary.count("t1s1", "help") == 16
    assert (summary.count("t0s0", "harm"), summary.count("t0s1", "harm")) == (None, None)
    assert texts(summary)
    assert not any("harmed" in each for each in texts(summary))


async def test_people_take_turns_and_nobody_is_quoted_often() -> None:
    answers = [
        heard(number, f"t{theme}s0", stance, f"Person {{}} about theme {theme}, and that it was {stance}.")
        for number in range(9)
        for theme in range(4)
        for stance in ("help", "harm", "wish")
    ]
    said = texts(await summary_of(answers))
    people = [each.split()[1] for each in said]
    assert len(said) == 9 * read_quoting().each_person
    assert all(one != other for one, other in pairwise(people))
    assert max(people.count(each) for each in people) == read_quoting().each_person


async def test_one_person_alone_may_be_quoted_once_in_a_row() -> None:
    answers = [heard(number, quotable=number == 3) for number in range(9)]
    more = [
        heard(3, "t0s0", text="Person {} again, and nobody else agreed."),
        *(heard(n, "t0s0", quotable=False) for n in range(9)),
    ]
    assert len(texts(await summary_of([*answers, *more]))) == 1


async def test_the_same_answers_give_the_same_quotations_in_any_order() -> None:
    answers = [heard(number) for number in range(900)]
    first = await summary_of(answers)
    random.Random(1).shuffle(answers)
    assert texts(await summary_of(answers)) == texts(first)


async def test_the_whole_part_that_was_coded_is_shown_and_placeholders_carry_no_number() -> None:
    said = "Before. [STAFF_7] sat with me on [WARD_2] until it was over. After."
    answers = [
        CodedAnswer(
            answer(f"p{number}", said),
            Masked(said, {}, "approved"),
            Coded(codings=(coding("t1s1", "help", 8, 60),), top=("t1s1",)),
        )
        for number in range(9)
    ]
    assert texts(await summary_of(answers)) == ["[a member of staff] sat with me on [a ward] until it was over."]


async def test_words_are_shown_harmlessly() -> None:
    hostile = "Person {}: <script>alert(1)</script> & \u202eforwards and back\u0007"
    page = render(await summary_of([heard(number, text=hostile) for number in range(9)]))
    assert "<script" not in page
    assert "\u0007" not in page
    assert "&lt;script&gt;" in page


def test_rules_that_do_not_hold_together_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "quoting.toml"
    given = Path("analysis/summary/quoting.toml").read_text("utf-8")
    path.write_text(given.replace("shortest = 25", "shortest = 400"))
    with pytest.raises(ContentError, match="exchange them"):
        read_toml(path, Quoting)
    path.write_text(given.replace('WARD = "a ward"\n', ""))
    with pytest.raises(ContentError, match="no words for WARD"):
        read_toml(path, Quoting)
