"""Noticing words that may mean danger or distress now, so that the bot can show care and contacts.

This is not an assessment. There is no score and no record, and nobody is told; the worst that a false alarm does is a
kind message too many. The words and their reasons are in `flows/guides/shared/distress.toml`.

A message is brought to plain words (`flows.spelling`) and listened to in two ways. Phrases are looked for in it
(`flows.phrases`): a sign calls for care unless ordinary words, or the past, cover it. And each of its sentences is
compared with example sentences (`flows.likeness`), what lies in the past left out. Either way may hear it; only where
a message is far from every example that calls for care is a sign not believed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log2

from flows.guide import Distress, Past, Sign
from flows.likeness import Likeness, kinds_of, pieces, read_weights
from flows.phrases import Phrases, Span
from flows.spelling import Spelling

_SENTENCE = re.compile(r"[^.!?\n]+")

#: So many lists are kept ready.
MOST_LISTS = 32


def may_need_care(text: str, distress: Distress) -> bool:
    """Whether a message calls for care: by a sign that nothing covers, or by its likeness to the examples."""
    listener = _listener(distress)
    plain = listener.spelling.plain(text)
    past = [*listener.past.spans(plain)]
    sign = _has_sign(listener, plain, past)
    bounds = distress.likeness
    if bounds is None or listener.likeness is None:
        return sign
    like = listener.likeness.of(_without(plain, past))
    many = log2(max(sum(1 for _ in pieces(plain)), 1))
    return like >= (bounds.with_a_sign if sign else bounds.alone + bounds.each_doubling * many)


def _has_sign(listener: "_Listener", plain: str, past: list[Span]) -> bool:
    signs = listener.signs.spans(plain)
    first = next(signs, None)
    if first is None:
        return False
    harmless = [*past, *listener.ordinary.spans(plain)]
    return any(not any(start <= sign[0] and sign[1] <= end for start, end in harmless) for sign in (first, *signs))


def _without(plain: str, spans: list[Span]) -> str:
    """The message with a full stop in place of each letter of the spans, so that what is left stays in pieces."""
    for start, end in spans:
        plain = plain[:start] + "." * (end - start) + plain[end:]
    return plain


class PastWords:
    """What lies in the past: telling how it was is what this is for.

    A word of time covers its sentence, up to a word of now. A sentence that only says when it was ("That was 1994")
    covers what was told before it as well, where no word of now stands there.
    """

    def __init__(self, past: Past, groups: Mapping[str, tuple[str, ...]]) -> None:
        self._then, self._now, self._looking_back = (
            Phrases(each, groups) for each in (past.then, past.now, past.looking_back)
        )

    def spans(self, plain: str) -> Iterator[Span]:
        then, now, back = ([*each.spans(plain)] for each in (self._then, self._now, self._looking_back))
        told_before = 0
        for sentence in _SENTENCE.finditer(plain):
            start, end = sentence.span()
            if _within(back, start, end) and not _within(now, told_before, start):
                yield told_before, end
            cuts = sorted({at for at, _ in _within(now, start, end)} - {start})
            for piece_start, piece_end in zip((start, *cuts), (*cuts, end), strict=True):
                if of_time := _within(then, piece_start, piece_end):
                    yield (of_time[0][0] if piece_start in cuts else piece_start), piece_end


def _within(spans: list[Span], start: int, end: int) -> list[Span]:
    return [span for span in spans if start <= span[0] < end]


@dataclass(frozen=True, slots=True)
class _Listener:
    distress: Distress
    spelling: Spelling
    signs: Phrases
    ordinary: Phrases
    past: PastWords
    likeness: Likeness | None


_LISTENERS: dict[int, _Listener] = {}


def _listener(distress: Distress) -> _Listener:
    """Built once for each list. Found by identity, since comparing lists this long takes longer than listening."""
    known = _LISTENERS.get(id(distress))
    if known is None:
        groups = {term.name: term.words for term in distress.terms}
        if len(_LISTENERS) >= MOST_LISTS:
            _LISTENERS.clear()
        bounds = distress.likeness
        known = _LISTENERS[id(distress)] = _Listener(
            distress=distress,
            spelling=Spelling.of(distress),
            signs=_phrases(distress.signs, groups),
            ordinary=_phrases(distress.ordinary, groups),
            past=PastWords(distress.past, groups),
            likeness=Likeness(read_weights(), kinds_of(distress.terms, bounds)) if bounds else None,
        )
    return known


def _phrases(signs: tuple[Sign, ...], groups: Mapping[str, tuple[str, ...]]) -> Phrases:
    return Phrases((phrase for sign in signs for phrase in sign.phrases), groups)
