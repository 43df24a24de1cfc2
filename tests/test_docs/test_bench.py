"""The table of what is measured: every figure has a place in it, a ratio that falls is named, growth is drawn."""

import importlib
import json
import re
from pathlib import Path

import pytest
from defusedxml import ElementTree

from tests.bench.__main__ import main
from tests.bench.compare import STORED, ratios, regressions, store
from tests.bench.curves import curves_of, draw
from tests.bench.rows import MEASURED, Row, show
from tests.test_docs.documents import ROOT

PLAIN = Row("One answer kept", "ms", 4.0, 2.0, "a plain insert")
RATE = Row("Answers coded", "/s", 3000.0, 30.0, "TextBlob", more_is_better=True)
GROWTH = [Row("An export", "s", seconds, count=count) for count, seconds in ((1000, 2.0), (10_000, 20.0))]
MEMORY = [Row("Memory", "MB", megabytes, count=count) for count, megabytes in ((1000, 100.0), (10_000, 125.0))]
RUN = {
    "One answer kept, beside a plain insert": 0.5,
    "Answers coded, beside TextBlob": 100.0,
    "An export, each at 10,000 beside 1,000": 1.0,
    "Memory, at 10,000 beside 1,000": 0.8,
}


def test_every_module_that_measures_is_in_the_table() -> None:
    written = {
        path.stem
        for path in (ROOT / "tests" / "bench").glob("*.py")
        if re.search(r"^def rows\(", path.read_text(), re.MULTILINE)
    }
    assert written == set(MEASURED)
    assert all(callable(importlib.import_module(f"tests.bench.{name}").rows) for name in MEASURED)


def test_ratios_say_how_many_times_as_good_ours_is() -> None:
    assert ratios([PLAIN, RATE, *GROWTH, *MEMORY]) == pytest.approx(RUN)
    assert Row("Nothing beside it", "s", 1.0).ratio is None


def test_what_falls_by_more_than_noise_is_named_and_nothing_else(tmp_path: Path) -> None:
    stored = tmp_path / "stored.json"
    store(
        [RUN, {name: value * 1.2 for name, value in RUN.items()}, {"One answer kept, beside a plain insert": 0.6}],
        stored,
    )
    assert regressions(RUN, stored) == []
    assert regressions({name: value * 0.95 for name, value in RUN.items()}, stored) == []
    assert regressions({name: value * 9 for name, value in RUN.items()}, stored) == []
    (found,) = regressions(RUN | {"Answers coded, beside TextBlob": 60.0}, stored)
    assert found.startswith("Answers coded, beside TextBlob: 60, was 110")
    assert regressions({}, stored) == [], "what was not measured is not judged"


def test_the_stored_ratios_are_ones_that_a_run_can_have() -> None:
    for name, each in json.loads(STORED.read_text("utf-8")).items():
        assert re.search(r", beside |, (each )?at [\d,]+ beside [\d,]+$", name), name
        assert 0 < each["lowest"] <= each["middle"] <= each["highest"], name
        assert each["runs"] >= 2, name


def test_a_curve_is_drawn_for_what_grows_with_every_number_beside_it() -> None:
    curves = curves_of([PLAIN, *GROWTH, *reversed(MEMORY), Row("Alone", "s", 1.0, count=5)])
    assert list(curves) == ["An export", "Memory"]
    for name, points in curves.items():
        picture = ElementTree.fromstring(draw(f"{name} & more", points))
        texts = [each.text for each in picture.iter("{http://www.w3.org/2000/svg}text")]
        assert picture.attrib["role"] == "img"
        assert {"1,000", "10,000"} <= set(texts)
        assert len([text for text in texts if text and text.endswith(points[0].unit)]) == 3
        assert picture.find("{http://www.w3.org/2000/svg}desc").text.count(";") == 1


def test_the_table_is_shown_whole(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    show([PLAIN, *GROWTH], "a title")
    shown = capsys.readouterr().out
    for text in ("One answer kept", "a plain insert 2.00 ms", "0.50", "An export, 10,000", "20.0 s"):
        assert text in shown


def test_the_door_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["nothing"])
    assert ended.value.code == 2
    assert main(["compare", str(tmp_path / "none.json")]) == 2
    assert "measure first" in capsys.readouterr().err
