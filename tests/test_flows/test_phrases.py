"""Phrases of a list, and that leaving out those whose words are missing leaves out no match."""

import re

import pytest

from flows.library import load_guide
from flows.likeness.examples import read_examples
from flows.phrases import Phrases, read
from flows.spelling import Spelling

DISTRESS = load_guide("relational-practice").distress
GROUPS = {term.name: term.words for term in DISTRESS.terms}


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("call 999", "please call 999 for me"),
        ("took # tablets", "i took 30 tablets"),
        ("i will kill*", "i will killhim"),
        ("want to (die|be dead)", "i want to be dead"),
        ("want [so much] to die", "i want to die"),
        ("he ... hits me", "he always hits me"),
        ("i am !(not) safe", "i am safe"),
        ("(stand|stood) on the [high|old] bridge", "stood on the bridge"),
        ("in (my|the [big]) room", "in the big room"),
    ],
)
def test_a_phrase_is_found(phrase: str, text: str) -> None:
    assert [*Phrases([phrase], {}).spans(text)]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [("want to (die|be dead)", "i want to be fed"), ("i am !(not) safe", "i am not safe"), ("call 999", "call 99")],
)
def test_another_text_is_not(phrase: str, text: str) -> None:
    assert [*Phrases([phrase], {}).spans(text)] == []


def test_looking_only_for_phrases_whose_words_are_there_misses_none() -> None:
    """Against trying each phrase at each place, over a part of the examples."""
    phrases = [phrase for sign in DISTRESS.signs for phrase in sign.phrases][::9]
    patterns = [re.compile(rf"(?<!\w){read(phrase, GROUPS)[0]}", re.MULTILINE) for phrase in phrases]
    quick, plain = Phrases(phrases, GROUPS), Spelling.of(DISTRESS).plain
    texts = [plain(example.text) for example in read_examples()[::19]]
    heard = [bool([*quick.spans(text)]) for text in texts]
    assert heard == [any(pattern.search(text) for pattern in patterns) for text in texts]
    assert any(heard)
