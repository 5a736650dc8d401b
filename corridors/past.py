"""Past years: arcs of the network at the prices and times that were documented for a year."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError, Supernetwork, generalised_cost, goods_prices, study_of, table_of
from networks.errors import nearest

from .catalogue import Filters, load_catalogue
from .finder import PairSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["PAST_YEARS", "documented", "inputs_with", "past_arcs", "year_inputs"]

PAST_YEARS = range(2019, 2026)
"""Years whose prices and times stand in ``year_inputs.csv``."""

_CAPE_SINCE = 2024  # first year whose container ships sailed round the Cape, see events D02a, D02b
_LANE = "CN_SHA", "NL_RTM"  # what sea rates and days are quoted for
_TEU_PER_FEU = 2
_CASPIAN = ("KZ_AKU", "KZ_KUR", "TM_TKB", "AZ_ALT")
_NORTHERN_BORDERS = (  # westward
    ("East_Asia", "KZ"),
    ("East_Asia", "RU"),
    ("East_Asia", "MN"),
    ("MN", "RU"),
    ("BY", "EU"),
    ("RU", "EU"),
)
_EU_BORDERS = _NORTHERN_BORDERS[-2:]
_NORTHERN_LANE = "CN_XIA", "PL_WAW"
_MIDDLE_LANE = "CN_XIA", "GE_PTI"


def year_inputs(*, folder: str | Path | None = None) -> pd.DataFrame:
    """Return what was documented of each year.

    Parameters
    ----------
    folder : path, optional
        Folder with a ``year_inputs.csv`` of your own.

    Returns
    -------
    DataFrame by year
        One column per series of ``year_inputs.csv``; NaN where nothing is known.

    Raises
    ------
    DataError
        A series stands twice for a year, or wrong tables.
    """
    table = table_of("year_inputs", folder)
    twice = table[table.duplicated(["series", "year"])]
    if len(twice):
        series, year = twice["series"].iloc[0], int(twice["year"].iloc[0])
        raise DataError([f"year_inputs.csv: {series} of {year} stands twice, expected once"])
    return table.assign(year=table["year"].astype(int)).pivot_table(index="year", columns="series", values="value")


def inputs_with(inputs: pd.DataFrame, year: int, changes: Mapping[str, float]) -> pd.DataFrame:
    """Return `inputs` with other values of some series in a year; DataError for a series that is not there."""
    wrong = [f"inputs: no series is called {s!r}{nearest(s, inputs.columns)}" for s in changes if s not in inputs]
    if wrong:
        raise DataError(wrong)
    changed = inputs.copy()
    for series, value in changes.items():
        changed.loc[year, series] = value
    return changed


def documented(filters: Filters) -> bool:
    """Return whether the prices and times of past years are those of this network, not of one of the user's own."""
    study = study_of(filters.tables.folder)
    return study is None or study.base != "none"


