"""Hostile tries: the quick sample holds, and the page counts what there is."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reliability.md"


def tried() -> dict[tuple[str, str], tuple[int, int]]:
    """Return the rows of the page: how many were tried and passed."""
    rows = re.findall(
        r"^\| (\w[^|]*) \| ([^|]+) \| ([\d,]+) \| ([\d,]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {(group, what): (int(n.replace(",", "")), int(m.replace(",", ""))) for group, what, n, m in rows}


def command(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "docs/make_reliability.py", *words], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_counts_the_tries_that_there_are() -> None:
    there = dict[tuple[str, str], int]()
    for line in command("--count").splitlines():
        group, what, number = line.split(" | ")
        there[group, what] = int(number)
    page = tried()
    assert {row: n for row, (n, _) in page.items()} == there, "run python docs/make_reliability.py"
    assert all(passed == n for n, passed in page.values())
    total = re.search(r"\*\*All\*\* \| \| \*\*([\d,]+)\*\* \| \*\*([\d,]+)\*\*", PAGE.read_text(encoding="utf-8"))
    assert total is not None
    assert {int(number.replace(",", "")) for number in total.groups()} == {sum(there.values())}


def test_a_sample_of_every_group_passes() -> None:
    said = command("--quick")
    number, passed = re.findall(r"(\d+) tried, (\d+) passed", said)[0]
    assert number == passed
    assert int(number) >= 35
