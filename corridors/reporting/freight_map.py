"""The map of a freight run: what each family of corridors carries over each link, with, without, and the difference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from networks import DataError, lines_of, load_tables

from ..scenario.answers import way_title
from ..scenario.results import Run
from ..style import AFLOAT, COLOURS
from .map_parts import DIFFERENCE, WITH, WITHOUT, Flow, Group, Line, Map, Scale, Scenario, Spot
from .map_text import clipped

__all__ = ["freight_map", "link_flows", "year_of"]

_LEAST = 1.0  # TEU or t a year
_NAMED = 90
_WAYS = ["family", "branch", "corridor"]
_RANK = {"junction": 0.2, "border_crossing": 0.5}  # they count less among the names
_TITLE = 50
_LANDWARD, _SEAWARD = "land", "sea"
_WIDEST_PX = {_LANDWARD: 8.0, _SEAWARD: 9.0}


def freight_map(
    run: Run, against: Run | None = None, year: int | None = None, *, folder: str | Path | None = None
) -> Map:
    """Return the map of what goes over each link.

    Parameters
    ----------
    run : Run
    against : Run, optional
        The counterfactual; that of the run by default.
    year : int, optional
        The last that both have by default.
    folder : path, optional
        Tables of your own, for places and the ways of links; those that the run was made with by default.

    Returns
    -------
    Map
        Flows in TEU a year (t, where all markets are of bulk) by family of corridors, both directions together; by
        branch, where there is one family only. Sea has a scale of its own: it carries many times what goes overland.
        Links whose places are in no table are left out; the note says so.

    Raises
    ------
    DataError
        A year that was not run.
    """
    base = run.against if against is None else against
    return _FreightMap(run, base, year_of(run, base, year), run.folder if folder is None else folder).map


def year_of(run: Any, base: Any, year: int | None) -> int:
    """Return the year of a map: the last that both runs have, or the one that is asked for.

    Raises
    ------
    DataError
        One of them has not been run in it.
    """
    both = [y for y in run.years if base is None or y in base.years]
    if year is None and both:
        return int(both[-1])
    if year is None or year not in both:
        listed = ", ".join(map(str, both)) or "none"
        raise DataError([f"year: got {year}, expected one that was run: {listed}"])
    return year


def link_flows(run: Run, year: int, by: str = "family") -> pd.DataFrame:
    """Return what goes over each link in a year, all parts of the year and both directions together.

    Parameters
    ----------
    run : Run
    year : int
    by : str
        family, branch or corridor.

    Returns
    -------
    DataFrame by link_id and `by`
        ``teu_per_year`` and ``quantity`` (in the unit of each market): sums of the table ``routes`` over the routes
        that pass the link.
    """
    return _summed(_crossed(run, year), by)


def _crossed(run: Run, year: int) -> pd.DataFrame:
    """Return a row for each link that each route passes in a year."""
    routes, arcs = (run.tables[name].loc[lambda t: t["year"] == year] for name in ("routes", "arcs"))
    columns = routes[["state", *_WAYS, "teu_per_year", "quantity"]]
    rows = columns.assign(arc=routes["path"].astype(str).str.split(), route=range(len(routes))).explode("arc")
    links = arcs.loc[arcs["kind"] == "link", ["state", "arc", "link_id", "from_place_id", "to_place_id"]]
    return rows.astype({"arc": int}).merge(links, on=["state", "arc"])


def _summed(crossed: pd.DataFrame, by: str) -> pd.DataFrame:
    return crossed.groupby(["link_id", by])[["teu_per_year", "quantity"]].sum()


@dataclass(frozen=True, eq=False)
class _FreightMap:
    run: Run
    base: Run | None
    year: int
    folder: str | Path | None

    @cached_property
    def map(self) -> Map:
        lines, flows = self._lines, self._flows
        return Map(
            title=f"{clipped(self.run.title, 120)}: what goes where, {self.unit} in {self.year}",
            note=self._note,
            scenarios=self._scenarios,
            scales=self._scales,
            groups=self._groups,
            groups_label="Corridors",
            lines=lines,
            flows=flows,
            spots=self._spots,
        )

    # ---- what is shown

    @property
    def runs(self) -> dict[str, Run]:
        return {WITH: self.run} if self.base is None else {WITH: self.run, WITHOUT: self.base}

    @property
    def bulk(self) -> bool:
        return self.run.unit == "t"

    @property
    def unit(self) -> str:
        return "t" if self.bulk else "TEU"

    @property
    def _value(self) -> str:
        return "quantity" if self.bulk else "teu_per_year"

    @cached_property
    def by(self) -> str:
        """Family, or branch where there is one family only."""
        families = {f for run in self.runs.values() for f in run.tables["routes"]["family"]}
        return "family" if len(families) > 1 else "branch"

    @cached_property
    def family(self) -> dict[str, str]:
        """Family of each group."""
        pairs = [run.tables["routes"][[self.by, "family"]].drop_duplicates() for run in self.runs.values()]
        return {str(row[0]): str(row[-1]) for table in pairs for row in table.itertuples(index=False)}

    @cached_property
    def crossed(self) -> dict[str, pd.DataFrame]:
        """What routes pass, by scenario."""
        return {name: _crossed(run, self.year) for name, run in self.runs.items()}

    @cached_property
    def values(self) -> pd.DataFrame:
        """Flows by link and group; a column for each scenario."""
        sums = {name: _summed(crossed, self.by)[self._value] for name, crossed in self.crossed.items()}
        table = pd.DataFrame(sums).fillna(0.0)
        table = table[table.max(axis=1) >= _LEAST]
        return table if self.base is None else table.assign(**{DIFFERENCE: table[WITH] - table[WITHOUT]})

    @property
    def _scenarios(self) -> list[Scenario]:
        if self.base is None:
            return [Scenario(WITH, clipped(self.run.title, _TITLE))]
        return [
            Scenario(WITH, f"with: {clipped(self.run.title, _TITLE)}"),
            Scenario(WITHOUT, f"without: {clipped(self.base.title, _TITLE)}"),
            Scenario(DIFFERENCE, "difference", signed=True),
        ]

    @cached_property
    def _groups(self) -> list[Group]:
        order = list(self.values[WITH].groupby(level=self.by).sum().sort_values(ascending=False).index)
        palette = list(COLOURS.values())
        found = []
        for number, name in enumerate(order):
            colour = COLOURS.get(name, palette[-1]) if self.by == "family" else palette[number % len(palette)]
            title = way_title(name, self.by, self.folder).removeprefix("the ")
            found.append(Group(name, clipped(title[:1].upper() + title[1:]), colour, self._scale_of(name)))
        return found

    def _scale_of(self, group: str) -> str:
        afloat = self.family.get(group) in AFLOAT
        return _SEAWARD if afloat else _LANDWARD

    @cached_property
    def _scales(self) -> list[Scale]:
        columns = self.values[[name for name in self.values if name != DIFFERENCE]]
        scale = columns.index.get_level_values(self.by).map(self._scale_of)
        totals = columns.groupby([scale, columns.index.get_level_values("link_id")]).sum().max(axis=1)
        most = totals.groupby(level=0).max()
        labels = {_LANDWARD: "Overland", _SEAWARD: "Sea"} if len(most) > 1 else dict.fromkeys(_WIDEST_PX, "Width")
        unit = f"{self.unit} a year"
        return [Scale(k, labels[k], unit, float(most[k]), px) for k, px in _WIDEST_PX.items() if k in most.index]

    # ---- lines

    @cached_property
    def places(self) -> pd.DataFrame:
        """Names and positions of places: of the folder, else of the toolkit."""
        return load_tables(self.folder).places

    @cached_property
    def links(self) -> pd.DataFrame:
        """Ends and mode of each link that carries something, by link id; those of which both ends are known."""
        tables = [run.tables["arcs"].loc[lambda t: t["year"] == self.year] for run in self.runs.values()]
        arcs = pd.concat(tables)
        arcs = arcs[arcs["kind"] == "link"].drop_duplicates("link_id").set_index("link_id")
        used = arcs[arcs.index.isin(self.values.index.get_level_values("link_id"))]
        return used[["from_place_id", "to_place_id", "mode"]]

    @cached_property
    def known(self) -> pd.DataFrame:
        """Those links of which both ends have a position, the widest first."""
        ends = self.links["from_place_id"].isin(self.places.index) & self.links["to_place_id"].isin(self.places.index)
        totals = self.values.drop(columns=DIFFERENCE, errors="ignore").groupby(level="link_id").sum().max(axis=1)
        found = self.links[ends]
        return found.loc[totals.reindex(found.index).sort_values(ascending=False, kind="stable").index]

    @cached_property
    def _lines(self) -> list[Line]:
        known = self.known
        ends = known["from_place_id"], known["to_place_id"]
        shapes = [shape for shape, _ in lines_of(known.index, *ends, self.places, self.folder)]
        ashore = {str(link) for link, group in self.values.index if self.family.get(group) not in AFLOAT}
        rows = zip(known.index, shapes, known["mode"], strict=True)
        return [Line(str(link), shape, str(mode), self._told(link), link in ashore) for link, shape, mode in rows]

    @cached_property
    def _flows(self) -> list[Flow]:
        kept = self.values[self.values.index.get_level_values("link_id").isin(self.known.index)]
        return [
            Flow(str(link), str(group), {str(k): float(v) for k, v in row.items()})
            for (link, group), row in zip(kept.index, kept.to_dict("records"), strict=True)
        ]

    def _name(self, place: str) -> str:
        return clipped(str(self.places.at[place, "name"]).split(" (")[0], 40)

    def _told(self, link: str) -> str:
        """Return what is told of a link: total, by group, how full it is."""
        row, mine = self.known.loc[link], self.values.loc[link]
        head = f"{self._name(row['from_place_id'])} - {self._name(row['to_place_id'])} ({row['mode']})"
        lines = [head, self._compared(mine.sum())]
        titles = {group.id: group.label for group in self._groups}
        if len(mine) > 1:
            ordered = mine.sort_values(WITH, ascending=False)
            lines += [f"{titles[g]}: {self._compared(values)}" for g, values in ordered.iterrows()]
        full = self._full.get(link)
        return "\n".join([*lines, *([full] if full else [])])

    def _compared(self, values: pd.Series[float]) -> str:
        now = values[WITH]
        if self.base is None:
            return f"{now:,.0f} {self.unit}/yr"
        before = values[WITHOUT]
        change = f", {now / before - 1:+.0%}".replace("-", "−") if before >= _LEAST else ""
        return f"{now:,.0f} {self.unit}/yr with, {before:,.0f} without{change}"

    @cached_property
    def _full(self) -> dict[str, str]:
        """Return how full links and ports are at most, in words, by link or place id."""
        shares: dict[str, dict[str, float]] = {}
        for name, run in self.runs.items():
            table = run.tables["capacities"]
            table = table[(table["year"] == self.year) & (table["capacity_teu_per_year"] > 0)]
            share = table["teu_per_year"] / table["capacity_teu_per_year"]
            for element, value in share.groupby(table["group"].str.split(">").str[0]).max().items():
                shares.setdefault(str(element), {})[name] = float(value)
        return {
            element: "capacity used, at most: "
            + ", ".join(f"{value:.0%}" if self.base is None else f"{value:.0%} {name}" for name, value in found.items())
            for element, found in shares.items()
        }

    # ---- places

    @cached_property
    def _spots(self) -> list[Spot]:
        """Return the places that most passes overland, and by sea where there is nothing else."""
        passing = pd.DataFrame({name: self._through(rows) for name, rows in self.crossed.items()}).fillna(0.0)
        passing = passing[passing.index.isin(self.places.index)]
        weight = self.places["kind"].reindex(passing.index).map(_RANK).fillna(1.0).astype(float)
        order = (passing.max(axis=1) * weight).sort_values(ascending=False, kind="stable")
        return [self._spot(str(place), passing.loc[place]) for place in order.index[:_NAMED]]

    def _through(self, crossed: pd.DataFrame) -> pd.Series[float]:
        """Return what passes, starts or ends at each place, once for each route."""
        ashore = crossed[~crossed["family"].isin(AFLOAT)]
        passed = ashore if len(ashore) else crossed
        columns = ["route", self._value]
        ends = [passed[[f"{side}_place_id", *columns]].set_axis(["place", *columns], axis=1) for side in ("from", "to")]
        return pd.concat(ends).drop_duplicates(["place", "route"]).groupby("place")[self._value].sum()

    def _spot(self, place: str, values: pd.Series[float]) -> Spot:
        row = self.places.loc[place]
        kind = str(row["kind"]).replace("_", " ")
        afloat = all(self._scale_of(group.id) == _SEAWARD for group in self._groups)
        what = "" if afloat or len(self._scales) == 1 else " overland"
        lines = [f"{self._name(place)} ({kind})", f"{self._compared(values)}{what}"]
        full = self._full.get(place)
        text = "\n".join([*lines, *([full] if full else [])])
        at = (self.known["from_place_id"] == place) | (self.known["to_place_id"] == place)
        near = tuple(map(str, self.known.index[at]))
        return Spot(place, self._name(place), float(row["lon"]), float(row["lat"]), text, lines=near)

    @property
    def _note(self) -> str:
        lost, apart = len(self.links) - len(self.known), len(self._scales) > 1
        notes = [
            f"Both directions together, all parts of {self.year}.",
            "Where corridors share a link they lie on each other, the lesser on the greater; the whole is as wide as "
            f"their sum. A difference is that of all corridors that are shown{', sea apart' if apart else ''}.",
        ]
        if lost:
            notes.append(f"{lost} links are not drawn: their places are in no table at hand.")
        return " ".join(notes)
