"""The shorter way to TextBlob's polarity gives its number to the last bit, whatever the words are."""

from hypothesis import given, settings
from hypothesis import strategies as st
from textblob.en import sentiment

from analysis.polarity import _lexicon, polarity_of
from analysis.words import find_words
from tests.test_deidentify import marks

WORDS = [
    *sorted(_lexicon().known),
    "a",
    "is",
    "it",
    "zzz",
    "they",
    "don't",
    "i'm",
    "14",
    "8-0",
    "xd",
    "a&e",
    "o'k",
    "n't",
]


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from(WORDS) | st.text("abcnot'8-&", min_size=1, max_size=6), max_size=12))
def test_any_words(words: list[str]) -> None:
    words = [word.text for word in find_words(" ".join(words))]
    assert polarity_of(words) == (sentiment(words)[0] if words else 0.0)


@settings(max_examples=2000, deadline=None)
@given(st.lists(st.sampled_from(["not", "very", "good", "really", "bad", "so", "the", "a", "is", "never", "14"])))
def test_what_reaches_on(words: list[str]) -> None:
    assert polarity_of(words) == (sentiment(words)[0] if words else 0.0)


def test_messages() -> None:
    for each in (*marks.read_marked(), *marks.read_marked("unmarked.txt")):
        words = [word.text for word in find_words(each.text)]
        assert polarity_of(words) == sentiment(words)[0]
