"""How one answer is shown to a researcher: its words cut where codings begin and end, and nothing that plays tricks.

Characters that would act instead of being seen (controls, and those that turn the direction of writing) are shown as
visible signs, one for one. Escaping is left to the templates, which escape everything.
"""

import hashlib
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

from analysis.model import Coding, Framework
from analysis.period import quarter_of
from analysis.questions import words_of
from analysis.reading import CodedAnswer

_PICTURES = 0x2400  # U+2400 and following: a visible sign for each of the first 32 controls
_DIRECTION = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words under the same codings. `stance` is that of the first; `ends` numbers the codings that end here."""

    text: str
    stance: str | None
    ends: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """One coding beneath the text, with its number."""

    number: int
    theme: str
    subtheme: str
    stance: str
    percent: int
    reason: str


@dataclass(frozen=True, slots=True)
class Shown:
    person: str
    service: str
    period: str
    question: str
    wording: str
    pieces: tuple[Piece, ...]
    notes: tuple[Note, ...]
    voice_notes: int
    quotable: bool
    taken_out: int
    original: str | None
    remark: str


def show(coded: CodedAnswer, framework: Framework, *, salt: str, original: bool) -> Shown:
    """`salt` turns the pseudonym into a short name that means nothing outside these pages."""
    answer = coded.answer
    codings = sorted(coded.coded.codings, key=lambda each: (each.start, each.end))
    return Shown(
        person=hashlib.sha256(f"{salt}{answer.person}".encode()).hexdigest()[:6],
        service=visible(answer.service),
        period=quarter_of(answer.day).title,
        question=visible(answer.question),
        wording=visible(words_of(answer.guide, answer.question)),
        pieces=cut(coded.masked.text, codings),
        notes=tuple(_note(number, each, framework) for number, each in enumerate(codings, 1)),
        voice_notes=sum(part.media_type.startswith("audio/") for part in answer.parts),
        quotable=answer.quotable,
        taken_out=sum(coded.masked.taken_out.values()),
        original=visible(answer.text) if original else None,
        remark=coded.coded.note,
    )


def cut(text: str, codings: list[Coding]) -> tuple[Piece, ...]:
    """The text in pieces that have the same codings throughout. Joined, they are the text. Spans beyond it are cut."""
    edges = sorted({0, len(text), *(min(edge, len(text)) for each in codings for edge in (each.start, each.end))})
    pieces = []
    for start, end in pairwise(edges):
        over = [(number, each) for number, each in enumerate(codings, 1) if each.start <= start and end <= each.end]
        ends = tuple(number for number, each in over if min(each.end, len(text)) == end)
        pieces.append(Piece(visible(text[start:end]), over[0][1].stance if over else None, ends))
    return tuple(pieces)


def visible(text: str) -> str:
    """The text with a visible sign for each character that would act on the page instead of standing in it."""
    return "".join(each if each in "\n\t" else _sign(each) for each in text)


def _sign(each: str) -> str:
    if ord(each) < 0x20:  # noqa: PLR2004 - the controls that have pictures
        return chr(_PICTURES + ord(each))
    return "\ufffd" if ord(each) in _DIRECTION or unicodedata.category(each) in {"Cc", "Cs"} else each


def _note(number: int, each: Coding, framework: Framework) -> Note:
    theme = framework.theme_of(each.subtheme)
    title = next(sub.title for sub in theme.subthemes if sub.id == each.subtheme)
    return Note(number, theme.title, title, each.stance, round(100 * each.confidence), visible(each.reason))
