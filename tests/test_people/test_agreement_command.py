"""`analysis agreement` from end to end: what is counted, what is printed, and what is refused in one sentence."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from analysis.__main__ import app
from analysis.errors import InputError
from analysis.evaluate import cohens_kappa

Codings = list[tuple[Any, ...]]


def line(name: str | int, *codings: tuple[Any, ...], **more: object) -> str:
    keys = ("subtheme", "stance", "start", "end")
    return json.dumps({"id": name, "codings": [dict(zip(keys, each, strict=False)) for each in codings], **more})


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["agreement", *map(str, arguments)])


def measured(*arguments: str | Path) -> dict[str, Any]:
    done = run(*arguments)
    assert done.exit_code == 0, (done.stderr, done.exception)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    one = write(tmp_path / "a.jsonl", line(1, ("trust", "help", 0, 10)), line("b"), line("c", ("hope", "wish", 0, 4)))
    other = write(tmp_path / "b.jsonl", line("c"), line(1, ("trust", "harm", 5, 15)), line("b"))
    return one, other


def test_whole_texts_with_and_without_uncoded_ones(files: tuple[Path, Path]) -> None:
    result = measured(*files)
    everything, coded = (result["by_text"][kind] for kind in ("with_uncoded", "without_uncoded"))
    assert (result["texts"], everything["overall"]["units"], coded["overall"]["units"]) == (3, 3, 2)
    assert everything["overall"]["percent"] == pytest.approx(66.6667)
    assert coded["overall"]["percent"] == 50
    assert everything["per_code"]["hope"]["base_rates"] == [0.3333, 0]
    assert everything["overall"]["base_rates"] == [0.6667, 0.3333]
    assert result["stance"]["percent"] == 0
    assert (result["kappa"], result["percent"]) == (0.5, pytest.approx(66.6667))


def test_characters_count_what_nobody_coded_only_where_lengths_are_known(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    found = measured(*files)["by_character"]
    assert found["with_uncoded"] is None
    # Of "trust": 5 characters by both, 5 by each alone; of "hope": 4 by the first alone.
    assert found["without_uncoded"]["overall"]["units"] == 19
    assert found["without_uncoded"]["overall"]["percent"] == pytest.approx(100 * 5 / 19, abs=0.001)
    texts = write(tmp_path / "in.jsonl", *(json.dumps({"id": each, "text": "x" * 20}) for each in (1, "b", "c")))
    overall = measured(*files, "--texts", texts)["by_character"]["with_uncoded"]["overall"]
    assert overall["units"] == 60
    assert overall["percent"] == pytest.approx(100 * (5 + 60 - 19) / 60, abs=0.001)


def test_one_code_a_text_is_plain_cohen(tmp_path: Path) -> None:
    chance = random.Random(3)
    first = [chance.choice("abc-") for _ in range(300)]
    second = [each if chance.random() < 0.7 else chance.choice("abc-") for each in first]
    paths = [
        write(tmp_path / name, *(line(n, *([(code,)] if code != "-" else [])) for n, code in enumerate(codes)))
        for name, codes in (("a.jsonl", first), ("b.jsonl", second))
    ]
    result = measured(*paths)
    assert result["kappa"] == pytest.approx(cohens_kappa(first, second), abs=1e-4)
    low, high = result["intervals"]["kappa"]
    assert low < result["kappa"] < high
    assert high - low < 0.2
    assert result["by_character"] == {"with_uncoded": None, "without_uncoded": None}
    assert (result["stance"]["units"], result["stance"]["kappa"]) == (0, None)
    assert measured(*paths) == result, "the same seed gives the same intervals"
    assert measured(*paths, "--seed", "2")["intervals"] != result["intervals"]
    assert measured(*paths, "--resamples", "0")["intervals"]["kappa"] is None


def test_a_coding_agrees_fully_with_itself(files: tuple[Path, Path]) -> None:
    result = measured(files[0], files[0])
    assert (result["kappa"], result["alpha"], result["ac1"], result["percent"]) == (1, 1, 1, 100)


def test_the_table_is_for_reading(files: tuple[Path, Path]) -> None:
    shown = run(*files, "--table").stdout
    assert "trust" in shown
    assert "pooled" in shown
    assert not shown.lstrip().startswith("{")


def test_what_analysis_code_writes_is_read(tmp_path: Path) -> None:
    source = write(tmp_path / "in.jsonl", json.dumps({"id": 1, "text": "My nurse listened and believed me."}))
    coded = tmp_path / "out.jsonl"
    assert CliRunner().invoke(app, ["code", str(source), "-o", str(coded)]).exit_code == 0
    assert measured(coded, coded, "--texts", source)["by_character"]["with_uncoded"]["overall"]["units"] == 34


@pytest.mark.parametrize(
    "case",
    [
        ([line("x"), line("y")], [], "made for different texts (0 in both, 5 in one of them only)"),
        ([line(1), line("b")], [], "add --shared"),
        ([line(1), line("b"), line("c"), line("b")], [], "holds one text twice"),
        ([""], [], "holds no coded texts"),
        (['{"id": 1, "text": "no codings"}'], [], "line 1: codings is missing"),
        (["\ufeffnot json"], [], "not valid JSON"),
        ([line(1, ("a", "help", 4, 4))], [], "ends behind its start"),
        ([line(1, ("a", "help", 4))], [], "needs both start and end"),
        ([line(1, ("a", "better"))], [], "codings.0.stance breaks a rule"),
        ([line(1), line("b"), line("c")], ["--texts", "short.jsonl"], "a coding ends behind the end of its text"),
        ([line(1), line("b"), line("c")], ["--texts", "other.jsonl"], "texts are not those that were coded"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_sentence(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[list[str], list[str], str]
) -> None:
    lines, more, sentence = case
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "short.jsonl", *(json.dumps({"id": each, "text": "xx"}) for each in (1, "b", "c")))
    write(tmp_path / "other.jsonl", json.dumps({"id": "z", "text": "xx"}))
    done = run(files[0], write(tmp_path / "bad.jsonl", *lines), *more)
    assert (type(done.exception), sentence in str(done.exception)) == (InputError, True), str(done.exception)
    assert done.stdout == ""


def test_wrong_use_and_missing_files() -> None:
    assert run().exit_code == 2
    assert "Cannot read none.jsonl" in str(run("none.jsonl", "none.jsonl").exception)
    assert "name a file for the other" in str(run("-", "-").exception)


def test_shared_texts_alone_are_compared_when_asked(files: tuple[Path, Path], tmp_path: Path) -> None:
    fewer = write(tmp_path / "fewer.jsonl", line(1, ("trust", "help", 0, 10)), line("new"))
    assert measured(files[0], fewer, "--shared")["texts"] == 1
