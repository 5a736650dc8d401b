"""Write docs/resilience.md: what breaks, how badly, how surely and for how long, with the answers of now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import corridors
from solvers import worst_gas_failures

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = "baseline-2026"
EVENTS = {
    "georgia": {
        "where": {"country": "GE"},
        "effect": {"use": "closed"},
        "probability": "10 %",
        "when": {"for": "90 d"},
    },
    "storms": {
        "where": {"place": "Aktau"},
        "effect": {"use": "closed"},
        "probability": "3 times/yr",
        "when": {"for": "25 d"},
    },
}

HEAD = """# What breaks, how badly, how surely

What a failure costs and whom, which failures hurt most together, how sure an answer is, how long all takes until it is as before, and how to run thousands of scenarios. Written by `python docs/make_resilience.py`.

## One failure after the other

```python
found = corridors.criticality("baseline-2026")
found.ranking("cost", days=180)  # or "unmet", "country"; kind="border"; effect="halved"
found.countries, found.transit, found.redundancy  # who pays, who loses transit, how many ways there are
found.plot_map()
```

`corridors criticality examples/scenarios/baseline.yaml` prints the same and writes the map. Every link, stop, border and country is removed, and the calibrated choice of shippers answers again: {solves} times in {seconds:.0f} s on two cores. Each is then told for 7, 30, 180 and 365 days, removed and halved.

- **Up to {turn:.0f} days** a failure is waited for (`queue_days` of `parameters.csv`, a judgement): a queue grows by what cannot pass and is worked off at what the capacity on record has to spare; waiting costs the value of time, so that twice the days cost four times as much. No diversion is shown, as in `corridors run`.
- **Longer** ones are driven round from the first day on, and those of the first {turn:.0f} days have waited before they turned.
- **Cost** is the change of the expected cost of shippers who are still served: tariffs, time, unreliability, scarcity of trains and waiting at full capacities. What has no way or refuses what is left is counted as **unmet**, in boxes. The **worst-off country** is the one that loses most in per cent of what its trade costs, unmet boxes at the penalty ({penalty:,.0f} USD/TEU). Half of what a box costs more is borne at each end, a convention.
- **Second best** is the generalised cost of the best way without it over that with it, over the boxes whose best way uses it.
- **Halved** takes half of the capacity on record, or stops half of what passes now where none is (told as assumed); what is stopped goes as if all were removed.
- **Redundancy** counts, by pair of places, routes of which no two share a link, the narrowest cut by capacities on record over demand, and the concentration of corridors and borders.

The three rankings differ, as they must (Jafino, Kwakkel and Verbraeck 2020): by cost the sea leads, since it carries most; by the country worst off the Caspian does.
"""

REST = """
## The worst that can happen together

`solvers.worst_failures(arcs, demands, k)` finds the k failures after which the cheapest flow costs most, with a proof: branch and bound over what the best answer to each set still uses (the supervalid inequalities of Israeli and Wood 2002), bounded by what every known answer loses at most, and by what a box costs at most whatever fails where it has more ways than can fail. Failures may have prices and a budget; `elements` lets a port take all its arcs along; `protect=` chooses what to shield (Scaparra and Church 2008). `method="programme"` solves the single-level dual as one mixed-integer programme in PuLP, for small networks: both methods equal enumeration on random networks and the optima printed for shortest-path, maximum-flow, minimum-cost and multicommodity interdiction in the Pyomo gallery and by Jayaswal and Sinha. On all links and stops of the freight network three failures are proved in seconds ([benchmarks](../benchmarks/README.md)); `solvers.worst_gas_failures` does the same for pipes, supplies and storages.

{gas}

`corridors.worst_failures("baseline-2026", 3, within=["AZ", "GE"])` asks the same of the calibrated shippers. A set of failures that leaves whole what their answer to another set uses hurts no more than that one; so few sets need an answer. {worst}

