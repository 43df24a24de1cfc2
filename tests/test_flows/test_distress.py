"""How well we hear danger and distress, on labelled messages and ordinary answers, and that listening stays quick.

A failing figure names no message: those held back must not be read while lists or examples are changed
(`phrases/README.md`). `figures()` says all shares of a half in a few lines.
"""

import hashlib
import json
import time
import tomllib
from pathlib import Path

import pytest

from flows.distress import may_need_care
from flows.library import load_guide

DISTRESS = load_guide("relational-practice").distress
BY_SIGNS_ALONE = DISTRESS.model_copy(update={"likeness": None})
PHRASES = Path(__file__).parent / "phrases"
ROOT = Path(__file__).parents[2]
LABELS = ("danger", "upset", "harmless")


def is_held_back(text: str) -> bool:
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 2 == 1


def is_left_out(text: str) -> bool:
    """The quarter of the exemplars that is not among the examples."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % 4 == 3


def messages(label: str, *, held_back: bool, name: str = "distress") -> list[str]:
    rows = next(iter(tomllib.loads((PHRASES / f"{name}.toml").read_text()).values()))
    return [row["text"] for row in rows if row["label"] == label and is_held_back(row["text"]) == held_back]


def share_heard(texts: list[str]) -> float:
    return sum(may_need_care(text, DISTRESS) for text in texts) / len(texts)


def share_with_care(label: str, *, held_back: bool, name: str = "distress") -> float:
    return share_heard(messages(label, held_back=held_back, name=name))


def figures(*, held_back: bool, name: str = "distress") -> str:
    """How many messages of a half call for care, by label: by both ways of listening, and by the signs alone."""
    lines = []
    for label in LABELS:
        texts = messages(label, held_back=held_back, name=name)
        both, signs = (sum(may_need_care(text, each) for text in texts) for each in (DISTRESS, BY_SIGNS_ALONE))
        lines.append(f"{label}: {both} of {len(texts)} ({both / len(texts):.3f}); by the signs alone {signs}")
    return "\n".join(lines)


def is_later(file: Path, number: int) -> bool:
    """Whether an exemplar was written after the bounds were chosen. No example was made of those."""
    later = file.stem.startswith("stance") or file.stem == "service_user_synthesis.reflective"
    return later or (file.stem == "none" and number > 395)


def ordinary_answers() -> dict[str, list[str]]:
    """The exemplars that nothing was learned from, those that came later, and what the people of the demo say."""
    exemplars = [
        (json.loads(line)["text"], is_later(file, number))
        for file in sorted((ROOT / "analysis" / "exemplars").glob("*.jsonl"))
        for number, line in enumerate(file.read_text().splitlines(), 1)
    ]
    people = tomllib.loads((ROOT / "bot" / "demo" / "people.toml").read_text())["person"]
    said = [text for person in people for parts in person["answers"].values() for text in parts]
    earlier = [text for text, later in exemplars if not later and is_left_out(text)]
    return {"exemplars": earlier, "later": [text for text, later in exemplars if later], "demo": said}


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
    """145 of 154 (.942), 52 of 52 and 17 of 225 (.076); by the signs alone 131, 43 and 13.

    Kinder than real life: the examples were written by somebody who had read this half.
    """
    assert share_with_care("danger", held_back=False) >= 0.94
    assert share_with_care("upset", held_back=False) >= 0.98
    assert share_with_care("harmless", held_back=False) <= 0.08


LATER = pytest.param(
    "later", 0.04, marks=pytest.mark.xfail(reason="more than on the first", strict=True, raises=AssertionError)
)


@pytest.mark.parametrize(("kind", "most"), [("exemplars", 0.04), ("demo", 0.02), ("later", 0.07), LATER])
def test_ordinary_answers_seldom_bring_care(kind: str, most: float) -> None:
    """21 of 547 exemplars (.038) and 2 of 182 answers of the demo (.011). Of 1,681 that were written later, in more
    voices, 93 (.055): some of them do tell of danger, and odd short ones ("it's frozen") are misheard. To make examples
    of them was tried: fewer of them are heard then, and of danger too."""
    assert share_heard(ordinary_answers()[kind]) <= most


def test_each_way_hears_what_the_other_does_not() -> None:
    only_signs = "my carer pulls me by the hair"
    unheard = DISTRESS.model_copy(update={"signs": DISTRESS.signs[:1]})
    assert may_need_care(only_signs, DISTRESS)
    assert not may_need_care(only_signs, unheard)
    only_likeness = "he sits in his van opposite my flat watching"
    assert not may_need_care(only_likeness, BY_SIGNS_ALONE)
    assert may_need_care(only_likeness, DISTRESS)


def test_one_sentence_is_heard_in_a_long_answer() -> None:
    around = "The waiting room was cold. The receptionist knew my name. Two buses to get there. "
    assert not may_need_care(around * 3, DISTRESS)
    assert may_need_care(f"{around}he sits in his van opposite my flat watching. {around}", DISTRESS)


def test_danger_is_heard_in_the_half_held_back() -> None:
    """The aim is .97, and it is missed: 144 of 154 (.935). By the signs alone 121 (.786)."""
    assert share_with_care("danger", held_back=True) >= 0.93


def test_being_upset_is_heard_in_the_half_held_back() -> None:
    """The aim, .85, is met: 45 of 46 (.978). By the signs alone 39 (.848)."""
    assert share_with_care("upset", held_back=True) >= 0.95


def test_harmless_words_seldom_bring_care_in_the_half_held_back() -> None:
    """24 of 221 (.109), as many as by the signs alone; the aim, .10, stands below."""
    assert share_with_care("harmless", held_back=True) <= 0.11


@pytest.mark.xfail(reason="these aims of the held-back half are not reached yet", strict=True, raises=AssertionError)
@pytest.mark.parametrize(("label", "least", "most"), [("danger", 0.97, 1), ("harmless", 0, 0.10)])
def test_the_aims_of_the_half_held_back(label: str, least: float, most: float) -> None:
    """The aims as they are. Strict: whoever reaches one is told to take it out of here and hold it."""
    assert least <= share_with_care(label, held_back=True) <= most


SECOND = "distress-second"


def test_the_second_half_for_development_is_heard() -> None:
    """134 of 155 (.865), 48 of 49 (.980), 29 of 240 (.121); by the signs alone 96 (.619), 33 (.673), 34 (.142)."""
    assert share_with_care("danger", held_back=False, name=SECOND) >= 0.86
    assert share_with_care("upset", held_back=False, name=SECOND) >= 0.97
    assert share_with_care("harmless", held_back=False, name=SECOND) <= 0.125


def test_the_second_half_held_back_is_heard() -> None:
    """The honest figure, taken once: nobody who wrote signs or examples had seen this set.

    142 of 156 (.910), 42 of 43 (.977) and 25 of 257 (.097); by the signs alone 108 (.692), 34 (.791) and 24 (.093).
    """
    assert share_with_care("danger", held_back=True, name=SECOND) >= 0.90
    assert share_with_care("upset", held_back=True, name=SECOND) >= 0.95
    assert share_with_care("harmless", held_back=True, name=SECOND) <= 0.10


@pytest.mark.xfail(reason="danger is not heard as often as it must be yet", strict=True, raises=AssertionError)
def test_the_aim_of_the_second_half_held_back() -> None:
    assert share_with_care("danger", held_back=True, name=SECOND) >= 0.97
