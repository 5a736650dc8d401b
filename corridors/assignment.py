"""Assignment: which routes a demand takes, by choice of the shippers (logit) or by plan (optimum)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError, Prices, Supernetwork, build, generalised_cost, goods_prices, load_tables
from networks.errors import nearest
from solvers import assign_logit, solve_flow

from .assigned import Assignment
from .catalogue import ANY, Corridor, Filters, load_catalogue
from .finder import PairSearch, open_year
from .freight import demand_of
from .past import PAST_YEARS, documented, past_arcs, year_inputs
from .route_sets import route_sets

__all__ = ["ShipperClass", "assign"]

METHODS = ("logit", "optimum")
_SUM = 1e-9


class ShipperClass(NamedTuple):
    """Shippers of one class of goods who think alike.

    Attributes
    ----------
    goods : str
        Row of ``goods.csv``.
    share : float
        Of the goods' quantity.
    value_of_time : float or None
        USD per TEU and hour; None: that of the goods.
    avoid : tuple of str
        Countries, groups, places, links and modes that they use at no price.
    """

    goods: str
    share: float = 1.0
    value_of_time: float | None = None
    avoid: tuple[str, ...] = ()


def assign(
    demand: pd.DataFrame,
    *,
    method: Literal["logit", "optimum"] = "logit",
    unmet_penalty: float,
    scale: float | None = None,
    constants: Mapping[str, float] | None = None,
    shippers: Sequence[ShipperClass] | None = None,
    corridors: Sequence[str] | None = None,
    avoid: Iterable[str] = (),
    year: int | None = None,
    carbon_price: float | None = None,
    handling: bool = True,
    gap: float = 1e-6,
    folder: str | Path | None = None,
    catalogue: str | Path | None = None,
) -> Assignment:
    """Assign a demand to routes under the capacities of the network.

    Parameters
    ----------
    demand : DataFrame
        ``origin``, ``destination`` (places), ``goods`` (row of ``goods.csv``) and ``teu_per_year``.
    method : str
        ``logit``: shippers choose between the best routes of the corridors, waiting where one is full.
        ``optimum``: least generalised cost of all together, over the whole network.
    unmet_penalty : float
        Cost of a TEU that is not sent, USD, finite, so that what cannot be sent is told; more than the
        generalised cost of the dearest goods on a way that they should take, or they stay at home.
    scale : float
        How sharply cost decides between routes, per USD; logit only.
    constants : mapping, optional
        USD/TEU that shippers feel on a corridor, or on all of a family, beside its cost (subsidy, comfort,
        habit; negative: in its favour); logit only.
    shippers : sequence of ShipperClass, optional
        Classes within the goods; their shares sum to one for each goods. Otherwise one per goods.
    corridors : sequence of str, optional
        Corridor ids that may be used; otherwise all of the catalogue, and for a pair that none has a route
        for, its cheapest way. Logit only.
    avoid : iterable of str
        What nobody may use.
    year : int, optional
        State of the network, see `compare_routes`; or 2019 to 2025, then prices and times are those documented
        for the year, see `past_arcs`.
    carbon_price : float, optional
        USD per tonne of CO2e.
    handling : bool
        Whether loading at the origin and unloading at the destination are counted.
    gap : float
        Relative: residual of the logit's capacities, or gap of the optimum.
    folder, catalogue : path, optional
        Tables and corridors of your own.

    Returns
    -------
    Assignment

    Raises
    ------
    PlaceError, DataError
        Anything that was typed wrong.

    Notes
    -----
    `solvers.assign_logit` and `solvers.solve_flow`. Capacities are those of `networks`, in TEU a year, all
    goods together; routes of one corridor that differ are one alternative, its cheapest.
    """
    if not 0 <= unmet_penalty < math.inf:
        raise DataError(
            [f"unmet_penalty: got {unmet_penalty!r}, expected a finite number of zero or more, USD per TEU"]
        )
    if method not in METHODS:
        raise DataError(
            [f"method: got {method!r}, expected one of {', '.join(METHODS)}{nearest(str(method), METHODS)}"]
        )
    tables = load_tables(folder)
    base = int(tables.parameter("base_year"))
    filters = Filters(build(tables))
    if year is not None and year in PAST_YEARS and documented(filters):
        filters = Filters(replace(filters.network, arcs=past_arcs(filters, year, year_inputs(folder=folder))))
        state = base
    else:
        state = open_year(year, base)
    known = load_catalogue(catalogue, folder)
    table = demand_of(demand, filters)
    classes = _classes(table, shippers, filters)
    prices = [_prices(filters, c, carbon_price) for c in classes]
    shown = state if year is None else year
    case = _Case(filters, state, shown, table, classes, prices, tuple(avoid), handling)
    if method == "optimum":
        if scale is not None or constants or corridors is not None:
            raise DataError(["scale, constants and corridors belong to method 'logit'; the optimum knows costs only"])
        return _optimum(case, known, unmet_penalty, gap)
    if scale is None:
        raise DataError(["scale: expected how sharply cost decides, per USD"])
    chosen, fallback = _chosen(corridors, known), [ANY] if corridors is None else []
    return _logit(case, chosen, fallback, unmet_penalty, scale, _constants(constants or {}, known), gap)


@dataclass(frozen=True)
class _Case:
    """Everything that both methods need."""

    filters: Filters
    year: int  # whose lines are open
    shown_year: int
    demand: pd.DataFrame
    classes: list[ShipperClass]
    prices: list[Prices]
    avoid: tuple[str, ...]
    handling: bool

    @property
    def network(self) -> Supernetwork:
        return self.filters.network

    def costs(self) -> list[npt.NDArray[np.float64]]:
        """Return the generalised cost of each arc for each class."""
        arcs = self.network.arcs
        return [generalised_cost(arcs, p)["cost_usd_per_teu"].to_numpy() for p in self.prices]

    def parts(self) -> pd.DataFrame:
        """Return the rows of demand by class: ``row``, ``class`` (number), ``teu``."""
        rows = [
            (row.Index, number, row.teu_per_year * c.share)
            for row in self.demand.itertuples()
            for number, c in enumerate(self.classes)
            if c.goods == row.goods
        ]
        return pd.DataFrame(rows, columns=["row", "class", "teu"])


def _classes(demand: pd.DataFrame, shippers: Sequence[ShipperClass] | None, filters: Filters) -> list[ShipperClass]:
    goods = list(dict.fromkeys(demand["goods"]))
    if shippers is None:
        return [ShipperClass(name) for name in goods]
    for name in goods:
        total = sum(c.share for c in shippers if c.goods == name)
        if abs(total - 1) > _SUM or any(c.share < 0 for c in shippers):
            raise DataError(
                [f"shippers of {name!r}: shares sum to {total:g}, expected shares of zero or more that sum to 1"]
            )
    for c in shippers:
        filters.avoiding(c.avoid)
    return [c for c in shippers if c.goods in goods and c.share > 0]


def _prices(filters: Filters, shipper: ShipperClass, carbon_price: float | None) -> Prices:
    return goods_prices(
        filters.tables,
        shipper.goods,
        value_of_time_usd_per_teu_h=shipper.value_of_time,
        carbon_price_usd_per_t=carbon_price,
    )


def _chosen(wanted: Sequence[str] | None, known: Mapping[str, Corridor]) -> list[Corridor]:
    if wanted is None:
        return list(known.values())
    wrong = [f"no corridor is called {w!r}{nearest(w, known)}" for w in wanted if w not in known]
    if wrong:
        raise DataError(wrong)
    return [known[w] for w in wanted]


def _constants(given: Mapping[str, float], known: Mapping[str, Corridor]) -> dict[str, float]:
    """Return the constant of each corridor; its own comes before that of its family."""
    families = {c.family for c in known.values()}
    names = [*known, *families]
    wrong = [f"constants: no corridor or family is called {n!r}{nearest(n, names)}" for n in given if n not in names]
    if wrong:
        raise DataError(wrong)
    return {name: given.get(name, given.get(c.family, 0.0)) for name, c in {**known, ANY.corridor_id: ANY}.items()}


def _logit(
    case: _Case,
    corridors: list[Corridor],
    fallback: list[Corridor],
    penalty: float,
    scale: float,
    constants: Mapping[str, float],
    gap: float,
) -> Assignment:
    costs, parts = case.costs(), case.parts()
    found = [sets.assign(**{"class": number}) for number, sets in enumerate(_sets(case, corridors, fallback, costs))]
    sets = pd.concat(found, ignore_index=True)
    ends = parts.join(case.demand[["origin", "destination"]], on="row").reset_index(names="demand")
    routes = ends.merge(sets, on=["origin", "destination", "class"])
    cost = [float(costs[c][list(path)].sum()) for c, path in zip(routes["class"], routes["path"], strict=True)]
    felt = np.array(cost) + routes["corridor"].map(constants).to_numpy(dtype=float)
    used = sorted({arc for path in routes["path"] for arc in path})
    arcs = case.network.arcs.loc[used]
    shared = arcs["capacity_group"] != ""
    table = pd.DataFrame(
        {
            "capacity": np.inf,
            "length": arcs["km"].fillna(0.0).clip(lower=0.0),
            "group": arcs["capacity_group"].where(shared, None),
            "group_capacity": arcs["capacity_teu_per_year"].where(shared),
        }
    )
    answer = assign_logit(
        table,
        parts.rename(columns={"teu": "quantity"}),
        routes.assign(path=routes["path"].map(list), cost=felt),
        scale=scale,
        unmet_penalty=penalty,
        residual=gap,
    )
    frame = routes.assign(
        cost_usd_per_teu=cost,
        constant_usd_per_teu=felt - np.array(cost),
        waiting_usd_per_teu=answer.routes["waiting_cost"],
        teu_per_year=answer.routes["flow"],
    )
    wait = answer.waiting.groupby(table["group"]).max()
    return Assignment.of("logit", answer.status, answer.residual, case, frame, parts, answer.unmet, wait)


def _sets(
    case: _Case, corridors: list[Corridor], fallback: list[Corridor], costs: list[npt.NDArray[np.float64]]
) -> list[pd.DataFrame]:
    """Return the route sets of each class; a pair without a route by the corridors gets those of the fallback."""
    demand = case.demand
    pairs = {
        goods: sorted(set(zip(t["origin"], t["destination"], strict=True))) for goods, t in demand.groupby("goods")
    }
    found: list[pd.DataFrame] = []
    for number, shipper in enumerate(case.classes):

        def search(wanted: list[Any], by: list[Corridor], number: int = number) -> pd.DataFrame:
            avoid = (*case.avoid, *case.classes[number].avoid)
            cost = {str(number): costs[number]}
            return route_sets(case.filters, wanted, cost, by, year=case.year, avoid=avoid, handling=case.handling)

        sets = search(pairs[shipper.goods], corridors)
        served = set(zip(sets["origin"], sets["destination"], strict=True))
        rest = search([pair for pair in pairs[shipper.goods] if pair not in served], fallback)
        found.append(pd.concat([sets, rest], ignore_index=True))
    return found


def _optimum(case: _Case, known: Mapping[str, Corridor], penalty: float, gap: float) -> Assignment:
    net, costs, parts = case.network, case.costs(), case.parts()
    open_ = case.filters.avoiding(case.avoid) & (net.arcs["opens_year"].to_numpy(dtype=float) <= case.year)
    shared = net.arcs["capacity_group"] != ""
    arcs = pd.DataFrame(
        {
            "tail": net.arcs["tail"],
            "head": net.arcs["head"],
            "cost": 0.0,
            "capacity": np.inf,
            "group": net.arcs["capacity_group"].where(shared, None),
            "group_capacity": net.arcs["capacity_teu_per_year"].where(shared),
        }
    )
    for number, (shipper, cost) in enumerate(zip(case.classes, costs, strict=True)):
        allowed = open_ & case.filters.avoiding(shipper.avoid)
        arcs[f"cost_{number}"] = np.where(allowed, cost, np.inf)
    ends = parts.join(case.demand[["origin", "destination"]], on="row")
    arcs = pd.concat([arcs, _connectors(case, ends, len(costs))])
    demands = pd.DataFrame(
        {
            "origin": [("from", place) for place in ends["origin"]],
            "destination": [("to", place) for place in ends["destination"]],
            "quantity": parts["teu"],
            "class": parts["class"],
        }
    )
    answer = solve_flow(arcs, demands, unmet_penalty=penalty, gap=gap)
    routes = pd.DataFrame(
        {
            "demand": answer.paths["demand"],
            "path": [tuple(a for a in path if not isinstance(a, tuple)) for path in answer.paths["path"]],
            "teu_per_year": answer.paths["flow"],
        }
    ).reset_index(drop=True)
    frame = routes.join(ends, on="demand")
    frame["cost_usd_per_teu"] = [
        float(costs[c][list(path)].sum()) for c, path in zip(frame["class"], frame["path"], strict=True)
    ]
    served = _corridor_of(case, frame, known)
    frame = frame.assign(corridor=served, family=[known[c].family if c in known else "other" for c in served])
    frame = frame.assign(constant_usd_per_teu=0.0, waiting_usd_per_teu=0.0)
    return Assignment.of("optimum", answer.status, answer.gap, case, frame, parts, answer.unmet, answer.group_price)


def _connectors(case: _Case, ends: pd.DataFrame, classes: int) -> pd.DataFrame:
    """Return free arcs from each origin into the network, and out of it to each destination."""
    net = case.network
    rows: list[tuple[Any, Any]] = []
    for place in dict.fromkeys(ends["origin"]):
        rows += [(("from", place), node) for node in net.ends(place, handling=case.handling)[0]]
    for place in dict.fromkeys(ends["destination"]):
        rows += [(node, ("to", place)) for node in net.ends(place, handling=case.handling)[1]]
    frame = pd.DataFrame(
        {
            "tail": pd.Series([tail for tail, _ in rows], dtype=object),
            "head": pd.Series([head for _, head in rows], dtype=object),
        }
    )
    frame.index = pd.Index([("end", i) for i in range(len(rows))], tupleize_cols=False)
    costs: dict[str, Any] = {f"cost_{number}": 0.0 for number in range(classes)}
    return frame.assign(cost=0.0, capacity=np.inf, group=None, group_capacity=np.nan, **costs)


def _corridor_of(case: _Case, frame: pd.DataFrame, known: Mapping[str, Corridor]) -> list[str]:
    """Return the first corridor of the catalogue whose filter each path passes, or ``any``."""
    arcs = case.network.arcs
    start, end = arcs["from_place_id"].to_numpy(), arcs["to_place_id"].to_numpy()
    allowed = {name: case.filters.avoiding(corridor.avoid) for name, corridor in known.items()}
    orders: dict[tuple[str, str], dict[str, list[list[frozenset[str]]]]] = {}
    for pair in dict.fromkeys(zip(frame["origin"], frame["destination"], strict=True)):
        search = PairSearch(case.filters, *pair, np.zeros(len(arcs)), (), case.year, case.handling)
        orders[pair] = {name: search.orders(c) for name, c in known.items() if search.serves(c)}
    found = []
    for row in frame.itertuples():
        path = list(row.path)
        places = [start[path[0]], *end[path]]
        passed = (
            name
            for name, ways in orders[row.origin, row.destination].items()
            if allowed[name][path].all() and any(_passes(places, steps) for steps in ways)
        )
        found.append(next(passed, ANY.corridor_id))
    return found


def _passes(places: Sequence[str], steps: Sequence[frozenset[str]]) -> bool:
    todo = list(steps)
    for place in places:
        while todo and place in todo[0]:
            todo.pop(0)
    return not todo
