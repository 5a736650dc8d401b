"""Many tasks on a Dask cluster: each worker prepares once, a lost one is replaced by the cluster."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from networks import DataError

__all__ = ["run_on_dask"]

_WAIT_S = 10
_RETRIES = 3

_prepared: dict[str, Callable[[Any], Any]] = {}


def run_on_dask(
    work: Callable[[Any], Any], tasks: Sequence[Any], address: str
) -> Iterator[tuple[Any, Any | None, str | None]]:
    """Yield each task with its result, or with what went wrong; see `corridors.resilience.pool.run_tasks`.

    Parameters
    ----------
    work : callable
        Does a task; can be pickled.
    tasks : sequence
        What to do.
    address : str
        Of the scheduler.

    Raises
    ------
    DataError
        Dask is not installed, or nobody answers at the address.
    """
    try:
        from distributed import Client, as_completed
    except ImportError:
        raise DataError(["scheduler: needs Dask, pip install 'corridors[distributed]'"]) from None
    try:
        client = Client(address, timeout=_WAIT_S, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise DataError([f"scheduler: nobody answers at {address!r} ({error})"]) from None
    import hashlib

    code = pickle.dumps(work)
    key = hashlib.sha256(code).hexdigest()
    with client, client.as_current():
        shared = client.scatter(code, broadcast=True, hash=False)
        futures = {client.submit(_do, key, shared, task, pure=False, retries=_RETRIES): task for task in tasks}
        for future in as_completed(list(futures)):
            wrong = future.exception()
            if wrong is None:
                yield futures[future], future.result(), None
            else:
                yield futures[future], None, " ".join(f"{type(wrong).__name__}: {wrong}".split())
            future.release()


def _do(key: str, code: bytes, task: Any) -> Any:
    """Do a task with work that this worker unpickled once."""
    if key not in _prepared:
        _prepared.clear()
        _prepared[key] = pickle.loads(code)
    return _prepared[key](task)
