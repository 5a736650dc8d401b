"""What keeps files and folders whole on a disk: one writer at a time, folders that change places in one step."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import DataError

__all__ = ["alone", "check_target", "put_folder"]

_LOOKS_S = 0.05
_HERE, _EXCHANGE = -100, 2  # of renameat2: paths as they are given, both exist and change places


@contextmanager
def alone(folder: Path, *, wait_s: float = float("inf")) -> Iterator[None]:
    """Be the only one who writes to a folder; ends with the process, however that ends.

    Parameters
    ----------
    folder : Path
        That is there.
    wait_s : float
        How long to wait for others to be done.

    Raises
    ------
    DataError
        Another process writes to it for longer.

    Notes
    -----
    Where there are no locks of this kind (Windows, some network disks) nothing is locked.
    """
    try:
        import fcntl

        handle = os.open(folder, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    until = time.monotonic() + wait_s
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    told = f"{folder}: another run is writing here; wait for it, or name another folder"
                    raise DataError([told]) from None
                time.sleep(_LOOKS_S)
            except OSError:
                break  # a disk without locks
        yield
    finally:
        os.close(handle)


def check_target(path: Path) -> Path:
    """Return where a file is written to, links followed.

    Parameters
    ----------
    path : Path

    Raises
    ------
    DataError
        It is a folder, a device, a pipe or a circle of links.
    """
    try:
        target = path.resolve()
        if path.is_symlink() and target.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "links in a circle"
        raise DataError([f"{path}: cannot be written ({reason})"]) from None
    if target.is_dir():
        raise DataError([f"{path}: cannot be written: is a folder; give the name of a file"])
    if target.exists() and not target.is_file():
        raise DataError([f"{path}: cannot be written: is a device or a pipe; give the name of a file"])
    return target


def put_folder(new: Path, target: Path) -> None:
    """Put a folder in the place of another, which is afterwards where the new one was, or of none.

    Parameters
    ----------
    new : Path
        On the same disk.
    target : Path
        Where it goes.

    Notes
    -----
    Linux changes both in one step; elsewhere there is a moment in which nothing is at `target`.
    """
    try:
        if not target.exists():
            new.rename(target)
            return
    except OSError:
        if not target.exists():  # otherwise another run was quicker
            raise
    _swap(new, target)


def _swap(new: Path, old: Path) -> None:
    if sys.platform.startswith("linux"):
        with suppress(AttributeError):  # a C library without it
            done = ctypes.CDLL(None, use_errno=True).renameat2(
                _HERE, os.fsencode(new), _HERE, os.fsencode(old), _EXCHANGE
            )
            if done == 0:
                return
            if (number := ctypes.get_errno()) not in (errno.ENOSYS, errno.EINVAL):
                raise OSError(number, os.strerror(number), str(old))
    aside = Path(tempfile.mkdtemp(dir=old.parent, prefix=f".{old.name[:40]}.")) / "old"
    old.rename(aside)
    try:
        new.rename(old)
    except OSError:
        aside.rename(old)
        raise
    aside.rename(new)
    aside.parent.rmdir()
