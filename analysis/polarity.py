"""TextBlob's polarity of a list of words, without the words that leave it as it is.

Most words are in no lexicon of TextBlob's. One of them ends what a "not" or a "very" before it would still reach; after
that, more of them change nothing until a word comes that TextBlob knows. So only those that may matter are handed on.

Promise: the same number as `textblob.en.sentiment` gives for the same words, to the last bit.
"""

from collections.abc import Sequence
from functools import cache

from textblob.en import sentiment

_ENDS = 3  # letters from which an unknown word ends what reaches on from before
_UNKNOWN = "zzz"  # in no lexicon


def polarity_of(words: Sequence[str]) -> float:
    """From -1 to 1. `words` are in small letters, as `analysis.words.find_words` gives them."""
    known, kept, reaches = _known(), [], False
    for word in words:
        if word in known:
            kept.append(word)
            reaches = True
        elif reaches:
            kept.append(_UNKNOWN[: len(word)])
            reaches = len(word) < _ENDS
    return float(sentiment(kept)[0]) if kept else 0.0


@cache
def _known() -> frozenset[str]:
    """What TextBlob looks at: the words of its lexicon, negations, and smileys that can be read as a word ("8-0")."""
    from textblob._text import EMOTICONS  # noqa: PLC0415 - private, and its only list of them

    sentiment(["good"])  # its lexicon is read at first use
    smileys = {each.lower() for group in EMOTICONS.values() for each in group}
    return frozenset(dict.keys(sentiment)) | frozenset(sentiment.negations) | smileys | {"!", "(!)"}
