"""Change between periods: right intervals, noise that is not news, and only numbers that were published."""

import json
import random
from datetime import date
from pathlib import Path

import pytest

from analysis.disclosure import Tally, publish
from analysis.period import read_period
from analysis.summary import Summary, render, summarise
from analysis.summary.change import EarlierPeriod, compare, newcombe
from analysis.summary.folder import Files, SummaryError, read_earlier, write
from analysis.summary.whiskers import draw_change
from tests.test_reports.invented import FRAMEWORK
from tests.test_reports.test_summary import ELM, LONG

Spoke = dict[str, int]


def tally_of(answered: int, spoke: Spoke) -> Tally:
    tally = Tally(answered=set(range(answered)), asked=set(range(answered)))
    for subtheme, people in spoke.items():
        for person in range(people):
            tally.heard(subtheme).add(person, "help")
    return tally


def summary_for(name: str, answered: int, spoke: Spoke, earlier: tuple[Summary, ...] = ()) -> Summary:
    period = read_period(name)
    return summarise(tally_of(answered, spoke), FRAMEWORK, ELM, period, made=period.until, earlier=earlier)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
    ],
)
def test_intervals_are_those_of_the_publication(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    """Newcombe 1998, table II, method 10."""
    assert newcombe(*counts) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_noise_is_not_news() -> None:
    """Two periods in which nothing changed, four hundred times over: hardly a page with any news on it."""
    chance, news = random.Random(5), 0
    shares = {each.id: 0.25 + 0.04 * at for at, each in enumerate(FRAMEWORK.subthemes)}
    for _ in range(400):
        counts = []
        for answered in (60, 90):
            spoke = {name: sum(chance.random() < share for _ in range(answered)) for name, share in shares.items()}
            counts.append(publish(tally_of(answered, spoke), FRAMEWORK, 8))
        before = [(EarlierPeriod(period="a", title="a", answered=60), counts[0])]
        news += any(row.verdict != "too close" for row in compare(counts[1], before).rows)
    assert news / 400 <= 0.05


def test_a_large_difference_is_seen_and_a_small_one_is_too_close_to_tell() -> None:
    before = summary_for("2026-Q2", 80, {"t1s1": 20, "t2s3": 30, "t3s0": 40})
    now = summary_for("2026-Q3", 80, {"t1s1": 60, "t2s3": 35, "t3s0": 9}, (before,))
    assert now.change is not None
    verdicts = {row.theme: row.verdict for row in now.change.rows}
    assert verdicts == {"t1": "more", "t2": "too close", "t3": "fewer"}
    page = render(now)
    assert "Interpersonal connection: more people than before" in page
    assert "<td>60 of 80</td><td>20 of 80</td>" in " ".join(page.split()).replace("> <", "><")
    assert all(row.low < row.difference < row.high for row in now.change.rows)


def test_a_theme_with_a_withheld_part_is_compared_by_its_other_parts() -> None:
    before = summary_for("2026-Q2", 80, {"t1s0": 20, "t1s1": 3})
    now = summary_for("2026-Q3", 80, {"t1s0": 25, "t1s1": 20}, (before,))
    assert now.change is not None
    assert [(row.theme, row.subtheme) for row in now.change.rows] == [("t1", "t1s0")]
    assert now.change.not_compared == ("t1s1",)
    assert "Not compared, because a number is withheld then or now: Compassion." in render(now)


def test_what_cannot_be_compared_is_passed_over() -> None:
    good = summary_for("2026-Q2", 80, {"t1s1": 20})
    for other in (
        good.model_copy(update={"service": "oak"}),
        good.model_copy(update={"finished": False}),
        summary_for("2026-06", 80, {"t1s1": 20}),
        summary_for("2026-Q4", 80, {"t1s1": 20}),
        summary_for("2026-Q2", 7, {"t1s1": 7}),
    ):
        now = summary_for("2026-Q3", 80, {"t1s1": 30}, (other,))
        assert now.change is not None
        assert now.change.compared == "no earlier summary"
        assert "nothing can be compared yet" in render(now)
    framework = good.framework.model_copy(update={"sha256": "0" * 64})
    now = summary_for("2026-Q3", 80, {"t1s1": 30}, (good.model_copy(update={"framework": framework}),))
    assert now.change is not None
    assert now.change.compared == "another framework"
    assert "sorted into other parts" in render(now)


def test_a_machine_that_was_changed_is_said() -> None:
    before = summary_for("2026-Q2", 80, {"t1s1": 20})
    for sorted_by, unsure in ((before.sorted_by, False), ("0" * 16, True), ("", True)):
        now = summary_for("2026-Q3", 80, {"t1s1": 30}, (before.model_copy(update={"sorted_by": sorted_by}),))
        assert now.change is not None
        assert now.change.unsure == unsure
        assert ("What sorts the answers" in render(now)) == unsure


def test_earlier_periods_are_read_from_the_folder_also_in_the_first_format(tmp_path: Path) -> None:
    for name, spoke in (("2026-Q1", 10), ("2026-Q2", 20)):
        write(summary_for(name, 40, {"t1s1": spoke}), Files(tmp_path / f"{name}.html"))
    first = json.loads((tmp_path / "2026-Q1.json").read_text())
    old = {name: first[name] for name in first if name not in {"quotations", "sample", "change", "sorted_by"}}
    (tmp_path / "2026-Q1.json").write_text(json.dumps(old | {"format_version": 1}))
    now = summary_for("2026-Q3", 40, {"t1s1": 30}, tuple(read_earlier(tmp_path / "now.html", "elm")))
    assert now.change is not None
    assert [each.period for each in now.change.earlier] == ["2026-Q1", "2026-Q2"]
    assert now.change.rows[0].people == (10, 20, 30)
    assert read_earlier(tmp_path / "now.html", "oak") == []


def test_a_table_of_people_that_would_change_is_refused(tmp_path: Path) -> None:
    def with_told(women: int) -> Summary:
        tally = tally_of(40, {"t1s1": 20})
        tally.told = {person: {"gender": "woman" if person < women else "man"} for person in tally.answered}
        return summarise(tally, FRAMEWORK, ELM, read_period("2026-Q2"), date(2026, 8, 1))

    write(with_told(20), Files(tmp_path / "elm.html"))
    write(with_told(20), Files(tmp_path / "elm.html"))
    with pytest.raises(SummaryError, match="holds other numbers"):
        write(with_told(21), Files(tmp_path / "elm.html"))


def test_every_line_of_the_drawing_is_within_it_also_with_long_titles() -> None:
    titles = {each.id: each.title for each in LONG.subthemes}
    period, spoke = read_period("2026-Q3"), dict.fromkeys(titles, 20) | {"t0s0": 3, "t1s0": 3, "t2s0": 3, "t3s0": 3}
    before = summarise(tally_of(40, spoke), LONG, ELM, read_period("2026-Q2"), date(2026, 7, 1))
    now = summarise(tally_of(90, spoke), LONG, ELM, period, date(2026, 10, 1), earlier=[before])
    assert now.change is not None
    assert len(now.change.rows) == 12
    for width in (360.0, 736.0):
        drawn = draw_change(now.change, titles, "any", width)
        heights = [y for each in drawn.whiskers for y in (*(y for y, _ in each.words), each.y)]
        assert heights == sorted(heights)
        assert all(0 <= each.low <= each.dot <= each.high <= width for each in drawn.whiskers)
        assert all(len(line) * 8.6 <= width for each in drawn.whiskers for _, line in each.words)
        assert drawn.height > heights[-1]
    assert len(render(now).encode()) < 500_000
