"""Summaries when they are due: all of them, once, whatever happens in between."""

import asyncio
import os
import signal
import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.services import Service
from analysis.summary import Summary, summarise, tally
from analysis.summary.due import Done, Due, first_days, list_due, make_due, working_in
from analysis.summary.folder import Files, SummaryError, read_summary, write
from storage.errors import SchemaError
from tests.test_reports.invented import FRAMEWORK, asked, stream
from tests.test_reports.test_summary import people

ROOT = Path(__file__).parents[2]
ELM = Service(code="elm", name="Elm Tree", summary="quarterly", first_period="2025-Q4")
OAK = Service(code="oak", name="Oak House", summary="monthly")
LAST = date(2026, 4, 1)


class Maker:
    """Makes summaries from invented answers, and knows what it was asked for."""

    def __init__(self, count: int = 9, broken: str = "") -> None:
        self.count, self.broken = count, broken
        self.asked_for: list[str] = []

    async def __call__(self, due: Due) -> Summary:
        service, period = due.service, due.period
        self.asked_for.append(f"{service.code} {period.name}")
        if service.code == self.broken:
            raise SchemaError("The database was made by a newer version.")
        counted = await tally(stream(people(self.count, "t1s1")), stream([]))
        return summarise(counted, FRAMEWORK, service, period, LAST)


def due_in(folder: Path, *services: Service, last: date = LAST, pdf: bool = False) -> tuple[Due, ...]:
    firsts = {"elm": date(2026, 1, 3), "oak": date(2026, 1, 31)}
    return list_due(services or (ELM, OAK), firsts, last, folder, pdf=pdf)


async def run(due: tuple[Due, ...], make: Maker) -> list[Done]:
    return [each async for each in make_due(due, make)]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_what_is_due_is_every_finished_period_from_the_first_on(tmp_path: Path) -> None:
    assert [each.name for each in due_in(tmp_path)] == [
        "elm 2025-Q4", "elm 2026-Q1", "oak 2026-01", "oak 2026-02", "oak 2026-03",
    ]  # fmt: skip
    day_before = LAST - timedelta(days=1)
    assert [each.name for each in due_in(tmp_path, last=day_before)] == ["elm 2025-Q4", "oak 2026-01", "oak 2026-02"]
    silent = Service(code="ash", name="Ash", summary="monthly")
    assert due_in(tmp_path, silent) == (), "nobody was asked anything there"


