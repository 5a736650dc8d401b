"""Open Matrix files of transport models: what stands in them as rows, and rows as one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from networks import DataError
from networks.errors import nearest

if TYPE_CHECKING:
    from .matrices import Known

__all__ = ["MOST", "openmatrix", "read_omx", "write_omx"]

MOST = 100
"""Wrong cells of one matrix that are told."""

_ENDS = ("origin", "destination")
_LOOKUP = "place_id"


class _Matrix(NamedTuple):
    """One matrix of an OMX file, with what its attributes say."""

    name: str
    values: Any
    said: dict[str, str]


def openmatrix() -> Any:
    """Return the library that reads and writes OMX files.

    Raises
    ------
    DataError
        It is not installed.
    """
    try:
        import openmatrix  # type: ignore[import-untyped, import-not-found, unused-ignore]
    except ImportError:
        raise DataError(["OMX files need openmatrix: pip install 'corridors[omx]', or use CSV"]) from None
    return openmatrix


def read_omx(
    file: Path, known: Known, usual: Mapping[str, Any], name: str | None
) -> tuple[pd.DataFrame, Callable[[int], str]]:
    """Read the matrices of an OMX file.

    Parameters
    ----------
    file : path
    known : Known
        What places and goods are called.
    usual : mapping
        ``market``, ``goods``, ``unit`` and ``grade`` of matrices that do not say theirs.
    name : str or None
        The one matrix to read.

    Returns
    -------
    rows : DataFrame
        ``origin``, ``destination``, ``quantity`` and what `usual` has, for each cell that is not zero.
    where : callable
        Says of a row where it stands in the file.

    Raises
    ------
    DataError
        An unreadable file, no matrix, no lookup that names places, a matrix that is not square or not of numbers.
    """
    with _opened(file) as omx:
        matrices, lookups = _contents(file, omx, name)
    places = _places(file, lookups, known)
    parts, labels = [], list[str]()
    for matrix in matrices:
        where = f"{file.name}, matrix {matrix.name}"
        values = _values(where, matrix.values, places)
        goods = matrix.said.get("goods") or known.goods(matrix.name, usual["goods"], where)
        if usual["goods"] not in (None, goods):
            raise DataError([f"goods: got {usual['goods']!r}, but {where} says that it holds {goods!r}"])
        origin, destination = np.nonzero(values != 0)
        part = pd.DataFrame({"from": origin, "to": destination, "quantity": values[origin, destination]})
        parts.append(part.assign(**{**usual, **matrix.said, "goods": goods}))
        labels += [where] * len(part)
    raw = pd.concat(parts).assign(label=labels)
    raw = raw.sort_values(["market", "from", "to", "goods"], kind="stable", ignore_index=True)
    raw = raw.assign(
        **{side: np.array(places, dtype=object)[raw[c]] for side, c in zip(_ENDS, ("from", "to"), strict=True)}
    )
    return raw, lambda i: f"{raw['label'][i]}, from {raw['origin'][i]} to {raw['destination'][i]}"


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    omx = openmatrix()
    import tables  # type: ignore[import-untyped, import-not-found, unused-ignore]

    try:
        if not tables.is_hdf5_file(str(file)):
            raise DataError([f"{file}: is not an HDF5 file, which an OMX file is"])
        with omx.open_file(str(file), "r") as found:
            yield found
    except (tables.HDF5ExtError, OSError):
        raise DataError([f"{file}: cannot be read; is it whole?"]) from None


def _contents(file: Path, omx: Any, name: str | None) -> tuple[list[_Matrix], dict[str, list[str]]]:
    """Return the matrices wanted and all lookups."""
    if "data" not in omx.root:
        raise DataError([f"{file}: has no group data, expected an OMX file with its matrices in it"])
    nodes = {node.name: node for node in omx.list_nodes(omx.root.data, "Array")}
    if not nodes:
        raise DataError([f"{file}: holds no matrix"])
    if name is not None and name not in nodes:
        raise DataError(
            [f"{file}: no matrix is called {name!r}{nearest(name, nodes)}", f"matrices: {', '.join(nodes)}"]
        )
    wanted = nodes if name is None else {name: nodes[name]}
    keys = ("market", "goods", "unit", "grade")
    matrices = [
        _Matrix(label, node.read(), {k: _word(node.attrs[k]) for k in keys if k in node.attrs})
        for label, node in wanted.items()
    ]
    found = omx.list_nodes(omx.root.lookup, "Array") if "lookup" in omx.root else []
    return matrices, {node.name: [_word(entry) for entry in np.atleast_1d(node.read())] for node in found}


def _word(value: Any) -> str:
    """Return an entry of a lookup or an attribute as text; numbers without a point if they have none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").strip()
    return f"{value:.15g}" if isinstance(value, (float, np.floating)) else str(value).strip()


