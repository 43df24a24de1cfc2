"""Withdrawal codes: making one, knowing one when somebody sends it, and how often codes may be tried.

A code works from any phone, for whoever has it: so it is long enough that nobody guesses one, and tries are counted.
"""

import re
import secrets
from collections import OrderedDict, deque
from datetime import datetime, timedelta

#: Crockford's base 32: no letter that looks like a figure. 16 of them are 80 bits, which nobody guesses.
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LETTERS = 16
#: The button that confirms: what it sends, before the letters.
CONFIRMS = "delete:code:"

_SHAPE = re.compile(r"[0-9A-Z]{4}(?:[- ]?[0-9A-Z]{4}){3}")
#: How people read what is no letter of a code.
_MEANT = str.maketrans("OIL", "011")

#: So many codes in an hour, of one person and of all people together. More would be guessing.
MOST_TRIES, MOST_OF_ALL = 5, 200
HOUR = timedelta(hours=1)
MOST_PEOPLE = 10_000


def new_code() -> str:
    """A withdrawal code such as `7K2M-Q9XD-4HTB-W0ZR`. It has a figure in it, so that it is never taken for four words
    when somebody writes it with spaces."""
    letters = ""
    while not any(letter.isdigit() for letter in letters):
        letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(LETTERS))
    return _in_groups(letters)


def read_code(text: str) -> str | None:
    """The code, where the whole text is one, however it is written. Four words of four letters are none."""
    written = text.strip().upper()
    if not _SHAPE.fullmatch(written) or not ("-" in written or any(letter.isdigit() for letter in written)):
        return None
    return _checked(written)


def read_button(data: str) -> str | None:
    """The code that somebody has confirmed with this button."""
    if not data.startswith(CONFIRMS):
        return None
    return _checked(data.removeprefix(CONFIRMS).upper())


def _checked(written: str) -> str | None:
    letters = written.replace("-", "").replace(" ", "").translate(_MEANT)
    return _in_groups(letters) if len(letters) == LETTERS and set(letters) <= set(CODE_LETTERS) else None


def _in_groups(letters: str) -> str:
    return "-".join(letters[place : place + 4] for place in range(0, LETTERS, 4))


class Tries:
    """Counts, in memory, by pseudonym."""

    def __init__(self) -> None:
        self._of_all: deque[datetime] = deque()
        self._of_each: OrderedDict[bytes, deque[datetime]] = OrderedDict()

    def may(self, pseudonym: bytes, now: datetime) -> bool:
        """Count this one; False where it is one too many. Those that are refused count too."""
        mine = self._of_each.setdefault(pseudonym, deque(maxlen=MOST_TRIES + 1))
        self._of_each.move_to_end(pseudonym)
        if len(self._of_each) > MOST_PEOPLE:
            self._of_each.popitem(last=False)
        for tries in (mine, self._of_all):
            while tries and now - tries[0] >= HOUR:
                tries.popleft()
            tries.append(now)
        if len(self._of_all) > MOST_OF_ALL + 1:
            self._of_all.popleft()
        return len(mine) <= MOST_TRIES and len(self._of_all) <= MOST_OF_ALL
