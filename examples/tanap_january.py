"""TANAP at half capacity in a cold January: who is short, by both rules of sharing, and what makes up for it.

Run `python examples/tanap_january.py [folder]`; the figure is written to the folder (default: out). Takes a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import corridors
from corridors.files import save_figure
from corridors.gas.charts import mitigation_chart

YEAR = 2026
WATCHED = ["TR", "GR", "BG", "IT", "RO", "HU", "RS", "MK", "GE"]


def main(folder: Path) -> None:
    """Print who is short, prices, N-1 and the merit order of measures."""
    folder.mkdir(parents=True, exist_ok=True)
    january = np.asarray(pd.date_range(f"{YEAR}-01-01", f"{YEAR}-12-31").month == 1, dtype=float)
    case = corridors.gas_case(YEAR, "day")
    edits = [
        corridors.GasEdit("cold-tr", "Cold month", "demand", ("TR",), "factor", 1.15, january),
        corridors.GasEdit("cold-eu", "Cold month", "demand", ("GR", "BG"), "factor", 1.10, january),
        corridors.GasEdit(
            "tanap", "TANAP at half", "pipe", ("TANAP0", "TANAP1"), "factor", 0.5, january, surprise=True
        ),
    ]
    run = corridors.run_gas_case(case, edits)
    print(run.answer, end="\n\n")
    table = run.unmet("country").join(run.prices()).join(corridors.security(case)[["n_minus_1_pct", "largest"]])
    columns = ["demand_gwh", "unmet_mcm", "days_short", "planned", "highest", "n_minus_1_pct", "largest"]
    print(table.loc[WATCHED, columns].to_string(float_format="{:,.1f}".format), end="\n\n")
    lines = run.pipes("line")
    print(lines[lines["change_bcm"].abs() > 0.05].to_string(float_format="{:,.2f}".format), end="\n\n")
    found = corridors.mitigations(run)
    print(found)
    save_figure(
        folder / "tanap-january.png",
        lambda: mitigation_chart(found, f"TANAP at half, January {YEAR}: measures by cost"),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
