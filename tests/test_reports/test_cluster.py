"""A Dask cluster codes as one process does, to the byte; one that would not, or would let words out, is refused."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import count, islice
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster, Security

from analysis import cluster
from analysis.cluster import LOCAL, Texts, fingerprint, open_cluster
from analysis.errors import AnalysisError
from analysis.export import export
from analysis.frameworks import DEFAULT, read_framework
from analysis.masking import MaskByPerson
from analysis.reading import BATCH
from analysis.sharing import Crew, SharedReading, Tools, code_shared
from analysis.sharing import reading as sharing
from tests.test_deidentify import marks
from tests.test_docs.documents import ROOT
from tests.test_export.making import request_for
from tests.test_reports.invented import asked, stream
from tests.test_reports.test_sharing import WORDS, die, said

TOOLS = Tools(DEFAULT, "lexical")
SAFE = {"distributed.worker.memory.target": False, "distributed.worker.memory.spill": False}
FILES = {"ca-file": "tls_ca_file", "client.cert": "tls_client_cert", "client.key": "tls_client_key"}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Security]:
    """Certificates as a cluster's owner would make them, in files that Dask's own settings name."""
    folder, made = tmp_path_factory.mktemp("certificates"), Security.temporary()
    names = {}
    for setting, attribute in FILES.items():
        path = folder / f"{attribute}.pem"
        path.write_text(getattr(made, attribute))
        names[f"distributed.comm.tls.{setting}"] = str(path)
    with dask.config.set(names):
        yield made


def running(security: Security, workers: int = 2, threads: int = 1) -> LocalCluster:
    return LocalCluster(
        n_workers=workers, threads_per_worker=threads, host="127.0.0.1", protocol="tls://", security=security,
        dashboard_address="127.0.0.1:0",
    )  # fmt: skip


@pytest.fixture(scope="module")
def address(certificates: Security) -> Iterator[str]:
    with dask.config.set(SAFE), running(certificates) as here:
        yield here.scheduler_address


def texts(number: int) -> list[tuple[str, tuple[str, ...]]]:
    return [(text, ()) for text in islice((f"{text} {n}" for n in count() for text in WORDS), number)]


@pytest.mark.timeout(300)
def test_the_command_writes_the_same_bytes_on_a_cluster(address: str, tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    lines = [{"id": n, "text": text, "question": "helped_time"} for n, (text, _) in enumerate(texts(BATCH + 5))]
    source.write_text("".join(json.dumps(line) + "\n" for line in [*lines, {"id": "last", "text": " "}]))
    settings = {
        f"DASK_{name.upper().replace('.', '__').replace('-', '_')}": dask.config.get(name)
        for name in (f"distributed.comm.tls.{each}" for each in FILES)
    }
    written = []
    for number, options in enumerate([[], ["--scheduler", address]]):
        target = tmp_path / f"{number}.jsonl"
        command = [sys.executable, "-m", "analysis", "code", str(source), "-o", str(target), "--engine", "lexical"]
        done = subprocess.run(
            [*command, *options], cwd=ROOT, env=os.environ | settings | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, timeout=200, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        written.append(target.read_bytes())
    assert written[0] == written[1]
    assert len(written[0].splitlines()) == len(lines) + 1


@pytest.mark.timeout(300)
def test_a_cluster_on_this_machine_codes_as_one_process_does() -> None:
    some = texts(BATCH + 3)
    assert list(code_shared(TOOLS, some, processes=1, scheduler=LOCAL)) == list(TOOLS.coder().code_many(some))


@pytest.mark.timeout(300)
async def test_an_export_is_the_same_to_the_byte_on_a_cluster(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_list = tmp_path / "list.txt"
    study_list.write_text("staff, Janet Blackwood\n")
    answers, folders = said(3 * BATCH + 5), []
    for scheduler in (None, address):
        numbers = count()
        monkeypatch.setattr("secrets.token_hex", lambda size, numbers=numbers: f"{next(numbers):0{2 * size}x}")
        tools, folder = Tools(DEFAULT, "lexical", study_list=study_list), tmp_path / str(scheduler is None)
        with Crew(tools, 1, scheduler) as crew:
            reading = SharedReading(crew, MaskByPerson)
            await export(
                request_for(folder, "jsonl"), reading.code(stream(answers)), stream([asked()]), read_framework(DEFAULT),
                engine=lambda reading=reading: reading.engine,
            )  # fmt: skip
        folders.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert folders[0] == folders[1]


def coded(scheduler: str) -> int:
    return len(list(code_shared(TOOLS, texts(3), processes=1, scheduler=scheduler)))


@pytest.mark.parametrize("where", ["tcp://127.0.0.1:8786", "127.0.0.1:8786", "nowhere"])
def test_words_do_not_travel_where_others_could_read_them(where: str) -> None:
    with pytest.raises(AnalysisError, match="begins with tls://"):
        coded(where)


def test_a_scheduler_that_does_not_answer_is_said(certificates: Security, monkeypatch: pytest.MonkeyPatch) -> None:
    assert certificates
    monkeypatch.setattr(cluster, "PATIENCE", "1s")
    with pytest.raises(AnalysisError, match="does not answer"):
        coded("tls://127.0.0.1:9")


def test_without_its_packages_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda _: None)
    with pytest.raises(AnalysisError, match=r"hearten\[cluster\]"):
        coded(LOCAL)


def test_a_cluster_without_workers_is_refused(certificates: Security) -> None:
    with running(certificates, workers=0) as none, pytest.raises(AnalysisError, match="no workers"):
        coded(none.scheduler_address)


def test_workers_with_several_threads_are_refused(certificates: Security) -> None:
    with (
        dask.config.set(SAFE),
        running(certificates, 1, threads=2) as many,
        pytest.raises(AnalysisError, match="--nthreads 1"),
    ):
        coded(many.scheduler_address)


def test_workers_that_would_write_words_to_their_disk_are_refused(certificates: Security) -> None:
    usual = {"distributed.worker.memory.target": 0.6, "distributed.worker.memory.spill": 0.7}
    with dask.config.set(usual), running(certificates, 1) as spilling, pytest.raises(AnalysisError, match="disk"):
        coded(spilling.scheduler_address)


def test_workers_with_other_code_are_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fingerprint.cache_clear()
    monkeypatch.setattr(cluster, "_COUNTS", ("numpy",))  # here, and not in the workers
    with pytest.raises(AnalysisError, match="other code"):
        coded(address)
    fingerprint.cache_clear()


def test_workers_with_another_list_of_the_study_are_refused(address: str, tmp_path: Path) -> None:
    """The hash is of what stands in the file, wherever it lies."""
    one, two = tmp_path / "one.txt", tmp_path / "two.txt"
    one.write_text("staff, Janet Blackwood\n")
    two.write_text("staff, Janet Blackwell\n")
    assert len({fingerprint(()), fingerprint((one,)), fingerprint((two,))}) == 3
    with open_cluster(address, 1, (one,)) as (_, workers):
        assert workers == 2


def test_a_worker_that_dies_again_and_again_ends_the_work_with_a_sentence(
    certificates: Security, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "code_many_texts", die)
    with (
        dask.config.set({**SAFE, "distributed.scheduler.allowed-failures": 0}),
        running(certificates, 1) as dying,
        pytest.raises(AnalysisError, match="without --scheduler"),
    ):
        coded(dying.scheduler_address)


def fail(_: Tools, batch: Texts) -> None:
    raise ValueError(str(batch))


def test_a_worker_that_fails_logs_nobodys_words(address: str) -> None:
    from distributed import Client  # noqa: PLC0415

    said_here = marks.read_marked()[0].text
    batch = Texts([said_here, *(text for text, _ in texts(3))])
    assert repr(batch) == str(batch) == "<4 texts>"
    with Client(address) as client:
        future = client.submit(fail, TOOLS, batch)
        assert isinstance(future.exception(timeout=60), ValueError)
        logs = str(client.get_worker_logs()) + str(client.get_scheduler_logs())
    assert "4 texts" in logs
    assert not any(text in logs for text in batch)
