"""Who answered and who did not say: the characteristics that people chose to tell, as a table of numbers of people.

In the manner of Table 1 of the relational practice study. Each characteristic has the options of the guide in their
order, "another answer" for what no guide of ours offers, and "not told". Its rows add up to everybody who answered,
which is published, so it is not enough to withhold small numbers: the last of them could be worked out.

Promises. With a threshold, a number from 1 to one below it is withheld; so is "not told" wherever anything is, and the
largest row, or the whole characteristic, where that is not enough. What is withheld follows from what a reader sees:
whoever knows this rule, and works backwards through every table that it would turn into the published one, finds that a
withheld option could be any number from 1 to one below the threshold, and "not told" any of as many different ones.
`tests/test_reports/test_sample.py` does exactly that, table by table. Nothing is crossed with anything else.

Without a threshold everything is shown: for the researcher only.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.anonymity.hierarchy import hierarchy_of
from analysis.export.people import Told
from analysis.model import Frozen
from analysis.questions import options_of
from storage.records import Answer

#: A sample table is made from at least so many times the threshold of people: with fewer, hardly a row could be shown.
LEAST_TIMES = 2


class SampleRow(Frozen):
    """An option and how many people picked it; None is withheld. `id` is empty for what is not an option."""

    id: str
    title: str
    people: int | None


class Characteristic(Frozen):
    """`rows` ends with "not told". `withheld`: no row is shown, because too much could be worked out from any."""

    id: str
    title: str
    withheld: bool
    rows: tuple[SampleRow, ...]


class Sample(Frozen):
    """`people` is the sum of each characteristic. No characteristics: too few people for a table."""

    people: int
    characteristics: tuple[Characteristic, ...]

    @property
    def withholds(self) -> bool:
        return any(row.people is None for each in self.characteristics for row in each.rows)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about the person: its id and title, and its options with the words that people picked."""

    id: str
    title: str
    options: Mapping[str, str]


def about_you(framework: str) -> tuple[Asked, ...]:
    """What the guides that use this framework ask people about themselves, in the order of the guide."""
    return tuple(Asked(name, hierarchy_of(name).title, options) for name, options in options_of(framework).items())


async def gather(choices: AsyncIterator[Answer]) -> dict[str, dict[str, str]]:
    """What each person told last of themselves, of those who agreed to be in summaries."""
    told = Told()
    async for _ in told.listen(each async for each in choices if each.in_summaries):
        pass
    return dict(told.of)


def make_table(profiles: Sequence[Mapping[str, str]], asked: Sequence[Asked], threshold: int | None) -> Sample:
    """The table of some people. `profiles`: what each of them told, by question; `threshold`: None shows all."""
    if threshold is not None and len(profiles) < LEAST_TIMES * threshold:
        return Sample(people=len(profiles), characteristics=())
    return Sample(people=len(profiles), characteristics=tuple(_tabulate(profiles, each, threshold) for each in asked))


def _tabulate(profiles: Sequence[Mapping[str, str]], asked: Asked, threshold: int | None) -> Characteristic:
    picked = Counter(told.get(asked.id) for told in profiles)
    not_told = picked.pop(None, 0)
    counts = [picked.pop(each, 0) for each in asked.options]
    numbers = suppress([*counts, picked.total()], not_told, threshold)
    titles = [*asked.options.items(), ("", "Another answer"), ("", "Not told")]
    rows = [SampleRow(id=id_, title=title, people=each) for (id_, title), each in zip(titles, numbers, strict=True)]
    if rows[-2].people == 0:
        del rows[-2]
    return Characteristic(
        id=asked.id, title=asked.title, withheld=all(each is None for each in numbers), rows=tuple(rows)
    )


def suppress(options: Sequence[int], not_told: int, threshold: int | None) -> list[int | None]:
    """What may be shown of the rows of one characteristic, "not told" last.

    Let t be the threshold, m the number of withheld options, and R the sum of all that is withheld, which everybody can
    work out. Withheld options are open, each from 1 to t - 1, if one can be t - 1, the others 1 and "not told" the rest
    of R, which asks for R >= t + m - 2. So:

    1. nothing is small: everything is shown;
    2. else the small ones and "not told" are withheld, if that leaves them open;
    3. else the largest option too, if that does;
    4. else everything.
    """
    every: list[int | None] = [*options, not_told]
    if threshold is None or not any(0 < each < threshold for each in every if each is not None):
        return every
    small = {at for at, each in enumerate(options) if 0 < each < threshold}
    largest = max(range(len(options)), key=lambda at: options[at])
    for hidden in (small, small | {largest}):
        total = not_told + sum(options[at] for at in hidden)
        if hidden and total >= threshold + len(hidden) - 2:
            return [*(None if at in hidden else each for at, each in enumerate(options)), None]
    return [None] * len(every)
