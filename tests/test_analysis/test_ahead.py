"""What was learned ahead: the same as what would be learned now, refused where broken, passed over where it is old."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from textblob import TextBlob
from textblob.en import sentiment

from analysis import ahead
from analysis.ahead import recall, write_ahead
from analysis.errors import ContentError
from analysis.exemplars import read_exemplars
from analysis.frameworks import framework_ids, read_framework
from analysis.lexical import learn_words
from analysis.polarity import polarity_of
from analysis.stance import LESSON, teach_stances
from analysis.vectors import Traits
from analysis.words import find_words


@pytest.mark.parametrize("name", [*framework_ids(), LESSON])
def test_what_was_learned_ahead_is_what_the_exemplars_teach(name: str) -> None:
    kept = teach_stances() if name == LESSON else learn_words(name)
    assert recall(name, kept.lesson, [Traits()] * len(kept.ahead.spaces)), "run `python -m analysis learn`"
    anew = (teach_stances(anew=True) if name == LESSON else learn_words(name, anew=True)).ahead
    for one, other in zip(kept.ahead.spaces, anew.spaces, strict=True):
        assert one.names == other.names
        assert np.allclose(one.idf, other.idf, rtol=1e-6)
    steps = np.abs(anew.linear.slopes).max(axis=0) / 32_767
    assert (np.abs(kept.ahead.linear.slopes - anew.linear.slopes) <= 1.01 * steps).all()
    assert np.allclose(kept.ahead.linear.levels, anew.linear.levels, atol=1e-9)
    assert np.allclose(kept.ahead.more, anew.more)


def test_another_lesson_takes_nothing_from_it_and_a_broken_file_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = learn_words("clinician_synthesis")
    write_ahead("one", learned.lesson, learned.ahead, tmp_path)
    monkeypatch.setattr(ahead, "files", lambda _: tmp_path)
    assert recall("one", learned.lesson, [Traits()]) is not None
    assert recall("one", b"another lesson".ljust(32), [Traits()]) is None
    assert recall("two", learned.lesson, [Traits()]) is None
    (tmp_path / "one.npz").write_bytes((tmp_path / "one.npz").read_bytes()[:500])
    with pytest.raises(ContentError, match="python -m analysis learn"):
        recall("one", learned.lesson, [Traits()])


def test_a_start_loads_nothing_that_only_learning_needs() -> None:
    check = (
        "import sys; from analysis.engines import open_coder; open_coder(engine='semantic').code('My nurse listened.');"
        "print([name for name in ('sklearn', 'textblob', 'nltk', 'scipy.stats') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_polarity_is_that_of_textblob() -> None:
    texts = [each.text for voice in read_exemplars(read_framework()).values() for each in voice]
    for text in texts:
        words = [word.text for word in find_words(text)]
        assert polarity_of(words) == sentiment(words)[0]
    assert polarity_of(["not", "very", "good"]) == TextBlob("not very good").sentiment.polarity
    assert polarity_of([]) == 0.0