def past_arcs(filters: Filters, year: int, inputs: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the arcs of the network with the prices and times of a past year.

    Parameters
    ----------
    filters : Filters
        Words to places and arcs of the network of the base year.
    year : int
        From 2019 to 2025.
    inputs : DataFrame, optional
        As from `year_inputs`; otherwise the toolkit's.

    Returns
    -------
    DataFrame
        The columns of ``network.arcs``; tariffs and hours changed, the Suez Canal shut from 2024 on.

    Raises
    ------
    DataError
        Another year, or a series that is not known for it.

    Notes
    -----
    Only inputs that do not depend on the traffic of the year are used, so that a forecast for it is one:

    - deep-sea tariffs Asia-Europe, either way: such that Shanghai-Rotterdam costs the mean spot rate of the year
      by the way that ships took;
    - deep-sea hours: in proportion to the days of the service; their variance grows by that of ships that are
      late with the documented share, by the mean delay (a delay or none: p (1 - p) d^2);
    - trains on 1,520 mm: tariff in proportion to the railways' index; hours at the borders of China, Mongolia and
      the EU, where trains of the Northern route wait, such that China-Poland takes the documented days, either way;
    - checks of transit through Russia: the expected days and cost of a box, at the border of the EU;
    - Middle Corridor: hours in the Caspian ports such that China-Black Sea takes the documented days.

    Lines opened between then and the base year are not taken away: the tables hold no opening years of what exists.
    """
    if year not in PAST_YEARS:
        raise DataError([f"year: got {year}, expected {PAST_YEARS[0]} to {PAST_YEARS[-1]}, for which inputs are known"])
    known = _inputs_of(year_inputs() if inputs is None else inputs, year)
    arcs = filters.network.arcs.copy()
    mode = _rates(filters.network)
    if year >= _CAPE_SINCE:
        arcs.loc[~filters.avoiding(["Suez Canal"]), "opens_year"] = np.inf
    route = _base_routes(filters)
    lane = "sea-cape" if year >= _CAPE_SINCE else "sea-suez"
    _scale_sea(arcs, mode, known, route(_LANE, lane), route(_LANE[::-1], lane), filters.tables.parameter("late_days"))
    arcs.loc[mode == "rail_1520", "tariff_usd_per_teu"] *= known["rail-1520"] / known["rail-1520 now"]
    west, east = _rail_borders(filters, _NORTHERN_BORDERS)
    northern, middle = "northern-kazakhstan", "middle-aktau-black-sea"
    _meet_days(arcs, northern, route(_NORTHERN_LANE, northern), known["northern-days"], west)
    _meet_days(arcs, northern, route(_NORTHERN_LANE[::-1], northern), known["northern-days-east"], east)
    _add_checks(arcs, filters, known["northern-checks"] / 100)
    _meet_days(arcs, middle, route(_MIDDLE_LANE, middle), known["middle-days"], _caspian(arcs))
    return arcs


def _inputs_of(inputs: pd.DataFrame, year: int) -> dict[str, float]:
    """Return the figures of a year; Middle Corridor days of a year without any lie between its neighbours."""
    filled = inputs.assign(**{"middle-days": inputs["middle-days"].interpolate()})
    filled["northern-checks"] = inputs["northern-checks"].fillna(0.0)
    row: Any = filled.loc[year]
    needed = (
        "sea-west",
        "sea-east",
        "sea-days",
        "sea-on-time",
        "rail-1520",
        "northern-days",
        "northern-days-east",
        "northern-checks",
        "middle-days",
    )
    missing = [name for name in needed if not np.isfinite(row.get(name, np.nan))]
    if missing:
        raise DataError([f"year_inputs.csv: {year} has no {' and no '.join(missing)}"])
    return {**{name: float(row[name]) for name in needed}, "rail-1520 now": float(filled["rail-1520"].iloc[-1])}


def _rates(network: Supernetwork) -> npt.NDArray[Any]:
    """Return the rate of each arc, empty where it is no link."""
    rates = network.tables.links["rate_id"]
    found: npt.NDArray[Any] = rates.reindex(network.arcs["link_id"]).fillna("").to_numpy()
    return found


def _scale_sea(
    arcs: pd.DataFrame,
    mode: npt.NDArray[Any],
    known: Mapping[str, float],
    west: list[int],
    east: list[int],
    late_days: float,
) -> None:
    """Bring the lane to the rate and the days of the year, and with it all links of the same rate."""
    for path, rate, price in ((west, "sea_headhaul", "sea-west"), (east, "sea_backhaul", "sea-east")):
        deep = [a for a in path if mode[a] == rate]
        now = arcs["tariff_usd_per_teu"].iloc[deep].sum()
        arcs.loc[mode == rate, "tariff_usd_per_teu"] *= known[price] / _TEU_PER_FEU / now
    deep = [a for a in west if mode[a] == "sea_headhaul"]
    arcs.loc[np.isin(mode, ["sea_headhaul", "sea_backhaul"]), "hours"] *= (
        24 * known["sea-days"] / arcs["hours"].iloc[deep].sum()
    )
    late = 1 - known["sea-on-time"] / 100
    variance = late * (1 - late) * (24 * late_days) ** 2
    there = np.isin(mode, ["sea_headhaul", "sea_backhaul"])
    of_lane = arcs.loc[there, "km"] / arcs["km"].iloc[deep].sum()
    arcs.loc[there, "spread_h"] = np.sqrt(arcs.loc[there, "spread_h"] ** 2 + variance * of_lane)


def _meet_days(arcs: pd.DataFrame, corridor: str, path: list[int], days: float, place: npt.NDArray[np.bool_]) -> None:
    """Stretch or shrink the hours at some arcs so that a route of a corridor takes so many days."""
    hours = arcs["hours"].to_numpy()
    there = float(hours[path][place[path]].sum())
    wanted = 24 * days - float(hours[path].sum()) + there
    if not (there > 0 and wanted > 0):
        raise DataError([f"{corridor}: {days:g} d cannot be met by the {there:.0f} h where its trains and ships wait"])
    arcs.loc[place, "hours"] *= wanted / there


def _base_routes(filters: Filters) -> Callable[[tuple[str, str], str], list[int]]:
    """Return a finder of the cheapest routes of average goods in the base year, whose days are compared."""
    cost = generalised_cost(filters.network.arcs, goods_prices(filters.tables))["cost_usd_per_teu"].to_numpy()
    year, known = int(filters.tables.parameter("base_year")), load_catalogue(folder=filters.tables.folder)

    def route(pair: tuple[str, str], corridor: str) -> list[int]:
        found = PairSearch(filters, *pair, cost, (), year, True).routes(known[corridor], 1)
        if not found:
            ends = " to ".join(str(filters.tables.places.at[place, "name"]) for place in pair)
            raise DataError([f"{corridor}: no route is left from {ends}, which prices and days on record are of"])
        return list(found[0])

    return route


def _add_checks(arcs: pd.DataFrame, filters: Filters, share: float) -> None:
    """Add what a checked box loses, times the share of boxes that are checked."""
    parameter = filters.tables.parameter
    there = np.logical_or(*_rail_borders(filters, _EU_BORDERS))
    arcs.loc[there, "hours"] += share * 24 * parameter("checked_days")
    arcs.loc[there, "tariff_usd_per_teu"] += share * parameter("checked_cost_usd_per_feu") / _TEU_PER_FEU


def _rail_borders(
    filters: Filters, sides: Sequence[tuple[str, str]]
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return the border arcs by rail from the first side of each pair to the second, and those back."""
    arcs, borders = filters.network.arcs, filters.tables.borders
    home = filters.tables.places["country_id"]
    known = [tuple(filters.countries([word]) for word in pair) for pair in sides]
    ends = list(zip(borders["from_place_id"].map(home), borders["to_place_id"].map(home), strict=True))
    rail = ((arcs["kind"] == "border") & (arcs["mode"] == "rail")).to_numpy()

    def crossing(met: list[bool]) -> npt.NDArray[np.bool_]:
        return np.asarray(rail & arcs["stop_id"].isin(borders.index[met]).to_numpy(), dtype=bool)

    there = [any(a in x and b in y for x, y in known) for a, b in ends]
    back = [any(b in x and a in y for x, y in known) for a, b in ends]
    return crossing(there), crossing(back)


def _caspian(arcs: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return the arcs of loading, unloading and waiting in the ports of the Caspian, without trucks."""
    found = (
        arcs["kind"].isin(["load", "unload", "wait"]) & arcs["to_place_id"].isin(_CASPIAN) & (arcs["mode"] != "road")
    )
    return np.asarray(found, dtype=bool)
