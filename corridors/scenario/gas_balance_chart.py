"""Whose gas each country uses, and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from networks import DataError, read_table

from ..style import HATCH, SELLERS, drawn, folded, heading, legend, new_figure, plain_ticks, pyplot, short
from ..terminal import figure as figure_of
from .charts import chosen_year

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .gas_results import GasRun

__all__ = ["balance", "gas_balance_chart"]

_TITLES = {"own": "own production", "LNG": "LNG", "stock": "stored before the year", "other": "others"}
_UNMET = "not served"
_NAMED = 5  # sellers among the others that are named
_LEAST = 1e-4  # TWh


def balance(run: GasRun, year: int | None = None) -> pd.DataFrame:
    """Return what each country uses by seller, and what it lacks.

    Parameters
    ----------
    run : GasRun
    year : int, optional
        The last by default.

    Returns
    -------
    DataFrame by country
        TWh a year (gross calorific value): ``own`` (its own production), the country ids of sellers, ``LNG``,
        ``stock`` (stored before the year) and ``not served``; they sum to the demand. The largest demand first.

    Raises
    ------
    DataError
        There is no demand in the year, or it was not run.
    """
    at = chosen_year(run.years, year)
    countries = run.unmet()
    countries = countries[countries.index.get_level_values("year") == at].droplevel("year")
    if not countries["demand_gwh"].sum() > 0:
        raise DataError([f"{run.name}: there is no demand in {at}"])
    origins = run.tables["origins"]
    origins = origins[origins["year"] == at]
    served = (countries["demand_gwh"] - countries["unmet_gwh"]) / 1e3
    own = origins["seller"].where(origins["seller"] != origins["country"], "own")
    used = origins.assign(seller=own, twh=origins["share_pct"] / 100 * origins["country"].map(served))
    wide = used.pivot_table(index="country", columns="seller", values="twh", aggfunc="sum", fill_value=0.0)
    wide = wide.reindex(countries.index, fill_value=0.0)
    order = countries["demand_gwh"].sort_values(ascending=False).index
    return wide.assign(**{_UNMET: countries["unmet_gwh"] / 1e3}).loc[order]


@drawn
def gas_balance_chart(run: GasRun, year: int | None = None) -> Figure:
    """Draw whose gas each country uses; see `balance` and `GasPlots.balance`."""
    at = chosen_year(run.years, year)
    table = balance(run, at)
    names = {str(i): str(name) for i, name in read_table("countries").set_index("country_id")["name"].items()}
    sellers = [seller for seller in SELLERS if seller in table or seller == "other"]
    rest = table.drop(columns=[*(s for s in sellers if s in table), _UNMET]).sum()
    shown = table.assign(other=table[list(rest.index)].sum(axis=1))[[*sellers, _UNMET]]
    shown = shown.loc[:, shown.max() > _LEAST]
    figure = new_figure(9.6, 2.2 + 0.3 * len(shown))
    title = f"{short(run.title, 60)}: whose gas each country uses, {at}"
    heading(figure, title, _note(run, rest.sort_values(ascending=False), names))
    axes = figure.subplots()
    places, left = np.arange(len(shown)), np.zeros(len(shown))
    for seller, twh in shown.items():
        look = HATCH if seller == _UNMET else {"color": SELLERS[str(seller)]}
        some = twh.to_numpy() > _LEAST
        axes.barh(places[some], twh.to_numpy()[some], left=left[some], height=0.72, **look)
        left += twh.to_numpy()
    for place, total in enumerate(left):
        axes.annotate(figure_of(total), (total, place), (4, 0), textcoords="offset points", va="center", fontsize=8.5)
    axes.set_yticks(places, [folded(names.get(str(c), c), 26) for c in shown.index])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(shown) - 0.45, -0.55)
    axes.set_xlim(0, 1.08 * left.max())
    axes.set_xlabel(f"TWh in {at}, gross calorific value")
    axes.grid(axis="x")
    plain_ticks(axes.xaxis)
    swatches = [
        pyplot().Rectangle((0, 0), 1, 1, **(HATCH if s == _UNMET else {"color": SELLERS[str(s)]})) for s in shown
    ]
    titles = [_TITLES.get(str(s), names.get(str(s), str(s))) for s in shown]
    legend(axes, swatches, titles, loc="lower right", ncols=2 if len(shown) > 6 else 1)
    return figure


def _note(run: GasRun, rest: pd.Series[float], names: dict[str, str]) -> str:
    """Return how it is shared, and who the others are."""
    rule = "All countries share" if run.record["sharing"] == "cooperative" else "Each country serves itself first"
    others = [names.get(str(s), str(s)) for s, twh in rest.items() if twh > _LEAST]
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    told = f" Others: {', '.join(others[:_NAMED])}{more}." if others else ""
    return f"{rule}. Gas is mixed where lines meet.{told}"
