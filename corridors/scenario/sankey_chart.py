"""Who lost to whom between two runs, or what goes from where by which way to where, as ribbons."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from networks import DataError, load_tables

from ..style import COLOURS, drawn, folded, short
from .answers import about, volume, way_title
from .charts import chosen_year
from .contrast import Comparison
from .ribbons_chart import Stage, draw_ribbons
from .ways_chart import NOWHERE, colour_of, families, way_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .results import Run

__all__ = ["diversion_chart", "journeys", "journeys_chart", "shifts"]

OTHER = "the rest"
_MOST = 12
_LEAST = 1.0  # TEU or t a year
_THIN = 0.005  # of the total, below which a row goes with the rest
_HIDES = 0.8  # share of the sea beyond which ways by land would not be seen beside it
_WIDTH = 26  # letters of a line


def shifts(found: Comparison, year: int | None = None, most: int = _MOST) -> pd.DataFrame:
    """Return who lost to whom, the smallest together.

    Parameters
    ----------
    found : Comparison
    year : int, optional
        The last by default.
    most : int
        Rows.

    Returns
    -------
    DataFrame
        ``by`` (family, or branch or corridor where the answer is about one), ``source``, ``target``, ``value`` (TEU or
        t a year, one at least). What is not sent keeps rows of its own; the rest goes from ``the rest`` to it.

    Raises
    ------
    DataError
        Nothing moves.
    """
    at = chosen_year(found.years, year)
    by, subject = about(found, at)
    moved = found.moved(by) if subject else pd.DataFrame({"year": []})
    moved = moved[moved["year"] == at]
    if moved.empty or moved[found.value].sum() < _LEAST:
        raise DataError([f"{found.run.name}: nothing changes its way in {at} against {found.base.name}"])
    table = pd.DataFrame({"source": moved["lost_by"], "target": moved["gained_by"], "value": moved[found.value]})
    table = table[table["value"] >= _LEAST].sort_values("value", ascending=False, kind="stable", ignore_index=True)
    thin = (table["value"] < _THIN * table["value"].sum()) & ~table["target"].isin(NOWHERE)
    if len(table) > most or thin.sum() > 1:
        rest = (table.index >= most - 1 - len(NOWHERE)) if len(table) > most else thin.to_numpy()
        table.loc[rest, "source"] = OTHER
        table.loc[rest & ~table["target"].isin(NOWHERE).to_numpy(), "target"] = OTHER
        table = table.groupby(["source", "target"], sort=False, as_index=False)["value"].sum()
    table.insert(0, "by", by)
    return _last(table)


@drawn
def diversion_chart(found: Comparison, year: int | None = None) -> Figure:
    """Draw who lost to whom, see `shifts`."""
    at = chosen_year(found.years, year)
    table = shifts(found, at)
    by = str(table["by"].iloc[0])
    family = families([found.base, found.run], by)
    unit = _unit(found.run)
    return draw_ribbons(
        [Stage(table, lambda _, target: colour_of(target, family))],
        ["lose", "gain"],
        lambda _, name: _name(name, by, found.run.folder),
        f"{short(found.run.title, 50)}: who loses and who gains against '{short(found.base.title, 50)}', "
        f"{unit} a year, {at}",
        f"What is lost is gained elsewhere. Less than {_LEAST:g} {unit} a year is left out.",
    )


def journeys(run: Run, year: int | None = None, most: int = _MOST) -> tuple[pd.DataFrame, pd.DataFrame, float]:
    """Return what leaves countries by family, and what arrives.

    Parameters
    ----------
    run : Run
    year : int, optional
        The last by default.
    most : int
        Rows of each table; small countries are taken together.

    Returns
    -------
    (DataFrame, DataFrame, float)
        ``source``, ``target``, ``value`` (TEU or t a year) from country to family, and from family to country; and
        what is left out by sea, as ways by land would not be seen beside it.

    Raises
    ------
    DataError
        Nothing is wanted in the year.
    """
    at = chosen_year(run.years, year)
    flows = run.flows(["origin", "family", "destination"])
    value = "quantity" if run.unit else "teu_per_year"
    table = flows[flows.index.get_level_values("year") == at][value].rename("value").reset_index()
    sea = table["family"] == "sea"
    total = table["value"].sum()
    if not total >= _LEAST:
        raise DataError([f"{run.name}: nothing is wanted in {at}"])
    hides = _HIDES * total < table.loc[sea, "value"].sum() < total - _LEAST
    left_out = float(table.loc[sea, "value"].sum()) if hides else 0.0
    table = table[~sea] if hides else table
    home = _homes(run)
    table = table.assign(**{side: table[side].map(home) for side in ("origin", "destination")})
    first = _fold(table.rename(columns={"origin": "source", "family": "target"}), "source", "target", most)
    second = _fold(table.rename(columns={"family": "source", "destination": "target"}), "target", "source", most)
    return first, second, left_out


@drawn
def journeys_chart(run: Run, year: int | None = None) -> Figure:
    """Draw what goes from which country by which family to which country, see `journeys`."""
    at = chosen_year(run.years, year)
    first, second, left_out = journeys(run, at)
    names = {str(i): str(name) for i, name in load_tables(run.folder).countries["name"].items()}
    family = {name: name for name in COLOURS}
    unit = _unit(run)
    hidden = f"Not drawn: {volume(left_out)} {unit} a year by sea, beside which the others would not be seen. "
    return draw_ribbons(
        [
            Stage(first, lambda _, target: colour_of(target, family)),
            Stage(second, lambda source, _: colour_of(source, family)),
        ],
        ["from", "by", "to"],
        lambda n, name: _name(name, "family") if n == 1 else _name(names.get(name, name), ""),
        f"{short(run.title, 60)}: from where by which way to where, {unit} a year, {at}",
        f"{hidden if left_out else ''}Countries with little are taken together.",
    )


def _fold(table: pd.DataFrame, side: str, way: str, most: int) -> pd.DataFrame:
    """Return sums by country and way; ways keep their totals."""
    sums = table.groupby(["source", "target"])["value"].sum().reset_index()
    sums = sums[sums["value"] >= _LEAST].sort_values("value", ascending=False, kind="stable", ignore_index=True)
    if len(sums) > most:
        keep = max(most - sums[way].nunique(), 1)
        sums.loc[sums.index >= keep, side] = OTHER
        sums = sums.groupby(["source", "target"], sort=False, as_index=False)["value"].sum()
    return _last(sums)


def _last(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the rest and what is not sent below the others."""
    low = table["source"].isin([OTHER]) | table["target"].isin([OTHER])
    nowhere = table["source"].isin(NOWHERE) | table["target"].isin(NOWHERE)
    order = low.astype(int) + 2 * nowhere.astype(int)
    return table.assign(order=order).sort_values("order", kind="stable", ignore_index=True).drop(columns="order")


def _homes(run: Run) -> dict[str, str]:
    """Return the country of each place."""
    arcs = run.tables["arcs"]
    known = {str(place): str(country) for place, country in load_tables(run.folder).places["country_id"].items()}
    ends = [arcs[[f"{end}_place_id", f"{end}_country_id"]].drop_duplicates() for end in ("from", "to")]
    wanted = pd.unique(pd.concat([run.tables["demand"][side] for side in ("origin", "destination")]))
    own = {str(p): str(c) for frame in ends for p, c in frame.itertuples(index=False)}
    return {str(place): own.get(str(place)) or known.get(str(place), str(place)) for place in wanted}


def _name(name: str, by: str, folder: str | Path | None = None) -> str:
    if name == OTHER:
        return "The rest"
    if name in NOWHERE or way_title(name, by, folder) != name:
        return way_label(name, by, _WIDTH, folder)
    return folded(name[:1].upper() + name[1:], _WIDTH)


def _unit(run: Run) -> str:
    return "t" if run.unit == "t" else "TEU"
