"""What a service reads: only what disclosure control let through, in a page that needs nothing but itself."""

import csv
import json
import re
from collections.abc import Callable
from datetime import date
from itertools import combinations
from pathlib import Path

import pytest

from analysis.model import Framework, Stance, SubTheme, Theme
from analysis.period import read_period
from analysis.reading import CodedAnswer
from analysis.services import Service, read_services
from analysis.summary import PointAnswer, ServiceAnswers, Summary, render, summarise, tally
from analysis.summary.folder import Files, SummaryError, write
from analysis.summary.map import Leaf, Map, draw_tall, draw_wide
from analysis.summary.spreadsheet import write_csv
from flows.errors import ServicesError
from storage.records import Asked
from tests.test_reports.invented import FRAMEWORK, answer, asked, coded, coding, stream

ELM = Service(code="elm", name="Elm Tree <Team> & Co")
QUARTER = read_period("2026-Q3")
MADE = date(2026, 11, 20)


async def summary_of(
    heard: list[CodedAnswer], questions: list[Asked] | None = None, framework: Framework = FRAMEWORK, made: date = MADE
) -> Summary:
    return summarise(await tally(stream(heard), stream(questions or [])), framework, ELM, QUARTER, made)


def people(count: int, subtheme: str, stance: Stance = "help", first: int = 0) -> list[CodedAnswer]:
    return [coded(answer(f"p{first + number}"), coding(subtheme, stance)) for number in range(count)]


async def test_people_are_counted_once_and_mixed_on_both_sides() -> None:
    heard = people(9, "t1s1", "mixed") + people(9, "t1s1", "help") + people(3, "t0s0", "harm")
    summary = await summary_of(heard)
    assert summary.counts.answered == 9
    assert [summary.count("t1s1", column) for column in (None, "help", "harm", "wish")] == [9, 9, 9, 0]
    assert summary.count("t0s0", "harm") is None


async def test_who_did_not_agree_to_summaries_is_asked_but_never_counted_as_having_answered() -> None:
    silent = [coded(answer(f"q{n}", in_summaries=False), coding("t1s1", "harm")) for n in range(9)]
    questions = [asked(f"q{n}") for n in range(9)] + [asked(f"p{n}") for n in range(9)]
    summary = await summary_of(people(9, "t1s1") + silent, questions)
    assert (summary.counts.asked, summary.counts.answered) == (18, 9)
    assert summary.count("t1s1", "harm") == 0


async def test_below_the_threshold_the_page_is_kind_and_holds_no_number_of_people() -> None:
    summary = await summary_of(people(7, "t1s1"))
    page = render(summary)
    assert "Fewer than 8 people" in page
    assert json.loads(summary.model_dump_json())["counts"]["answered"] is None
    none = await summary_of([])
    assert render(none) == page, "nobody and seven people must look the same"


async def test_sentences_come_from_the_counts() -> None:
    heard = people(12, "t1s1", "help") + people(9, "t3s0", "harm") + people(9, "t3s1", "harm")
    page = re.sub(r"<[^>]+>", "", render(await summary_of(heard)))
    assert "What helped came up most under Compassion: 12 of 12 people told of it." in page
    assert (
        "What harmed came up most under Proactive engagement, peer support included and "
        "Flexibility in service delivery: 9 of 12 people told of it in each." in page
    )
    assert "What people wish for: the machine found nobody who told of this." in page


async def test_no_withheld_number_is_in_the_page_or_the_file_beside_it() -> None:
    """Seven people told of harm: the digit 7 may appear nowhere as a count of theirs."""
    before = await summary_of(people(20, "t1s1") + people(7, "t1s1", "harm"))
    after = await summary_of(people(20, "t1s1") + people(2, "t1s1", "harm"))
    assert before == after
    assert render(before) == render(after)


async def test_a_page_needs_nothing_else_and_escapes_names() -> None:
    page = render(await summary_of(people(20, "t1s1")))
    assert "Elm Tree &lt;Team&gt; &amp; Co" in page
    assert "<Team>" not in page
    assert not re.search(r"(src|href)=[\"'](?!#)|url\((?!#)|@import|<script|\sstyle=", page)
    assert len(page.encode()) < 500_000


