"""The cheapest way to leave nobody short: what would lack if all kept to the plan, and what makes up for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from solvers import GasFlow, solve_gas_flow

from .case import HUB
from .outcome import GasOutcome
from .running import frozen

__all__ = ["Mitigation", "mitigations"]

_LEAST_GWH = 0.1
_COLUMNS = ["kind", "measure", "country", "gwh", "most_gwh_per_day", "usd_per_mwh", "lead_days"]


@dataclass(frozen=True, eq=False)
class Mitigation:
    """Measures after a surprise.

    Attributes
    ----------
    unmet_without_gwh : float
        What would lack if no more of any source, storage and reverse flow were used than planned.
    unmet_gwh : float
        What lacks with all measures.
    table : DataFrame
        ``kind`` (LNG, source, storage, injection put off, reverse flow, less demand), ``measure``, ``country``, ``gwh``
        beyond the plan, ``most_gwh_per_day``, ``usd_per_mwh``, ``lead_days``, ``cumulative_gwh``; cheapest first.
    """

    unmet_without_gwh: float
    unmet_gwh: float
    table: pd.DataFrame

    def __repr__(self) -> str:
        """Say what they achieve, then list them."""
        lacks = f"{self.unmet_without_gwh:,.0f} GWh would lack, {self.unmet_gwh:,.0f} do."
        return f"{lacks}\n\n{self.table.round(1).to_string(index=False)}" if len(self.table) else lacks


def mitigations(outcome: GasOutcome) -> Mitigation:
    """Find the cheapest measures that make up for a surprise, on the days on which something would lack without them.

    Parameters
    ----------
    outcome : GasOutcome
        After a surprise.

    Returns
    -------
    Mitigation

    Notes
    -----
    What is planned is there at no cost, what goes beyond it at its own: LNG and other sources at their price, as far as
    their yearly volume is not planned anyway, LNG not before its lead is over; gas from storage at what it costs to put
    the same back (the mean price at the place on other days), as far as its rate and level allow; injection that is put
    off likewise; reverse flow at its tariff; less demand at the penalty of its tier. All pipes may be used anew. A
    linear programme over those days together.
    """
    without = frozen(outcome)
    short = without.unmet.sum(axis=1) > _LEAST_GWH
    if not short.any():
        nothing = pd.DataFrame(columns=[*_COLUMNS, "cumulative_gwh"])
        return Mitigation(without.unmet_total(), outcome.flow.unmet_total(), nothing)
    tables, measures = _tables(outcome, short)
    found = solve_gas_flow(**tables)
    rows = [*_used(found, measures), *_reversed(outcome, found), *_cut(outcome, found)]
    table = pd.DataFrame(rows, columns=_COLUMNS).sort_values(["usd_per_mwh", "measure"], ignore_index=True)
    table["cumulative_gwh"] = table["gwh"].cumsum()
    cut = float(table.loc[table["kind"] == "less demand", "gwh"].sum())
    return Mitigation(without.unmet_total(), cut, table)


def _tables(outcome: GasOutcome, short: pd.Series[bool]) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return solver tables of the days, and the measures among their supplies and demands by id."""
    case, after, plan = outcome.case, outcome.flow, outcome.plan
    p, mask = after.problem, short.to_numpy()
    days = after.days[mask]
    planned = plan.supply.reindex(days.index)
    room = pd.DataFrame(p.supply_capacity[mask], days.index, p.supplies)
    asked = case.supplies
    rest = plan.supply[plan.supply.index >= after.days.index[0]]
    spare = (asked["most_total"] - rest.mul(plan.days[rest.index], axis=0).sum()).clip(lower=0.0)
    beyond = asked.assign(most_total=spare).set_axis(asked.index + "+")
    columns = ["node", "price", "capacity", "most_total"]
    supplies = pd.concat([asked.assign(price=0.0, most_total=np.inf), beyond])[columns]
    later = after.days[~mask] if (~mask).any() else after.days
    stores = case.storages
    back = after.price.loc[later.index, stores["node"]].mul(later / later.sum(), axis=0).sum().set_axis(stores.index)
    out = plan.withdrawal.reindex(days.index)
    into = plan.injection.reindex(days.index)
    rate = pd.DataFrame(p.withdrawal[mask], days.index, p.storages)
    kept = pd.DataFrame({"node": stores["node"], "price": 0.0, "capacity": stores["withdrawal"]})
    more = kept.assign(price=back, most_total=(stores["start"] - out.mul(days, axis=0).sum()).clip(lower=0.0))
    supplies = pd.concat([supplies, kept, more.set_axis(stores.index + "+")])
    profile = pd.concat(
        [
            planned.clip(upper=room),
            (room - planned).clip(lower=0.0).add_suffix("+"),
            out.clip(upper=rate),
            (rate - out).clip(lower=0.0).add_suffix("+"),
        ],
        axis=1,
    )
    filling = pd.DataFrame({"node": stores["node"], "quantity": 0.0, "penalty": back.clip(lower=0.0)})
    demands = pd.concat([case.demands, filling.set_axis(stores.index + "-")])
    wanted = pd.concat([pd.DataFrame(p.quantity[mask], days.index, p.demands), into.add_suffix("-")], axis=1)
    put_off = _named(outcome, stores, "injection put off").assign(price=back)
    measures = pd.concat(
        [
            _named(outcome, asked, "source").set_axis(asked.index + "+"),
            _named(outcome, stores, "storage").assign(price=back).set_axis(stores.index + "+"),
            put_off.set_axis(stores.index + "-"),
        ]
    )
    call = {
        "nodes": case.nodes,
        "pipes": case.pipes,
        "supplies": supplies.astype({"price": float}),
        "demands": demands[["node", "quantity", "penalty"]],
        "periods": days,
        "profiles": {
            "supply": profile,
            "demand": wanted,
            "pipe": pd.DataFrame(p.pipe_capacity[mask], days.index, p.pipes)[list(case.pipes.index)],
            "reverse": pd.DataFrame(p.reverse_capacity[mask], days.index, p.pipes)[list(case.pipes.index)],
        },
    }
    return call, measures


