"""One answer as one row: what is in it, and how it is written so that it harms nobody and no program.

Promises: no pseudonym, no session id of the bot and no day is in a row; no control character is in any field; no CSV
field begins with what a spreadsheet takes for a formula. Replacements of characters are one for one, so that the spans
of codings stay right in what is written.
"""

import csv
import io
import json
import secrets
import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Literal

from analysis.period import quarter_of
from analysis.reading import CodedAnswer
from storage.records import TEXT

Format = Literal["csv", "jsonl", "parquet", "xlsx", "qdpx"]
Row = dict[str, Any]

#: The columns, in order. `data/dictionary.toml` says what each is.
COLUMNS = (
    "answer", "person", "session", "service", "guide", "guide_version", "question", "period", "text", "voice_notes",
    "may_be_quoted", "in_summaries", "taken_out", "subthemes", "stances", "codings",
)  # fmt: skip

_REPLACED = "\ufffd"
_FORMULA = "=+-@|%＝＋－＠"


class NewIds:
    """Random ids in place of the real ones: the same for the same, within one export only."""

    def __init__(self) -> None:
        self._given: defaultdict[tuple[str, str], str] = defaultdict(lambda: secrets.token_hex(8))

    def of(self, letter: str, real: str) -> str:
        return letter + self._given[letter, real]

    def another(self, letter: str) -> str:
        return letter + secrets.token_hex(8)


def make_row(coded: CodedAnswer, ids: NewIds) -> Row:
    answer = coded.answer
    codings = [each.model_dump() | {"reason": clean(each.reason)} for each in coded.coded.codings]
    return {
        "answer": ids.another("A"),
        "person": ids.of("P", answer.person),
        "session": ids.of("S", answer.session),
        "service": clean(answer.service),
        "guide": clean(answer.guide),
        "guide_version": answer.guide_version,
        "question": clean(answer.question),
        "period": quarter_of(answer.day).name,
        "text": clean(coded.masked.text),
        "voice_notes": sum(part.media_type != TEXT for part in answer.parts),
        "may_be_quoted": "yes" if answer.quotable else "no",
        "in_summaries": "yes" if answer.in_summaries else "no",
        "taken_out": dict(sorted(coded.masked.taken_out.items())),
        "subthemes": list(dict.fromkeys(each["subtheme"] for each in codings)),
        "stances": list(dict.fromkeys(each["stance"] for each in codings)),
        "codings": codings,
    }


def clean(text: str) -> str:
    """The text without control characters, of the same length. Line breaks and tabs stay; a carriage return becomes a
    space; other controls, lone surrogates and what is never a character become U+FFFD."""
    return "".join(each if each in "\n\t" else " " if each == "\r" else _visible(each) for each in text)


def _visible(each: str) -> str:
    never = ord(each) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(each) <= 0xFDEF  # noqa: PLR2004 - Unicode, section 23.7
    return _REPLACED if never or unicodedata.category(each) in {"Cc", "Cs"} else each


def as_line(row: Row, form: Format) -> bytes:
    """One row in UTF-8 with its line end."""
    if form == "jsonl":
        return (json.dumps(row, ensure_ascii=False) + "\n").encode()
    fields = (as_field(row[name]) for name in COLUMNS)
    return csv_line([safe(field) for field in fields])


def csv_line(fields: list[str]) -> bytes:
    """RFC 4180: every field quoted, lines end with CRLF."""
    line = io.StringIO(newline="")
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow(fields)
    return line.getvalue().encode()


def safe(field: str) -> str:
    """A field that no spreadsheet takes for a formula: an apostrophe goes before a leading sign, also behind spaces."""
    start = field.lstrip("".join({" ", "\t", "\n", "\u00a0", "\u200b", "\ufeff", "'"}))
    return f"'{field}" if (start and start[0] in _FORMULA) or field[:1] in {"\t", "\n"} else field


def as_field(value: object) -> str:
    """A value as text, for formats whose cells are text."""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "; ".join(value)
    if isinstance(value, list | Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
