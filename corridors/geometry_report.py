"""Lengths of lines on the map held against those of the table; lengths adopted into a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from networks import links_gdf, load_tables, read_ways, table_of
from networks.study_rows import add_rows
from networks.ways import FILES

if TYPE_CHECKING:
    from networks.tracks.building import Built

__all__ = ["adopt_lengths", "line_lengths"]

_SOURCE = "OSM-WAYS"
_TITLE = "Tracks and roads, ODbL 1.0: "
_OFF_TRACK_KM = 5.0


def line_lengths(folder: str | Path | None = None) -> pd.DataFrame:
    """Return how long the line of each link is, and how long the table says.

    Parameters
    ----------
    folder : path, optional
        Folder with tables and ways of your own.

    Returns
    -------
    DataFrame by link_id
        ``mode``, ``basis`` (what the line follows), ``table_km``, ``way_km`` (along the source before it was
        simplified; the geodesic where the line is straight), ``difference_pct`` of way to table, ``gap_km`` (closed
        gaps), ``grade`` of the table's length.

    Raises
    ------
    DataError
        Wrong tables or ways.
    """
    links = links_gdf(load_tables(folder))
    stored = read_ways(folder=folder)
    way = [
        stored[key].length_km if basis != "straight" and key in stored else km
        for key, basis, km in zip(links.index, links["basis"], links["way_km"], strict=True)
    ]
    gaps = [stored[key].gap_km if key in stored else 0.0 for key in links.index]
    table = pd.DataFrame(
        {
            "mode": links["mode"],
            "basis": links["basis"],
            "table_km": links["length_km"],
            "way_km": way,
            "gap_km": gaps,
            "grade": links["length_grade"],
        },
        index=links.index,
    )
    table.insert(4, "difference_pct", 100 * (table["way_km"] / table["table_km"] - 1))
    return table


def adopt_lengths(folder: str | Path, built: Built, files: str) -> int:
    """Write the lengths of ways that were found into the ``links.csv`` of a study.

    Parameters
    ----------
    folder : path
        Study, with a ``study.yaml``.
    built : Built
    files : str
        What the ways were read from, for the source.

    Returns
    -------
    int
        How many: of links along tracks, roads and ferry lines whose places lie within 5 km of them; where a place lies
        farther off, the place is what is wrong.

    Raises
    ------
    DataError
        The folder is no study, or the study would be wrong.
    """
    off = built.report["off_track_km"]
    ours = [way for network, way in built.ways if network == "freight" and way.basis in FILES]
    found = {way.link_id: way.length_km for way in ours if off["freight", way.link_id] <= _OFF_TRACK_KM}
    if not found:
        return 0
    links = table_of("links", folder)
    rows = []
    for row in links[links["link_id"].isin(list(found))].to_dict("records"):
        km = round(found[row["link_id"]], 1)
        why = f"length: along OpenStreetMap ({files})"
        kept = "; ".join(part for part in str(row["derivation"]).split("; ") if part and not part.startswith("length"))
        rows.append(
            {
                **row,
                "length_km": max(km, 0.1),
                "length_source_id": _SOURCE,
                "length_grade": "B",
                "derivation": f"{why}; {kept}" if kept else why,
            }
        )
    known = table_of("sources", folder).set_index("source_id")["title"]
    before = str(known[_SOURCE]).removeprefix(_TITLE).split(", ") if _SOURCE in known else []
    source = {
        "source_id": _SOURCE,
        "publisher": "OpenStreetMap contributors",
        "title": _TITLE + ", ".join(dict.fromkeys([*before, *files.split(", ")])),
        "grade": "B",
    }
    add_rows(folder, {"sources": [source], "links": rows})
    return len(rows)
