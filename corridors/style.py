"""One look for all figures: fonts and sizes, colours by family of corridors or seller of gas, line style by mode."""

from __future__ import annotations

import functools
import textwrap
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

__all__ = [
    "AFLOAT",
    "COLOURS",
    "GREY",
    "HATCH",
    "INK",
    "LEGEND_LETTERS",
    "LIGHT",
    "MEASURES",
    "RED",
    "SELLERS",
    "STYLES",
    "WHITE",
    "apart",
    "columns_that_fit",
    "drawn",
    "folded",
    "heading",
    "house_style",
    "legend",
    "new_figure",
    "plain_ticks",
    "pyplot",
    "quiet_glyphs",
    "short",
]

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

SELLERS = {
    "own": "#0072B2",
    "AZ": "#009E73",
    "RU": "#D55E00",
    "IR": "#CC79A7",
    "TM": "#E69F00",
    "LNG": "#56B4E9",
    "DZ": "#882255",
    "stock": "#F0E442",
    "other": "#777777",
}
"""Colours by seller of gas: Okabe-Ito, and for Algeria wine of Paul Tol's muted set."""

MEASURES = {
    "reverse flow": COLOURS["arctic"],
    "storage": COLOURS["middle"],
    "injection put off": COLOURS["instc"],
    "source": COLOURS["sea"],
    "LNG": COLOURS["southern"],
    "less demand": COLOURS["northern"],
}
"""Colours by what makes up for a loss of gas."""

STYLES = {"rail": "-", "road": ":", "sea": "--", "feeder": "--", "ferry": "--", "inland": "-."}
AFLOAT = ("sea", "arctic")
INK, GREY, LIGHT, WHITE = "#222222", "#555555", "#dddddd", "#ffffff"
RED = "#B00020"
HATCH: dict[str, Any] = {"facecolor": "none", "edgecolor": RED, "hatch": "////", "linewidth": 1.0}
"""How bars of what is not served are drawn."""

_SETTINGS: dict[str, Any] = {
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "font.size": 9.5,
    "text.color": INK,
    "text.usetex": False,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
    "figure.facecolor": WHITE,
    "svg.hashsalt": "corridors",
    "savefig.facecolor": WHITE,
    "savefig.edgecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.labelsize": 9.5,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "grid.color": LIGHT,
    "grid.linewidth": 0.6,
    "hatch.color": RED,
    "hatch.linewidth": 1.0,
    "legend.edgecolor": "none",
    "legend.fontsize": 9,
    "legend.frameon": False,
    "legend.handlelength": 1.2,
    "legend.labelcolor": INK,
    "patch.edgecolor": INK,
    "xtick.color": INK,
    "xtick.labelsize": 9,
    "ytick.color": INK,
    "ytick.labelsize": 9,
}
_HEADING = 12
_NOTE = 15.5  # letters of a note in an inch
_LEGEND, _LEGEND_KEY = 45, 9  # letters of a title at most, and those that its key takes
LEGEND_LETTERS = 117  # in a line of a figure of usual width
_DECADE = 10  # on an axis shorter than that the ticks in between have numbers too
_SHORTEST = 8  # letters that a heading keeps

Drawn = ParamSpec("Drawn")


def pyplot() -> Any:
    """Return matplotlib.pyplot, drawing to memory unless a notebook or window chose otherwise."""
    import matplotlib

    if matplotlib.get_backend(auto_select=False) is None:
        matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


@contextmanager
def quiet_glyphs() -> Iterator[None]:
    """Draw letters that the font lacks as empty boxes, without a warning for each; other warnings stay."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"(?s)Glyph \d+ .*missing from", UserWarning)
        warnings.filterwarnings("ignore", r"Matplotlib currently does not support .* natively", UserWarning)
        yield


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save figures in the house style; the settings of matplotlib are as before afterwards."""
    import matplotlib

    with matplotlib.rc_context(_SETTINGS), quiet_glyphs():
        yield