`examples/three_failures.py` holds every project of a portfolio against that. What makes the corridor better makes its loss dearer: a project that draws boxes to Alat puts more at stake there; only what serves those who go another way lowers what trade pays after the failure.

## Thousands of runs

```python
many = corridors.sweep("caspian-storms", jobs=2, out="sweep")  # product of `vary`, or in step under `together`
many.table("flow:middle", "disruptions.storms.probability"), many.plot_response("cost"), many.failed
```

Runs are done in chunks by processes, or by the workers of a Dask cluster (`scheduler="tcp://…"`, extra `distributed`), and streamed to Parquet. A sweep that was killed goes on in the same folder and ends with the same bytes; a run that is wrong is a row with its error; the numbers do not depend on the workers. A run that differs from its year only by disruptions, policy and projects is solved from the year as usual: only routes that a change can touch are searched anew, and the equilibrium starts where the usual one ended. It has the numbers of `corridors run` to the accuracy of the equilibrium (1e-7). Runs with other demand, prices or choice lay out a year of their own, once for all that share it; scenarios with `avoid` or `bans` are solved in full.

## How surely

```python
sure = corridors.uncertainty(scenario, draws=500)
sure.summary(), sure.convergence("middle_teu"), sure.tornado("middle_teu")
sure.sensitivity("middle_teu", method="sobol")  # or "morris", by SALib
```

Figures of a group move together, each as far as its grade allows (A 5, B 15, C 30, estimates 50 per cent at most, triangular: a judgement; figures with documents among them in between). Events come with the chance of the file, last between half and twice as long, and start on any day. Routes stay those of the tables' figures, the choice between corridors answers. The spread of the fitted parameters is not drawn: the back-test says how far forecasts were off ([backtest.md](backtest.md)).

{sure}

## How long

`corridors.recovery(scenario)` follows a disruption day by day: what passes, waits, goes round and is served from what arrives and what is in stock; loss (per cent times days), least quality, day of 95 per cent, with a step, linear or exponential recovery. `corridors recover FILE --stock 15 --plot curve.png` holds stocks against none.

{recovery}

## Limits

