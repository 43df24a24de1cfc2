"""How well wishes in plain words are understood, on labelled messages. A failing figure names no message."""

import hashlib
import tomllib
from pathlib import Path

import pytest

from flows.commands import understand
from flows.library import load_guide

COMMANDS = load_guide("relational-practice").commands
PHRASES = Path(__file__).parent / "phrases"
SETS = {
    name: next(iter(tomllib.loads((PHRASES / f"{name}.toml").read_text()).values()))
    for name in ("wishes", "wishes-second")
}


def rows(*, held_back: bool, name: str = "wishes") -> list[tuple[str, str]]:
    return [
        (row["text"], row["wish"])
        for row in SETS[name]
        if (int(hashlib.sha256(row["text"].encode()).hexdigest(), 16) % 2 == 1) == held_back
    ]


def obeyed_answers(*, held_back: bool, name: str = "wishes") -> int:
    heard = [understand(text, COMMANDS) for text, wish in rows(held_back=held_back, name=name) if not wish]
    return sum(each is not None and each.sure for each in heard)


def share_understood(*, held_back: bool, name: str = "wishes") -> float:
    wishes = [(understand(text, COMMANDS), wish) for text, wish in rows(held_back=held_back, name=name) if wish]
    return sum(heard is not None and heard.wish == wish for heard, wish in wishes) / len(wishes)


@pytest.mark.parametrize("text", ["delete my anwsers", "stoppp", "im back", "no problem", "i dont know, skip"])
def test_slips_and_everyday_wordings_are_understood(text: str) -> None:
    assert understand(text, COMMANDS) is not None


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("held_back", [False, True])
def test_no_answer_is_obeyed(held_back: bool, name: str) -> None:
    assert obeyed_answers(held_back=held_back, name=name) == 0


def test_wishes_of_the_half_for_development_are_understood() -> None:
    assert share_understood(held_back=False) >= 0.95


def test_wishes_of_the_half_held_back_are_understood() -> None:
    """151 of 156 (.968): 136 surely, 15 asked about. Before the grammar of wishes: 138 (.885)."""
    assert share_understood(held_back=True) >= 0.95


def test_wishes_of_the_second_set_are_understood() -> None:
    """91 of 99 (.919) at its one measurement. This set leaves out the commonest spellings, which stand in the first;
    both held-back halves together: 242 of 255 (.949)."""
    assert share_understood(held_back=True, name="wishes-second") >= 0.91


@pytest.mark.xfail(reason="the aim is not reached on the second set yet", strict=True, raises=AssertionError)
def test_the_aim_of_the_second_set() -> None:
    """The aim as it is. Strict: whoever reaches it is told to take the mark off and hold it."""
    assert share_understood(held_back=True, name="wishes-second") >= 0.95


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("held_back", [False, True])
def test_hardly_any_answer_is_asked_about(held_back: bool, name: str) -> None:
    """A question too many is small beside a wish that nobody heard, but it is a question too many."""
    answers = [understand(text, COMMANDS) for text, wish in rows(held_back=held_back, name=name) if not wish]
    assert sum(heard is not None for heard in answers) / len(answers) <= 0.05


@pytest.mark.parametrize(
    ("text", "wish", "sure"),
    [
        ("could we maybe leave this one out", "skip", True),
        ("i think i want to come back to this at the weekend pls", "pause", True),
        ("skipthis", "skip", True),
        ("kids are home, can we do the rest tomorrow", "pause", False),
        ("ok. i think thats it. thanks", "done", True),
        ("could u get rid of that last thing i said", "delete", True),
        ("does my care coordinator get to see any of this", "privacy", False),
        ("not up for that one, next?", "skip", False),
        ("can we leave that horrible one out", "skip", False),
    ],
)
def test_manners_around_a_wish_change_nothing_about_it(text: str, wish: str, sure: bool) -> None:
    heard = understand(text, COMMANDS)
    assert heard is not None
    assert (heard.wish, heard.sure) == (wish, sure)


@pytest.mark.parametrize(
    "text",
    [
        "can i just say how good my nurse is", "please stop moving my appointments", "help when i need it",
        "id like to talk to the same person each time", "to know who reads my file",
        "delete the waiting list please", "i could carry on with the group", "i want to stop feeling like this",
        "could they skip the forms",
    ],
)  # fmt: skip
def test_one_word_too_many_and_it_is_an_answer(text: str) -> None:
    assert understand(text, COMMANDS) is None


@pytest.mark.parametrize(
    "text", ["i want to end it", "i want out", "i give up", "can i end it all please", "i want it all to stop"]
)
def test_what_may_mean_dying_is_never_obeyed(text: str) -> None:
    heard = understand(text, COMMANDS)
    assert heard is None or not heard.sure