@given(
    st.sampled_from(["monthly", "quarterly"]),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
def test_due_periods_follow_each_other_without_gap_or_overlap(how_often: str, first: date, last: date) -> None:
    service = Service(code="elm", name="Elm", summary=how_often)  # type: ignore[arg-type]
    periods = [each.period for each in list_due((service,), {"elm": first}, last, Path(), pdf=False)]
    assert all(one.until == two.since for one, two in pairwise(periods))
    assert all(each.until <= last for each in periods)
    if periods:
        assert first in periods[0]
        assert last - periods[-1].until < timedelta(days=93)


async def test_the_first_day_of_each_service() -> None:
    later = [asked(f"p{number}") for number in range(3)]
    assert await first_days(stream(later)) == {"elm": later[0].day}
    assert await first_days(stream([])) == {}


async def test_a_second_run_makes_nothing_again(tmp_path: Path) -> None:
    make = Maker()
    done = await run(due_in(tmp_path), make)
    assert [each.problem for each in done] == [""] * 5
    before = contents(tmp_path)
    assert sorted(before) == sorted(
        f"{code}/{code}-{period}{end}"
        for code, period in (each.split() for each in make.asked_for)
        for end in (".html", ".json", ".csv", "-easy-read.html")
    )
    again = Maker(count=20)
    assert await run(due_in(tmp_path), again) == []
    assert (again.asked_for, contents(tmp_path)) == ([], before)


async def test_a_missing_page_is_made_from_its_numbers_without_opening_anything(tmp_path: Path) -> None:
    await run(due_in(tmp_path), Maker())
    before = contents(tmp_path)
    (tmp_path / "elm/elm-2025-Q4.html").unlink()
    (tmp_path / "oak/oak-2026-02-easy-read.html").unlink()
    again = Maker()
    assert [each.due.name for each in await run(due_in(tmp_path), again)] == ["elm 2025-Q4", "oak 2026-02"]
    assert (again.asked_for, contents(tmp_path)) == ([], before)


async def test_a_service_that_fails_stops_no_other_and_is_tried_again(tmp_path: Path) -> None:
    done = await run(due_in(tmp_path), Maker(broken="elm"))
    assert [each.due.name for each in done if each.problem] == ["elm 2025-Q4", "elm 2026-Q1"]
    assert not (tmp_path / "elm").exists()
    assert len(list((tmp_path / "oak").glob("*.json"))) == 3
    make = Maker()
    assert [each.problem for each in await run(due_in(tmp_path), make)] == ["", ""]
    assert make.asked_for == ["elm 2025-Q4", "elm 2026-Q1"]


async def test_too_few_people_are_a_page_too(tmp_path: Path) -> None:
    done = await run(due_in(tmp_path, OAK), Maker(count=3))
    assert [each.enough for each in done] == [False] * 3
    assert "Fewer than 8 people" in (tmp_path / "oak/oak-2026-01.html").read_text("utf-8")


async def test_what_is_in_the_way_is_named_and_left(tmp_path: Path) -> None:
    wrong = {
        "elm/elm-2025-Q4.json": ("{}", "is not the summary that belongs there"),
        "elm/elm-2026-Q1.json": ("", "is not the summary that belongs there"),
    }
    (tmp_path / "elm").mkdir()
    for name, (text, _) in wrong.items():
        (tmp_path / name).write_text(text)
    done = await run(due_in(tmp_path, ELM), Maker())
    for each, (name, (text, sentence)) in zip(done, wrong.items(), strict=True):
        assert sentence in each.problem
        assert (tmp_path / name).read_text() == text


async def test_months_do_not_follow_into_a_quarter(tmp_path: Path) -> None:
    await run(due_in(tmp_path, ELM), Maker())
    monthly = Service(code="elm", name="Elm", summary="monthly", first_period="2026-03")
    (done,) = await run(due_in(tmp_path, monthly), Maker())
    assert "overlaps" in done.problem
    assert not (tmp_path / "elm/elm-2026-03.html").exists()


async def test_a_summary_that_was_made_too_early_is_not_taken_for_the_finished_one(tmp_path: Path) -> None:
    (due, *_) = due_in(tmp_path, OAK)
    early = (await Maker()(due)).model_copy(update={"finished": False})
    due.files.page.parent.mkdir()
    write(early, due.files)
    due.files.page.unlink()
    (done, *_) = await run((due,), Maker())
    assert "before the period was over" in done.problem


async def test_a_correction_is_noted_and_only_in_its_place(tmp_path: Path) -> None:
    (due, *_) = due_in(tmp_path, OAK, pdf=True)
    first = await Maker()(due)
    other = await Maker(count=12)(due)
    due.files.page.parent.mkdir()
    with pytest.raises(SummaryError, match="nothing to correct"):
        write(first, due.files, correction="A slip.")
    write(first, due.files)
    with pytest.raises(SummaryError, match=r'correct it in its place with --correction "why"'):
        write(other, due.files)
    with pytest.raises(SummaryError, match="holds the same already"):
        write(first, due.files, correction="A slip.")
    with pytest.raises(SummaryError, match="fewer words"):
        write(other, due.files, correction="x" * 301)
    with pytest.raises(SummaryError, match="nothing to correct"):
        write(other, Files(tmp_path / "oak/elsewhere.html"), correction="A slip.")
    before = contents(tmp_path)
    write(other, due.files, correction="We had left out <b>three</b>\n people.")
    after = contents(tmp_path)
    assert [name for name in before if before[name] == after[name]] == []
    for name in ("oak/oak-2026-01.html", "oak/oak-2026-01-easy-read.html"):
        assert "We had left out &lt;b&gt;three&lt;/b&gt; people." in after[name].decode()
    published = read_summary(due.files.numbers)
    assert published is not None
    assert [each.reason for each in published.corrections] == ["We had left out <b>three</b> people."]
    write(first, due.files, correction="It was right before.")
    published = read_summary(due.files.numbers)
    assert published is not None
    assert len(published.corrections) == 2
    assert await run(due_in(tmp_path, OAK)[:1], Maker()) == [], "and a timer leaves it as it is"


def test_two_runs_do_not_meet(tmp_path: Path) -> None:
    left = tmp_path / "new/elm/.elm.html.1234.partial"
    left.parent.mkdir(parents=True)
    left.touch()
    with working_in(tmp_path / "new"):
        assert not left.exists()
        with pytest.raises(SummaryError, match="Another run"), working_in(tmp_path / "new"):
            pass
    with working_in(tmp_path / "new"):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(SummaryError, match="cannot be made"), working_in(tmp_path / "file"):
        pass


def work(folder: Path) -> None:
    """What a run does between its start and its end."""
    with working_in(folder):
        asyncio.run(run(due_in(folder, ELM), Maker(count=3)))


def kill_after(steps: int, place: Path) -> None:
    """End this process for good at a step: a file that is opened for writing, renamed or removed in that place."""
    left = [steps]

    def count(event: str, given: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in {"os.rename", "os.remove", "os.mkdir"}) and str(place) in str(given[0]):
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

    sys.addaudithook(count)


def kill_at_each_step(folder: Path) -> None:
    """In a process of its own: begin the work again and again, each time killed one step later, until it comes to its
    end; finish each and compare. Prints the number of kills."""
    whole = folder / "whole"
    work(whole)
    for kills in range(1000):
        place = folder / f"killed-{kills}"
        child = os.fork()
        if child == 0:
            kill_after(kills, place)
            work(place)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        work(place)
        assert contents(place) == contents(whole), kills
        if status == 0:
            print(kills)  # noqa: T201 - read by the test
            return
        assert os.WTERMSIG(status) == signal.SIGKILL


def test_a_run_that_is_killed_at_any_moment_is_finished_by_the_next(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from tests.test_reports.test_due import kill_at_each_step;"
        f"kill_at_each_step(Path({str(tmp_path)!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 2 * 4 * 2, "two summaries of four files, each opened and renamed"