def _places(file: Path, lookups: Mapping[str, list[str]], known: Known) -> list[str]:
    """Return the places of rows and columns by the first lookup that names places."""
    if not lookups:
        raise DataError([f"{file}: has no lookup, expected one that names the place of each row and column"])
    wrong: list[DataError] = []
    for name, words in lookups.items():

        def where(i: int, name: str = name) -> str:
            return f"{file.name}, lookup {name}, entry {i + 1}"

        try:
            return known.placed(words, where)
        except DataError as error:
            wrong.append(error)
    raise min(wrong, key=lambda error: len(error.problems))


def _values(where: str, values: Any, places: Sequence[str]) -> Any:
    """Return a matrix of numbers, zero or more, that is square and as long as its lookup."""
    shape = " x ".join(map(str, np.shape(values)))
    if np.ndim(values) != 2 or np.shape(values)[0] != np.shape(values)[1]:
        raise DataError([f"{where}: has {shape} cells, expected a square matrix"])
    if len(values) != len(places):
        raise DataError([f"{where}: has {shape} cells, but the lookup has {len(places)} entries"])
    if not np.issubdtype(values.dtype, np.number):
        raise DataError([f"{where}: holds {values.dtype}, expected numbers"])
    found = values.astype(float)
    bad = np.argwhere(~((found >= 0) & np.isfinite(found)))[:MOST].tolist()
    if bad:
        raise DataError(
            [f"{where}, from {places[i]} to {places[j]}: got {found[i, j]:g}, expected zero or more" for i, j in bad]
        )
    return found


def write_omx(omx: Any, file: Path, table: pd.DataFrame) -> None:
    """Write a demand, checked; each market, goods, unit and grade is a matrix.

    Parameters
    ----------
    omx : module
        What `openmatrix` returns.
    file : path
        Which may be there.
    table : DataFrame
        Columns as of `corridors.demand`, places by id.
    """
    places = list(dict.fromkeys([*table["origin"], *table["destination"]]))
    at = {place: i for i, place in enumerate(places)}
    keys = ["market", "goods", "unit", "grade"]
    naming = [k for k in keys if k == "goods" or len(set(table[k])) > 1]
    in_memory = {"driver": "H5FD_CORE", "driver_core_backing_store": 0}  # HDF5 is silent on a full disk
    with omx.open_file(str(file), "w", **in_memory) as found:
        for words, rows in table.groupby(keys, sort=False):
            said = dict(zip(keys, map(str, words), strict=True))
            values = np.zeros((len(places), len(places)))
            values[rows["origin"].map(at), rows["destination"].map(at)] = rows["quantity"]
            name = base = re.sub(r"[^A-Za-z0-9_]|^(?=\d)", "_", "__".join(said[k] for k in naming))
            while name in found:
                name += "_"
            found.create_matrix(name, obj=values, title=f"{base}, {said['unit']} a year", attrs=said)
        if places:
            found.create_array(found.root.lookup, _LOOKUP, obj=np.array(places, dtype="S"))
        found.flush()
        whole = found.get_file_image()
    file.write_bytes(whole)
