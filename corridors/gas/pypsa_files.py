"""The CSV files of a PyPSA network: tables of components, what changes by snapshot, and the folder they stand in."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from networks import DataError
from networks.safely import real, replacing

from .edits import FloatArray

__all__ = ["MW", "PypsaTables", "filled", "further_buses", "kept_columns", "write_folder"]

MW = 1000.0 / 24.0
"""Of a GWh a day."""

_FORMAT = "1.4.0"  # release of PyPSA with which the files were checked
_PARTS = ("network", "snapshots", "carriers", "buses", "links", "generators", "loads", "stores")
_OURS = re.compile(rf"({'|'.join(_PARTS)})(-\w+)?\.csv|meta\.json")


class PypsaTables:
    """Tables of a PyPSA network, filled part by part.

    Parameters
    ----------
    snapshots : Index
        Beginnings of the periods.
    hours : array, shape (T,)
        How long each is.

    Attributes
    ----------
    much : float
        GWh a day that stand for a capacity without limit, where it has one in some snapshots.
    bounded : list of str
        What was given that capacity.
    """

    def __init__(self, snapshots: pd.Index, hours: FloatArray) -> None:
        self.snapshots = snapshots.rename("snapshot")
        self.hours = hours
        self.much = np.inf
        self.bounded: list[str] = []
        self._static: dict[str, list[pd.DataFrame]] = defaultdict(list)
        self._series: dict[str, list[pd.DataFrame]] = defaultdict(list)
        self._carriers: dict[str, None] = {}

    def add(self, component: str, names: Any, *, carrier: Any = "gas", **columns: Any) -> None:
        """Add rows of a component.

        Parameters
        ----------
        component : str
            buses, links, generators, loads or stores.
        names : array-like of str
            Of the rows; nothing is added where there is none.
        carrier : str or array-like of str
        **columns
            One value, one a row, or shape (snapshots, rows), which goes into a file of its own.
        """
        index = pd.Index(names, name="name", dtype=object)
        if not len(index):
            return
        fixed: dict[str, Any] = {}
        for column, value in {"carrier": carrier, **columns}.items():
            if getattr(value, "ndim", 1) == 2:
                self._series[f"{component}-{column}"].append(pd.DataFrame(value, self.snapshots, index))
            else:
                fixed[column] = value.to_numpy() if isinstance(value, pd.Series) else value
        frame = pd.DataFrame(fixed, index)
        self._static[component].append(frame)
        self._carriers.update(dict.fromkeys(frame["carrier"]))

    def rated(self, room: FloatArray, names: Any) -> dict[str, Any]:
        """Return capacities (GWh a day, shape (T, rows)) as PyPSA has them: the greatest, MW, and shares of it."""
        partly = np.isinf(room).any(axis=0) & np.isfinite(room).any(axis=0)
        self.bounded += list(np.asarray(names, dtype=object)[partly])
        room = np.where(np.isinf(room) & partly, self.much, room)
        most = room.max(axis=0, initial=0.0)
        share = np.ones_like(room)
        np.divide(room, most, out=share, where=np.isfinite(room) & (most > 0))
        return {"p_nom": most * MW, **({"p_max_pu": share} if (share != 1.0).any() else {})}

    def texts(self, name: str, about: Mapping[str, Any]) -> dict[str, str]:
        """Return the text of each file.

        Parameters
        ----------
        name : str
            Of the network.
        about : mapping
            What PyPSA keeps as ``meta``.
        """
        frames = {component: pd.concat(parts) for component, parts in self._static.items()}
        links = frames["links"]
        frames["links"] = links.fillna({c: 1.0 for c in links if c.startswith("efficiency")})
        found = {component: frame.to_csv() for component, frame in frames.items()}
        for file, parts in self._series.items():
            default = 1.0 if file.endswith("p_max_pu") else None
            whole = pd.concat(parts, axis=1)
            found[file] = whole.loc[:, (whole != default).any()].to_csv() if default is not None else whole.to_csv()
        weights = {"objective": self.hours, "stores": self.hours, "generators": self.hours}
        found["snapshots"] = pd.DataFrame({"snapshot": self.snapshots, **weights}).to_csv()
        found["carriers"] = pd.DataFrame(index=pd.Index(list(self._carriers), name="name")).to_csv()
        network = pd.DataFrame({"name": [name], "pypsa_version": [_FORMAT], "srid": [4326]})
        found["network"] = network.to_csv(index=False)
        meta = json.dumps(about, indent=2) + "\n"
        return {**{f"{n}.csv": text for n, text in found.items()}, "meta.json": meta}


def filled(table: pd.DataFrame, column: str, default: Any) -> FloatArray:
    """Return an optional column, with a default where there is nothing."""
    if column not in table:
        return np.broadcast_to(np.asarray(default, dtype=float), len(table)).copy()
    found: FloatArray = np.where(table[column].isna(), default, table[column]).astype(float)
    return found


def kept_columns(table: pd.DataFrame, *columns: str) -> dict[str, pd.Series[Any]]:
    """Return columns that PyPSA keeps without using them, those that are there."""
    return {column: table[column] for column in columns if column in table}


def further_buses(pipes: pd.Index, ports: Sequence[tuple[Mapping[str, str], float]]) -> dict[str, Any]:
    """Return the further buses of links, and what each gets (or gives) for what enters."""
    found: dict[str, Any] = {}
    for number, (where, share) in enumerate([port for port in ports if port[0]], 2):
        found[f"bus{number}"] = [where.get(pipe, "") for pipe in pipes]
        found[f"efficiency{number}"] = np.where(pipes.isin(list(where)), share, 1.0)
    return found


def write_folder(path: str | Path, files: Mapping[str, str]) -> None:
    """Write a folder whole or not at all, in the place of a PyPSA network that stands there.

    Parameters
    ----------
    path : path
        In a folder that is there.
    files : mapping of str to str
        Name to text.

    Raises
    ------
    DataError
        It cannot be written, or holds files that belong to no PyPSA network; those that stood there are kept.
    """
    folder = Path(path)
    if folder.exists():
        if not folder.is_dir():
            raise DataError([f"{folder}: is a file, expected a folder, new or with a PyPSA network"])
        other = sorted(f.name for f in folder.iterdir() if not _OURS.fullmatch(f.name))
        if other:
            raise DataError([f"{folder}: {other[0]!r} belongs to no PyPSA network; expected a new or empty folder"])
    with replacing(real(folder)) as part:
        for name, text in files.items():
            (part / name).write_text(text, encoding="utf-8", newline="")