async def test_an_unfinished_period_says_so() -> None:
    heard = people(20, "t1s1")
    assert "period is not over" in render(await summary_of(heard, made=date(2026, 9, 30)))
    assert "period is not over" not in render(await summary_of(heard, made=date(2026, 10, 1)))


def leaves(drawn: Map) -> list[Leaf]:
    return [leaf for branch in drawn.branches for leaf in branch.leaves]


def box(leaf: Leaf) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of what is drawn for a leaf; letters of 17 units are about 8.5 wide."""
    half = max(len(text) for _, _, text in leaf.title.lines) * 8.5 / 2
    edges = [leaf.x - half, leaf.x + half]
    for mark in leaf.marks:
        edges += [mark.x - mark.reach, mark.x + mark.reach]
    top = min([leaf.y, *(leaf.y - 1.05 * mark.reach for mark in leaf.marks)])
    return min(edges), top, max(edges), leaf.people_y + 8


LONG = Framework(
    id="long",
    title="A framework whose title is rather long",
    version=1,
    sha256="0" * 64,
    source="invented",
    themes=tuple(
        Theme(
            id=f"t{t}",
            title="A theme with many words in its title",
            subthemes=tuple(
                SubTheme(id=f"t{t}s{s}", title="Continued and consistent long-term support from known staff", covers="")
                for s in range(4)
            ),
        )
        for t in range(4)
    ),
)


@pytest.mark.parametrize("framework", [FRAMEWORK, LONG], ids=["as published", "sixteen long titles"])
@pytest.mark.parametrize("draw", [draw_wide, draw_tall])
async def test_nothing_on_the_map_covers_anything_else(framework: Framework, draw: Callable[[Summary], Map]) -> None:
    heard = []
    for number, each in enumerate(framework.subthemes):
        for stance in ("help", "harm", "wish"):
            theme = framework.theme_of(each.id).id
            made = coding("t0s0", stance).model_copy(update={"subtheme": each.id, "theme": theme})
            heard += [coded(answer(f"p{n}"), made) for n in range(30 - number)]
    drawn = draw(await summary_of(heard, framework=framework))
    boxes = [box(leaf) for leaf in leaves(drawn)]
    for (a_left, a_top, a_right, a_bottom), (b_left, b_top, b_right, b_bottom) in combinations(boxes, 2):
        assert a_right <= b_left or b_right <= a_left or a_bottom <= b_top or b_bottom <= a_top
    half_width, half_height = drawn.root[0] / 2, drawn.root[1] / 2
    middle = (drawn.x - half_width, drawn.y - half_height, drawn.x + half_width, drawn.y + half_height)
    themes = [
        (each.x - each.width / 2, each.y - each.height / 2, each.x + each.width / 2, each.y + each.height / 2)
        for each in drawn.branches
    ]
    for a_left, a_top, a_right, a_bottom in themes:
        for b_left, b_top, b_right, b_bottom in (middle, *boxes):
            assert a_right <= b_left or b_right <= a_left or a_bottom <= b_top or b_bottom <= a_top
    assert all(
        left >= 0 and top >= 0 and right <= drawn.width and low <= drawn.height for left, top, right, low in boxes
    )


async def test_a_larger_count_is_a_larger_shape() -> None:
    drawn = draw_wide(await summary_of(people(30, "t1s1") + people(10, "t2s3")))
    sizes = {leaf.title.lines[0][2]: leaf.marks[0].radius for leaf in leaves(drawn) if leaf.marks}
    assert sizes["Compassion"] > sizes["Timely support"] > 0


def test_services_are_read_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "services.toml"
    path.write_text('[[service]]\ncode = "elm"\nname = "Elm Tree"\nlocality = "Northtown"\nthreshold = 10\n')
    services = read_services(path)
    assert (services.of("elm").threshold, services.of("oak").name) == (10, "oak")
    path.write_text(path.read_text().replace("10", "4"))
    with pytest.raises(ServicesError, match=r"service\[1\].threshold"):
        read_services(path)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_page_and_numbers_lie_side_by_side(tmp_path: Path) -> None:
    summary = await summary_of(people(9, "t1s1"))
    write(summary, Files(tmp_path / "elm.html"))
    assert names(tmp_path) == ["elm.csv", "elm.html", "elm.json"]
    assert (tmp_path / "elm.html").read_text() == render(summary)
    assert Summary.model_validate_json((tmp_path / "elm.json").read_text()) == summary
    write(summary, Files(tmp_path / "elm.html"))


async def test_a_finished_period_is_not_published_twice_with_other_numbers(tmp_path: Path) -> None:
    write(await summary_of(people(9, "t1s1")), Files(tmp_path / "elm.html"))
    with pytest.raises(SummaryError, match=r"elm\.json holds other numbers"):
        write(await summary_of(people(10, "t1s1")), Files(tmp_path / "again.html"))
    assert names(tmp_path) == ["elm.csv", "elm.html", "elm.json"]


async def test_a_period_that_is_not_over_may_be_looked_at_again(tmp_path: Path) -> None:
    for count in (9, 10):
        write(await summary_of(people(count, "t1s1"), made=date(2026, 9, 1)), Files(tmp_path / "elm.html"))
    assert "<strong>10 people</strong>" in (tmp_path / "elm.html").read_text()


async def test_overlapping_periods_of_one_service_are_refused(tmp_path: Path) -> None:
    summary = await summary_of(people(9, "t1s1"))
    write(summary, Files(tmp_path / "quarter.html"))
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(SummaryError, match="overlaps"):
        write(summary.model_copy(update={"period": "2026-08"}), Files(tmp_path / "month.html"))
    write(summary.model_copy(update={"period": "2026-08", "service": "oak"}), Files(tmp_path / "oak.html"))
    write(summary.model_copy(update={"period": "2026-Q2"}), Files(tmp_path / "before.html"))


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(SummaryError, match=r"ends in \.html"):
        Files(tmp_path / "elm.pdf").check()
    with pytest.raises(SummaryError, match="make the folder"):
        Files(tmp_path / "missing" / "elm.html").check()


async def test_what_the_service_answers_stands_on_the_page_and_its_absence_is_said() -> None:
    summary = await summary_of(people(9, "t1s1"))
    assert "The service has not answered here yet." in render(summary)
    points = (
        PointAnswer(
            point="t1s1", title="Compassion", status="planned", text="<b>A course</b> for all.", until="May 2027"
        ),
        PointAnswer(point="t2s3", title="Timely support", status="cannot", text="There is no money this year."),
    )
    page = re.sub(r"\s+", " ", render(summary, answers=ServiceAnswers(points=points)))
    assert "has not answered" not in page
    assert "Planned, until May 2027" in page
    assert "&lt;b&gt;A course&lt;/b&gt; for all." in page
    assert page.index('Timely support</strong> <span class="status">Not possible') > page.index("You said, we did")


async def test_the_numbers_as_csv_are_those_of_the_json_and_no_formula(tmp_path: Path) -> None:
    hostile = FRAMEWORK.model_copy(
        update={"themes": (FRAMEWORK.themes[0].model_copy(update={"title": "=HYPERLINK(1)"}), *FRAMEWORK.themes[1:])}
    )
    summary = await summary_of(people(9, "t1s1") + people(3, "t0s0", "harm"), framework=hostile)
    write(summary, Files(tmp_path / "elm.html"))
    rows = list(csv.DictReader((tmp_path / "elm.csv").read_text("utf-8").splitlines()))
    found = {(row["section"], row["part"], row["measure"]): (row["value"], row["shown"]) for row in rows}
    assert found["people", "", "answered"] == ("9", "yes")
    for each in summary.subthemes:
        for column in (None, "help", "harm", "wish"):
            count = summary.count(each.id, column)  # type: ignore[arg-type]
            assert found["map", each.title, column or "people"] == (
                ("", "withheld") if count is None else (str(count), "yes")
            )
    assert {row["theme"] for row in rows if "HYPERLINK" in row["theme"]} == {"'=HYPERLINK(1)"}
    few = await summary_of(people(7, "t1s1"))
    assert {line.rsplit(",", 2)[1] for line in write_csv(few).decode().splitlines()[1:]} == {'""'}
