"""How well the word lists hear danger and distress, on labelled messages, and that listening stays quick.

A failing figure names no message: those held back must not be read while the lists are changed (`phrases/README.md`).
"""

import hashlib
import time
import tomllib
from pathlib import Path

import pytest

from flows.distress import may_need_care
from flows.library import load_guide

DISTRESS = load_guide("relational-practice").distress
ROWS = next(iter(tomllib.loads((Path(__file__).parent / "phrases" / "distress.toml").read_text()).values()))


def share_with_care(label: str, *, held_back: bool) -> float:
    texts = [
        row["text"]
        for row in ROWS
        if row["label"] == label and (int(hashlib.sha256(row["text"].encode()).hexdigest(), 16) % 2 == 1) == held_back
    ]
    return sum(may_need_care(text, DISTRESS) for text in texts) / len(texts)


@pytest.mark.parametrize(
    "text",
    [
        "i wanna d1e",
        "k*ll myself",
        "k m s",
        "killmyself",
        "idontwanttolive",
        "sucidal",
        "i want to dieeee",
        "i od’d",
        "when i was 15 i cut myself and now i am cutting again",
        "i dont want to kill myself but i dont want to live",
    ],
)
def test_however_it_is_spelled(text: str) -> None:
    assert may_need_care(text, DISTRESS)


@pytest.mark.parametrize(
    "text",
    [
        "when i was suicidal in 2014 the team were great",
        "killing time",
        "my nan died",
        "im not suicidal",
        "My first husband beat me. That was thirty years ago.",
        "dying of laughter",
        "would of killed for a cup of tea",
    ],
)
def test_an_ordinary_answer_has_an_ordinary_reply(text: str) -> None:
    assert not may_need_care(text, DISTRESS)


LONG = ["a" * 4096, "i want to " * 409, "he is my " * 455, "and " * 1024, "a " * 2048, "k*" * 2048, "\n" * 4096]


@pytest.mark.parametrize("text", LONG)
def test_no_message_takes_long(text: str) -> None:
    """About 10 ms at worst where nothing else runs; the limit leaves room for a busy machine."""
    took = []
    for _ in range(3):
        began = time.perf_counter()
        may_need_care(text, DISTRESS)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1


def test_the_half_for_development_is_heard() -> None:
    """The aims are .97, .85 and at most .10: 131 of 154 (.851) and 43 of 52 (.827) miss, 13 of 225 (.058) is met."""
    assert share_with_care("danger", held_back=False) >= 0.85
    assert share_with_care("upset", held_back=False) >= 0.82
    assert share_with_care("harmless", held_back=False) <= 0.10


def test_danger_is_heard_in_the_half_held_back() -> None:
    """The aim is .97, and it is missed: 121 of 154 (.786) at the one final measurement."""
    assert share_with_care("danger", held_back=True) >= 0.78


def test_being_upset_is_heard_in_the_half_held_back() -> None:
    """The aim is .85, and it is missed by a hair: 39 of 46 (.848) at the one final measurement."""
    assert share_with_care("upset", held_back=True) >= 0.84


def test_harmless_words_seldom_bring_care_in_the_half_held_back() -> None:
    """24 of 221 (.109) at the one final measurement; the aim, .10, stands below."""
    assert share_with_care("harmless", held_back=True) <= 0.11


@pytest.mark.xfail(reason="the aims of the held-back half are not reached yet", strict=True, raises=AssertionError)
@pytest.mark.parametrize(("label", "least", "most"), [("danger", 0.97, 1), ("upset", 0.85, 1), ("harmless", 0, 0.10)])
def test_the_aims_of_the_half_held_back(label: str, least: float, most: float) -> None:
    """The aims as they are. Strict: whoever reaches one is told to take it out of here and hold it."""
    assert least <= share_with_care(label, held_back=True) <= most
