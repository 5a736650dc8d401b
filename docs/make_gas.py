"""Write docs/gas.md and docs/gas-backtest.md: the gas network, how it is solved, how it does against what happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from corridors import gas_backtest, gas_case, gas_checks, pipeline_checks, pipeline_outages, run_gas_case, security
from networks import load_gas_tables

HEAD = """# Gas

Which way gas goes from the Caspian through Azerbaijan and Georgia to Türkiye and Europe, who is short when a pipe fails, and what it costs. Written by `python docs/make_gas.py`.

The network has {places} places and {pipes} pipes: fields, the Southern Gas Corridor (SCP, TANAP, TAP, IGB), TurkStream, Blue Stream, the line from Iran, the Trans-Balkan line both ways, Russian routes with the dates on which they ended, the Trans-Caspian proposals, North African lines, {terminals} LNG terminals or stages of them, {storages} storages or stages, markets of {countries} countries with demand by month, and the hubs of North-West Europe as the anchor of prices. Of the capacities of pipes {graded} are from documents, the others are estimates with their derivation or unknown, and then do not limit.

```python
import corridors

case = corridors.gas_case(2025, "day")  # or "month"
run = corridors.run_gas_case(case)
run.unmet("country"), run.pipes("line"), run.prices(), run.origins(), run.transits(), run.emissions()
corridors.security(case)  # N-1 by country
```

The same from a file, with words and units: `corridors run gas-tanap-half`, `corridors compare gas-no-russian-2027`; [twelve scenarios](scenarios.md) come with the toolkit, [the reference](scenarios-reference.md) says what a file may hold, `corridors new my-study --gas` writes one to begin with. A failure that nobody foresees, in Python:

```python
import numpy as np
import pandas as pd

january = (pd.date_range("2025-01-01", "2025-12-31").month == 1).astype(float)
half = corridors.GasEdit("tanap", "TANAP at half", "pipe", ("TANAP0", "TANAP1"), "factor", 0.5, january, surprise=True)
run = corridors.run_gas_case(case, [half])
run.answer  # by both rules of sharing
corridors.mitigations(run)  # what makes up for it, cheapest first
```

## Energy, not volume

Flows are energy: GWh of gross calorific value a day. A volume becomes energy only by the reference state and calorific value that its figure names (`gas_bases.csv`); nothing converts bcm without one. That explains most of the difference between what a seller and a buyer report: 9.5 bcm of the Azerbaijani ministry are 9.7 of the Turkish regulator.

## The model

`solvers.solve_gas_flow` finds the cheapest way to serve demand by day or month: sources with a price, a highest day and a total of the year; contracts with take or pay; the part of tariffs that decides the way ({variable:.0%}: capacity is booked for years and paid for in any case), fuel by distance; storages with rates and levels; LNG as a curve (the fuller a terminal, the dearer its cargoes); penalties for what is not served, lowest for power, then industry, then homes and services. Nameplates are no hard caps: {tolerance:.0f} % above them may flow, what TAP did, where hydraulics do not say otherwise (below). The answer has a dual bound: its gap is proved.

A surprise finds storages as the plan of the year left them on its first day, and no more LNG than was ordered until the lead of a cargo is over; its end is known from then on. What lacks is shared in two ways: *cooperative*, by equal rates of each tier in each period as far as pipes allow (lexicographic), and *own first*, each country serving all that it wants before it lets gas go on. A surprise of less than two months needs steps of a day, and is refused by month.

Gas that some countries refuse by law gets a layer of the network of its own, which shares the pipes and leaves it only at markets that still use such gas. Origins and transits are traced by proportional mixing.

What is not in it: prices that buyers negotiate, the reaction of demand to prices below the penalties, pressure (see [hydraulics.md](hydraulics.md)), gas in LNG tanks, days other than a smooth season (no cold spells unless a scenario asks for one). China's demand for Turkmen gas is not modelled. All Turkish demand is at one place, Italian too.

## Indicators

