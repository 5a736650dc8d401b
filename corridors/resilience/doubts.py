"""What is not known well: figures as wide as their grades, and events that may happen, when and for how long."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import pdtrik

from networks import DataError

from ..appraisal_sensitivity import GRADE_HALF_WIDTHS
from ..scenario.applying import Application
from ..scenario.windows import days_on
from ..year_routes import Values
from ..year_setting import State
from .warm_parts import Doubt, Laid, Part
from .warm_year import WarmYear

__all__ = ["Doubtful", "Input", "doubtful"]

_Moves = dict[str, tuple[str, Values]]
_Case = tuple[float, Laid, _Moves]

_DAYS = 365
_LASTS = (0.5, 1.0, 2.0)  # least, most likely and longest time that an event lasts, of that in the file
_KEPT = 48  # combinations of events that are kept laid out
_MILLION = 1e6
_HANDLED = ("load", "unload")


class Input(NamedTuple):
    """Something that is drawn: a number from 0 to 1 stands for it.

    Attributes
    ----------
    name : str
        In words.
    kind : str
        ``figure``, ``happens``, ``lasts`` or ``starts``.
    half_width : float
        Of the range, relative: the mean of those of its figures' grades; NaN for events.
    """

    name: str
    kind: str
    half_width: float


@dataclass(frozen=True, eq=False)
class Doubtful:
    """A year of a scenario as a function of everything that is not known well.

    Figures of a group move together, each by as much as its grade allows: a figure x of grade g is
    :math:`x (1 + h_g z)` with one z for the group, triangular from -1 to 1. Routes stay those of the tables' figures;
    which corridor is taken does not. An event of a year, with the chance and the days of the file, comes as often as
    chance has it, lasts between half and twice as long as the file says, and starts on any day unless the file names
    one: what is over the year's end counts in its beginning. Events shorter than shippers turn round are waited for.
    """

    application: Application
    warm: WarmYear
    year: int
    half_widths: Mapping[str, float]

    @cached_property
    def _groups(self) -> dict[str, tuple[str, Any]]:
        """Return groups of figures: what column they are of, and which arcs."""
        arcs = self.warm.arcs
        kind, mode = arcs["kind"], arcs["mode"]
        line = (kind == "link") & ~mode.isin(["sea"])
        ships = mode.isin(["feeder", "ferry", "inland"])
        handled = kind.isin(_HANDLED)
        found = {
            "rail tariffs": ("tariff", line & (mode == "rail")),
            "road tariffs": ("tariff", line & (mode == "road")),
            "feeder and ferry tariffs": ("tariff", line & ships),
            "deep-sea rates": ("tariff", (kind == "link") & (mode == "sea")),
            "handling charges": ("tariff", handled),
            "border and other charges": ("tariff", ~handled & (kind != "link")),
            "time on the line": ("hours", kind == "link"),
            "time at borders": ("hours", kind.isin(["border", "gauge_change"])),
            "time in ports and terminals": ("hours", handled | kind.isin(["wait", "passage"])),
            "unreliability": ("variance", kind.notna()),
        }
        return {name: (column, mask.to_numpy()) for name, (column, mask) in found.items() if mask.any()}

    @cached_property
    def _grades(self) -> Values:
        """Half width of the range of each arc's figures: by share of estimates among them, otherwise as of grade B."""
        arcs = self.warm.arcs
        figures = arcs["figures"].to_numpy(dtype=float)
        guessed = np.where(figures > 0, arcs["estimates"].to_numpy(dtype=float) / np.maximum(figures, 1.0), 1.0)
        own = arcs["grade"].map(self.half_widths).to_numpy(dtype=float)
        mixed = guessed * self.half_widths["EST"] + (1 - guessed) * self.half_widths["B"]
        return np.where(arcs["grade"] == "EST", mixed, own)

    @cached_property
    def _events(self) -> list[Any]:
        """Return what may happen, or not, or for another time: leaders of what goes together."""
        items = {item.name: item for item in self.application.items}
        return [
            item
            for item in items.values()
            if item.draw == item.name and (item.chance < 1 or item.times > 0 or item.when.for_ is not None)
        ]

    @cached_property
    def _certain(self) -> list[Any]:
        """Return what holds on given days for sure."""
        uncertain = {item.name for item in self._events}
        return [item for item in self.application.items if item.draw not in uncertain]

    @cached_property
    def inputs(self) -> list[Input]:
        """Everything that is drawn."""
        weight = np.asarray(self.warm.usual.routes.crossed(len(self.warm.arcs)).T @ self.warm.usual.flow)
        found = []
        for name, (column, mask) in self._groups.items():
            figure = {"tariff": "tariff_usd_per_teu", "hours": "hours", "variance": "spread_h"}[column]
            size = weight[mask] * np.abs(self.warm.arcs[figure].to_numpy(dtype=float)[mask])
            if size.sum() > 0:
                found.append(Input(name, "figure", float(np.average(self._grades[mask], weights=size))))
        demand = self.warm.model.demand
        for market in dict.fromkeys(demand["market"]):
            mine = demand[demand["market"] == market]
            wide = mine["grade"].map(self.half_widths).to_numpy(dtype=float)
            found.append(Input(f"demand {market}", "figure", float(np.average(wide, weights=mine["teu_per_year"]))))
        found.append(Input("worth of time", "figure", self.half_widths["EST"]))
        found.append(Input("capacities", "figure", self.half_widths["EST"]))
        for item in self._events:
            name = item.name.split(".")[-1]
            if item.chance < 1 or item.times > 0:
                found.append(Input(f"{name} happens", "happens", np.nan))
            if item.when.for_ is not None:
                found.append(Input(f"{name} lasts", "lasts", np.nan))
            if item.when.from_ is None and item.when.months is None and np.isfinite(item.days):
                found.append(Input(f"{name} starts", "starts", np.nan))
        return found

    def run(self, drawn: Values) -> dict[str, float]:
        """Return the outputs of the year for one draw, numbers from 0 to 1 in the order of `inputs`."""
        value = {one.name: float(x) for one, x in zip(self.inputs, drawn, strict=True)}
        shares, waited = self._timeline(value)
        total: dict[str, float] = {}
        for names, share in shares.items():
            for part, laid, moves in self._combination(names):
                for key, x in self._outputs(self._answer(laid, moves, value)).items():
                    total[key] = total.get(key, 0.0) + share * part * x
        return {**total, "days of events": _DAYS * (1 - shares.get((), 0.0)), "events waited for": waited}

    def middle(self) -> Values:
        """Return the draw of all figures as they are and of events as they are most likely."""
        return np.array([_centre(one) for one in self.inputs])

    # Events

    def _timeline(self, value: Mapping[str, float]) -> tuple[dict[tuple[str, ...], float], float]:
        """Return the share of the year of each combination of events, and how many are over before shippers turn."""
        turn = self.warm.filters.tables.parameter("queue_days")
        on: dict[str, Any] = {}
        waited = 0.0
        for item in self._events:
            days, short = self._days(item, value, turn)
            waited += short
            if days.any():
                on |= {i.name: days for i in self.application.items if i.draw == item.name}
        for item in self._certain:
            if not (item.days <= turn and item.lingering <= turn):
                on[item.name] = days_on(item.when, self.year, item.lingering)[:_DAYS]
        names = list(on)
        pattern = np.stack([on[n] for n in names]) if names else np.zeros((0, _DAYS), dtype=bool)
        found: dict[tuple[str, ...], float] = {}
        kinds, counts = np.unique(pattern, axis=1, return_counts=True) if names else (pattern[:, :1], np.array([_DAYS]))
        for kind, count in zip(kinds.T, counts.tolist(), strict=True):
            found[tuple(n for n, holds in zip(names, kind, strict=True) if holds)] = count / _DAYS
        return found, waited

    def _days(self, item: Any, value: Mapping[str, float], turn: float) -> tuple[Any, float]:
        """Return on which days an event holds, and how many of its times are over before shippers turn."""
        name = item.name.split(".")[-1]
        happens, lasts, starts = (value.get(f"{name} {word}") for word in ("happens", "lasts", "starts"))
        nothing = np.zeros(_DAYS, dtype=bool)
        times = 1
        if happens is not None:
            times = _poisson(happens, item.times) if item.times > 0 else int(happens < item.chance)
        if not times:
            return nothing, 0.0
        factor = 1.0 if lasts is None else _triangular(lasts, *_LASTS)
        long = item.days * factor if np.isfinite(item.days) else float(_DAYS)
        fading = item.lingering - (item.times - 1) * item.days if item.times > 1 else item.lingering  # of one time
        if long + fading <= turn:
            return nothing, float(times)
        if starts is None:
            held = days_on(item.when, self.year, fading)[:_DAYS]
            if lasts is None:
                return held, 0.0
            first = int(np.argmax(held)) if held.any() else 0
            return self._ring([first], long + fading), 0.0
        apart = [(starts + i / times) % 1.0 for i in range(times)]
        return self._ring([int(x * _DAYS) for x in apart], long + fading), 0.0

    @staticmethod
    def _ring(starts: list[int], long: float) -> Any:
        held = np.zeros(_DAYS, dtype=bool)
        for first in starts:
            held[(first + np.arange(min(round(long), _DAYS))) % _DAYS] = True
        return held

    # Answers

    @cached_property
    def _laid_out(self) -> OrderedDict[tuple[str, ...], list[_Case]]:
        return OrderedDict()

    def _combination(self, names: tuple[str, ...]) -> list[_Case]:
        """Return a combination of events laid out, for each part of the year by what is shut on record."""
        if names not in self._laid_out:
            states = self.warm.model.cut([self.application.state_with(names, self.year)])
            self._laid_out[names] = [self._case(state) for state in states]
            while len(self._laid_out) > _KEPT:
                self._laid_out.popitem(last=False)
        self._laid_out.move_to_end(names)
        return self._laid_out[names]

    def _case(self, state: State) -> _Case:
        """Lay out a part of the year, and say by how much a whole half width of each group moves its routes."""
        laid = self.warm.laid(state)
        arcs = self.warm.arcs if state.change is None else state.change(self.warm.arcs)
        crossed = laid.routes.crossed(len(arcs))
        columns = {
            "tariff": arcs["tariff_usd_per_teu"].to_numpy(dtype=float),
            "hours": arcs["hours"].to_numpy(dtype=float),
            "variance": arcs["spread_h"].to_numpy(dtype=float) ** 2,
        }
        moves = {
            name: (column, np.asarray(crossed @ (columns[column] * self._grades * mask)))
            for name, (column, mask) in self._groups.items()
        }
        return state.share, laid, moves

    def _answer(self, laid: Laid, moves: _Moves, value: Mapping[str, float]) -> Part:
        sums = {name: laid.sums[name].copy() for name in ("tariff", "hours", "variance")}
        for name, (column, move) in moves.items():
            if name in value:
                sums[column] += _z(value[name]) * move
        demand = self.warm.model.demand
        wide = demand["grade"].map(self.half_widths).to_numpy(dtype=float)
        z = demand["market"].map({m: _z(value[f"demand {m}"]) for m in dict.fromkeys(demand["market"])})
        scarce = self.warm.rooms.rows["scarce"].to_numpy()
        room = np.where(scarce, 1.0, 1 + self.half_widths["EST"] * _z(value["capacities"]))
        doubt = Doubt(
            {name: np.maximum(x, 0.0) for name, x in sums.items()},
            1 + self.half_widths["EST"] * _z(value["worth of time"]),
            1 + wide * z.to_numpy(dtype=float),
            room,
        )
        return self.warm.answer(laid, self.warm.usual.wait, doubt)

    @cached_property
    def _families(self) -> tuple[Any, list[str]]:
        code, names = pd.factorize(self.warm.slots["family"], sort=True)
        return code, [str(n) for n in names]

    def _outputs(self, part: Part) -> dict[str, float]:
        code, names = self._families
        flows = np.bincount(code, part.flow, minlength=len(names))
        sent = max(float(flows.sum()), 1e-300)
        return {
            "cost_musd": float(part.cost_usd.sum()) / _MILLION,
            "unmet_teu": float(part.unmet.sum()),
            "not_shipped_teu": float(part.not_shipped.sum()),
            "days_per_teu": float(part.flow @ np.where(part.routes.there, part.sums["hours"], 0.0)) / sent / 24,
            **{f"{name}_teu": float(x) for name, x in zip(names, flows, strict=True)},
        }


