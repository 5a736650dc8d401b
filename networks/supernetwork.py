"""The multimodal graph as one table of arcs: places split by mode and gauge, every cost on an arc."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from .capacity import EACH_WAY, with_capacity
from .tables import GRADES, Tables

__all__ = ["SERVICES", "Supernetwork", "build"]

SERVICES = ("feeder", "ferry")
"""Modes that sail by timetable: cargo lands and waits again between two links."""

_TERMINALS = ("port", "dry_port", "rail_terminal")
_SHIPS = ("sea", "feeder", "ferry", "inland")

_DEFAULTS: dict[str, Any] = {
    "link_id": "",
    "stop_id": "",
    "mode": "",
    "km": 0.0,
    "hours": 0.0,
    "spread_h": 0.0,
    "tariff_usd_per_teu": 0.0,
    "kgco2e_per_t": 0.0,
    "opens_year": -np.inf,
    "season": "",
    "capacity_teu_per_year": np.inf,
    "capacity_group": "",
    "capacity_unit": "",
    "capacity_grade": "",
    "via_country_ids": (),
    "grade": "A",
    "estimates": 0,
    "figures": 0,
    "source_ids": (),
}


@dataclass(frozen=True)
class Supernetwork:
    """Arcs between (place, layer) nodes.

    Attributes
    ----------
    tables : Tables
        What it was built from.
    nodes : DataFrame
        Index node number; columns ``place_id``, ``layer``.
    arcs : DataFrame
        Index arc number; columns ``kind`` (link, border, gauge_change, load, unload, wait, passage),
        ``tail``, ``head`` (node numbers), ``from_place_id``, ``to_place_id``, ``mode``, ``link_id``,
        ``stop_id``, ``km``, ``hours``, ``spread_h`` (standard deviation), ``tariff_usd_per_teu``,
        ``kgco2e_per_t``, ``opens_year`` (-inf: open, inf: no date), ``season``,
        ``capacity_teu_per_year`` (what all arcs of one ``capacity_group`` take together; inf and no group:
        none known), ``capacity_unit`` (that it was given in), ``capacity_grade``, ``via_country_ids``, ``grade``
        (worst of its figures, capacity apart), ``estimates`` of ``figures`` (counts), ``source_ids``.
    """

    tables: Tables
    nodes: pd.DataFrame
    arcs: pd.DataFrame

    @cached_property
    def node_number(self) -> dict[tuple[str, str], int]:
        """Number of each (place_id, layer)."""
        keys = zip(self.nodes["place_id"], self.nodes["layer"], strict=True)
        return {key: number for number, key in enumerate(keys)}

    @cached_property
    def arc_places(self) -> tuple[list[str], list[str]]:
        """Place that each arc leaves, and place that it leads to."""
        return self.arcs["from_place_id"].tolist(), self.arcs["to_place_id"].tolist()

    @cached_property
    def _layers(self) -> dict[str, list[tuple[int, str]]]:
        """Number and layer of each node of a place."""
        found: dict[str, list[tuple[int, str]]] = {}
        for (place, layer), number in self.node_number.items():
            found.setdefault(place, []).append((number, layer))
        return found

    def ends(self, place_id: str, *, handling: bool) -> tuple[list[int], list[int]]:
        """Return the nodes where cargo of a place may start, and where it may end.

        Parameters
        ----------
        place_id : str
            The place.
        handling : bool
            True: cargo starts and ends on the ground and pays loading and unloading. False: it starts
            and ends on board, as station-to-station tariffs are quoted.

        Returns
        -------
        tuple of two lists of int
            Numbers of the nodes; empty where no arc touches the place.
        """
        here = self._layers.get(place_id, [])
        if handling:
            starts, finishes = ("yard", "out"), ("yard", "in")
            return _number(here, lambda x: x in starts), _number(here, lambda x: x in finishes)
        board = _number(here, lambda x: x.startswith("rail:") or x in ("road", "sea", "inland"))
        out = _number(here, lambda x: x.startswith("dock:"))
        landed = _number(here, lambda x: x.startswith("landed:"))
        return board + out, board + landed


def build(tables: Tables) -> Supernetwork:
    """Build the supernetwork.

    Parameters
    ----------
    tables : Tables
        Checked tables, see `networks.load_tables`.

    Returns
    -------
    Supernetwork
        Directed, parallel arcs kept.

    Notes
    -----
    A place has one layer per gauge of its railways, one for roads, one for ships passing, and a yard
    where cargo changes mode if it is a port, dry port or rail terminal. Through trains and ships pay
    nothing at a place. Borders are arcs on the way in, apart for each direction. A gauge change joins
    two rail layers where a row of ``stops.csv`` says so, and a border pair reloads at the receiving
    railway, so it is paid once. Cargo for a timetabled ship waits half the time between sailings, with
    the standard deviation of a uniform wait; it lands between two such ships.

    A capacity holds for all gauges of a link, and for both directions together unless it is in train pairs,
    of which each direction has one train. A port's capacity holds for what its ships load and unload; where
    it is in TEU, for boxes that are lifted, not for wagons and trucks that roll on ferries.
    """
    links = _directed(tables)
    parts = [_link_arcs(links, tables), _border_arcs(links, tables), _wait_arcs(links)]
    layers = _layers(pd.concat(parts, ignore_index=True))
    parts += [_gauge_arcs(tables, layers), _passage_arcs(tables), _yard_arcs(tables, layers)]
    filled = [part.assign(**{c: _constant(v, part) for c, v in _missing(part)}) for part in parts if len(part)]
    return _numbered(tables, pd.concat(filled, ignore_index=True))


def _missing(part: pd.DataFrame) -> list[tuple[str, Any]]:
    return [(column, value) for column, value in _DEFAULTS.items() if column not in part]


def _constant(value: Any, part: pd.DataFrame) -> Any:
    return [value] * len(part) if isinstance(value, tuple) else value


def _directed(tables: Tables) -> pd.DataFrame:
    """One row per link, direction and gauge, with speed, tariff and emission resolved."""
    links = with_capacity(tables.links, tables)
    one = links.reset_index().merge(tables.rates, left_on="rate_id", right_index=True, suffixes=("", "_of_rate"))
    back = one[one["direction"] == "both"].rename(
        columns={"from_place_id": "to_place_id", "to_place_id": "from_place_id"}
    )
    both = pd.concat([one, back], ignore_index=True)
    both["gauge"] = both["gauge_mm"].map(lambda gauges: gauges or ("",))
    both = both.explode("gauge", ignore_index=True)
    own = both["speed_kmh"].notna()
    both["hours"] = both["length_km"] / both["speed_kmh"].where(own, both["speed_kmh_of_rate"])
    both["speed_grade_used"] = both["speed_grade"].where(own, both["speed_grade_of_rate"])
    both["speed_sources_used"] = both["speed_source_id"].where(own, both["speed_source_id_of_rate"])
    both["layer"] = both["mode"].where(both["mode"] != "rail", "rail:" + both["gauge"])
    service = both["mode"].isin(SERVICES)
    both["leaves"] = both["layer"].where(~service, "aboard:" + both["link_id"])
    both["reaches"] = both["layer"].where(~service, "landed:" + both["mode"])
    crossing = both["link_id"] + ">" + both["to_place_id"]
    at_border = _border_keys(both["from_place_id"], both["to_place_id"], both["mode"]).isin(tables.borders.index)
    both["reaches"] = both["reaches"].where(~at_border, "border:" + crossing + ":" + both["layer"])
    passed = tables.stops.loc[tables.stops["activity"] == "passage", ["place_id", "mode"]]
    gates = set(zip(passed["place_id"], passed["mode"], strict=True))
    ends = zip(both["to_place_id"], both["mode"], strict=True)
    gated = pd.Series([end in gates for end in ends], index=both.index)
    both["reaches"] = both["reaches"].where(~gated, "approach:" + both["mode"])
    return both


def _border_keys(left: pd.Series[str], entered: pd.Series[str], mode: pd.Series[str]) -> pd.Series[str]:
    return left + ">" + entered + "-" + mode


def _link_arcs(links: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    electric = (links["electrified"] == "yes") & links["gco2e_per_tkm_electric"].notna()
    per_tkm = links["gco2e_per_tkm_electric"].where(electric, links["gco2e_per_tkm"])
    grades = ["length_grade", "speed_grade_used", "tariff_grade", "spread_grade", "emission_grade"]
    sources = ["length_source_id", "speed_sources_used", "tariff_source_id", "spread_source_id"]
    each_way = links["capacity_unit"].isin(EACH_WAY)
    group = links["link_id"].where(~each_way, links["link_id"] + ">" + links["to_place_id"])
    never = (links["status"] != "existing") & links["opens_year"].isna()
    opens = links["opens_year"].where(links["status"] != "existing", -np.inf)
    arcs = pd.DataFrame(
        {
            "kind": "link",
            "from_place_id": links["from_place_id"],
            "to_place_id": links["to_place_id"],
            "tail_layer": links["leaves"],
            "head_layer": links["reaches"],
            "mode": links["mode"],
            "link_id": links["link_id"],
            "km": links["length_km"],
            "hours": links["hours"],
            "spread_h": links["spread_h_at_1000km"] * np.sqrt(links["length_km"] / 1000),
            "tariff_usd_per_teu": links["tariff_fixed_usd_per_teu"]
            + links["tariff_usd_per_teu_km"] * links["length_km"],
            "kgco2e_per_t": per_tkm * links["length_km"] / 1000,
            "opens_year": opens.mask(never, np.inf),
            "season": _season(links),
            "capacity_teu_per_year": links["capacity_teu_per_year"],
            "capacity_group": group.where(links["capacity"].notna(), ""),
            "capacity_unit": links["capacity_unit"].where(links["capacity"].notna(), ""),
            "capacity_grade": links["capacity_grade"],
            "via_country_ids": links["via_country_ids"],
        }
    )
    return _graded(arcs, links, grades, [*sources, "emission_source_id"])


def _season(links: pd.DataFrame) -> pd.Series[str]:
    first, last = links["season_first_month"], links["season_last_month"]
    months = first.map("{:.0f}".format) + "-" + last.map("{:.0f}".format)
    return months.where(first.notna(), "")


def _border_arcs(links: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    keys = _border_keys(links["from_place_id"], links["to_place_id"], links["mode"])
    crossing = links[keys.isin(tables.borders.index)].assign(border_id=keys)
    rows = crossing[["border_id", "link_id", "layer", "reaches"]].merge(
        tables.borders.drop(columns="link_id"), left_on="border_id", right_index=True
    )
    return _stop_arcs(rows, "border", rows["border_id"]).assign(
        from_place_id=rows["to_place_id"],
        to_place_id=rows["to_place_id"],
        tail_layer=rows["reaches"],
        head_layer=rows["layer"],
        link_id=rows["link_id"],
    )


def _wait_arcs(links: pd.DataFrame) -> pd.DataFrame:
    ships = links[links["mode"].isin(SERVICES)]
    headway_h = 168.0 / ships["sailings_per_week"]
    arcs = pd.DataFrame(
        {
            "kind": "wait",
            "from_place_id": ships["from_place_id"],
            "to_place_id": ships["from_place_id"],
            "tail_layer": "dock:" + ships["mode"],
            "head_layer": ships["leaves"],
            "mode": ships["mode"],
            "stop_id": "wait-" + ships["link_id"],
            "link_id": ships["link_id"],
            "hours": headway_h / 2,
            "spread_h": headway_h / np.sqrt(12),
        }
    )
    return _graded(arcs, ships, ["sailings_grade"], ["sailings_source_id"])


def _layers(arcs: pd.DataFrame) -> pd.DataFrame:
    """Layers of each place where cargo can be put on board (``way`` out) or taken off (in)."""
    tails = arcs[["from_place_id", "tail_layer"]].set_axis(["place_id", "layer"], axis=1).assign(way="out")
    heads = arcs[["to_place_id", "head_layer"]].set_axis(["place_id", "layer"], axis=1).assign(way="in")
    found = pd.concat([tails, heads]).drop_duplicates()
    inner = found["layer"].str.startswith(("aboard:", "border:", "approach:"))
    return found[~inner].reset_index(drop=True)


def _gauge_arcs(tables: Tables, layers: pd.DataFrame) -> pd.DataFrame:
    rows = tables.stops[tables.stops["activity"] == "gauge_change"].reset_index()
    arcs = _stop_arcs(rows, "gauge_change", rows["stop_id"]).assign(
        from_place_id=rows["place_id"],
        to_place_id=rows["place_id"],
        tail_layer="rail:" + rows["from_gauge_mm"],
        head_layer="rail:" + rows["to_gauge_mm"],
    )
    known = set(zip(layers["place_id"], layers["layer"], strict=True))
    ends = zip(arcs["from_place_id"], arcs["tail_layer"], arcs["head_layer"], strict=True)
    return arcs[[(place, tail) in known and (place, head) in known for place, tail, head in ends]]


def _passage_arcs(tables: Tables) -> pd.DataFrame:
    rows = tables.stops[tables.stops["activity"] == "passage"].reset_index()
    return _stop_arcs(rows, "passage", rows["stop_id"]).assign(
        from_place_id=rows["place_id"],
        to_place_id=rows["place_id"],
        tail_layer="approach:" + rows["mode"],
        head_layer=rows["mode"],
    )


def _yard_arcs(tables: Tables, layers: pd.DataFrame) -> pd.DataFrame:
    """Make arcs for loading and unloading: at terminals to and from the yard, elsewhere only for cargo of the place."""
    rows = layers.merge(tables.places[["kind"]], left_on="place_id", right_index=True)
    rows = rows[rows["kind"] != "strait"].rename(columns={"kind": "place_kind"})
    rows["mode"] = rows["layer"].str.replace(r"^(?:dock:|landed:)", "", regex=True).str.split(":").str[0]
    rows["activity"] = rows["way"].map({"out": "load", "in": "unload"})
    rows = rows.merge(_handling(tables), on=["place_id", "activity", "mode"], how="left")
    defaults = tables.stops[tables.stops["place_id"] == ""].reset_index()
    default = rows[["place_kind", "activity", "mode"]].merge(
        defaults, left_on=["place_kind", "activity", "mode"], right_on=["kind", "activity", "mode"], how="left"
    )
    own = rows["stop_id"].notna()
    columns = [c for c in default.columns if c in rows and c not in ("place_id", "activity", "mode")]
    for column in columns:
        rows[column] = rows[column].where(own, default[column])
    rows = rows[rows["stop_id"].notna()]
    terminal = rows["place_kind"].isin(_TERMINALS)
    ground = pd.Series("yard", index=rows.index).where(terminal, rows["way"])
    load = rows["activity"] == "load"
    arcs = _stop_arcs(rows, rows["activity"], rows["stop_id"]).assign(
        from_place_id=rows["place_id"],
        to_place_id=rows["place_id"],
        tail_layer=ground.where(load, rows["layer"]),
        head_layer=rows["layer"].where(load, ground),
    )
    return _with_quays(arcs, tables)


def _with_quays(arcs: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Give what ships load and unload at a port the capacity of the port, as one group named by its place."""
    ports = tables.places[(tables.places["kind"] == "port") & tables.places["capacity"].notna()]
    quays = with_capacity(ports, tables)
    lifted = ports.index[ports["capacity_unit"] == "TEU/yr"]
    place = arcs["from_place_id"]
    rolls = place.isin(lifted) & (arcs["mode"] == "ferry")
    at_quay = arcs["mode"].isin(_SHIPS) & place.isin(ports.index) & ~rolls
    return arcs.assign(
        capacity_teu_per_year=place.map(quays["capacity_teu_per_year"]).where(at_quay, np.inf),
        capacity_group=place.where(at_quay, ""),
        capacity_unit=place.map(quays["capacity_unit"]).where(at_quay, ""),
        capacity_grade=place.map(quays["capacity_grade"]).where(at_quay, ""),
    )


