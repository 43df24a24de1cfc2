"""TextBlob's polarity of words: the stated baseline of stance, and one of its features.

TextBlob's own code and lexicon, read from its package without the rest of it: importing `textblob` loads NLTK, which
takes longer than everything else at the start and is not needed here. Nothing is fetched.

Most words are in no lexicon of TextBlob's. One of them ends what a "not" or a "very" before it would still reach; after
that, more of them change nothing until a word comes that TextBlob knows. So only those that may matter are handed on.

Promise: the same number as `textblob.en.sentiment` gives for the same words, to the last bit.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NamedTuple

from analysis.errors import ContentError

_ALONE = "hearten_textblob_text"  # a name of its own, so that it never stands in for TextBlob's module
_ENDS = 3  # letters from which an unknown word ends what reaches on from before
_UNKNOWN = "zzz"  # in no lexicon


class _Lexicon(NamedTuple):
    """`known`: what TextBlob looks at, that is the words of its lexicon, negations, and smileys that can be read as a
    word ("8-0")."""

    read: Callable[[list[str]], tuple[float, float]]
    known: frozenset[str]


def polarity_of(words: Sequence[str]) -> float:
    """From -1 (unpleasant) to 1 (pleasant); 0 for no words, or none that TextBlob knows. `words` are in small letters,
    as `analysis.words.find_words` gives them."""
    lexicon, kept, reaches = _lexicon(), list[str](), False
    for word in words:
        if word in lexicon.known:
            kept.append(word)
            reaches = True
        elif reaches:
            kept.append(_UNKNOWN[: len(word)])
            reaches = len(word) < _ENDS
    return float(lexicon.read(kept)[0]) if kept else 0.0


@cache
def _lexicon() -> _Lexicon:
    found = find_spec("textblob")
    if found is None or found.origin is None:
        raise ContentError("TextBlob is not installed: install Hearten again.")
    folder = Path(found.origin).parent
    spec = spec_from_file_location(_ALONE, folder / "_text.py")
    if spec is None or spec.loader is None:
        raise ContentError("TextBlob's package is not complete: install it again.")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    # From here on as textblob/en/__init__.py has it.
    sentiment = module.Sentiment(
        path=str(folder / "en" / "en-sentiment.xml"),
        synset="wordnet_id",
        negations=("no", "not", "n't", "never"),
        modifiers=("RB",),
        modifier=lambda word: word.endswith("ly"),
        language="en",
    )
    sentiment.load()
    for word, senses in list(sentiment.items()):
        if "JJ" in senses:  # "terrible" gives "terribly"
            base = word[:-1] + "i" if word.endswith("y") else word
            sentiment.annotate(base.removesuffix("le") + "ly", "RB", *senses["JJ"])
    smileys = {each.lower() for group in module.EMOTICONS.values() for each in group}
    known = frozenset(dict.keys(sentiment)) | frozenset(sentiment.negations) | smileys | {"!", "(!)"}
    return _Lexicon(sentiment, known)
