"""Security of supply: what is left when the largest thing fails, and when everybody wants twice as much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from networks import DataError
from solvers import GasFlow

from .case import HUB, GasCase
from .energy import gcv

__all__ = ["capacities", "largest_failure", "n_minus_1", "remaining_flexibility", "security"]

_KINDS = ("pipe", "production", "storage", "lng")


def n_minus_1(
    capacity: Mapping[str, Mapping[str, float]], peak: float, effective: float = 0.0, largest: float | None = None
) -> float:
    """Return the N-1 index of a country, per cent.

    Parameters
    ----------
    capacity : mapping of kind to mapping of name to float
        What can come on a day by each entry ``pipe``, ``production``, ``storage`` and ``lng`` terminal; any one unit.
    peak : float
        Demand of a day as high as once in 20 years, same unit.
    effective : float
        Part of it that measures on the side of demand can make up for.
    largest : float, optional
        What fails; otherwise the largest of all.

    Returns
    -------
    float
        Per cent.

    Raises
    ------
    DataError
        A kind that the formula does not know, or a peak that is not above what measures make up for.

    Notes
    -----
    .. math:: N-1 = 100 (EP + P + S + LNG - I) / (D_{max} - D_{eff})

    with :math:`I` the largest single capacity: Regulation (EU) 2017/1938, annex II. 100 and more means that the
    country could do without it. It is arithmetic of capacities: whether gas is there to fill them it does not ask.
    """
    wrong = [kind for kind in capacity if kind not in _KINDS]
    if wrong:
        raise DataError([f"N-1: {wrong[0]!r} is not one of {', '.join(_KINDS)}"])
    if peak <= effective:
        raise DataError([f"N-1: a peak of {peak:g} leaves nothing beside the {effective:g} that measures make up for"])
    single = [value for part in capacity.values() for value in part.values()]
    fails = max(single, default=0.0) if largest is None else largest
    return 100.0 * (sum(single) - fails) / (peak - effective)


def capacities(case: GasCase, country: str) -> dict[str, dict[str, float]]:
    """Return what can come to a country on a day, GWh, by kind and name, as on the last day of the horizon.

    Pipes over its borders towards it; one without a capacity on record does not count.
    """
    pipes = case.pipes
    last = case.last_day - 1
    ahead, back = (
        _on_day(case, name, column, last) for name, column in (("pipe", "capacity"), ("reverse", "reverse_capacity"))
    )
    found: dict[str, dict[str, float]] = {kind: {} for kind in _KINDS}
    for way, start, stop in ((ahead, "from_country", "to_country"), (back, "to_country", "from_country")):
        mine = pipes[(pipes[stop] == country) & (pipes[start] != country) & np.isfinite(way) & (way > 0)]
        for pipe in mine.index:
            name = str(pipes.at[pipe, "title"])
            found["pipe"][name] = found["pipe"].get(name, 0.0) + float(way[pipe])
    home = case.nodes["group"]
    supplies = case.supplies[case.supplies["node"].map(home) == country]
    given = _on_day(case, "supply", "capacity", last).reindex(supplies.index)
    for supply, row in supplies.iterrows():
        kind = "lng" if row["carrier"] == "lng" else "production"
        found[kind][row["title"]] = found[kind].get(row["title"], 0.0) + float(given[supply])
    for _, row in case.storages[case.storages["country"] == country].iterrows():
        found["storage"][row["title"]] = float(row["withdrawal"])
    return found


def _on_day(case: GasCase, figure: str, column: str, day: int) -> pd.Series[float]:
    table = case.supplies if figure == "supply" else case.pipes
    values = table[column].copy()
    profile = case.daily.get(figure)
    if profile is not None:
        values[profile.columns] = profile.iloc[day].to_numpy()
    return values


def largest_failure(found: Mapping[str, Mapping[str, float]]) -> tuple[str, float]:
    """Return name and capacity of the largest pipe, source or terminal; nothing where there is none.

    Storages are left out: in the tables most stand for all those of a country, which do not fail as one.
    """
    single = [(name, value) for kind, part in found.items() if kind != "storage" for name, value in part.items()]
    return max(single, key=lambda item: item[1], default=("", 0.0))


def remaining_flexibility(case: GasCase, plan: GasFlow, day: int) -> pd.Series[float]:
    """Return how much of twice its demand each country could be served on a day, beyond what it wants.

    Parameters
    ----------
    case : GasCase
        By day.
    plan : GasFlow
        Its solution, whose levels of storage the day begins with.
    day : int
        Day of the year.

    Returns
    -------
    Series by country
        Per cent: 100 less the part that lacks of a further 100 % of demand, asked by one country at a time after all
        others are served. ENTSOG, TYNDP 2017, annex F.
    """
    one = replace(case.going_on(day, plan), last_day=day + 1)
    one = replace(one, storages=one.storages.assign(end=0.0), contracts=one.contracts.iloc[:0])
    countries = [c for c in dict.fromkeys(case.demands["country"]) if not _is_hub(case, c)]
    found = {}
    for country in countries:
        mine = one.demands[one.demands["country"] == country]
        extra = mine.assign(tier="extra", penalty=float(one.demands["penalty"].min()) / 2)
        extra.index = extra.index + "+"
        demand = one.daily["demand"]
        more = demand[list(mine.index)].add_suffix("+")
        asked = replace(
            one,
            demands=pd.concat([one.demands, extra]),
            daily={**one.daily, "demand": pd.concat([demand, more], axis=1)},
        )
        solved = asked.solve()
        wanted = float(more.iloc[day].sum())
        lacks = float(solved.unmet[list(extra.index)].to_numpy().sum())
        found[country] = 100.0 * (1.0 - lacks / wanted) if wanted > 0 else 100.0
    return pd.Series(found, name="remaining_flexibility_pct")


def _is_hub(case: GasCase, country: str) -> bool:
    return bool((case.demands.loc[case.demands["country"] == country, "tier"] == HUB).all())


def security(case: GasCase) -> pd.DataFrame:
    """Return the N-1 index by country.

    Parameters
    ----------
    case : GasCase
        By day or month; its capacities are those of a day.

    Returns
    -------
    DataFrame by country
        ``peak_gwh_per_day``, ``pipe``, ``production``, ``storage``, ``lng`` (GWh a day), ``largest`` (what fails),
        ``largest_gwh_per_day``, ``n_minus_1_pct``, ``peak_kind`` (record, 1-in-20 or estimate), ``grade`` of the peak.
    """
    peaks = case.tables.peaks.set_index("country_id")
    kwh = gcv(case.tables.bases, peaks["basis_id"])
    energy = peaks["peak_day_gwh"].fillna(peaks["peak_day_mcm"] * pd.Series(kwh, peaks.index))
    rows = {}
    for country in dict.fromkeys(case.demands["country"]):
        if country not in peaks.index:
            continue
        found = capacities(case, country)
        name, largest = largest_failure(found)
        rows[country] = {
            "peak_gwh_per_day": energy[country],
            **{kind: sum(part.values()) for kind, part in found.items()},
            "largest": name,
            "largest_gwh_per_day": largest,
            "n_minus_1_pct": n_minus_1(found, float(energy[country]), largest=largest),
            "peak_kind": peaks.at[country, "kind"],
            "grade": peaks.at[country, "grade"],
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("country")
