"""Our links along extracts of OpenStreetMap: geometry and length adopted, differences and failures reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import DataError
from .building import Built
from .follow import Follower, Rules
from .graph import TrackGraph
from .lands import Lands
from .lines import read_lines
from .osm import read_osm
from .stored import cached

if TYPE_CHECKING:
    from ..tables import Tables

__all__ = ["MODES", "conflate", "joined", "read_extracts"]

MODES = {"rail": ("rail",), "road": ("road",), "ferry": ("ferry", "feeder")}
"""Modes of extracts, and the modes of links that may follow them."""

_BASIS = {"rail": "track", "road": "road", "ferry": "ferry"}
_ENDINGS = (".osm", ".pbf", ".gz", ".bz2")
_PER_DEGREE = 1e7


def read_extracts(
    files: Sequence[str | Path], modes: Sequence[str], keep: str | Path | None = None
) -> dict[str, TrackGraph]:
    """Read extracts, each file and mode once: what was read is kept and found again.

    Parameters
    ----------
    files : sequence of path
        ``.osm``, ``.osm.pbf`` and their packed forms by pyosmium; GeoParquet, GeoPackage, GeoJSON as lines.
    modes : sequence of str
        Of `MODES`. A mode that a file has no way of is left out, unless no file has one.
    keep : path, optional
        Folder where graphs are kept. Killed half way, only the file that was being read is read again.

    Returns
    -------
    dict
        Mode to the joined graph of all files.

    Raises
    ------
    DataError
        A file cannot be read, or no file has a way of any mode.
    """
    found: dict[str, list[TrackGraph]] = {mode: [] for mode in modes}
    empty: list[str] = []
    for file in map(Path, files):
        read = read_osm if file.suffix.lower() in _ENDINGS else read_lines
        for mode in modes:
            try:
                found[mode].append(read(file, mode) if keep is None else cached(file, mode, keep, read))
            except DataError as error:
                if not any(_has_none(problem) for problem in error.problems):
                    raise
                empty += error.problems
    graphs = {mode: joined(parts) for mode, parts in found.items() if parts}
    if not graphs:
        raise DataError(empty)
    return graphs


def _has_none(problem: str) -> bool:
    return "no way with" in problem or "no lines" in problem


def joined(graphs: Sequence[TrackGraph]) -> TrackGraph:
    """Return one graph of several; nodes at the same coordinates become one, as where extracts meet at a border."""
    if len(graphs) == 1:
        return graphs[0]
    lon, lat = (np.concatenate([getattr(g, axis) for g in graphs]) for axis in ("lon", "lat"))
    spots = np.round(np.column_stack([lon, lat]) * _PER_DEGREE).astype(np.int64)
    _, first, number = np.unique(spots, axis=0, return_index=True, return_inverse=True)
    number = number.ravel()
    start = np.cumsum([0, *(g.size for g in graphs)])[:-1]
    bends = np.cumsum([0, *(len(g.bends) for g in graphs)])[:-1]
    ends = {
        end: number[np.concatenate([getattr(g, end) + at for g, at in zip(graphs, start, strict=True)])]
        for end in ("tail", "head")
    }
    firsts = [g.first_bend[:-1] + at for g, at in zip(graphs, bends, strict=True)]
    return TrackGraph(
        lon[first],
        lat[first],
        ends["tail"],
        ends["head"],
        np.concatenate([g.length_km for g in graphs]),
        pd.concat([g.ways for g in graphs], ignore_index=True),
        np.vstack([g.bends for g in graphs]),
        np.concatenate([*firsts, [sum(len(g.bends) for g in graphs)]]),
    )


def conflate(
    tables: Tables,
    graphs: Mapping[str, TrackGraph],
    *,
    lands: Lands | None = None,
    rules: Rules | None = None,
    gap_km: float = 1.0,
    only: Sequence[str] | None = None,
) -> Built:
    """Route the links of a network along graphs of their mode.

    Parameters
    ----------
    tables : Tables
    graphs : mapping
        Mode of `MODES` to graph.
    lands : Lands, optional
        Countries: ways stay in those of their link.
    rules : Rules, optional
    gap_km : float
        Widest gap between dead ends that is closed.
    only : sequence of str, optional
        Links to route; otherwise those whose two places lie in the extent of the graph.

    Returns
    -------
    Built
        With a report of every link that was tried.
    """
    built = Built()
    for mode, graph in graphs.items():
        whole = graph.with_bridges(gap_km, same_part=False) if gap_km > 0 else graph
        follower = Follower(whole, None if mode == "ferry" else lands, rules or Rules())
        for link_id in _tried(tables, mode, graph, only):
            link_mode = str(tables.links.at[link_id, "mode"])
            built.add("freight", link_id, link_mode, _BASIS[mode], follower.follow(tables, link_id))
    return built


def _tried(tables: Tables, mode: str, graph: TrackGraph, only: Sequence[str] | None) -> list[str]:
    links = tables.links[tables.links["mode"].isin(MODES[mode])]
    if only is not None:
        return [link_id for link_id in only if link_id in links.index]
    if links.empty:
        return []
    slack = 0.1
    lon, lat = tables.places["lon"].astype(float), tables.places["lat"].astype(float)
    inside = lon.between(graph.lon.min() - slack, graph.lon.max() + slack)
    inside &= lat.between(graph.lat.min() - slack, graph.lat.max() + slack)
    both = links["from_place_id"].map(inside) & links["to_place_id"].map(inside)
    return [str(link_id) for link_id in links.index[both]]
