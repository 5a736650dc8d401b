"""Try hostile things against the toolkit and write docs/reliability.md: python docs/make_reliability.py."""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.hostile import every  # noqa: E402
from tests.hostile.trying import Outcome, Try, run, sample  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
SEED = 20261127
QUICK = 4
"""Tries of each group in the quick sample."""


def main() -> int:
    """Run the tries; write the page if all were run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a seeded sample, in half a minute; writes nothing")
    parser.add_argument("--group", action="append", help="only groups with this in their title; writes nothing")
    parser.add_argument("--jobs", type=int, default=2, help="tries at a time")
    parser.add_argument("--count", action="store_true", help="only say how many there are")
    asked = parser.parse_args()
    groups = every.groups()
    if asked.count:
        print("\n".join(f"{group} | {what} | {number}" for (group, what), number in rows(groups).items()))
        return 0
    chosen = {t: tries for t, tries in groups.items() if not asked.group or any(g in t for g in asked.group)}
    found = run(quick(chosen) if asked.quick else pairs(chosen), asked.jobs, _tell)
    failed = sum(bool(outcome.failed) for outcome in found)
    print(f"{len(found)} tried, {len(found) - failed} passed")
    if not asked.quick and not asked.group:
        PAGE.write_text(page(groups, found), encoding="utf-8")
    return int(failed > 0)


def pairs(groups: dict[str, list[Try]]) -> list[tuple[str, Try]]:
    """Return all tries with their groups."""
    return [(title, one) for title, tries in groups.items() for one in tries]


def quick(groups: dict[str, list[Try]]) -> list[tuple[str, Try]]:
    """Return the sample that takes half a minute."""
    return [(title, one) for title, tries in groups.items() for one in sample(tries, QUICK, random.Random(SEED))]


def rows(groups: dict[str, list[Try]]) -> dict[tuple[str, str], int]:
    """Return how many tries each row of the page counts."""
    return dict(Counter((title, one.what) for title, one in pairs(groups)))


def page(groups: dict[str, list[Try]], found: Sequence[Outcome]) -> str:
    """Return the page."""
    passed = Counter((outcome.group, outcome.what) for outcome in found if not outcome.failed)
    tried = rows(groups)
    head = ["| Group | What was tried | Tried | Passed |", "| --- | --- | ---: | ---: |"]
    lines = [f"| {group} | {what} | {n:,} | {passed[group, what]:,} |" for (group, what), n in tried.items()]
    total = f"| **All** | | **{sum(tried.values()):,}** | **{sum(passed.values()):,}** |"
    return every.PAGE.replace("{table}", "\n".join([*head, *lines, total]))


def _tell(outcome: Outcome) -> None:
    if outcome.failed:
        print(f"FAILED {outcome.group} | {outcome.what} | {outcome.name}\n  {outcome.failed}", flush=True)
    elif outcome.seconds > 20:
        print(f"slow: {outcome.seconds:.0f} s {outcome.group} | {outcome.what} | {outcome.name}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
