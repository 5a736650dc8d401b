"""What comes of a year of gas: who is short, what moves where, what it costs, on whom it depends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from networks import DataError
from networks.errors import nearest
from solvers import GasFlow

from .case import HUB, GasCase
from .energy import gcv

__all__ = ["RULES", "GasOutcome"]

RULES = ("cooperative", "own_first")
_LEAST_GWH = 0.1  # some 10,000 m3: below which nobody counts as short
_BY = ("country", "tier", "day")


@dataclass(frozen=True, eq=False, repr=False)
class GasOutcome:
    """A year as planned, and after a surprise.

    Attributes
    ----------
    planned_case, case : GasCase
        The year as known at its start; what was left of it on the day of the surprise, with it. The same without one.
    plan : GasFlow
        The year as planned, what lacks shared by equal rates.
    flows : mapping of str to GasFlow
        What came of it by rule: ``cooperative``, ``own_first``.
    day : int or None
        Day of the year on which the surprise came.
    """

    planned_case: GasCase
    case: GasCase
    plan: GasFlow
    flows: Mapping[str, GasFlow]
    day: int | None

    @property
    def flow(self) -> GasFlow:
        """What came of it when all share."""
        return self.flows[RULES[0]]

    def unmet(self, by: str = "country", sharing: str = "cooperative") -> pd.DataFrame:
        """Return demand that is not served, from the day of the surprise on, or in the year.

        Parameters
        ----------
        by : str
            ``country``, ``tier`` or ``day``.
        sharing : str
            ``cooperative`` or ``own_first``.

        Returns
        -------
        DataFrame
            ``demand_gwh``, ``served_gwh``, ``unmet_gwh``, ``unmet_mcm`` (by country: in the volumes of its own
            statistics), ``unmet_pct``; by country also ``days_short`` and ``worst_gwh_per_day``. Hubs, which are never
            short, are left out.

        Raises
        ------
        DataError
            Another word.
        """
        rows = self._demand(sharing)
        if by not in _BY:
            raise DataError([f"by: got {by!r}, expected one of {', '.join(_BY)}{nearest(by, _BY)}"])
        sums = rows.groupby(by, sort=False)[["demand_gwh", "served_gwh", "unmet_gwh"]].sum()
        sums["unmet_pct"] = 100.0 * sums["unmet_gwh"] / sums["demand_gwh"].where(sums["demand_gwh"] > 0)
        if by != "country":
            return sums.fillna({"unmet_pct": 0.0})
        daily = rows.groupby(["country", "day"], sort=False)[["unmet_gwh", "days"]].agg(
            {"unmet_gwh": "sum", "days": "first"}
        )
        short = daily[daily["unmet_gwh"] > _LEAST_GWH]
        rates = (short["unmet_gwh"] / short["days"]).groupby("country").max()
        found = sums.assign(
            unmet_mcm=sums["unmet_gwh"] / self.country_gcv.reindex(sums.index),
            days_short=short["days"].groupby("country").sum(),
            worst_gwh_per_day=rates,
        )
        return found.fillna({"unmet_pct": 0.0, "days_short": 0.0, "worst_gwh_per_day": 0.0})

    def whole(self, name: str, sharing: str = "cooperative") -> pd.DataFrame:
        """Return rates of the whole year, as planned until the surprise and then as it came.

        Parameters
        ----------
        name : str
            A table of `GasFlow`: ``flow``, ``forward``, ``supply``, ``level``, ``worth`` and others by period.
        sharing : str
            As of `unmet`.

        Returns
        -------
        DataFrame by period
            Columns and units as of that table.
        """
        planned, now = getattr(self.plan, name), getattr(self._by_rule(sharing), name)
        return pd.concat([planned[planned.index < now.index[0]], now]).fillna(0.0)

    def demand_rows(self, sharing: str = "cooperative") -> pd.DataFrame:
        """Return demand of the whole year by ``country``, ``tier`` and ``day`` (first of the period).

        Parameters
        ----------
        sharing : str
            As of `unmet`.

        Returns
        -------
        DataFrame
            With ``days``, ``demand_gwh``, ``served_gwh``, ``unmet_gwh``; hubs are left out.
        """
        now = self._by_rule(sharing)
        before = self.plan.by_group().reset_index()
        return self._energies(pd.concat([before[before["period"] < now.days.index[0]], now.by_group().reset_index()]))

    def _demand(self, sharing: str) -> pd.DataFrame:
        return self._energies(self._by_rule(sharing).by_group().reset_index())

    def _energies(self, rows: pd.DataFrame) -> pd.DataFrame:
        rows = rows[rows["tier"] != HUB].rename(columns={"group": "country", "period": "day"})
        rows["days"] = rows["day"].map(self.plan.days)
        for column in ("demand", "served", "unmet"):
            rows[f"{column}_gwh"] = rows[column] * rows["days"]
        return rows

    def _by_rule(self, sharing: str) -> GasFlow:
        if sharing not in self.flows:
            raise DataError([f"sharing: got {sharing!r}, expected {' or '.join(RULES)}{nearest(sharing, RULES)}"])
        return self.flows[sharing]

    @cached_property
    def country_gcv(self) -> pd.Series[float]:
        """Gross calorific values by country, kWh per m3, of the volumes of its own statistics."""
        demand = self.case.tables.demand.drop_duplicates("country_id", keep="last").set_index("country_id")
        return pd.Series(gcv(self.case.tables.bases, demand["basis_id"]), demand.index)

    def pipes(self, by: str = "line", sharing: str = "cooperative") -> pd.DataFrame:
        """Return what goes through pipes from the day of the surprise on, beside the plan of the same days.

        Parameters
        ----------
        by : str
            ``line`` (most that any pipe of it carries) or ``pipe``.
        sharing : str
            As of `unmet`.

        Returns
        -------
        DataFrame
            ``planned_bcm``, ``bcm``, ``change_bcm`` (net, in the basis of each pipe), ``worth_usd_per_mwh`` (mean worth
            of one more unit of capacity), ``full_pct`` (share of the time at its limit).

        Raises
        ------
        DataError
            Another `by` or `sharing`.
        """
        if by not in ("line", "pipe"):
            raise DataError([f"by: got {by!r}, expected line or pipe{nearest(by, ('line', 'pipe'))}"])
        flow, pipes = self._by_rule(sharing), self.case.pipes
        net = _of_pipes(flow.flow, pipes.index)
        planned = _of_pipes(self.plan.flow, pipes.index).reindex(net.index)
        per_bcm = pipes["kwh_per_m3"] * 1000.0
        worth = _of_pipes(flow.worth, pipes.index)
        days = flow.days
        found = pd.DataFrame(
            {
                "line": pipes["line"],
                "planned_bcm": planned.mul(days, axis=0).sum() / per_bcm,
                "bcm": net.mul(days, axis=0).sum() / per_bcm,
                "worth_usd_per_mwh": worth.mul(days, axis=0).sum() / days.sum(),
                "full_pct": 100.0 * worth.gt(1e-6).mul(days, axis=0).sum() / days.sum(),
            }
        )
        found.insert(3, "change_bcm", found["bcm"] - found["planned_bcm"])
        if by == "pipe":
            return found
        size = found[["planned_bcm", "bcm"]].abs().max(axis=1)
        fullest = size.groupby(found["line"], sort=False).idxmax()
        return found.loc[fullest].set_index("line")

    def prices(self, sharing: str = "cooperative") -> pd.DataFrame:
        """Return mean prices at the markets of countries from the day of the surprise on.

        Parameters
        ----------
        sharing : str
            As of `unmet`.

        Returns
        -------
        DataFrame by country
            USD per MWh: ``planned``, ``now`` and ``highest``.
        """
        flow = self._by_rule(sharing)
        markets = self.case.demands.drop_duplicates("country").set_index("country")["node"]
        now = flow.price[markets].set_axis(markets.index, axis=1)
        before = self.plan.price[markets].set_axis(markets.index, axis=1).reindex(now.index)
        weight = flow.days / flow.days.sum()
        return pd.DataFrame(
            {
                "planned": before.mul(weight, axis=0).sum(),
                "now": now.mul(weight, axis=0).sum(),
                "highest": now.max(),
            }
        )

    def origins(self) -> pd.DataFrame:
        """Return whose gas each country uses.

        Returns
        -------
        DataFrame by country
            Per cent by seller, and ``hhi``, the Herfindahl-Hirschman index: the sum of squared percentages, 10,000
            where all comes from one seller. Sellers of LNG are one.

        Notes
        -----
        Gas mixes in proportion at each place; what storages give more than they take in counts as ``stock``.
        """
        mixed = self.flow.origins()
        seller = self.case.supplies["country"].to_dict() | {"storage": "stock"}
        by_seller = mixed.T.groupby([seller[s] for s in mixed.columns]).sum().T
        return _dependence(by_seller, self._weights())

    def transits(self) -> pd.DataFrame:
        """Return through which countries the gas of each has come.

        Returns
        -------
        DataFrame by country
            Per cent by country passed, which add up to more than 100 where a way passes several, and their ``hhi``.
        """
        return _dependence(self.flow.transits(), self._weights())

    def _weights(self) -> pd.Series[float]:
        """Return what is served at each node, by country and node."""
        p = self.flow.problem
        served = pd.Series(p.days @ (p.quantity - self.flow.unmet.to_numpy()), p.demands)
        nodes = pd.Series([p.nodes[n] for n in p.demand_node.tolist()], p.demands)
        countries = self.case.demands["country"].reindex(p.demands)
        keep = (self.case.demands["tier"].reindex(p.demands) != HUB).to_numpy()
        return served[keep].groupby([countries[keep], nodes[keep]]).sum().rename_axis(["country", "node"])

    def emissions(self) -> pd.DataFrame:
        """Return emissions of moving gas in the year by line, tCO2e: ``fuel`` burnt and ``methane`` lost.

        Fuel gas is all that pipes lose in the model; methane is a share by distance (TANAP's of 2024) at its warming
        over 100 years.
        """
        tables, pipes = self.case.tables, self.case.pipes
        moved = _of_pipes(self.whole("forward") + self.whole("backward"), pipes.index).mul(self.plan.days, axis=0).sum()
        fuel = moved * pipes["loss"] * 1e6 * tables.parameter("gas_co2_kg_per_kwh") / 1000.0
        share = tables.parameter("gas_methane_loss_pct_per_1000km") / 100.0 * pipes["length_km"] / 1000.0
        tonnes = moved * share * 1e6 / _KWH_PER_KG_METHANE / 1000.0
        found = pd.DataFrame({"fuel": fuel, "methane": tonnes * tables.parameter("gas_methane_gwp100")})
        return found.groupby(pipes["line"], sort=False).sum()

    @property
    def estimates(self) -> tuple[int, int]:
        """How many of the figures behind it are estimates, and how many there are: capacities, supplies, demand."""
        graded = [self.case.pipes["grade"], self.case.supplies["grade"], self.case.storages["grade"]]
        graded += [self.case.demands["grade"], self.case.contracts["grade"]]
        grades = pd.concat(graded)
        return int((grades == "EST").sum()), len(grades)

    @property
    def answer(self) -> str:
        """Who is short by how much, by both rules, in one or two sentences."""
        first = self._said(RULES[0])
        if self.flow.unmet_total() <= _LEAST_GWH:
            cost = f" It costs {self.extra_cost / 1000:,.0f} million USD." if self.day is not None else ""
            return f"Nobody is short.{cost}"
        second = self._said(RULES[1])
        return f"{first} If each country serves itself first: {second[0].lower()}{second[1:]}"

    def _said(self, sharing: str) -> str:
        table = self.unmet("country", sharing)
        short = table[table["unmet_gwh"] > _LEAST_GWH].sort_values("unmet_gwh", ascending=False)
        if short.empty:
            return "Nobody is short."
        name = self.case.tables.countries["name"]
        parts = [
            f"{name[c]} {row['unmet_mcm']:,.0f} mcm ({row['unmet_pct']:.1f} %)" for c, row in short.head(4).iterrows()
        ]
        more = f" and {len(short) - 4} others" if len(short) > 4 else ""
        return f"{short['unmet_mcm'].sum():,.0f} mcm lack: {', '.join(parts)}{more}."

    @cached_property
    def extra_cost(self) -> float:
        """What the surprise costs until the end of the year, thousand USD, unmet demand at its penalties included."""
        if self.day is None:
            return 0.0
        return self.flow.objective + self.plan.spent(self.flow.days.index[0]) - self.plan.objective

    def __repr__(self) -> str:
        """Answer, then who is short."""
        return f"{self.answer}\n\n{self.unmet().round(1).to_string()}"


_KWH_PER_KG_METHANE = 15.4  # gross calorific value of methane, 55.5 MJ/kg


def _of_pipes(rates: pd.DataFrame, pipes: pd.Index[str]) -> pd.DataFrame:
    """Return rates by pipe, with what layers of refused gas send through it."""
    named = rates.columns.astype(str).str.split("|").str[0]
    return rates.T.groupby(named).sum().T.reindex(columns=pipes, fill_value=0.0)


def _dependence(shares: pd.DataFrame, weights: pd.Series[float]) -> pd.DataFrame:
    """Return shares by country, per cent, from those at its places, and the sum of their squares."""
    rows = {}
    for country, part in weights.groupby(level="country", sort=False):
        amounts = part.droplevel("country")
        total = float(amounts.sum())
        mine = shares.reindex(amounts.index)
        rows[country] = 100.0 * (mine.mul(amounts, axis=0).sum() / total if total > 0 else mine.sum() * 0.0)
    found = pd.DataFrame.from_dict(rows, orient="index").rename_axis("country")
    kept = found.loc[:, found.max() > 1e-6]
    return kept.assign(hhi=(kept**2).sum(axis=1))
