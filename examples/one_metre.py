"""One metre less at Aktau: what ships still load, which boxes leave, and whether to dredge, use Kuryk or add ships.

Run `python examples/one_metre.py [folder]`; the figure is written to the folder (default: out). Takes a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import corridors
import networks
from corridors.files import save_figure
from corridors.scenario.draught import fleet_table, lift_factor
from corridors.terminal import figure

SCENARIO = Path(__file__).parent / "scenarios" / "one-metre.yaml"
PORT, FEEDER, METRE = "KZ_AKU", "KZ_AKU-AZ_ALT-feeder", "disruptions.aktau-draught.effect.draught"
LEVELS_M = [0.0, -0.25, -0.5, -1.0, -1.5, -2.0]


def fleet() -> pd.DataFrame:
    """Return what each class of ship loads now and with a metre less."""
    return fleet_table({PORT: -1.0}).set_index("fleet_id").drop(columns="title")


def cargo() -> pd.DataFrame:
    """Return what all ships of a kind of cargo load in one voyage each, now and with a metre less."""
    ships = fleet().join(networks.table_of("fleet").set_index("fleet_id")["cargo"])
    loads = ships[["payload_now_t", "payload_t"]].mul(ships["ships"], axis=0).groupby(ships["cargo"]).sum()
    return loads.assign(lost_pct=100 * (1 - loads["payload_t"] / loads["payload_now_t"]))


def by_level() -> pd.DataFrame:
    """Return room of the feeders, and TEU by feeder, by Kuryk and by the corridor as a whole, by change of depth."""
    scenario, rows = corridors.load(SCENARIO).with_({"study.years": [2030]}), {}
    for level in LEVELS_M:
        run = corridors.run(scenario.with_({METRE: f"{level:+g} m"}), against=False, ranges=False)
        used = run.bottlenecks(0.0).set_index("group")["teu_per_year"].to_dict()
        rows[level] = {
            "room": lift_factor(FEEDER, {PORT: level}),
            "by_feeder": used.get(FEEDER, 0.0),
            "by_kuryk": used.get("KZ_KUR-AZ_ALT-ferry", 0.0),
            "middle_corridor": run.flows()["teu_per_year"].xs("middle", level="family").iloc[0],
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("level_m")


def answers(found: corridors.Frontier) -> pd.DataFrame:
    """Return benefits and net present value of each answer by itself, million EUR, by level of the water."""
    worth = {title: found.spread([title])[["benefit_m", "enpv_m"]] for title in found.order().index}
    return pd.concat(worth, axis=1)


def main(folder: Path) -> None:
    """Print the answers in the order of the questions; draw the best portfolio by budget."""
    folder.mkdir(parents=True, exist_ok=True)
    run = corridors.run(corridors.load(SCENARIO).with_({"study.years": [2030]}))
    found = corridors.frontier(SCENARIO)
    lost = corridors.compare(run.against, run).flows(["family", "goods"])["difference_teu_per_year"]
    print(run.answer)
    tables = {
        "1. What ships load": fleet(),
        "   By kind of cargo, one voyage of all ships, t": cargo(),
        "   TEU that the Middle Corridor loses, by goods": lost.xs("middle", level="family").to_frame(),
        "   TEU a year by level of the water": by_level(),
        "2. What each answer is worth by level of the water, million EUR": answers(found),
        "3. In which order": found.order()[["cost_m", "first_in_m", "last_in_m", "per_cost", "opens"]],
    }
    for title, table in tables.items():
        print(f"\n{title}\n{table.to_string(float_format=figure)}")
    print(f"\n{found.answer}")
    save_figure(folder / "one-metre.png", found.plot)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
