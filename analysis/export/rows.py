"""One answer as one row: what is in it, and how it is written so that it harms nobody and no program.

Promises: no pseudonym, no session id of the bot and no day is in a row; no control character is in any field; no CSV
field begins with what a spreadsheet takes for a formula. Replacements of characters are one for one, so that the spans
of codings stay right in what is written.
"""

import csv
import io
import json
import re
import secrets
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from analysis.desk import Handed, Work
from analysis.model import Coding
from analysis.period import quarter_of
from analysis.reading import CodedAnswer
from storage.records import TEXT

#: The name of one of `forms.FORMS`.
Format = str
#: Whose codings leave: the machine's, people's, of these only what stands since it was settled, or all there are.
Codings = Literal["machine", "people", "settled", "all"]
Row = dict[str, Any]

#: The columns, in order. `data/dictionary.toml` says what each is.
COLUMNS = (
    "answer", "person", "session", "service", "guide", "guide_version", "question", "period", "text", "voice_notes",
    "may_be_quoted", "in_summaries", "taken_out", "subthemes", "stances", "themes_from", "coders", "codings",
)  # fmt: skip

_REPLACED = "\ufffd"
# Controls (Cc) apart from tab and line feed, surrogates (Cs), and what is never a character (Unicode, section 23.7).
_NEVER = "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
_UNFIT = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_NEVER}]")
_FORMULA = "=+-@|%＝＋－＠"


class NewIds:
    """Random ids in place of the real ones: the same for the same, within one export only."""

    def __init__(self) -> None:
        self._given: defaultdict[str, dict[str, str]] = defaultdict(dict)

    def of(self, letter: str, real: str) -> str:
        given = self._given[letter]
        if real not in given:
            given[real] = self.another(letter)
        return given[real]

    def another(self, letter: str) -> str:
        return letter + secrets.token_hex(8)


def make_row(coded: CodedAnswer, ids: NewIds, whose: Codings = "all", engine: str = "") -> Row:
    """`engine` names the machine that coded."""
    answer = coded.answer
    machine = machine_name(engine)
    work = _work_of(coded, whose)
    codings = [_of_person(each.coder, coding) for each in work for coding in each.codings]
    if whose in {"all", "machine"}:
        codings += [_of_machine(machine, each) for each in coded.coded.codings]
    coders = [clean(each.coder) for each in work] + [machine] * (whose in {"all", "machine"})
    came_from, themes = _themes_of(codings, work, coders)
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
        "subthemes": list(dict.fromkeys(each["subtheme"] for each in themes)),
        "stances": list(dict.fromkeys(each["stance"] for each in themes)),
        "themes_from": came_from,
        "coders": coders,
        "codings": codings,
    }


def machine_name(engine: str) -> str:
    """The machine as a coder."""
    return f"machine ({engine})" if engine else "machine"


def is_machine(coder: str) -> bool:
    return coder == "machine" or coder.startswith("machine (")


def _work_of(coded: CodedAnswer, whose: Codings) -> list[Work]:
    if whose == "machine":
        return []
    if whose == "settled":
        settled = (each for each in coded.masked.people if each.settled)
        return [replace(each, codings=tuple(it for it in each.codings if it.settled)) for each in settled]
    return list(coded.masked.people)


def _of_machine(coder: str, coding: Coding) -> Row:
    return {
        "coder": coder, **coding.model_dump(), "reason": clean(coding.reason), "how": "suggested", "settled": None,
    }  # fmt: skip


def _of_person(coder: str, coding: Handed) -> Row:
    return {
        "coder": clean(coder), "subtheme": clean(coding.subtheme), "theme": coding.theme, "stance": coding.stance,
        "confidence": None, "start": coding.start, "end": coding.end, "reason": clean(coding.memo), "how": coding.how,
        "settled": coding.settled,
    }  # fmt: skip


def _themes_of(codings: list[Row], work: list[Work], coders: list[str]) -> tuple[str, list[Row]]:
    """The codings that the columns of sub-themes and stances are made of: the surest that there are, and what these
    are."""
    if work and all(each.settled for each in work):
        return "settled", [each for each in codings if each["settled"]]
    if work:
        return "people", [each for each in codings if each["how"] != "suggested"]
    return ("machine" if coders else "nobody"), codings


def clean(text: str) -> str:
    """The text without control characters, of the same length. Line breaks and tabs stay; a carriage return becomes a
    space; other controls, lone surrogates and what is never a character become U+FFFD."""
    return text if text.isprintable() else _UNFIT.sub(_REPLACED, text.replace("\r", " "))


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
    """A value as text, for formats whose cells are text. What is not told is empty."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return "; ".join(value)
    if isinstance(value, list | Mapping):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
