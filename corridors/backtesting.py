"""Back-test: what the model says of shocks that its calibration never saw, beside what happened and naive forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

import seeds
from networks import GRADES, DataError, build, load_tables
from networks.errors import nearest
from networks.given import given_yaml
from solvers import deterministic_queue

from .calibration import observed_traffic
from .catalogue import Filters, load_catalogue
from .choice import Choice, load_choice
from .past import PAST_YEARS
from .year_flows import cheapest_flow
from .year_model import YearModel
from .year_setting import lasting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Backtest", "Case", "backtest", "load_cases"]

CASES = seeds.FOLDER / "backtest.yaml"
_FORECASTS = ("volume", "ratio")  # measures that naive forecasts are made of
_GIVEN = "sea"  # what demand holds beside the land routes: its volume is no forecast
_HOURS = 24.0

Year = Annotated[int, Field(ge=PAST_YEARS[0], le=PAST_YEARS[-1])]
Grade = Literal["A", "B", "C", "EST"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Shock(_Strict):
    """What is done to the year beside what is documented of it.

    Attributes
    ----------
    close : tuple of str
        Places, links, borders, countries, groups, modes or corridors that are shut.
    days : float
        For how long; up to ``queue_days`` of ``parameters.csv`` shippers wait, longer they go another way.
    inputs : dict
        Series of ``year_inputs.csv`` with another value for the year.
    """

    close: tuple[str, ...] = ()
    days: Annotated[float, Field(gt=0, le=366)] = 365
    inputs: dict[str, float] = {}


class Observed(_Strict):
    """What happened.

    Attributes
    ----------
    value : float
        In the unit of the case.
    source : tuple of str
        Ids of ``sources.csv``.
    grade : str
        A official, B press, C weak, EST own estimate.
    derivation : str
        How the value was reached.
    last : float, optional
        Value of the year before, for the naive forecast.
    """

    value: float
    source: tuple[str, ...]
    grade: Grade
    derivation: str = ""
    last: float | None = None


class Arrivals(_Strict):
    """A queue whose arrivals and service were reported."""

    arrivals_per_day: Annotated[float, Field(ge=0)]
    served_per_day: Annotated[float, Field(gt=0)]
    closed_days: Annotated[float, Field(ge=0)]


class Case(_Strict):
    """One shock, one year, one observable.

    Attributes
    ----------
    title : str
        What it is about.
    measure : str
        ``volume`` of the year; ``ratio`` to the year `before`; ``diversion``: gained by `to` per unit lost by
        `corridor` since `before`; ``effect`` of the shock on the volume, relative; ``waiting``: what stands at a
        short closure when it ends; ``queue`` and ``queue_days``: length at the reopening and days to clear.
    year : int
        2019 to 2025.
    before : int, optional
        Year that is compared with; otherwise the one before.
    markets : tuple of str
        Market ids.
    corridor, through : str, optional
        What is counted: a family or corridor, or a place, link or country that is passed.
    to : str, optional
        Family or corridor that gains, for ``diversion``.
    shock : Shock
        Nothing, if left out: the year as it was documented.
    queue : Arrivals, optional
        For ``queue`` and ``queue_days``.
    unit, perimeter, note : str
        In words.
    observed : Observed, optional
        If left out, that of ``demand.csv``.
    """

    title: str
    measure: Literal["volume", "ratio", "diversion", "effect", "waiting", "queue", "queue_days"] = "volume"
    year: Year
    before: Year | None = None
    markets: tuple[str, ...] = ()
    corridor: str | None = None
    through: str | None = None
    to: str | None = None
    shock: Shock = Shock()
    queue: Arrivals | None = None
    unit: str
    perimeter: str
    note: str = ""
    observed: Observed | None = None

    @model_validator(mode="after")
    def _fits(self) -> Case:
        queues = self.measure in ("queue", "queue_days")
        if queues != (self.queue is not None):
            raise ValueError("queue: expected for the measures queue and queue_days, and only there")
        if not queues and (self.corridor is None) == (self.through is None):
            raise ValueError("expected one of corridor and through")
        if not queues and not self.markets:
            raise ValueError("markets: expected one at least")
        if (self.measure == "diversion") != (self.to is not None):
            raise ValueError("to: expected for the measure diversion, and only there")
        if self.measure == "waiting" and not self.shock.close:
            raise ValueError("shock: close: expected what is shut")
        if self.observed is None and (self.measure != "volume" or self.corridor is None):
            raise ValueError("observed: expected, as demand.csv holds volumes of corridors only")
        return self

    @property
    def earlier(self) -> int:
        """Return the year that is compared with."""
        return self.before if self.before is not None else self.year - 1


@dataclass(frozen=True, eq=False)
class Backtest:
    """Cases with the model, what happened, and naive forecasts.

    Attributes
    ----------
    table : DataFrame by case
        ``title``, ``measure``, ``year``, ``unit``, ``model``, ``observed``, ``error``, ``last_year`` and ``cheapest``
        (naive forecasts: as in the year before; all by the cheapest way) with ``last_year_error`` and
        ``cheapest_error``, ``perimeter``, ``grade``, ``source_ids``, ``counted`` (a forecast of a year not fitted
        to, of what is no demand given to the model), ``note``. Errors are relative to what was observed, or the
        model itself where that is zero.
    fitted_to : tuple of int
        Years that the parameters have seen.
    """

    table: pd.DataFrame
    fitted_to: tuple[int, ...]

    def summary(self) -> pd.Series[float]:
        """Return how far the forecasts that count are off.

        Returns
        -------
        Series
            ``cases``, medians of the absolute errors ``model``, ``last_year``, ``cheapest``, and ``ratio`` of the
            model's to the better of both naive forecasts.
        """
        counted = self.table[self.table["counted"]]
        found = {
            name: float(counted[column].abs().median())
            for name, column in (
                ("model", "error"),
                ("last_year", "last_year_error"),
                ("cheapest", "cheapest_error"),
            )
        }
        better = min(found["last_year"], found["cheapest"])
        return pd.Series({"cases": float(len(counted)), **found, "ratio": found["model"] / better})

    def plot(self) -> Figure:
        """Draw errors by case: the model beside both naive forecasts, what counts first."""
        from .backtest_chart import backtest_chart

        return backtest_chart(self)

    def __repr__(self) -> str:
        """Return the number of cases and the medians."""
        s = self.summary()
        return (
            f"Backtest({len(self.table)} cases, {s['cases']:.0f} counted; median error {s['model']:.1%}, "
            f"last year's value {s['last_year']:.1%}, cheapest way {s['cheapest']:.1%})"
        )


def load_cases(path: str | Path | None = None) -> dict[str, Case]:
    """Read the cases of a file.

    Parameters
    ----------
    path : path, optional
        YAML file; otherwise the toolkit's.

    Returns
    -------
    dict
        Case by id.

    Raises
    ------
    DataError
        The file cannot be read, or cases are wrong: all of them are named, with key and reason.
    """
    file = CASES if path is None else Path(path)
    try:
        raw = given_yaml(file)
    except FileNotFoundError:
        raise DataError([f"{file}: no such file"]) from None
    if not isinstance(raw, dict) or raw.get("schema") != 1 or not isinstance(raw.get("cases"), dict):
        raise DataError([f"{file.name}: expected 'schema: 1' and 'cases:' with a name for each"])
    found, problems = {}, []
    for name, entry in raw["cases"].items():
        try:
            found[str(name)] = Case.model_validate(_listed(entry))
        except ValidationError as error:
            problems += [f"{file.name}, {name}: {_said(e)}" for e in error.errors()]
    if problems:
        raise DataError(problems)
    return found


def _listed(entry: Any) -> Any:
    """Let one word stand for a list of one."""
    if not isinstance(entry, dict):
        return entry
    found = {k: [v] if k in ("markets", "close", "source") and isinstance(v, str) else v for k, v in entry.items()}
    return {k: _listed(v) if k in ("shock", "observed") else v for k, v in found.items()}


def _said(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    known = {"extra_forbidden": f"no such key{nearest(str(error['loc'][-1]) if error['loc'] else '', _keys())}"}
    text = known.get(error["type"], error["msg"].removeprefix("Value error, "))
    got = "" if error["type"] in ("extra_forbidden", "missing", "value_error") else f", got {error['input']!r}"
    return f"{where + ': ' if where else ''}{text}{got}"


def _keys() -> list[str]:
    return [k for model in (Case, Shock, Observed, Arrivals) for k in model.model_fields]


def backtest(
    cases: str | Path | None = None,
    *,
    parameters: str | Path = "backtest",
    folder: str | Path | None = None,
) -> Backtest:
    """Run cases against the model.

    Parameters
    ----------
    cases : path, optional
        YAML file; otherwise the toolkit's cases.
    parameters : str or path
        See `load_choice`; by default those that have seen 2019, 2021 and 2023 only.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    Backtest

    Raises
    ------
    DataError
        Wrong cases, parameters or tables.
    """
    known = load_cases(cases)
    run = _Run(load_choice(parameters), folder)
    run.check(known)
    rows = [run.row(case) for case in known.values()]
    return Backtest(pd.DataFrame(rows, index=pd.Index(list(known), name="case")), run.choice.fitted_to)


class _Run:
    """Models of years, kept between cases."""

    def __init__(self, choice: Choice, folder: str | Path | None) -> None:
        self.choice, self.folder = choice, folder
        self.seen = observed_traffic(folder=folder)
        self.filters = Filters(build(load_tables(folder)))
        self.days = self.filters.tables.parameter("days_per_year")
        self._models: dict[Any, tuple[YearModel, npt.NDArray[np.float64]]] = {}

    def check(self, cases: dict[str, Case]) -> None:
        """Refuse words that nothing is called."""
        known = load_catalogue()
        corridors = list(dict.fromkeys([*(c.family for c in known.values()), *known]))
        markets = list(dict.fromkeys(self.seen.index.get_level_values("market")))
        problems = [
            f"{name}: no corridor or family is called {word!r}{nearest(word, corridors)}"
            for name, case in cases.items()
            for word in filter(None, (case.corridor, case.to))
            if word not in corridors
        ] + [
            f"{name}: no market is called {market!r}{nearest(market, markets)}"
            for name, case in cases.items()
            for market in case.markets
            if market not in markets
        ]
        if problems:
            raise DataError(problems)

    def row(self, case: Case) -> dict[str, Any]:
        """Return what is shown of a case."""
        observed = case.observed or self._traffic(case, case.year)
        if observed is None:
            raise DataError([f"{case.title}: demand.csv has no {case.corridor} in {case.year}"])
        model = self._value(case)
        naive = case.measure in _FORECASTS
        last = self._last(case) if naive else None
        cheapest = self._value(case, cheapest=True) if naive else None
        counted = naive and last is not None and case.year not in self.choice.fitted_to and case.corridor != _GIVEN
        return {
            "title": case.title,
            "measure": case.measure,
            "year": case.year,
            "unit": case.unit,
            "model": model,
            "observed": observed.value,
            "error": _error(model, observed.value),
            "last_year": last,
            "last_year_error": None if last is None else _error(last, observed.value),
            "cheapest": cheapest,
            "cheapest_error": None if cheapest is None else _error(cheapest, observed.value),
            "perimeter": case.perimeter,
            "grade": observed.grade,
            "source_ids": ";".join(observed.source),
            "counted": counted,
            "note": case.note,
        }

    def _traffic(self, case: Case, year: int) -> Observed | None:
        """Return what demand.csv holds of a corridor in some markets."""
        keys = [(m, year, case.corridor) for m in case.markets]
        rows = self.seen[self.seen.index.isin(keys)]
        if rows.empty:
            return None
        sources = tuple(dict.fromkeys(s for ids in rows["source_ids"] for s in ids))
        worst = max(rows["grade"], key=GRADES.index)
        return Observed(value=float(rows["quantity"].sum()), source=sources, grade=worst)

    def _last(self, case: Case) -> float | None:
        if case.measure == "ratio":
            return 1.0
        if case.observed is not None:
            return case.observed.last
        before = self._traffic(case, case.year - 1)
        return None if before is None else before.value

    def _value(self, case: Case, *, cheapest: bool = False) -> float:
        if case.queue is not None:
            return _queue(case.queue, case.measure)
        if case.measure == "waiting":
            return self._volume(case, case.year, Shock(), words=case.shock.close) * case.shock.days / self.days
        now = self._volume(case, case.year, case.shock, cheapest=cheapest)
        if case.measure == "volume":
            return now
        if case.measure == "effect":
            without = self._volume(case, case.year, Shock())
            return now / without - 1 if without else 0.0
        before = self._volume(case, case.earlier, Shock(), cheapest=cheapest)
        if case.measure == "ratio":
            return now / before if before else float("nan")
        gain = case.model_copy(update={"corridor": case.to})
        gained = self._volume(gain, case.year, case.shock) - self._volume(gain, case.earlier, Shock())
        return gained / (before - now) if before != now else float("nan")

    def _volume(
        self, case: Case, year: int, shock: Shock, *, words: Sequence[str] = (), cheapest: bool = False
    ) -> float:
        """Return what passes, in the unit of the markets."""
        return sum(self._part(case, year, m, shock, words=words, cheapest=cheapest) for m in case.markets)

    def _part(self, case: Case, year: int, market: str, shock: Shock, *, words: Sequence[str], cheapest: bool) -> float:
        """Return what passes of one market."""
        model, flow = self._year(year, market, shock)
        if cheapest:
            flow = cheapest_flow(model)
        routes = model.routes
        if words or case.through is not None:
            clear = model.filters.avoiding(words or [str(case.through)])
            counts = np.array([not clear[list(path)].all() for path in routes["path"]])
        else:
            counts = routes[["corridor", "branch", "family"]].eq(case.corridor).any(axis=1).to_numpy()
        return float((flow * model.units)[counts].sum())

    def _year(self, year: int, market: str, shock: Shock) -> tuple[YearModel, npt.NDArray[np.float64]]:
        """Return the model of a market in a year and its flows; a closure that is waited for changes neither."""
        closures = lasting(shock.close, shock.days, self.filters)
        key = year, market, closures, tuple(sorted(shock.inputs.items()))
        if key not in self._models:
            model = YearModel(year, [market], inputs=shock.inputs, closures=closures, folder=self.folder)
            self._models[key] = model, model.flows(self.choice)
        return self._models[key]


def _error(value: float, observed: float) -> float:
    return value / observed - 1 if observed else value


def _queue(given: Arrivals, measure: str) -> float:
    """Return the length when the way reopens, or the days until it is gone."""
    shut = given.closed_days * _HOURS
    comes, goes = given.arrivals_per_day / _HOURS, given.served_per_day / _HOURS
    queue = deterministic_queue([(0.0, comes)], [(0.0, 0.0), (shut, goes)] if shut else [(0.0, goes)])
    return queue.longest if measure == "queue" else (queue.clears_hour - shut) / _HOURS
