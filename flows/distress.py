"""Noticing words that may mean danger or distress now, so that the bot can show care and contacts.

This is not an assessment. There is no score and no record, and nobody is told; the worst that a false alarm does is a
kind message too many. The words and their reasons are in `flows/guides/shared/distress.toml`.

A message is brought to plain words (`flows.spelling`). A sign calls for care unless ordinary words, or the past, cover
it. To be quick on long messages, signs are looked for only at the beginnings of words, and only those that can begin
with the letters that stand there.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from flows.guide import Distress, Past, Sign
from flows.spelling import Spelling

Span = tuple[int, int]

_WORD_START = re.compile(r"\b[^\W_]")
_SENTENCE = re.compile(r"[^.!?\n]+")
_TERM = re.compile(r"<([a-z_]+)>")
_PLAIN = re.compile(r"(?:[a-z0-9 ](?![?*{+]))+")

#: So many letters decide which patterns are tried.
BEGINNING = 6
#: So many lists are kept ready.
MOST_LISTS = 32


def may_need_care(text: str, distress: Distress) -> bool:
    """Whether a message has words that call for care: a sign that neither ordinary words nor the past cover."""
    listener = _listener(distress)
    plain = listener.spelling.plain(text)
    signs = listener.signs.spans(plain)
    first = next(signs, None)
    if first is None:
        return False
    harmless = [*listener.ordinary.spans(plain), *listener.past.spans(plain)]
    return any(not any(start <= sign[0] and sign[1] <= end for start, end in harmless) for sign in (first, *signs))


class Patterns:
    """Many patterns, of which only those are tried at a place that can begin with what stands there."""

    def __init__(self, entries: tuple[Sign, ...], terms: dict[str, str]) -> None:
        self._by_beginning: dict[str, list[re.Pattern[str]]] = defaultdict(list)
        for entry in entries:
            for way in ways(filled(entry.pattern, terms)):
                pattern = re.compile(way, re.MULTILINE)
                for beginning in beginnings(way):
                    self._by_beginning[beginning].append(pattern)

    def spans(self, plain: str) -> Iterator[Span]:
        """Where anything matches, from the left."""
        for word in _WORD_START.finditer(plain):
            at = word.start()
            for length in range(BEGINNING + 1):
                for pattern in self._by_beginning.get(plain[at : at + length], ()):
                    if match := pattern.match(plain, at):
                        yield match.span()


class PastWords:
    """What lies in the past: telling how it was is what this is for.

    A word of time covers its sentence, up to a word of now. A sentence that only says when it was ("That was 1994")
    covers what was told before it as well, where no word of now stands there.
    """

    def __init__(self, past: Past, terms: dict[str, str]) -> None:
        self._then, self._now, self._looking_back = (
            re.compile(rf"\b(?:{filled(each, terms)})\b") for each in (past.then, past.now, past.looking_back)
        )

    def spans(self, plain: str) -> Iterator[Span]:
        told_before = 0
        for sentence in _SENTENCE.finditer(plain):
            start, end = sentence.span()
            if self._looking_back.search(plain, start, end) and not self._now.search(plain, told_before, start):
                yield told_before, end
            cuts = [match.start() for match in self._now.finditer(plain, start, end)]
            for piece_start, piece_end in zip((start, *cuts), (*cuts, end), strict=True):
                then = self._then.search(plain, piece_start, piece_end)
                if then:
                    yield (then.start() if piece_start in cuts else piece_start), piece_end


@dataclass(frozen=True, slots=True)
class _Listener:
    distress: Distress
    spelling: Spelling
    signs: Patterns
    ordinary: Patterns
    past: PastWords


_LISTENERS: dict[int, _Listener] = {}


def _listener(distress: Distress) -> _Listener:
    """Built once for each list. Found by identity, since comparing lists this long takes longer than listening."""
    known = _LISTENERS.get(id(distress))
    if known is None:
        terms = {term.name: f"(?:{term.words})" for term in distress.terms}
        if len(_LISTENERS) >= MOST_LISTS:
            _LISTENERS.clear()
        known = _LISTENERS[id(distress)] = _Listener(
            distress=distress,
            spelling=Spelling.of(distress),
            signs=Patterns(distress.signs, terms),
            ordinary=Patterns(distress.ordinary, terms),
            past=PastWords(distress.past, terms),
        )
    return known


def filled(pattern: str, terms: dict[str, str]) -> str:
    """A pattern with `<someone>` and the like written out."""
    return _TERM.sub(lambda match: terms[match.group(1)], pattern)


def ways(pattern: str) -> list[str]:
    """The alternatives of a pattern, split where `|` stands outside of any bracket."""
    found, depth, in_class, start, place = [], 0, False, 0, 0
    while place < len(pattern):
        letter = pattern[place]
        if letter == "\\":
            place += 1
        elif in_class:
            in_class = letter != "]"
        elif letter == "[":
            in_class = True
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "|" and depth == 0:
            found.append(pattern[start:place])
            start = place + 1
        place += 1
    return [*found, pattern[start:]]


def beginnings(way: str) -> set[str]:
    """With which letters, at most `BEGINNING` of them, a match can begin; "" where that is not plain to see."""
    way = way.removeprefix("^").removeprefix(r"\b")
    if way[:3] == "(?:":
        end = _closing(way)
        inside, rest = ways(way[3:end]), way[end + 1 :]
        if rest[:1] == "?":
            return beginnings(rest[1:]).union(*(beginnings(each + rest[1:]) for each in inside))
        if rest[:1] == "*":
            return beginnings(rest[1:]).union(*(beginnings(each) for each in inside))
        if rest[:1] not in ("{", "+"):
            return set().union(*(beginnings(each + rest) for each in inside))
    plain = _PLAIN.match(way)
    return {plain.group()[:BEGINNING] if plain else ""}


def _closing(way: str) -> int:
    """Where the bracket that the text begins with is closed."""
    depth, in_class, place = 0, False, 0
    while place < len(way):
        letter = way[place]
        if letter == "\\":
            place += 1
        elif in_class:
            in_class = letter != "]"
        elif letter == "[":
            in_class = True
        elif letter in "()":
            depth += 1 if letter == "(" else -1
            if depth == 0:
                return place
        place += 1
    return len(way)
