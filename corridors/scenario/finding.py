"""Where scenario files are found: beside the study, then among the toolkit's, and nowhere else."""

from __future__ import annotations

import os
import stat
from difflib import get_close_matches
from itertools import islice
from pathlib import Path, PurePosixPath

from networks import DataError

from .problems import printable, shown
from .yaml_text import MOST_BYTES

__all__ = ["BUILTIN", "ENDINGS", "find", "find_first", "label", "names", "read"]

BUILTIN = Path(__file__).resolve().with_name("builtin")
ENDINGS = (".yaml", ".yml")
_MOST_NAMES = 1000
_MOST_FOLDERS = 50
_LONGEST = 200


def find_first(name: str | Path) -> Path:
    """Return the file that a user means: a path, or a name in this folder or among the toolkit's.

    Raises
    ------
    DataError
        There is none; the nearest names are listed.
    """
    text = os.fspath(name)
    if "\0" in text or not Path(text).name or len(text) > 4 * _LONGEST:
        raise DataError([f"{shown(text)} is no name of a scenario file"])
    bare = not any(sep in text for sep in ("/", os.sep))
    given = Path(text)
    if given.suffix.lower() in ENDINGS:
        found = [given]
    else:
        here = [given.with_name(given.name + ending) for ending in ENDINGS]
        found = [*here, *(BUILTIN / file.name for file in here if bare)]
    for file in found:
        if _is_there(file):
            return file
    if given.is_dir():
        inside = sorted(file for file in given.iterdir() if file.suffix.lower() in ENDINGS)
        hint = f"; it holds {printable(str(inside[0]))}" if inside else ""
        raise DataError([f"{printable(text)}: is a folder, expected a scenario file{hint}"])
    if _is_there(given) and given.suffix.lower() not in ENDINGS:
        raise DataError([f"{printable(text)}: scenario files end in {' or '.join(ENDINGS)}"])
    folder = given.parent
    looked = f"looked for {printable(str(found[0]))}" + (" and among the toolkit's" if bare else "")
    known = [*names(folder), *(names(BUILTIN) if bare else ())]
    raise DataError([f"no scenario file {shown(text)} ({looked}){_near(given.name, known)}"])


def find(name: str, folder: Path, own: Path) -> Path:
    """Return the file that a scenario names in `extends` or `against`.

    Parameters
    ----------
    name : str
        ``aktau-draught`` or ``sub/aktau-draught``, with or without ``.yaml``.
    folder : path
        Of the study: of the file that was loaded first.
    own : path
        The file that names it; never found itself.

    Raises
    ------
    DataError
        A path that leaves the folder, or no such file; the nearest names are listed.
    """
    _check_name(name)
    endings = ("",) if PurePosixPath(name).suffix.lower() in ENDINGS else ENDINGS
    places = [BUILTIN] if own.parent == BUILTIN else [folder, BUILTIN]
    for place in places:
        for ending in endings:
            file = place / f"{name}{ending}"
            if _is_there(file) and not _same(file, own):
                return file
    known = dict.fromkeys(known for place in places for known in names(place))
    stem = name.removesuffix(".yaml").removesuffix(".yml")
    other = [word for word in known if word != _stem(own, folder)]
    raise DataError([f"no scenario file {shown(name)} in the folder or among the toolkit's{_near(stem, other)}"])


def read(file: Path, folder: Path) -> bytes:
    """Return the content of a scenario file, a little more than allowed at most.

    Raises
    ------
    DataError
        Not a regular file, outside the folder once links are followed, or not readable.
    """
    name = printable(label(file, folder))
    try:
        real = file.resolve(strict=True)
        home = (BUILTIN if file.parent == BUILTIN else folder).resolve(strict=True)
        if not real.is_relative_to(home):
            raise DataError([f"{name}: leads out of the folder of the study"])
        if not stat.S_ISREG(real.stat().st_mode):
            raise DataError([f"{name}: is no regular file"])
        handle = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise DataError([f"{name}: is no regular file"])
            return stream.read(MOST_BYTES + 1)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "links in a circle"
        raise DataError([f"{name}: cannot be read ({reason})"]) from None


def label(file: Path, folder: Path) -> str:
    """Return a file as it is called in messages: by its path in the folder of the study."""
    if file.parent == BUILTIN and folder != BUILTIN:
        return f"builtin/{file.name}"
    return file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name


def names(folder: Path) -> list[str]:
    """Return the names of scenario files in a folder and one level below, sorted."""
    here = _entries(folder)
    below = [e.path for e in here if e.is_dir(follow_symlinks=False) and not e.name.startswith(".")][:_MOST_FOLDERS]
    inside = [entry for path in below for entry in _entries(path)] if folder != BUILTIN else []
    files = [entry.path for entry in (*here, *inside) if entry.name.endswith(ENDINGS) and _is_file(entry)]
    return sorted(_stem(Path(path), folder) for path in files)


def _entries(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(islice(found, _MOST_NAMES))
    except OSError:
        return []


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # links in a circle
        return False


def _check_name(name: str) -> None:
    path = PurePosixPath(name)
    if not path.parts or len(name) > _LONGEST or not name.isprintable():
        raise DataError([f"{shown(name)} is no name of a scenario"])
    if path.is_absolute() or "\\" in name or ".." in path.parts or ":" in path.parts[0] or name.startswith("~"):
        raise DataError([f"{shown(name)}: only files in the folder of the study, as 'name' or 'sub/name'"])


def _is_there(file: Path) -> bool:
    try:
        return file.exists() or file.is_symlink()
    except (OSError, ValueError):
        return False


def _same(file: Path, own: Path) -> bool:
    try:
        return file.samefile(own)
    except OSError:
        return False


def _stem(file: Path, folder: Path) -> str:
    inside = file.relative_to(folder) if file.is_relative_to(folder) else Path(file.name)
    return inside.with_suffix("").as_posix()


def _near(word: str, known: list[str]) -> str:
    near = get_close_matches(word[:_LONGEST], known, 3, 0.5)
    return f"; did you mean {' or '.join(shown(n) for n in near)}?" if near else ""
