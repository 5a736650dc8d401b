"""One look for all figures: colours by family of corridors, line style by mode."""

from __future__ import annotations

from typing import Any

__all__ = ["AFLOAT", "COLOURS", "GREY", "INK", "STYLES", "pyplot"]

COLOURS = {
    "sea": "#0072B2",
    "northern": "#D55E00",
    "middle": "#009E73",
    "instc": "#CC79A7",
    "southern": "#E69F00",
    "arctic": "#56B4E9",
    "other": "#777777",
}
"""Okabe-Ito colours by family of corridors."""

STYLES = {"rail": "-", "road": ":", "sea": "--", "feeder": "--", "ferry": "--", "inland": "-."}
AFLOAT = ("sea", "arctic")
GREY = "#555555"
INK = "#222222"


def pyplot() -> Any:
    """Return matplotlib.pyplot, drawing to memory unless a notebook or window chose otherwise."""
    import matplotlib

    matplotlib.use("Agg", force=False)
    import matplotlib.pyplot as plt

    return plt
