"""The lexical engine: themes and stances from words, cues and exemplars. It comes with the core; no model file."""

from functools import lru_cache

from analysis.coder import ThemeCoder
from analysis.cues import read_cues
from analysis.frameworks import DEFAULT, read_framework
from analysis.learned import Learned, read_weights
from analysis.lessons import own_file, read_lesson
from analysis.stance import stance_reader


def learn_words(framework: str, *, anew: bool = False) -> Learned:
    """What the lexical engine knows of a framework; taken from what was learned ahead, unless `anew`."""
    read, own, weights = read_framework(framework), own_file(framework), read_weights()
    return Learned(read_lesson(read, own, weights.definitions), read_cues(read, own), weights, anew=anew)


@lru_cache(maxsize=8)
def lexical_coder(framework: str = DEFAULT) -> ThemeCoder:
    """The coder for a framework, by its id or by the path of a file of your own.

    Raises ContentError as `read_framework` does."""
    return ThemeCoder(read_framework(framework), learn_words(framework), stance_reader(), "lexical")
