"""However many processes share the reading, the same comes out, in order; what goes wrong in one is said."""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from analysis.errors import AnalysisError, ContentError
from analysis.export import export
from analysis.frameworks import DEFAULT, read_framework
from analysis.masking import MaskByPerson
from analysis.reading import BATCH, CodedAnswer
from analysis.sharing import Crew, SharedReading, Tools, crew
from analysis.sharing import reading as sharing
from storage.records import Answer
from tests.test_deidentify import marks
from tests.test_export.making import request_for
from tests.test_reports.invented import answer, asked, stream

WORDS = [each.text for each in marks.read_marked()]


def said(number: int) -> list[Answer]:
    """People with three answers each, some without words, so that a person's answers fall into two batches."""
    texts = [WORDS[n % len(WORDS)] if n % 9 else " " for n in range(number)]
    return [answer(f"p{n // 3}", text, question=f"q{n % 3}") for n, text in enumerate(texts)]


@contextmanager
def reading(processes: int, *, few: int = 0, study_list: Path | None = None) -> Iterator[SharedReading]:
    with Crew(Tools(DEFAULT, "lexical", study_list=study_list), processes) as crew:
        yield SharedReading(crew, MaskByPerson, few=few)


async def test_an_export_is_the_same_to_the_byte_however_many_processes_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_list = tmp_path / "list.txt"
    study_list.write_text("staff, Janet Blackwood\n")
    answers = [*said(3 * BATCH + 5), answer("p0", "Janet Blackwood came.", question="q9")]
    folders = []
    for processes in (1, 2, 3):
        numbers = count()
        monkeypatch.setattr("secrets.token_hex", lambda size, numbers=numbers: f"{next(numbers):0{2 * size}x}")
        folder, framework = tmp_path / str(processes), read_framework(DEFAULT)
        with reading(processes, study_list=study_list) as on_some:
            await export(
                request_for(folder, "jsonl"), on_some.code(stream(answers)), stream([asked()]), framework,
                engine=lambda on_some=on_some: on_some.engine,
            )  # fmt: skip
        folders.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert folders[0] == folders[1] == folders[2]
    assert b'"engine": "lexical"' in folders[0]["manifest.json"]
    assert b"[STAFF_S1] came." in folders[0]["answers.jsonl"]


async def test_few_answers_wait_for_no_other_process() -> None:
    heard = said(BATCH)
    with reading(4, few=BATCH) as on_some:
        assert on_some._crew.pool is not None
        on_some._crew.pool.shutdown()  # a task for it would be refused
        assert [each.answer for each in [each async for each in on_some.code(stream(heard))]] == heard


async def test_one_process_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "ProcessPoolExecutor", None)
    with reading(1) as alone:
        assert len([each async for each in alone.code(stream(said(3)))]) == 3


def die(*_: object) -> None:
    os._exit(1)


async def test_a_process_that_dies_ends_the_reading_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "find_all", die)
    with reading(2) as on_some, pytest.raises(AnalysisError, match="--processes 1"):
        _ = [each async for each in on_some.code(stream(said(BATCH)))]


def test_the_others_hold_no_key_and_end_with_the_one_that_made_them() -> None:
    """The one that opens answers is killed with no chance to say so; what a later secret was is in no other process."""
    script = (
        "import os, sys, time\n"
        "from analysis.sharing import Crew, Tools\n"
        "with Crew(Tools('relational_practice', 'lexical', coding=False), 2) as crew:\n"
        "    secret = os.urandom(16).hex()\n"
        "    print(*crew.pool._processes, secret, flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as made:
        assert made.stdout is not None
        *others, secret = made.stdout.readline().split()
        assert len(others) == 2
        assert holds(made.pid, secret), "the search finds it where it is"
        assert not any(holds(int(each), secret) for each in others)
        made.kill()
    until = time.monotonic() + 20
    while any(Path(f"/proc/{each}/cmdline").exists() and alive(each) for each in others):
        assert time.monotonic() < until, "they wait for ever"
        time.sleep(0.05)


def alive(process: str) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def holds(process: int, words: str) -> bool:
    """Whether words are in the memory of a process."""
    regions = [line.split() for line in Path(f"/proc/{process}/maps").read_text().splitlines()]
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for region in regions:
            if region[1].startswith("rw"):
                start, end = (int(each, 16) for each in region[0].split("-"))
                try:
                    memory.seek(start)
                    if words.encode() in memory.read(end - start):
                        return True
                except OSError:
                    continue
    return False


async def test_a_list_that_is_wrong_is_told_as_in_one_process(tmp_path: Path) -> None:
    bad = tmp_path / "list.txt"
    bad.write_text("nobody knows, what this is\n")
    for processes in (1, 2):
        with pytest.raises(ContentError, match=r"list\.txt, line 1"), reading(processes, study_list=bad) as on_some:
            _ = [each async for each in on_some.code(stream(said(3)))]


async def test_only_some_batches_wait_at_a_time() -> None:
    taken = 0

    async def endless() -> AsyncIterator[Answer]:
        nonlocal taken
        for each in said(200 * BATCH):
            taken += 1
            yield each

    with reading(2) as on_some:
        answers = on_some.code(endless())
        first: CodedAnswer = await anext(answers)
        await answers.aclose()
    assert first.answer.person == "p0"
    assert taken < 20 * BATCH


async def test_every_person_is_whole_in_one_batch() -> None:
    batches = [{each.person for each in batch} async for batch in sharing._batches(stream(said(5 * BATCH)))]
    assert len(batches) > 3
    assert sum(len(each) for each in batches) == len(set().union(*batches))
