"""The commands `code`, `deidentify`, `evaluate`: their contract, their streams, their one-sentence errors."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.errors import AnalysisError

ROOT = Path(__file__).parents[2]
LINES = '{"id":"a","text":"I waited 14 months for Dr Singh 😢","question":"waits"}\n\n{"id":2,"text":"","extra":1}\n'


def run(*arguments: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "analysis", *map(str, arguments)],
        cwd=ROOT, input=stdin, capture_output=True, text=True, check=False, encoding="utf-8",
    )  # fmt: skip


def test_code_keeps_the_contract_and_tolerates_a_byte_order_mark(tmp_path: Path) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\ufeff" + LINES, encoding="utf-8")
    result = CliRunner().invoke(app, ["code", str(source), "-o", str(target)])
    assert result.exit_code == 0, result.output
    first, second = (json.loads(line) for line in target.read_text(encoding="utf-8").splitlines())
    assert set(first) == {"id", "codings", "top"}
    assert len(first["top"]) == 16
    keys = {"subtheme", "theme", "stance", "confidence", "start", "end", "reason"}
    assert first["codings"]
    assert all(set(each) == keys for each in first["codings"])
    assert (second["id"], second["codings"]) == (2, [])
    assert list(tmp_path.iterdir()) == [source, target] or set(tmp_path.iterdir()) == {source, target}


def test_deidentify_from_standard_input() -> None:
    result = run("deidentify", "-", stdin=LINES)
    assert result.returncode == 0, result.stderr
    first = json.loads(result.stdout.splitlines()[0])
    assert first["text"] == "I waited 14 months for [STAFF_1] 😢"
    where = {"start": 23, "end": 31, "kind": "STAFF", "clean_start": 23, "clean_end": 32}
    assert first["spans"] == [where | {"reason": "after a title"}]


def test_evaluate_prints_one_object(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text('{"id":1,"text":"The medication made me sick","subtheme":"medications"}\n', encoding="utf-8")
    result = run("evaluate", gold, "--framework", "service_user_synthesis")
    assert result.returncode == 0, result.stderr
    numbers = json.loads(result.stdout)
    assert {"top1", "top3", "theme", "kappa", "macro_f1", "stance", "per_subtheme"} <= set(numbers)
    assert (numbers["top1"], numbers["stance"]) == (1.0, None)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('{"id":1,"text":"secret words"}\n{"id":2,"text":', "line 2: this is not valid JSON"),
        ('{"id":1,"text":"secret words"}\n\n{"id":3}', "line 3: text is missing: add it."),
        ('{"id":1,"text":"secret words"}\n{"id":2,"text":7}', "line 2: text breaks a rule"),
        ('["secret words"]', "line 1: "),
    ],
)
@pytest.mark.parametrize("command", ["code", "deidentify"])
def test_a_bad_line_is_one_sentence_and_leaves_no_output(tmp_path: Path, command: str, lines: str, says: str) -> None:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(lines, encoding="utf-8")
    target.write_text("kept", encoding="utf-8")
    result = run(command, source, "-o", target)
    assert result.returncode == 1
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "secret" not in result.stderr
    assert target.read_text(encoding="utf-8") == "kept"
    assert set(tmp_path.iterdir()) == {source, target}


def test_stated_failures_and_wrong_use(tmp_path: Path) -> None:
    assert (missing := run("code", tmp_path / "nope.jsonl")).returncode == 1
    assert "check that the file exists" in missing.stderr
    unknown = run("code", "-", "--framework", "zz", stdin=LINES)
    assert unknown.returncode == 1
    assert "relational_practice" in unknown.stderr
    gold = run("evaluate", "-", stdin='{"id":1,"text":"x","subtheme":"nope"}')
    assert gold.returncode == 1
    assert "no such sub-theme" in gold.stderr
    assert run("code").returncode == 2
    assert run("--help").returncode == 0
    assert all("Traceback" not in each.stderr for each in (missing, unknown, gold))


def test_what_cannot_be_coded_says_why_in_one_sentence_each(tmp_path: Path) -> None:
    spanish = "Mi enfermera era muy amable y siempre me escuchaba"
    texts = ["", "😀😀", "ok", spanish, ("i waited for months " * 6000)[:100_000]]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps({"id": at, "text": text}) + "\n" for at, text in enumerate(texts)), "utf-8")
    result = CliRunner().invoke(app, ["code", str(source), "-o", str(target), "--engine", "lexical"])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [bool(each["codings"]) for each in lines] == [False, False, False, False, True]
    no_words, not_english = "There are no words here to code.", "This does not look like English"
    assert [each.get("note", "")[:31] for each in lines] == [no_words[:31], no_words[:31], "", not_english[:31], ""]


def test_a_spreadsheet_instead_of_lines_of_json_is_one_sentence(tmp_path: Path) -> None:
    source = tmp_path / "sheet.csv"
    source.write_text("\ufeffid,text\n1,secret words\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["code", str(source), "--engine", "lexical"])
    assert isinstance(result.exception, AnalysisError)
    assert "line 1: this is not valid JSON" in str(result.exception)
    assert "secret" not in str(result.exception)
