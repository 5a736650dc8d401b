"""Thousands of runs of a scenario: a product of what varies, on all cores or many machines, streamed to Parquet."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from networks import DataError
from networks.errors import nearest

from ..reported import notebook_html
from ..scenario.gas_schema import GasScenarioModel
from ..scenario.varying import combinations
from .asking import opened
from .pool import cores, run_tasks
from .sweep_files import SweepFolder, fingerprint
from .sweep_runs import TABLES, Runner, Task, chunk_rows, common

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..scenario.loading import Scenario

__all__ = ["Sweep", "sweep"]

_CHUNK = 25  # runs that are written together
_WORTH_IT = 4  # runs alike for which a year is laid out
_MEASURES = {
    "unmet": "unmet_teu",
    "not shipped": "not_shipped_teu",
    "cost": "cost_musd",
    "days": "days_per_teu",
    "tariff": "tariff_usd_per_teu",
    "co2e": "kt_co2e",
    "sent": "sent_teu",
}
_UNITS = {
    "_usd_per_teu": "USD/TEU",
    "days_per_teu": "days",
    "_teu": "TEU a year",
    "_musd": "million USD a year",
    "kt_co2e": "kt CO2e a year",
    "_gwh": "GWh",
}


@dataclass(frozen=True, eq=False)
class Sweep:
    """The runs of a sweep.

    Attributes
    ----------
    runs : DataFrame
        ``run`` (number), ``name``, one column for each path that varies (the value, as text), ``year``, ``status``
        (``converged``, ``optimal`` for gas, ``failed``), ``error``; of freight ``wanted_teu``, ``sent_teu``,
        ``unmet_teu``, ``not_shipped_teu``, ``cost_musd`` (million USD, expected least cost in the shippers' eyes with
        unmet demand at the penalty), ``days_per_teu`` (on the way), ``tariff_usd_per_teu``, ``kt_co2e``,
        ``waited_for`` (how many things are over before shippers turn); of gas ``unmet_gwh``, ``cost_musd``,
        ``extra_musd``.
    flows : DataFrame
        ``run``, ``year``, ``market``, ``corridor``, ``family``, ``teu_per_year``; of gas ``line``, ``bcm``.
    borders : DataFrame
        ``run``, ``year``, ``border`` (two countries), ``teu_per_year``; empty for gas.
    varied : tuple of str
        Paths that vary.
    title : str
        Of the scenario.
    """

    runs: pd.DataFrame
    flows: pd.DataFrame
    borders: pd.DataFrame
    varied: tuple[str, ...]
    title: str

    @cached_property
    def failed(self) -> pd.DataFrame:
        """Rows of ``runs`` that could not be run; ``error`` says why."""
        return self.runs[self.runs["status"] == "failed"]

    def measure(self, what: str) -> pd.Series[float]:
        """Return one figure of each run and year.

        Parameters
        ----------
        what : str
            ``unmet``, ``not shipped``, ``cost``, ``days``, ``tariff``, ``co2e``, ``sent``, any number of `runs`;
            ``flow:middle`` (a corridor or family; a line of gas), ``through:AZ-IR`` (a border).

        Returns
        -------
        Series by ``run`` and ``year``

        Raises
        ------
        DataError
            Another word.
        """
        if len(self.runs) == len(self.failed):
            raise DataError([f"every run failed; the first: {self.failed['error'].iloc[0]}"])
        index = self.runs.set_index(["run", "year"]).index
        head, _, name = what.partition(":")
        if head == "flow" and name:
            columns = [c for c in ("family", "corridor", "line") if c in self.flows]
            mine = self.flows[self.flows[columns].eq(name).any(axis=1)]
            if mine.empty:
                known = sorted({str(x) for c in columns for x in self.flows[c]})
                raise DataError([f"measure: nothing goes by {name!r} in any run{nearest(name, known)}"])
            value = "bcm" if "bcm" in mine else "teu_per_year"
            return mine.groupby(["run", "year"])[value].sum().reindex(index, fill_value=0.0).rename(what)
        if head == "through" and name:
            pair = "-".join(sorted(name.split("-")))
            mine = self.borders[self.borders["border"] == pair]
            if mine.empty:
                raise DataError(
                    [f"measure: nothing crosses {pair!r}{nearest(pair, sorted(set(self.borders['border'])))}"]
                )
            return mine.groupby(["run", "year"])["teu_per_year"].sum().reindex(index, fill_value=0.0).rename(what)
        column = _MEASURES.get(what, what)
        numeric = [c for c in self.runs.columns if pd.api.types.is_numeric_dtype(self.runs[c])]
        if column not in numeric:
            known = [*_MEASURES, *numeric, "flow:…", "through:…"]
            raise DataError([f"measure: got {what!r}, expected one of {', '.join(known)}{nearest(what, known)}"])
        return self.runs.set_index(["run", "year"])[column].rename(what)

    def table(self, what: str, rows: str, columns: str | None = None) -> pd.DataFrame:
        """Return a measure by one or two of the paths that vary.

        Parameters
        ----------
        what : str
            As of `measure`.
        rows, columns : str
            Paths, or ``year``.

        Returns
        -------
        DataFrame, rows by columns
            Mean of the runs of each cell; without `columns` one column named `what`.

        Raises
        ------
        DataError
            A path that does not vary.
        """
        keys = [rows] if columns is None else [rows, columns]
        for key in keys:
            if key not in (*self.varied, "year"):
                raise DataError(
                    [f"{key!r} does not vary here; known: {', '.join(self.varied)}{nearest(key, self.varied)}"]
                )
        values = self.measure(what)
        frame = self.runs[self.runs["status"] != "failed"].set_index(["run", "year"], drop=False)
        frame = frame.assign(value=values.reindex(frame.index))
        order = {key: list(dict.fromkeys(frame[key])) for key in keys}
        if columns is None:
            return frame.groupby(rows, sort=False)["value"].mean().to_frame(what)
        wide = frame.pivot_table(index=rows, columns=columns, values="value", aggfunc="mean")
        return wide.reindex(index=order[rows], columns=order[columns])

    def crossed(self, rows: str) -> list[str]:
        """Return the paths each of whose values meets each value of another: those that go in step with it do not.

        Parameters
        ----------
        rows : str
            The other path.

        Returns
        -------
        list of str
        """
        found: list[str] = []
        for path in self.varied if rows in self.runs else ():
            pairs = self.runs[[rows, path]].drop_duplicates() if path != rows else self.runs.iloc[:0]
            counts = [pairs[column].nunique() for column in (rows, path)]
            if len(pairs) == counts[0] * counts[1] and min(counts) > 1:
                found.append(path)
        return found

    def unit(self, what: str) -> str:
        """Return the unit of a measure, nothing where it has none.

        Parameters
        ----------
        what : str
            As of `measure`.

        Returns
        -------
        str
        """
        head, _, name = what.partition(":")
        if head in ("flow", "through") and name:
            return "bcm" if "bcm" in self.flows and head == "flow" else "TEU a year"
        column = _MEASURES.get(what, what)
        return next((unit for end, unit in _UNITS.items() if column.endswith(end)), "")

    def plot_response(self, what: str, path: str | None = None) -> Figure:
        """Draw a measure against what varies.

        Parameters
        ----------
        what : str
            As of `measure`.
        path : str, optional
            What varies; otherwise the first.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        DataError
            Another word, or a path that does not vary.
        """
        from .sweep_chart import draw_response

        return draw_response(self, what, self.varied[0] if path is None else path)

    def __repr__(self) -> str:
        """Say how many runs there are, and how many failed."""
        count = self.runs["run"].nunique()
        wrong = f", {self.failed['run'].nunique()} failed" if len(self.failed) else ""
        return f"Sweep({self.title}: {count:,} runs{wrong}; varied: {', '.join(self.varied)})"

    def _repr_html_(self) -> str:
        return notebook_html(repr(self), self.runs.head(20))


@dataclass(frozen=True, eq=False)
class _Chunks:
    """Does the runs of a chunk; a year is laid out by the first that needs it."""

    runner: Runner
    tasks: Sequence[Task] = field(repr=False)
    size: int

    def __call__(self, chunk: int) -> dict[str, list[tuple[Any, ...]]]:
        mine = self.tasks[chunk * self.size : (chunk + 1) * self.size]
        return chunk_rows([(task, self.runner.run(task)) for task in mine])

    def lost(self, chunk: int, error: str | None) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows of a chunk that could not be done."""
        mine = self.tasks[chunk * self.size : (chunk + 1) * self.size]
        return chunk_rows([(task, self.runner.failed(error or "lost")) for task in mine])


