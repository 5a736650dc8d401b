"""Who gains when the Northern route closes: for how long, to whom, and which goods.

Run `python examples/who_gains.py [folder]`; the figure is written to the folder (default: out).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import corridors
from corridors.files import save_figure
from corridors.scenario.charts import flows_chart

CLOSED = {"where": {"country": ["RU", "BY"]}, "effect": {"use": "closed"}}
LASTS = {"13 days": "2026-12-19", "3 months": "2026-10-03", "6 months": "2026-07-03", "a year": "2026-01-01"}


def main(folder: Path) -> None:
    """Print gains by length of the closure and by goods, draw the flows."""
    folder.mkdir(parents=True, exist_ok=True)
    base = corridors.load("baseline-2026")
    before = corridors.run(base)
    runs, gains = [before], {}
    for lasts, first in LASTS.items():
        changes = {"title": f"Closed {lasts}", "disruptions.northern": {**CLOSED, "when": {"from": first}}}
        changes["disruptions.northern"]["when"]["to"] = "2026-12-31"
        after = corridors.run(base.with_(changes), against=False)
        found = corridors.compare(before, after)
        print(found.answer, end="\n\n")
        gains[lasts] = found.flows()["difference_teu_per_year"].droplevel("year")
        runs.append(after)
    print(pd.DataFrame(gains).fillna(0.0).to_string(float_format="{:+,.0f}".format), end="\n\n")
    goods = found.flows(["family", "goods"]).reset_index()
    goods = goods.pivot_table(index="family", columns="goods", values="difference_teu_per_year")
    print(goods.fillna(0.0).to_string(float_format="{:+,.0f}".format))
    save_figure(folder / "who-gains.png", lambda: flows_chart([runs[0], *runs[2:]]))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
