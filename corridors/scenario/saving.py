"""Runs on disk: a folder with the resolved scenario, run.json and tables with their descriptions, written whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from networks import DataError
from networks.safely import real, replacing
from networks.study import STUDY_FILE

from ..catalogue_file import OWN_CORRIDORS
from .gas_results import GAS_TABLES, GasRun
from .results import TABLES, Run
from .solved import Solved

if TYPE_CHECKING:
    from .loading import Scenario

__all__ = [
    "UNITS",
    "cache_folder",
    "cached",
    "check_target",
    "data_hash",
    "read",
    "run_hash",
    "save",
    "to_cache",
    "versions",
]

AnyRun = Run | GasRun
_FORMAT = 2
_RECORD, _SCENARIO, _PACKAGE, _AGAINST = "run.json", "scenario.yaml", "datapackage.json", "against"
_PACKAGES = ("seeds", "networks", "solvers", "corridors")
_LIBRARIES = ("numpy", "pandas", "scipy", "pulp", "highspy", "networkx")
_KEPT = 60  # runs in the cache
_FREIGHT = {
    "routes": "Routes that carry something, by year, part of the year, market, pair and goods.",
    "demand": "What is wanted, and what becomes of it.",
    "capacities": "Load of every capacity that is used, by part of the year.",
    "arcs": "Arcs that routes use, as they are in each part of the year.",
    "states": "Parts of the year by what holds in them.",
    "short": "What is over before shippers turn round.",
    "ranges": "Flows by corridor for each variant of what is not known well.",
    "money": "What the projects that are built cost, and which line pays.",
    "inputs": "Every setting of the scenario, with the file and line that it comes from.",
}
_WHAT = {"freight": _FREIGHT, "gas": GAS_TABLES}
_RUNS: dict[str, type[AnyRun]] = {"freight": Run, "gas": GasRun}
UNITS = {
    "teu_per_year": "TEU/yr",
    "capacity_teu_per_year": "TEU/yr",
    "served": "TEU/yr",
    "unmet": "TEU/yr",
    "not_shipped": "TEU/yr",
    "teu_per_day": "TEU/d",
    "waiting_teu": "TEU",
    "km": "km",
    "days": "d",
    "clears_days": "d",
    "hours": "h",
    "spread_h": "h",
    "tariff_usd_per_teu": "USD/TEU",
    "cost_usd_per_teu": "USD/TEU",
    "carbon_usd_per_teu": "USD/TEU",
    "waiting_usd_per_teu": "USD/TEU",
    "delay_h": "h",
    "worth_usd_per_teu": "USD/TEU",
    "kgco2e_per_teu": "kgCO2e/TEU",
    "kgco2e_per_t": "kgCO2e/t",
    "share": "1",
    "times": "1/yr",
    "cost_million_eur": "million EUR",
    "line_million_eur": "million EUR",
    "demand_gwh": "GWh",
    "unmet_gwh": "GWh",
    "unmet_mcm": "million m3",
    "unmet_pct": "%",
    "days_short": "d",
    "worst_gwh_per_day": "GWh/d",
    "most_gwh_per_day": "GWh/d",
    "gwh_per_day": "GWh/d",
    "peak_gwh_per_day": "GWh/d",
    "largest_gwh_per_day": "GWh/d",
    "gwh": "GWh",
    "planned_gwh": "GWh",
    "start_gwh": "GWh",
    "lowest_gwh": "GWh",
    "end_gwh": "GWh",
    "cumulative_gwh": "GWh",
    "planned_bcm": "bcm/yr",
    "bcm": "bcm/yr",
    "scp_bcm": "bcm/yr",
    "tanap_bcm": "bcm/yr",
    "tap_bcm": "bcm/yr",
    "change_bcm": "bcm/yr",
    "nameplate_bcm": "bcm/yr",
    "full_pct": "%",
    "share_pct": "%",
    "n_minus_1_pct": "%",
    "planned_usd_per_mwh": "USD/MWh",
    "usd_per_mwh": "USD/MWh",
    "highest_usd_per_mwh": "USD/MWh",
    "worth_usd_per_mwh": "USD/MWh",
    "lead_days": "d",
    "fuel_tco2e": "tCO2e",
    "methane_tco2e": "tCO2e",
    "cost_million_usd": "million USD",
    "extra_million_usd": "million USD",
}
"""Units of columns in the tables of runs, by name."""


def save(run: Solved, folder: str | Path, *, parquet: bool = False) -> Path:
    """Write a run to a folder; what was there before is replaced whole, or left as it was.

    Parameters
    ----------
    run : Run or GasRun
        Its counterfactual is written into a folder ``against`` inside.
    folder : path
        New, empty, or one that a run was saved to.
    parquet : bool
        Tables as Parquet (needs pyarrow) instead of CSV.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        The folder holds something else or cannot be written; pyarrow is missing.
    """
    target = check_target(folder)
    with replacing(target) as part:
        _write(run, part, parquet)
    return target


def check_target(folder: str | Path) -> Path:
    """Return the folder that a run may be saved to.

    Raises
    ------
    DataError
        It holds something else than a run, or the folder that it would stand in does not exist.
    """
    target = real(folder)
    if target.exists() and not (target.is_dir() and _is_run(target)):
        raise DataError([f"{folder}: holds something that is no run; give a new folder"])
    if not target.parent.is_dir():
        raise DataError([f"{folder}: the folder {target.parent} does not exist"])
    return target


def _is_run(folder: Path) -> bool:
    """Say whether a folder is empty or holds a run and nothing else."""
    ours = {
        _RECORD,
        _SCENARIO,
        _PACKAGE,
        _AGAINST,
        *(f"{name}{end}" for name in {*TABLES, *GAS_TABLES} for end in (".csv", ".parquet")),
    }
    names = {file.name for file in folder.iterdir()}
    return not names or (_RECORD in names and names <= ours)


def read(folder: str | Path) -> AnyRun:
    """Read a run that was saved.

    Parameters
    ----------
    folder : path
        As of `Run.save`.

    Returns
    -------
    Run or GasRun
        With its counterfactual, if that was saved with it.

    Raises
    ------
    DataError
        No run is there, or it is damaged.
    """
    place = Path(folder)
    try:
        record = json.loads((place / _RECORD).read_text(encoding="utf-8"))
        resolved = (place / _SCENARIO).read_text(encoding="utf-8")
        task = str(record.get("task", "freight"))
        tables = {name: _table(place, name) for name in _WHAT[task]}
    except FileNotFoundError as error:
        raise DataError([f"{place}: no run is here ({Path(str(error.filename)).name} is missing)"]) from None
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise DataError([f"{place}: the run is damaged ({_short(error)})"]) from None
    if not isinstance(record, dict) or record.get("format") != _FORMAT:
        raise DataError([f"{place}: written by another version of the toolkit; run the scenario again"])
    other = place / _AGAINST
    against: Any = read(other) if other.is_dir() else None
    return _RUNS[task](record, tables, resolved, against)


def run_hash(scenario: Scenario, ranges: bool, folder: str | Path | None, varied: Sequence[str] = ()) -> str:
    """Return what decides the numbers of a run, as a hash: scenario, its variations, data, code."""
    parts = [scenario.hash, str(bool(ranges)), data_hash(folder), *varied, *(str(v) for v in versions().values())]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def data_hash(folder: str | Path | None) -> str:
    """Return the tables of a folder, and what makes it a study, as a hash; nothing where there is none."""
    if folder is None:
        return ""
    study = (Path(folder) / name for name in (STUDY_FILE, OWN_CORRIDORS))
    return _hash_of([*Path(folder).glob("*.csv"), *(file for file in study if file.is_file())])


@cache
def versions() -> dict[str, Any]:
    """Return the versions behind a run: of the toolkit, its data and its code, of Python and libraries."""
    top = Path(__file__).resolve().parents[2]
    files = [p for name in _PACKAGES for p in (top / name).rglob("*") if p.suffix in (".py", ".yaml")]
    return {
        "format": _FORMAT,
        "corridors": _version("corridors"),
        "code": _hash_of(files)[:16],
        "data": _hash_of((top / "seeds").glob("*.csv"))[:16],
        "python": ".".join(map(str, sys.version_info[:3])),
        "libraries": {name: _version(name) for name in _LIBRARIES},
    }


def cached(key: str) -> AnyRun | None:
    """Return the run with a hash from the user's cache, if it is there and whole."""
    place = cache_folder() / "runs" / key[:32]
    if not (place / _RECORD).is_file():
        return None
    try:
        found = read(place)
    except DataError:
        return None
    if found.record.get("hash") != key:
        return None
    os.utime(place)
    return found