def _handling(tables: Tables) -> pd.DataFrame:
    stops = tables.stops[tables.stops["activity"].isin(["load", "unload"])]
    return stops[stops["place_id"] != ""].reset_index().drop(columns="kind")


def _stop_arcs(rows: pd.DataFrame, kind: Any, stop_id: pd.Series[str]) -> pd.DataFrame:
    arcs = pd.DataFrame(
        {
            "kind": kind,
            "mode": rows["mode"],
            "stop_id": stop_id,
            "hours": rows["hours"],
            "spread_h": rows["spread_h"],
            "tariff_usd_per_teu": rows["fee_usd_per_teu"],
        }
    )
    figures = ("hours", "fee", "spread")
    return _graded(arcs, rows, [f"{f}_grade" for f in figures], [f"{f}_source_id" for f in figures])


def _graded(arcs: pd.DataFrame, rows: pd.DataFrame, grades: list[str], sources: list[str]) -> pd.DataFrame:
    rank = np.stack([rows[g].map(GRADES.index).to_numpy(dtype=int) for g in grades], axis=1)
    ids = [tuple(sorted({s for cell in cells for s in cell})) for cells in rows[sources].to_numpy()]
    return arcs.assign(
        grade=[GRADES[worst] for worst in rank.max(axis=1)] if len(rank) else [],
        estimates=(rank == len(GRADES) - 1).sum(axis=1),
        figures=len(grades),
        source_ids=ids,
    )


def _numbered(tables: Tables, arcs: pd.DataFrame) -> Supernetwork:
    tails = pd.MultiIndex.from_arrays([arcs["from_place_id"], arcs["tail_layer"]])
    heads = pd.MultiIndex.from_arrays([arcs["to_place_id"], arcs["head_layer"]])
    keys = tails.append(heads).unique()
    nodes = keys.to_frame(index=False).set_axis(["place_id", "layer"], axis=1)
    nodes.index.name = "node"
    numbered = arcs.assign(tail=keys.get_indexer(tails), head=keys.get_indexer(heads))
    first = ["kind", "tail", "head", "from_place_id", "to_place_id"]
    numbered = numbered[[*first, *_DEFAULTS]].rename_axis("arc")
    return Supernetwork(tables, nodes, numbered)


def _number(nodes: list[tuple[int, str]], wanted: Callable[[str], bool]) -> list[int]:
    return [number for number, layer in nodes if wanted(layer)]
