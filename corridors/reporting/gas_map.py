"""The map of a gas run: what each pipe carries, and in which countries how much of the demand is not met."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from networks import GasTables, lines_of, load_gas_tables

from ..scenario.gas_results import GasRun
from ..style import COLOURS
from .freight_map import year_of
from .map_parts import (
    DIFFERENCE,
    NOTHING,
    WITH,
    WITHOUT,
    Area,
    Flow,
    Group,
    Line,
    Map,
    Scale,
    Scenario,
    Shade,
    Spot,
)
from .map_text import clipped

__all__ = ["RATES", "gas_map", "rate_class"]

RATES = (10.0, 20.0, 60.0, 80.0)
"""Edges in % between the classes of unmet demand of ENTSOG (Ten-Year Network Development Plan 2017, annex F)."""

_SHADES = (
    Shade("below 10", "#fee5d9"),
    Shade("10-20", "#fcae91"),
    Shade("20-60", "#fb6a4a"),
    Shade("60-80", "#de2d26"),
    Shade("80-100", "#a50f15"),
)
_LEAST_BCM = 0.005
_LEAST_PCT = 0.05
_TITLE = 50
_OWN, _CHANGED = 7, 2  # lines that have a colour of their own; of them for their change
_MOVED_BCM = 0.05
_PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7B4EA3")
_SHARED = {"lng": "LNG terminals", "storage": "Storages"}
_OTHER = "other"
_SCALE = "bcm"


def gas_map(
    run: GasRun, against: GasRun | None = None, year: int | None = None, *, folder: str | Path | None = None
) -> Map:
    """Return the map of what pipes carry and who is short.

    Parameters
    ----------
    run : GasRun
    against : GasRun, optional
        The counterfactual; that of the run by default.
    year : int, optional
        The last that both have by default.
    folder : path, optional
        Tables of your own; those that the run was made with by default.

    Returns
    -------
    Map
        Net flows of the year in bcm, whatever the direction, which is told of each pipe; the lines that change or carry
        most have colours of their own. Countries are coloured by the share of their demand that is not met, in the
        classes `RATES`; in the difference by how much that share is greater.

    Raises
    ------
    DataError
        A year that was not run.
    """
    base = run.against if against is None else against
    return _GasMap(run, base, year_of(run, base, year), run.folder if folder is None else folder).map


def rate_class(rate: float) -> int:
    """Return the number of the class of a share of unmet demand in %; `NOTHING` where there is none."""
    return NOTHING if rate < _LEAST_PCT else bisect_right(RATES, rate)


@dataclass(frozen=True, eq=False)
class _GasMap:
    run: GasRun
    base: GasRun | None
    year: int
    folder: str | Path | None

    @cached_property
    def map(self) -> Map:
        return Map(
            title=f"{clipped(self.run.title, 120)}: gas through pipes, bcm in {self.year}",
            note=self._note,
            scenarios=self._scenarios,
            scales=[
                Scale(_SCALE, "Width", "bcm a year", float(self.sizes.max(axis=1).max()) if len(self.sizes) else 0)
            ],
            groups=self._groups,
            groups_label="Lines",
            lines=self._lines,
            flows=self._flows,
            spots=self._spots,
            areas=self._areas,
            shades=_SHADES if self._short else (),
            shades_label="Demand not met, %",
        )

    @property
    def runs(self) -> dict[str, GasRun]:
        return {WITH: self.run} if self.base is None else {WITH: self.run, WITHOUT: self.base}

    @property
    def _most(self) -> float:
        return float(self.sizes.max(axis=1).max()) if len(self.sizes) else 0.0

    @property
    def _short(self) -> bool:
        """Whether any country is short."""
        return any(number != NOTHING for area in self._areas for number in area.classes.values())

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
    def tables(self) -> GasTables:
        return load_gas_tables(self.folder)

    # ---- pipes

    @cached_property
    def pipes(self) -> pd.DataFrame:
        """Line, title, nameplate, ends and length of pipes that carry something, by pipe; those that tables know."""
        parts = [run.flows("pipe").xs(self.year, level="year") for run in self.runs.values()]
        titled = [part.assign(line=self._line_of(part)) for part in parts]
        found = pd.concat(titled).loc[lambda t: ~t.index.duplicated()][["line", "title", "nameplate_bcm"]]
        known = self.tables.pipes[["from_place_id", "to_place_id", "length_km", "offshore"]]
        return found.join(known, how="inner")

    def _line_of(self, part: pd.DataFrame) -> pd.Series[str]:
        lines = pd.concat([run.tables["pipes"] for run in self.runs.values()]).drop_duplicates("pipe")
        return part.index.to_series().map(lines.set_index("pipe")["line"])

    @cached_property
    def net(self) -> pd.DataFrame:
        """Net flows, bcm: below 0 the other way; a column for each run."""
        flows = {name: run.flows("pipe").xs(self.year, level="year")["bcm"] for name, run in self.runs.items()}
        table = pd.DataFrame(flows).fillna(0.0)
        return table[table.abs().max(axis=1) >= _LEAST_BCM]

    @cached_property
    def sizes(self) -> pd.DataFrame:
        """Flows of the pipes that are drawn, whatever their direction, greatest first; a column for each scenario."""
        table = self.net[self.net.index.isin(self.pipes.index)].abs()
        table = table.loc[table.max(axis=1).sort_values(ascending=False, kind="stable").index]
        return table if self.base is None else table.assign(**{DIFFERENCE: table[WITH] - table[WITHOUT]})

    @cached_property
    def _lines(self) -> list[Line]:
        pipes = self.pipes.loc[self.sizes.index]
        ends = pipes["from_place_id"], pipes["to_place_id"]
        shapes = [shape for shape, _ in lines_of(pipes.index, *ends, self.tables.places, self.folder, "gas")]
        modes = ["offshore" if sea == "yes" else "pipe" for sea in pipes["offshore"]]
        return [
            Line(str(pipe), shape, mode, self._told(str(pipe)))
            for pipe, shape, mode in zip(pipes.index, shapes, modes, strict=True)
        ]

    @cached_property
    def _flows(self) -> list[Flow]:
        rows = self.sizes.to_dict("index")
        return [
            Flow(
                str(pipe), self._group_of(str(self.pipes.at[pipe, "line"])), {str(k): float(v) for k, v in row.items()}
            )
            for pipe, row in rows.items()
        ]

    def _told(self, pipe: str) -> str:
        """Return what is told of a pipe: title, direction, flow, nameplate."""
        row, flows = self.pipes.loc[pipe], self.net.loc[pipe]
        names = [self._name(row[f"{side}_place_id"]) for side in ("from", "to")]
        way = names if flows[WITH] >= 0 else names[::-1]
        told = [clipped(row["title"], 120), f"from {way[0]} to {way[1]}: {abs(flows[WITH]):,.2f} bcm/yr"]
        if self.base is not None:
            before = abs(flows[WITHOUT])
            change = f", {abs(flows[WITH]) / before - 1:+.0%}".replace("-", "−") if before >= _LEAST_BCM else ""
            turned = " the other way" if flows[WITH] * flows[WITHOUT] < 0 else ""
            told[1] += f" with, {before:,.2f} without{turned}{change}"
        size = row["nameplate_bcm"]
        told.append("nameplate not known" if pd.isna(size) else f"nameplate {size:,.2f} bcm/yr")
        return "\n".join(told)

    def _name(self, place: str) -> str:
        return clipped(str(self.tables.places.at[place, "name"]).split(" (")[0], 40)

    # ---- groups

    @cached_property
    def _chosen(self) -> list[str]:
        """Lines with a colour of their own: the great ones, those that change most, those that carry most farthest."""
        pipes = self.pipes.loc[self.sizes.index]
        named = {str(n).lower().replace("ü", "u") for n in self.tables.countries["name"]}
        line = pipes["line"].where(~pipes["line"].isin([*_SHARED, *named]))
        moved = self.sizes.get(DIFFERENCE, pd.Series(0.0, self.sizes.index)).abs().groupby(line).max()
        carried = (self.sizes.drop(columns=DIFFERENCE, errors="ignore").max(axis=1) * pipes["length_km"]).groupby(line)
        great = [str(n) for n in self.tables.lines.index if n in set(line)]
        changed = [str(n) for n in moved[moved >= _MOVED_BCM].nlargest(_CHANGED).index]
        rest = [str(n) for n in carried.sum().sort_values(ascending=False).index]
        return list(dict.fromkeys([*great, *changed, *rest]))[:_OWN]

    def _group_of(self, line: str) -> str:
        return line if line in self._chosen or line in _SHARED else _OTHER

    @cached_property
    def _groups(self) -> list[Group]:
        used = {self._group_of(str(line)) for line in self.pipes.loc[self.sizes.index, "line"]}
        own = [Group(n, _titled(n), colour, _SCALE) for n, colour in zip(self._chosen, _PALETTE, strict=False)]
        shared = [Group(n, title, "#8a6d3b" if n == "lng" else "#5f6f7f", _SCALE) for n, title in _SHARED.items()]
        other = [Group(_OTHER, "Other lines", COLOURS["other"], _SCALE)]
        return [group for group in [*own, *shared, *other] if group.id in used]

    # ---- countries and places

    @cached_property
    def _unmet(self) -> dict[str, pd.DataFrame]:
        return {name: run.unmet().xs(self.year, level="year") for name, run in self.runs.items()}

    @cached_property
    def _areas(self) -> list[Area]:
        return [self._area(str(country)) for country in self._unmet[WITH].index]

    def _area(self, country: str) -> Area:
        rows = {name: table.loc[country] for name, table in self._unmet.items() if country in table.index}
        rates = {name: float(row["unmet_pct"]) for name, row in rows.items()}
        classes = {name: rate_class(rate) for name, rate in rates.items()}
        if len(rates) > 1:
            classes[DIFFERENCE] = rate_class(rates[WITH] - rates[WITHOUT])
        names = self.tables.countries["name"]
        title = clipped(names.get(country, country), 40)
        return Area(country, classes, "\n".join([title, *(self._row_told(n, row) for n, row in rows.items())]))

    def _row_told(self, name: str, row: Mapping[str, Any]) -> str:
        currency = str(self.run.record["currency"])
        price = row[f"{currency.lower()}_per_mwh"]
        head = "" if self.base is None else f"{name}: "
        return (
            f"{head}demand {row['demand_gwh'] / 1000:,.1f} TWh/yr, not met {row['unmet_pct']:,.1f} %, "
            f"price {price:,.1f} {currency}/MWh"
        )

    @cached_property
    def _spots(self) -> list[Spot]:
        """Return places at the ends of pipes, those by which most flows first."""
        pipes = self.pipes.loc[self.sizes.index]
        size = self.sizes.drop(columns=DIFFERENCE, errors="ignore").max(axis=1)
        by: dict[str, list[str]] = {}
        for pipe, start, end in zip(pipes.index, pipes["from_place_id"], pipes["to_place_id"], strict=True):
            by.setdefault(str(start), []).append(str(pipe))
            by.setdefault(str(end), []).append(str(pipe))
        order = sorted(by, key=lambda place: -float(size[by[place]].max()))
        return [self._spot(place, by[place]) for place in order]

    def _spot(self, place: str, pipes: list[str]) -> Spot:
        row = self.tables.places.loc[place]
        text = f"{clipped(row['name'], 60)} ({row['kind']})"
        name = self._name(place).removesuffix(" market").removesuffix(" domestic")
        return Spot(place, name, float(row["lon"]), float(row["lat"]), text, lines=tuple(pipes))

    @property
    def _note(self) -> str:
        lost = len(self.net) - len(self.sizes)
        notes = [f"Net flows of {self.year}; markets stand for all of a country's networks."]
        if not self._short:
            notes.append("No country is short.")
        if lost:
            notes.append(f"{lost} pipes are not drawn: they are in no table at hand.")
        return " ".join(notes)


def _titled(line: str) -> str:
    """Return the id of a line as it is written: ``TANAP``, ``Blue Stream``."""
    words = line.replace("-", " ")
    return words.upper() if len(words) <= 5 else words.title()
