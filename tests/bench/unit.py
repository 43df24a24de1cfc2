"""What one answer costs on the research side, in CPU time: opening it, finding what identifies, suggesting themes.

Opening is done here, on answers that were sealed and stored first. The other two run as commands, on as many texts, and
the cost of one text alone is taken away: what is left is the work, without the start.

    python -m tests.bench.unit
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from storage.keys import read_research_key
from storage.read import Reader
from storage.records import Content, Enrolment, NewPart, Place
from storage.write import Store
from tests.bench.storage import DAY, PASSPHRASE, make_settings

COUNT = 1000
HELD_BACK = Path(__file__).parents[1] / "heldback" / "relational_practice.jsonl"


async def store_and_open(folder: Path) -> tuple[float, float]:
    """CPU milliseconds an answer: to keep it in a SQLite file, sealed, each in a unit of its own; and to open it."""
    settings = make_settings(folder)
    store = await Store.open(settings)
    async with store.unit(1) as unit:
        person, _ = await unit.progress(1)
        await unit.enrol(person, Enrolment("s", "north", "guide", 1, "CODE-000001", {"take_part": True}, "0" * 64, DAY))
    begun = time.process_time()
    for number in range(COUNT):
        async with store.unit(number + 2) as unit:
            words = Content.of_text("They rang me back the same day, and that made the difference.")
            await unit.keep(person, NewPart(Place("s", f"question-{number}", 1), "answer", words, str(number), DAY))
    kept = time.process_time() - begun
    await store.close()
    reader = await Reader.open(settings, read_research_key(folder / "research.key", PASSPHRASE))
    begun = time.process_time()
    opened = len([answer async for answer in reader.answers()])
    spent = time.process_time() - begun
    await reader.close()
    assert opened == COUNT
    return kept / COUNT * 1000, spent / COUNT * 1000


def seconds_of(command: str, lines: list[str], folder: Path) -> float:
    """CPU seconds of one run of a command of the analysis."""
    source = folder / "in.jsonl"
    source.write_text("\n".join(lines) + "\n", "utf-8")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = folder / "out.jsonl"
    out.unlink(missing_ok=True)
    engine = ["--engine", "lexical"] if command == "code" else []
    subprocess.run([sys.executable, "-m", "analysis", command, source, "-o", out, *engine], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    texts = [json.loads(line)["text"] for line in HELD_BACK.read_text("utf-8").splitlines()]
    lines = [json.dumps({"id": number, "text": f"{texts[number % len(texts)]} {number}"}) for number in range(COUNT)]
    table = Table("what", "CPU ms an answer", title=f"One answer, of {COUNT:,}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kept, opened = asyncio.run(store_and_open(folder / "store"))
        table.add_row("keeping it, sealed, in a SQLite file", f"{kept:.2f}")
        table.add_row("opening it with the research key", f"{opened:.2f}")
        for command, what in (("deidentify", "finding what identifies"), ("code", "suggesting themes by words")):
            spent = seconds_of(command, lines, folder) - seconds_of(command, lines[:1], folder)
            table.add_row(what, f"{spent / (COUNT - 1) * 1000:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
