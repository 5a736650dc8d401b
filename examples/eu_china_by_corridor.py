"""EU-China freight by corridor: who goes where in 2026, how long it takes, what it costs and emits.

Run `python examples/eu_china_by_corridor.py [folder]`; the figure is written to the folder (default: out).
"""

from __future__ import annotations

import sys
from pathlib import Path

import corridors
from corridors.files import save_figure
from corridors.scenario.charts import flows_chart

COLUMNS = ["teu_per_year", "share", "days", "tariff_usd_per_teu", "kgco2e_per_teu"]


def main(folder: Path) -> None:
    """Print flows by family and corridor, draw them with their ranges."""
    folder.mkdir(parents=True, exist_ok=True)
    run = corridors.run("baseline-2026")
    print(run.answer, end="\n\n")
    print(run.shares().to_string(float_format="{:,.4f}".format), end="\n\n")
    print(run.flows("corridor")[COLUMNS].to_string(float_format="{:,.3f}".format), end="\n\n")
    print(run.ranges("corridor").to_string(float_format="{:,.0f}".format))
    save_figure(folder / "eu-china-by-corridor.png", lambda: flows_chart([run]))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
