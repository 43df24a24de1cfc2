"""How fast and how large an export is: `make bench`, or `python -m tests.bench.export [ANSWERS ...]`.

Invented answers go through the real line, from the answers as the read port gives them to the folder on disk: taking
out details, coding, disclosure control, writing. Opening sealed answers is not in it: `tests.bench.storage` has that.
"""

import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

from analysis.export import Request, Told, export
from analysis.frameworks import DEFAULT, read_framework
from analysis.masking import MaskByPerson
from analysis.sharing import Crew, SharedReading, Tools, usual_processes
from storage.records import Answer, Asked, Content
from tests.bench.rows import Row, show
from tests.test_deidentify import marks

SIZES = (1_000, 10_000, 100_000)
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


async def run(count: int, form: str, processes: int, folder: Path) -> None:
    request = Request(folder / "out", form, True, date(2026, 11, 22), k=5, l=2)  # type: ignore[arg-type]
    with Crew(Tools(DEFAULT, "lexical"), processes) as crew:
        reading, told = SharedReading(crew, MaskByPerson), Told()
        await export(request, reading.code(told.listen(answers(count))), asked(), read_framework(DEFAULT), told=told)


def measure(count: int, form: str, processes: int) -> tuple[float, float, float, float]:
    """Seconds on the clock; seconds of processors; the most MB of all processes together, what they share counted once,
    and of the largest one, from a look every fifth of a second."""
    command = [sys.executable, "-m", "tests.bench.export", "one", str(count), form, str(processes)]
    began, together, largest = time.perf_counter(), 0.0, 0.0
    used: dict[int, float] = {}
    with subprocess.Popen(command) as export_run:
        while export_run.poll() is None:
            each = [memory_of(process) for process in family(export_run.pid)]
            together, largest = max(together, sum(each)), max(largest, *each, 0.0)
            for process in family(export_run.pid):
                used[process] = max(used.get(process, 0.0), seconds_of(process))
            time.sleep(0.2)
        seconds = time.perf_counter() - began
    if export_run.returncode:
        raise SystemExit(f"The export of {count:,} answers as {form} failed.")
    return seconds, sum(used.values()), together, largest


def family(process: int) -> list[int]:
    """A process and everything that it started, on Linux."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        children = []
    return [process, *(each for child in children for each in family(int(child)))]


def memory_of(process: int) -> float:
    """MB, of what is shared a share."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(float(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def seconds_of(process: int) -> float:
    """Its own seconds, without those of processes that it waited for: each is counted where it is."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    if sys.argv[1:2] == ["one"]:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(run(int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), Path(folder)))
        return
    show(rows(tuple(map(int, sys.argv[1:])) or SIZES))


def rows(sizes: tuple[int, ...] = SIZES) -> list[Row]:
    found = []
    for form in ("csv", "qdpx"):
        for count in sizes:
            alone: tuple[float, ...] = ()
            for processes in sorted({1, usual_processes()}):
                seconds, used, together, largest = measure(count, form, processes)
                what = f"Export as {form}, {processes} processes"
                found.append(Row(f"{what}, processor", "s", used, count=count))
                found.append(Row(f"{what}, clock", "s", seconds, *(alone[:1] or (None,)), "one process", count=count))
                found.append(Row(f"{what}, all memory", "MB", together, count=count))
                found.append(Row(f"{what}, largest process", "MB", largest, count=count))
                alone = (seconds,)
    return found


if __name__ == "__main__":
    main()
