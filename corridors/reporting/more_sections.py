"""Sections of what was asked beside a run: criticality, doubts, a recovery, the worst failures, the back-test."""

from __future__ import annotations

from collections.abc import Iterator

from networks import DataError

from ..backtesting import Backtest
from ..investing.frontier import Frontier
from ..resilience.criticality import Criticality
from ..resilience.recovery import Recovery
from ..resilience.uncertainty import Uncertainty
from ..resilience.worst import WorstLoss
from .common import map_rows
from .document import DIGITS, Block, Chart, Column, Drawn, Section, Table, Text

__all__ = ["More", "section_of"]

More = Criticality | Uncertainty | Recovery | WorstLoss | Backtest | Frontier

_LONG_DAYS = 180
_OUTPUTS = {
    "cost_musd": "cost, million USD a year",
    "middle_teu": "Middle Corridor, TEU a year",
    "northern_teu": "Northern route, TEU a year",
    "sea_teu": "sea, TEU a year",
    "kt_co2e": "emissions, kt CO₂e a year",
    "unmet_teu": "unmet, TEU a year",
}


def section_of(found: More) -> list[Section]:
    """Return the sections of a further result.

    Raises
    ------
    DataError
        Something that no section is made of.
    """
    if isinstance(found, Criticality):
        return [Section("criticality", "What breaks, and how badly", list(_criticality(found)))]
    if isinstance(found, Uncertainty):
        return [Section("doubts", "How sure it is", list(_doubts(found)))]
    if isinstance(found, Recovery):
        return [Section("recovery", "Day by day after the shock", list(_recovery(found)))]
    if isinstance(found, WorstLoss):
        return [Section("worst", "The failures that hurt most", list(_worst(found)))]
    if isinstance(found, Backtest):
        return [Section("backtest", "Back-test: the model against shocks that it never saw", list(_backtest(found)))]
    if isinstance(found, Frontier):
        from .investment_report import investment_sections

        return investment_sections(found)
    raise DataError([f"report: a {type(found).__name__} makes no section"])


def _criticality(found: Criticality) -> Iterator[Block]:
    days = _LONG_DAYS if _LONG_DAYS in set(found.table["days"]) else max(found.table["days"])
    effect = str(found.table["effect"].iloc[0])
    yield Text([found.answer])
    ranked = found.ranking("cost", days=days, effect=effect, top=40)
    if ranked.empty:
        return
    from .failure_map import failure_map
    from .maps import svg

    drawn = failure_map(found, "cost", days=days, effect=effect)
    caption = f"What the loss of each link and stop costs, {effect} for {days} days"
    yield Drawn("criticality-map", caption, lambda name: svg(drawn, name), map_rows(drawn))
    yield Table(
        "criticality-rows",
        f"What hurts most, {effect} for {days} days: the first {len(ranked)}",
        ranked.assign(link=ranked["element"].where(ranked["kind"] == "link", "")),
        [
            Column("name", "what"),
            Column("kind", "kind"),
            Column("teu_per_year", "TEU a year that use it", ",.0f"),
            Column("cost_rise_musd", "cost rise, m USD", ",.1f"),
            Column("cost_rise_pct", "% of all", ",.2f"),
            Column("unmet_teu", "unmet, TEU", ",.0f"),
            Column("hours_per_teu", "hours longer", ",.0f"),
            Column("second_best_ratio", "second best / best", ",.2f"),
            Column("worst_country", "worst off"),
            Column("worst_country_pct", "loses, %", ",.1f"),
        ],
        "Generalised cost in the eyes of the shippers, scarcity and waiting included, of those who are still served.",
        link="link",
    )


def _doubts(found: Uncertainty) -> Iterator[Block]:
    yield Text([found.answer])
    shown = "middle_teu" if "middle_teu" in found.outputs else str(found.outputs.columns[0])
    yield Chart(
        "doubts-chart",
        f"What moves it most: {_OUTPUTS.get(shown, shown)}",
        lambda: found.plot_tornado(shown),
        "Tornado; the same numbers are in the CSV.",
        found.tornado(shown).reset_index(),
    )
    summary = found.summary().rename_axis("output").reset_index()
    yield Table(
        "doubts-rows",
        f"Distribution over {len(found.draws):,} draws",
        summary.assign(output=summary["output"].map(_OUTPUTS).fillna(summary["output"])),
        [
            Column("output", "output"),
            Column("as_is", "as it is", DIGITS),
            Column("mean", "mean", DIGITS),
            Column("p5", "5 %", DIGITS),
            Column("p50", "median", DIGITS),
            Column("p95", "95 %", DIGITS),
        ],
    )


def _recovery(found: Recovery) -> Iterator[Block]:
    yield Text([found.answer])
    yield Chart(
        "recovery-chart",
        "Share of demand that is served, and the queue",
        lambda: found.plot(),
        "Lines by day; the same numbers are in the CSV.",
        found.days.reset_index(),
    )


def _worst(found: WorstLoss) -> Iterator[Block]:
    table = found.table.assign(lost=found.table["failed"].map(", ".join))
    yield Table(
        "worst-rows",
        "Worst failures, as it is and with each project",
        table,
        [
            Column("title", "with"),
            Column("lost", "failed"),
            Column("loss_musd", "loss, m USD a year", ",.0f"),
            Column("unmet_teu", "unmet, TEU a year", ",.0f"),
            Column("sets", "sets tried", ",.0f"),
            Column("proved", "proved", lambda value: "yes" if value else "no"),
        ],
    )


def _backtest(found: Backtest) -> Iterator[Block]:
    summary = found.summary()
    yield Text(
        [
            f"Of {summary['cases']:,.0f} cases that count, half are met within {summary['model']:.0%}; 'as last year' "
            f"within {summary['last_year']:.0%}, 'all by the cheapest way' within {summary['cheapest']:.0%}. Fitted to "
            f"{', '.join(map(str, found.fitted_to))} alone, so that a year here differs from a run of it."
        ]
    )
    yield Chart(
        "backtest-chart",
        "Errors of the model and of two naive forecasts",
        lambda: found.plot(),
        "Points by case; the same numbers are in the table.",
        found.table.reset_index(),
    )
    yield Table(
        "backtest-rows",
        "Every case, good or bad",
        found.table.reset_index(),
        [
            Column("title", "case"),
            Column("year", "year"),
            Column("unit", "unit"),
            Column("model", "model", DIGITS),
            Column("observed", "observed", DIGITS),
            Column("error", "error", "+.0%"),
            Column("last_year_error", "as last year", "+.0%"),
            Column("cheapest_error", "by the cheapest", "+.0%"),
            Column("counted", "counts", lambda value: "yes" if value else "no"),
            Column("grade", "grade"),
        ],
        most=40,
    )
