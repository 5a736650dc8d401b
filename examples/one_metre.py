"""What one metre of the Caspian costs: ships that load less at Aktau, and boxes that go elsewhere.

Run `python examples/one_metre.py [folder]`; the figure is written to the folder (default: out).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import corridors
from corridors.files import save_figure
from corridors.scenario.draught import fleet_table, lift_factor
from corridors.style import COLOURS, pyplot

PORT, LINK = "KZ_AKU", "KZ_AKU-AZ_ALT-feeder"
LEVELS_M = [0.0, -0.25, -0.5, -0.75, -1.0, -1.5]


def main(folder: Path) -> None:
    """Print payloads at one metre less, then lift, cost and boxes by level; draw boxes by level."""
    folder.mkdir(parents=True, exist_ok=True)
    print(fleet_table({PORT: -1.0}).to_string(float_format="{:,.2f}".format), end="\n\n")
    base = corridors.load("baseline-2026")
    rows = []
    for level in LEVELS_M:
        change = {"where": {"place": "Aktau"}, "effect": {"draught": f"{level:+g} m"}}
        run = corridors.run(base.with_({"disruptions.level": change}), against=False, ranges=False)
        middle = run.flows().xs("middle", level="family").iloc[0]
        link = run.bottlenecks(0.0).set_index("group")["teu_per_year"].get(LINK, 0.0)
        lift = lift_factor(LINK, {PORT: level})
        rows.append((level, lift, link, middle["teu_per_year"], middle["tariff_usd_per_teu"]))
    columns = ["level_m", "lift", "aktau_alat_teu_per_year", "middle_teu_per_year", "middle_tariff_usd_per_teu"]
    table = pd.DataFrame(rows, columns=columns).set_index("level_m")
    print(table.to_string(float_format="{:,.2f}".format))

    def draw() -> object:
        figure, axis = pyplot().subplots(figsize=(8, 4.5), layout="constrained")
        axis.plot(
            table.index, table["middle_teu_per_year"] / 1e3, "o-", color=COLOURS["middle"], label="Middle Corridor"
        )
        axis.plot(table.index, table[columns[2]] / 1e3, "s--", color=COLOURS["sea"], label="Aktau-Alat by feeder")
        axis.set(xlabel="change of depth at Aktau, m", ylabel="thousand TEU, 2026", ylim=(0, None))
        axis.invert_xaxis()
        axis.legend(frameon=False)
        return figure

    save_figure(folder / "one-metre.png", draw)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
