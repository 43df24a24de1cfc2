"""Whether a text is in English, which is the only language that the lexical engine can code.

A text counts as not English where it has several words, hardly any of which are English function words or known from
the exemplars, or where most of its letters are of another script. Short texts get the benefit of the doubt.
"""

from collections.abc import Callable, Sequence

from analysis.words import Word

_FEWEST = 5  # words; below it nothing can be said
_FUNCTION_WORDS = frozenset(
    (
        "the a an and or but of to in on at for with from by as is was were are be been am it its it's i i'm im i've ive "
        "my me we us our you your he she they them their his her this that these those there not no don't didn't dont "
        "didnt can't cant so if then when what who how which do does did have has had would could should will just "
        "about all some any more very too up out"
    ).split()
)


def is_english(words: Sequence[Word], knows: Callable[[str], bool]) -> bool:
    """`knows` tells whether a word was seen in the exemplars."""
    letters = [letter for word in words for letter in word.text if letter.isalpha()]
    if letters and sum(letter > "\u024f" for letter in letters) > len(letters) / 2:
        return False
    if len(words) < _FEWEST:
        return True
    function = sum(word.text in _FUNCTION_WORDS for word in words) / len(words)
    known = sum(knows(word.text) for word in words) / len(words)
    return function >= 0.15 or known >= 0.6