def doubtful(
    application: Application, warm: WarmYear, year: int, half_widths: Mapping[str, float] | None = None
) -> Doubtful:
    """Return a year as a function of what is not known well; DataError for grades without a range."""
    widths = dict(GRADE_HALF_WIDTHS if half_widths is None else half_widths)
    missing = [g for g in GRADE_HALF_WIDTHS if g not in widths]
    wrong = [f"half_widths: grade {g!r} has none" for g in missing]
    wrong += [f"half_widths: {g!r}: got {w!r}, expected 0 to below 1" for g, w in widths.items() if not 0 <= w < 1]
    if wrong:
        raise DataError(wrong)
    return Doubtful(application, warm, year, widths)


def _triangular(u: float, low: float, mode: float, high: float) -> float:
    """Return the quantile of a triangular distribution."""
    split = (mode - low) / (high - low)
    if u < split:
        return low + float(np.sqrt(u * (high - low) * (mode - low)))
    return high - float(np.sqrt((1 - u) * (high - low) * (high - mode)))


def _z(u: float) -> float:
    return _triangular(u, -1.0, 0.0, 1.0)


def _poisson(u: float, rate: float) -> int:
    """Return the quantile of a Poisson distribution, rarest numbers at one."""
    return int(np.ceil(max(float(pdtrik(min(max(u, 1e-12), 1 - 1e-12), rate)), 0.0))) if u > np.exp(-rate) else 0


def _centre(one: Input) -> float:
    if one.kind == "lasts":
        return (1.0 - _LASTS[0]) / (_LASTS[2] - _LASTS[0])
    return 0.5
