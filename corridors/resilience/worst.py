"""Which failures hurt trade most when they come together, and what lowers that: proved for the choice of shippers."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError
from networks.errors import nearest
from solvers.failure_search import Answer, Attack, Search

from ..year_setting import State
from .asking import opened, year_of
from .elements import Element, elements
from .failing import Shut
from .pool import cores, run_tasks
from .warm_parts import Part
from .warm_year import WarmYear

if TYPE_CHECKING:
    from ..scenario.applying import Application
    from ..scenario.loading import Scenario

__all__ = ["WorstLoss", "worst_failures"]

_MILLION = 1e6
_NOTHING = "nothing more"
_GAP = 1e-9
_USED = 1e-3  # TEU a year by a route, from which on it is used


@dataclass(frozen=True, eq=False)
class WorstLoss:
    """The failures that hurt most, and with each project.

    Attributes
    ----------
    table : DataFrame
        One row for the network as it is and for each project: ``project``, ``title``, ``failed`` (names),
        ``loss_musd`` (million USD a year that the trade concerned loses by them, unmet demand at the penalty),
        ``cost_musd`` (that its transport then costs more than as it is, without project and failures: what a project
        is to lower), ``passing_teu`` (of that trade through the region before, TEU a year), ``unmet_teu``,
        ``loss_by_count_musd`` (by the worst one, two, … failures), ``sets`` (of failures that were tried), ``proved``.
    sets : DataFrame
        For the network as it is, every set that was tried: ``failed``, ``loss_musd``, ``unmet_teu``; worst first.
    record : mapping
        Title, year, k, within, markets, share of estimates, seconds.
    """

    table: pd.DataFrame
    sets: pd.DataFrame
    record: dict[str, Any]

    def by_count(self) -> pd.DataFrame:
        """Return the worst one, two, … failures of the network as it is.

        Returns
        -------
        DataFrame by number of failures
            ``failed``, ``loss_musd``.
        """
        rows = []
        for count, loss in enumerate(self.table["loss_by_count_musd"].iloc[0], 1):
            mine = self.sets[(self.sets["failed"].map(len) <= count) & (self.sets["loss_musd"] >= loss - 1e-3)]
            fewest = mine.iloc[mine["failed"].map(len).to_numpy().argmin()]
            rows.append((count, fewest["failed"], float(fewest["loss_musd"])))
        return pd.DataFrame(rows, columns=["failures", "failed", "loss_musd"]).set_index("failures")

    @cached_property
    def best_project(self) -> pd.Series[Any] | None:
        """The project that lowers the worst most, or None if none does: a row of ``table``."""
        base = self.table.iloc[0]
        others = self.table.iloc[1:]
        better = others[others["cost_musd"] < base["cost_musd"] - 1e-6 * abs(base["cost_musd"]) - 1e-9]
        return None if better.empty else better.loc[better["cost_musd"].idxmin()]

    @cached_property
    def answer(self) -> str:
        """One sentence: what hurts most, and what lowers that most."""
        base = self.table.iloc[0]
        proof = "proved" if base["proved"] else "not proved, the time was over"
        failed = base["failed"]
        fewer = f"; more than {len(failed)} add nothing" if len(failed) < self.record["k"] else ""
        told = (
            f"{self.record['title']}, {self.record['year']}: of up to {self.record['k']} failures in "
            f"{self.record['region']} those that hurt most are {', '.join(failed)}: {base['loss_musd']:,.1f} m USD a "
            f"year{fewer} ({proof}, {base['sets']:,} sets tried)"
        )
        if len(self.table) == 1:
            return f"{told}; {self.record['estimates']:.0%} of the figures behind are estimates."
        best = self.best_project
        if best is None:
            end = "no project lowers what trade then pays"
        else:
            saved = base["cost_musd"] - best["cost_musd"]
            end = f"{best['title']} lowers what trade then pays most, by {saved:,.1f} m USD a year"
        return f"{told}; {end}; {self.record['estimates']:.0%} of the figures behind are estimates."

    def __repr__(self) -> str:
        """Answer, then the table."""
        return f"{self.answer}\n\n{self.table.to_string()}"


def worst_failures(
    scenario: Scenario | str | Path,
    k: int = 3,
    *,
    within: Sequence[str],
    kinds: Sequence[str] = ("link", "stop"),
    markets: Sequence[str] | None = None,
    projects: Sequence[str] | bool = (),
    year: int | None = None,
    time_limit_s: float | None = None,
    jobs: int | None = None,
    folder: str | Path | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> WorstLoss:
    """Find the k failures in a region that hurt trade most, and which project lowers that most.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario of freight whose shippers refuse nothing.
    k : int
        How many fail at once, at most.
    within : sequence of str
        Countries, groups, places, links or modes: what touches one of them may fail, but for places where the trade
        concerned begins or ends.
    kinds : sequence of str
        Kinds of elements that may fail: link, stop, border, country.
    markets : sequence of str, optional
        Trade whose loss counts; all of the study by default.
    projects : sequence of str, or True
        Projects of the scenario under ``decide: choose`` to try, one by one; True: all.
    year : int, optional
        Of the study; the first by default.
    time_limit_s : float, optional
        Seconds for each project, after which the worst found so far is told as not proved.
    jobs : int, optional
        Processes.
    folder : path, optional
        Tables of your own.
    progress : callable, optional
        Told how many projects of how many are done.

    Returns
    -------
    WorstLoss

    Raises
    ------
    DataError
        A wrong word or number, or a scenario that cannot be run.

    Notes
    -----
    The loss of a set is the change of the expected cost of the shippers (see `Criticality`). A set that leaves whole
    all that the shippers' answer to another set uses hurts no more than that one, as they still have all its ways: so
    the sets that hurt most are among those that add, one after the other, something that is still used
    (`solvers.failure_search.Search`), and the worst is proved when all others are ruled out. For the cheapest flow of
    a network, where costs bound sets too, see `solvers.worst_failures`. Of sets that hurt alike the smallest is told.
    """
    from ..scenario.applying import Application

    began = time.perf_counter()
    if isinstance(k, bool) or not isinstance(k, int) or k < 1:
        raise DataError([f"k: got {k!r}, expected a whole number of one or more"])
    wanted = opened(scenario, folder)
    study, asked = wanted.freight.study, year_of(wanted, year)
    strange = [m for m in markets or () if m not in study.markets]
    wrong = [f"markets: {m!r} is not in the study{nearest(m, study.markets)}" for m in strange]
    if not within:
        wrong.append("within: expected a country, place or link at least")
    offered = [n for n, p in wanted.freight.investments.projects.items() if p.decision == "choose"]
    chosen = offered if projects is True else list(projects or ())
    wrong += [f"projects: {n!r} is none to be chosen{nearest(n, offered)}" for n in chosen if n not in offered]
    if wrong:
        raise DataError(wrong)
    application = Application.of(wanted.freight, folder)
    application.check()
    case = _Case(application, asked, tuple(within), tuple(kinds), tuple(markets or study.markets), k, time_limit_s)
    base = case.search("")
    work = _WithProject(case)
    found: dict[str, Any] = {"": base}
    for name, result, error in run_tasks(work, chosen, cores(jobs)):
        if error is not None:
            raise DataError([f"{name}: {error}"])
        found[name] = result
        if progress is not None:
            progress(len(found) - 1, len(chosen))
    titles = {n: wanted.freight.investments.projects[n].title or _recorded(application, n) for n in chosen}
    rows = []
    for name in ["", *chosen]:
        one = found[name]
        rows.append(
            {
                "project": name,
                "title": titles.get(name, _NOTHING),
                "failed": one.failed,
                "loss_musd": (one.cost - one.without) / _MILLION,
                "cost_musd": (one.cost - base.without) / _MILLION,
                "passing_teu": one.passing,
                "unmet_teu": one.unmet,
                "loss_by_count_musd": tuple(round(x, 3) for x in one.by_count),
                "sets": len(one.tried),
                "proved": one.proved,
            }
        )
    sets = pd.DataFrame(base.tried, columns=["failed", "loss_musd", "unmet_teu"])
    record = {
        "title": wanted.freight.title or wanted.name,
        "year": asked,
        "k": k,
        "within": list(within),
        "region": ", ".join(within),
        "markets": list(case.markets),
        "estimates": base.estimates,
        "seconds": round(time.perf_counter() - began, 1),
    }
    return WorstLoss(
        pd.DataFrame(rows), sets.sort_values("loss_musd", ascending=False, kind="stable", ignore_index=True), record
    )


def _recorded(application: Application, name: str) -> str:
    project = application.model.investments.projects[name]
    records = application._records
    known = project.record or name
    return str(records.at[known, "title"]) if known in records.index else name


@dataclass(frozen=True, eq=False)
class _Result:
    """What one search found."""

    failed: tuple[str, ...]
    cost: float
    without: float
    passing: float
    unmet: float
    tried: list[tuple[tuple[str, ...], float, float]]
    proved: bool
    by_count: list[float]
    estimates: float


@dataclass(frozen=True, eq=False)
class _Case:
    """What is asked."""

    application: Application
    year: int
    within: tuple[str, ...]
    kinds: tuple[str, ...]
    markets: tuple[str, ...]
    k: int
    time_limit_s: float | None

    def search(self, project: str) -> _Result:
        """Return the worst failures with a project, or without one."""
        from ..scenario.choices import asked_choice

        applied = self.application.with_([project] if project else ())
        model = applied.year_model(self.year)
        if model.setting.refusals or len(model.states) > 1:
            what = "shippers who refuse nothing, and years that are alike from January to December"
            raise DataError([f"{self.application.model.name}: worst failures are for {what}"])
        warm = WarmYear(model, asked_choice(self.application.model.choice))
        recourse = _Shippers(warm, model.states[0]._replace(share=1.0), self)
        search = Search(recourse, len(recourse.elements))
        every = np.ones(len(recourse.elements))
        limit = np.inf if self.time_limit_s is None else time.perf_counter() + self.time_limit_s
        by_count = [search.worst(Attack(every, float(count), every > 0), _GAP, limit) for count in range(1, self.k + 1)]
        last = by_count[-1].cost * (1 - _GAP)
        worst = next(found for found in by_count if found.cost >= last)  # the fewest that do as much harm
        known = recourse.known
        names = recourse.names
        if () not in known:
            raise DataError([f"time_limit_s: got {self.time_limit_s!r}, the time was over before anything was tried"])
        without = known[()][0]
        tried = [(names(key), (cost - without) / _MILLION, unmet) for key, (cost, unmet) in known.items() if key]
        found = known[worst.failed]
        return _Result(
            names(worst.failed),
            found[0],
            without,
            recourse.passing,
            found[1],
            tried,
            by_count[-1].finished,
            [(known[found.failed][0] - without) / _MILLION for found in by_count],
            recourse.estimates,
        )


@dataclass(frozen=True, eq=False)
class _WithProject:
    """Searches with one project."""

    case: _Case

    def __call__(self, name: str) -> _Result:
        return self.case.search(name)


@dataclass(eq=False)
class _Shippers:
    """The shippers' answer to failures, as `Search` asks for it."""

    warm: WarmYear
    state: State
    case: _Case
    known: dict[tuple[int, ...], tuple[float, float]] = field(default_factory=dict)

    @cached_property
    def counted(self) -> Any:
        """Which rows of demand count."""
        return self.warm.model.demand["market"].isin(self.case.markets).to_numpy()

    @cached_property
    def elements(self) -> list[Element]:
        """What may fail."""
        touched = ~self.warm.filters.avoiding(self.case.within)
        demand = self.warm.model.demand[self.counted]
        ends = {*demand["origin"], *demand["destination"]}
        found = [
            e
            for e in elements(self.warm.filters, self.case.kinds)
            if self._inside(e, touched) and not (e.kind == "stop" and e.element_id in ends)
        ]
        if not found:
            raise DataError([f"within: nothing in {', '.join(self.case.within)} may fail"])
        return found

    def _inside(self, element: Element, touched: Any) -> bool:
        """Say whether an element is in the region: a stop itself, of a link an end."""
        if element.kind != "stop":
            return bool((element.arcs & touched).any())
        home = self.warm.filters.home[element.element_id]
        countries = self.warm.filters.groups
        places = {p for w in self.case.within if w not in countries for p in [self._place(w)] if p}
        return element.element_id in places or any(home in countries[w] for w in self.case.within if w in countries)

    def _place(self, word: str) -> str:
        from networks import PlaceError

        try:
            return str(self.warm.filters.names.find(word))
        except PlaceError:
            return ""

    def names(self, failed: Sequence[int]) -> tuple[str, ...]:
        """Return what failed in words."""
        return tuple(self.elements[e].name for e in failed)

    @cached_property
    def passing(self) -> float:
        """What of the trade concerned passes the region as usual, TEU a year."""
        part = self.warm.part(self.state)
        touched = np.logical_or.reduce([e.arcs for e in self.elements])
        mine = self.counted[self.warm.row_of_slot] & part.routes.passing(touched)
        return float(part.flow[mine].sum())

    @cached_property
    def estimates(self) -> float:
        """Share of estimates among the figures behind the routes, by TEU."""
        return self.warm.estimates([(1.0, self.warm.part(self.state))])

    def answer(self, failed: Any, deadline: float) -> Answer | None:
        """Return what the shippers do without some elements; None when the time is over."""
        if time.perf_counter() > deadline:
            return None
        state = self.state
        if len(failed):
            mask = np.logical_or.reduce([self.elements[e].arcs for e in failed.tolist()])
            state = state._replace(change=Shut(mask, state.change))
        part = self.warm.part(state)
        cost = float(part.cost_usd[self.counted].sum())
        self.known[tuple(failed.tolist())] = cost, float((part.unmet + part.not_shipped)[self.counted].sum())
        return Answer(cost, cost, self._used(part))

    def _used(self, part: Part) -> Any:
        """Return inf for what is used: how much its loss hurts is not bounded."""
        load = np.asarray(part.routes.crossed(len(self.warm.arcs)).T @ np.where(part.flow > _USED, part.flow, 0.0))
        found = np.zeros(len(self.elements))
        for e, element in enumerate(self.elements):
            found[e] = np.inf if load[element.arcs].max(initial=0.0) > _USED else 0.0
        return found
