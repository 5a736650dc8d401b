"""Emissions by family of corridors, beside the counterfactual."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from networks import DataError

from ..style import drawn, short
from .charts import chosen_year
from .ways_chart import Panel, draw_ways, split

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .results import Run

__all__ = ["emissions_chart"]

_LEAST = 1e-3  # kt


@drawn
def emissions_chart(run: Run, base: Run | None = None, year: int | None = None) -> Figure:
    """Draw emissions, well to wheel, by family: by sea and by land on scales of their own; see `RunPlots.emissions`."""
    at = chosen_year(run.years, year)
    runs = [run] if base is None else [base, run]
    parts = [found.emissions() for found in runs]
    emitted = [part[part.index.get_level_values("year") == at].droplevel("year") for part in parts]
    tables = [pd.DataFrame({"central": part["tco2e_per_year"] / 1e3}).assign(low=0.0, high=0.0) for part in emitted]
    most = pd.concat([table["central"] for table in tables], axis=1).max(axis=1).sort_values(ascending=False)
    names = [str(name) for name in most[most >= _LEAST].index]
    if not names:
        raise DataError([f"{run.name}: nothing is sent in {at}, so nothing is emitted"])
    family = {name: name for name in names}
    panels = [
        Panel(part, 1.0, f"{word}, kt CO2e in {at}, well to wheel")
        for part, word in zip(split(names, family), ("sea", "overland"), strict=True)
    ]
    return draw_ways(tables, [r.title for r in runs], panels, family, "family", _told(run, tables, at))


def _told(run: Run, tables: list[pd.DataFrame], year: int) -> str:
    """Return the total, and how it differs."""
    total = float(tables[-1]["central"].sum())
    text = f"{short(run.title, 50)}: emissions of {total:,.0f} kt CO2e, {year}"
    before = float(tables[0]["central"].sum())
    if len(tables) == 1 or not before:
        return text
    return f"{text} ({100 * (total / before - 1):+.1f} %)".replace("(-", "(−")
