"""Exports of invented answers, for the tests of formats."""

from datetime import date
from pathlib import Path
from typing import Any

from analysis.export import Request, Told, export
from analysis.export.rows import Format
from analysis.reading import CodedAnswer
from tests.test_reports.invented import FRAMEWORK, answer, asked, coded, coding, stream

TODAY = date(2026, 11, 20)
#: Emoji with joiners, combining marks, Welsh and Arabic names, line ends of three kinds, what XML does not allow.
DIFFICULT = [
    "👩‍👩‍👧 they listened 🙂 to me",
    "Cafe\u0301 with Siân and Llŷr, diolch",
    "سلمى helped me, and so did محمد",
    "first line\r\nsecond line\rthird\nfourth",
    "a\x00b\x0bc\ufffee <b>&amp;\u202e",
    "=1+1 @SUM(A1) <script>alert(1)</script> ]]>",
    "\ufeffbegins with a mark",
    "  spaces around  ",
]


def hearing(texts: list[str] = DIFFICULT) -> list[CodedAnswer]:
    """An answer for each text, with two codings on one span and one on another."""
    found = []
    for number, text in enumerate(texts):
        end = len(text)
        codings = [
            coding("t1s0", "help", 0, end, "a cue"),
            coding("t1s1", "harm", 0, end),
            coding("t0s2", "wish", end // 2, end),
        ]
        found.append(coded(answer(f"p{number % 3}", text, question=f"q{number}"), *codings))
    return found


def request_for(folder: Path, form: Format, **changes: Any) -> Request:
    return Request(**({"folder": folder, "form": form, "unreviewed": True, "made": TODAY} | changes))


async def make(
    request: Request, heard: list[CodedAnswer], told: dict[str, dict[str, str]] | None = None
) -> dict[str, Any]:
    gathered = Told()
    for person, values in (told or {}).items():
        gathered.of[person].update(values)
    return await export(request, stream(heard), stream([asked()]), FRAMEWORK, told=gathered)
