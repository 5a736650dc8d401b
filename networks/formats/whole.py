"""Files and folders written whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import DataError
from ..safely import beside, check_target, replace_all

__all__ = ["whole_file", "whole_folder"]


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write to, and put what was written in the place of `path` if nothing went wrong.

    Raises
    ------
    DataError
        The folder does not exist or cannot be written to; what was at `path` stays.
    """
    target = check_target(path)
    with beside(target) as folder:
        part = folder / target.name
        yield part
        part.replace(target)


@contextmanager
def whole_folder(path: Path, mark: str) -> Iterator[Path]:
    """Give an empty folder to write files to, and move them to the folder `path` if nothing went wrong.

    Parameters
    ----------
    path : Path
        A folder that is new, empty, or holds a file `mark`; other files in it stay.
    mark : str
        Name of a file that tells a folder of the format from a folder of something else.

    Raises
    ------
    DataError
        The folder holds something else or cannot be written to; what was there stays.
    """
    if path.is_dir() and any(path.iterdir()) and not (path / mark).exists():
        raise DataError([f"{path}: holds other files and no {mark}; expected a new folder, an empty one or its like"])
    if path.exists() and not path.is_dir():
        raise DataError([f"{path}: is a file, expected a folder"])
    with beside(path) as folder:
        part = folder / "new"
        part.mkdir()
        yield part
        if not path.exists():
            part.rename(path)
            return
        replace_all({path / file.name: file for file in sorted(part.iterdir())})
