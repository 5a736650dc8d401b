"""Many tasks on the processes of one machine: results as they come, a lost worker replaced, one thread each."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from networks import DataError

__all__ = ["cores", "run_tasks"]

_AHEAD = 2  # tasks for each worker that are handed out at a time
_LOOKS_S = 0.5
_TRIES = 2  # times that a task may lose its worker before it is given up

_work: Callable[[Any], Any] | None = None


def cores(jobs: int | None) -> int:
    """Return how many workers to use; DataError for what is no number of them.

    Parameters
    ----------
    jobs : int, optional
        Asked for; None: as many as this process may use.
    """
    if jobs is None:
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if isinstance(jobs, bool) or not isinstance(jobs, int) or jobs < 1:
        raise DataError([f"jobs: got {jobs!r}, expected a whole number of one or more"])
    return jobs


def run_tasks(
    work: Callable[[Any], Any], tasks: Sequence[Any], jobs: int
) -> Iterator[tuple[Any, Any | None, str | None]]:
    """Yield each task with its result, or with what went wrong, in the order in which they are done.

    Parameters
    ----------
    work : callable
        Does a task. Where processes are forked it is inherited as it is, with all that it has prepared; elsewhere it
        is pickled once for each worker.
    tasks : sequence
        What to do.
    jobs : int
        Workers; with one, all is done here.

    Yields
    ------
    (task, result or None, error or None)
        An error is that the task lost its worker twice. What `work` raises is raised.
    """
    if jobs == 1 or len(tasks) < 2:
        for task in tasks:
            yield task, work(task), None
        return
    left = list(enumerate(tasks))
    lost = [0] * len(tasks)
    while left:
        broken: list[tuple[int, Any]] = []
        for number, result, fell in _round(work, left, min(jobs, len(left))):
            if fell:
                broken.append((number, tasks[number]))
                continue
            yield tasks[number], result, None
        left = []
        for number, task in broken:
            lost[number] += 1
            if lost[number] >= _TRIES and len(broken) <= jobs * _AHEAD:
                alone = next(iter(_round(work, [(number, task)], 1)), (number, None, True))
                if alone[2]:
                    yield task, None, "its worker was lost, again and again (memory?)"
                else:
                    yield task, alone[1], None
            else:
                left.append((number, task))


def _round(work: Callable[[Any], Any], tasks: Sequence[tuple[int, Any]], jobs: int) -> Iterator[tuple[int, Any, bool]]:
    """Yield number, result and False, or, for all that is not done when a worker falls, number, None and True."""
    waiting = iter(tasks)
    context = multiprocessing.get_context("fork" if sys.platform.startswith("linux") else "spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=(work, os.getpid()))
    running: dict[Future[Any], int] = {}
    done: set[int] = set()
    try:
        with contextlib.suppress(BrokenProcessPool):
            for number, task in _first(waiting, jobs * _AHEAD):
                running[pool.submit(_do, task)] = number
            while running:
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    number = running[future]
                    result = future.result()
                    del running[future]
                    done.add(number)
                    yield number, result, False
                    for more, task in _first(waiting, 1):
                        running[pool.submit(_do, task)] = more
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    yield from ((number, None, True) for number, _ in tasks if number not in done)


def _first(waiting: Iterator[tuple[int, Any]], count: int) -> Iterator[tuple[int, Any]]:
    for _, item in zip(range(count), waiting, strict=False):
        yield item


def _begin(work: Callable[[Any], Any], parent: int) -> None:
    global _work
    from threadpoolctl import threadpool_limits

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, and workers end with it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    threadpool_limits(1)
    _work = work


def _end_with(parent: int) -> None:
    """End when the process that handed out tasks is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(_LOOKS_S)
    os._exit(1)


def _do(task: Any) -> Any:
    assert _work is not None
    return _work(task)
