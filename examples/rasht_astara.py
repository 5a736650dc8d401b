"""Rasht-Astara opens: what crosses from Azerbaijan to Iran by rail, from which ways it comes, and what may spoil it.

Run `python examples/rasht_astara.py [folder]`; the figures are written to the folder (default: out). Takes a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import corridors
import networks
from corridors.files import save_figure
from corridors.terminal import figure

SCENARIO = Path(__file__).parent / "scenarios" / "rasht-astara.yaml"
BORDER, MARKS = "AZ-IR", ["B059", "B060", "B128"]
OPENS, SHUT, AWAY = (
    "investments.projects.rasht-astara.opens",
    "disruptions.iran-shut.enabled",
    "disruptions.stay-away.effect.avoid",
)


def perimeters() -> pd.DataFrame:
    """Return what others count and expect: four different things, none of which goes into the model."""
    marks = networks.table_of("benchmarks").set_index("benchmark_id").loc[MARKS]
    seen = networks.table_of("volumes").query("series == 'INSTC western (rail)'").tail(1)
    seen = seen.assign(
        title=seen["series"], indicator="observed: " + seen["perimeter"], low=seen["value"], high=seen["value"]
    )
    columns = ["title", "indicator", "year", "low", "high", "unit", "source_id", "grade"]
    return pd.concat([seen[columns], marks[columns]]).set_index("title")


def astara(run: corridors.Run) -> pd.DataFrame:
    """Return what is used of the border and of the new line: how far away the limit is."""
    found = run.bottlenecks(0.0)
    return found[found["element"].str.contains("Astara")].set_index(["year", "element"])[
        ["utilisation", "binds_at", "grade"]
    ]


def spoilt() -> pd.DataFrame:
    """Return TEU a year over the border, at the load of their goods, in every combination of what may spoil it."""
    runs = corridors.sweep(SCENARIO)
    over = runs.measure(f"through:{BORDER}").rename("teu_per_year").reset_index()
    names = runs.runs.set_index(["run", "year"])[[OPENS, SHUT, AWAY]].reset_index()
    table = names.merge(over).pivot_table(index=["year", OPENS], columns=[SHUT, AWAY], values="teu_per_year")
    return table.rename_axis(index=["year", "opens"], columns=["Iran shut", "stay away"])


def main(folder: Path) -> None:
    """Print the answers in the order of the questions; draw the change by branch and the map."""
    folder.mkdir(parents=True, exist_ok=True)
    found = corridors.compare(SCENARIO)
    print(found.answer)
    tables = {
        "0. What is counted by whom": perimeters(),
        "1. Over the border by rail, t, and from where": found.through(BORDER),
        "   By goods": found.through(BORDER, "goods"),
        "   By origin": found.through(BORDER, "origin"),
        "2. Branches, t": found.flows("branch"),
        "   The border and the line": astara(found.run),
        "3. If it is late, Iran is shut or shippers stay away, TEU": spoilt(),
    }
    for title, table in tables.items():
        print(f"\n{title}\n{table.to_string(float_format=figure)}")
    save_figure(folder / "rasht-astara.png", lambda: found.plot.change("branch"))
    save_figure(folder / "rasht-astara-map.png", lambda: found.plot.map())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
