"""However many processes share the reading, the same comes out, in order; what goes wrong in one is said."""

import os
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from analysis import cluster, sharing
from analysis.errors import AnalysisError, ContentError
from analysis.export import export
from analysis.frameworks import DEFAULT, read_framework
from analysis.masking import MaskByPerson
from analysis.reading import BATCH, CodedAnswer
from analysis.sharing import SharedReading, Tools
from storage.records import Answer
from tests.test_deidentify import marks
from tests.test_export.making import request_for
from tests.test_reports.invented import answer, asked, stream

WORDS = [each.text for each in marks.read_marked()]


def said(number: int) -> list[Answer]:
    """People with three answers each, some without words, so that a person's answers fall into two batches."""
    texts = [WORDS[n % len(WORDS)] if n % 9 else " " for n in range(number)]
    return [answer(f"p{n // 3}", text, question=f"q{n % 3}") for n, text in enumerate(texts)]


def reading(processes: int, *, few: int = 0, study_list: Path | None = None) -> SharedReading:
    return SharedReading(Tools(DEFAULT, "lexical", study_list=study_list), MaskByPerson, processes=processes, few=few)


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
        on_some, folder = reading(processes, study_list=study_list), tmp_path / str(processes)
        framework = read_framework(DEFAULT)
        await export(
            request_for(folder, "jsonl"), on_some.code(stream(answers)), stream([asked()]), framework,
            engine=lambda on_some=on_some: on_some.engine,
        )  # fmt: skip
        folders.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert folders[0] == folders[1] == folders[2]
    assert b'"engine": "lexical"' in folders[0]["manifest.json"]
    assert b"[STAFF_S1] came." in folders[0]["answers.jsonl"]


async def test_few_answers_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ProcessPoolExecutor", None)
    heard = said(BATCH)
    assert [each.answer for each in [each async for each in reading(4, few=BATCH).code(stream(heard))]] == heard


def die(*_: object) -> None:
    os._exit(1)


async def test_a_process_that_dies_ends_the_reading_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "_find_all", die)
    with pytest.raises(AnalysisError, match="--processes 1"):
        _ = [each async for each in reading(2).code(stream(said(BATCH)))]


async def test_a_list_that_is_wrong_is_told_as_in_one_process(tmp_path: Path) -> None:
    bad = tmp_path / "list.txt"
    bad.write_text("nobody knows, what this is\n")
    for processes in (1, 2):
        with pytest.raises(ContentError, match=r"list\.txt, line 1"):
            _ = [each async for each in reading(processes, study_list=bad).code(stream(said(3)))]


async def test_only_some_batches_wait_at_a_time() -> None:
    taken = 0

    async def endless() -> AsyncIterator[Answer]:
        nonlocal taken
        for each in said(200 * BATCH):
            taken += 1
            yield each

    answers = reading(2).code(endless())
    first: CodedAnswer = await anext(answers)
    await answers.aclose()
    assert first.answer.person == "p0"
    assert taken < 20 * BATCH


async def test_every_person_is_whole_in_one_batch() -> None:
    batches = [{each.person for each in batch} async for batch in sharing._batches(stream(said(5 * BATCH)))]
    assert len(batches) > 3
    assert sum(len(each) for each in batches) == len(set().union(*batches))
