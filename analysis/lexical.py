"""The lexical engine: themes and stances from words, cues and exemplars. Installs with the core, needs no model file.

Promises: it never invents a span (each is a segment, or neighbouring segments, of the text as given); it says "no
theme" where a text is not about care; its reasons name the words that spoke and the nearest exemplar; the same text
and invitation give the same coding on any machine, alone or among others; memory does not grow with the number of
texts. It suggests. A person decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from analysis.cues import read_cues
from analysis.exemplars import read_exemplars, read_themeless
from analysis.frameworks import DEFAULT, framework_ids, read_framework
from analysis.language import is_english
from analysis.learned import Evidence, Learned, read_weights
from analysis.model import Coded, Coding, Framework
from analysis.segments import Segment, find_segments
from analysis.stance import StanceReader, add_signs, stance_reader
from analysis.vectors import Rows
from analysis.words import Word, find_words

_BATCH = 256  # texts read together; large enough for speed, small enough for flat memory
_MOST = 3  # sub-themes for one segment
_SHOWN = 90  # characters of an exemplar in a reason
_CONTEXT = 0.5  # share of the rest of the answer in the stance of a segment; by trial, a segment alone tells too little
_ALONE = 0.3  # how probably about care a segment must be, on its own, to be coded beside others

Text = tuple[str, tuple[str, ...]]
"""One answer, and the sub-themes that its question invites."""


class _Read(NamedTuple):
    """One text, taken apart: its segments, their words and evidence; `note` where it cannot be coded."""

    segments: list[Segment]
    words: list[list[Word]]
    evidence: list[Evidence]
    invites: tuple[str, ...]
    note: str


class _Choice(NamedTuple):
    """A coding in the making: sub-theme by number, segments from first to last (inclusive), confidence."""

    subtheme: int
    first: int
    last: int
    confidence: float


class LexicalCoder:
    """A coder (see `analysis.model.Coder`) for one framework."""

    def __init__(self, framework: Framework, learned: Learned, stances: StanceReader) -> None:
        self._framework = framework
        self._learned = learned
        self._stances = stances
        self._number = {label: at for at, label in enumerate(learned.labels)}

    @property
    def framework(self) -> Framework:
        return self._framework

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
        return _Read(segments, words, [self._learned.weigh_evidence(each) for each in words], invites, note)

    def _code_batch(self, batch: list[_Read]) -> Iterator[Coded]:
        learned = self._learned
        owners = [at for at, read in enumerate(batch) for _ in read.segments]
        counts = learned.space.count(words for read in batch for words in read.words)
        grouping = sparse.csr_array(
            (np.ones(len(owners)), (owners, range(len(owners)))), shape=(len(batch), len(owners))
        )
        whole: Rows = sparse.csr_array(grouping @ counts)
        whole.sort_indices()
        parts = [each for read in batch for each in read.evidence]
        nothing = Evidence((), np.zeros(len(learned.labels)), 0)
        sums = [learned.add_evidence(read.evidence) if read.evidence else nothing for read in batch]
        hints = np.zeros((len(batch), len(learned.labels)))
        for row, read in zip(hints, batch, strict=True):
            row[[self._number[each] for each in read.invites if each in self._number]] = learned.weights.invited
        text_scores = learned.score(whole, np.array([each.cues for each in sums])) + hints
        gates = self._gate(whole, sums)
        first = 0
        single = self._segment_scores(counts, parts)
        alone = self._gate(counts, parts)
        word_counts = self._stances.count([words for read in batch for words in read.words])
        for at, read in enumerate(batch):
            last = first + len(read.segments)
            choices = self._choose(text_scores[at], single[first:last], float(gates[at]), alone[first:last], read)
            rows = slice(first, last)
            yield Coded(
                codings=self._write(choices, read, counts[rows], word_counts[rows]),
                top=tuple(learned.labels[each] for each in np.argsort(-text_scores[at], kind="stable")),
                note=read.note,
            )
            first = last

    def _gate(self, counts: Rows, evidence: Sequence[Evidence]) -> NDArray[np.float64]:
        if not evidence:
            return np.zeros(0)
        return self._learned.about_care(
            counts, np.array([each.cues for each in evidence]), np.array([float(each.care) for each in evidence])
        )

    def _segment_scores(self, counts: Rows, parts: list[Evidence]) -> NDArray[np.float64]:
        if not parts:
            return np.zeros((0, len(self._learned.labels)))
        return self._learned.score(counts, np.array([each.cues for each in parts]))

    def _choose(
        self,
        text: NDArray[np.float64],
        single: NDArray[np.float64],
        gate: float,
        alone: NDArray[np.float64],
        read: _Read,
    ) -> list[_Choice]:
        """Which sub-themes for which segments. Neighbouring segments under one sub-theme become one coding."""
        weights = self._learned.weights
        if read.note or gate < weights.about_care:
            return []
        share = weights.own_share if len(single) > 1 else 0.0
        sure = (self._learned.confidence(share * single + (1 - share) * text) * gate).round(3)
        choices: list[_Choice] = []
        for at, row in enumerate(sure):
            if len(single) > 1 and alone[at] < _ALONE:
                continue
            best = [int(each) for each in np.argsort(-row, kind="stable")[:_MOST] if row[each] >= weights.least]
            choices.extend(_Choice(subtheme, at, at, float(row[subtheme])) for subtheme in best)
        if not choices:
            likeliest = int(np.argmax(text))
            at = int(np.argmax(sure[:, likeliest]))
            choices = [_Choice(likeliest, at, at, float(sure[at, likeliest]))]
        return _join(choices)

    def _write(self, choices: list[_Choice], read: _Read, counts: Rows, words: Rows) -> tuple[Coding, ...]:
        if not choices:
            return ()
        spans = np.zeros((len(choices), len(read.segments)))
        for row, choice in zip(spans, choices, strict=True):
            row[choice.first : choice.last + 1] = 1.0
        chosen = sparse.csr_array(spans)
        nearest = self._learned.nearest(sparse.csr_array(chosen @ counts), [each.subtheme for each in choices])
        meant = np.where(spans > 0, 1.0, _CONTEXT)
        signs = [self._stances.weigh_signs(each) for each in read.words]
        # The rest of the answer tells how a segment is meant, but speaks more softly than the segment itself.
        stances = self._stances.read(sparse.csr_array(meant @ words), [add_signs(signs, row.tolist()) for row in meant])
        return tuple(
            Coding(
                subtheme=(subtheme := self._learned.labels[choice.subtheme]),
                theme=self._framework.theme_of(subtheme).id,
                stance=stance,
                confidence=choice.confidence,
                start=read.segments[choice.first].start,
                end=read.segments[choice.last].end,
                reason=self._explain(choice, read, example),
            )
            for choice, example, stance in zip(choices, nearest, stances, strict=True)
        )

    def _explain(self, choice: _Choice, read: _Read, example: str | None) -> str:
        evidence = self._learned.add_evidence(read.evidence[choice.first : choice.last + 1])
        fired = sorted((each for each in evidence.fired if each.subtheme == choice.subtheme), key=lambda it: -it.weight)
        sentences = []
        if fired:
            words = ", ".join(f'"{" ".join(each.phrase)}"' for each in fired[:4])
            sentences.append(f"It says {words}, which {fired[0].reason}.")
        if example is not None:
            shown = example if len(example) <= _SHOWN else example[:_SHOWN].rsplit(" ", 1)[0] + " ..."
            sentences.append(f"The nearest invented example: “{shown}”")
        if self._learned.labels[choice.subtheme] in read.invites:
            sentences.append("The question asked about this.")
        return " ".join(sentences) or "The choice of words as a whole is nearest to this sub-theme; no single word is."


def _join(choices: list[_Choice]) -> list[_Choice]:
    joined: list[_Choice] = []
    for choice in sorted(choices, key=lambda each: (each.subtheme, each.first)):
        before = joined[-1] if joined else None
        if before is not None and before.subtheme == choice.subtheme and before.last + 1 == choice.first:
            joined[-1] = before._replace(last=choice.last, confidence=max(before.confidence, choice.confidence))
        else:
            joined.append(choice)
    return sorted(joined, key=lambda each: (each.first, each.last, -each.confidence, each.subtheme))


@lru_cache(maxsize=8)
def lexical_coder(framework: str = DEFAULT) -> LexicalCoder:
    """The coder for a framework, by its id or by the path of a file of your own; learned at first use.

    Raises ContentError as `read_framework` does."""
    read = read_framework(framework)
    own = None if framework in framework_ids() else Path(framework)
    voices = read_exemplars(read, own)
    exemplars = [each for voice in voices.values() for each in voice]
    learned = Learned(read, exemplars, read_themeless(), read_cues(read, own), read_weights())
    return LexicalCoder(read, learned, stance_reader())
