"""Draw the pictures of reports in the README with Chromium: ``python docs/make_report_images.py``."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import corridors

FOLDER = Path(__file__).with_name("images")
SHOTS = (("russia-closed", 1100, 1480), ("gas-scp-out", 1100, 1480))


def main() -> None:
    """Write a picture of the top of two reports."""
    for name, width, height in SHOTS:
        with tempfile.TemporaryDirectory() as folder:
            report = corridors.run(name, cache=True).report(Path(folder) / "report.html")
            picture(report, FOLDER / f"report-{name}.png", width, height)


def picture(page: Path, target: Path, width: int, height: int) -> None:
    """Write what a browser shows of a page as PNG."""
    flags = ["--headless=new", "--no-sandbox", "--hide-scrollbars", "--force-device-scale-factor=0.8"]
    size = f"--window-size={width},{height}"
    command = ["chromium", *flags, size, f"--screenshot={target}", page.resolve().as_uri()]
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    main()
