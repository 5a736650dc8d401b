"""INSTC with and without Rasht-Astara: what goes through Azerbaijan by rail in 2030, and where it comes from.

Run `python examples/rasht_astara.py [folder]`; the figure is written to the folder (default: out).
"""

from __future__ import annotations

import sys
from pathlib import Path

import corridors
from corridors.files import save_figure
from corridors.scenario.charts import change_chart

SLIPPED = {"investments.projects.rasht-astara.opens": 2031}


def main(folder: Path) -> None:
    """Print flows by branch with and without the line, what crosses the border, and what a slip of the date does."""
    folder.mkdir(parents=True, exist_ok=True)
    scenario = corridors.load("rasht-astara")
    found = corridors.compare(scenario)
    print(found.answer, end="\n\n")
    print(found.flows("branch").to_string(float_format="{:,.1f}".format), end="\n\n")
    print(found.through("AZ-IR").to_string(float_format="{:,.0f}".format), end="\n\n")
    late = corridors.compare(found.base, corridors.run(scenario.with_(SLIPPED), against=False))
    print(f"If it opens in 2031 only: {late.answer}")
    save_figure(folder / "rasht-astara.png", lambda: change_chart(found, "branch"))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
