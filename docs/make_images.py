"""Draw the pictures of the README into docs/images."""

from __future__ import annotations

from pathlib import Path

import corridors

FOLDER = Path(__file__).with_name("images")


def main() -> None:
    """Write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    comparison = corridors.compare_routes("Xi'an", "Duisburg")
    comparison.plot.tcd().savefig(FOLDER / "tcd-xian-duisburg.png", dpi=100)
    comparison.plot.map().savefig(FOLDER / "map-xian-duisburg.png", dpi=80)


if __name__ == "__main__":
    main()
