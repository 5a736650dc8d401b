"""What makes up for a loss of gas, cheapest first, as steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from networks import DataError

from ..style import COLOURS, MEASURES, WHITE, apart, drawn, heading, legend, new_figure, plain_ticks, pyplot, short
from ..terminal import figure as figure_of
from .charts import chosen_year
from .gas_answers import country_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .gas_results import GasRun

__all__ = ["gas_measures_chart"]

_NAMED = 8
_BACKWARD = " Reverse flow, which moves gas that others give and adds none, is not drawn."
_LINE = 0.125  # of the height, that a label needs
_STEP = 0.025  # of the width, that a number needs


@drawn
def gas_measures_chart(run: GasRun, year: int | None = None) -> Figure:
    """Draw the merit order of measures after a surprise; see `GasPlots.measures`."""
    at = chosen_year(run.years, year)
    table = run.measures()
    table = table[table["year"] == at]
    backward = bool((table["gwh"] == 0).any())
    table = table[table["gwh"] > 0].reset_index(drop=True)
    if table.empty:
        raise DataError([f"{run.name}: nothing has to be made up for in {at}: nothing comes as a surprise that hurts"])
    price = next(column for column in table if str(column).endswith("_per_mwh"))
    currency = run.record["currency"]
    table = table.assign(price=table[price], start=table["gwh"].cumsum() - table["gwh"])
    figure = new_figure(9.6, 4.4)
    heading(
        figure,
        f"{short(run.title, 60)}: what makes up for it, cheapest first, {at}",
        f"In all {table['gwh'].sum():,.0f} GWh on the days on which gas would lack if all kept to the plan."
        f"{_BACKWARD if backward else ''}",
    )
    axes = figure.subplots()
    kinds = list(dict.fromkeys(map(str, table["kind"])))
    for kind in kinds:
        mine = table[table["kind"] == kind]
        axes.bar(
            mine["start"],
            mine["price"],
            width=mine["gwh"],
            align="edge",
            color=_colour(kind),
            edgecolor=WHITE,
            linewidth=0.8,
        )
    axes.set_xlim(0, float(table["gwh"].sum()))
    axes.set_ylim(min(0.0, float(table["price"].min())), 1.12 * max(float(table["price"].max()), 1e-9))
    _labels(axes, table, currency)
    axes.set_xlabel("GWh beyond the plan, cheapest first")
    axes.set_ylabel(f"{currency} per MWh, gross calorific value")
    axes.grid(axis="y")
    plain_ticks(axes.xaxis)
    swatches = [pyplot().Rectangle((0, 0), 1, 1, color=_colour(kind)) for kind in kinds]
    legend(axes, swatches, kinds, loc="lower left", bbox_to_anchor=(0, 1), ncols=6, borderpad=0.1)
    return figure


def _colour(kind: str) -> str:
    return MEASURES.get(kind, COLOURS["other"])


def _labels(axes: Axes, table: pd.DataFrame, currency: str) -> None:
    """Write numbers of the largest measures above their steps, and a list of them beside."""
    largest = table.loc[table["gwh"].nlargest(_NAMED).index].sort_values("start")
    end = axes.get_xlim()[1]
    middles = apart([float(row.start + row.gwh / 2) for row in largest.itertuples()], _STEP * end)
    over = max(middles[-1] - end, 0.0)
    for number, (row, middle) in enumerate(zip(largest.itertuples(), middles, strict=True), 1):
        axes.annotate(
            str(number), (middle - over, row.price), (0, 2), textcoords="offset points", ha="center", fontsize=8
        )
        axes.annotate(
            f"{number}  {_called(row)}\n    {figure_of(row.gwh)} GWh at {figure_of(row.price)} {currency}/MWh, "
            f"at most {figure_of(row.most_gwh_per_day)} GWh/d",
            (1.02, 1.0 - _LINE * (number - 1)),
            xycoords="axes fraction",
            fontsize=8,
            va="top",
            annotation_clip=False,
        )


def _called(row: Any) -> str:
    """Return a measure with its country."""
    what = f"less demand, {row.measure}" if row.kind == "less demand" else row.measure
    return f"{short(what, 36)} ({short(country_name(str(row.country)), 20)})"
