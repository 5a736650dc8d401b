"""What keeps files and folders whole on a disk: one writer at a time, folders that change places in one step."""

from __future__ import annotations

import atexit
import ctypes
import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import DataError

__all__ = ["alone", "begun", "beside", "check_target", "real", "replace_all", "replacing"]

_LOOKS_S = 0.05
_begun: set[Path] = set()  # what is to be cleared away at the latest when Python ends
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

        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
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


@contextmanager
def begun(home: Path, name: str) -> Iterator[Path]:
    """Give an empty hidden folder to write to, which is gone afterwards, even if clearing it away is interrupted.

    Parameters
    ----------
    home : Path
        Where it is made.
    name : str
        What it is called, with a dot before and letters by chance after.
    """
    part = home / f".{name[:40]}.{secrets.token_hex(4)}"
    _begun.add(part)
    try:
        part.mkdir()
        yield part
    finally:
        shutil.rmtree(part, ignore_errors=True)
        _begun.discard(part)


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give an empty hidden folder beside a file or folder, which is gone afterwards.

    Raises
    ------
    DataError
        The folder of `path` does not exist, or something cannot be written meanwhile.
    """
    if not path.parent.is_dir():
        raise DataError([f"{path}: the folder {path.parent} does not exist"])
    try:
        with begun(path.parent, path.name) as folder:
            yield folder
    except OSError as error:
        raise DataError([f"{path}: cannot be written ({error.strerror or error})"]) from None


def replace_all(parts: Mapping[Path, Path]) -> None:
    """Put files in the place of others, or of none: all of them, or none if one cannot be or Ctrl-C comes.

    Parameters
    ----------
    parts : mapping
        Target to the file that goes there, on the same disk; the old one is kept beside it meanwhile.

    Notes
    -----
    A process that is killed in that instant, or told a second time to end, may leave some replaced; each file is whole.
    """
    done: list[Path] = []
    old = {target: part.with_name(f"{part.name}.old") for target, part in parts.items() if target.exists()}
    for target, kept in old.items():
        shutil.copy2(target, kept)
    try:
        for target, part in parts.items():
            done.append(target)
            part.replace(target)
    except BaseException:
        for target in reversed([t for t in done if not parts[t].exists()]):
            if target in old:
                old[target].replace(target)
            else:
                target.unlink(missing_ok=True)
        raise


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give an empty folder to write to, and put it in the place of another, or of none, if nothing went wrong.

    Parameters
    ----------
    target : Path
        Without links.

    Raises
    ------
    DataError
        The folder of `target` does not exist, or something cannot be written; what was at `target` stays.

    Notes
    -----
    Linux changes both in one step; elsewhere there is a moment in which nothing is at `target`.
    """
    with beside(target) as folder:
        part = folder / "new"
        part.mkdir()
        yield part
        _put(part, target)


@atexit.register
def _clear() -> None:
    for part in list(_begun):
        shutil.rmtree(part, ignore_errors=True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begun.clear)  # a child clears away what it has begun, not its parent's


def real(path: str | Path) -> Path:
    """Return a path without links; DataError where they go in a circle."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "links in a circle"
        raise DataError([f"{path}: cannot be written ({reason})"]) from None


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
    target = real(path)
    try:
        kind = target.stat().st_mode
    except FileNotFoundError:
        return target
    except OSError as error:  # a name that is too long, a folder that may not be looked into
        raise DataError([f"{path}: cannot be written ({error.strerror})"]) from None
    if stat.S_ISDIR(kind):
        raise DataError([f"{path}: cannot be written: is a folder; give the name of a file"])
    if not stat.S_ISREG(kind):
        raise DataError([f"{path}: cannot be written: is a device or a pipe; give the name of a file"])
    return target


def _put(new: Path, target: Path) -> None:
    """Put a folder in the place of another, which is afterwards where the new one was, or of none."""
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
    aside = old.with_name(f".{old.name[:40]}.{secrets.token_hex(4)}")
    try:
        old.rename(aside)
        new.rename(old)
    except BaseException:
        if aside.exists():
            aside.rename(old)
        raise
    aside.rename(new)
