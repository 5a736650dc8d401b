"""GMNS, the General Modeling Network Specification 0.96: the network written for it, and networks read from it.

The standard (github.com/zephyr-data-specs/GMNS) is a folder of CSV files: ``node``, ``link``, ``geometry``,
``use_definition`` and ``config``. What it has no column for stands beside them in files named as our tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import DataError
from ..exchange import links_gdf
from ..tables import NETWORK, Tables, load_tables
from .cells import checked, credit, write_tables
from .gmns_files import GmnsFiles
from .gmns_foreign import imported
from .whole import whole_folder

__all__ = ["USES", "GmnsNetwork", "read_gmns", "write_gmns"]

USES = {
    "rail": ("rail", 0, 0, "not a road vehicle", "freight train"),
    "road": ("truck", 1, 2, "", "trucks"),
    "sea": ("ship", 0, 0, "not a road vehicle", "deep-sea container ship"),
    "feeder": ("feeder", 0, 0, "not a road vehicle", "container feeder ship"),
    "ferry": ("ferry", 0, 0, "not a road vehicle", "ferry for wagons and trucks"),
    "inland": ("barge", 0, 0, "not a road vehicle", "inland waterway vessel"),
}
"""What each mode is in ``use_definition.csv``: use, persons, passenger car equivalent, conditions, description."""

_CONFIG = {
    "dataset_name": "corridors",
    "short_length": "m",
    "long_length": "km",
    "speed": "km/h",
    "crs": "EPSG:4326",
    "geometry_field_format": "wkt",
    "currency": "USD",
    "version_number": 0.96,
    "id_type": "string",
}
_COLUMNS = {
    "node": "node_id name x_coord y_coord z_coord node_type ctrl_type zone_id parent_node_id",
    "link": "link_id parent_link_id name from_node_id to_node_id directed geometry_id geometry dir_flag length grade "
    "facility_type capacity free_speed lanes bike_facility ped_facility parking allowed_uses toll jurisdiction "
    "row_width",
}
"""Columns of the standard, all of which its schema wants, in the order of gmnspy 0.3.5."""
_BACK = "/back"
_WAY = "change that table too, or remove places.csv and links.csv to read the folder as a network of others"
_DECIMALS = 7


@dataclass(frozen=True)
class GmnsNetwork:
    """A network read from GMNS.

    Attributes
    ----------
    tables : Tables
        Places and links of the network; what GMNS does not have is the toolkit's, without borders and
        without stops of single places. `networks.build` takes it.
    notes : list of str
        What was left out, changed or assumed.
    """

    tables: Tables
    notes: list[str]

    @property
    def places(self) -> pd.DataFrame:
        """Nodes, with the columns of ``places.csv``."""
        return self.tables.places

    @property
    def links(self) -> pd.DataFrame:
        """Links, with the columns of ``links.csv``."""
        return self.tables.links


def write_gmns(tables: Tables, folder: str | Path) -> list[str]:
    """Write the network as a folder that validates with GMNS 0.96.

    Parameters
    ----------
    tables : Tables
        The network.
    folder : path
        New or empty, or with a GMNS network, whose files of the same names are replaced.

    Returns
    -------
    list of str
        What GMNS itself cannot carry. All of it stands in files named as our tables beside those of
        GMNS, so that `read_gmns` gives the same tables.

    Raises
    ------
    DataError
        The folder holds something else or cannot be written to.

    Notes
    -----
    Links are directed, as programs that route on GMNS expect: one that is usable both ways has a second row,
    "/back". Lengths are km, speeds km/h. Only existing links are in ``link.csv``, since GMNS has no status.
    """
    lines = links_gdf(tables)
    files = {
        "config": pd.DataFrame([_CONFIG]),
        "node": _nodes(tables),
        "link": _rows(tables),
        "geometry": _geometry(lines),
        "use_definition": _uses(),
    }
    with whole_folder(Path(folder), "node.csv") as part:
        for name, frame in files.items():
            _write(name, frame, part)
        if credit(lines):
            (part / "credit.txt").write_text(credit(lines) + "\n", encoding="utf-8")
        write_tables({name: getattr(tables, name) for name in NETWORK}, part)
    return _not_carried(tables)


def read_gmns(
    folder: str | Path,
    *,
    crs: str | int | None = None,
    length_unit: str | None = None,
    speed_unit: str | None = None,
    modes: Mapping[str, str] | None = None,
    rates: Mapping[str, str] | None = None,
    country: str | None = None,
    source_id: str = "EST",
) -> GmnsNetwork:
    """Read a GMNS network: one of others, or one written by `write_gmns`.

    Parameters
    ----------
    folder : path
        Folder with ``node.csv`` and ``link.csv``; ``geometry``, ``use_group`` and ``config`` if there are.
    crs : str or int, optional
        Coordinate reference system of the coordinates, as pyproj takes it, instead of that of ``config.csv``.
        Without either they have to be degrees.
    length_unit, speed_unit : str, optional
        Unit of ``length`` (km, mile, foot, m, …) and of ``free_speed`` (km/h, mph, …) instead of those of
        ``config.csv``.
    modes : mapping of str to str, optional
        Mode of a use or a facility type, over `gmns_foreign.MODES`; "" as mode leaves such links out, "" as use
        is a link that says nothing.
    rates : mapping of str to str, optional
        Rate of each mode, over `gmns_foreign.RATES`.
    country : str, optional
        Country of all nodes; without it, that of the polygon in ``boundaries.geojson`` they lie in.
    source_id : str
        Source of positions and lengths; their grade is EST.

    Returns
    -------
    GmnsNetwork

    Raises
    ------
    DataError
        A file cannot be read, a value is wrong, a unit or coordinate system is missing or cannot be right;
        in a folder written by `write_gmns`, rows were added to or taken out of GMNS files only.

    Notes
    -----
    In a folder written by `write_gmns`, names, positions and lengths that were changed in ``node.csv`` and
    ``link.csv`` are taken from there; a length changed in one direction holds for both.
    """
    path = Path(folder)
    ours = (path / "places.csv").exists() and (path / "links.csv").exists()
    files = GmnsFiles.read(path, crs=crs, length_unit=length_unit, speed_unit=speed_unit, ours=ours)
    if ours:
        return GmnsNetwork(_edited(load_tables(path), files), [])
    return GmnsNetwork(*imported(files, modes or {}, rates or {}, country, source_id))


def _write(name: str, frame: pd.DataFrame, folder: Path) -> None:
    whole = frame.reindex(columns=_COLUMNS[name].split()) if name in _COLUMNS else frame
    missing = "NaN" if name == "node" else ""  # the schema of nodes does not let a cell be empty
    whole.to_csv(folder / f"{name}.csv", index=False, encoding="utf-8", lineterminator="\n", na_rep=missing)


def _nodes(tables: Tables) -> pd.DataFrame:
    names = {"place_id": "node_id", "lon": "x_coord", "lat": "y_coord", "kind": "node_type"}
    return tables.places.reset_index().rename(columns=names)


def _rows(tables: Tables) -> pd.DataFrame:
    """Return rows of ``link.csv``, one for each direction of an existing link."""
    links = tables.links[tables.links["status"] == "existing"].reset_index()
    speed = links["speed_kmh"].fillna(links["rate_id"].map(tables.rates["speed_kmh"]))
    ahead = pd.DataFrame(
        {
            "link_id": links["link_id"],
            "from_node_id": links["from_place_id"],
            "to_node_id": links["to_place_id"],
            "directed": "true",
            "geometry_id": links["link_id"],
            "dir_flag": 1,
            "length": links["length_km"],
            "facility_type": links["mode"],
            "free_speed": speed,
            "allowed_uses": links["mode"].map({mode: use[0] for mode, use in USES.items()}),
        }
    )
    back = ahead[links["direction"] == "both"].rename(
        columns={"from_node_id": "to_node_id", "to_node_id": "from_node_id"}
    )
    back = back.assign(link_id=back["link_id"] + _BACK, dir_flag=-1)
    return pd.concat([ahead, back[ahead.columns]]).sort_index(kind="stable", ignore_index=True)


def _geometry(lines: Any) -> pd.DataFrame:
    import shapely

    lines = lines[lines["status"] == "existing"]
    wkt = shapely.to_wkt(lines.geometry.to_numpy(), rounding_precision=_DECIMALS)
    return pd.DataFrame({"geometry_id": lines.index, "geometry": wkt})


def _uses() -> pd.DataFrame:
    columns = ["use", "persons_per_vehicle", "pce", "special_conditions", "description"]
    return pd.DataFrame(list(USES.values()), columns=columns)


def _not_carried(tables: Tables) -> list[str]:
    links, places = tables.links, tables.places
    closed = int((links["status"] != "existing").sum())
    held = int(links["capacity"].notna().sum())
    seasons = int(links["season_first_month"].notna().sum())
    here = int((places["capacity"].notna() | places["throughput"].notna()).sum())
    lost = [
        (closed, f"{closed:,} links that are planned or under construction: GMNS has no status."),
        (held, f"The capacity of {held:,} links: in GMNS it is vehicles an hour and lane."),
        (here, f"Capacity and throughput of {here:,} places: nodes of GMNS have neither."),
        (seasons, f"The months in which {seasons:,} links are open."),
        (
            len(tables.rates),
            "Tariff, spread and emission of modes; free_speed is commercial speed with ordinary stops.",
        ),
        (len(tables.stops), f"Hours and fees of {len(tables.stops):,} kinds of stop: loading, gauge change, passage."),
        (len(tables.borders), f"Hours and fees of {len(tables.borders):,} border crossings."),
        (len(links), "Gauges, traction, tracks, sailings a week and countries on the way."),
        (len(tables.sources), "Sources, grades and derivations of every figure, aliases and UN/LOCODE."),
    ]
    return [sentence for count, sentence in lost if count]


def _edited(tables: Tables, files: GmnsFiles) -> Tables:
    """Return tables with the names, positions and lengths of the GMNS files beside them."""
    nodes, rows, ours = files.nodes.set_index("node_id"), files.links.set_index("link_id"), _rows(tables)
    problems = _unequal(files.folder, "node", list(nodes.index), list(tables.places.index), "places")
    problems += _unequal(files.folder, "link", list(rows.index), ours["link_id"].tolist(), "links")
    problems = problems or list(_not_taken(files, ours))
    if problems:
        raise DataError(problems)
    nodes["name"] = nodes["name"].where(nodes["name"] != "", tables.places["name"])
    places = tables.places.assign(**{column: nodes[column] for column in ("name", "lon", "lat")})
    before = tables.links["length_km"]
    ahead, back = (rows["length_km"].reindex(before.index + end).set_axis(before.index) for end in ("", _BACK))
    split = before.index[(ahead != before) & (back != before) & back.notna() & (ahead != back)]
    if len(split):
        file = files.folder / "link.csv"
        raise DataError(
            f"{file}, column length: {key!r} and {key + _BACK!r} differ, expected one length" for key in split
        )
    length = ahead.mask(ahead == before, back).fillna(ahead).fillna(before)
    if places.equals(tables.places) and length.equals(before):
        return tables
    return checked({"places": places, "links": tables.links.assign(length_km=length)}, files.folder, tables)


def _unequal(folder: Path, name: str, found: list[str], expected: list[str], table: str) -> list[str]:
    """Return the rows that stand in a file of GMNS and not in our table, and the other way round."""
    have, want = set(found), set(expected)
    more = [f"{folder / name}.csv: {key!r} is not in {table}.csv; {_WAY}" for key in found if key not in want]
    return more + [
        f"{folder / name}.csv: {key!r} of {table}.csv is missing; {_WAY}" for key in expected if key not in have
    ]


def _not_taken(files: GmnsFiles, ours: pd.DataFrame) -> Iterator[str]:
    """Yield the cells of ``link.csv`` that were changed and that our tables hold in another form."""
    names = {"directed": "directed", "free_speed": "speed_kmh"}
    names |= {column: column for column in ("from_node_id", "to_node_id", "facility_type", "allowed_uses")}
    expected = ours.assign(directed=True).set_index("link_id")
    for column, name in names.items():
        want = expected.loc[files.links["link_id"], column].to_numpy()
        for row in (files.links[name] != want).to_numpy().nonzero()[0]:
            cell = files.links[name].iloc[row]
            where = f"{files.folder / 'link.csv'}, row {row + 2}, column {column}"
            yield f"{where}: {cell} is not what links.csv gives, {want[row]}; {_WAY}"
