"""TextBlob's polarity of words: the stated baseline of stance, and one of its features.

TextBlob's own code and lexicon, read from its package without the rest of it: importing `textblob` loads NLTK, which
takes longer than everything else at the start and is not needed here. Nothing is fetched.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from analysis.errors import ContentError

_ALONE = "hearten_textblob_text"  # a name of its own, so that it never stands in for TextBlob's module


def polarity_of(words: list[str]) -> float:
    """From -1 (unpleasant) to 1 (pleasant); 0 for no words, or none that TextBlob knows."""
    return float(_sentiment()(words)[0]) if words else 0.0


@cache
def _sentiment() -> Callable[[list[str]], tuple[float, float]]:
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
    known: Callable[[list[str]], tuple[float, float]] = sentiment
    return known
