"""Three failures: which hurt EU-China trade through the South Caucasus most, and which investment lowers that most.

Run `python examples/three_failures.py [folder]`; table and figure are written to the folder (default: out).
"""

from __future__ import annotations

import sys
from pathlib import Path

import corridors
from corridors.files import save_figure
from corridors.resilience.worst_chart import draw_worst

SCENARIO = Path(__file__).with_name("scenarios") / "joint-portfolio.yaml"
TRADE = ("cn-eu", "eu-cn")
COLUMNS = ["title", "failed", "loss_musd", "cost_musd", "passing_teu", "proved"]


def main(folder: Path) -> None:
    """Print the worst one, two and three failures, by lines alone too, and what each project makes of them."""
    folder.mkdir(parents=True, exist_ok=True)
    found = corridors.worst_failures(SCENARIO, 3, within=["AZ", "GE"], markets=TRADE, projects=True)
    print(found.answer, end="\n\n")
    print(found.by_count().to_string(float_format="{:,.1f}".format), end="\n\n")
    print(found.table[COLUMNS].to_string(float_format="{:,.1f}".format, index=False), end="\n\n")
    lines = corridors.worst_failures(SCENARIO, 3, within=["AZ", "GE"], markets=TRADE, kinds=["link"])
    print(f"If only lines fail: {lines.answer}")
    print(lines.by_count().to_string(float_format="{:,.1f}".format))
    found.table.to_csv(folder / "three-failures.csv", index=False)
    save_figure(folder / "three-failures.png", lambda: draw_worst(found))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
