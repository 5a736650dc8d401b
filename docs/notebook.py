"""How executed pages show numbers and figures."""

from __future__ import annotations

import io

import matplotlib
import pandas as pd
from IPython import get_ipython
from matplotlib.figure import Figure

from corridors.terminal import figure


def prepare() -> None:
    """Show numbers with the digits that say something, and a figure that is the value of a cell as PNG."""
    matplotlib.use("Agg")  # else the kernel shows each figure a second time
    pd.options.display.float_format = figure
    pd.options.display.max_colwidth = 70
    get_ipython().display_formatter.formatters["image/png"].for_type(Figure, _png)


def _png(drawn: Figure) -> bytes:
    file = io.BytesIO()
    drawn.savefig(file, format="png", dpi=130)
    return file.getvalue()
