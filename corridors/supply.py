"""Supply of a corridor: its cheapest ways for many pairs of places at once, under the capacities on them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError, Supernetwork
from solvers import Graph, shortest_paths
from solvers.parametric import parametric_flow

from .catalogue import Corridor
from .finder import PairSearch
from .search import Layers, layered, returned_to

__all__ = ["Curve", "Supply"]

_MOST_PLACES = 8
"""Places of a corridor that are kept from being passed twice; each doubles its copies."""


class Curve(NamedTuple):
    """Marginal cost by volume.

    Attributes
    ----------
    steps : DataFrame
        ``from_teu``, ``to_teu`` (a year, all pairs together; inf where no capacity is known that ends it),
        ``cost_usd_per_teu`` (of one more), ``binds`` (list of capacity groups that become scarce at
        ``to_teu``, dearest first, each with those of the same capacity that are full with it, such as lines one
        behind the other), ``worth_usd_per_teu`` (of a TEU more on the first and those with it; NaN where the next
        step lies above the ceiling).
    beyond : float
        What one more TEU costs at least after the last step, USD/TEU; inf if that has no end.
    """

    steps: pd.DataFrame
    beyond: float


@dataclass
class Supply:
    """Corridors taken together, for pairs of places that grow in proportion.

    Attributes
    ----------
    title : str
        What the corridors are called together.
    corridors : sequence of Corridor
        Any of them may be used by the pairs that it serves.
    searches : sequence of PairSearch
        The pairs of places.
    shares : ndarray of float, shape (pairs,)
        Share of each pair in every TEU.

    Notes
    -----
    The network is copied for each corridor and number of steps passed (see `layered`), so that a path is
    a route of a corridor; the copies of what has a capacity share it. Paths that come back to a place are
    no routes: where a flow or a path does so, the network is copied again by whether that place was left,
    and the search repeated. What is found is then the least of all routes, since no path was cheaper.
    """

    title: str
    corridors: Sequence[Corridor]
    searches: Sequence[PairSearch]
    shares: npt.NDArray[np.float64]
    once: dict[int, list[str]] = field(default_factory=dict, repr=False)

    @property
    def network(self) -> Supernetwork:
        """The network under it."""
        return self.searches[0].filters.network

    def curve(self, cost: npt.NDArray[np.float64], ceiling: npt.NDArray[np.float64]) -> Curve:
        """Return the marginal cost of the corridors by volume.

        Parameters
        ----------
        cost : ndarray of float, shape (arcs,)
            Generalised cost of each arc of the network, USD/TEU.
        ceiling : ndarray of float, shape (pairs,)
            Cost of a TEU of each pair from which on the curve is not followed, USD/TEU.
        """
        pairs = range(len(self.searches))
        growth = dict(zip(pairs, self.shares.tolist(), strict=True))
        demands = pd.DataFrame(
            {
                "origin": [("from", j) for j in pairs],
                "destination": [("to", j) for j in pairs],
                "quantity": 0.0,
                "unmet_penalty": ceiling,
            },
            index=list(pairs),
        )
        while True:
            arcs = self._arcs
            room = arcs.drop_duplicates("group")["group_capacity"].sum()
            upto = 1.0 + 1.01 * room / self.shares.min()  # beyond it something goes where no limit is known
            table = arcs.assign(cost=np.where(arcs["arc"] >= 0, cost[arcs["arc"]], 0.0))
            steps = parametric_flow(table, demands, growth, upto=upto)
            if self._is_clean(path for flow in steps["flow"] for path in flow.paths["path"]):
                break
        short = np.array([flow.unmet.sum() for flow in steps["flow"]]) > 1e-6 * steps["theta_to"]
        served = steps[~short]
        frame = pd.DataFrame(
            {
                "from_teu": served["theta_from"],
                "to_teu": served["theta_to"].where(served["theta_to"] < upto, np.inf),
                "cost_usd_per_teu": served["marginal_cost"],
                "binds": [self._in_line(row.binds, row.flow) for row in served.itertuples()],
                "worth_usd_per_teu": [worth[0] if worth else np.nan for worth in served["worth"]],
            }
        )
        if short.any() and len(frame):
            frame.loc[frame.index[-1], "worth_usd_per_teu"] = np.nan  # the ceiling would be in it
        return Curve(frame, float(steps.loc[short, "marginal_cost"].min()) if short.any() else np.inf)

    def first(
        self, cost: npt.NDArray[np.float64], per: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return the least cost of the first TEU of each pair, and the sum of another figure on its way.

        Parameters
        ----------
        cost, per : ndarray of float, shape (arcs,)
            Figures of each arc of the network.
        """
        while True:
            arcs = self._arcs
            graph = self._graph.with_cost(np.where(arcs["arc"] >= 0, cost[arcs["arc"]], 0.0))
            paths = [self._cheapest_path(graph, j) for j in range(len(self.searches))]
            if self._is_clean(paths):
                break
        ways = [self._route(path) for path in paths]
        return np.array([cost[way].sum() for way in ways]), np.array([per[way].sum() for way in ways])

    def missing(self) -> list[PairSearch]:
        """Return the pairs for which no corridor has a way that is not closed."""
        known = self._graph.ids
        return [
            search
            for j, search in enumerate(self.searches)
            if ("from", j) not in known
            or not np.isfinite(self._graph.tree(known[("from", j)]).cost[known.get(("to", j), known[("from", j)])])
            or ("to", j) not in known
        ]

    def _cheapest_path(self, graph: Graph, pair: int) -> list[int]:
        path: list[int] | None = shortest_paths(graph, ("from", pair), ("to", pair)).at[0, "path"]
        if path is None:
            raise DataError([f"{self.title}: no route is left that does not come back to a place"])
        return path

    def _is_clean(self, paths: Iterable[Sequence[int]]) -> bool:
        """Say whether no path comes back to a place; else see to it that none of its corridor does there."""
        variants = self._arcs["variant"].to_numpy()
        wrong: set[tuple[int, str]] = set()
        for path in paths:
            place = returned_to(self.network, self._route(path))
            if place:
                wrong.add((int(variants[path[0]]), place))
        for variant, place in sorted(wrong):
            self.once.setdefault(variant, []).append(place)
            if len(self.once[variant]) > _MOST_PLACES:
                raise DataError([f"{self.title}: ways come back to too many places: {', '.join(self.once[variant])}"])
        if wrong:
            for name in ("_arcs", "_graph"):
                self.__dict__.pop(name, None)
        return not wrong

    def _in_line(self, binds: list[tuple[str, str]], flow: Any) -> list[str]:
        """Return the groups that bind, each followed by those of the same capacity that are full with it."""
        arcs = self._arcs
        load = flow.arc_flow.to_numpy()
        full = pd.DataFrame({"load": load}).groupby(arcs["group"].to_numpy())["load"].sum()
        room = arcs.groupby("group")["group_capacity"].first()
        alike = {g: [h for h in room.index if room[h] == room[g] and full[h] >= full[g] * (1 - 1e-9)] for _, g in binds}
        return list(dict.fromkeys(h for g, others in alike.items() for h in (g, *others)))

    def _route(self, path: Sequence[int]) -> list[int]:
        numbers = self._arcs["arc"].to_numpy()[np.asarray(path, dtype=np.int64)]
        return [int(a) for a in numbers if a >= 0]

    @cached_property
    def _graph(self) -> Graph:
        arcs = self._arcs.assign(cost=0.0)
        return Graph.from_arcs(arcs).only(~(arcs["group_capacity"] <= 0).to_numpy())

    @cached_property
    def _arcs(self) -> pd.DataFrame:
        """Arcs of all copies that lie on a way; ``arc``: number in the network, -1 at the ends of a pair."""
        parts: list[pd.DataFrame] = []
        made: dict[tuple[str, tuple[frozenset[str], ...]], tuple[int, int, Layers]] = {}
        offset = 0
        for j, search in enumerate(self.searches):
            starts, _ = self.network.ends(search.origin, handling=search.handling)
            _, finishes = self.network.ends(search.destination, handling=search.handling)
            for corridor in self.corridors:
                if len(self.corridors) > 1 and not search.serves(corridor):
                    continue
                for order in search.orders(corridor):
                    key = corridor.corridor_id, tuple(order)
                    if key not in made:
                        number = len(made)
                        copies = layered(self.network, order, search.allowed(corridor), self.once.get(number, ()))
                        made[key] = number, offset, copies
                        parts.append(_rows(copies.tail + offset, copies.head + offset, copies.arcs, number))
                        offset += copies.size
                    number, base, copies = made[key]
                    first = [int(v) + base for v in copies.enter[starts]]
                    last = [int(v) + base for v in copies.leave[:, finishes].ravel()]
                    parts.append(_rows([("from", j)] * len(first), first, -1, number))
                    parts.append(_rows(last, [("to", j)] * len(last), -1, number))
        frame = pd.concat(parts, ignore_index=True) if parts else _rows([], [], -1, -1)
        return self._with_capacity(self._on_a_way(frame))

    def _on_a_way(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Keep what can be reached from the start of a pair and leads to the end of one."""
        joined = [
            frame.assign(cost=0.0),
            *(_rows(["start"], [("from", j)], -1, -1).assign(cost=0.0) for j in range(len(self.searches))),
            *(_rows([("to", j)], ["end"], -1, -1).assign(cost=0.0) for j in range(len(self.searches))),
        ]
        graph = Graph.from_arcs(pd.concat(joined, ignore_index=True))
        there = np.isfinite(graph.tree(graph.ids["start"]).cost)
        back = np.isfinite(graph.tree(graph.ids["end"], reverse=True).cost)
        kept = (there & back)[graph.tail] & (there & back)[graph.head]
        return frame[kept[: len(frame)]].reset_index(drop=True)

    def _with_capacity(self, frame: pd.DataFrame) -> pd.DataFrame:
        of = self.network.arcs.loc[frame["arc"].where(frame["arc"] >= 0, 0)].reset_index(drop=True)
        shared = (frame["arc"] >= 0) & (of["capacity_group"] != "")
        return frame.assign(
            capacity=np.inf,
            group=of["capacity_group"].where(shared, None),
            group_capacity=of["capacity_teu_per_year"].where(shared),
        )


def _rows(tail: Any, head: Any, arc: Any, variant: int) -> pd.DataFrame:
    ends = {name: pd.Series(list(values), dtype=object) for name, values in (("tail", tail), ("head", head))}
    count = len(ends["tail"])
    return pd.DataFrame({**ends, "arc": np.broadcast_to(arc, count), "variant": variant}, index=range(count))
