"""The cheapest way to leave nobody short: what would lack if nothing were done, and what makes up for it, by cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from solvers import GasFlow

from .case import HUB
from .outcome import GasOutcome
from .running import frozen

__all__ = ["Mitigation", "mitigations"]

_LEAST_GWH = 0.1
_Rows = list[tuple[object, ...]]
_KINDS = {"lng": "lng"}


@dataclass(frozen=True, eq=False)
class Mitigation:
    """Measures after a surprise.

    Attributes
    ----------
    unmet_without_gwh : float
        What would lack until the end of the year if no more LNG, storage and reverse flow were used than planned.
    unmet_gwh : float
        What lacks in the end.
    table : DataFrame
        What is done beyond the plan: ``kind`` (lng, source, storage, reverse flow, less demand), ``measure``,
        ``country``, ``gwh`` (on the days on which something would lack if nothing were done; of a source no more than
        what it gives more until the end of the year), ``most_gwh_per_day``, ``usd_per_mwh``, ``lead_days``,
        ``cumulative_gwh``; cheapest first.
    """

    unmet_without_gwh: float
    unmet_gwh: float
    table: pd.DataFrame

    def __repr__(self) -> str:
        """Say what they achieve, then list them."""
        lacks = f"{self.unmet_without_gwh:,.0f} GWh would lack, {self.unmet_gwh:,.0f} do."
        return f"{lacks}\n\n{self.table.round(1).to_string(index=False)}"


def mitigations(outcome: GasOutcome) -> Mitigation:
    """Compare what happens with what would if everybody kept to the plan, and list what is done, cheapest first.

    Parameters
    ----------
    outcome : GasOutcome
        After a surprise.

    Returns
    -------
    Mitigation
        The cost of LNG and of other sources is their price; of gas from storage, what it costs to put the same back
        (the mean price at the place on other days); of reverse flow, the tariff; of less demand, the penalty of a tier.
    """
    without, after = frozen(outcome), outcome.flow
    short = without.unmet.sum(axis=1) > 0
    days = after.days.where(short, 0.0)
    rows = [
        *_supplied(outcome, after, days),
        *_stored(outcome, after, days),
        *_reversed(outcome, after, days),
        *_left(outcome, after, days),
    ]
    columns = ["kind", "measure", "country", "gwh", "most_gwh_per_day", "usd_per_mwh", "lead_days"]
    table = pd.DataFrame(rows, columns=columns).sort_values("usd_per_mwh", ignore_index=True)
    table["cumulative_gwh"] = table["gwh"].cumsum()
    return Mitigation(without.unmet_total(), after.unmet_total(), table)


def _more(after: pd.DataFrame, before: pd.DataFrame, days: pd.Series[float]) -> pd.DataFrame:
    """Return what is used beyond what was, GWh and the most of a day, of what comes to anything."""
    extra = (after - before.reindex(index=after.index, columns=after.columns)).clip(lower=0.0).where(days > 0, 0.0)
    found = pd.DataFrame({"gwh": extra.mul(days, axis=0).sum(), "most": extra.max()})
    return found[found["gwh"] > _LEAST_GWH]


def _supplied(outcome: GasOutcome, after: GasFlow, days: pd.Series[float]) -> _Rows:
    supplies = outcome.case.supplies
    price = pd.DataFrame(after.problem.supply_price, after.problem.periods, after.problem.supplies).mean()
    home = outcome.case.nodes["group"]
    planned = outcome.plan.supply.reindex(after.supply.index)
    net = (after.supply - planned).mul(after.days, axis=0).sum()
    used = _more(after.supply, outcome.plan.supply, days)
    used["gwh"] = np.minimum(used["gwh"], net[used.index])
    return [
        (_KINDS.get(row["carrier"], "source"), row["title"], home[row["node"]], *use, price[supply], row["lead_days"])
        for supply, use in used[used["gwh"] > _LEAST_GWH].iterrows()
        for row in [supplies.loc[supply]]
    ]


def _stored(outcome: GasOutcome, after: GasFlow, days: pd.Series[float]) -> _Rows:
    storages = outcome.case.storages
    later = after.days.where(days == 0, 0.0)
    weight = (later if later.sum() > 0 else after.days) / (later.sum() or after.days.sum())
    back = after.price[storages["node"]].set_axis(storages.index, axis=1).mul(weight, axis=0).sum()
    used = _more(after.withdrawal, outcome.plan.withdrawal, days)
    return [("storage", *storages.loc[p, ["title", "country"]], *use, back[p], 0.0) for p, use in used.iterrows()]


def _reversed(outcome: GasOutcome, after: GasFlow, days: pd.Series[float]) -> _Rows:
    pipes = outcome.case.pipes
    crossing = pipes.index[pipes["from_country"] != pipes["to_country"]]
    used = _more(after.backward[crossing], outcome.plan.backward[crossing], days)
    named = pipes[["title", "from_country", "tariff"]]
    return [
        ("reverse flow", *named.loc[p, ["title", "from_country"]], *use, named.at[p, "tariff"], 0.0)
        for p, use in used.iterrows()
    ]


def _left(outcome: GasOutcome, after: GasFlow, days: pd.Series[float]) -> _Rows:
    demands = outcome.case.demands
    nothing = after.unmet * 0.0
    return [
        ("less demand", f"{row['tier']}", row["country"], use["gwh"], use["most"], row["penalty"], 0.0)
        for demand, use in _more(after.unmet, nothing, days).iterrows()
        for row in [demands.loc[demand]]
        if row["tier"] != HUB
    ]
