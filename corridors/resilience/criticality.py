"""What breaks, and how badly: every link, stop, border and country is removed or halved, for weeks or for a year."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from networks import DataError
from networks.errors import nearest

from ..reported import notebook_html
from .asking import ask_year, opened
from .elements import KINDS, Element, elements
from .failing import COLUMNS, COUNTRY_COLUMNS, TRANSIT_COLUMNS, Study
from .pool import cores, run_tasks
from .warm_year import WarmYear

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..scenario.loading import Scenario

__all__ = ["DAYS", "EFFECTS", "LENSES", "Criticality", "criticality"]

DAYS = (7, 30, 180, 365)
EFFECTS = ("removed", "halved")
LENSES = {"cost": "cost_rise_musd", "unmet": "unmet_teu", "country": "worst_country_pct"}


@dataclass(frozen=True, eq=False)
class Criticality:
    """What each failure costs.

    Attributes
    ----------
    table : DataFrame
        One row for each element, effect and number of days: ``kind``, ``element`` (id), ``name``, ``effect``,
        ``days``, ``teu_per_year`` (that use it as usual), ``cost_rise_musd`` (million USD, of those who are still
        served: generalised cost in the eyes of the shippers, scarcity and waiting included), ``of_it_waiting_musd``,
        ``cost_rise_pct`` (of what all trade of the study costs in those days), ``unmet_teu``, ``not_shipped_teu``
        (whose shippers refuse what is left), ``teu_hours`` (million, longer on the way or waiting, of those who are
        still served), ``hours_per_teu`` (the same for each of those who used it),
        ``second_best_ratio`` (generalised cost of the best way without it over that of the best way; inf where there
        is none; NaN where no best way uses it), ``worst_country``, ``worst_country_pct`` (loss with unmet demand at the
        penalty, in per cent of what the country's trade costs in those days), ``assumed`` (whether what is halved is
        the present flow, as no capacity is on record).
    countries : DataFrame
        Who pays: ``kind``, ``element``, ``effect``, ``days``, ``country``, ``cost_rise_musd``, ``unmet_teu``,
        ``loss_pct``. Half of what a box costs more is borne where it comes from, half where it goes to.
    transit : DataFrame
        ``kind``, ``element``, ``effect``, ``country``, ``teu_per_year`` more (less if negative) that pass through, in
        a year of it.
    redundancy : DataFrame
        As of `corridors.resilience.redundancy.redundancy`.
    arcs : DataFrame
        For maps: ``link_id``, ``from_place_id``, ``to_place_id``, ``mode``, ``teu_per_year``.
    places : DataFrame by place id
        For maps: ``name``, ``lon``, ``lat``.
    record : mapping
        Name, title, year, turn_days, share of estimates, seconds.
    folder : path, optional
        Folder with tables of one's own, for the ways of links on maps.
    """

    table: pd.DataFrame
    countries: pd.DataFrame
    transit: pd.DataFrame
    redundancy: pd.DataFrame
    arcs: pd.DataFrame
    places: pd.DataFrame
    record: Mapping[str, Any]
    folder: Path | None = None

    def ranking(
        self, lens: str = "cost", *, days: int = 180, effect: str = "removed", kind: str | None = None, top: int = 20
    ) -> pd.DataFrame:
        """Return what hurts most.

        Parameters
        ----------
        lens : str
            ``cost`` (of those who are served), ``unmet`` (TEU that have no way) or ``country`` (loss of the country
            that is worst off, relative to its trade).
        days, effect
            How long, and what happens.
        kind : str, optional
            link, stop, border or country; otherwise all.
        top : int
            How many.

        Returns
        -------
        DataFrame
            Rows of ``table``, the worst first; those that hurt nobody are left out.

        Raises
        ------
        DataError
            A word or a number that was not run.
        """
        for name, value, known in (
            ("lens", lens, tuple(LENSES)),
            ("effect", effect, tuple(dict.fromkeys(self.table["effect"]))),
            ("days", days, tuple(dict.fromkeys(self.table["days"]))),
            ("kind", kind, (None, *dict.fromkeys(self.table["kind"]))),
        ):
            if value not in known:
                listed = ", ".join(str(k) for k in known if k is not None)
                raise DataError(
                    [f"{name}: got {value!r}, expected one of {listed}{nearest(str(value), map(str, known))}"]
                )
        mine = self.table[(self.table["days"] == days) & (self.table["effect"] == effect)]
        if kind is not None:
            mine = mine[mine["kind"] == kind]
        mine = mine[mine[LENSES[lens]] > 0]
        return mine.sort_values(
            [LENSES[lens], "kind", "element"], ascending=[False, True, True], ignore_index=True
        ).head(top)

    @cached_property
    def answer(self) -> str:
        """One sentence: what hurts most by each lens."""
        days = max(self.table["days"])
        told = []
        for lens, words in (("cost", "cost"), ("unmet", "unmet"), ("country", "country")):
            for kind in ("link", "stop"):
                best = self.ranking(lens, days=days, kind=kind, top=1) if kind in set(self.table["kind"]) else None
                if best is None or best.empty:
                    continue
                told.append(_told(words, kind, best.iloc[0]))
                break
        shown = "; ".join(told) or "nothing that is removed changes anything"
        return (
            f"{self.record['title']}, {self.record['year']}, without it for {days} days: {shown}; "
            f"{self.record['estimates']:.0%} of the figures behind are estimates."
        )

    def plot_map(self, lens: str = "cost", *, days: int = 180, effect: str = "removed") -> Figure:
        """Draw links by how much their loss hurts: width is flow, colour the class of five.

        Parameters
        ----------
        lens, days, effect
            As of `ranking`.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        DataError
            A word or a number that was not run.
        """
        from .criticality_map import draw_map

        return draw_map(self, lens, days=days, effect=effect)

    def __repr__(self) -> str:
        """Answer, then the ranking by cost."""
        return f"{self.answer}\n\n{self.ranking(days=max(self.table['days']), top=10).to_string()}"

    def _repr_html_(self) -> str:
        return notebook_html(self.answer, self.ranking(days=max(self.table["days"]), top=10))


def _told(lens: str, kind: str, row: pd.Series[Any]) -> str:
    if lens == "cost":
        return f"the {kind} whose loss costs most is {row['name']} (+{row['cost_rise_musd']:,.0f} m USD)"
    if lens == "unmet":
        return f"most is left unmet without {row['name']} ({row['unmet_teu']:,.0f} TEU)"
    return f"one country loses most, {row['worst_country']}, without {row['name']} ({row['worst_country_pct']:,.0f} %)"


def criticality(
    scenario: Scenario | str | Path,
    *,
    year: int | None = None,
    days: Sequence[int] = DAYS,
    effects: Sequence[str] = EFFECTS,
    kinds: Sequence[str] = KINDS,
    jobs: int | None = None,
    folder: str | Path | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Criticality:
    r"""Remove or halve every link, stop, border and country, and find the answer of the shippers again.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario of freight whose shippers refuse nothing (no ``avoid``, no ``bans``).
    year : int, optional
        Of the study; the first by default.
    days : sequence of int
        How long each failure lasts, 1 to 365.
    effects : sequence of str
        ``removed``; ``halved``: half of its capacity is gone, on record or, where none is, half of what passes now is
        stopped. What is stopped goes as if all were removed, who passes goes on as usual.
    kinds : sequence of str
        link, stop, border, country.
    jobs : int, optional
        Processes; as many as there are cores by default.
    folder : path, optional
        Tables of your own.
    progress : callable, optional
        Told how many of how many are done.

    Returns
    -------
    Criticality

    Raises
    ------
    DataError
        A scenario that cannot be run, or a wrong word or number.

    Notes
    -----
    Up to ``queue_days`` of ``parameters.csv`` a failure is waited for: with :math:`\lambda` boxes a day and room for
    :math:`\kappa`, a queue grows by :math:`\lambda - \kappa` a day and is worked off at what is to spare afterwards;
    waiting costs the value of time. A longer one is driven round from its first day on, as in `corridors.run`, and
    those who set out in the first ``queue_days`` have waited too, before they turn: losses grow with the square of the
    days at first, then in proportion. A queue where nothing is to spare counts as cleared after ten times the failure,
    as those who wait then find other ways (a judgement). Cost is the change of the logsum of the shippers (see
    `corridors.investing.worth`). The measures follow Jenelius, Petersen and Mattsson (2006, Transportation Research
    Part A 40(7), 537-560): cost for what can be driven round, unsatisfied demand for what cannot; that rankings by
    total and by the worst-off differ, Jafino, Kwakkel and Verbraeck (2020, Transport Reviews 40(2), 241-264).
    """
    began = time.perf_counter()
    _check(days, effects)
    asked = ask_year(opened(scenario, folder), year, folder, "criticality")
    warm, states = WarmYear(asked.model, asked.choice), tuple(asked.model.states)
    study = Study(warm, states, tuple(days), tuple(effects))
    every = elements(warm.filters, kinds)
    in_use = [study.uses(e) for e in every]
    used = [e for e, uses in zip(every, in_use, strict=True) if uses]
    work = _Work(study, used)
    found: dict[int, Any] = {}
    for number, result, error in run_tasks(work, range(len(used)), cores(jobs)):
        if error is not None:
            raise DataError([f"{used[number].name}: {error}"])
        found[number] = result
        if progress is not None:
            progress(len(found), len(used))
    rows = [row for number in sorted(found) for row in found[number][0]]
    idle = [row for e, uses in zip(every, in_use, strict=True) if not uses for row in study.idle(e)]
    table = pd.DataFrame([*rows, *idle], columns=COLUMNS)
    countries = pd.DataFrame([r for n in sorted(found) for r in found[n][1]], columns=COUNTRY_COLUMNS)
    transit = pd.DataFrame([r for n in sorted(found) for r in found[n][2]], columns=TRANSIT_COLUMNS)
    from .redundancy import redundancy_of

    record = {
        "name": asked.scenario.name,
        "title": asked.title,
        "year": asked.year,
        "turn_days": study.turn,
        "estimates": study.estimates,
        "solves": len(used) * len(states),
        "seconds": round(time.perf_counter() - began, 1),
    }
    tables = warm.filters.tables
    places = tables.places[["name", "lon", "lat"]]
    flows = study.link_flows()
    return Criticality(table, countries, transit, redundancy_of(warm), flows, places, record, tables.folder)


def _check(days: Sequence[int], effects: Sequence[str]) -> None:
    wrong = [f"days: got {d!r}, expected whole numbers from 1 to 365" for d in days if not _is_days(d)]
    wrong += [f"effects: got {e!r}, expected {', '.join(EFFECTS)}" for e in effects if e not in EFFECTS]
    if not days or not effects:
        wrong.append("days, effects: expected one of each at least")
    if wrong:
        raise DataError(wrong)


def _is_days(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 365


@dataclass(frozen=True, eq=False)
class _Work:
    """Does the failures of one element."""

    study: Study
    used: list[Element] = field(repr=False)

    def __call__(self, number: int) -> tuple[list[Any], list[Any], list[Any]]:
        """Return rows of the table, of countries and of transit."""
        return self.study.failure(self.used[number]).rows(self.study.effects)
