"""Draught: what ships can load when the water at their berths changes, and how much of a link's lift is left."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from networks import DataError, table_of
from networks.errors import nearest

from .edits import CapacityEdit, Edit

__all__ = ["fleet_table", "lift_factor", "lifted", "payload_t"]

_CM = 100  # in a metre
_SHIPS = ("sea", "feeder", "ferry")
_COLUMNS = ["fleet_id", "title", "design_t", "payload_now_t", "payload_t", "factor", "ships"]


def payload_t(design_t: float, depth_m: float, under_keel_m: float, light_draught_m: float, t_per_cm: float) -> float:
    """Return what a ship can load at a depth of water.

    Parameters
    ----------
    design_t : float
        Cargo at full draught, t.
    depth_m : float
        Water at the berth, m; zero or less where it has fallen dry.
    under_keel_m : float
        Water that must stay under the keel, m.
    light_draught_m : float
        Draught with fuel and stores but no cargo, m.
    t_per_cm : float
        Cargo for a centimetre of draught, t/cm.

    Returns
    -------
    float
        Cargo, t: zero where the ship does not float without cargo, `design_t` where there is water enough.

    Raises
    ------
    ValueError
        A figure is not finite, or `design_t` or `t_per_cm` is not above zero.

    Notes
    -----
    ``min(design_t, max(0, (depth_m - under_keel_m - light_draught_m) * 100 * t_per_cm))``: the side of a full
    hull is upright, so that tonnes per centimetre hardly change between the light and the full draught.

    Examples
    --------
    >>> payload_t(6500, depth_m=4.5, under_keel_m=0.5, light_draught_m=1.5, t_per_cm=22)
    5500.0
    """
    given = {
        "design_t": design_t,
        "depth_m": depth_m,
        "under_keel_m": under_keel_m,
        "light_draught_m": light_draught_m,
        "t_per_cm": t_per_cm,
    }
    for name, value in given.items():
        if not math.isfinite(value):
            raise ValueError(f"{name}: {value}, expected a finite number")
    if design_t <= 0 or t_per_cm <= 0:
        raise ValueError(f"design_t: {design_t:g}, t_per_cm: {t_per_cm:g}; expected above zero")
    return float(min(design_t, max(0.0, (depth_m - under_keel_m - light_draught_m) * _CM * t_per_cm)))


def lift_factor(link_id: str, changes: Mapping[str, float], folder: str | Path | None = None) -> float:
    """Return how much of its lift a link keeps when the water at ports changes.

    Parameters
    ----------
    link_id : str
        A link that ships of ``fleet.csv`` serve.
    changes : mapping
        Place id to change of depth, m; minus is a fall. A place that is not named keeps its depth. Two changes at
        one port are added by the caller.
    folder : path, optional
        Folder with tables of your own: ``fleet.csv``, ``berths.csv``, ``links.csv``; what is not there is taken
        from the toolkit.

    Returns
    -------
    float
        Cargo that the ships of the link can load after the change, over the cargo that they can load now; 0.0
        where none floats, above one where water is gained.

    Raises
    ------
    DataError
        No such link, no fleet on record for it, no depth on record for a port, a change that is not a number of
        metres, or a link on which no ship floats even now, so that nothing can be compared.

    Notes
    -----
    A ship loads what the shallower of the two ends lets it: ``p = min over ends of payload_t``. The factor is
    ``sum(ships * p after) / sum(ships * p now)`` over the classes of the link, so that each class counts with the
    tonnes that its ships carry. At a port with several groups of berths a ship goes to the one with most water among
    those that serve its cargo. Voyages a year are taken as they are: that a ship with less cargo turns round
    sooner is left out.
    """
    water = _Water.read(folder, changes)
    links = _table("links", folder).set_index("link_id")
    if link_id not in links.index:
        raise DataError([f"no link {link_id!r}{nearest(link_id, links.index)}"])
    fleet = _table("fleet", folder)
    serving = fleet[[link_id in served for served in fleet["link_ids"]]]
    if serving.empty:
        raise DataError([f"no fleet is on record for {link_id}: add its ships to fleet.csv"])
    ends = (links.at[link_id, "from_place_id"], links.at[link_id, "to_place_id"])
    now = after = 0.0
    for ship in serving.itertuples():
        now += ship.ships * water.payload(ship, ends, changed=False)
        after += ship.ships * water.payload(ship, ends, changed=True)
    if now > 0:
        return after / now
    if after > 0:
        raise DataError([f"{link_id}: none of its ships floats at the depths of berths.csv, so no factor can be given"])
    return 0.0


def fleet_table(changes: Mapping[str, float], folder: str | Path | None = None) -> pd.DataFrame:
    """Return what a ship of each class can load now and when the water at ports changes.

    Parameters
    ----------
    changes : mapping
        Place id to change of depth, m; minus is a fall. A place that is not named keeps its depth.
    folder : path, optional
        Folder with tables of your own, as for `lift_factor`.

    Returns
    -------
    DataFrame
        One row per class: ``fleet_id``, ``title``, ``design_t``, ``payload_now_t``, ``payload_t`` (both t a ship,
        mean over the links that it serves, or at the ports where it loads if it serves none), ``factor`` (the
        latter over the former; NaN where the ship does not float even now), ``ships``.

    Raises
    ------
    DataError
        No depth on record for a port, a class without link and port, an unknown link, or a change that is not a
        number of metres.
    """
    water = _Water.read(folder, changes)
    links = _table("links", folder).set_index("link_id")
    rows = []
    for ship in _table("fleet", folder).itertuples():
        voyages = list(_voyages(ship, links))
        now, after = (
            sum(water.payload(ship, ends, changed=changed) for ends in voyages) / len(voyages)
            for changed in (False, True)
        )
        factor = after / now if now > 0 else math.nan
        rows.append((ship.fleet_id, ship.title, ship.design_t, now, after, factor, int(ship.ships)))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _table(name: str, folder: str | Path | None) -> pd.DataFrame:
    return table_of(name, folder)


def _voyages(ship: Any, links: pd.DataFrame) -> Iterator[tuple[str, ...]]:
    """Yield the ports of each voyage of a class: the ends of its links, or the ports where it loads."""
    unknown = [link for link in ship.link_ids if link not in links.index]
    if unknown:
        raise DataError(
            [f"fleet.csv, {ship.fleet_id}: no link {link!r}{nearest(link, links.index)}" for link in unknown]
        )
    if not ship.link_ids and not ship.place_ids:
        raise DataError([f"fleet.csv, {ship.fleet_id}: neither link_ids nor place_ids, expected one of them"])
    for link in ship.link_ids:
        yield links.at[link, "from_place_id"], links.at[link, "to_place_id"]
    if not ship.link_ids:
        yield tuple(ship.place_ids)


@dataclass(frozen=True)
class _Water:
    """Depths on record and their changes."""

    berths: pd.DataFrame
    changes: Mapping[str, float]

    @classmethod
    def read(cls, folder: str | Path | None, changes: Mapping[str, float]) -> _Water:
        berths = _table("berths", folder)
        known = set(berths["place_id"])
        problems = [
            f"no depth is on record for {place}: add its berths to berths.csv{nearest(place, known)}"
            for place in changes
            if place not in known
        ]
        problems += [
            f"{place}: change of depth {metres!r}, expected metres"
            for place, metres in changes.items()
            if not math.isfinite(metres)
        ]
        if problems:
            raise DataError(problems)
        return cls(berths, changes)

    def payload(self, ship: Any, places: tuple[str, ...], *, changed: bool) -> float:
        """Return the load of a ship between ports, t: that of the shallowest."""
        return min(self._at(ship, place, self.changes.get(place, 0.0) if changed else 0.0) for place in places)

    def _at(self, ship: Any, place: str, change: float) -> float:
        here = self.berths[self.berths["place_id"] == place]
        if here.empty:
            raise DataError([f"no depth is on record for {place}: add its berths to berths.csv"])
        here = here[[ship.cargo in served for served in here["cargo"]]]
        if here.empty:
            raise DataError(
                [f"no depth is on record for {place} and {ship.cargo} ({ship.fleet_id}): add berths to berths.csv"]
            )
        return max(
            payload_t(ship.design_t, b.depth_m + change, b.under_keel_m, ship.light_draught_m, ship.t_per_cm)
            for b in here.itertuples()
        )


def lifted(
    changes: Iterable[Mapping[str, float]], arcs: pd.DataFrame, folder: str | Path | None
) -> tuple[list[Edit], list[CapacityEdit]]:
    """Return what other depths make of ships: what they lift, and what a box pays for the same voyage.

    Parameters
    ----------
    changes : iterable of mapping of str to float
        Metres by place; several at one place add up.
    arcs : DataFrame
        Of the network.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    tuple of list of Edit, list of CapacityEdit
    """
    depths: dict[str, float] = {}
    for change in changes:
        for place, metres in change.items():
            depths[place] = depths.get(place, 0.0) + metres
    if not depths:
        return [], []
    touched = arcs["from_place_id"].isin(depths) | arcs["to_place_id"].isin(depths)
    at_port = touched & arcs["mode"].isin(_SHIPS) & (arcs["kind"] == "link")
    edits, rooms = [], []
    for link in sorted(set(arcs.loc[at_port, "link_id"])):
        factor = lift_factor(link, depths, folder=folder)
        mine = ((arcs["link_id"] == link) & (arcs["kind"] == "link")).to_numpy()
        if factor <= 0:
            edits.append(Edit("opens_year", mine, "set", np.inf, "draught"))
            continue
        edits.append(Edit("tariff_usd_per_teu", mine, "factor", 1 / factor, "draught"))
        groups = tuple(dict.fromkeys(g for g in arcs.loc[mine, "capacity_group"] if g))
        if groups:
            nowhere = np.zeros(len(arcs), dtype=bool)
            rooms.append(CapacityEdit(groups, nowhere, link, "factor", factor, "", "draught"))
    return edits, rooms
