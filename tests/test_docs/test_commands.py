"""Every command and option that is there is in the README, and nothing that is not there."""

import re
from collections.abc import Iterator

import pytest
from typer.core import TyperArgument, TyperCommand, TyperGroup
from typer.main import get_command

from analysis.__main__ import app as analysis
from analysis.export.forms import FORMS
from bot.__main__ import app as bot
from flows.__main__ import app as flows
from flows.commands import SLASH
from flows.library import load_guide
from storage.__main__ import app as storage
from tests.test_docs.documents import NAMES, code, read, rows

README = read("README.md")
DOORS = {"bot": bot, "flows": flows, "storage": storage, "analysis": analysis}


def commands() -> dict[str, TyperCommand]:
    """Every command of every door by what one types."""

    def within(name: str, each: object) -> Iterator[tuple[str, TyperCommand]]:
        if isinstance(each, TyperGroup):
            for part, command in each.commands.items():
                yield from within(f"{name} {part}", command)
        else:
            assert isinstance(each, TyperCommand)
            yield name, each

    return {
        name: command for room, app in DOORS.items() for name, command in within(f"python -m {room}", get_command(app))
    }


def documented() -> dict[str, str]:
    """Of each row of the table: the command, and what it is used with."""
    found = {}
    for row in rows(README, "## Commands"):
        words = row[0].strip("`").split(" ")
        end = next(
            (place for place, word in enumerate(words[3:], 3) if not re.fullmatch("[a-z]+(?:-[a-z]+)*", word)),
            len(words),
        )
        found[" ".join(words[:end])] = " ".join(words[end:])
    return found


COMMANDS = commands()
DOCUMENTED = documented()


def test_every_command_is_in_the_readme_and_no_other() -> None:
    assert sorted(DOCUMENTED) == sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_as_they_are_in_the_code(name: str) -> None:
    usage = DOCUMENTED[name]
    may_be_left_out = "".join(re.findall(r"\[[^]]*\]", usage))
    must_be_there = re.sub(r"\[[^]]*\]", "", usage)
    shown = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", usage))
    known = set()
    for parameter in COMMANDS[name].params:
        place = must_be_there if parameter.required else may_be_left_out
        if isinstance(parameter, TyperArgument):
            assert (parameter.metavar or str(parameter.name).upper()) in place
            continue
        assert shown & set(parameter.opts), f"{name} has {parameter.opts}, and the README does not say so"
        assert any(re.search(rf"(?<![\w-]){option}(?![\w-])", place) for option in parameter.opts)
        known |= set(parameter.opts)
        if (number := re.search(rf"{parameter.opts[0]} (\d+)\b(?!-)", usage)) is not None:
            assert int(number[1]) == parameter.default
    assert shown <= known


def test_the_formats_of_an_export() -> None:
    assert f"--format {'|'.join(FORMS)} " in DOCUMENTED["python -m analysis export"]


@pytest.mark.parametrize("document", NAMES)
def test_commands_that_documents_mention_exist(document: str) -> None:
    rooms = "|".join(DOORS)
    mentioned = re.findall(rf"python -m ((?:{rooms})(?: [a-z-]+)*)", read(document).replace("\n", " "))
    mentioned += [each for each in code(read(document)) if re.fullmatch(rf"(?:{rooms}) [a-z]+(?: [A-Z]+)?", each)]
    typed = {name.removeprefix("python -m ") for name in COMMANDS}
    groups = {name.rpartition(" ")[0] for name in typed}
    for each in mentioned:
        words = each.split()
        assert each in groups or any(" ".join(words[:count]) in typed for count in (2, 3)), each


def test_what_people_can_type_in_the_chat() -> None:
    typed = {each for each in code(README) if re.fullmatch(r"/[a-z]+", each)} - {"/newbot", "/setjoingroups"}
    assert typed == set(SLASH)
    assert {f"/{name}" for name in load_guide("relational-practice").words.commands} == typed - {"/language"}, (
        "the menu names a language only where there is another one"
    )


def test_the_targets_of_make() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", read("Makefile"), re.MULTILINE)
    (sentence,) = re.findall(r"`make` knows (.*?)\. ", README.replace("\n", " "))
    assert {"demo", "test"} | set(code(sentence)) - {".venv", "var"} == set(phony.split())
