"""What the EUR 12 bn should build first, what the next billion is worth, and whether soft measures beat concrete.

Run `python examples/build_first.py [folder]`; the figures are written to the folder (default: out). Takes two minutes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

import corridors
import networks
from corridors.files import save_figure
from corridors.terminal import figure

HERE = Path(__file__).parent / "scenarios"
YEARS = {"study.years": [2040]}  # without 2030 and 2035 of the files, to be quicker
KINDS = {"soft": "soft measure", "digital": "soft measure", "fleet": "ships"}  # of projects.csv; others: works


def frontier(name: str, *, vary: bool = True) -> corridors.Frontier:
    """Return every portfolio of the projects that a file leaves to be chosen."""
    return corridors.frontier(corridors.load(HERE / f"{name}.yaml").with_(YEARS), vary=vary, cache=True)


def order(found: corridors.Frontier) -> pd.DataFrame:
    """Return the projects in the order in which to build them, and what kind they are of."""
    kind = networks.table_of("projects").set_index("project_id")["kind"]
    records = {name: project.record for name, project in found.scenario.model.investments.projects.items()}
    table = found.order()[["cost_m", "chosen_pct", "first_in_m", "last_in_m", "shapley_m", "per_cost", "opens"]]
    return table.assign(kind=[KINDS.get(kind[records[name]], "works") for name in table.index])


def by_kind(table: pd.DataFrame) -> pd.DataFrame:
    """Return cost and worth of soft measures, ships and works."""
    sums = table.groupby("kind")[["cost_m", "shapley_m"]].sum()
    return sums.assign(per_cost=sums["shapley_m"] / sums["cost_m"])


def next_money(found: corridors.Frontier) -> pd.DataFrame:
    """Return what the next billion is worth from each budget on, million EUR, and what it cannot exceed."""
    rows = {budget: found.marginal(f"{budget} bn EUR", step="1 bn EUR") for budget in (0, 0.1, 0.5, 1, 2, 3)}
    return pd.DataFrame.from_dict(
        {b: {"gain_m": m.gain_m, "bound_m": m.bound_m} for b, m in rows.items()}, orient="index"
    )


def main(folder: Path) -> None:
    """Print the answers in the order of the questions, then the other reading; draw frontier and schedule."""
    folder.mkdir(parents=True, exist_ok=True)
    found = frontier("eu-12bn")
    azerbaijan = frontier("eu-12bn-azerbaijan", vary=False)
    print(found.answer)
    tables = {
        "1. Which go first, million EUR": order(found),
        "2. What the next billion is worth from a budget of so many bn EUR on": next_money(found),
        "3. In other futures, without trains through Russia among them": found.spread()[
            ["benefit_m", "enpv_m", "best"]
        ],
        "   What each portfolio loses against the best": found.regret()[["largest", "in"]],
        "4. Soft measures and concrete": by_kind(order(found)),
        "Outside the choice, and why": found.outside,
        "If half of the line could pay for Azerbaijan": order(azerbaijan),
    }
    for title, table in tables.items():
        print(f"\n{title}\n{table.to_string(float_format=figure)}")
    save_figure(folder / "build-first.png", found.plot)
    save_figure(folder / "build-first-schedule.png", found.plot_schedule)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
