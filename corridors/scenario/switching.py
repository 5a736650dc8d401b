"""What would change an answer: where two ways cost the same, a peak could not be met, or a full line empties."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from .answers import about, way_title
from .contrast import Comparison
from .gas_answers import country_name
from .results import NOT_SHIPPED, UNMET, Run

if TYPE_CHECKING:
    from .gas_results import GasRun

__all__ = ["COLUMNS", "gas_switching_of", "switching_of"]

COLUMNS = ["figure", "where", "now", "switches_at", "unit", "change_pct", "means"]

_AFLOAT = ("sea", "arctic")
_CELL = ["state", "market", "origin", "destination", "goods"]
_LEAST = 1.0  # TEU a year
_ENOUGH = 100.0  # per cent
_COUNTRIES = 4
_MOVED_GWH = 100.0  # from another seller, from which on a country is touched
_LARGE = 0.02  # of all peaks together
_LINES = 2
_ALWAYS = 99.95  # per cent of the time, from which on a line is full all the time
_LEAST_USD = 0.02  # a MWh
_LEAST_BCM = 0.05


class _Way(NamedTuple):
    """A route in numbers: money in USD/TEU, delay in hours with those that their spread is worth."""

    title: str
    tariff: float
    delay_h: float
    days: float
    carbon: float
    kg: float
    cost: float

    @property
    def hour(self) -> float:
        """Value of time of the mean shipper, USD/TEU/h, that the cost rests on."""
        return (self.cost - self.tariff - self.carbon) / self.delay_h if self.delay_h else math.nan


def switching_of(found: Run | Comparison, year: int | None = None) -> pd.DataFrame:
    r"""Return the values at which the way that the answer is about costs as much as its nearest rival.

    Parameters
    ----------
    found : Run or Comparison
    year : int, optional
        The last by default.

    Returns
    -------
    DataFrame
        ``figure``, ``where`` (from, to and goods), ``now``, ``switches_at`` (NaN where no value above zero does),
        ``unit``, ``change_pct``, ``means``; empty where no way by land carries anything or nothing else goes between
        its places. Money in the currency of the study.

    Notes
    -----
    Of the way by land that the answer is about (the one that carries most, where that carries nothing), the pair of
    places, market and goods in which it carries most; its cheapest route there, and the cheapest route of any other
    way. With tariff :math:`m`, value of time :math:`v`, hours :math:`t` with those that their spread is worth, carbon
    price :math:`p` and emissions :math:`e`, both cost the same where :math:`m_a + v t_a + p e_a = m_b + v t_b + p e_b`
    for one of :math:`v, m_a, t_a, p`, all else as it is (EC Guide to CBA 2014, 2.8; routes held fixed, preferences and
    scarcity apart).
    """
    run = found.run if isinstance(found, Comparison) else found
    at = run.years[-1] if year is None else year
    short = _short(run, at)
    pair = _pair(found, run, at)
    if pair is None:
        return pd.DataFrame(short, columns=COLUMNS)
    where, mine, other = pair
    rate = 1.0 if run.record["currency"] == "USD" else 1 / float(run.record["usd_per_eur"])
    currency = str(run.record["currency"])
    rows = [
        *short,
        _time(mine, other, where, currency, rate),
        _tariff(mine, other, where, currency, rate),
        _days(mine, other, where),
        _carbon(mine, other, where, currency, rate),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _short(run: Run, year: int) -> list[tuple[object, ...]]:
    """Return, of what is over before shippers turn round, the days from which on they would."""
    table = run.short[run.short["year"] == year]
    turn = float(run.record["turn_days"])
    means = "beyond it shippers turn round, and yearly flows change"
    return [
        _row("days that it lasts", " ".join(str(row.title).split()), float(row.days), turn, "days", means)
        for row in table.itertuples()
    ]


def _pair(found: Run | Comparison, run: Run, year: int) -> tuple[str, _Way, _Way] | None:
    """Return where the way carries most, in words, with its route and that of its nearest rival."""
    by, subject = about(found, year)
    table = run.tables["routes"]
    table = table[(table["year"] == year) & (table["teu_per_year"] > 0)]
    if by and table.loc[table[by] == subject, "teu_per_year"].sum() < _LEAST:
        subject = ""
    if not subject or subject in (UNMET, NOT_SHIPPED):
        by, subject = _largest(table)
    mine = table[table[by] == subject]
    if not subject or mine.empty:
        return None
    sums = mine.groupby(_CELL, sort=True)["teu_per_year"].sum().sort_values(ascending=False, kind="stable")
    for cell in sums.index:
        here = table[(table[_CELL] == list(cell)).all(axis=1)]
        rivals = here[here[by] != subject]
        if len(rivals):
            return _where(run, cell), _way(here[here[by] == subject], run), _way(rivals, run)
    return None


def _largest(table: pd.DataFrame) -> tuple[str, str]:
    """Return the way by land that carries most: a family, or a branch where there is one family only."""
    by = "family" if len(set(table["family"])) > 1 else "branch"
    land = table[~table["family"].isin(_AFLOAT)].groupby(by)["teu_per_year"].sum()
    return (by, str(land.idxmax())) if len(land) else (by, "")


def _way(routes: pd.DataFrame, run: Run) -> _Way:
    """Return the cheapest of some routes in numbers."""
    row = routes.loc[routes["cost_usd_per_teu"].idxmin()]
    return _Way(
        way_title(str(row["corridor"]), "corridor", run.folder),
        *(
            float(row[column])
            for column in (
                "tariff_usd_per_teu",
                "delay_h",
                "days",
                "carbon_usd_per_teu",
                "kgco2e_per_teu",
                "cost_usd_per_teu",
            )
        ),
    )


def _where(run: Run, cell: tuple[str, ...]) -> str:
    from networks import load_tables

    tables = load_tables(run.folder)
    names = tables.places["name"]
    _, _, origin, destination, goods = cell
    title = tables.goods["title"].get(goods, goods)
    return f"{names.get(origin, origin)} to {names.get(destination, destination)}, {title}"


def _time(mine: _Way, other: _Way, where: str, currency: str, rate: float) -> tuple[object, ...]:
    slower, faster = (mine, other) if mine.delay_h >= other.delay_h else (other, mine)
    gap = slower.delay_h - faster.delay_h
    at = _positive((faster.tariff + faster.carbon - slower.tariff - slower.carbon) / gap) if gap else math.nan
    means = (
        f"{faster.title} is faster and costs no more" if math.isnan(at) else f"above it {faster.title} is the cheaper"
    )
    return _row("value of time", where, mine.hour * rate, at * rate, f"{currency}/TEU/h", means)


def _tariff(mine: _Way, other: _Way, where: str, currency: str, rate: float) -> tuple[object, ...]:
    at = _positive(mine.tariff + other.cost - mine.cost)
    return _row(
        f"tariff by {mine.title}", where, mine.tariff * rate, at * rate, f"{currency}/TEU", _below(mine, other, at)
    )


def _days(mine: _Way, other: _Way, where: str) -> tuple[object, ...]:
    hour = mine.hour
    at = _positive(mine.days + (other.cost - mine.cost) / hour / 24) if hour else math.nan
    return _row(f"days by {mine.title}", where, mine.days, at, "days", _below(mine, other, at))


def _carbon(mine: _Way, other: _Way, where: str, currency: str, rate: float) -> tuple[object, ...]:
    price = 1000 * mine.carbon / mine.kg if mine.kg else math.nan
    gap = mine.kg - other.kg
    rest = (other.cost - other.carbon) - (mine.cost - mine.carbon)
    at = _positive(1000 * rest / gap) if gap else math.nan
    cleaner = other if gap > 0 else mine
    means = "no carbon price turns them" if math.isnan(at) else f"above it {cleaner.title} is the cheaper"
    return _row("carbon price", where, price * rate, at * rate, f"{currency}/tCO2e", means)


def _below(mine: _Way, other: _Way, at: float) -> str:
    return f"{other.title} is the cheaper at any value" if math.isnan(at) else f"below it {mine.title} is the cheaper"


def _positive(value: float) -> float:
    return value if value > 0 else math.nan


def _row(figure: str, where: str, now: float, at: float, unit: str, means: str) -> tuple[object, ...]:
    change = 100 * (at / now - 1) if now else math.nan
    return figure, where, now, at, unit, change, means


def gas_switching_of(run: GasRun, year: int | None = None) -> pd.DataFrame:
    """Return the peak demands at which the N-1 index is 100 %, and by how much dearer full lines could be.

    Parameters
    ----------
    run : GasRun
    year : int, optional
        The last by default.

    Returns
    -------
    DataFrame
        As of `switching_of`: GWh a day, of the larger countries whose index is nearest to 100 %; money a MWh beyond
        what a line costs now, of the lines that are full all the time, those first whose room is worth most.

    Notes
    -----
    N-1 is supply without the largest infrastructure over the peak (Regulation (EU) 2017/1938, Annex II), so that it is
    100 % at the peak times N-1 over 100.

    A full line is worth what one more unit of its capacity would save, the multiplier of its limit: as long as it
    becomes dearer by less, the plan stays the best as it is; the mean over the year is told, so that in some months gas
    goes another way before that. It is valid at the margin. What is not full all the time is left out: on other days
    gas goes another way at once. Which supplier or measure comes in next is not told, as the tables of a run hold
    prices of what is used.
    """
    at = run.years[-1] if year is None else year
    table = run.security().xs(at, level="year")
    table = table[(table["n_minus_1_pct"] > 0) & (table["peak_gwh_per_day"] > 0)]
    table = table[table["peak_gwh_per_day"] >= _LARGE * table["peak_gwh_per_day"].sum()]
    order = _touched(run, at, table.index)[:_COUNTRIES]
    if not order:
        order = list(np.log(table["n_minus_1_pct"] / _ENOUGH).abs().sort_values(kind="stable").index[:_COUNTRIES])
    rows = []
    for country in order:
        row = table.loc[country]
        now, share = float(row["peak_gwh_per_day"]), float(row["n_minus_1_pct"]) / _ENOUGH
        side = "above it the peak could not be met" if share >= 1 else "only below it the peak could be met"
        means = f"{side} without {row['largest']}"
        rows.append(_row("peak demand", country_name(str(country)), now, now * share, "GWh/d", means))
    return pd.DataFrame([*rows, *_dearer(run, at)], columns=COLUMNS)


def _dearer(run: GasRun, year: int) -> list[tuple[object, ...]]:
    """Return by how much dearer lines that are full all the time could be before gas goes another way."""
    currency = str(run.record["currency"])
    worth = f"worth_{currency.lower()}_per_mwh"
    table = run.flows("pipe").xs(year, level="year")
    full = (table["full_pct"] >= _ALWAYS) & (table[worth] >= _LEAST_USD) & (table["bcm"].abs() >= _LEAST_BCM)
    table = table[full]
    order = (table[worth] * table["bcm"].abs()).sort_values(ascending=False, kind="stable").index[:_LINES]
    means = "above it other gas or another way is the cheaper, in the mean of the year and at the margin"
    rows = table.loc[order, ["title", worth]].itertuples(index=False, name=None)
    figure, unit = "cost of a full line, more than now", f"{currency}/MWh"
    return [_row(figure, str(title), 0.0, float(at), unit, means) for title, at in rows]


def _touched(run: GasRun, year: int, among: pd.Index[str]) -> list[str]:
    """Return the countries that get gas from others than in the counterfactual, those that change most first."""
    if run.against is None:
        return []
    sold = []
    for one in (run.against, run):
        table = one.tables["origins"]
        demand = one.unmet().xs(year, level="year")["demand_gwh"]
        mine = table[table["year"] == year]
        gwh = mine["share_pct"] / _ENOUGH * mine["country"].map(demand).fillna(0.0)
        sold.append(gwh.groupby([mine["country"], mine["seller"]]).sum())
    moved = sold[1].sub(sold[0], fill_value=0.0).abs().groupby(level=0).sum()
    moved = moved[moved.index.isin(among) & (moved >= _MOVED_GWH)]
    return [str(country) for country in moved.sort_values(ascending=False, kind="stable").index]
