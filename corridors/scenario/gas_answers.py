"""Answers of gas scenarios: who is short, what moves, what it costs, in a few sentences with their units."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from .gas_contrast import GasComparison
    from .gas_results import GasRun

__all__ = ["country_name", "gas_answer", "gas_contrast", "gas_told"]

_LEAST_MCM = 0.05
_LEAST_BCM = 0.05
_LEAST_USD = 0.05
_MOST = 3
_CORRIDOR = {"scp": "the South Caucasus line", "tanap": "TANAP", "tap": "TAP"}
_RULES = {
    "cooperative": "if all countries share",
    "own_first": "if each country serves itself first",
}


def country_name(code: str) -> str:
    """Return the name of a country."""
    from networks import read_table

    names = read_table("countries").set_index("country_id")["name"]
    return str(names.get(code, code))


def gas_answer(run: GasRun) -> str:
    """Return the answer of a run: against its counterfactual, if it has one."""
    return " ".join([*gas_told(run), _rests(run)])


def gas_contrast(found: GasComparison) -> str:
    """Return the answer of a comparison."""
    return " ".join([*gas_told(found), _rests(found.run)])


def gas_told(found: GasRun | GasComparison) -> list[str]:
    """Return what an answer says in sentences, who is short first."""
    from .gas_contrast import GasComparison

    year = found.years[-1]
    if isinstance(found, GasComparison):
        run = found.run
        said = [_moves(found, year), _made_up(run, year), _dearer(found, year)]
        first = _as_before(found, year) or _short(run, year)
    elif found.against is not None:
        return gas_told(GasComparison(found.against, found))
    else:
        run = found
        lines = run.flows().xs(year, level="year")["bcm"]
        named = [f"{name} carries {lines[line]:,.1f} bcm" for line, name in _CORRIDOR.items() if line in lines.index]
        first, said = _short(run, year), [f"{_capital(', '.join(named))}.", _costs(run, year)]
    return [f"{run.title}, {year}: {first}", *(text for text in said if text)]


def _as_before(found: GasComparison, year: int) -> str:
    """Return that as much lacks as in the counterfactual, if so and if anything does."""
    tables = [r.unmet().xs(year, level="year")["unmet_mcm"] for r in (found.base, found.run)]
    before, now = (float(t.sum()) for t in tables)
    if now <= _LEAST_MCM or (tables[1] - tables[0].reindex(tables[1].index).fillna(0.0)).abs().max() > _LEAST_MCM:
        return ""
    return f"nobody is short who is not in '{found.base.title}' too ({before:,.0f} mcm)."


def _short(run: GasRun, year: int) -> str:
    first = str(run.record["sharing"])
    second = next(rule for rule in _RULES if rule != first)
    lacks, said = _lacking(run, year, first)
    if not lacks:
        return "nobody is short."
    other = _lacking(run, year, second)[1]
    return f"{_RULES[first]}, {said}; {_RULES[second]}, {other}."


def _lacking(run: GasRun, year: int, sharing: str) -> tuple[float, str]:
    table = run.unmet(sharing).xs(year, level="year")
    short = table[table["unmet_mcm"] > _LEAST_MCM].sort_values("unmet_mcm", ascending=False)
    total = float(short["unmet_mcm"].sum())
    if short.empty:
        return 0.0, "nobody is short"
    parts = [
        f"{country_name(c)} {row['unmet_mcm']:,.0f} ({row['unmet_pct']:.1f} %)"
        for c, row in short.head(_MOST).iterrows()
    ]
    more = f" and {len(short) - _MOST} more" if len(short) > _MOST else ""
    return total, f"{total:,.0f} mcm lack: {', '.join(parts)}{more}"


def _moves(found: GasComparison, year: int) -> str:
    """Return which lines carry less and more, and which turn round, the largest changes first."""
    table = found.flows().xs(year, level="year")
    base, now = table["base_bcm"], table["bcm"]
    turned = (base * now < 0) & (base.abs() >= _LEAST_BCM) & (now.abs() >= _LEAST_BCM)
    change = (now.abs() - base.abs()).where(~turned, 0.0)
    down = change[change <= -_LEAST_BCM].nsmallest(_MOST)
    up = change[change >= _LEAST_BCM].nlargest(_MOST)
    titles = table["title"] + pd.Series("", table.index).mask(now + base < 0, " (the other way)")
    told = [
        ", ".join(f"{titles[line]} {abs(volume):,.2f}" for line, volume in part.items()) + f" bcm {word}"
        for part, word in ((down, "less"), (up, "more"))
        if len(part)
    ]
    most = (now - base).abs()[turned].nlargest(_MOST).index
    told += [f"{table.at[line, 'title']} turns from {base[line]:,.2f} to {now[line]:,.2f} bcm" for line in most]
    return f"In the year: {'; '.join(told)}." if told else "No line carries 0.05 bcm more or less."


def _made_up(run: GasRun, year: int) -> str:
    """Return by what a surprise is made up for, if something would lack if all kept to the plan."""
    table = run.tables["measures"]
    mine = table[(table["year"] == year) & (table["gwh"] > 0) & (table["kind"] != "less demand")]
    if mine.empty:
        return ""
    kinds = mine.groupby("kind", sort=False)["gwh"].sum().sort_values(ascending=False)
    told = ", ".join(f"{kind} {gwh:,.0f} GWh" for kind, gwh in kinds.items())
    return f"What would lack if all kept to the plan is made up for by {told}."


def _dearer(found: GasComparison, year: int) -> str:
    currency = found.run.record["currency"]
    costs = found.costs().loc[year]
    amount = float(costs.iloc[2])
    prices = found.prices().xs(year, level="year").iloc[:, 2]
    prices = prices[prices.index != "DE"]
    word = "more" if amount >= 0 else "less"
    cost = f"It costs {abs(amount):,.0f} million {currency} {word} than '{found.base.title}'"
    extra = float(found.run.costs().loc[year].filter(like="extra").iloc[0])
    if extra and abs(extra - amount) > 0.01 * abs(amount):
        cost += f", of which the surprise {extra:,.0f}"
    if prices.abs().max() < _LEAST_USD:
        return f"{cost}; no price changes by {_LEAST_USD} {currency}/MWh."
    where = str(prices.abs().idxmax())
    change = f"{abs(prices[where]):,.1f} {currency}/MWh {'dearer' if prices[where] > 0 else 'cheaper'}"
    return f"{cost}; the price changes most in {country_name(where)}, where gas is {change}."


def _costs(run: GasRun, year: int) -> str:
    table = run.unmet().xs(year, level="year")
    column = next(c for c in table.columns if c in ("usd_per_mwh", "eur_per_mwh"))
    told = [f"{table.at[c, column]:,.1f} in {country_name(c)}" for c in ("TR", "IT") if c in table.index]
    return f"Gas costs {' and '.join(told)}, {run.record['currency']}/MWh."


def _rests(run: GasRun) -> str:
    share = run.record["estimates"]
    step = "day" if run.record["step"] == "day" else "month"
    return f"By {step}, {run.status}, gap {run.record['gap']:.0e}; {share:.0%} of the figures behind are estimates."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def variant_row(run: GasRun, label: str) -> pd.DataFrame:
    """Return what `GasRun.ranges` says of one run of `vary`."""
    rows = []
    for year in run.years:
        table = run.unmet().xs(year, level="year")
        total = float(table["unmet_gwh"].sum())
        flows = run.flows().xs(year, level="year")["bcm"]
        rows.append(
            {
                "variant": label,
                "year": year,
                "unmet_gwh": total,
                "cost_million_usd": float(run.tables["costs"].set_index("year").at[year, "cost_million_usd"]),
                "most": str(table["unmet_gwh"].idxmax()) if total > 0 else "",
                **{f"{line}_bcm": float(flows.get(line, 0.0)) for line in _CORRIDOR},
            }
        )
    return pd.DataFrame(rows)
