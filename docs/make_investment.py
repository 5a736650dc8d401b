"""Write docs/investment.md: how to ask what to build, and what the EUR 12 bn should build first in both readings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

import corridors

HERE = Path(__file__).parent
SCENARIOS = HERE.parent / "examples" / "scenarios"
OBJECTIVES = {
    "benefit": "all benefits (the default)",
    "shippers": "what shippers gain, without emissions",
    "running": "all benefits less upkeep",
    "enpv": "net present value",
}
HEAD = """# What to build first

`corridors frontier FILE` values every portfolio of the projects that a scenario leaves to be chosen and finds the best for every budget: what to build, in which order, when to start, what the next money is worth, and how sure that is. Written by `python docs/make_investment.py`, which runs every command below; every figure is what that rerun gave.

## How to ask

In a [scenario file](scenarios-reference.md#investments), a project with `decision: choose` is left to be chosen; `build` builds it and `leave` leaves it. With a record of [projects.csv](../seeds/projects.csv) the rest can stay out.

| key | says | otherwise |
|---|---|---|
| `projects.<name>.cost`, `pays` | what it costs, and the share that the line pays | the record; all of it |
| `where`, `effect` | what it changes | the record |
| `benefit` | money a year beyond the freight modelled (gas, power), with a source | nothing |
| `requires`, `excludes` | what it needs, and what it is an alternative to | the record |
| `kind`, `lead_time`, `spend`, `life`, `upkeep` | kind of works, years to build, spending by year, years in service, share of the cost a year | the record, then what is usual for the kind ([appraisal.csv](../seeds/appraisal.csv)) |
| `package`, `line` | who pays | the budget |
| `packages.<name>.lines.<name>` | `amount`, `eligible` countries, `at_most` by country, `years` of paying out | any country; all at the start |
| `packages.<name>.overlaps` | packages with some of the same money: two that overlap never pay side by side | the overlaps of [packages.csv](../seeds/packages.csv) |
| `budget`, `start`, `horizon`, `discount_rate` | money in all, year of decision, years of appraisal, rate | the lines; the year after the tables; 30 years; 3 % |
| `slippage`, `overrun` | factor on all lead times and on all costs | x 1 |
| `objective` | what is made largest: `benefit`, `shippers` (without emissions), `running` (less upkeep) or `enpv` | `benefit` |
| `vary` | other futures, in which portfolios are held against each other | none |

```console
$ corridors check eu-12bn.yaml
$ corridors frontier eu-12bn.yaml                        # wherever the best changes, in all runs of vary
$ corridors frontier eu-12bn.yaml --no-vary              # the file alone: quick
$ corridors frontier eu-12bn.yaml --budget 0.5:3:0.5bn   # for these budgets
$ corridors frontier eu-12bn.yaml --set investments.objective=enpv --set "investments.slippage=x 1.5"
$ corridors frontier eu-12bn.yaml --out tables --plot frontier.png
```

```python
import corridors

found = corridors.frontier("eu-12bn.yaml", cache=True)
found.answer  # in words
found.table()  # best portfolio by budget: cost, benefits, ENPV at 3, 6 and 9 %, what enters and leaves, money left
found.order()  # projects: how often chosen, first in, last in, Shapley value
found.marginal("1 bn EUR", step="1 bn EUR")  # worth of the next billion, and what it cannot exceed
found.schedule()  # when to start what, against what the lines have paid out
found.spread()  # the portfolio in every future
found.regret()  # what each portfolio loses against the best of each future
found.appraisal()  # ENPV, B/C, EIRR and payback; see appraisal.md
found.streams()  # costs and benefits by year
```

## How portfolios are valued

- **Every portfolio** of at most 12 projects that breaks no rule is run with the shippers of `corridors run`, so the best one is exact for that model; no approximation, no gap. Projects help and hinder each other as they do there: what opens a bottleneck is worth more to whoever is stuck behind it.
- **Benefit**: the change of the logsum, which is what shippers gain, new routes and waiting for scarce room included; and emissions at the price of carbon. In the years of the study; straight lines between them, level before and after.
- **Costs** are spent over the lead time; upkeep runs from the opening. A life that ends within the horizon ends the benefit; what is left of a longer one is worth that share of the cost.
- **First in, last in, Shapley**: what a project adds to nothing, to all others, and in the mean over every order.
- **The next money** is the difference between two best portfolios. The bound is the linear relaxation, which may take parts of projects.
"""
READINGS = """
## The EUR 12 bn

Two readings of one package. **As documented** (PK01): 3.0 of the 12 bn EUR are for transport, in five Central Asian states, of which Tajikistan has no place in the network. **As the source article has it** (claims C04 and C05): for the route, mostly in Azerbaijan; no document supports that. The second file differs from the first in one line: the transport line may pay in Azerbaijan too, up to half of it. Projects, effects and costs, and why each is in or out, are in the comments and notes of the files. Freight over the Caspian grows by 6.1 % a year there, so that the Middle Corridor carries the 130,000 TEU in 2040 which the EBRD foresees; the head of eu-12bn.yaml says why not faster.

In short: in both readings what pays for itself by these boxes is digital documents and no concrete, and most of the line finds nothing that helps them. The two differ in what they insure against. At the growth of the file the port at Alat has room until 2040, so that a larger one is worth nothing; if freight grows by 8.5 % it is full, what is built east of it brings nothing or less, and not having widened it is by far the largest regret. The documented line may not pay for that port.
"""
JOINT = """
## Freight and gas in one portfolio

`benefit` puts what is not freight beside it, in the same money. The gas link of joint-portfolio.yaml is worth what the note of the file derives (an estimate), and an envelope is assumed for it: **no line of the EU package may pay**, since it ends in Azerbaijan and no document says that water, energy and climate include fossil gas. The EUR 18.5 bn of the EBRD study (PK03) are a need and no money, so that they are in no envelope. Packages that share money with PK01, such as the forum of 2024 (PK02), are refused beside it:

`corridors frontier joint-portfolio.yaml --set investments.projects.aktau-hub.package=forum-2024 --set investments.projects.aktau-hub.line=ebrd`
"""
REST = """
## What is not in it

- **Whose benefit**: boxes between China and Europe and over the Caspian. Domestic trade, other bulk, passengers, operators and treasuries are not valued, and for a line like Moiynty-Kyzylzhar or the Almaty bypass they are most of what it is built for. A small or negative figure says what the line does for these boxes, not that it should not be built.
- **What a project changes** is what projects.csv says or the file assumes. A new line with no published effect on times or capacity brings its shorter way and no more.
- **Scarcity** is counted as a cost to shippers. Where a port asks a price for scarce room, that is money for the port and no loss to all.
- **Emissions** follow the wires of links.csv. A short cut without wires draws trains from an electric line, as Moiynty-Kyzylzhar does with those that go by Russia.
- **Growth ends** with the last year of the study. Demand does not answer to cost, but for boxes that stay at home at 20,000 USD.
- **Paying out**: in which years the package pays is not known, so that all of it is there at the start.
- **Gas and power** are what `benefit` says: there is no gas network here yet.
"""


@cache
def found(name: str, vary: bool = True, objective: str = "benefit") -> corridors.Frontier:
    """Return the frontier of a scenario of the examples."""
    scenario = corridors.load(SCENARIOS / f"{name}.yaml")
    return corridors.frontier(scenario.with_({"investments.objective": objective}), vary=vary, cache=True)


def section(name: str) -> str:
    """Return what a scenario answers: the answer, the order, the frontier, the futures, what is outside."""
    one = found(name)
    parts = [f"\n### {one.title}\n", f"`corridors frontier {name}.yaml`: {one.answer}\n"]
    parts += ["Order:\n", order(one), "\nBest portfolio by budget:\n", frontier(one)]
    parts += ["\nThe best portfolio in other futures:\n", futures(one), "\nOutside the choice:\n", outside(one)]
    return "\n".join(parts)


def compared() -> str:
    """Return both readings side by side, by what is made largest."""
    rows = []
    for objective, words in OBJECTIVES.items():
        for name in ("eu-12bn", "eu-12bn-azerbaijan"):
            one = found(name, vary=False, objective=objective)
            best = one.table().iloc[-1]
            figures = (_money(best[c]) for c in ("paid_m", "benefit_m", "enpv_3_m"))
            rows.append((words, name, *figures, ", ".join(one.chosen) or "nothing"))
    heads = ["made largest", "file", "cost", "benefits", "ENPV 3 %", "best portfolio for 3 bn EUR"]
    table = _table(heads, rows, left=(0, 1, 5))
    text = "Million EUR of 2025, present values at 3 %; `--no-vary --set investments.objective=…`"
    return f"\n### Side by side\n\n{text}:\n\n{table}"


def joint() -> str:
    """Return the portfolio of freight and gas."""
    one = found("joint-portfolio")
    return "\n".join([f"`corridors frontier joint-portfolio.yaml`: {one.answer}\n", order(one)])


def order(one: corridors.Frontier) -> str:
    """Return the order in which to build."""
    rows = [
        (
            str(rank),
            str(row["title"]),
            f"{row['cost_m']:,.0f}",
            f"{row['chosen_pct']:.0f} %",
            *(_money(row[c]) for c in ("shippers_m", "carbon_m", "first_in_m", "last_in_m", "shapley_m")),
            str(row["opens"]),
            str(row["line"]).split(".")[-1],
        )
        for rank, (_, row) in enumerate(one.order().iterrows(), 1)
    ]
    heads = [
        "#",
        "project",
        "cost",
        "chosen",
        "shippers",
        "emissions",
        "first in",
        "last in",
        "Shapley",
        "opens",
        "line",
    ]
    return _table(heads, rows, left=(1, 10))


def frontier(one: corridors.Frontier) -> str:
    """Return the best portfolio for every budget."""
    rows = [
        (
            *(_money(row[c]) for c in ("budget_m", "benefit_m", "enpv_3_m", "enpv_6_m", "enpv_9_m")),
            ", ".join(row["entered"]) or "nothing",
            ", ".join(row["left"]),
        )
        for _, row in one.table().iterrows()
    ]
    return _table(
        ["budget from", "benefits", "ENPV 3 %", "ENPV 6 %", "ENPV 9 %", "enters", "leaves"], rows, left=(5, 6)
    )


def futures(one: corridors.Frontier) -> str:
    """Return what the best portfolio brings in each future, what is best there, and the largest regret of each."""
    spread = one.spread()
    rows = [
        (str(name), _money(row["benefit_m"]), _money(row["enpv_m"]), ", ".join(row["best"]) or "nothing")
        for name, row in spread.iterrows()
    ]
    regret = [
        (str(name).replace(" + ", ", "), _money(row["largest"]), str(row["in"]))
        for name, row in one.regret().iterrows()
    ]
    held = _table(["portfolio", "largest regret", "if"], regret, left=(0, 2))
    return f"{_table(['future', 'benefits', 'ENPV 3 %', 'best there'], rows, left=(0, 3))}\n\n{held}"


def outside(one: corridors.Frontier) -> str:
    """Return what cannot be chosen, and why."""
    rows = [
        (str(row["title"]), "" if pd.isna(row["cost_m"]) else f"{row['cost_m']:,.0f}", str(row["why"]))
        for _, row in one.outside.iterrows()
    ]
    return _table(["project", "cost", "why"], rows, left=(0, 2))


def _money(value: float) -> str:
    """Return million EUR in words: three figures, and no minus before nothing."""
    if abs(value) < 0.005:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _table(heads: list[str], rows: list[tuple[str, ...]], left: tuple[int, ...]) -> str:
    return "\n".join(_lines(heads, rows, left))


def _lines(heads: list[str], rows: list[tuple[str, ...]], left: tuple[int, ...]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join('---' if i in left else '---:' for i in range(len(heads)))}|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def page() -> str:
    """Return the page."""
    return "\n".join(
        [HEAD, READINGS, *map(section, ("eu-12bn", "eu-12bn-azerbaijan")), compared(), JOINT, joint(), REST]
    )


def main() -> None:
    """Write the page."""
    (HERE / "investment.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
