"""The study's own list: names of staff, wards, places and organisations that its people are likely to write.

A text file, one entry a line: what it is, the name, and other ways to write it, with commas between.

    staff, Janet Blackwood, Jan, JB
    ward, Juniper Ward
    place, Northtown

Promises: capitals make no difference; a slip or two of the finger are forgiven in longer words ("blakwood"); a first
name or a surname of the list is found alone as well; an ordinary English word never is, unless it has a capital. A bad
line stops the reading with one sentence that names the line and none of its words.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from analysis.errors import ContentError
from analysis.identifiers import Found, Kind
from analysis.naming.lexicon import Sort, sort_of
from analysis.naming.line import Line, read_line
from analysis.words import find_words

_KINDS: dict[str, Kind] = {
    "staff": "STAFF", "person": "FAMILY", "ward": "WARD", "place": "PLACE", "organisation": "ORG", "service": "ORG",
    "team": "ORG", "address": "ADDR", "case": "CASE",
}  # fmt: skip
_RANK = 0  # surer than every rule
_REASON = "on the study's own list"
_FORGIVING, _VERY_FORGIVING = 5, 9  # letters from which one slip is forgiven, and two
_SHORTEST = 2
_MOST = 20_000  # entries; more is not a list of a study

_Way = tuple[tuple[str, ...], Kind, str]


class StudyList:
    """A `Finder` for `deidentify`. `entries` counts the lines."""

    def __init__(self, entries: list[tuple[Kind, tuple[str, ...]]]) -> None:
        self.entries = len(entries)
        self._ways: defaultdict[str, list[_Way]] = defaultdict(list)
        for number, (kind, names) in enumerate(entries):
            for name in names:
                self._add(kind, name, str(number))
        for ways in self._ways.values():
            ways.sort(key=lambda way: -len(way[0]))
        self._parts = sorted({part for ways in self._ways.values() for way in ways for part in way[0]})
        self._same = frozenset(self._parts)
        self._meant = lru_cache(maxsize=100_000)(self._look_up)

    def _add(self, kind: Kind, name: str, entry: str) -> None:
        parts = tuple(word.text for word in find_words(name))
        ways = {parts}
        if kind in {"STAFF", "FAMILY"}:
            ways |= {(part,) for part in parts if len(part) > _SHORTEST and not sort_of(part) & Sort.TITLE}
        elif len(parts) > 1 and sort_of(parts[-1]) & (Sort.WARD | Sort.ORGANISATION):
            ways.add(parts[:-1])  # "on juniper"
        for way in ways:
            self._ways[way[0]].append((way, kind, entry))

    def __call__(self, text: str) -> Iterator[Found]:
        line = read_line(text)
        meant = [self._meant(token.text) for token in line.tokens]
        at = 0
        while at < len(meant):
            way = self._way_at(line, meant, at) if meant[at] else None
            if way is None:
                at += 1
                continue
            parts, kind, entry = way
            last = at + len(parts) - 1
            yield Found(line.tokens[at].start, line.tokens[last].end, kind, _RANK, _REASON, entry)
            at = last + 1

    def _way_at(self, line: Line, meant: list[str], at: int) -> _Way | None:
        for way in self._ways.get(meant[at], ()):
            parts = way[0]
            if tuple(meant[at : at + len(parts)]) != parts:
                continue
            token, stands_so = line.tokens[at], way[1] in {"WARD", "ORG"} and line.word(at - 1) in {"on", "at"}
            if len(parts) > 1 or token.capital or stands_so or not token.sort & Sort.ENGLISH:
                return way
        return None

    def _look_up(self, word: str) -> str:
        """The word of the list that a word is meant to be, or nothing."""
        if word in self._same:
            return word
        if len(word) < _FORGIVING or sort_of(word) & Sort.ENGLISH:
            return ""
        slips = 2 if len(word) >= _VERY_FORGIVING else 1
        best = extractOne(word, self._parts, scorer=OSA.distance, score_cutoff=slips)
        return best[0] if best and best[0][0] == word[0] and len(best[0]) >= _FORGIVING else ""


def read_study_list(path: Path) -> StudyList:
    """Read the list. Raises ContentError at the first line that is not an entry."""
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except OSError:
        raise ContentError(f"Cannot read {path.name}: check that it exists and that you may read it.") from None
    except UnicodeDecodeError:
        raise ContentError(f"{path.name} is not UTF-8 text: save it again as UTF-8.") from None
    entries = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            entries.append(_read_entry(path.name, number, line))
    if len(entries) > _MOST:
        raise ContentError(f"{path.name} has more than {_MOST} entries: leave what the study's people would not write.")
    return StudyList(entries)


def _read_entry(file: str, number: int, line: str) -> tuple[Kind, tuple[str, ...]]:
    first, *names = (field.strip().strip('"') for field in line.split(","))
    kind = _KINDS.get(first.lower())
    if kind is None:
        raise ContentError(f"{file}, line {number}: begin it with what it is: {', '.join(_KINDS)}.")
    if not names or not any(names):
        raise ContentError(f"{file}, line {number}: there is no name after the comma: add it, or take the line out.")
    for name in filter(None, names):
        if not any(len(word.text) >= _SHORTEST for word in find_words(name)):
            raise ContentError(f"{file}, line {number}: a name needs at least one word of two letters: write it out.")
    return kind, tuple(filter(None, names))
