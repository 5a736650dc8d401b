"""Ten bcm of Turkmen gas a year to Europe: over the Caspian, by swap through Iran, or through Russia.

Run `python examples/turkmen_gas.py [folder]`; the figure is written to the folder (default: out).
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import corridors
from corridors.files import save_figure
from corridors.gas.charts import delivery_chart

BCM, BASIS, MARKET = 10.0, "tm-20c", "IT_MARK"
WAYS = {
    "Trans-Caspian line": ("galkynysh", ["G16"], ["TCP"], ["IR", "RU"]),
    "short link between offshore fields": ("magtymguly", ["G15"], ["TCI"], ["IR", "RU"]),
    "swap through Iran to Türkiye": ("iran-east", [], ["IR_SARA_TAB"], ["RU"]),
    "through Russia": ("galkynysh", [], ["CACENTRE"], ["IR", "AZ"]),
}


def main(folder: Path) -> None:
    """Print what each way costs, where it is narrow, and how much the market would take of it."""
    folder.mkdir(parents=True, exist_ok=True)
    case = corridors.gas_case(2026)
    gcv = case.tables.bases.at[BASIS, "gcv_kwh_per_m3"]
    ways, rows = {}, {}
    for name, (supply, projects, pipes, avoid) in WAYS.items():
        there = case.built(projects).opened(pipes).supplied(supply, BCM, BASIS)
        ways[name] = way = corridors.deliver(there, supply, MARKET, build=pipes, avoid=avoid, least_bcm=2.0)
        run = corridors.run_gas_case(there)
        taken = run.flow.total(run.flow.supply)[supply] / gcv / 1000
        rows[name] = {
            "km": way.length_km,
            "USD/MWh in Italy": way.cost_usd_per_mwh,
            "narrowest": f"{way.narrowest} ({way.legs.at[way.narrowest, 'nameplate_bcm']:.1f} bcm)",
            f"taken of {BCM:.0f} bcm": taken,
            "to the EU, %": run.origins().reindex(["IT", "GR", "BG", "HU", "RO", "AT"])["TM"].mean(),
            "price in Türkiye": run.prices().at["TR", "now"],
        }
    print(pd.DataFrame(rows).T.to_string(float_format="{:,.1f}".format), end="\n\n")
    print("Taken: with everybody else's contracts, capacities and prices as they are. Cost: by pipes of 2 bcm or more.")
    title = "Ten bcm of Turkmen gas, delivered in Italy"
    save_figure(folder / "turkmen-gas.png", lambda: delivery_chart(ways, title))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
