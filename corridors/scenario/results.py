"""What a run gives back: tables that do not change, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError
from networks.errors import nearest

from ..reported import notebook_html
from .solved import Solved
from .variants import CENTRAL, spread

if TYPE_CHECKING:
    from .plots import RunPlots

__all__ = ["NOT_SHIPPED", "TABLES", "UNMET", "Run"]

TABLES = ("routes", "demand", "capacities", "arcs", "states", "short", "ranges", "money", "inputs")
UNMET, NOT_SHIPPED = "unmet", "not shipped"

_KEYS = ("family", "branch", "corridor", "market", "goods", "origin", "destination", "state")
_NOTHING = 1e-2  # TEU a year of one cell, the tail of a logit
_WAYS = ("family", "branch", "corridor")
_MEANS = ("days", "tariff_usd_per_teu", "cost_usd_per_teu", "waiting_usd_per_teu", "kgco2e_per_teu")
_CELL = ["year", "market", "origin", "destination", "goods"]


@dataclass(frozen=True, eq=False, repr=False)
class Run(Solved):
    """Results of a scenario.

    Attributes
    ----------
    record : mapping
        What ``run.json`` holds: name, title, question, hash, status, gap, versions, times, share of estimates, years,
        markets, currency.
    tables : mapping of str to DataFrame
        ``routes``, ``demand``, ``capacities``, ``arcs``, ``states``, ``short``, ``ranges``, ``money``; read by the
        methods. ``inputs``: every setting with the file and line that it comes from.
    resolved : str
        The scenario with everything that it inherits, as YAML.
    against : Run or None
        The counterfactual.
    """

    @cached_property
    def unit(self) -> str:
        """Unit of the markets, TEU or t; empty where they have different ones."""
        units = set(self.tables["demand"]["unit"])
        return units.pop() if len(units) == 1 else ""

    @cached_property
    def answer(self) -> str:
        """One sentence: a number with its unit, year and range, and what it depends on most."""
        from .answers import answer

        return answer(self)

    def routes(self, origin: str | None = None, destination: str | None = None) -> pd.DataFrame:
        """Return the routes that carry something, fullest first.

        Parameters
        ----------
        origin, destination : str, optional
            Places; any spelling of `networks.PlaceNames`.

        Returns
        -------
        DataFrame
            ``year``, ``state``, ``market``, ``origin``, ``destination`` (place ids), ``goods``, ``corridor``,
            ``family``, ``teu_per_year``, ``km``, ``days``, ``tariff_usd_per_teu``, ``cost_usd_per_teu`` (generalised,
            of the mean shipper), ``carbon_usd_per_teu`` (of it for carbon), ``waiting_usd_per_teu`` (scarcity and full
            capacities), ``kgco2e_per_teu``, ``delay_h`` (hours, with those that their spread is worth); money in EUR if
            the study asks for it.

        Raises
        ------
        PlaceError
            Unknown or ambiguous place.
        """
        found = self._between(origin, destination).drop(columns="path")
        return self._money(found.sort_values(["year", "teu_per_year"], ascending=[True, False], ignore_index=True))

    def flows(self, by: str | Sequence[str] = "family") -> pd.DataFrame:
        """Return what goes where, with what is not sent.

        Parameters
        ----------
        by : str or sequence of str
            One or more of family, branch (a corridor with its variants), corridor, market, goods, origin, destination,
            state.

        Returns
        -------
        DataFrame by year and `by`
            ``teu_per_year``, ``share`` (of what is wanted in the year), and means per TEU: ``days``,
            ``tariff_usd_per_teu``, ``cost_usd_per_teu``, ``waiting_usd_per_teu``, ``kgco2e_per_teu``. By family,
            branch or corridor, rows ``unmet`` and ``not shipped`` make it sum to the demand. ``quantity`` in the
            unit of the markets (`unit`), where they have one and the same.

        Raises
        ------
        DataError
            Another word.
        """
        keys = [by] if isinstance(by, str) else list(by)
        for key in keys:
            if key not in _KEYS:
                raise DataError([f"by: got {key!r}, expected one of {', '.join(_KEYS)}{nearest(str(key), _KEYS)}"])
        table = self.tables["routes"]
        weight = table["teu_per_year"]
        more = {"quantity": table["quantity"]} if self.unit else {}
        heavy = table[list(_MEANS)].mul(weight, axis=0).assign(teu_per_year=weight, **more)
        total = heavy.groupby([table["year"], *(table[k] for k in keys)]).sum()
        found = total[["teu_per_year", *more]].join(total[list(_MEANS)].div(total["teu_per_year"], axis=0))
        found = pd.concat([found, *self._left(keys)])
        wanted = self.tables["demand"].groupby("year")["teu_per_year"].sum()
        share = found["teu_per_year"] / wanted.reindex(found.index.get_level_values("year")).to_numpy()
        found.insert(1, "share", share)
        return self._money(
            found.sort_values("teu_per_year", ascending=False).sort_index(
                level="year", sort_remaining=False, kind="stable"
            )
        )

    def _left(self, keys: Sequence[str]) -> list[pd.DataFrame]:
        """Return what is not sent as rows of `flows`, where it can be told by these keys."""
        way = [k for k in keys if k in _WAYS]
        if "state" in keys or len(way) != 1:
            return []
        found = []
        for column, name in (("unmet", UNMET), ("not_shipped", NOT_SHIPPED)):
            table = self.tables["demand"]
            table = table[table[column] > _NOTHING].assign(**{way[0]: name})
            if self.unit:
                table = table.assign(quantity=table[column] * table["quantity"] / table["teu_per_year"])
            columns = [column, *(["quantity"] if self.unit else [])]
            found.append(table.groupby(["year", *keys])[columns].sum().rename(columns={column: "teu_per_year"}))
        return [frame for frame in found if len(frame)]

    def shares(self) -> pd.DataFrame:
        """Return the shares of families, of all that is wanted and of what goes by land.

        Returns
        -------
        DataFrame by year and family
            ``teu_per_year``, ``share``, ``share_of_land`` (NaN for sea and what is not sent).
        """
        found = self.flows()[["teu_per_year", "share"]]
        family = found.index.get_level_values("family")
        land = ~family.isin(["sea", "arctic", UNMET, NOT_SHIPPED])
        total = found["teu_per_year"].where(land).groupby(level="year").transform("sum")
        return found.assign(share_of_land=(found["teu_per_year"] / total).where(land))

    def bottlenecks(self, at_least: float = 0.5) -> pd.DataFrame:
        """Return how full capacities are, fullest first.

        Parameters
        ----------
        at_least : float
            Utilisation from which a capacity is listed.

        Returns
        -------
        DataFrame
            ``year``, ``state``, ``element`` (in words), ``group``, ``teu_per_year``, ``capacity_teu_per_year`` (both at
            the yearly rate of the part of the year), ``utilisation``, ``worth_usd_per_teu`` (of one more TEU a year;
            zero unless full), ``binds_at`` (times today's flows, if all grew alike: the order of binding), ``grade``
            (of the capacity).
        """
        table = self.tables["capacities"]
        room = table["capacity_teu_per_year"]
        used = (table["teu_per_year"] / room.where(room > 0)).fillna(np.inf)
        found = table.assign(utilisation=used, binds_at=1 / used.where(used > 0))
        kept = found[found["utilisation"] >= at_least]
        order = ["year", "utilisation", "worth_usd_per_teu"]
        columns = [*table.columns[:6], "utilisation", "worth_usd_per_teu", "binds_at", "grade"]
        return self._money(kept.sort_values(order, ascending=[True, False, False], ignore_index=True)[columns])

    def unmet(self, by: str | Sequence[str] = "market") -> pd.DataFrame:
        """Return what is not sent.

        Parameters
        ----------
        by : str or sequence of str
            One or more of market, goods, origin, destination.

        Returns
        -------
        DataFrame by year and `by`
            ``teu_per_year`` (wanted), ``served``, ``unmet`` (no way, or no room at the price at which freight stays at
            home), ``not_shipped`` (every way is banned or refused); they sum to what is wanted.

        Raises
        ------
        DataError
            Another `by`.
        """
        keys = [by] if isinstance(by, str) else list(by)
        wrong = [k for k in keys if k not in _CELL[1:]]
        if wrong:
            raise DataError(
                [f"by: got {wrong[0]!r}, expected one of {', '.join(_CELL[1:])}{nearest(wrong[0], _CELL[1:])}"]
            )
        columns = ["teu_per_year", "served", "unmet", "not_shipped"]
        return self.tables["demand"].groupby(["year", *keys])[columns].sum()

    def emissions(self, by: str = "family") -> pd.DataFrame:
        """Return the emissions, well to wheel.

        Returns
        -------
        DataFrame by year and `by`
            ``tco2e_per_year``, ``kgco2e_per_teu``.
        """
        found = self.flows(by)
        sent = found[found["kgco2e_per_teu"].notna()]
        return pd.DataFrame(
            {
                "tco2e_per_year": sent["teu_per_year"] * sent["kgco2e_per_teu"] / 1000,
                "kgco2e_per_teu": sent["kgco2e_per_teu"],
            }
        )

    def through(self, border: str, by: str | Sequence[str] = "corridor") -> pd.DataFrame:
        """Return what crosses a border.

        Parameters
        ----------
        border : str
            ``AZ-IR`` for both ways, ``AZ>IR`` for one.
        by : str or sequence of str
            As of `flows`.

        Returns
        -------
        DataFrame by year and `by`
            ``teu_per_year`` and ``quantity`` with its ``unit`` (TEU, or t of bulk).

        Raises
        ------
        DataError
            No such border, or another word.
        """
        keys = [by] if isinstance(by, str) else list(by)
        table = self.tables["routes"][self.crossing(border)]
        for key in keys:
            if key not in _KEYS:
                raise DataError([f"by: got {key!r}, expected one of {', '.join(_KEYS)}{nearest(str(key), _KEYS)}"])
        groups = table.groupby(["year", *keys, "unit"])[["teu_per_year", "quantity"]].sum()
        return groups.reset_index("unit")[["teu_per_year", "quantity", "unit"]]

    def crossing(self, border: str) -> pd.Series[bool]:
        """Return which rows of the table ``routes`` cross a border; see `through`.

        Parameters
        ----------
        border : str
            ``AZ-IR``, or ``AZ>IR`` for one direction.

        Returns
        -------
        Series of bool by row

        Raises
        ------
        DataError
            No border, or a country that is not known.
        """
        from networks import load_tables

        from .selecting import border_countries

        left, right, both = border_countries(border)
        arcs = self.tables["arcs"]
        home = self._countries
        known = {*home.values(), *load_tables(self.folder).countries.index}
        for side in (left, right):
            if side not in known:
                raise DataError([f"border {border!r}: {side!r} is no country{nearest(side, known)}"])
        start, end = arcs["from_place_id"].map(home), arcs["to_place_id"].map(home)
        over = (start == left) & (end == right)
        if both:
            over |= (start == right) & (end == left)
        crossed = set(arcs.loc[over & (arcs["kind"] == "link"), "arc"])
        return self.tables["routes"]["path"].map(lambda path: not crossed.isdisjoint(map(int, path.split())))

    @cached_property
    def _countries(self) -> dict[str, str]:
        arcs = self.tables["arcs"]
        ends = [arcs[["from_place_id", "from_country_id"]], arcs[["to_place_id", "to_country_id"]]]
        return {str(p): str(c) for frame in ends for p, c in frame.drop_duplicates().itertuples(index=False)}

    def tcd(self, origin: str, destination: str, year: int | None = None) -> pd.DataFrame:
        """Return legs and stops of the route of each corridor that carries most, with running totals.

        Parameters
        ----------
        origin, destination : str
            Places of the demand.
        year : int, optional
            The first by default.

        Returns
        -------
        DataFrame
            ``corridor``, ``seq``, ``kind``, ``name``, ``mode``, ``km``, ``h``, ``usd_per_teu`` and running ``km_cum``,
            ``h_cum``, ``usd_cum``, ``grade``; tariffs before subsidy and scarcity.

        Raises
        ------
        DataError
            Nothing goes between the two.
        """
        table = self._between(origin, destination)
        table = table[table["year"] == (self.years[0] if year is None else year)]
        if table.empty:
            raise DataError([f"nothing goes from {origin} to {destination} here; see unmet() and flows('origin')"])
        best = table.sort_values("teu_per_year", ascending=False).drop_duplicates("corridor")
        return self._money(pd.concat([self._legs(row) for row in best.itertuples()], ignore_index=True))

    def _legs(self, row: Any) -> pd.DataFrame:
        arcs = self.tables["arcs"]
        mine = arcs[(arcs["year"] == row.year) & (arcs["state"] == row.state)].set_index("arc")
        legs = mine.loc[[int(arc) for arc in row.path.split()]].reset_index()
        frame = pd.DataFrame(
            {
                "corridor": row.corridor,
                "seq": range(1, len(legs) + 1),
                "kind": legs["kind"],
                "name": legs["name"],
                "mode": legs["mode"],
                "km": legs["km"],
                "h": legs["hours"],
                "usd_per_teu": legs["tariff_usd_per_teu"],
            }
        )
        sums = frame[["km", "h", "usd_per_teu"]].cumsum().set_axis(["km_cum", "h_cum", "usd_cum"], axis=1)
        return frame.join(sums).assign(grade=legs["grade"])

    def ranges(self, by: str = "family") -> pd.DataFrame:
        """Return how flows vary with what is not known well.

        Parameters
        ----------
        by : str
            family, branch or corridor.

        Returns
        -------
        DataFrame by year and `by`
            ``central``, ``low``, ``high`` (TEU a year; in the unit of the markets where they have one and the same) and
            ``depends_on``, the assumption that moves it most.
        """
        return spread(self.varied(by))

    def varied(self, by: str) -> pd.DataFrame:
        """Return flows by year and `by` (rows) and variant (columns), TEU a year; see `ranges`.

        Parameters
        ----------
        by : str
            family, branch or corridor.

        Raises
        ------
        DataError
            Another `by`.
        """
        if by not in _WAYS:
            raise DataError([f"by: got {by!r}, expected one of {', '.join(_WAYS)}{nearest(str(by), _WAYS)}"])
        value = "quantity" if self.unit else "teu_per_year"
        wide = self.tables["ranges"].pivot_table(index=["year", by], columns="variant", values=value, aggfunc="sum")
        return wide.reindex(columns=dict.fromkeys([CENTRAL, *wide])).fillna(0.0)

    def switching(self, year: int | None = None) -> pd.DataFrame:
        """Return the values at which the way that the answer is about costs as much as its nearest rival.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        DataFrame
            ``figure``, ``where``, ``now``, ``switches_at``, ``unit``, ``change_pct``, ``means``, see
            `corridors.scenario.switching.switching_of`.
        """
        from .switching import switching_of

        return switching_of(self, year)

    @property
    def short(self) -> pd.DataFrame:
        """What is over before shippers turn round.

        ``year``, ``name``, ``title``, ``days``, ``times`` (a year; 0: once), ``teu_per_day`` (that pass there),
        ``waiting_teu`` (when it ends; NaN where it does not shut), ``clears_days`` (until the last of them is through;
        NaN where no capacity is on record), ``said`` (in words).
        """
        return self.tables["short"]

    @property
    def money(self) -> pd.DataFrame:
        """What the projects that are built cost, in million, and which line of which package pays.

        ``project``, ``title``, ``cost_million``, ``currency``, ``cost_million_eur``, ``package``, ``line``,
        ``line_million_eur``; NaN where no cost or no rate of exchange is on record.
        """
        return self.tables["money"]

    def drivers(self, year: int | None = None) -> pd.DataFrame:
        """Return what the number of the answer is at both ends of each assumption that moves it, the widest first.

        Parameters
        ----------
        year : int, optional
            The last by default.

        Returns
        -------
        DataFrame
            ``assumption``, ``at_low``, ``at_high`` (variants), ``low``, ``central``, ``high``, ``width``, ``unit``,
            ``by``, ``way``; empty where nothing moves it. See `ranges`.
        """
        from .drivers import drivers

        return drivers(self, year)

    @property
    def plot(self) -> RunPlots:
        """Figures of it, beside its counterfactual if it has one; see `RunPlots`."""
        from .plots import RunPlots

        return RunPlots(self, self.against)

    def __repr__(self) -> str:
        """Answer, then flows."""
        return f"{self.answer}\n\n{self.flows().round(3).to_string()}"

    def _repr_html_(self) -> str:
        return notebook_html(self.answer, self.flows().round(3))

    def _between(self, origin: str | None, destination: str | None) -> pd.DataFrame:
        from networks import PlaceNames, load_tables

        table = self.tables["routes"]
        if origin is None and destination is None:
            return table
        names = PlaceNames(load_tables(self.folder).places)
        for column, word in (("origin", origin), ("destination", destination)):
            if word is not None:
                table = table[table[column] == names.find(word)]
        return table
