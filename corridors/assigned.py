"""What an assignment gives back: routes, flows by corridor, bottlenecks, what is not sent, cost and emissions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from networks import DataError, Supernetwork
from networks.errors import nearest
from solvers import Queue, deterministic_queue

__all__ = ["Assignment", "crossings"]

HOURS_A_DAY = 24

_KEYS = ("family", "corridor", "goods", "class", "origin", "destination")
_ADDED = ("km", "hours", "tariff_usd_per_teu", "kgco2e_per_t", "figures", "estimates")


@dataclass(frozen=True, eq=False)
class Assignment:
    """Flows on routes.

    Attributes
    ----------
    method : str
        ``logit`` or ``optimum``.
    status : str
        ``converged`` or ``optimal``: within what was asked; anything else is as the solver names it.
    gap : float
        Residual of the capacities (logit), or relative gap to the proven bound (optimum).
    year : int
        State of the network.
    network : Supernetwork
        The network under it.
    table : DataFrame
        One row per route and class of shippers, see `routes`.
    unmet_teu_per_year : float
        TEU a year that are not sent.
    demand_teu_per_year : float
        TEU a year that are wanted.
    scarcity : Series by capacity group
        USD/TEU: waiting where a capacity is full (logit), or the worth of one more unit of it (optimum).
    estimates : float
        Share of the figures behind the routes, by TEU, that are estimates.
    """

    method: str
    status: str
    gap: float
    year: int
    network: Supernetwork
    table: pd.DataFrame
    unmet_teu_per_year: float
    demand_teu_per_year: float
    scarcity: pd.Series[float]
    estimates: float

    @classmethod
    def of(
        cls,
        method: str,
        status: str,
        gap: float,
        case: Any,
        routes: pd.DataFrame,
        parts: pd.DataFrame,
        unmet: pd.Series[float],
        scarcity: pd.Series[float],
    ) -> Assignment:
        """Add what the routes are made of to what a solver found.

        Parameters
        ----------
        method, status : str
            How it was assigned, and what the solver says.
        gap : float
            Relative; how far from the proof it may be.
        case : object
            What was solved: ``network``, ``classes``, ``prices``, ``shown_year``.
        routes : DataFrame
            ``origin``, ``destination``, ``class``, ``corridor``, ``family``, ``path``, ``teu_per_year`` and costs,
            USD/TEU.
        parts : DataFrame
            ``teu`` a year that each part of the demand wants.
        unmet : Series by part
            TEU a year.
        scarcity : Series by capacity group
            USD/TEU, as of the attribute.

        Returns
        -------
        Assignment
            With its table of routes.
        """
        arcs = case.network.arcs
        crossed = crossings(routes["path"], len(arcs))
        goods = [case.classes[c].goods for c in routes["class"]]
        load = np.array([case.prices[c].load_t_per_teu for c in routes["class"]])
        sums = {name: crossed @ arcs[name].to_numpy(dtype=float) for name in _ADDED}
        table = pd.DataFrame(
            {
                "origin": routes["origin"],
                "destination": routes["destination"],
                "goods": goods,
                "class": routes["class"],
                "corridor": routes["corridor"],
                "family": routes["family"],
                "teu_per_year": routes["teu_per_year"],
                "km": sums["km"],
                "days": sums["hours"] / HOURS_A_DAY,
                "tariff_usd_per_teu": sums["tariff_usd_per_teu"],
                "cost_usd_per_teu": routes["cost_usd_per_teu"],
                "constant_usd_per_teu": routes["constant_usd_per_teu"],
                "waiting_usd_per_teu": routes["waiting_usd_per_teu"],
                "kgco2e_per_teu": load * sums["kgco2e_per_t"],
                "path": routes["path"],
            }
        )
        weight = table["teu_per_year"].to_numpy()
        figures, guessed = float(sums["figures"] @ weight), float(sums["estimates"] @ weight)
        share = guessed / figures if figures > 0 else 0.0
        wanted = float(parts["teu"].sum())
        return cls(
            method, status, gap, case.shown_year, case.network, table, float(unmet.sum()), wanted, scarcity, share
        )

    def routes(self) -> pd.DataFrame:
        """Return the routes that carry something.

        Returns
        -------
        DataFrame
            ``origin``, ``destination``, ``goods``, ``class`` (number), ``corridor``, ``family``,
            ``teu_per_year``, ``km``, ``days``, ``tariff_usd_per_teu``, ``cost_usd_per_teu`` (generalised),
            ``constant_usd_per_teu``, ``waiting_usd_per_teu``, ``kgco2e_per_teu``, ``path`` (arc numbers).
        """
        return self.table[self.table["teu_per_year"] > 0].reset_index(drop=True)

    def flows(self, by: str | Sequence[str] = "family") -> pd.DataFrame:
        """Return what goes where.

        Parameters
        ----------
        by : str or sequence of str
            One or more of family, corridor, goods, class, origin, destination.

        Returns
        -------
        DataFrame
            ``teu_per_year``, ``share`` (of what is sent), and means per TEU: ``days``, ``cost_usd_per_teu``,
            ``waiting_usd_per_teu``, ``kgco2e_per_teu``.

        Raises
        ------
        DataError
            Another word.
        """
        keys = [by] if isinstance(by, str) else list(by)
        for key in keys:
            if key not in _KEYS:
                raise DataError([f"by: got {key!r}, expected one of {', '.join(_KEYS)}{nearest(key, _KEYS)}"])
        means = ["days", "cost_usd_per_teu", "waiting_usd_per_teu", "kgco2e_per_teu"]
        weight = self.table["teu_per_year"]
        heavy = self.table[means].mul(weight, axis=0).assign(teu_per_year=weight, **{k: self.table[k] for k in keys})
        total = heavy.groupby(keys).sum()
        sent = total["teu_per_year"].where(total["teu_per_year"] > 0)
        found = total[["teu_per_year"]].assign(share=total["teu_per_year"] / max(float(weight.sum()), 1e-300))
        return found.join(total[means].div(sent, axis=0)).sort_values("teu_per_year", ascending=False)

    def load(self) -> pd.Series[float]:
        """Return what goes over each arc of the network.

        Returns
        -------
        Series by arc
            ``teu_per_year``.
        """
        arcs = self.network.arcs
        load = crossings(self.table["path"], len(arcs)).T @ self.table["teu_per_year"].to_numpy(dtype=float)
        return pd.Series(load, arcs.index, name="teu_per_year")

    def bottlenecks(self, at_least: float = 0.0) -> pd.DataFrame:
        """Return how full capacities are, fullest first.

        Parameters
        ----------
        at_least : float
            Utilisation from which a capacity is listed.

        Returns
        -------
        DataFrame by capacity group
            ``teu_per_year``, ``capacity_teu_per_year``, ``utilisation``, ``scarcity_usd_per_teu``,
            ``capacity_grade``.
        """
        arcs = self.network.arcs
        inside = arcs["capacity_group"] != ""
        groups = arcs[inside].groupby("capacity_group")
        found = pd.DataFrame(
            {
                "teu_per_year": self.load()[inside].groupby(arcs.loc[inside, "capacity_group"]).sum(),
                "capacity_teu_per_year": groups["capacity_teu_per_year"].first(),
            }
        )
        room = found["capacity_teu_per_year"]
        found["utilisation"] = (found["teu_per_year"] / room.where(room > 0)).fillna(0.0)
        found["scarcity_usd_per_teu"] = self.scarcity.reindex(found.index).fillna(0.0)
        found["capacity_grade"] = groups["capacity_grade"].first()
        used = found[(found["teu_per_year"] > 0) & (found["utilisation"] >= at_least)]
        return used.sort_values("utilisation", ascending=False)

    def queue(self, group: str, closed_h: float) -> Queue:
        """Return the queue that a short closure leaves, all cargo waiting for the way to open again.

        Parameters
        ----------
        group : str
            Capacity, a row of `bottlenecks`.
        closed_h : float
            Hours that nothing passes.

        Returns
        -------
        solvers.Queue
            In TEU and hours, from the hour of the closure. Cargo comes evenly through the year and is worked off
            at the full capacity of the way; where there is no capacity to spare the queue never clears.

        Raises
        ------
        DataError
            Unknown capacity, or hours below zero.
        """
        rooms = self.bottlenecks()
        if group not in rooms.index:
            raise DataError([f"no capacity that is used is called {group!r}{nearest(group, rooms.index)}"])
        if not 0 <= closed_h < float("inf"):
            raise DataError([f"closed_h: got {closed_h!r}, expected hours of zero or more"])
        hours = HOURS_A_DAY * self.network.tables.parameter("days_per_year")
        comes = float(rooms.at[group, "teu_per_year"]) / hours
        goes = float(rooms.at[group, "capacity_teu_per_year"]) / hours
        service = [(0.0, 0.0), (closed_h, goes)] if closed_h else [(0.0, goes)]
        return deterministic_queue([(0.0, comes)], service)

    def totals(self) -> pd.Series[float]:
        """Return sums over all that is sent.

        Returns
        -------
        Series
            ``teu_per_year``, ``unmet_teu_per_year``, ``cost_usd_per_year`` (generalised, without waiting),
            ``waiting_usd_per_year``, ``tco2e_per_year``, ``estimates`` (share of figures that are estimates).
        """
        teu = self.table["teu_per_year"]
        return pd.Series(
            {
                "teu_per_year": float(teu.sum()),
                "unmet_teu_per_year": self.unmet_teu_per_year,
                "cost_usd_per_year": float(teu @ self.table["cost_usd_per_teu"]),
                "waiting_usd_per_year": float(teu @ self.table["waiting_usd_per_teu"]),
                "tco2e_per_year": float(teu @ self.table["kgco2e_per_teu"]) / 1000,
                "estimates": self.estimates,
            }
        )

    def __repr__(self) -> str:
        """Return method, status, what is sent, and shares of families."""
        shares = ", ".join(f"{name} {share:.1%}" for name, share in self.flows()["share"].items())
        return (
            f"Assignment({self.method}, {self.status}, gap {self.gap:.1e}; {self.year}: "
            f"{self.demand_teu_per_year - self.unmet_teu_per_year:,.0f} of {self.demand_teu_per_year:,.0f} TEU a year "
            f"sent; {shares}; {self.estimates:.0%} of the figures are estimates)"
        )


def crossings(paths: Collection[Sequence[int]], arcs: int) -> csr_array:
    """Return how often each path crosses each arc, shape (paths, arcs)."""
    steps = np.fromiter(chain.from_iterable(paths), dtype=np.int64)
    start = np.cumsum([0, *map(len, paths)])
    return csr_array((np.ones(len(steps)), steps, start), shape=(len(paths), arcs))