| what | how | where |
|---|---|---|
| unmet demand by country, tier and day | GWh, and million m³ of the country's own statistics; by both rules | `GasRun.unmet`, `short`, `GasOutcome.unmet` |
| disrupted rate | unmet demand over demand, per cent (ENTSOG, TYNDP) | `unmet_pct` of the same |
| remaining flexibility | 100 less the part that lacks of a further 100 % of demand, one country at a time (ENTSOG, TYNDP 2017, annex F) | `remaining_flexibility` |
| N-1 | Regulation (EU) 2017/1938, annex II; the largest pipe, source or terminal fails | `security`, `n_minus_1` |
| cheapest way to leave nobody short | merit order of what is done beyond the plan, a linear programme over the days on which something would lack | `mitigations`, `GasRun.measures` |
| dependence | shares by seller and by country passed, proportional mixing; Herfindahl-Hirschman index | `GasRun.dependence`, `origins`, `transits` |
| delivered cost by way | tariffs in full, fuel, annuity of new pipes | `deliver`, `corridors gas deliver` |
| prices and worth of capacity | dual prices of markets and pipes | `GasRun.unmet`, `flows` |
| emissions | fuel burnt on the way, methane by distance at its warming over 100 years | `emissions` |

## Against flows on record

One setting for all: nothing is tuned pipe by pipe. Fitted were the two shares of the LNG curve and the part of tariffs that decides the way, on a grid (`parameters.csv`); supplies, contracts and demand are inputs. Where an input is what a supplier could deliver by one way only (Iran to Türkiye, Russia through Ukraine), the flow follows from it and proves little: the derivation in `gas_supplies.csv` says so. Flows of 2025 stood beside while the rest was set; no figure was set by them.

**{fit} of {fits} flows of 2023 and 2024 are met within {within:.0%}; of those of 2025, {back} of {backs}.**

{table}

Missed and why: Georgia gets more from Azerbaijan in the model than is reported; its demand exceeds what both sellers report by half a bcm (the gap is in the sources). The Greece-Bulgaria line carries its contract only. TurkStream to Europe of 2023 is held by its room in the model, while buyers took less. Tarvisio, Passo Gries and TAP are close rivals at Italy's border: a few tenths of a dollar decide, and their sum is better than each.

Documented outages stand on a page of their own: [gas-backtest.md](gas-backtest.md); `corridors gas backtest` prints all.

## What lines carry by their hydraulics

`corridors gas capacity tanap`, or `pipeline_capacity` and `pipeline_outages` in Python: diameters, lengths, heights, stations and powers of `gas_lines.csv`, `gas_compressors.csv` and `gas_profiles.csv`; Darcy-Weisbach with Colebrook's friction ([hydraulics.md](hydraulics.md)). Pressures at the ends, roughness and the highest pressure ratio are estimates; the ranges vary them one at a time. None of it was set by the nameplates: 23.4, 16 and 10 to 11.2 bcm a year.

{outages}

So that half of TANAP is what its first station out leaves, within a range, and not a guess.

The routing does not know pressures; held against hydraulics in 2025 (`pipeline_checks`):

{checks}

With the tolerance of the others, the South Caucasus line carried 26.9 bcm in the fullest month: more than its hydraulics give in any variant. It therefore keeps to its nameplate in the routing (`tolerance_pct` of `gas_lines.csv`).

## N-1 by the formula of the EU

Regulation (EU) 2017/1938, annex II: what could come on a day without the largest pipe, source or terminal, over the highest demand. It asks for capacities, not for gas. Peaks are records or estimates, no 1-in-20 figure was found; pipes without a capacity on record do not count.

{security}
"""

BACKTEST = """# Gas: documented outages

What the model says of outages that happened, beside what was observed. Nothing in the model was set by them. Written by `python docs/make_gas.py`; `corridors gas backtest` prints it together with the flows of [gas.md](gas.md), `corridors gas backtest my-cases.yaml` runs cases of your own, written like `seeds/gas_backtest.yaml`.

The tables of gas begin with 2023. An older event is run in the network of 2023 with what is known of its own year; the column says so. A case counts as met within the width that stands beside the observation, which was set with the case, before it was run, by how exact the report is.

**{answer}**

