"""Cutting a long text into messages that Telegram takes, where a reader would pause.

Telegram counts UTF-16 code units (https://core.telegram.org/api/entities#entity-length). A cut is made at the end of a
paragraph, else of a line, else of a sentence, else between two words; only a single word that is longer than a message
is cut within, and even then never within a character that people see as one (a letter with its accent, a joined emoji).
Nothing but the white space at a cut is left out.
"""

import re
import unicodedata
from collections.abc import Iterator

#: Telegram's limit for one message (Bot API, sendMessage).
LONGEST = 4096

_LAST_SINGLE_UNIT = "\uffff"
_JOINER = "\u200d"
#: Where to cut, the best place first. The second group of white space is what the cut leaves out.
_PLACES = [
    re.compile(r"\n[^\S\n]*\n\s*"),
    re.compile(r"\n\s*"),
    re.compile(r"(?<=[.!?…。])[\"'”’)\]]*\s+"),
    re.compile(r"\s+"),
]
#: A piece shorter than this share of a message looks lost: then a later place of a lesser kind is better.
_TOO_SHORT = 0.4


def units(text: str) -> int:
    """Length in UTF-16 code units, Telegram's measure."""
    return len(text) if text.isascii() else len(text) + sum(character > _LAST_SINGLE_UNIT for character in text)


def pieces(text: str, limit: int = LONGEST) -> Iterator[str]:
    """The text in parts of at most `limit` UTF-16 units, none of them empty."""
    rest = text.strip()
    while units(rest) > limit:
        end, begin = _cut(rest, _reach(rest, limit))
        yield rest[:end]
        rest = rest[begin:].lstrip()
    if rest:
        yield rest


def _reach(text: str, limit: int) -> int:
    """How many characters from the start fit into `limit` units."""
    taken = 0
    for place, character in enumerate(text):
        taken += 2 if character > _LAST_SINGLE_UNIT else 1
        if taken > limit:
            return place
    return len(text)


def _cut(text: str, reach: int) -> tuple[int, int]:
    """Where the piece ends and where the rest begins."""
    head = text[: reach + 1]
    for kind in _PLACES:
        found = [each for each in kind.finditer(head) if 0 < _end_of(each) <= reach]
        if found and _end_of(found[-1]) >= reach * _TOO_SHORT:
            return _end_of(found[-1]), found[-1].end()
    place = reach
    while place > 1 and _belongs_together(text[place - 1], text[place]):
        place -= 1
    place = place if place > 1 else reach
    return place, place


def _end_of(found: re.Match[str]) -> int:
    """Closing quotation marks stay with their sentence; the white space goes."""
    return found.start() + len(found.group().rstrip())


def _belongs_together(before: str, after: str) -> bool:
    return (
        bool(unicodedata.combining(after)) or _JOINER in (before, after) or unicodedata.category(after) in ("Mn", "Sk")
    )
