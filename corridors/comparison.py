"""A comparison of routes: table, break-even values of time, time/cost-distance, answer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import GRADES, PARTS, DataError, Prices, Supernetwork, generalised_cost, read_table

from .catalogue import Corridor
from .reported import notebook_html
from .search import Route, gateways

if TYPE_CHECKING:
    from .figures import Plots

__all__ = ["RouteComparison"]

_Z90 = 1.2815515655446004


@dataclass(frozen=True)
class RouteComparison:
    """Routes between two places, corridor by corridor.

    Attributes
    ----------
    origin, destination : str
        Place ids.
    year : int
        State of the network.
    prices : Prices
        Worth of time, reliability and carbon that routes were chosen by.
    currency : str
        Currency of all money columns, USD or EUR.
    network : Supernetwork
        Where the routes are.
    found : dict
        Corridor to its routes, cheapest first, as arc numbers; empty where it has none.
    reasons : dict
        Corridor id to the reason why it has no route.
    events : DataFrame
        Disruptions of the year, from ``events.csv``.
    """

    origin: str
    destination: str
    year: int
    prices: Prices
    currency: str
    network: Supernetwork
    found: Mapping[str, tuple[Corridor, list[Route]]]
    reasons: Mapping[str, str]
    events: pd.DataFrame = field(repr=False)

    @cached_property
    def arc_costs(self) -> pd.DataFrame:
        """Parts of the generalised cost of each arc, USD/TEU; columns `networks.PARTS`."""
        return generalised_cost(self.network.arcs, self.prices)

    @property
    def rate(self) -> float:
        """Units of the currency for one USD."""
        return 1.0 if self.currency == "USD" else 1 / self.network.tables.parameter("usd_per_eur")

    def table(self) -> pd.DataFrame:
        """Return one row per route, the best of each corridor first, corridors by generalised cost.

        Returns
        -------
        DataFrame
            ``corridor_id``, ``corridor``, ``rank`` (1: best of the corridor), ``status``, ``km``,
            ``borders``, ``transhipments``, ``gauge_changes``, ``days_p50``, ``days_p90``,
            ``tariff_<cur>_per_teu``, ``kgco2e_per_teu``, ``cost_<cur>_per_teu`` (generalised) and its
            parts ``time_``, ``reliability_``, ``carbon_``, ``worst_grade``, ``estimates_pct`` (share of
            figures that are estimates), ``gateways``, ``events``. A corridor without a route has its
            reason as status and NaN elsewhere. Units in ``attrs["units"]``.
        """
        rows = [self._row(c, rank, r) for c, found in self.found.values() for rank, r in enumerate(found, 1)]
        rows += [self._empty(c) for c, found in self.found.values() if not found]
        frame = pd.DataFrame(rows, columns=list(self._columns))
        best = frame.groupby("corridor_id")[self._money("cost")].transform("min")
        frame = frame.assign(best=best).sort_values(["best", "corridor_id", "rank"], na_position="last")
        frame = frame.drop(columns="best").reset_index(drop=True)
        frame.attrs["units"] = dict(self._columns)
        return frame

    def opened(self) -> pd.DataFrame:
        """Return the links that the year has and the base year has not.

        Returns
        -------
        DataFrame
            Index link id; ``opens_year`` and ``project``, the titles of the projects that open it, or its ends
            where none does. Projects that upgrade a line which is there change no time or price yet.
        """
        tables = self.network.tables
        links = tables.links
        new = (links["opens_year"] > tables.parameter("base_year")) & (links["opens_year"] <= self.year)
        projects = read_table("projects").explode("link_ids")
        titles = projects[projects["effect"] == "opens"].groupby("link_ids")["title"].agg("; ".join)
        found = links.loc[new]
        name = tables.places["name"]
        ends = name[found["from_place_id"]].to_numpy() + " - " + name[found["to_place_id"]].to_numpy()
        between = pd.Series(ends + " (" + found["mode"].to_numpy() + ")", index=found.index)
        project = titles.reindex(found.index).fillna(between)
        return pd.DataFrame({"opens_year": found["opens_year"].astype(int), "project": project})

    def break_even(self) -> pd.DataFrame:
        """Return the value of time at which the best routes of two corridors cost the same.

        Returns
        -------
        DataFrame
            One row per pair: ``cheaper`` and ``faster`` corridor, ``break_even_<cur>_per_teu_h`` and
            ``_per_teu_d``: above it the faster one has the lower generalised cost. NaN where one is both
            cheaper and faster (``faster`` equals ``cheaper``).

        Notes
        -----
        (m_a - m_b) / (h_b - h_a) with m tariff and carbon, h hours and the hours that its spread is worth
        (reliability ratio x variance / reference spread); routes are held fixed.
        """
        best = {cid: self._totals(found[0]) for cid, (_, found) in self.found.items() if found}
        rows = [self._pair(a, b, best[a], best[b]) for a, b in combinations(best, 2)]
        hourly = f"break_even_{self.currency.lower()}_per_teu_h"
        frame = pd.DataFrame(rows, columns=["cheaper", "faster", hourly]).astype({hourly: float})
        return frame.assign(**{hourly.replace("_teu_h", "_teu_d"): frame[hourly] * 24})

    def tcd(self, corridors: Iterable[str] | None = None) -> pd.DataFrame:
        """Return legs and stops of the best routes with running totals (time/cost-distance).

        Parameters
        ----------
        corridors : iterable of str, optional
            Corridor ids; all that have a route otherwise.

        Returns
        -------
        DataFrame
            ``corridor_id``, ``seq``, ``kind``, ``name``, ``country_id``, ``mode``, ``km``, ``h``,
            ``spread_h``, ``<cur>_per_teu``, running ``km_cum``, ``h_cum``, ``<cur>_cum``, ``grade``.

        Notes
        -----
        UNESCAP time/cost-distance method: links give slopes, stops give vertical steps.
        """
        wanted = list(corridors) if corridors is not None else [c for c, (_, f) in self.found.items() if f]
        frames = [self._legs(cid, self._best(cid)) for cid in wanted]
        return pd.concat(frames, ignore_index=True) if frames else self._legs("", ())

    def having(self, corridors: Iterable[str] | None = None) -> list[str]:
        """Return the corridors asked for, or all that have a route, in the order of the catalogue.

        Parameters
        ----------
        corridors : iterable of str, optional
            Ids; otherwise all.

        Raises
        ------
        DataError
            One of them has no route, or there is none.
        """
        found = [c for c, (_, routes) in self.found.items() if routes]
        wanted = found if corridors is None else list(corridors)
        for corridor_id in wanted:
            self._best(corridor_id)
        if not wanted:
            raise DataError(["there is no route to draw or list"])
        return wanted

    def arcs_of(self, corridor_id: str, rank: int = 1) -> pd.DataFrame:
        """Return the arcs of one route, in order.

        Parameters
        ----------
        corridor_id : str
            Of the catalogue.
        rank : int
            1 for its best route.

        Returns
        -------
        DataFrame by arc
            Columns of `networks.Supernetwork.arcs`, and the other parts of the generalised cost, USD/TEU, see
            `networks.PARTS`.

        Raises
        ------
        DataError
            The corridor has no such route.
        """
        found = self.found.get(corridor_id, (None, []))[1]
        if not 1 <= rank <= len(found):
            raise DataError([f"{corridor_id!r} has no route number {rank} here; {self._having()}"])
        order = list(found[rank - 1])
        return self.network.arcs.iloc[order].join(self.arc_costs.drop(columns=PARTS[0]).iloc[order])

    @property
    def plot(self) -> Plots:
        """Figures of the comparison: ``plot.tcd()``, ``plot.map()``."""
        from .figures import Plots

        return Plots(self)

    @property
    def answer(self) -> str:
        """One sentence: which corridor is cheapest, for whom, and what would change that."""
        table = self.table()
        best = table[table["rank"] == 1]
        place = self.network.tables.places["name"]
        head = f"{place[self.origin]} to {place[self.destination]}, {self.year}"
        if best.empty:
            return f"{head}: no corridor has a route."
        seasonal = best["status"].str.contains("months")
        all_year = best[~seasonal] if not seasonal.all() else best
        first, cost = all_year.iloc[0], self._money("cost")
        hour = self.prices.value_of_time_usd_per_teu_h * self.rate
        text = (
            f"{head}: {first['corridor']} has the lowest generalised cost, {first[cost]:,.0f} "
            f"{self.currency}/TEU at {hour:.2f} {self.currency} per TEU and hour ({first['days_p50']:.0f} days, "
            f"nine in ten within {first['days_p90']:.0f}; tariff {first[self._money('tariff')]:,.0f} {self.currency}"
            f"{'' if first['status'] == 'open' else '; ' + first['status']})"
        )
        titles = dict(zip(all_year["corridor_id"], all_year["corridor"], strict=True))
        text += self._rival(str(first["corridor_id"]), titles)
        lower = best[seasonal & (best[cost] < first[cost])]
        return text + "".join(
            f" {r['corridor']} would cost {r[cost]:,.0f}, in {r['status']}." for _, r in lower.iterrows()
        )

    def __repr__(self) -> str:
        """Answer and a small table."""
        return f"{self.answer}\n{self.table().to_string(max_cols=12)}"

    def _repr_html_(self) -> str:
        return notebook_html(self.answer, self.table())

    @property
    def _columns(self) -> dict[str, str]:
        money = f"{self.currency}/TEU"
        return {
            "corridor_id": "",
            "corridor": "",
            "rank": "",
            "status": "",
            "km": "km",
            "borders": "1",
            "transhipments": "1",
            "gauge_changes": "1",
            "days_p50": "d",
            "days_p90": "d",
            self._money("tariff"): money,
            "kgco2e_per_teu": "kgCO2e/TEU",
            self._money("cost"): money,
            self._money("time"): money,
            self._money("reliability"): money,
            self._money("carbon"): money,
            "worst_grade": "",
            "estimates_pct": "%",
            "gateways": "",
            "events": "",
        }

    def _money(self, part: str) -> str:
        return f"{part}_{self.currency.lower()}_per_teu"

    def _row(self, corridor: Corridor, rank: int, route: Route) -> dict[str, Any]:
        arcs = self.network.arcs.iloc[list(route)]
        costs = self.arc_costs.iloc[list(route)].sum() * self.rate
        p50, p90 = _quantiles(arcs["hours"].sum() / 24, math.sqrt((arcs["spread_h"] ** 2).sum()) / 24)
        places = self.network.tables.places["name"]
        events = self._events_on(arcs)
        return {
            "corridor_id": corridor.corridor_id,
            "corridor": corridor.title,
            "rank": rank,
            "status": _status(arcs, events),
            "km": arcs["km"].sum(),
            "borders": self._borders(arcs),
            "transhipments": _transhipments(arcs),
            "gauge_changes": int((arcs["kind"] == "gauge_change").sum()),
            "days_p50": p50,
            "days_p90": p90,
            self._money("tariff"): costs["tariff_usd_per_teu"],
            "kgco2e_per_teu": arcs["kgco2e_per_t"].sum() * self.prices.load_t_per_teu,
            self._money("cost"): costs["cost_usd_per_teu"],
            self._money("time"): costs["time_usd_per_teu"],
            self._money("reliability"): costs["reliability_usd_per_teu"],
            self._money("carbon"): costs["carbon_usd_per_teu"],
            "worst_grade": GRADES[max(GRADES.index(g) for g in arcs["grade"])],
            "estimates_pct": 100 * arcs["estimates"].sum() / arcs["figures"].sum(),
            "gateways": " - ".join(places[p] for p in gateways(self.network, route)),
            "events": "; ".join(dict.fromkeys(f"{e.title} (since {e.start})" for e in events.itertuples())),
        }

    def _empty(self, corridor: Corridor) -> dict[str, Any]:
        text = {"corridor_id": corridor.corridor_id, "corridor": corridor.title}
        blank = {"worst_grade": "", "gateways": "", "events": ""}
        return {**dict.fromkeys(self._columns, np.nan), **blank, **text, "status": self.reasons[corridor.corridor_id]}

    def _borders(self, arcs: pd.DataFrame) -> int:
        """Land borders, and voyages that start and end in different countries."""
        country = self.network.tables.places["country_id"]
        ships = arcs["mode"].isin(["sea", "feeder", "ferry", "inland"])
        afloat = ships & arcs["kind"].isin(["wait", "link", "passage"])
        voyage = (afloat & ~afloat.shift(fill_value=False)).cumsum()[afloat]
        sailed = arcs[afloat].groupby(voyage)
        from_land, to_land = sailed["from_place_id"].first(), sailed["to_place_id"].last()
        abroad = country[from_land].to_numpy() != country[to_land].to_numpy()
        return int((arcs["kind"] == "border").sum()) + int(abroad.sum())

    def _events_on(self, arcs: pd.DataFrame) -> pd.DataFrame:
        places = set(arcs["from_place_id"]) | set(arcs["to_place_id"])
        countries = set(self.network.tables.places["country_id"][list(places)])
        touched = {"places": places, "links": set(arcs["link_id"]), "countries": countries}
        hit = [not touched.get(str(e.element_kind), set()).isdisjoint(e.element_ids) for e in self.events.itertuples()]
        return self.events[np.array(hit, dtype=bool)]

    def _totals(self, route: Route) -> tuple[float, float]:
        """Money and hours (with the hours that the spread is worth) of a route."""
        arcs = self.network.arcs.iloc[list(route)]
        costs = self.arc_costs.iloc[list(route)]
        money = (costs["tariff_usd_per_teu"] + costs["carbon_usd_per_teu"]).sum() * self.rate
        worth = self.prices.reliability_ratio / self.prices.reference_spread_h
        return float(money), float((arcs["hours"] + worth * arcs["spread_h"] ** 2).sum())

    def _pair(self, a: str, b: str, of_a: tuple[float, float], of_b: tuple[float, float]) -> tuple[str, str, float]:
        (cheap, money, hours), (dear, more, fewer) = sorted([(a, *of_a), (b, *of_b)], key=lambda x: (x[1], x[2]))
        if fewer >= hours:
            return cheap, cheap, math.nan
        return cheap, dear, (more - money) / (hours - fewer)

    def _rival(self, winner: str, titles: Mapping[str, str]) -> str:
        """Nearest value of time at which another corridor would win, as the end of a sentence."""
        pairs = self.break_even().dropna()
        pairs = pairs[pairs["cheaper"].isin(titles) & pairs["faster"].isin(titles)]
        value = pairs.columns[2]
        hour = self.prices.value_of_time_usd_per_teu_h * self.rate
        below = pairs[(pairs["faster"] == winner) & (pairs[value] < hour)].nlargest(1, value)
        above = pairs[(pairs["cheaper"] == winner) & (pairs[value] > hour)].nsmallest(1, value)
        parts = [f"below {row[value]:.2f} {titles[row['cheaper']]} is cheaper" for _, row in below.iterrows()]
        parts += [f"above {row[value]:.2f} {titles[row['faster']]} is" for _, row in above.iterrows()]
        return f"; {', '.join(parts)}." if parts else "; no other corridor wins at any value of time."

    def _best(self, corridor_id: str) -> Route:
        found = self.found.get(corridor_id, (None, []))[1]
        if not found:
            raise DataError([f"{corridor_id!r} has no route here; {self._having()}"])
        return found[0]

    def _having(self) -> str:
        return "corridors with a route: " + (", ".join(c for c, (_, f) in self.found.items() if f) or "none")

    def _legs(self, corridor_id: str, route: Route) -> pd.DataFrame:
        money = f"{self.currency.lower()}_per_teu"
        arcs = self.network.arcs.iloc[list(route)]
        places = self.network.tables.places
        titles = [self._title(a) for a in arcs.itertuples()]
        legs = pd.DataFrame(
            {
                "corridor_id": corridor_id,
                "seq": range(1, len(arcs) + 1),
                "kind": arcs["kind"].to_numpy(),
                "name": titles,
                "country_id": places["country_id"][arcs["to_place_id"]].to_numpy(),
                "mode": arcs["mode"].to_numpy(),
                "km": arcs["km"].to_numpy(),
                "h": arcs["hours"].to_numpy(),
                "spread_h": arcs["spread_h"].to_numpy(),
                money: arcs["tariff_usd_per_teu"].to_numpy() * self.rate,
            }
        )
        running = legs[["km", "h", money]].cumsum()
        running.columns = pd.Index(["km_cum", "h_cum", f"{self.currency.lower()}_cum"])
        return legs.join(running).assign(grade=arcs["grade"].to_numpy())

    def _title(self, arc: Any) -> str:
        names = self.network.tables.places["name"]
        if arc.kind == "link":
            return f"{names[arc.from_place_id]} - {names[arc.to_place_id]}"
        return str(names[arc.to_place_id])


def _status(arcs: pd.DataFrame, events: pd.DataFrame) -> str:
    season = sorted({s for s in arcs["season"] if s})
    words = ["disrupted"] if len(events) else []
    words += [f"months {s} only" for s in season]
    return ", ".join(words) or "open"


def _transhipments(arcs: pd.DataFrame) -> int:
    """Count the times that cargo is unloaded and loaded again on the way."""
    kinds = arcs["kind"].to_numpy()
    return int(((kinds[:-1] == "unload") & (kinds[1:] == "load")).sum())


def _quantiles(mean: float, spread: float) -> tuple[float, float]:
    """Median and 90 % quantile of a log-normal time with that mean and standard deviation."""
    width = math.log1p((spread / mean) ** 2) if mean else 0.0
    median = mean * math.exp(-width / 2)
    return median, median * math.exp(_Z90 * math.sqrt(width))
