"""What the number of an answer depends on, as a tornado."""

from __future__ import annotations

from typing import TYPE_CHECKING

from networks import DataError

from ..appraisal_charts import draw_tornado
from ..style import drawn, folded, short
from .charts import chosen_year
from .contrast import Comparison
from .drivers import drivers, every_driver, subject_of
from .variants import CENTRAL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .results import Run

__all__ = ["drivers_chart"]


@drawn
def drivers_chart(found: Run | Comparison, year: int | None = None) -> Figure:
    """Draw what the number of the answer is at both ends of each assumption; see `drivers` and `RunPlots.drivers`."""
    at = chosen_year(found.years, year)
    run = found.run if isinstance(found, Comparison) else found
    what = subject_of(found, at).what
    table = drivers(found, at)
    if not what:
        raise DataError([f"{run.name}: nothing changes in {at}, so that it depends on nothing"])
    if table.empty:
        raise DataError([f"{run.name}: nothing that was varied moves the {what}"])
    every = every_driver(found, at)["assumption"]
    idle = [str(name) for name in every if name not in set(table["assumption"])]
    bars = table[["low", "central", "high"]].set_axis(["enpv_low", "enpv_base", "enpv_high"], axis=1) / 1e3
    bars = bars.assign(low=0.0, base=0.0, high=0.0).set_axis(bars.index.map(str))  # values stand in the labels
    return draw_tornado(
        bars,
        unit=f"thousand {table['unit'].iloc[0]}, {at}",
        measure=short(what, 70),
        labels=dict(zip(bars.index, [_label(row) for row in table.itertuples()], strict=True)),
        title=f"{short(run.title, 50)}: what the answer depends on",
        note=short(f"Without effect: {'; '.join(idle)}.", 110) if idle else "",
    )


def _label(row: object) -> str:
    """Return an assumption with its values, that of the lower number first."""
    told = [_value(str(name)) for name in (row.at_low, row.at_high)]  # type: ignore[attr-defined]
    name = folded(row.assumption, 46)  # type: ignore[attr-defined]
    return f"{name}\n{told[0]} … {told[1]}" if all(told) else name


def _value(variant: str) -> str:
    """Return the value of a variant in words; nothing where its name says it."""
    if variant == CENTRAL:
        return "as set"
    what, _, value = variant.partition(" ")
    if what == "sea":
        return f"{100 * (float(value) - 1):+.0f} %".replace("-", "−")
    if what == "time":
        return f"× {float(value):g}"
    return "those of the back-test" if what == "parameters" else ""