def to_cache(run: AnyRun) -> None:
    """Write a run to the user's cache, as far as that is possible; the oldest are let go."""
    home = cache_folder() / "runs"
    alone = type(run)(run.record, run.tables, run.resolved)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with replacing(home / str(run.record["hash"])[:32]) as part:
            _write(alone, part, parquet=False)
        kept = sorted((p for p in home.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)
        for old in kept[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    except (OSError, DataError):
        return  # a cache is a convenience: a full or read-only disk does not stop a run


def cache_folder() -> Path:
    """Return the folder in which the toolkit keeps what it can make again."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "corridors"


def _write(run: Solved, folder: Path, parquet: bool) -> None:
    resources = []
    what = _WHAT[str(run.record.get("task", "freight"))]
    for name in what:
        frame = run.tables[name]
        file = f"{name}.parquet" if parquet else f"{name}.csv"
        if parquet:
            _parquet(frame, folder / file)
        else:
            frame.to_csv(folder / file, index=False, encoding="utf-8", lineterminator="\n")
        resources.append(_described(name, file, frame, what[name]))
    (folder / _SCENARIO).write_text(run.resolved, encoding="utf-8", newline="")
    _json(folder / _RECORD, run.record)
    _json(folder / _PACKAGE, {"name": "corridors-run", "title": run.title, "resources": resources})
    if run.against is not None:
        (folder / _AGAINST).mkdir()
        _write(run.against, folder / _AGAINST, parquet)


def _parquet(frame: pd.DataFrame, file: Path) -> None:
    try:
        frame.to_parquet(file, index=False)
    except ImportError:
        raise DataError(["Parquet needs pyarrow: pip install pyarrow, or save as CSV"]) from None


def _json(file: Path, content: Mapping[str, Any]) -> None:
    text = json.dumps(dict(content), ensure_ascii=False, indent=1, allow_nan=False)
    file.write_text(text + "\n", encoding="utf-8", newline="")


def _described(name: str, file: str, frame: pd.DataFrame, what: str) -> dict[str, Any]:
    kinds = {"i": "integer", "f": "number", "b": "boolean"}
    fields = [
        {
            "name": str(column),
            "type": kinds.get(frame[column].dtype.kind, "string"),
            **({"unit": UNITS[str(column)]} if column in UNITS else {}),
        }
        for column in frame.columns
    ]
    return {"name": name, "path": file, "description": what, "schema": {"fields": fields}}


def _table(folder: Path, name: str) -> pd.DataFrame:
    parquet = folder / f"{name}.parquet"
    if parquet.is_file():
        return pd.read_parquet(parquet)
    described = json.loads((folder / _PACKAGE).read_text(encoding="utf-8"))
    fields = next(r["schema"]["fields"] for r in described["resources"] if r["name"] == name)
    raw = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False, encoding="utf-8")
    columns = {f["name"]: _typed(raw[f["name"]], f["type"]) for f in fields}
    return pd.DataFrame(columns, columns=[f["name"] for f in fields])


def _typed(text: pd.Series[str], kind: str) -> pd.Series[Any]:
    """Return a column as it was written: Python reads a number back to its last bit, the reader of pandas may not."""
    if kind == "integer":
        return text.astype("int64")
    if kind == "boolean":
        return text == "True"
    return text.where(text != "", "nan").astype("float64") if kind == "number" else text


def _hash_of(files: Any) -> str:
    total = hashlib.sha256()
    for file in sorted(files):
        total.update(f"{file.name}\n".encode())
        total.update(file.read_bytes())
    return total.hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
