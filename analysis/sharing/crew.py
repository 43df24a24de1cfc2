"""The processes that find details and code: how many, how they are made, and how they end."""

import ctypes
import gc
import multiprocessing
import os
import signal
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, suppress
from threading import Thread
from typing import Any

from analysis.cluster import open_cluster
from analysis.sharing.tools import Tools

#: Processes where nobody says how many. More would wait for the one that opens the answers.
_MOST = 4


def usual_processes() -> int:
    """As many as this process may use cores, up to a few."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST)


class Crew:
    """The processes that find details and code, for one reading. Enter it before a key is opened. `scheduler`: of a
    cluster, whose workers do it instead, however few answers there are."""

    def __init__(self, tools: Tools, processes: int, scheduler: str | None = None) -> None:
        self.tools = tools
        self.processes = processes
        self.scheduler = scheduler
        self.pool: Executor | None = None
        self._cluster = ExitStack()

    def __enter__(self) -> "Crew":
        if self.scheduler is not None:
            opened = open_cluster(self.scheduler, self.processes, self.tools.files)
            self.pool, self.processes = self._cluster.enter_context(opened)
        elif self.processes > 1:
            if self.tools.may_be_copied:
                self.tools.learn()
                _settle_down()
            self.pool = ProcessPoolExecutor(self.processes, _context(self.tools), initializer=_begin)
            self.pool.submit(os.getpid).result()  # all of them are started at the first task
        return self

    def __exit__(self, *problem: Any) -> None:
        if self.scheduler is not None:
            self._cluster.__exit__(*problem)  # says what happened, where the cluster was lost
        else:
            self.let_go()

    def let_go(self) -> None:
        """End the processes; what they hold is given back. A cluster stays until the crew is left."""
        if self.pool is not None and self.scheduler is None:
            self.pool.shutdown(cancel_futures=True)
            self.pool = None
            gc.unfreeze()


def _context(tools: Tools) -> multiprocessing.context.BaseContext:
    """How others are made: copies of this process, or new ones that learn for themselves."""
    if tools.may_be_copied:
        return multiprocessing.get_context("fork")
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", "analysis.lexical", "analysis.naming"])  # held once, shared by all
    return context


def _settle_down() -> None:
    """What was needed to learn is given back, and what is learned is never looked through again for what could go,
    which would make every process copy every page of it."""
    gc.collect()
    with suppress(AttributeError, OSError):  # other systems have no such call
        ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()


def _begin() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever presses Ctrl-C stops the one that started these
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A copy holds the other end of what it waits for, so it would wait for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)