- A corridor has one route for each pair and goods. Within the time that shippers wait nobody uses a way round, however near.
- What is halved is rationed, not priced; who passes pays no more. A queue where nothing is to spare counts as cleared after ten times the failure, a judgement.
- Uncertainty has one number for each group of figures: errors of single links, which average out, are not drawn. Freight has no seasons beside those that a scenario names.
- Sea to ports of the Adriatic and the Black Sea has no way round the Cape of its own in the network: while Suez is shut those boxes come by rail from other ports, so that the line to Trieste shows as a cut.
- Stocks and spare room where no capacity is on record are given by whoever asks.
"""


def page() -> str:
    """Return the page."""
    found = corridors.criticality(SCENARIO, jobs=2)
    from networks import load_tables

    parameter = load_tables().parameter
    text = HEAD.format(
        solves=found.record["solves"],
        seconds=found.record["seconds"],
        turn=found.record["turn_days"],
        penalty=parameter("unmet_penalty_usd_per_teu"),
    )
    for lens, head in (("cost", "cost"), ("unmet", "what is unmet"), ("country", "the country worst off")):
        text += f"\nBy {head}, {SCENARIO}, links and stops removed for 180 days:\n\n" + _ranking(found, lens)
    return text + REST.format(
        gas=gas_answer(),
        worst=worst_answer(),
        sure=_uncertainty(),
        recovery=_recovery(),
    )


def _ranking(found: corridors.Criticality, lens: str) -> str:
    rows = found.ranking(lens, days=180, top=400)
    rows = rows[rows["kind"].isin(["link", "stop"])].head(8)
    lines = [
        "| what | | 1000 TEU/yr | cost, m USD | unmet, TEU | second best | worst off |",
        "|---|---|--:|--:|--:|--:|---|",
    ]
    for row in rows.itertuples():
        ratio = "none" if row.second_best_ratio == float("inf") else f"{row.second_best_ratio:.2f}"
        lines.append(
            f"| {row.name} | {row.kind} | {row.teu_per_year / 1000:,.0f} | {row.cost_rise_musd:,.1f} | "
            f"{row.unmet_teu + row.not_shipped_teu:,.0f} | {ratio} | {row.worst_country} {row.worst_country_pct:,.0f} % |"
        )
    return "\n".join(lines) + "\n"


def gas_answer() -> str:
    """Return the worst failures of the gas network in words."""
    case = corridors.gas_case(2025)
    found = worst_gas_failures(**case.solver_tables(), k=3)
    titles = case.pipes["title"]
    names = ", ".join(f"{titles[p]} (`{p}`)" for p in found.failed)
    return (
        f"In the gas year 2025 by month, over all {len(case.pipes)} pipes, the three that would hurt most if they failed "
        f"all year are {names}: {found.rise / 1e3:,.0f} m USD a year, nearly all of it demand that is not served, at the penalties of the model (proved, "
        f"{found.sets:,} sets tried)."
    )


def worst_answer() -> str:
    """Return the worst failures of trade in words."""
    call: dict[str, Any] = {"within": ["AZ", "GE"], "markets": ["cn-eu", "eu-cn"], "jobs": 1}
    every = corridors.worst_failures(SCENARIO, 3, **call)
    lines = corridors.worst_failures(SCENARIO, 3, kinds=["link"], **call)
    first, second = every.table.iloc[0], lines.table.iloc[0]
    return (
        f"For EU-China trade through the South Caucasus, {first['passing_teu']:,.0f} TEU a year, "
        f"{' and '.join(first['failed'])} alone does all the harm that up to three stops or lines can, "
        f"{first['loss_musd']:,.1f} m USD a year; if only lines fail it takes {len(second['failed'])}: "
        f"{'; '.join(second['failed'])} ({first['sets']} and {second['sets']} sets tried, both proved)."
    )


def _uncertainty() -> str:
    scenario = corridors.load(SCENARIO).with_({"disruptions": EVENTS})
    sure = corridors.uncertainty(scenario, draws=500, seed=1, jobs=2)
    steps = sure.convergence("middle_teu")
    bars = sure.tornado("middle_teu").head(5)
    told = ", ".join(f"{name} ({row.at_low:,.0f} to {row.at_high:,.0f})" for name, row in bars.iterrows())
    errors = ", ".join(f"{row.error_pct:.1f} % after {n:,}" for n, row in steps.iterrows())
    return (
        f"With Georgia shut for about 90 days in one year of ten and storms at Aktau three times a year: {sure.answer} "
        f"The 95 % interval of the mean of the Middle Corridor is {errors} draws. What moves it most, TEU a year at both "
        f"ends of the 90 % range of each input: {told}."
    )


def _recovery() -> str:
    rows = [
        "| disruption | stocks, days | least served | 95 % again after | days of demand late or lost | longest queue, TEU |"
    ]
    rows.append("|---|--:|--:|--:|--:|--:|")
    for place, days in (("Aktau", 20), ("Aktau", 60), ("Alat", 60)):
        shut = {"shut": {"where": {"place": place}, "effect": {"use": "closed"}, "when": {"for": f"{days} d"}}}
        scenario = corridors.load(SCENARIO).with_({"disruptions": shut})
        for stock in (0, 15):
            one = corridors.recovery(scenario, stock_days=stock)
            again = "never in time" if one.days_to_95 == float("inf") else f"{max(one.days_to_95 - 5, 0):.0f} days"
            rows.append(
                f"| {place} shut for {days} days | {stock} | {one.robustness_pct:.0f} % | {again} | "
                f"{one.loss_pct_days / 100:.1f} | {one.longest_queue:,.0f} |"
            )
    return "\n".join(rows)


if __name__ == "__main__":
    (ROOT / "docs" / "resilience.md").write_text(page(), encoding="utf-8")
