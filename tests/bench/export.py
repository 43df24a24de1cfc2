"""How fast and how large an export is: `make bench`, or `python -m tests.bench.export [ANSWERS ...]`.

Invented answers go through the real line, from the answers as the read port gives them to the folder on disk: taking
out details, coding, disclosure control, writing. Each size runs in a process of its own, so that its memory is its own.
"""

import asyncio
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from analysis.export import Request, Told, export
from analysis.lexical import lexical_coder
from analysis.masking import MaskByPerson
from analysis.reading import Reading
from storage.records import Answer, Asked, Content
from tests.test_deidentify import marks

SIZES = (10_000, 100_000)
EACH = 10  # answers of one person
AGES = ("from_18_to_24", "from_25_to_34", "from_35_to_44", "from_45_to_54")


async def answers(count: int) -> AsyncIterator[Answer]:
    """Two messages in each, put together by chance, so that hardly any text comes twice."""
    texts = [each.text for each in (*marks.read_marked(), *marks.read_marked("unmarked.txt"))]
    chance = random.Random(1)
    for number in range(count):
        person = f"{number // EACH:064x}"
        shared = (person, "s1", "elm" if number % 3 else "oak", "relational-practice", 1)
        day = date(2026, 7 + number % 3, 1)
        if number % EACH == 0:
            yield Answer(*shared, "age", "choice", day, (Content.of_text(chance.choice(AGES)),), True, True)
        words = f"{texts[number % len(texts)]} {chance.choice(texts)}"
        yield Answer(*shared, f"q{number % EACH}", "answer", day, (Content.of_text(words),), True, True)


async def asked() -> AsyncIterator[Asked]:
    for _ in ():
        yield _


async def run(count: int, form: str, folder: Path) -> None:
    reading, told = Reading(lexical_coder(), MaskByPerson), Told()
    began = time.perf_counter()
    request = Request(folder / "out", form, True, date(2026, 11, 22), k=5, l=2)  # type: ignore[arg-type]
    await export(request, reading.code(told.listen(answers(count))), asked(), reading.coder.framework, told=told)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"{time.perf_counter() - began:.1f} {peak:.0f}\n")


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(int(sys.argv[2]), sys.argv[3], Path(folder)))
        return
    table = Table("answers", "format", "seconds", "answers a second", "peak memory, MB")
    for form in ("csv", "qdpx"):
        for count in map(int, sys.argv[1:]) if sys.argv[1:] else SIZES:
            command = [sys.executable, "-m", "tests.bench.export", "one", str(count), form]
            seconds, peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            table.add_row(f"{count:,}", form, seconds, f"{count / float(seconds):,.0f}", peak)
    Console().print(table)


if __name__ == "__main__":
    main()
