"""Whether a text is in English, which is the only language that the lexical engine can code.

A text counts as not English where it has several words, hardly any of which are English function words or known from
the exemplars, or where most of its letters are of another script. Short texts get the benefit of the doubt.
"""

from collections.abc import Callable, Sequence

from analysis.cues import read_function_words
from analysis.words import Word

_FEWEST = 5  # words; below it nothing can be said
_LEAST_FUNCTION = 0.15  # share of function words; about half of English prose is
_LEAST_KNOWN = 0.6


def is_english(words: Sequence[Word], knows: Callable[[str], bool]) -> bool:
    """`knows` tells whether a word was seen in the exemplars."""
    foreign = "".join([word.text for word in words if not word.text.isascii()])
    if any(letter > "\u024f" for letter in foreign):
        letters = [letter for word in words for letter in word.text if letter.isalpha()]
        if sum(letter > "\u024f" for letter in letters) > len(letters) / 2:
            return False
    if len(words) < _FEWEST:
        return True
    functions = read_function_words()
    function = sum([word.text in functions for word in words]) / len(words)
    known = sum([knows(word.text) for word in words]) / len(words)
    return function >= _LEAST_FUNCTION or known >= _LEAST_KNOWN