def _named(outcome: GasOutcome, rows: pd.DataFrame, kind: str) -> pd.DataFrame:
    home = outcome.case.nodes["group"]
    lng = rows["carrier"] == "lng" if "carrier" in rows else pd.Series(False, rows.index)
    price = rows.get("price", 0.0)
    lead = rows.get("lead_days", 0.0)
    found = pd.DataFrame({"measure": rows["title"], "country": rows["node"].map(home), "price": price, "lead": lead})
    found.insert(0, "kind", np.where(lng, "LNG", kind))
    return found


def _used(found: GasFlow, measures: pd.DataFrame) -> list[tuple[object, ...]]:
    """Return what is used of sources, storages and injections beyond the plan."""
    given = found.supply[[i for i in measures.index if i in found.supply]]
    put_off = found.unmet[[i for i in measures.index if i in found.unmet]]
    rates = pd.concat([given, put_off], axis=1)
    amounts = found.total(rates)
    rows: list[tuple[object, ...]] = []
    for name, amount in amounts[amounts > _LEAST_GWH].items():
        row = measures.loc[name]
        rows.append((row["kind"], row["measure"], row["country"], amount, rates[name].max(), row["price"], row["lead"]))
    return rows


def _reversed(outcome: GasOutcome, found: GasFlow) -> list[tuple[object, ...]]:
    """Return what flows back over borders beyond the plan: it moves gas that others give, and adds none."""
    pipes = outcome.case.pipes
    crossing = pipes.index[pipes["from_country"] != pipes["to_country"]]
    planned = outcome.plan.backward[crossing].reindex(found.backward.index)
    extra = (found.backward[crossing] - planned).clip(lower=0.0)
    amounts = found.total(extra)
    named = pipes[["title", "from_country", "tariff"]]
    return [
        ("reverse flow", *named.loc[p, ["title", "from_country"]], 0.0, extra[p].max(), named.at[p, "tariff"], 0.0)
        for p in amounts.index[amounts > _LEAST_GWH]
    ]


def _cut(outcome: GasOutcome, found: GasFlow) -> list[tuple[object, ...]]:
    demands = outcome.case.demands
    amounts = found.total(found.unmet[list(demands.index)])
    return [
        ("less demand", demands.at[d, "tier"], demands.at[d, "country"], amount, found.unmet[d].max(),
         demands.at[d, "penalty"], 0.0)
        for d, amount in amounts[amounts > _LEAST_GWH].items()
        if demands.at[d, "tier"] != HUB
    ]  # fmt: skip
