"""The example sentences, and the weights that are learned from them."""

from collections import Counter
from pathlib import Path

import pytest

from flows.errors import GuideError
from flows.library import load_guide
from flows.likeness import Likeness, kinds_of, pieces
from flows.likeness.compare import WEIGHTS, weights_of
from flows.likeness.examples import Example, read_examples
from flows.likeness.learn import learn, lines_of, sizes_of
from flows.spelling import Spelling

DISTRESS = load_guide("relational-practice").distress
PLAIN = Spelling.of(DISTRESS).plain


def kinds() -> dict[str, str]:
    assert DISTRESS.likeness is not None
    return kinds_of(DISTRESS.terms, DISTRESS.likeness)


def test_the_weights_are_in_step_with_the_examples() -> None:
    """Whoever changes an example, a spelling or a term runs `python -m flows learn`."""
    examples = read_examples()
    learned = [*lines_of(learn(examples, PLAIN, kinds()), examples)]
    assert learned == WEIGHTS.read_text().splitlines()


def test_there_are_examples_of_every_kind() -> None:
    counted = Counter(example.label for example in read_examples())
    assert counted["danger"] >= 3900
    assert counted["upset"] >= 950
    assert counted["harmless"] >= 4800


def test_no_sentence_is_both_harmless_and_a_reason_for_care() -> None:
    by_care: dict[bool, set[str]] = {True: set(), False: set()}
    for example in read_examples():
        by_care[example.calls_for_care].add(PLAIN(example.text))
    assert by_care[True] & by_care[False] == set()


def test_no_sentence_is_there_twice() -> None:
    counted = Counter(read_examples())
    assert [example for example, times in counted.items() if times > 1] == []


def test_what_is_learned_holds_for_new_sentences() -> None:
    examples = [Example("i want to jump", "danger"), Example("i took all my codeine", "danger")]
    examples += [Example("i want to jump the queue", "harmless"), Example("i took all my shopping home", "harmless")]
    likeness = Likeness(learn(examples, PLAIN, kinds()), kinds())
    assert likeness.of(PLAIN("took all my tramadol")) > likeness.of(PLAIN("took all my shopping to the queue"))


def test_the_order_of_the_examples_does_not_matter() -> None:
    some = read_examples()[::25]
    assert learn(some, PLAIN, kinds()) == learn(some[::-1], PLAIN, kinds())


def test_comparing_sees_a_piece_as_learning_saw_it() -> None:
    weights = weights_of(WEIGHTS.read_text().splitlines())
    words = PLAIN("took all my tablets tonight").split()
    by_hand = weights["*"] + sum(weights.get(trait, 0) * size for trait, size in sizes_of(words, kinds()).items())
    assert Likeness(weights, kinds()).of(" ".join(words)) == pytest.approx(by_hand)


def test_every_word_of_a_long_sentence_is_in_a_piece() -> None:
    words = [f"word{number}" for number in range(100)]
    found = [*pieces(" ".join(words) + ". short one")]
    assert [*dict.fromkeys(word for piece in found for word in piece)] == [*words, "short", "one"]
    assert max(map(len, found)) <= 15


def test_without_words_nothing_is_like_anything() -> None:
    assert Likeness({"*": 0}, {}).of("") == float("-inf")


@pytest.mark.parametrize(
    ("content", "place", "rule"),
    [
        ('[[group]]\nlabel = "risky"\nwhy = "x"\nsays = "y"', "group[1].label", "not one of the values"),
        ('[[group]]\nlabel = "danger"\nsays = "y"', "group[1].why", "needed"),
        ('[[group]]\nlabel = "danger"\nwhy = "x"\nsays = ""', "group[1].says", "at least 1 character"),
        ("[[group]", "", "not valid TOML"),
    ],
)
def test_a_broken_file_of_examples_says_where_and_how_to_mend_it(
    tmp_path: Path, content: str, place: str, rule: str
) -> None:
    (tmp_path / "mine.toml").write_text(content)
    with pytest.raises(GuideError) as caught:
        read_examples(tmp_path)
    (problem,) = caught.value.problems
    assert problem.file == str(tmp_path / "mine.toml")
    assert problem.place == place
    assert rule in problem.rule