def sweep(
    scenario: Scenario | str | Path,
    vary: Mapping[str, Sequence[Any]] | None = None,
    *,
    together: bool = False,
    jobs: int | None = None,
    out: str | Path | None = None,
    scheduler: str | None = None,
    folder: str | Path | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Sweep:
    """Run a scenario with every combination of what varies.

    Parameters
    ----------
    scenario : Scenario, str or path
        Of freight or gas, with `vary` in the file or given here.
    vary : mapping of dotted path to values, optional
        Instead of that of the file: ``{"disruptions.aktau.effect.draught": ["-0.5 m", "-1 m"]}``.
    together : bool
        Whether the values of `vary` go in step (a zip) instead of every one with every other (a product). In a file,
        what goes in step stands under ``together``.
    jobs : int, optional
        Processes on this machine; as many as there are cores by default.
    out : path, optional
        Folder that results are streamed to. If it holds the same sweep, killed or not, what is there is kept and the
        rest is run.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://host:8786``, whose workers have the toolkit: instead of processes here.
        Needs the extra ``distributed``.
    folder : path, optional
        Tables of your own.
    progress : callable, optional
        Told how many of how many runs are done.

    Returns
    -------
    Sweep

    Raises
    ------
    DataError
        A scenario, path, folder or address that is wrong. A run that cannot be run is a row with its error.

    Notes
    -----
    A run has the numbers of `corridors.run`, to the accuracy of its equilibrium, whatever the number of workers: parts
    of a year that differ from the year as usual only by disruptions, policy and projects are solved from it (see
    `WarmYear`), and the year of every demand, price and choice that some runs share is laid out once.
    """
    wanted = opened(scenario, folder)
    if vary is not None:
        wanted = wanted.alone().with_({"vary": {"together": dict(vary)} if together else dict(vary)})
    asked = dict(wanted.model.vary)
    pairs = combinations(wanted.resolved.get("vary") or {}, wanted.name)
    if not asked or not pairs:
        raise DataError([f"{wanted.name}: nothing varies; write values under 'vary', or give some"])
    alone = wanted.alone()
    alike = Counter(common(changes) for _, changes in pairs)
    tasks = [Task(n, name, c, warm=alike[common(c)] >= _WORTH_IT) for n, (name, c) in enumerate(pairs)]
    tables = TABLES["gas" if isinstance(wanted.model, GasScenarioModel) else "freight"]
    work = _Chunks(Runner(alone, folder), tasks, _CHUNK)
    if out is not None:
        with SweepFolder(out, _asked(alone, tasks, folder), tables) as files:
            _run(work, files, jobs, scheduler, progress)
            return _read(files, tasks, wanted)
    with (
        tempfile.TemporaryDirectory(prefix="corridors-sweep-") as place,
        SweepFolder(place, _asked(alone, tasks, folder), tables) as files,
    ):
        _run(work, files, jobs, scheduler, progress)
        return _read(files, tasks, wanted)


def _asked(scenario: Scenario, tasks: Sequence[Task], folder: str | Path | None) -> dict[str, Any]:
    """Return all that decides the rows."""
    from ..scenario.saving import data_hash, versions

    return {
        "scenario": scenario.hash,
        "name": scenario.name,
        "runs": len(tasks),
        "vary": fingerprint([(task.name, dict(task.changes)) for task in tasks]),
        "data": data_hash(folder),
        "chunk": _CHUNK,
        **versions(),
    }


def _run(
    work: _Chunks,
    files: SweepFolder,
    jobs: int | None,
    scheduler: str | None,
    progress: Callable[[int, int], object] | None,
) -> None:
    """Do the chunks that are not there yet."""
    count = -(-len(work.tasks) // work.size)
    done = files.done(range(count))
    left = [chunk for chunk in range(count) if chunk not in done]
    finished = sum(len(work.tasks[c * work.size : (c + 1) * work.size]) for c in done)
    if scheduler is None:
        first = next((task for task in work.tasks if task.warm), None)
        if left and first is not None:
            work.runner.prepare(first)
        results = run_tasks(work, left, cores(jobs))
    else:
        from .dask_pool import run_on_dask

        results = run_on_dask(work, left, scheduler)
    for chunk, rows, error in results:
        files.write(chunk, work.lost(chunk, error) if error is not None or rows is None else rows)
        finished += len(work.tasks[chunk * work.size : (chunk + 1) * work.size])
        if progress is not None:
            progress(finished, len(work.tasks))
    files.finish(count)


def _read(files: SweepFolder, tasks: Sequence[Task], scenario: Scenario) -> Sweep:
    varied = tuple(dict.fromkeys(path for task in tasks for path in task.changes))
    runs = files.read("runs")
    said = {path: [_text(task.changes.get(path)) for task in tasks] for path in varied}
    place = runs["run"].to_numpy()
    values = pd.DataFrame({path: pd.Series(texts, dtype=object).take(place).to_numpy() for path, texts in said.items()})
    runs = pd.concat([runs[["run", "name"]], values, runs.drop(columns=["run", "name"])], axis=1)
    tables = {name: files.read(name) for name in ("flows", "borders") if name in files.tables}
    borders = tables.get("borders", pd.DataFrame(columns=["run", "year", "border", "teu_per_year"]))
    return Sweep(runs, tables["flows"], borders, varied, scenario.model.title or scenario.name)


def _text(value: Any) -> str:
    """Return a value of a sweep as a table shows it."""
    if isinstance(value, Mapping):
        return " ".join(f"{key} {_text(inside)}" for key, inside in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_text(inside) for inside in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
