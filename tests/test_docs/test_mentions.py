"""What the documents point at is there: files, headings, tests, dependencies, and the lines of the analysis."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from analysis.__main__ import app
from tests.test_docs.documents import NAMES, ROOT, blocks, code, read, rows

LARGEST_PICTURE = 200_000


def headings(text: str) -> set[str]:
    """The anchors of a document, as the common hosts make them."""
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in found}


@pytest.mark.parametrize("document", NAMES)
def test_links_lead_somewhere(document: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(document)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        assert not path or (ROOT / path).is_file(), target
        assert not anchor or anchor in headings(read(path or document)), target


@pytest.mark.parametrize("document", NAMES)
def test_paths_in_the_text_exist(document: str) -> None:
    rooms = ("bot/", "flows/", "storage/", "analysis/", "tests/")
    for each in code(read(document)):
        if each.startswith(rooms) and "<" not in each:
            assert (ROOT / each).exists(), each


def test_pictures_are_small() -> None:
    pictures = re.findall(r"!\[[^]]{20,}\]\(([^)]+)\)", read("README.md"))
    assert len(pictures) == read("README.md").count("![")
    assert all((ROOT / each).stat().st_size < LARGEST_PICTURE for each in pictures)


def test_the_tests_that_stand_behind_a_promise_exist() -> None:
    written = "\n".join(file.read_text("utf-8") for file in ROOT.glob("tests/**/test_*.py"))
    promises = rows(read("SECURITY.md"), "## What holds, and the test that shows it")
    assert promises
    for _, _, shown_by in promises:
        names = code(shown_by)
        assert names
        for name in names:
            assert re.search(rf"\bdef {name}\(", written) or (ROOT / name).is_file(), name


def test_every_threat_has_tests_that_exist_and_says_what_does_not_hold() -> None:
    written = "\n".join(file.read_text("utf-8") for file in ROOT.glob("tests/**/test_*.py"))
    threats = re.split(r"^## ", read("docs/threats.md"), flags=re.MULTILINE)[1:]
    assert len(threats) >= 8
    for threat in threats:
        named = re.findall(r"^\| `(test_\w+)` \|$", threat, re.MULTILINE)
        assert named, threat
        assert all(re.search(rf"\bdef {name}\(", written) for name in named), named
        assert "\nHolds: " in threat
        assert "\nDoes not hold:" in threat


def test_every_dependency_is_explained_and_no_other() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    wanted = project["dependencies"] + [each for extra in project["optional-dependencies"].values() for each in extra]
    explained = [row[0].strip("`") for row in rows(read("ARCHITECTURE.md"), "## Dependencies")]
    assert sorted(explained) == sorted({re.split(r"[\[<>=~ ]", each)[0] for each in wanted})


@pytest.mark.parametrize("document", NAMES)
def test_addresses_are_those_that_readers_need(document: str) -> None:
    """No address of somebody's own machine or package index gets in with a copied command."""
    text = read(document)
    assert set(re.findall(r"https?://([\w.-]+)", text)) <= {"doi.org", "t.me", "api.telegram.org"}
    assert not re.search(r"/(?:home|root|Users)/", text)


def run(command: str, line: str, folder: Path) -> dict[str, object]:
    source = folder / "in.jsonl"
    source.write_text(line + "\n", "utf-8")
    done = CliRunner().invoke(app, [command, str(source)])
    assert done.exit_code == 0, done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_the_lines_of_the_analysis_are_as_described(tmp_path: Path) -> None:
    to_code, coded, clean, gold = (
        " ".join(each.split("\n")).strip() for each in blocks(read("ARCHITECTURE.md"), "json")
    )
    shown, given = json.loads(coded), run("code", to_code, tmp_path)
    assert shown.keys() == given.keys()
    (one,), (other,) = shown["codings"], given["codings"]  # type: ignore[misc]
    same = ("subtheme", "theme", "stance", "start", "end")
    assert one.keys() == other.keys()
    assert [one[key] for key in same] == [other[key] for key in same]
    original = json.dumps({"id": "a1", "text": "My nurse Sarah listened."})
    assert run("deidentify", original, tmp_path) == json.loads(clean)
    measured = run("evaluate", gold, tmp_path)
    (section,) = re.findall(r"\*\*`evaluate`\*\*(.*?)\n## ", read("ARCHITECTURE.md"), re.DOTALL)
    assert set(measured) <= set(code(section))
    assert set(measured["per_subtheme"]["compassion"]) <= set(code(section))  # type: ignore[index]
