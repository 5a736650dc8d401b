"""Graphs kept on disk, so that an extract is read once as long as it stays as it is."""

from __future__ import annotations

import hashlib
import os
import secrets
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..errors import DataError
from .graph import TrackGraph

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cached", "load_graph", "save_graph"]

_VERSION = 1
_ARRAYS = ("lon", "lat", "tail", "head", "length_km", "bends", "first_bend")
_MB = 2**20


def save_graph(graph: TrackGraph, path: str | Path) -> Path:
    """Write a graph to one file, whole or not at all: what stood there before stays until the new one is complete.

    Parameters
    ----------
    graph : TrackGraph
    path : path
        ``.npz``; its folder is made if it is not there.

    Returns
    -------
    path

    Raises
    ------
    DataError
        The file cannot be written.
    """
    file = Path(path)
    packed: dict[str, Any] = {name: getattr(graph, name) for name in _ARRAYS}
    packed["version"] = np.array(_VERSION)
    packed["columns"] = _bytes(list(map(str, graph.ways.columns)))
    for number, (_, column) in enumerate(graph.ways.items()):
        if column.dtype.kind in "biuf":
            packed[f"values_{number}"] = column.to_numpy()
        else:
            codes, words = pd.factorize(column.fillna("").astype(str).to_numpy(dtype=object))
            packed[f"codes_{number}"], packed[f"words_{number}"] = codes.astype(np.int32), _bytes(list(words))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _replaced(file, packed)
    except OSError as error:
        raise DataError([f"{file}: cannot be written ({error.strerror or error})"]) from None
    return file


def _replaced(file: Path, packed: dict[str, Any]) -> None:
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as out:
            np.savez(out, **packed)
            out.flush()
            os.fsync(out.fileno())
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def load_graph(path: str | Path) -> TrackGraph:
    """Read a graph that `save_graph` wrote.

    Raises
    ------
    DataError
        No such file, not a graph, damaged, or of another version of the toolkit.
    """
    file = Path(path)
    try:
        with file.open("rb") as content, np.load(content, allow_pickle=False) as packed:
            if int(packed["version"]) != _VERSION:
                raise DataError([f"{file}: has format {int(packed['version'])}, expected {_VERSION}; read it again"])
            names = _words(packed["columns"])
            ways = pd.DataFrame({name: _column(packed, number) for number, name in enumerate(names)})
            return TrackGraph(**{name: packed[name] for name in _ARRAYS}, ways=ways)
    except FileNotFoundError:
        raise DataError([f"{file}: no such file"]) from None
    except DataError:
        raise
    except (OSError, ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile) as error:
        raise DataError([f"{file}: not a graph written by save_graph, or damaged ({error})"]) from None


def cached(
    path: str | Path, mode: str, folder: str | Path, read: Callable[..., TrackGraph], **options: Any
) -> TrackGraph:
    """Return the graph of a file, from the folder if it was read before, else read and kept there.

    Parameters
    ----------
    path : path
        Extract or file of lines.
    mode : str
        rail, road or ferry.
    folder : path
        Where graphs are kept, one file each; whoever deletes one loses nothing but time.
    read : callable
        `read_osm` or `read_lines`, called as ``read(path, mode, **options)``.
    **options
        Handed on; a graph read with other options is another one.

    Returns
    -------
    TrackGraph

    Raises
    ------
    DataError
        The file is not there or `read` says what is wrong with it. A kept graph that is damaged is read again.
    """
    source = Path(path)
    asked = repr((_VERSION, mode, getattr(read, "__qualname__", repr(read)), sorted(options.items())))
    key = hashlib.sha256(f"{_fingerprint(source)}{asked}".encode()).hexdigest()[:20]
    kept = Path(folder) / f"{source.name.split('.')[0]}-{mode}-{key}.npz"
    if kept.is_file():
        try:
            return load_graph(kept)
        except DataError:
            pass  # a disk that was full, a file of another hand: read anew
    graph = read(source, mode, **options)
    save_graph(graph, kept)
    return graph


def _fingerprint(file: Path) -> str:
    """Return what changes when a file does, without reading all of it."""
    try:
        state = file.stat()
        with file.open("rb") as content:
            seen = hashlib.sha256(content.read(_MB))
            content.seek(max(state.st_size - _MB, 0))
            seen.update(content.read(_MB))
    except FileNotFoundError:
        raise DataError([f"{file}: no such file"]) from None
    except OSError as error:
        raise DataError([f"{file}: cannot be read ({error.strerror})"]) from None
    return f"{state.st_size} {state.st_mtime_ns} {seen.hexdigest()}"


def _bytes(words: list[str]) -> NDArray[np.uint8]:
    """Return texts as bytes; arrays of text would take the longest name for each."""
    return np.frombuffer("".join(f"{word}\0" for word in words).encode("utf-8"), dtype=np.uint8)


def _words(packed: NDArray[np.uint8]) -> list[str]:
    return packed.tobytes().decode("utf-8").split("\0")[:-1]


def _column(packed: Any, number: int) -> NDArray[Any]:
    if f"values_{number}" in packed:
        return np.asarray(packed[f"values_{number}"])
    words = np.array([*_words(packed[f"words_{number}"]), ""], dtype=object)
    return np.asarray(words[packed[f"codes_{number}"]])
