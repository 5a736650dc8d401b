"""How the cost of a flow grows: `python -m benchmarks.growth` measures and draws docs/images/flow-growth.png."""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from corridors.style import COLOURS, GREY, INK, pyplot

from .cases import geometric_name
from .child import run_child

__all__ = ["AXES", "SOLVERS", "Point", "figure", "fitted", "main", "measured", "table"]

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "flow-growth.png"

_SEEDS = (1, 2, 3)
_GIVE_UP_S = 30.0
_LARGEST = 4
_PLAIN_WIDTH = 170
_COLUMNS = ("axis", "solver", "nodes", "demands", "neighbours", "seed", "x", "seconds", "peak_mb")


class Shape(NamedTuple):
    """A geometric network: its nodes, the demands drawn, the nearest points each point is joined to."""

    nodes: int
    demands: int
    neighbours: int = 4


@dataclass(frozen=True)
class Axis:
    """One thing that grows, with what stays.

    Attributes
    ----------
    name : str
        ``nodes``, ``arcs`` or ``demands``: the count on the axis.
    fixed : str
        What stays, in words.
    full, quick : tuple of Shape
        Networks of a full and of a quick run, growing.
    """

    name: str
    fixed: str
    full: tuple[Shape, ...]
    quick: tuple[Shape, ...]


AXES = (
    Axis(
        "nodes",
        "100 demands, about 5 arcs a node",
        tuple(Shape(n, 100) for n in (125, 250, 500, 1000, 2000, 4000)),
        tuple(Shape(n, 40) for n in (50, 100, 200)),
    ),
    Axis(
        "arcs",
        "250 nodes, 100 demands",
        tuple(Shape(250, 100, near) for near in (3, 5, 8, 13, 21, 34)),
        tuple(Shape(100, 40, near) for near in (3, 6, 12)),
    ),
    Axis(
        "demands",
        "250 nodes, about 1,200 arcs",
        tuple(Shape(250, k) for k in (25, 50, 100, 200, 400, 800, 1600)),
        tuple(Shape(100, k) for k in (25, 50, 100)),
    ),
)
"""What grows."""

SOLVERS = {"solve_flow path": "solve_flow, by paths", "HiGHS simplex": "arc model by origin, HiGHS simplex"}
"""What is measured, with the words of the legend."""

_MARKS = {"solve_flow path": (COLOURS["middle"], "o"), "HiGHS simplex": (COLOURS["northern"], "s")}


class Point(NamedTuple):
    """One measurement: `x` is the count on the axis; seconds are inf where the solver did not finish."""

    axis: str
    solver: str
    shape: Shape
    seed: int
    x: int
    seconds: float
    peak_mb: float
    note: str = ""

    @property
    def failed(self) -> bool:
        """Whether the solver ended in an error."""
        return self.note.startswith("failed")


def measured(*, quick: bool, limit_s: float) -> Iterator[Point]:
    """Measure every solver on every network of every axis.

    Parameters
    ----------
    quick : bool
        Small networks, one of each size, by the first solver only.
    limit_s : float
        Time limit of a run. A solver that reaches it, or half a minute in the median, is not tried on larger ones.
    """
    for axis in AXES:
        for solver in list(SOLVERS)[:1] if quick else SOLVERS:
            for shape in axis.quick if quick else axis.full:
                points = [_point(axis, solver, shape, seed, limit_s) for seed in (_SEEDS[:1] if quick else _SEEDS)]
                yield from points
                if not statistics.median(point.seconds for point in points) < _GIVE_UP_S:
                    break


def _point(axis: Axis, solver: str, shape: Shape, seed: int, limit_s: float) -> Point:
    name = geometric_name(shape.nodes, shape.demands, seed, shape.neighbours)
    found = run_child(name, solver, quick=False, data=None, limit_s=limit_s)
    seconds = found["seconds"] if "objective" in found else math.inf
    x, peak = found.get(axis.name, 0), found.get("peak_mb", math.nan)
    return Point(axis.name, solver, shape, seed, x, seconds, peak, found.get("note", ""))


def _series(points: Iterable[Point], axis: str, solver: str) -> list[Point]:
    """Measurements of the shapes on which every network was solved, as the rest would be the easy ones only."""
    line = [p for p in points if p.axis == axis and p.solver == solver]
    unsolved = {p.shape for p in line if not math.isfinite(p.seconds)}
    return [p for p in line if p.shape not in unsolved]


def _medians(line: Iterable[Point]) -> list[tuple[float, float]]:
    """Median count and seconds of the networks of each shape, from the smallest."""
    shapes: dict[Shape, list[Point]] = {}
    for point in line:
        shapes.setdefault(point.shape, []).append(point)
    middle = statistics.median
    return sorted((middle(p.x for p in group), middle(p.seconds for p in group)) for group in shapes.values())


def fitted(line: Iterable[Point]) -> tuple[float, float]:
    """Fit seconds = a x^b by least squares of logarithms through the medians of the four largest sizes.

    Returns
    -------
    a, b : float
        NaN if there are fewer than three sizes.
    """
    largest = _medians(line)[-_LARGEST:]
    if len(largest) < 3:
        return math.nan, math.nan
    x, seconds = np.log(np.array(largest)).T
    b, log_a = np.polyfit(x, seconds, 1)
    return float(np.exp(log_a)), float(b)


