"""Meaning units of an answer, with where they stand.

Made for chat and for transcribed speech: a line break ends a unit (it parts two messages), so does a full stop, a
question or exclamation mark, a run of dots before a capital, and an emoji at the end of a thought. A very long run
without any of these (people write without full stops) is parted at a connecting word. A quotation inside stays with
its sentence.

Promises: `text[start:end]` is the unit, verbatim; units are in order, never overlap, never begin or end with white
space, and between them they hold every character that is not white space. Time grows linearly with the text.
"""

import re
from typing import NamedTuple

# A unit longer than this many characters is looked at again for connecting words; about three spoken clauses.
LONG = 240

_ABBREVIATIONS = frozenset(
    "dr mr mrs ms prof rev st sr jr vs etc e.g i.e eg ie approx dept appt appts hosp a.m p.m".split()
)
# What can end a unit: a line break, closing punctuation with the quotes and brackets that follow it, or emoji.
_EMOJI = "\u2600-\u27bf\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff"
# Runs are taken whole and only from their beginning (possessive, with a look behind), so that a text of nothing but
# dots or spaces takes linear time.
_END = re.compile(
    r"(?P<line>[\n\r\u2028\u2029\x0b\x0c\x85]++)"
    r"|(?P<stop>(?<![.!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964])[.!?\u2026\u3002\uff01\uff1f\u061f\u06d4\u0964]++"
    r"[\"'\u2019\u201d\u00bb)\]]*+)(?=\s|$)"
    rf"|(?P<emoji>(?<![{_EMOJI}\u200d\ufe0f])[{_EMOJI}][{_EMOJI}\u200d\ufe0e\ufe0f\u20e3]*+)(?=\s|$)"
)
_CONNECTING = re.compile(
    r"(?<!\s)(?:,\s++|\s++)(?=(?:but|and then|so then|because then|anyway|also)\b)|;\s++", re.IGNORECASE
)
_LAST_WORD = re.compile(r"[\w.]*\Z")


class Segment(NamedTuple):
    """One meaning unit: code points of the text, from 0, end exclusive."""

    start: int
    end: int


def find_segments(text: str) -> list[Segment]:
    """The meaning units of a text; none where it is empty or only white space."""
    segments: list[Segment] = []
    begin = 0
    for match in _END.finditer(text):
        if _ends_unit(text, begin, match):
            _add(segments, text, begin, match.end())
            begin = match.end()
    _add(segments, text, begin, len(text))
    return _join_fragments(text, segments)


def _ends_unit(text: str, begin: int, match: re.Match[str]) -> bool:
    if match["line"]:
        return True
    following = text[match.end() : match.end() + 40].lstrip()
    if match["emoji"]:
        return not following[:1].islower()
    stop = match["stop"]
    if stop[0] == "." and len(stop) == 1:
        last = _LAST_WORD.search(text, max(begin, match.start() - 20), match.start())
        word = last.group().lower() if last else ""
        # "Dr. Singh", "e.g. housing" and an initial as in "J. Smith" go on.
        if word in _ABBREVIATIONS or (len(word) == 1 and word.isalpha() and word != "i"):
            return False
    if stop[0] == "…" or stop.startswith(".."):
        return following[:1].isupper() or not following
    # A quoted question or shout inside a sentence ('she said "why?" and left') goes on in small letters.
    return not (len(stop) > 1 and stop[-1] in "\"'’”»)]" and following[:1].islower())


def _add(segments: list[Segment], text: str, begin: int, end: int) -> None:
    """Adds what stands between two ends without the white space around it, parted where it is very long."""
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    if begin == end:
        return
    if end - begin > LONG:
        for match in _CONNECTING.finditer(text, begin, end):
            if match.start() - begin > LONG // 2 and end - match.end() > LONG // 4:
                cut = match.start() + (1 if text[match.start()] in ",;" else 0)
                segments.append(Segment(begin, cut))
                begin = match.end()
    segments.append(Segment(begin, end))


def _join_fragments(text: str, segments: list[Segment]) -> list[Segment]:
    """Gives what holds no letter or digit (a stray quotation mark, an emoji) to the unit before it."""
    joined: list[Segment] = []
    for segment in segments:
        if joined and not any(each.isalnum() for each in text[segment.start : segment.end]):
            joined[-1] = Segment(joined[-1].start, segment.end)
        else:
            joined.append(segment)
    return joined
