"""docs/hour.md, followed word for word in a copy of the repository: its files, its changes, its commands."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from flows.engine import begin
from flows.library import languages_of, load_guide
from flows.plan import plan
from tests.test_docs.documents import ROOT, read

PAGE = read("docs/hour.md")
PARTS = ("analysis", "bot", "flows", "storage", "tests", "docs", "pyproject.toml", "README.md")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "semantic", "vectors", "released")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository, in which the changes pile up as they would for somebody who follows the page."""
    place = tmp_path_factory.mktemp("hour")
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, place / part, ignore=LEFT_OUT)
        else:
            shutil.copy(ROOT / part, place / part)
    return place


def walk(folder: Path, heading: str) -> list[subprocess.CompletedProcess[str]]:
    """Does what the section says, block by block, and returns what its commands said."""
    (section,) = re.findall(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    done = []
    for language, body in re.findall(r"^```(\w+)\n(.*?)^```", section, re.MULTILINE | re.DOTALL):
        match language:
            case "sh":
                done += [run(folder, line) for line in body.splitlines()]
            case "diff":
                change(folder, body)
            case "json":
                save(folder, section.partition(body)[0], body)
            case _:
                path = body.partition("\n")[0].removeprefix("# ")
                assert f"`{path}`" in section, "the text names the file as its first line does"
                (folder / path).write_text(body, "utf-8")
    return done


def save(folder: Path, before: str, body: str) -> None:
    """JSON holds no comment that could name its file: the sentence before it does."""
    (folder / re.findall(r"`([\w./-]+)`", before)[-1]).write_text(body, "utf-8")


def run(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    command = line.replace(".venv/bin/python", sys.executable)
    env = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    return subprocess.run(
        ["/bin/bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False
    )


def change(folder: Path, diff: str) -> None:
    """A change as the page shows it: the old lines of a hunk stand in the file once; the new ones take their place."""
    head, _, hunks = diff.partition("\n")
    path = folder / head.removeprefix("--- ")
    for hunk in hunks.split("@@\n"):
        lines = hunk.splitlines()
        old, new = ("\n".join(each[1:] for each in lines if each[:1] != gone) + "\n" for gone in "+-")
        content = path.read_text("utf-8")
        assert content.count(old) == 1, old
        path.write_text(content.replace(old, new), "utf-8")


def test_a_question_is_changed_and_another_one_added(folder: Path) -> None:
    copied, checked = walk(folder, "A question")
    assert copied.returncode == 0
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "Nothing has to be mended." in checked.stdout
    guide = load_guide(str(folder / "my-guide"))
    shipped = load_guide("relational-practice")
    assert (guide.id, guide.version) == ("my-guide", shipped.version + 1)
    progress = begin(guide, service="s", session="s1", code="c").model_copy(update={"path": "full"})
    steps = [step.id for step in plan(guide, progress)]
    place = steps.index("question-so_far_letters")
    assert steps[place - 1 : place + 2 : 2] == ["question-so_far_like", "question-so_far_first"]
    assert guide.topics[0].questions[0].text.startswith("How has it been for you")


def test_a_framework_of_ones_own_codes(folder: Path) -> None:
    *_, coded = walk(folder, "A framework")
    assert (coded.returncode, coded.stderr) == (0, "")
    line = json.loads(coded.stdout)
    found = {coding["subtheme"]: coding for coding in line["codings"]}
    assert set(line["top"]) == {"waiting", "listening"}
    assert found.keys() == {"waiting", "listening"}
    assert {coding["theme"] for coding in found.values()} == {"getting_in", "being_there"}


def test_a_format_of_export_is_a_class_and_a_line(folder: Path) -> None:
    tested, helped = walk(folder, "A format of export")
    assert (tested.returncode, tested.stderr) == (0, ""), tested.stdout
    assert helped.returncode == 0
    assert "csv|tsv|jsonl" in helped.stdout.replace("\n", "")


def test_a_language_is_filled_in_and_checked(folder: Path) -> None:
    if not (folder / "my-guide").exists():
        walk(folder, "A question")
    copied, made, missing = walk(folder, "A language")
    assert (copied.returncode, made.returncode) == (0, 0)
    assert missing.returncode == 1
    assert "guide.cy.toml: arrival: the translation of this text is missing" in missing.stderr
    files = sorted((folder / "my-guide").glob("*.cy.toml"))
    assert [file.name for file in files] == ["contacts.cy.toml", "guide.cy.toml", "words.cy.toml"]
    assert all(f"`my-guide/{file.name}`" in PAGE for file in files)
    for file in files:
        fill(file)
    checked = run(folder, ".venv/bin/python -m flows check my-guide --language cy")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "none missing" in checked.stdout
    guide, other = load_guide(str(folder / "my-guide")), load_guide(str(folder / "my-guide"), language="cy")
    assert languages_of(str(folder / "my-guide")) == ["en", "cy"]
    assert other.topics[0].questions[0].text == f"{guide.topics[0].questions[0].text} »"
    assert (other.contacts.people[0].reach, other.contacts.people[0].nations) == (
        f"{guide.contacts.people[0].reach} »", guide.contacts.people[0].nations,
    )  # fmt: skip
    again = run(folder, ".venv/bin/python -m flows translate my-guide cy")
    assert again.returncode == 1
    assert "there already" in again.stderr


def fill(file: Path) -> None:
    """What a translator does, in a language that is English with a mark: the words above each text, into the text."""
    lines, above = [], []
    for line in file.read_text("utf-8").splitlines():
        if line.startswith("#"):
            above.append(line[2:])
        elif line.endswith('= ""'):
            lines.append(line.replace('""', json.dumps("\n".join(above) + " »", ensure_ascii=False)))
        elif line.endswith('""]'):
            lines.append(line.partition("[")[0] + json.dumps([f"{each} »" for each in above], ensure_ascii=False))
        else:
            lines.append(line)
        if not line.startswith("#"):
            above = []
    file.write_text("\n".join(lines) + "\n", "utf-8")


def test_a_language_has_a_name_of_two_or_three_letters(folder: Path) -> None:
    refused = run(folder, ".venv/bin/python -m flows translate relational-practice Welsh")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "small letters" in refused.stderr
    nowhere = run(folder, ".venv/bin/python -m flows translate no-such-guide cy")
    assert (nowhere.returncode, "there is no such guide" in nowhere.stderr) == (1, True)
