"""How well wishes in plain words are understood, on labelled messages. A failing figure names no message."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from flows.commands import understand
from flows.library import load_guide

COMMANDS = load_guide("relational-practice").commands
ROWS = next(iter(tomllib.loads((Path(__file__).parent / "phrases" / "wishes.toml").read_text()).values()))


def rows(*, held_back: bool) -> list[tuple[str, str]]:
    return [
        (row["text"], row["wish"])
        for row in ROWS
        if (int(hashlib.sha256(row["text"].encode()).hexdigest(), 16) % 2 == 1) == held_back
    ]


def obeyed_answers(*, held_back: bool) -> int:
    heard = [understand(text, COMMANDS) for text, wish in rows(held_back=held_back) if not wish]
    return sum(each is not None and each.sure for each in heard)


def share_understood(*, held_back: bool) -> float:
    wishes = [(understand(text, COMMANDS), wish) for text, wish in rows(held_back=held_back) if wish]
    return sum(heard is not None and heard.wish == wish for heard, wish in wishes) / len(wishes)


@pytest.mark.parametrize("text", ["delete my anwsers", "stoppp", "im back", "no problem", "i dont know, skip"])
def test_slips_and_everyday_wordings_are_understood(text: str) -> None:
    assert understand(text, COMMANDS) is not None


@pytest.mark.parametrize("held_back", [False, True])
def test_no_answer_is_obeyed(held_back: bool) -> None:
    assert obeyed_answers(held_back=held_back) == 0


def test_wishes_of_the_half_for_development_are_understood() -> None:
    assert share_understood(held_back=False) >= 0.95


def test_wishes_of_the_half_held_back_are_understood() -> None:
    """The aim is .95, and it is missed: 138 of 156 (.885; 135 surely, 3 asked about); 121 (.776) before."""
    assert share_understood(held_back=True) >= 0.88


@pytest.mark.xfail(reason="the aim of the held-back half is not reached yet", strict=True, raises=AssertionError)
def test_the_aim_of_the_half_held_back() -> None:
    """The aim as it is. Strict: whoever reaches it is told to take it out of here and hold it."""
    assert share_understood(held_back=True) >= 0.95
