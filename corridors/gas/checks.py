"""The gas model held against flows on record: what it was set to meet, what it never saw, good or bad."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from networks import load_gas_tables
from solvers import GasFlow

from .case import GasCase, gas_case
from .energy import gcv, volume_bcm

__all__ = ["WITHIN", "flow_gwh", "gas_checks"]

WITHIN = 0.10
"""Share of an observed flow within which a modelled one counts as met."""

_MCM_PER_BCM = 1000.0


def gas_checks(years: Sequence[int] | None = None, *, folder: str | Path | None = None) -> pd.DataFrame:
    """Return modelled flows beside those on record.

    Parameters
    ----------
    years : sequence of int, optional
        From 2023 on; otherwise all with flows that are compared.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    DataFrame by flow_id
        ``title``, ``period``, ``role`` (``fit``: to be met within a tenth, by one setting for all; ``check``: shown
        beside; ``backtest``: of 2025, no figure was set by it), ``observed``, ``modelled``, ``unit``, ``error``
        (share), ``met``, ``grade`` of what was observed. Volumes are in the basis of what was observed.

    Raises
    ------
    DataError
        Wrong tables, or a year before the record.
    """
    flows = load_gas_tables(folder).flows
    wanted = flows[(flows["role"] != "context") & (flows["year"].isin(years) if years is not None else True)]
    parts = []
    for year, rows in wanted.groupby("year"):
        case = gas_case(int(year), "month", folder=folder)
        parts.append(_compared(rows, case, case.solve()))
    columns = ["title", "period", "role", "observed", "modelled", "unit", "error", "met", "grade"]
    return pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)


def flow_gwh(rates: pd.DataFrame, days: pd.Series[float], pipe_ids: Sequence[str]) -> float:
    """Return what went through pipes in the periods of `rates`, GWh; a pipe with ``-`` before it is subtracted.

    Gas that is refused somewhere has pipes of its own in the answer; they count with the pipe that they are part of.
    """
    amounts = rates.mul(days, axis=0).sum()
    total = amounts.groupby(amounts.index.astype(str).str.split("|").str[0]).sum()
    return float(sum((-1 if p.startswith("-") else 1) * total.get(p.removeprefix("-"), 0.0) for p in pipe_ids))


def _months(period: str) -> list[int] | None:
    """Return the months of a period such as 2024, 2024-07 or 2024-01..2024-09; None: the year."""
    first, _, last = period.partition("..")
    if len(first) == 4:
        return None
    start = int(first[5:7])
    return list(range(start, (int(last[5:7]) if last else start) + 1))


def _compared(rows: pd.DataFrame, case: GasCase, flow: GasFlow) -> pd.DataFrame:
    kwh = gcv(case.tables.bases, rows["basis_id"])
    modelled = []
    for (_, row), value in zip(rows.iterrows(), kwh, strict=True):
        months = _months(row["period"])
        mine = flow.days if months is None else flow.days[flow.days.index.month.isin(months)]
        bcm = float(volume_bcm(flow_gwh(flow.flow.loc[mine.index], mine, row["pipe_ids"]), value))
        modelled.append(bcm if row["unit"] == "bcm" else bcm * _MCM_PER_BCM / float(mine.sum()))
    found = rows.assign(observed=rows["value"], modelled=modelled)
    nothing = found["observed"] == 0
    error = (found["modelled"] / found["observed"].where(~nothing, np.nan) - 1.0).where(
        ~nothing, np.where(found["modelled"].abs() < 1e-6, 0.0, np.inf)
    )
    return found.assign(error=error, met=error.abs() <= WITHIN)
