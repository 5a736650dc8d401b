"""Volumes of gas as energy: by the reference state and calorific value that each figure names, never without one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from networks import DataError
from networks.errors import nearest

from .edits import FloatArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DAYS_A_YEAR", "gcv", "gwh", "per_day", "usd_per_mwh", "volume_bcm"]

DAYS_A_YEAR = 365.0
_MWH_PER_1000_M3 = 1.0  # kWh/m3 is MWh per 1,000 m3
_GWH_PER_BCM = 1000.0  # 1 kWh/m3 is 1,000 GWh per bcm


def gcv(bases: pd.DataFrame, basis_ids: Iterable[str]) -> FloatArray:
    """Return gross calorific values, kWh per m3, of bases.

    Parameters
    ----------
    bases : DataFrame
        Table gas_bases, by ``basis_id``.
    basis_ids : iterable of str
        One for each figure.

    Raises
    ------
    DataError
        A figure names none, or one that is not there: no volume becomes energy without a calorific value.
    """
    ids = list(basis_ids)
    wrong = [b for b in ids if b not in bases.index]
    if wrong:
        said = "none is given" if not isinstance(wrong[0], str) or not wrong[0] else f"got {wrong[0]!r}"
        raise DataError(
            [f"a volume of gas needs a basis of gas_bases.csv: {said}{nearest(str(wrong[0]), list(bases.index))}"]
        )
    found: FloatArray = bases["gcv_kwh_per_m3"].reindex(ids).to_numpy(dtype=float)
    return found


def gwh(bcm: FloatArray | float, kwh_per_m3: FloatArray | float) -> FloatArray:
    """Return energy, GWh, of a volume in bcm (thousand million m3)."""
    return np.asarray(bcm, dtype=float) * kwh_per_m3 * _GWH_PER_BCM


def volume_bcm(energy_gwh: FloatArray | float, kwh_per_m3: FloatArray | float) -> FloatArray:
    """Return the volume, bcm, of an energy in GWh."""
    return np.asarray(energy_gwh, dtype=float) / (np.asarray(kwh_per_m3, dtype=float) * _GWH_PER_BCM)


def per_day(a_year: FloatArray | float) -> FloatArray:
    """Return the rate a day of a rate a year of 365 days."""
    return np.asarray(a_year, dtype=float) / DAYS_A_YEAR


def usd_per_mwh(usd_per_1000m3: FloatArray | float, kwh_per_m3: FloatArray | float) -> FloatArray:
    """Return a price per MWh of a price per 1,000 m3."""
    return np.asarray(usd_per_1000m3, dtype=float) / (np.asarray(kwh_per_m3, dtype=float) * _MWH_PER_1000_M3)
