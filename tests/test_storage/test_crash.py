"""Killed at any point, under load: nothing that was acknowledged is lost, nothing is there twice, and it goes on.

`make soak` kills more often: HEARTEN_TEST_KILLS says how many times.
"""

import asyncio
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests.test_storage import load

KILLS = int(os.environ.get("HEARTEN_TEST_KILLS", "12"))

#: So many of the last numbers are delivered again to a worker that starts.
AGAIN = 20

pytestmark = pytest.mark.databases("sqlite", "postgresql")

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.test_storage.load", "asyncpg", "alembic.command"])


class Workers:
    """One process with SQLite, two with a server."""

    def __init__(self, study, folder: Path) -> None:
        self._study = study
        self._files = [folder / f"acknowledged-{number}" for number in range(2 if study.server else 1)]
        self._running: list[BaseProcess] = []

    def start(self) -> None:
        step = len(self._files)
        for number, file in enumerate(self._files):
            done = load.numbers_in(file)
            first = max(0, max(done, default=0) - AGAIN * step) // step * step + number
            self._running.append(_processes.Process(target=load.work, args=(self._study.settings, file, first, step)))
        for each in self._running:
            each.start()

    def wait_for_more(self) -> None:
        """Until each of them has acknowledged something new."""
        sizes = [len(load.numbers_in(file)) for file in self._files]
        deadline = time.monotonic() + 60
        while any(len(load.numbers_in(file)) <= size for file, size in zip(self._files, sizes, strict=True)):
            assert time.monotonic() < deadline, "nothing is acknowledged any more"
            assert all(each.is_alive() for each in self._running), "a worker stopped by itself"
            time.sleep(0.002)

    def kill(self) -> None:
        for each in self._running:
            assert each.pid is not None
            os.kill(each.pid, signal.SIGKILL)
        for each in self._running:
            each.join()
        self._running.clear()

    @property
    def acknowledged(self) -> set[int]:
        return {number for file in self._files for number in load.numbers_in(file)}


@pytest.mark.timeout(120 + 20 * KILLS)
def test_killed_at_any_point_nothing_shows_and_nothing_is_lost(study, tmp_path):
    draw = random.Random(KILLS)
    if study.server:
        study.server.stop()
        study.server.start(fsync=True)
    workers = Workers(study, tmp_path)
    try:
        for kill in range(KILLS):
            workers.start()
            workers.wait_for_more()
            time.sleep(draw.uniform(0, 0.2))
            if study.server and kill % 6 == 5:
                study.server.stop(signal.SIGQUIT)  # as if its machine stopped; the workers live on
                study.server.start(fsync=True)
                workers.wait_for_more()
            workers.kill()
            if study.server is None:
                check_files(study)
            asyncio.run(load.check(study.settings, workers.acknowledged))
            check_rows(study)
        check_no_words(study)
        asyncio.run(check_words(study, workers.acknowledged))
    finally:
        workers.kill()
        if study.server:
            study.server.stop()
            study.server.start()


def check_files(study) -> None:
    """Before anything opens them: SQLite finds its files whole."""
    check_no_words(study)
    for path in (study.settings.database_file, study.settings.keyring_file):
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()


def check_no_words(study) -> None:
    """In no byte of the files, nor in the server's own log of what it wrote."""
    held = study.bytes_on_host() + (study.server.write_ahead_log() if study.server else b"")
    assert not any(words.format("").encode() in held for words in (load.WORDS, load.WORDS_OF_A_VISITOR))


def check_rows(study) -> None:
    """Everybody who takes part has a key, and nobody is waiting to be erased."""
    people, keys, erasing = (
        {row[0] for row in asyncio.run(study.rows(table, name, "pseudonym"))}
        for table, name in (("participant", "main"), ("participant_key", "keyring"), ("erasing", "keyring"))
    )
    assert people <= keys
    assert not erasing


async def check_words(study, acknowledged: set[int]) -> None:
    """With the research key: every answer of those who stayed, once each, word for word, and none of whoever left."""
    words = [answer.text for answer in await study.answers()]
    assert len(words) == len(set(words))
    assert {load.WORDS.format(number) for number in acknowledged} <= set(words)
    assert not {load.WORDS_OF_A_VISITOR.format(number - 10) for number in acknowledged} & set(words)
