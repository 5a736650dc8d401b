"""Ribbons between columns of names, as wide as what they carry: Sankey diagrams drawn with Bézier curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..style import HATCH, INK, RED, WHITE, apart, heading, new_figure
from .answers import volume

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Stage", "draw_ribbons"]

_GAP = 0.06  # of the total, between names of a column
_NODE = 0.012  # of the width
_LINE = 0.165  # inches that a line of a label needs
_WIDE = 0.15  # of the width between columns, that a number on a ribbon needs
_NAMED = (0.15, 0.3, 0.45, 0.52)  # where names of a column between others are written
_SPOTS = (0.5, 0.36, 0.64, 0.24, 0.76, 0.14, 0.86)
_FRAME = 1.0  # inches above and below the columns


class Stage(NamedTuple):
    """Ribbons from one column to the next.

    Attributes
    ----------
    table : DataFrame
        ``source``, ``target``, ``value``; those that come first lie on top.
    colour : callable
        Colour of a ribbon by source and target; red is hatched.
    """

    table: pd.DataFrame
    colour: Callable[[str, str], str]


class _Box(NamedTuple):
    low: float
    high: float


def draw_ribbons(
    stages: Sequence[Stage],
    heads: Sequence[str],
    label: Callable[[int, str], str],
    title: str,
    note: str,
) -> Figure:
    """Draw columns of names with ribbons between them.

    Parameters
    ----------
    stages : sequence of Stage
        One or more; what arrives at a column leaves it.
    heads : sequence of str
        What each column is; its total is written behind.
    label : callable
        What a name of a column (its number) is called.
    title, note : str
        Above, with the unit, and below.

    Returns
    -------
    matplotlib Figure
        Heights are in the unit: a ribbon is as wide as its value at both ends.
    """
    columns = [_sums(stages[0].table, "source"), *(_sums(stage.table, "target") for stage in stages)]
    figure = new_figure(9.6, max(3.0, 1.5 + 0.5 * max(len(column) for column in columns)))
    heading(figure, title, note)
    axes = figure.subplots()
    axes.axis("off")
    total = max(sum(column.values()) for column in columns)
    gap = _GAP * total
    boxes = [_stacked(column, gap) for column in columns]
    top = max(box.high for column in boxes for box in column.values())
    bottom = min(box.low for column in boxes for box in column.values())
    axes.set_xlim(-_NODE, len(stages) + _NODE)
    axes.set_ylim(bottom - 0.02 * total, top + 0.02 * total)
    for number, stage in enumerate(stages):
        _ribbons(axes, number, stage, boxes[number], boxes[number + 1])
    for number, column in enumerate(columns):
        _names(axes, number, len(stages), column, boxes[number], lambda name, n=number: label(n, name))  # type: ignore[misc]
        sides = {0: "right", len(stages): "left"}
        axes.annotate(
            f"{heads[number]} {volume(sum(column.values()))}",
            (number, 1.0),
            (0, 8),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha={"right": "left", "left": "right"}.get(sides.get(number, ""), "center"),
            fontsize=9,
            fontweight="bold",
        )
    return figure


def _sums(table: pd.DataFrame, side: str) -> dict[str, float]:
    sums = table.groupby(side, sort=False)["value"].sum()
    return {str(name): float(value) for name, value in sums.items()}


def _stacked(column: Mapping[str, float], gap: float) -> dict[str, _Box]:
    """Return where the names of a column stand, the first on top, the column around zero."""
    at = (sum(column.values()) + gap * (len(column) - 1)) / 2
    found = {}
    for name, value in column.items():
        found[name] = _Box(at - value, at)
        at -= value + gap
    return found


def _ribbons(axes: Axes, number: int, stage: Stage, left: Mapping[str, _Box], right: Mapping[str, _Box]) -> None:
    rows = [(str(r.source), str(r.target), float(r.value)) for r in stage.table.itertuples()]
    leaves = _ends(rows, left, lambda row: (row[0], -right[row[1]].high))
    arrives = _ends(rows, right, lambda row: (row[1], -left[row[0]].high))
    taken = [(t, (box.low + box.high) / 2) for box in left.values() for t in _NAMED] if number else []
    line = _line(axes)
    for row in sorted(rows, key=lambda row: -row[2]):
        start, end = leaves[row], arrives[row]
        _ribbon(axes, number, start, end, stage.colour(row[0], row[1]))
        alone = sum(r[0] == row[0] for r in rows) == 1 or sum(r[1] == row[1] for r in rows) == 1
        spots = [(t, _middle(start, end, t)) for t in _SPOTS]
        free = [s for s in spots if all(abs(s[1] - y) > line or abs(s[0] - t) > _WIDE for t, y in taken)]
        if not free and alone:
            continue  # its end says the same
        spot = (free or spots)[0]
        taken.append(spot)
        axes.text(
            number + spot[0],
            spot[1],
            volume(row[2]),
            ha="center",
            va="center",
            fontsize=8.5,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": WHITE, "edgecolor": "none", "alpha": 0.75},
        )


_Row = tuple[str, str, float]


def _ends(
    rows: Sequence[_Row], boxes: Mapping[str, _Box], key: Callable[[_Row], tuple[str, float]]
) -> dict[_Row, _Box]:
    """Return where each ribbon touches a column: those that go up lie on top."""
    free = {name: box.high for name, box in boxes.items()}
    found = {}
    for row in sorted(rows, key=key):
        name = key(row)[0]
        found[row] = _Box(free[name] - row[2], free[name])
        free[name] -= row[2]
    return found


def _ribbon(axes: Axes, number: int, start: _Box, end: _Box, colour: str) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    left, middle, right = number + _NODE, number + 0.5, number + 1 - _NODE
    corners = [
        (left, start.high), (middle, start.high), (middle, end.high), (right, end.high),
        (right, end.low), (middle, end.low), (middle, start.low), (left, start.low),
        (left, start.high),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    path = Path(corners, [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])
    look = HATCH if colour == RED else {"facecolor": colour, "edgecolor": colour, "linewidth": 0.6, "alpha": 0.55}
    axes.add_patch(PathPatch(path, **look))


def _middle(start: _Box, end: _Box, t: float) -> float:
    """Return the height of the middle of a ribbon at a share of its way: x of its curve is not linear in t."""
    low, high = 0.0, 1.0
    for _ in range(30):
        s = (low + high) / 2
        if 1.5 * s * (1 - s) + s**3 < t:
            low = s
        else:
            high = s
    share = 3 * s**2 * (1 - s) + s**3
    return (1 - share) * (start.low + start.high) / 2 + share * (end.low + end.high) / 2


def _line(axes: Axes) -> float:
    """Return the height of a line of text in the unit of the axis."""
    low, high = axes.get_ylim()
    return float(_LINE * (high - low) / (axes.figure.bbox.height / axes.figure.dpi - _FRAME))


def _names(
    axes: Axes,
    number: int,
    last: int,
    column: Mapping[str, float],
    boxes: Mapping[str, _Box],
    label: Callable[[str], str],
) -> None:
    """Draw the names of a column with their totals, moved apart where they would overlap."""
    for box in boxes.values():
        axes.fill_between([number - _NODE, number + _NODE], box.low, box.high, color=INK, linewidth=0.6)
    texts = [f"{label(name)}  {volume(value)}" for name, value in column.items()]
    line = _line(axes)
    most = max(text.count("\n") for text in texts) + 1
    places = apart([(box.low + box.high) / 2 for box in boxes.values()], line * most)
    side = -1 if number == 0 else 1
    for text, place in zip(texts, places, strict=True):
        axes.annotate(
            text,
            (number, place),
            (side * 10, 0),
            textcoords="offset points",
            ha="right" if number == 0 else "left",
            va="center",
            fontsize=9,
            annotation_clip=False,
            bbox=None
            if number in (0, last)
            else {"boxstyle": "round,pad=0.15", "facecolor": WHITE, "edgecolor": "none", "alpha": 0.75},
        )
