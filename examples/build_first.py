"""What the EUR 12 bn should build first, as documented and if half of its transport line could go to Azerbaijan.

Run `python examples/build_first.py [folder]`; the figure is written to the folder (default: out).
"""

from __future__ import annotations

import sys
from pathlib import Path

import corridors
from corridors.files import save_figure

HERE = Path(__file__).parent / "scenarios"
YEARS = {"study.years": [2040]}  # without 2030 and 2035 of the files, to be quicker


def main(folder: Path) -> None:
    """Print both answers with their orders, the difference, the next billion and regret; draw the frontier."""
    folder.mkdir(parents=True, exist_ok=True)
    scenarios = [corridors.load(HERE / f"{name}.yaml").with_(YEARS) for name in ("eu-12bn", "eu-12bn-azerbaijan")]
    documented = corridors.frontier(scenarios[0], cache=True)
    azerbaijan = corridors.frontier(scenarios[1], vary=False, cache=True)
    for found in (documented, azerbaijan):
        print(f"{found.title}\n{found.answer}\n")
        order = found.order()[["cost_m", "chosen_pct", "shapley_m", "opens"]]
        print(order.to_string(float_format="{:,.1f}".format), end="\n\n")
        more = found.marginal(step="1 bn EUR")
        print(f"The next billion from {more.budget_m:,.0f} mn EUR on: {more.gain_m:,.1f} mn EUR", end="\n\n")
    added = [name for name in azerbaijan.chosen if name not in documented.chosen]
    gain = azerbaijan.table()["benefit_m"].iloc[-1] - documented.table()["benefit_m"].iloc[-1]
    print(f"Open to Azerbaijan it builds besides: {', '.join(added) or 'nothing'}; {gain:+,.1f} mn EUR of benefits.\n")
    print("Largest regret over the runs of vary, as documented, mn EUR:")
    print(documented.regret()["largest"].to_string(float_format="{:,.1f}".format))
    save_figure(folder / "build-first.png", azerbaijan.plot)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