def table(points: Sequence[Point]) -> Table:
    """Make the table of what was measured, with the fitted exponents."""
    shown = Table(title="growth", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for head in ("what grows", "solver"):
        shown.add_column(head)
    for head in ("from", "to", "median\nseconds\nof least", "median\nseconds\nof most", "peak MB\nat most", "exponent"):
        shown.add_column(head, justify="right")
    for axis in AXES:
        for solver in SOLVERS:
            line = _series(points, axis.name, solver)
            if not line:
                continue
            medians = _medians(line)
            (low, fast), (high, slow) = medians[0], medians[-1]
            b = fitted(line)[1]
            shown.add_row(
                axis.name,
                solver,
                f"{low:,.0f}",
                f"{high:,.0f}",
                f"{fast:,.3f}",
                f"{slow:,.3f}",
                f"{max(p.peak_mb for p in line):,.0f}",
                f"{b:.2f}" if math.isfinite(b) else "",
            )
    return shown


def figure(points: Sequence[Point]) -> Any:
    """Draw seconds against each axis on logarithmic scales, with the fitted power laws."""
    plt = pyplot()
    drawn, panels = plt.subplots(1, len(AXES), figsize=(12.5, 4.9), sharey=True, layout="constrained")
    for axis, panel in zip(AXES, panels, strict=True):
        for solver in SOLVERS:
            line = _series(points, axis.name, solver)
            if line:
                _draw(panel, line, solver)
        _dress(panel, axis, [p for p in points if p.axis == axis.name])
    panels[0].set_ylabel("time to the optimum, s", color=INK)
    low, high = panels[0].get_ylim()
    panels[0].set_ylim(low, high * (high / low) ** 0.33)  # room for the legends
    drawn.suptitle("Time to a least-cost flow", x=0.008, ha="left", fontsize=14, fontweight="bold", color=INK)
    drawn.supxlabel(
        "Random geometric networks with tight capacities. Each mark is one of three networks of a size. "
        f"Lines: power law through the medians of the (at most {_LARGEST}) largest sizes solved, dotted below.\n"
        "More arcs between the same nodes also give more ways round a full one.",
        x=0.008,
        ha="left",
        fontsize=9,
        color=GREY,
    )
    drawn.get_layout_engine().set(w_pad=0.12, h_pad=0.08)
    return drawn


def _draw(panel: Any, line: Sequence[Point], solver: str) -> None:
    colour, mark = _MARKS[solver]
    sizes = [x for x, _ in _medians(line)]
    a, b = fitted(line)
    words = SOLVERS[solver]
    if math.isfinite(b):
        words += f"\n~ {line[0].axis}$^{{{b:.1f}}}$"
        for ends, style in ((sizes[-_LARGEST:], "-"), (sizes[: 1 - _LARGEST], ":")):
            span = np.array([ends[0], ends[-1]]) if ends else np.array([])
            panel.plot(span, a * span**b, style, color=colour, linewidth=1.8, zorder=2)
    panel.plot(
        [p.x for p in line],
        [p.seconds for p in line],
        mark,
        color=colour,
        markersize=6,
        markeredgecolor="white",
        markeredgewidth=0.8,
        alpha=0.85,
        label=words,
        zorder=3,
    )


def _dress(panel: Any, axis: Axis, points: Sequence[Point]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    panel.set(xscale="log", yscale="log")
    panel.set_xlabel(f"number of {axis.name}", color=INK)
    panel.set_title(f"{axis.name.capitalize()} grow", loc="left", fontsize=11, fontweight="bold", color=INK, pad=20)
    panel.text(0, 1.025, f"at {axis.fixed}", transform=panel.transAxes, fontsize=9, color=GREY)
    panel.xaxis.set_major_locator(FixedLocator(_ticks(points)))
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
    panel.tick_params(which="both", colors=GREY, labelsize=9)
    panel.grid(which="major", color="#e6e6e6", linewidth=0.7)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)
    panel.spines[["left", "bottom"]].set_color("#bbbbbb")
    panel.legend(frameon=False, fontsize=9, loc="upper left", handlelength=1.0, labelcolor=INK, borderaxespad=0.2)


def _ticks(points: Iterable[Point]) -> list[float]:
    """Nodes or demands as drawn, arcs to two significant digits: one for each shape."""
    counts: dict[Shape, list[int]] = {}
    for point in points:
        drawn = {"nodes": point.shape.nodes, "demands": point.shape.demands}
        counts.setdefault(point.shape, []).append(drawn.get(point.axis, point.x))
    middle = (statistics.median(found) for found in counts.values())
    return sorted(count if count < 1000 else float(f"{count:.1e}") for count in middle)


def _write(path: Path, points: Iterable[Point]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(_COLUMNS)
        out.writerows([p.axis, p.solver, *p.shape, p.seed, p.x, p.seconds, p.peak_mb] for p in points)


def _read(path: Path) -> list[Point]:
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Point(
                row["axis"],
                row["solver"],
                Shape(int(row["nodes"]), int(row["demands"]), int(row["neighbours"])),
                int(row["seed"]),
                int(row["x"]),
                float(row["seconds"]),
                float(row["peak_mb"]),
            )
            for row in csv.DictReader(file)
        ]


def main(given: Sequence[str] | None = None) -> int:
    """Measure or read, print the table, draw the picture."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small networks")
    parser.add_argument("--limit", type=float, default=300.0, metavar="SECONDS", help="time limit of a run")
    parser.add_argument("--picture", type=Path, default=PICTURE, metavar="FILE", help="where to draw")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the measurements here too")
    parser.add_argument("--read", type=Path, metavar="FILE", help="draw these measurements instead of new ones")
    options = parser.parse_args(given)
    points: list[Point] = []
    for point in _read(options.read) if options.read else measured(quick=options.quick, limit_s=options.limit):
        points.append(point)
        if options.csv:
            _write(options.csv, points)
    console = Console()
    (console if console.is_terminal else Console(width=_PLAIN_WIDTH)).print(table(points), highlight=False)
    if points:
        figure(points).savefig(options.picture, dpi=110)
    return 0


if __name__ == "__main__":
    sys.exit(main())
