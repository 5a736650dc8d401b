"""Russia's route closes: what the Middle Corridor can take, where the other boxes go, and what turns that round.

Run `python examples/russia_closes.py [folder]`; the figures are written to the folder (default: out). Takes a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import corridors
from corridors.files import save_figure
from corridors.terminal import figure

SCENARIO = Path(__file__).parent / "scenarios" / "russia-closes.yaml"
ENDS, CLOSED, YEAR = ("Xi'an", "Duisburg"), ["RU", "BY"], 2027
GOODS = ["general", "rail", "parts"]  # from the least to the most in a hurry
CASES = ["diversion-2022", "diversion-china-europe-2022", "middle-2022", "middle-2024"]


def room(goods: str) -> corridors.Headroom:
    """Return how many TEU a year the Middle Corridor takes of these goods before the sea is cheaper."""
    return corridors.headroom(
        "middle", against="sea", origin=ENDS[0], destination=ENDS[1], goods=goods, avoid=CLOSED, year=YEAR
    )


def limits(rooms: dict[str, corridors.Headroom]) -> pd.DataFrame:
    """Return by goods how much, what one box costs more than by sea, and where the answer becomes zero."""
    rows = {}
    for goods, found in rooms.items():
        first = found.steps().iloc[0]
        rows[goods] = {
            "teu_per_year": found.headroom_teu_per_year,
            "usd_per_teu_above_sea": first["cost_usd_per_teu"] - first["against_usd_per_teu"],
            "value_of_time_usd_per_teu_h": found.prices.value_of_time_usd_per_teu_h,
            "zero_below_usd_per_teu_h": found.break_even(),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("goods")


def routes() -> pd.DataFrame:
    """Return which ways are left between the two places, and why the others are not."""
    table = corridors.compare_routes(*ENDS, avoid=CLOSED, year=YEAR).table()
    return table.set_index("corridor")[["days_p50", "days_p90", "tariff_usd_per_teu", "kgco2e_per_teu", "status"]]


def record() -> pd.DataFrame:
    """Return what the model makes of the years in which it happened, and what was counted."""
    return corridors.backtest().table.loc[CASES, ["title", "model", "observed", "last_year"]]


def main(folder: Path) -> None:
    """Print the answers in the order of the questions; draw headroom, diversion and map."""
    folder.mkdir(parents=True, exist_ok=True)
    rooms = {goods: room(goods) for goods in GOODS}
    found = corridors.compare(SCENARIO)
    print(found.answer)
    tables = {
        "1. What the Middle Corridor can take before the sea is cheaper": limits(rooms),
        f"   What binds, in order, for {GOODS[-1]}": rooms[GOODS[-1]].steps(),
        "2. Where the boxes go": found.diversion(),
        "   What becomes full": found.bottlenecks(),
        "   Which ways are left": routes(),
        "3. What turns the answer round": found.switching(),
        "Back-test": record(),
    }
    for title, table in tables.items():
        print(f"\n{title}\n{table.to_string(float_format=figure)}")
    save_figure(folder / "russia-closes-headroom.png", rooms[GOODS[-1]].plot)
    save_figure(folder / "russia-closes-diversion.png", lambda: found.plot.sankey())
    save_figure(folder / "russia-closes-map.png", lambda: found.plot.map())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
