"""A frontier on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..terminal import console_here, dim, figure, maybe, table_of
from .answer import money

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from .frontier import Frontier

__all__ = ["show_frontier"]


def show_frontier(found: Frontier) -> None:
    """Print the answer, the order, the frontier, the schedule, the appraisal, and what the figures rest on."""
    console = console_here()
    if found.scenario.question:
        dim(console, found.scenario.question)
    console.print(found.answer, highlight=False, markup=False)
    _order(console, found)
    if len(found.futures) > 1:
        _futures(console, found)
        _regret(console, found)
    _steps(console, found)
    _schedule(console, found)
    _appraisal(console, found)
    _outside(console, found)
    _rests(console, found)


def _order(console: Console, found: Frontier) -> None:
    cur = found.currency
    rows = [
        [
            str(rank),
            str(row["title"]),
            figure(row["cost_m"]),
            f"{row['chosen_pct']:.0f} %",
            figure(row["shippers_m"]),
            figure(row["carbon_m"]),
            *_adds(row),
            str(row["opens"]),
            str(row["line"]).split(".")[-1],
            str(row["needs"]),
        ]
        for rank, (_, row) in enumerate(found.order().iterrows(), 1)
    ]
    heads = [
        "#",
        "project",
        f"cost\nmn {cur}",
        "chosen",
        f"shippers\nmn {cur}",
        f"carbon\nmn {cur}",
        f"first in\nmn {cur}",
        f"last in\nmn {cur}",
    ]
    heads += [f"Shapley\nmn {cur}", "per\ncost", "opens", "line", "needs"]
    console.print(table_of(_sides(heads, (1, 11, 12)), rows))
    dim(
        console,
        f"Chosen: in how many of {_counted(len(found.futures))} x 4 budgets up to {money(found.budget_m, cur)} the "
        "best portfolio holds it. Shippers, carbon: what it brings by itself with what it needs. First in, last in, "
        "Shapley: what it adds to nothing, to all others, in the mean over every order. Present values.",
    )


def _adds(row: pd.Series[Any]) -> list[str]:
    """Return what a project adds; that it is better left where it adds nothing and would take away."""
    if not row["shapley_m"] and row["shippers_m"] + row["carbon_m"] < 0:
        return ["left", "left", "left", ""]
    return [figure(row[c]) for c in ("first_in_m", "last_in_m", "shapley_m", "per_cost")]


def _futures(console: Console, found: Frontier) -> None:
    cur = found.currency
    rows = [
        [str(name), figure(row["worth_m"]), figure(row["enpv_m"]), ", ".join(row["best"]) or "nothing"]
        for name, row in found.spread().iterrows()
    ]
    heads = ["future", f"these bring\nmn {cur}", f"ENPV\nmn {cur}", "best there"]
    console.print(table_of(_sides(heads, (0, 3)), rows))


def _steps(console: Console, found: Frontier) -> None:
    cur = found.currency
    table = found.table()
    aim = [found.aim.replace(" without", "\nwithout")] if found.central.objective != "benefit" else []
    unused = [c for c in table.columns if str(c).startswith("unused_m ")]
    rows = [
        [
            figure(row["budget_m"]),
            *([figure(row["worth_m"])] if aim else []),
            figure(row["benefit_m"]),
            *(figure(row[f"enpv_{r}_m"]) for r in (3, 6, 9)),
            maybe(row["benefit_per_cost"], ".3f"),
            *(figure(row[c]) for c in unused),
            ", ".join(row["entered"]) or "nothing",
            ", ".join(row["left"]),
        ]
        for _, row in table.iterrows()
    ]
    heads = [f"budget from\nmn {cur}", *aim, f"benefits\nmn {cur}", *(f"ENPV {r} %\nmn {cur}" for r in (3, 6, 9))]
    heads += ["benefit\n/cost", *(f"unused\n{str(c).split('.')[-1]}" for c in unused), "enters", "leaves"]
    console.print(table_of(_sides(heads, (len(heads) - 2, len(heads) - 1)), rows))


def _schedule(console: Console, found: Frontier) -> None:
    if not found.chosen:
        return
    timing = found.schedule()
    if not len(timing.table.dropna()):
        dim(console, f"Schedule: {timing.status}: the money does not come in time for all of these.")
        return
    rows = [
        [str(name), str(row["starts"]), str(row["opens"]), figure(row["paid_m"]), str(row["line"]).split(".")[-1]]
        for name, row in timing.table.iterrows()
    ]
    console.print(table_of(_sides(["schedule", "starts", "opens", f"mn {found.currency}", "line"], (0, 4)), rows))
    names = list(timing.spent.columns)
    held = timing.available.loc[timing.spent.index]
    total = timing.spent.cumsum()
    rows = [
        [
            str(year),
            *(f"{figure(timing.spent.at[year, n])} ({figure(held.at[year, n] - total.at[year, n])})" for n in names),
        ]
        for year in timing.spent.index
    ]
    heads = [f"{str(n).split('.')[-1]}\nmn {found.currency}" for n in names]
    console.print(table_of(_sides(["paid in (and left)", *heads], (0,)), rows))


def _appraisal(console: Console, found: Frontier) -> None:
    if not found.chosen:
        return
    cur = found.currency
    appraisal = found.appraisal()
    table = appraisal.table()
    rows = [
        [
            f"{row['rate_pct']:g} %",
            *(figure(row[f"{name}_million_{cur.lower()}"]) for name in ("pv_costs", "pv_benefits", "enpv")),
            f"{row['bc_ratio']:.3f}",
            f"{row['eirr_pct']:.1f}" if row["eirr_pct"] > 0 else "none",
            maybe(row["payback_years"], ".1f"),
        ]
        for _, row in table.iterrows()
    ]
    money_heads = [f"{head}\nmn {cur}" for head in ("costs", "benefits and\nresidual value", "ENPV")]
    heads = ["all of these at", *money_heads, "B/C", "EIRR\n%", "payback\nyears"]
    console.print(table_of(_sides(heads, (0,)), rows))
    risk, switching = found.risk(), found.switching()
    at = switching.loc["shippers_surplus", "switching_value"] if "shippers_surplus" in switching.index else float("nan")
    told = f"Costs, benefits and emissions drawn from their ranges: ENPV below zero in {risk.probability_negative:.0%}."
    if at == at:
        told += f" They just pay if shippers gain {at:,.3g} times what is modelled."
    dim(console, told)


def _regret(console: Console, found: Frontier) -> None:
    table = found.regret()
    rows = [
        [str(name), "cannot be paid" if row["largest"] == float("inf") else figure(row["largest"]), str(row["in"])]
        for name, row in table.iterrows()
    ]
    heads = ["portfolio", f"largest regret\nmn {found.currency}", "if"]
    console.print(table_of(_sides(heads, (0, 2)), rows))


def _outside(console: Console, found: Frontier) -> None:
    if not len(found.outside):
        return
    rows = [[str(r["title"]), maybe(r["cost_m"], ",.0f"), str(r["why"])] for _, r in found.outside.iterrows()]
    console.print(table_of(_sides(["not in the choice", f"cost\nmn {found.currency}", "why"], (0, 2)), rows))


def _rests(console: Console, found: Frontier) -> None:
    study = found.scenario.freight.study
    nowhere = [c.title for c in found.candidates if c.line and not c.countries]
    if nowhere:
        dim(console, f"No country is named for {', '.join(nowhere)}: the line is taken to pay wherever it is.")
    dim(
        console,
        f"Money in {found.currency} of {found.price_year}. Years modelled: {', '.join(map(str, study.years))}; "
        f"markets: {', '.join(study.markets)}. Every allowed portfolio was valued: these are exact, with no gap. "
        "Benefits are those of the shippers of these markets and of emissions; domestic trade, other bulk, operators "
        f"and states are not in them. {found.estimates:.0%} of the figures on projects are estimates.",
    )


def _counted(futures: int) -> str:
    return f"{futures} futures" if futures > 1 else "one future"


def _sides(heads: list[str], left: tuple[int, ...]) -> list[tuple[str, Any]]:
    return [(head, "left" if i in left else "right") for i, head in enumerate(heads)]
