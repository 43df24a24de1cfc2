"""Learning the weights from the examples: `python -m flows learn`.

A linear support vector machine on traits that count more the more they tell care from harmless (Wang and Manning 2012,
Baselines and Bigrams). Its answer is the one lowest point of a bowl, sought without chance (Lin, Weng and Keerthi 2008,
Trust Region Newton Method for Logistic Regression), so the order of the examples does not matter. Only learning needs
scikit-learn; listening needs the file of whole numbers and nothing else.

An example that calls for care is one piece, as short as it was written. A harmless one is harmless in each of its
sentences and stretches, so each is learned.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from math import log, sqrt

from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from flows.likeness.compare import ALWAYS
from flows.likeness.examples import Example, digest
from flows.likeness.traits import LETTERS_WEIGH, letter_traits, pieces, sentences, word_traits

#: How dearly a mistake is paid for: a piece that calls for care and is missed costs twice a false alarm. Both are low,
#: so that no single example moves much; between half and three times as dear, figures with whole groups of examples
#: left out in turn hardly change.
COST_OF_A_MISS, COST_OF_A_FALSE_ALARM = 0.6, 0.3
#: The search ends where it no longer gains: nearer changes no weight by a hundredth.
AT_REST, MOST_ROUNDS = 1e-6, 1000
#: Half of a trait's size is its own, half how well it tells the two apart; with so many imagined sightings of each.
SHARE_OF_TELLING, IMAGINED = 0.5, 0.3
#: Weights are kept in hundredths, and those smaller than this are left out: they change nothing that can be measured.
SCALE, SMALLEST = 100, 5


def learn(examples: Sequence[Example], plain: Callable[[str], str], kinds: Mapping[str, str]) -> dict[str, int]:
    """The weight of each trait, in hundredths; the smallest are left out.

    `plain` brings a text to plain words (`flows.spelling`), `kinds` is as in `word_traits`.
    """
    found = [(sizes_of(words, kinds), care) for words, care in _all_pieces(examples, plain)]
    numbers = {trait: number for number, trait in enumerate(sorted({trait for sizes, _ in found for trait in sizes}))}
    telling = _telling(found, numbers)
    weights, always = _part(found, numbers, telling)
    kept = {trait: round(SCALE * weights[number] * telling[number]) for trait, number in numbers.items()}
    return {ALWAYS: round(SCALE * always)} | {
        trait: weight for trait, weight in kept.items() if abs(weight) >= SMALLEST
    }


def lines_of(weights: Mapping[str, int], examples: list[Example]) -> Iterator[str]:
    """The lines of the file of weights."""
    yield "# How much each trait calls for care, in hundredths. Made by `python -m flows learn`, not by hand."
    yield f"# From {len(examples)} examples, SHA-256 {digest(examples)}"
    yield from (f"{trait}\t{weight}" for trait, weight in sorted(weights.items()))


def sizes_of(words: list[str], kinds: Mapping[str, str]) -> dict[str, float]:
    """How large each trait of a piece is: as `compare.Likeness` has it."""
    by_words = word_traits(words, kinds)
    letters = [trait for word in words for trait in letter_traits(word)]
    sizes = dict.fromkeys(sorted(by_words), 1 / sqrt(len(by_words)))
    for trait in letters:
        sizes[trait] = sizes.get(trait, 0.0) + LETTERS_WEIGH / sqrt(len(letters))
    return sizes


def _all_pieces(examples: Iterable[Example], plain: Callable[[str], str]) -> Iterator[tuple[list[str], bool]]:
    for example in examples:
        text = plain(example.text)
        told = sentences(text)
        if example.calls_for_care:
            yield [word for words in told for word in words], True
        else:
            each = dict.fromkeys((*map(tuple, pieces(text)), *map(tuple, told)))
            yield from ((list(words), False) for words in each)


def _telling(found: list[tuple[dict[str, float], bool]], numbers: Mapping[str, int]) -> list[float]:
    """For each trait how well it tells care from harmless: the share of its own, and the logarithm of the odds."""
    seen = {True: [IMAGINED] * len(numbers), False: [IMAGINED] * len(numbers)}
    for sizes, care in found:
        for trait in sizes:
            seen[care][numbers[trait]] += 1
    ratio = sum(seen[False]) / sum(seen[True])
    odds = (abs(log(yes / no * ratio)) for yes, no in zip(seen[True], seen[False], strict=True))
    return [1 - SHARE_OF_TELLING + SHARE_OF_TELLING * each for each in odds]


def _part(
    found: list[tuple[dict[str, float], bool]], numbers: Mapping[str, int], telling: list[float]
) -> tuple[list[float], float]:
    """The weights, and what is added to each piece, that part the pieces with the widest margin."""
    starts = [0, *accumulate(len(sizes) for sizes, _ in found)]
    at = [numbers[trait] for sizes, _ in found for trait in sizes]
    of = [size * telling[numbers[trait]] for sizes, _ in found for trait, size in sizes.items()]
    rows = csr_matrix((of, at, starts), shape=(len(found), len(numbers)))
    costs = {True: COST_OF_A_MISS, False: COST_OF_A_FALSE_ALARM}
    parted = LinearSVC(dual=False, C=1.0, class_weight=costs, tol=AT_REST, max_iter=MOST_ROUNDS)
    parted.fit(rows, [care for _, care in found])
    return parted.coef_[0].tolist(), float(parted.intercept_[0])
