"""Compare the corridors from Xi'an to Duisburg: open, without Russia and Belarus, and in 2030.

Run `python examples/route_comparison.py [folder]`; tables and figures are written to the folder (default: out).
"""

from __future__ import annotations

import sys
from pathlib import Path

import corridors
from corridors.files import save_figure, write_text

ORIGIN, DESTINATION = "Xi'an", "Duisburg"
CASES = {
    "today": {},
    "without-russia": {"avoid": ["RU", "BY"]},
    "2030": {"year": 2030},
}


def main(folder: Path) -> None:
    """Write one table per case, and the figures of the first."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, options in CASES.items():
        comparison = corridors.compare_routes(ORIGIN, DESTINATION, **options)
        print(f"{name}: {comparison.answer}")
        write_text(folder / f"routes-{name}.csv", comparison.table().to_csv(index=False))
        write_text(folder / f"break-even-{name}.csv", comparison.break_even().to_csv(index=False))
        save_figure(folder / f"tcd-{name}.png", comparison.plot.tcd)
        save_figure(folder / f"map-{name}.png", comparison.plot.map)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
