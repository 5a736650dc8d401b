"""Russian bypass: routes from Xi'an to Duisburg with and without Russia, and what a closure does to all EU-China trade.

Run `python examples/russian_bypass.py [folder]`; the figures are written to the folder (default: out).
"""

from __future__ import annotations

import sys
from pathlib import Path

import corridors
from corridors.files import save_figure
from corridors.scenario.charts import change_chart

COLUMNS = ["corridor", "km", "days_p50", "days_p90", "tariff_usd_per_teu", "kgco2e_per_teu", "status"]


def main(folder: Path) -> None:
    """Print the routes that are left, the flows that change, and what becomes full."""
    folder.mkdir(parents=True, exist_ok=True)
    routes = corridors.compare_routes("Xi'an", "Duisburg", avoid=["RU", "BY"])
    print(routes.table()[COLUMNS].to_string(float_format="{:,.0f}".format), end="\n\n")
    found = corridors.compare("russia-closed")
    print(found.answer, end="\n\n")
    print(found.flows().to_string(float_format="{:,.1f}".format), end="\n\n")
    print(found.bottlenecks().to_string(float_format="{:.0%}".format))
    save_figure(folder / "russian-bypass-routes.png", routes.plot.map)
    save_figure(folder / "russian-bypass.png", lambda: change_chart(found))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
