"""Chart of what gas costs by each way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..style import COLOURS, INK, pyplot
from .delivered import Delivery

__all__ = ["delivery_chart"]

_PARTS = {
    "source": COLOURS["sea"],
    "tariffs": COLOURS["middle"],
    "new pipes": COLOURS["northern"],
    "fuel": COLOURS["southern"],
}


def delivery_chart(ways: Mapping[str, Delivery], title: str) -> Any:
    """Draw the cost of delivered gas by way, in parts.

    Parameters
    ----------
    ways : mapping of str to Delivery
    title : str

    Returns
    -------
    Figure
    """
    plt = pyplot()
    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.62 * len(ways)), layout="constrained")
    names = list(ways)[::-1]
    left = np.zeros(len(names))
    parts = np.array([_parts(ways[name]) for name in names])
    for (label, colour), width in zip(_PARTS.items(), parts.T, strict=True):
        axes.barh(names, width, left=left, color=colour, label=label)
        left += width
    for y, total in enumerate(left):
        axes.text(total, y, f" {total:.1f}", va="center", color=INK)
    axes.set_xlim(0, left.max() * 1.12)
    axes.set_xlabel("USD per MWh delivered, gross calorific value")
    axes.set_title(title, loc="left", color=INK)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=4, loc="upper left", bbox_to_anchor=(0, -0.22))
    return figure


def _parts(way: Delivery) -> tuple[float, float, float, float]:
    tariffs, capital = float(way.legs["tariff_usd_per_mwh"].sum()), float(way.legs["capital_usd_per_mwh"].sum())
    fuel = way.cost_usd_per_mwh - way.source_usd_per_mwh - tariffs - capital
    return way.source_usd_per_mwh, tariffs, capital, fuel
