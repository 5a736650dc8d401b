"""Write docs/backtest.md and its chart: how well the choice of shippers is fitted, and what it foretold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from corridors.backtesting import Backtest, backtest
from corridors.calibration import PRIORS, carried, residuals
from corridors.choice import Choice, load_choice
from corridors.fit_chart import fit_chart
from corridors.past import PAST_YEARS
from corridors.tuning import fit_factors
from corridors.year_model import YearModel

HERE = Path(__file__).parent
CHART = HERE / "images" / "calibration.png"
BLOG_CHECKS = 15.0  # % of boxes: mean of 5 % at first and 20 to 30 % later (source S076)
HEAD = """# Calibration and back-test

Written by `python docs/make_backtest.py`. What shippers weigh, and how, is in [the method](method.md#choice).

## What was fitted

The parameters of the back-test have seen the traffic of {years} only. To fit them again, which takes some minutes, and to rewrite their file:

```
corridors calibrate --write corridors/choice_2019_2023.yaml --chart docs/images/calibration.png
```

The parameters that users get (`corridors/choice.yaml`) are the same ones fitted to all years, the last closely and the others loosely, so that the baseline is today's: `corridors calibrate --to-last` with a `--year` for each of 2019 to 2025 and `--write corridors/choice.yaml`. The back-test never uses them.

{parameters}

Priors, which hold a parameter where traffic says little of it. Where traffic says much it wins: the time factor lies {away:.1f} standard deviations below its prior, so that who chooses between train and ship values a day at about a third of what `shippers.csv` has, near the interest on the goods.

{priors}

## What is left between model and traffic

![Model and traffic by year: filled marks are years fitted to, hollow ones years not seen]({chart})

Years fitted to. Both directions together are what is to be met; the split of the Middle Corridor between them is a judgement. Before 2022 the eastern branch of the INSTC had no regular trains and what went by it and over the Caspian was inferred, not observed: the constants of the branches rest on {last}.

{residuals}

## What it foretold

{summary}

Errors are relative to what was observed, or the value itself where that is zero. *Last year* is the naive forecast that nothing changes, *cheapest way* the one that all take the route of least generalised cost at the prices of the year. Cases with a star do not count in the medians: they are no forecast of a volume, of a year fitted to, or of what the demand given to the model holds anyway. No case is left out.

{cases}

"""
TAIL = """
## Why the Middle Corridor caught so little in 2022

The Northern route lost {lost:,.0f} TEU; the Middle Corridor gained {caught:.0f} per thousand of them, regional boxes included. In the model two things do that. Most of the loss is price: sea freight fell from its peak of 2021, and who had left the sea for the train went back to it. The other is aversion: a share of shippers crosses Russia at no price since 24 February 2022, and the track stays open for the others. Those who leave spread over what is left as their choice has it: by sea there is far more room, a box by the Middle Corridor took six weeks in 2022, and it cost what scarce trains cost. A taste that land routes have in common, as an error component, was tried: it made the diversion half as large again as it was, and the other forecasts no better, so there is none.

## Where it fails

- **Eastbound, 2024 and 2025**: too much stays on the Northern route. The lists of goods that the EU bars from transit are documented, what share of the boxes they touch is not; the share of cars and their parts stands in, and the true one is probably larger. Exports of cars to China fell besides.
- **Westbound, 2022, 2024 and 2025**: the Northern route loses too little in 2022 and gains too little since. Mean prices of a year hide what its quarters did.
- **Northern route, 2020**: too little westbound. Air freight stood still, and no input says so.
- **Baku-Tbilisi-Kars**: traffic took more than half a year to come back after the reopening; the model brings it back the next day.
- **Northern route, 2025**, rests on how many boxes Russia checks. Two in a hundred, by the count that was printed, are in the inputs; with the 15 that a blog gives, the forecast would be {checked:.0%} too low.
- **INSTC, 2025**: the western branch fell while the eastern grew; both years' totals are estimates, and no price of either branch by year was found.

## Do end-to-end prices and times say more?

Estimated tariffs, by mode and area, and estimated hours at stops and borders, by country, were adjusted within half and double to the {checks} prices and times of `route_checks.csv` (`corridors.tuning.fit_factors`). The median error of a check goes from {before:.1%} to {after:.1%} where the check is in the fit and to {out:.1%} where it is left out. What is gained is not gained on figures that were not seen, so the tables stay as they are and the factors at one. What is documented of a year's prices and times is met exactly (`past_arcs`).

## Write a case

A case is a shock, a year and an observable. Copy one into a file and run `corridors backtest my-cases.yaml`:

```yaml
schema: 1
cases:
  northern-2024:
    title: China-EU by rail through Russia, 2024
    year: 2024                       # 2019 to 2025
    markets: [cn-eu, eu-cn]          # rows of markets.csv
    corridor: northern               # a family or corridor; or through: a place, link or country
    unit: TEU
    perimeter: in words
    # measure: volume (default), ratio (to the year `before`), diversion (`corridor` to `to`), effect (of the shock),
    #          waiting (at a short closure), queue and queue_days (of arrivals and service that were reported)
    # shock: {{close: [Suez Canal], days: 90, inputs: {{sea-west: 8000}}}}
    # observed: {{value: 380434, source: UPL24, grade: A, last: 211100}}; left out: that of demand.csv
```

A closure of up to 30 days (`queue_days`) is waited for; a longer one is driven round for its part of the year.
"""


def page(found: Backtest, choice: Choice, fitted: pd.DataFrame) -> str:
    """Return the page from a back-test, its parameters and the residuals of the years fitted to."""
    summary = found.summary()
    tuning = fit_factors().residuals
    error = {name: float(tuning[f"error_{name}"].abs().median()) for name in ("before", "after", "left_out")}
    north = found.table.loc["northern-2022"]
    lost = _lost(fitted, float(north["observed"]))
    prior = PRIORS["time_factor"]
    told = {
        "lost": lost,
        "caught": 1000 * float(found.table.at["diversion-2022", "observed"]),
        "checked": 1 - _checked(choice) / float(found.table.at["northern-2025", "observed"]),
        "checks": len(tuning),
        "before": error["before"],
        "after": error["after"],
        "out": error["left_out"],
    }
    return HEAD.format(
        years=", ".join(map(str, choice.fitted_to)),
        last=choice.fitted_to[-1],
        parameters=_parameters(choice),
        priors=_priors(),
        chart=CHART.relative_to(HERE).as_posix(),
        residuals=_residuals(fitted),
        summary=(
            f"**Median error of {summary['cases']:.0f} forecasts: {summary['model']:.0%}; of last year's value "
            f"{summary['last_year']:.0%}, of the cheapest way {summary['cheapest']:.0%}.** The model's is "
            f"{summary['ratio']:.2f} of the better naive one."
        ),
        cases=_cases(found.table),
        away=(prior.centre - np.log(choice.time_factor)) / prior.spread,
    ) + TAIL.format(**told)


def _checked(choice: Choice) -> float:
    """Return what the Northern route would carry in 2025 if Russia checked as many boxes as a blog says, TEU."""
    model = YearModel(2025, ("cn-eu", "eu-cn"), inputs={"northern-checks": BLOG_CHECKS})
    found = carried(model, model.flows(choice), "family")
    return found["cn-eu", "northern"] + found["eu-cn", "northern"]


def _lost(fitted: pd.DataFrame, after: float) -> float:
    row = fitted[(fitted["traffic"] == "China-Europe") & (fitted["corridor"] == "northern") & (fitted["year"] == 2021)]
    return float(row["observed"].iloc[0]) - after


def main() -> None:
    """Write the page and the chart."""
    choice = load_choice("backtest")
    every = residuals(choice, PAST_YEARS)
    fit_chart(every, choice.fitted_to).savefig(CHART, dpi=100)
    fitted = every[every["year"].isin(choice.fitted_to)]
    (HERE / "backtest.md").write_text(page(backtest(), choice, fitted), encoding="utf-8")


def _table(heads: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _parameters(choice: Choice) -> str:
    rows = [
        ["shippers who do not cross Russia, of those who think of land", f"{choice.aversion_share:.1%}"],
        ["subsidy cap passed on", f"{choice.subsidy_passed_on:.0%}"],
        ["factor on the rates of `shippers.csv`", f"{choice.time_factor:.2f}"],
        ["price of scarcity at 340,000 TEU one way, USD/TEU", f"{choice.scarcity_usd_per_teu:,.0f}"],
    ]
    for name, market in choice.markets.items():
        constants = ", ".join(f"{c} {v:,.0f}" for c, v in market.constants_usd_per_teu.items())
        rows.append([f"{name}: scale per USD; constants, USD/TEU", f"{market.scale_per_usd:.2g}; {constants}"])
    return _table(["parameter", "value"], rows)


def _priors() -> str:
    rows = [[name, prior.why] for name, prior in PRIORS.items()]
    return _table(["parameter", "prior, with its spread or reason"], rows)


def _residuals(fitted: pd.DataFrame) -> str:
    rows = [
        [
            row.traffic,
            row.corridor,
            str(row.year),
            _figure(row.model),
            _exact(row.observed),
            row.unit,
            f"{row.error if abs(row.error) >= 5e-4 else 0.0:+.1%}",
            row.grade,
        ]
        for row in fitted.itertuples()
    ]
    return _table(["traffic", "corridor", "year", "model", "observed", "unit", "error", "grade"], rows)


def _cases(table: pd.DataFrame) -> str:
    heads = ["case", "year", "model", "observed", "error", "last year", "cheapest way", "perimeter", "grade, sources"]
    rows = [
        [
            f"{row['title']}{'' if row['counted'] else ' *'}",
            str(row["year"]),
            f"{_figure(row['model'])} {row['unit'] if row['unit'] != '1' else ''}".strip(),
            _exact(row["observed"]),
            _signed(row["error"]),
            _signed(row["last_year_error"]),
            _signed(row["cheapest_error"]),
            row["perimeter"] + (f" ({row['note']})" if row["note"] else ""),
            f"{row['grade']}, {row['source_ids'].replace(';', ', ')}",
        ]
        for _, row in table.iterrows()
    ]
    return _table(heads, rows)


def _figure(value: float) -> str:
    """Return four digits: enough to read, and the same on every machine."""
    if abs(value) < 1e-9:
        return "0"
    return f"{float(f'{value:.4g}'):,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _exact(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == 0 else f"{value:.3g}"


def _signed(value: float) -> str:
    if pd.isna(value):
        return ""
    return f"{0.0 if abs(value) < 5e-4 else value:+.0%}"


if __name__ == "__main__":
    main()
