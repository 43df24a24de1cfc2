"""The pages for whoever runs Hearten or decides about it name only what is there: commands, settings, tests, files."""

import re
from functools import cache
from pathlib import Path

import pytest

from analysis.commands.study import ReportSettings
from bot.settings import BotSettings
from flows.commands import SLASH
from storage.settings import PREFIX
from tests.test_docs.documents import ROOT, code, more, read, rows
from tests.test_docs.test_commands import COMMANDS
from tests.test_docs.test_mentions import headings

PAGES = more()


@cache
def names_of_tests() -> set[str]:
    files = (ROOT / "tests").glob("**/test_*.py")
    return {name for file in files for name in re.findall(r"\bdef (test_\w+)\(", file.read_text("utf-8"))}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", read(page)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        file = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert file.exists(), target
        assert not anchor or anchor in headings(file.read_text("utf-8")), target


@pytest.mark.parametrize("page", PAGES)
def test_tests_that_are_named_exist(page: str) -> None:
    named = {each for each in code(read(page)) if re.fullmatch(r"test_\w+", each)}
    assert named <= names_of_tests(), named - names_of_tests()


@pytest.mark.parametrize("page", PAGES)
def test_commands_and_options_that_are_named_exist(page: str) -> None:
    """Also those without `python -m`, such as `storage verify`, and what people type in the chat."""
    for each in re.findall(r"python -m (?:bot|flows|storage|analysis)[^`\n]*", read(page)):
        words = each.split()
        name = next((n for n in (" ".join(words[:count]) for count in (5, 4)) if n in COMMANDS), None)
        assert name, each
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts} | {"--help"}
        assert {word for word in words[3:] if re.fullmatch(r"--?[a-z][a-z-]*", word)} <= known, each
    for each in re.findall(r"python -m (tests\.[\w.]+)", read(page)):
        assert (ROOT / f"{each.replace('.', '/')}.py").is_file(), each
    for each in code(read(page)):
        assert not re.fullmatch(r"/[a-z]+", each) or each.lstrip("/") in {*SLASH, *(s.lstrip("/") for s in SLASH)} | {
            "healthz",
            "readyz",
            "metrics",
            "data",
            "keyring",
            "revoke",
        }, each


@pytest.mark.parametrize("page", PAGES)
def test_settings_and_files_that_are_named_exist(page: str) -> None:
    known = {PREFIX + name.upper() for name in BotSettings.model_fields | ReportSettings.model_fields}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", read(page))) <= known
    folders = ("bot/", "flows/", "storage/", "analysis/", "tests/", "deploy/", "docs/")
    for each in code(read(page)):
        if each.startswith(folders) and "<" not in each and " " not in each:
            assert (ROOT / each).exists(), each


@pytest.mark.parametrize("page", PAGES)
def test_no_address_of_somebodys_machine(page: str) -> None:
    assert not re.search(r"/(?:home|root|Users)/", read(page))
    allowed = {"doi.org", "api.telegram.org", "t.me"}
    assert set(re.findall(r"https?://([\w.-]+)", read(page))) <= allowed


def test_every_hazard_has_a_cause_an_effect_and_controls_that_tests_show() -> None:
    text = read("docs/deciders/hazards.md")
    table = rows(text, "## The log")
    assert len(table) >= 12
    assert [row[0] for row in table] == [f"H{number}" for number in range(1, len(table) + 1)]
    for row in table:
        assert len(row) == 6, row[0]
        assert all(row), f"{row[0]} has an empty field"
        assert re.search(r"`test_\w+`", row[4]) or "No technical control" in row[4], row[0]


def test_the_picture_of_data_flows_has_words_beside_it() -> None:
    """A picture that nobody has to see: each arrow has a number, and each number a row."""
    picture = (ROOT / "docs/deciders/flows.svg").read_text("utf-8")
    assert 'role="img"' in picture
    assert "<title" in picture
    assert "<desc" in picture
    numbers = sorted({int(each) for each in re.findall(r'class="number"[^>]*>(\d+)<', picture)})
    described = [int(row[0]) for row in rows(read("docs/deciders/dpia.md"), "## Where data flows")]
    assert numbers == described == list(range(1, len(numbers) + 1))
    assert not re.search(r"(?:href|src)=\"https?:", picture)


def test_open_fields_are_marked_in_one_way() -> None:
    """What only people can fill in is set apart, so that it is not taken for an answer."""
    for page in (ROOT / "docs/deciders").glob("*.md"):
        for line in page.read_text("utf-8").splitlines():
            assert "TBC" not in line
            assert "…" not in line
    assert Path(ROOT / "docs/deciders/dpia.md").read_text("utf-8").count("**To fill in:**") >= 8
