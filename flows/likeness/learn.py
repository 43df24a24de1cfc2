"""Learning the weights from the examples: `python -m flows learn`.

A linear support vector machine, found by dual coordinate descent (Hsieh et al. 2008, A Dual Coordinate Descent Method
for Large-scale Linear SVM), on traits that count more the more they tell care from harmless (Wang and Manning 2012,
Baselines and Bigrams). Only sums, products, roots and logarithms in a fixed order: the same examples give the same
whole numbers everywhere.

An example that calls for care is one piece, as short as it was written. A harmless one is harmless in each of its
sentences and stretches, so each is learned.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

from flows.likeness.compare import ALWAYS
from flows.likeness.examples import Example, digest
from flows.likeness.traits import LETTERS_WEIGH, letter_traits, pieces, sentences, word_traits

#: How dearly a mistake is paid for: a piece that calls for care and is missed costs twice a false alarm.
COST_OF_A_MISS, COST_OF_A_FALSE_ALARM = 2.0, 1.0
#: How often all examples are gone through. More changes nothing that can be measured.
ROUNDS = 20
#: Half of a trait's size is its own, half how well it tells the two apart; with so many imagined sightings of each.
SHARE_OF_TELLING, IMAGINED = 0.5, 0.3
#: Weights are kept in hundredths, and those smaller than this are left out: they change nothing that can be measured.
SCALE, SMALLEST = 100, 5
#: A step over the examples that meets all of them, far from the order in which they stand.
STRIDE = 7919


@dataclass(frozen=True, slots=True)
class Row:
    """One piece: its traits, their sizes, and whether it calls for care."""

    traits: list[int]
    sizes: list[float]
    care: bool


def learn(examples: Sequence[Example], plain: Callable[[str], str], kinds: Mapping[str, str]) -> dict[str, int]:
    """The weight of each trait, in hundredths; the smallest are left out.

    `plain` brings a text to plain words (`flows.spelling`), `kinds` is as in `word_traits`.
    """
    found = [(sizes_of(words, kinds), care) for words, care in _all_pieces(examples, plain)]
    numbers = {trait: number for number, trait in enumerate(sorted({trait for sizes, _ in found for trait in sizes}))}
    telling = _telling(found, numbers)
    rows = [_row(sizes, care, numbers, telling) for sizes, care in found]
    weights, always = _descend(rows, len(numbers))
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


def _row(sizes: dict[str, float], care: bool, numbers: Mapping[str, int], telling: list[float]) -> Row:
    traits = [numbers[trait] for trait in sizes]
    return Row(traits, [size * telling[number] for size, number in zip(sizes.values(), traits, strict=True)], care)


def _descend(rows: list[Row], traits: int) -> tuple[list[float], float]:
    """The weights, and what is added to each piece, that part the rows with the widest margin."""
    weights, always = [0.0] * traits, 0.0
    shares = [0.0] * len(rows)
    softness = [1 / (2 * (COST_OF_A_MISS if row.care else COST_OF_A_FALSE_ALARM)) for row in rows]
    curves = [sum(size * size for size in row.sizes) + 1 + soft for row, soft in zip(rows, softness, strict=True)]
    order = [place * STRIDE % len(rows) for place in range(len(rows))]
    if len(set(order)) != len(rows):
        order = list(range(len(rows)))
    for _ in range(ROUNDS):
        for at in order:
            row, side = rows[at], 1.0 if rows[at].care else -1.0
            heard = sum([weights[trait] * size for trait, size in zip(row.traits, row.sizes, strict=True)], always)
            share = max(shares[at] - (side * heard - 1 + softness[at] * shares[at]) / curves[at], 0.0)
            step = side * (share - shares[at])
            if step:
                shares[at] = share
                always += step
                for trait, size in zip(row.traits, row.sizes, strict=True):
                    weights[trait] += step * size
    return weights, always
