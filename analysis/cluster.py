"""A Dask cluster that shares the coding, as an `Executor`: the same that processes of this machine are behind.

It is for collections that one machine would code for days. The research key stays where the answers are opened;
workers see texts and nothing else, no key, no file of answers and no id.

Promises: a cluster is used only over TLS, with workers that have this very code, content and list of the study, that
write nothing to disk when memory runs short, and that run one thread each, so that what comes back is what one process
gives, to the byte; anything else is refused with a sentence before a text has left. What a worker logs shows how many
texts it had, never their words.
"""

import asyncio
import hashlib
import logging
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.errors import AnalysisError

if TYPE_CHECKING:
    from distributed import Client

#: The scheduler that is started for the run, with workers on this machine, and stopped after it.
LOCAL = "local"
#: How long a scheduler is waited for.
PATIENCE = "20s"
#: What would put texts on a worker's disk, and what must be said of it for that worker to be used.
_SPILLING = ("distributed.worker.memory.target", "distributed.worker.memory.spill")
#: Other versions of these may give other figures in the last places.
_COUNTS = ("numpy", "scikit-learn", "scipy", "textblob", "onnxruntime", "tokenizers")
_HERE = Path(__file__).parent


class Texts(list[Any]):
    """A batch of texts on its way. What shows it, in a log for instance, shows how many there are."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{len(self)} texts>"

    __str__ = __repr__


@contextmanager
def open_cluster(scheduler: str, workers: int, files: tuple[Path, ...] = ()) -> Iterator[tuple[Executor, int]]:
    """The workers of a cluster, and how many they are. `workers`: how many to start, where it is `local`.

    `files` are what the work reads besides our own content; workers must have the same. Raises AnalysisError where the
    cluster cannot be used, and where it was lost while it was at work."""
    with _cluster(scheduler, workers, files) as client:
        count = sum(client.nthreads().values())
        try:
            yield client.get_executor(pure=False), count
        except (asyncio.CancelledError, Exception) as error:
            if isinstance(error, _lost()) or (isinstance(error, asyncio.CancelledError) and client.status != "running"):
                raise AnalysisError(
                    "The cluster was lost, or its workers came to an end again and again, most often for want of"
                    " memory: nothing was written. See to the cluster, or try again without --scheduler."
                ) from None
            raise


@contextmanager
def _cluster(scheduler: str, workers: int, files: tuple[Path, ...]) -> Iterator["Client"]:
    if find_spec("distributed") is None:
        raise AnalysisError(
            'A cluster needs packages that are not installed: install them with `pip install "hearten[cluster]"`, or'
            " leave out --scheduler."
        )
    if scheduler != LOCAL and not scheduler.startswith("tls://"):
        raise AnalysisError(
            f'The scheduler must be "{LOCAL}" or an address that begins with tls://, because people\'s words travel'
            " to it."
        )
    # Imported here, because these packages come with the extra only.
    import dask  # noqa: PLC0415
    from distributed import Client, LocalCluster, Security  # noqa: PLC0415

    # Of a cluster that is ours: no talk, no pages over HTTP, nothing on disk.
    pages: dict[str, list[str]] = {f"distributed.{who}.http.routes": [] for who in ("scheduler", "worker")}
    with dask.config.set({"logging.distributed": "error", **pages, **dict.fromkeys(_SPILLING, False)}):
        if scheduler != LOCAL:
            with _connect(scheduler) as client:
                _check_workers(client, files)
                yield client
            return
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host="127.0.0.1",
                protocol="tls://",
                security=Security.temporary(),  # others who use this machine cannot join
                dashboard_address="127.0.0.1:0",
                silence_logs=logging.ERROR,
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client


def _connect(scheduler: str) -> "Client":
    from distributed import Client  # noqa: PLC0415

    try:
        return Client(scheduler, timeout=PATIENCE)  # certificates: Dask's own settings name them
    except (OSError, TimeoutError, ValueError, TypeError):
        raise AnalysisError(
            "The scheduler does not answer: check its address, and that Dask's settings"
            " (distributed.comm.tls.ca-file and client) name certificates which it knows."
        ) from None


def _check_workers(client: "Client", files: tuple[Path, ...]) -> None:
    threads = client.nthreads()
    if not threads:
        raise AnalysisError("The scheduler has no workers: start some with `dask worker`, then try again.")
    if set(threads.values()) != {1}:
        raise AnalysisError("Workers must run one thread each: start them with `dask worker --nthreads 1`.")
    if any(client.run(_spills).values()):
        raise AnalysisError(
            "A worker would write people's words to its disk when memory runs short: set"
            " distributed.worker.memory.target and distributed.worker.memory.spill to false there, and start it again."
        )
    try:
        others = set(client.run(fingerprint, files).values())
    except (ImportError, AttributeError):
        others = set()
    if others != {fingerprint(files)}:
        raise AnalysisError(
            "A worker has other code, other content, another list of the study or other versions of libraries than this"
            " machine, so it might code otherwise: install the same on all of them."
        )


def _spills() -> bool:
    import dask  # noqa: PLC0415

    return any(dask.config.get(each, default=True) is not False for each in _SPILLING)


@lru_cache
def fingerprint(files: tuple[Path, ...] = ()) -> str:
    """What decides how a text is coded, as one hash: our code and content, the files named, versions of libraries."""
    whole = hashlib.sha256()
    own = sorted(path for path in _HERE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    for path in (*own, *files):
        content = path.read_bytes() if path.is_file() else b"none"
        whole.update(hashlib.sha256(content).digest())
    for name in _COUNTS:
        whole.update(f"{name} {_version(name)}\n".encode())
    return whole.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _lost() -> tuple[type[Exception], ...]:
    from distributed import CancelledError, KilledWorker  # noqa: PLC0415
    from distributed.comm import CommClosedError  # noqa: PLC0415

    return KilledWorker, CommClosedError, *((CancelledError,) if issubclass(CancelledError, Exception) else ())