def drawn(draw: Callable[Drawn, Figure]) -> Callable[Drawn, Figure]:
    """Let a function draw in the house style, and cut a heading or note that is wider than its figure."""

    @functools.wraps(draw)
    def styled(*args: Drawn.args, **kwargs: Drawn.kwargs) -> Figure:
        with house_style():
            figure = draw(*args, **kwargs)
            _fit(figure)
            return figure

    return styled


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches that is saved in the house style, whoever saves it."""
    from .house_figure import HouseFigure

    figure: Figure = pyplot().figure(FigureClass=HouseFigure, figsize=(width, height), layout="constrained")
    return figure


def heading(figure: Figure, title: str, note: str = "") -> None:
    """Write what a figure shows above it, and a note below, both from its left edge."""
    figure.suptitle(short(title, 200), x=0.01, ha="left", fontsize=_HEADING, fontweight="bold")
    if note:
        line = int(_NOTE * figure.get_figwidth())
        figure.supxlabel(textwrap.fill(short(note, 3 * line), line), x=0.01, ha="left", fontsize=8, color=GREY)


def legend(
    where: Figure | Axes,
    handles: Sequence[Any],
    titles: Sequence[str],
    *,
    ncols: int = 1,
    letters: int = LEGEND_LETTERS,
    **options: Any,
) -> Legend:
    """Return a legend with titles of any kind: matplotlib leaves out those that begin with an underscore.

    It has at most `ncols` columns, fewer where `letters` would not hold them in a line.
    """
    shown = [short(title, _LEGEND) for title in titles]
    columns = columns_that_fit(shown, ncols, letters)
    found = where.legend(list(handles), [" "] * len(handles), ncols=columns, **options)
    for text, title in zip(found.get_texts(), shown, strict=True):
        text.set_text(title)
    return found


def columns_that_fit(titles: Sequence[str], most: int, letters: int) -> int:
    """Return in how many columns a legend fits in a line of so many letters, at most `most`."""
    for columns in range(most, 1, -1):
        rows = -(-len(titles) // columns) or 1
        longest = [max(map(len, titles[n : n + rows])) for n in range(0, len(titles), rows)]
        if sum(longest) + _LEGEND_KEY * len(longest) <= letters:
            return columns
    return 1


def plain_ticks(axis: Any) -> None:
    """Write the numbers of an axis with commas between thousands, as in tables; on a log axis once it has its data."""
    from matplotlib.ticker import NullFormatter

    def told(value: float, _: object) -> str:
        return f"{value:,g}".replace("-", "−")

    axis.set_major_formatter(told)
    if axis.get_scale() == "log":
        low, high = axis.get_view_interval()
        axis.set_minor_formatter(told if high < _DECADE * low else NullFormatter())


def short(text: object, width: int) -> str:
    """Return a text in one line, cut at a word where it is longer; letters that cannot be printed are left out.

    Parameters
    ----------
    text : object
    width : int
        Letters; those of double width count twice.
    """
    told = str(text)[: 50 * width]
    plain = " ".join("".join(c if c.isprintable() else " " if c.isspace() else "" for c in told).split())
    wide, kept = 0, len(plain)
    for number, letter in enumerate(plain):
        wide += 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        if wide > width:
            kept = number
            break
    if kept == len(plain):
        return plain
    cut = plain[: max(kept - 1, 1)]
    word = cut.rfind(" ")
    return f"{cut[:word] if word > 0.6 * width else cut}…"


def folded(text: object, width: int, lines: int = 2) -> str:
    """Return a text in lines of a width, cut where it has more."""
    return textwrap.fill(short(text, width * lines - lines), width)


def apart(places: Sequence[float], gap: float) -> list[float]:
    """Return places moved as little as makes them lie a gap apart, in the same order."""
    order = sorted(range(len(places)), key=lambda i: places[i])
    groups: list[tuple[float, list[int]]] = []  # where the first would lie, and who
    for i in order:
        start, members = places[i], [i]
        while groups and groups[-1][0] + gap * len(groups[-1][1]) > start:
            before, earlier = groups.pop()
            start = (before * len(earlier) + (start - gap * len(earlier)) * len(members)) / (
                len(earlier) + len(members)
            )
            members = earlier + members
        groups.append((start, members))
    found = list(places)
    for start, members in groups:
        for number, i in enumerate(members):
            found[i] = start + gap * number
    return found


def _fit(figure: Figure) -> None:
    """Shorten heading and note to the width of a figure: letters differ in width."""
    renderer = figure.canvas.get_renderer() if hasattr(figure.canvas, "get_renderer") else None
    room = 0.98 * figure.bbox.width
    for text in (getattr(figure, name, None) for name in ("_suptitle", "_supxlabel")):
        while text is not None and text.get_window_extent(renderer).width > room:
            told = text.get_text()
            longest = max(map(len, told.split("\n")))
            line = min(int(longest * room / text.get_window_extent(renderer).width), longest - 2)
            if line < _SHORTEST:
                break
            text.set_text(folded(told, line, told.count("\n") + 1))
