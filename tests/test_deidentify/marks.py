"""The marked messages, and how de-identification is measured on them.

A mention counts as found where what was taken out covers every letter and figure of it; its kind does not matter.
Messages whose SHA-256 is odd are held back: rules may be tuned on the even ones only, and are measured on the odd.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

_MARK = re.compile(r"<([A-Z_]+):([^>]+)>")
_WORD = re.compile(r"\S+")
_HERE = Path(__file__).parent

#: A text to the spans of what is taken out of it.
Finder = Callable[[str], Iterable[tuple[int, int]]]


class Marked(NamedTuple):
    """A message and the details in it: start, end (exclusive), kind."""

    text: str
    details: tuple[tuple[int, int, str], ...]

    @property
    def held_back(self) -> bool:
        return hashlib.sha256(self.text.encode()).digest()[-1] % 2 == 1

    def lowered(self) -> "Marked":
        lowered = self.text.lower()
        assert len(lowered) == len(self.text)
        return Marked(lowered, self.details)


def read_marked(name: str = "marked.txt") -> list[Marked]:
    lines = (_HERE / name).read_text("utf-8").splitlines()
    return [_unmark(line) for line in lines if line and not line.startswith("#")]


def _unmark(line: str) -> Marked:
    text, details, at = "", [], 0
    for mark in _MARK.finditer(line):
        text += line[at : mark.start()]
        details.append((len(text), len(text) + len(mark[2]), mark[1]))
        text += mark[2]
        at = mark.end()
    return Marked(text + line[at:], tuple(details))


def missed(message: Marked, find: Finder) -> list[tuple[str, str]]:
    """The details of a message that are not wholly covered: kind and words."""
    covered = {place for start, end in find(message.text) for place in range(start, end)}
    return [
        (kind, message.text[start:end])
        for start, end, kind in message.details
        if any(message.text[place].isalnum() and place not in covered for place in range(start, end))
    ]


def recall(messages: Iterable[Marked], find: Finder) -> float:
    """The share of details that are found whole."""
    every = list(messages)
    total = sum(len(each.details) for each in every)
    return 1 - sum(len(missed(each, find)) for each in every) / total


def words_taken(texts: Iterable[str], find: Finder) -> float:
    """The share of words, of all texts together, that something was taken out of."""
    taken = total = 0
    for text in texts:
        spans = list(find(text))
        for word in _WORD.finditer(text):
            total += 1
            taken += any(start < word.end() and word.start() < end for start, end in spans)
    return taken / total
