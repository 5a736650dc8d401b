"""TANAP at half in a cold January: who is short by both rules of sharing, what makes up for it, what more it takes.

Run `python examples/tanap_january.py [folder]`; figures are written to the folder (default: out). Takes two minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import corridors
from corridors.files import save_figure
from corridors.terminal import figure

SCENARIO = Path(__file__).parent / "scenarios" / "tanap-january.yaml"
WORSE = {"disruptions.black-sea.enabled": True, "disruptions.south-caucasus.enabled": True}
RULES = {"cooperative": "shared", "own_first": "own country first"}
WATCHED = ["TR", "GR", "BG", "IT", "RO", "HU", "RS", "MK", "GE", "AZ"]


def short(run: corridors.GasRun) -> pd.DataFrame:
    """Return who is short by either rule of sharing, mcm and days."""
    columns = ["unmet_mcm", "unmet_pct", "days_short"]
    both = pd.concat({name: run.unmet(rule)[columns] for rule, name in RULES.items()}, axis=1)
    return both[(both.xs("unmet_mcm", axis=1, level=1) > 0.01).any(axis=1)].droplevel("year")


def days(run: corridors.GasRun) -> pd.DataFrame:
    """Return what lacks on each day, GWh, by country; by the rule of the study."""
    return run.short().pivot_table(index="day", columns="country", values="unmet_gwh", aggfunc="sum").fillna(0.0)


def standing(run: corridors.GasRun) -> pd.DataFrame:
    """Return prices, the N-1 index and what it rests on, of the countries around."""
    prices = run.unmet()[["planned_usd_per_mwh", "usd_per_mwh", "highest_usd_per_mwh"]]
    n_minus_1 = run.security()[["n_minus_1_pct", "largest", "peak_kind"]]
    return prices.join(n_minus_1).droplevel("year").reindex(WATCHED)


def moved(run: corridors.GasRun) -> pd.DataFrame:
    """Return the lines whose flow of the year changes, bcm, and what one more unit of capacity is worth."""
    lines = run.flows().droplevel("year")
    columns = ["title", "planned_bcm", "bcm", "change_bcm", "worth_usd_per_mwh"]
    return lines.loc[lines["change_bcm"].abs() > 0.05, columns].set_index("title")


def main(folder: Path) -> None:
    """Print the answers in the order of the questions; draw the measures and the map."""
    folder.mkdir(parents=True, exist_ok=True)
    run = corridors.run(SCENARIO)
    worse = corridors.run(corridors.load(SCENARIO).with_(WORSE), against=False)
    print(run.answer)
    tables = {
        "1. Who is short (an empty table: nobody)": short(run),
        "2. What would lack if all kept to the plan is made up for by": run.measures(),
        "   Lines": moved(run),
        "3. Prices and N-1": standing(run),
        "4. If no Russian gas came by the Black Sea and the South Caucasus line were shut: who is short": short(worse),
        "   On which days, GWh": days(worse),
        "   Measures, cheapest first": worse.measures(),
    }
    for title, table in tables.items():
        print(f"\n{title}\n{table.to_string(float_format=figure)}")
    save_figure(folder / "tanap-january.png", lambda: worse.plot.measures())
    save_figure(folder / "tanap-january-map.png", lambda: run.plot.map())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