What is missed says where not to trust the model: it spreads a loss over everybody's storages in the cheapest way, while contracts let it fall on the last in the row (Shah Deniz 2025); it knows room, not credit or prices that keep a buyer from the market (Türkiye 2022); and it lets a seller choose the best market, where politics decide (Iran).
"""


def page() -> str:
    """Return the page."""
    tables = load_gas_tables()
    checks = gas_checks()
    fit, back = (checks[checks["role"] == role] for role in ("fit", "backtest"))
    known = tables.pipes["capacity_grade"].isin(["A", "B", "C"])
    return HEAD.format(
        places=len(tables.places),
        pipes=len(tables.pipes),
        terminals=len(tables.terminals),
        storages=len(tables.storages),
        countries=tables.demand["country_id"].nunique(),
        graded=int(known.sum()),
        variable=tables.parameter("gas_variable_tariff_share"),
        tolerance=tables.parameter("gas_nameplate_tolerance_pct"),
        fit=int(fit["met"].sum()),
        fits=len(fit),
        back=int(back["met"].sum()),
        backs=len(back),
        within=0.10,
        table=_checks(checks),
        security=_security(),
        outages=_outages(),
        checks=_held(),
    )


def backtest_page(found: Any = None) -> str:
    """Return the page of outages, of a back-test or of one that is run now, which takes two minutes."""
    found = gas_backtest() if found is None else found
    lines = [BACKTEST.format(answer=found.answer)]
    lines += ["| event | network | observed | model | | why |", "|---|---|---|---|---|---|"]
    for row in found.table.itertuples():
        verdict = "met" if row.met else "**missed**"
        seen = f"{row.observed:,.2f} ± {row.within:,.2f} {row.unit}, {row.grade}"
        lines.append(
            f"| {row.title}, {row.start[:7]} | {row.network} | {seen} | {row.modelled:,.2f} | {verdict} | {row.why} |"
        )
    return "\n".join(lines) + "\n"


def _outages() -> str:
    lines = ["| line | out | bcm a year | of all | range | limit |", "|---|---|---|---|---|---|"]
    for line in load_gas_tables().lines.index:
        for out, row in pipeline_outages(line).iterrows():
            span = "" if out == "nothing" else f"{row['share_low']:.0%} to {row['share_high']:.0%}"
            lines.append(f"| {line} | {out} | {row['bcm']:.1f} | {row['share']:.0%} | {span} | {row['limit']} |")
    return "\n".join(lines)


def _held() -> str:
    table = pipeline_checks(run_gas_case(gas_case(2025)))
    lines = ["| line | nameplate | routing allows | hydraulics | fullest month | |", "|---|---|---|---|---|---|"]
    for line, row in table.iterrows():
        verdict = "holds" if row["holds"] else f"fails in {row['periods_beyond']} months"
        span = f"{row['hydraulic_bcm']:.1f} ({row['low_bcm']:.1f} to {row['high_bcm']:.1f})"
        lines.append(
            f"| {line} | {row['nameplate_bcm']:.1f} | {row['allowed_bcm']:.1f} | {span} | {row['highest_bcm']:.1f} | {verdict} |"
        )
    return "\n".join(lines)


def _checks(checks: Any) -> str:
    lines = ["| flow | period | role | observed | model | | |", "|---|---|---|---|---|---|---|"]
    for row in checks.itertuples():
        error = "" if row.observed == 0 else f"{row.error:+.0%}"
        verdict = "met" if row.met else "**missed**"
        cells = [
            row.title,
            row.period,
            row.role,
            f"{row.observed:,.2f} {row.unit}, {row.grade}",
            f"{row.modelled:,.2f}",
            error,
            verdict,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _security() -> str:
    table = security(gas_case(2025))
    names = load_gas_tables().countries["name"]
    lines = ["| country | highest day, GWh | can come, GWh | largest | N-1, % | peak |", "|---|---|---|---|---|---|"]
    for country, row in table.iterrows():
        total = row["pipe"] + row["production"] + row["storage"] + row["lng"]
        largest = f"{row['largest']} ({row['largest_gwh_per_day']:,.0f})"
        cells = [names[country], f"{row['peak_gwh_per_day']:,.0f}", f"{total:,.0f}", largest,
                 f"{row['n_minus_1_pct']:,.0f}", f"{row['peak_kind']}, {row['grade']}"]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Write the page."""
    Path(__file__).with_name("gas.md").write_text(page(), encoding="utf-8")
    Path(__file__).with_name("gas-backtest.md").write_text(backtest_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
