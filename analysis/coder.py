"""How an answer is coded, whichever engine looks at it: segments, scores, abstention, stance, and a reason.

The lexical engine works from words, cues and exemplars alone; the semantic engine adds its view (`View`) at each step.

Promises: it never invents a span (each is a segment, or neighbouring segments, of the text as given); it says "no
theme" where a text is not about care; its reasons name the words that spoke and the nearest exemplar; the same text
and invitation give the same coding, alone or among others; memory does not grow with the number of texts. It suggests.
A person decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.choosing import Choice, Scores, choose, explain
from analysis.language import is_english
from analysis.learned import Evidence, Learned
from analysis.model import Coded, Coding, Framework, Stance
from analysis.segments import Segment, find_segments
from analysis.stance import Signs, StanceReader, add_signs
from analysis.vectors import Rows
from analysis.words import Word, find_words

_BATCH = 256  # texts read together; large enough for speed, small enough for flat memory
_CONTEXT = 0.5  # share of the rest of the answer in the stance of a segment; by trial, a segment alone tells too little

Text = tuple[str, tuple[str, ...]]
"""One answer, and the sub-themes that its question invites."""

Matrix = NDArray[np.float64]


class View(Protocol):
    """What an engine adds to words: vectors of texts, and what it makes of them for one framework."""

    def read(self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]) -> tuple[Matrix, Matrix]: ...
    def score(self, rows: Matrix) -> Matrix: ...
    def about_care(self, rows: Matrix) -> Matrix: ...
    def nearest(self, rows: Matrix, subthemes: Sequence[int]) -> list[str | None]: ...


class _Read(NamedTuple):
    """One text, taken apart: its segments, their words and evidence; `note` where it cannot be coded."""

    text: str
    segments: list[Segment]
    words: list[list[Word]]
    evidence: list[Evidence]
    invites: tuple[str, ...]
    note: str


class _Look(NamedTuple):
    """A batch looked at: word counts a segment, which segments are whose, and the rows of the semantic view, if any."""

    counts: Rows
    grouping: Rows
    texts: Matrix | None
    segments: Matrix | None


class ThemeCoder:
    """A coder (see `analysis.model.Coder`) for one framework."""

    def __init__(
        self, framework: Framework, learned: Learned, stances: StanceReader, engine: str, view: View | None = None
    ) -> None:
        self._framework = framework
        self._learned = learned
        self._stances = stances
        self._view = view
        self._number = {label: at for at, label in enumerate(learned.labels)}
        self.engine = engine
        self._nearest_by = "by words" if view is None else f"by meaning ({engine.rpartition(' ')[2]})"

    @property
    def framework(self) -> Framework:
        return self._framework

    @property
    def stances(self) -> StanceReader:
        return self._stances

    def code(self, text: str, invites: tuple[str, ...] = ()) -> Coded:
        """Code one answer. `invites` are ids of this framework; others are passed over."""
        return next(self.code_many([(text, invites)]))

    def code_many(self, texts: Iterable[Text]) -> Iterator[Coded]:
        """Code many answers, in their order, a batch at a time."""
        source = iter(texts)
        while batch := list(islice(source, _BATCH)):
            yield from self._code_batch([self._read(text, invites) for text, invites in batch])

    def _read(self, text: str, invites: tuple[str, ...]) -> _Read:
        segments = find_segments(text)
        every = find_words(text)
        words: list[list[Word]] = [[] for _ in segments]
        at = 0
        for word in every:
            while word.start >= segments[at].end:
                at += 1
            words[at].append(word)
        note = ""
        if not every:
            note = "There are no words here to code."
        elif not is_english(every, self._learned.space.knows):
            note = "This does not look like English, which is all that this engine can code."
        return _Read(text, segments, words, [self._learned.weigh_evidence(each) for each in words], invites, note)

    def _code_batch(self, batch: list[_Read]) -> Iterator[Coded]:
        look = self._look(batch)
        whole: Rows = sparse.csr_array(look.grouping @ look.counts)
        whole.sort_indices()
        nothing = Evidence((), np.zeros(len(self._learned.labels)), 0)
        sums = [self._learned.add_evidence(read.evidence) if read.evidence else nothing for read in batch]
        texts, gates = self._weigh(whole, sums, look.texts)
        texts = texts + self._hints(batch)
        single, alone = self._weigh(look.counts, [each for read in batch for each in read.evidence], look.segments)
        chosen: list[list[Choice]] = []
        first = 0
        for at, read in enumerate(batch):
            rows = slice(first, first + len(read.segments))
            scores = Scores(texts[at], single[rows], float(gates[at]), alone[rows])
            chosen.append([] if read.note else choose(scores, self._learned))
            first = rows.stop
        for at, codings in enumerate(self._write(chosen, batch, look)):
            order = np.argsort(-texts[at], kind="stable")
            yield Coded(codings=codings, top=tuple(self._learned.labels[each] for each in order), note=batch[at].note)

    def _look(self, batch: list[_Read]) -> _Look:
        owners = [at for at, read in enumerate(batch) for _ in read.segments]
        grouping = sparse.csr_array(
            (np.ones(len(owners)), (owners, range(len(owners)))), shape=(len(batch), len(owners))
        )
        counts = self._learned.space.count(words for read in batch for words in read.words)
        if self._view is None:
            return _Look(counts, grouping, None, None)
        # What will not be coded is not read: it costs time and says nothing.
        texts, segments = self._view.read(
            ["" if read.note else read.text for read in batch], [read.segments for read in batch]
        )
        return _Look(counts, grouping, texts, segments)

    def _hints(self, batch: list[_Read]) -> Matrix:
        hints = np.zeros((len(batch), len(self._learned.labels)))
        for row, read in zip(hints, batch, strict=True):
            row[[self._number[each] for each in read.invites if each in self._number]] = self._learned.weights.invited
        return hints

    def _weigh(self, counts: Rows, evidence: Sequence[Evidence], rows: Matrix | None) -> tuple[Matrix, Matrix]:
        """Scores of all sub-themes, and how probable it is that there is any: a row each."""
        if not evidence:
            return np.zeros((0, len(self._learned.labels))), np.zeros(0)
        cues = np.array([each.cues for each in evidence])
        care = np.array([float(each.care) for each in evidence])
        words = self._learned.score(counts, cues)
        weights = self._learned.weights.meant
        if self._view is None or rows is None or weights is None:
            return words, self._learned.about_care(counts, cues, care)
        scores = (self._view.score(rows) + weights.words * words).round(4)
        return scores, self._learned.about_care(counts, cues, care, self._view.about_care(rows))

    def _write(self, chosen: list[list[Choice]], batch: list[_Read], look: _Look) -> list[tuple[Coding, ...]]:
        """The codings of a whole batch: stances and nearest exemplars are looked up for all of them together."""
        flat = [(at, choice) for at, choices in enumerate(chosen) for choice in choices]
        begins = np.cumsum([0, *(len(read.segments) for read in batch)]).tolist()
        spans = _mark([(begins[at] + each.first, begins[at] + each.last) for at, each in flat], begins[-1])
        owners = _mark([(at, at) for at, _ in flat], len(batch))
        wanted = [each.subtheme for _, each in flat]
        if self._view is None or look.segments is None:
            nearest = self._learned.nearest(sparse.csr_array(spans @ look.counts), wanted)
        else:
            nearest = self._view.nearest(spans @ look.segments, wanted)
        stances = self._tell(flat, batch, look, spans, owners)
        codings: list[list[Coding]] = [[] for _ in batch]
        for (at, choice), example, stance in zip(flat, nearest, stances, strict=True):
            read = batch[at]
            subtheme = self._learned.labels[choice.subtheme]
            evidence = self._learned.add_evidence(read.evidence[choice.first : choice.last + 1])
            codings[at].append(
                Coding(
                    subtheme=subtheme,
                    theme=self._framework.theme_of(subtheme).id,
                    stance=stance,
                    confidence=choice.confidence,
                    start=read.segments[choice.first].start,
                    end=read.segments[choice.last].end,
                    reason=explain(choice.subtheme, evidence, example, subtheme in read.invites, self._nearest_by),
                )
            )
        return [tuple(each) for each in codings]

    def _tell(
        self, flat: list[tuple[int, Choice]], batch: list[_Read], look: _Look, spans: Rows, owners: Rows
    ) -> list[Stance]:
        """The stance of each coding. The rest of the answer tells how a segment is meant, but speaks more softly."""
        words = self._stances.count([words for read in batch for words in read.words])
        meant = sparse.csr_array((1 - _CONTEXT) * (spans @ words) + _CONTEXT * (owners @ look.grouping @ words))
        signs: list[Signs] = []
        seen: dict[int, list[Signs]] = {}
        for at, choice in flat:
            if at not in seen:
                parts = [self._stances.weigh_signs(each) for each in batch[at].words]
                seen[at] = [*parts, add_signs(parts, [1.0] * len(parts))]
            *parts, whole = seen[at]
            if len(parts) == 1:
                signs.append(whole)
                continue
            own = add_signs(parts[choice.first : choice.last + 1], [1.0] * (choice.last - choice.first + 1))
            signs.append(add_signs([own, whole], [1 - _CONTEXT, _CONTEXT]))
        if look.segments is None or look.texts is None:
            return self._stances.read(meant, signs)
        rows = (1 - _CONTEXT) * (spans @ look.segments) + _CONTEXT * (owners @ look.texts)
        return self._stances.read(meant, signs, rows)


def _mark(ranges: list[tuple[int, int]], width: int) -> Rows:
    """A row for each range, with a one in each of its columns from first to last (inclusive)."""
    columns = [column for first, last in ranges for column in range(first, last + 1)]
    ends = np.cumsum([0, *(last - first + 1 for first, last in ranges)])
    return sparse.csr_array(
        (np.ones(len(columns)), np.array(columns, dtype=np.int64), ends), shape=(len(ranges), width)
    )
