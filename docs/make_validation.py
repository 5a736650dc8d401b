"""Write docs/validation.md: modelled routes against sourced times, prices and distances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corridors import route_checks
from corridors.validation import TOLERANCE

TITLES = {"time_d": "Time, days", "tariff_usd_per_teu": "Price, USD/TEU", "km": "Distance, km"}
HEAD = """# Validation

Modelled routes against {rows} sourced end-to-end figures (`seeds/route_checks.csv`). Written by `python docs/make_validation.py`.

**{inside} of {held} figures that no parameter was fitted to are met**: times within ±25 %, prices within ±30 %, distances within ±10 % of the source (the middle, where it gives a range). Rows marked *fitted* set a parameter and prove nothing. Where a figure is missed, the reason stands beside it.

Scope: `line haul` leaves out loading at the origin and unloading at the destination, as station-to-station schedules and tariffs do; `terminals` has them. Times are mean times of ordinary operation in the network of the base year; the route is the one of least generalised cost for average goods.

A word of caution: which source to trust, where sources contradict each other, was decided with these figures in view. That the fitted parameters are few does not make the others blind.
"""


def page() -> str:
    """Return the page."""
    checks = route_checks()
    held = checks[checks["role"] == "held_out"]
    parts = [HEAD.format(rows=len(checks), inside=int(held["inside"].sum()), held=len(held))]
    for measure, title in TITLES.items():
        parts += [f"\n## {title}\n", _table(checks[checks["measure"] == measure], measure)]
    return "\n".join(parts)


def main() -> None:
    """Write the page."""
    Path(__file__).with_name("validation.md").write_text(page(), encoding="utf-8")


def _table(rows: Any, measure: str) -> str:
    digits = 1 if measure == "time_d" else 0
    lines = ["| route | scope | source | year, grade | model | ratio | |", "|---|---|---|---|---|---|---|"]
    for row in rows.itertuples():
        span = f"{row.low:,.{digits}f}" + (f"-{row.high:,.{digits}f}" if row.high != row.low else "")
        verdict = "fitted" if row.role == "fitted" else ("met" if row.inside else "**missed**")
        detail = row.fitted_parameter if row.role == "fitted" else ("" if row.inside else row.note)
        cells = [
            row.title,
            row.scope.replace("_", " "),
            f"{span} ({'; '.join(row.source_id)})",
            f"{row.year:.0f}, {row.grade}",
            f"{row.model:,.{digits}f}",
            f"{row.ratio:.2f}",
            f"{verdict}{': ' + detail if detail else ''}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", f"Tolerance: ±{TOLERANCE[measure]:.0%}.", ""])


if __name__ == "__main__":
    main()
