"""Edits of arcs: what an effect sets, multiplies or adds, in an order that does not matter."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from networks import DataError, Tables

from .units import Quantity

__all__ = ["ArcsChange", "CapacityEdit", "Edit", "edited", "teu_per_year"]

_ORDER = ("set", "factor", "add")
_NEW_GRADE = "EST"


@dataclass(frozen=True, eq=False)
class Edit:
    """A change of one figure of some arcs.

    Attributes
    ----------
    column : str
        ``hours``, ``tariff_usd_per_teu``, ``spread_h`` or ``opens_year``.
    arcs : ndarray of bool, shape (arcs,)
        Where.
    kind : str
        ``set``, ``factor`` or ``add``.
    value : float
        In the unit of the column.
    by : str
        Who asks for it, for messages.
    variance : float
        h^2 that it adds to the variance of time, once.
    """

    column: str
    arcs: npt.NDArray[np.bool_]
    kind: Literal["set", "factor", "add"]
    value: float
    by: str
    variance: float = 0.0


@dataclass(frozen=True, eq=False)
class CapacityEdit:
    """A change of capacities.

    Attributes
    ----------
    groups : tuple of str
        Capacities on record; empty: there is none, and `new` gets one.
    new : ndarray of bool, shape (arcs,)
        Arcs that share a capacity of their own, where none is on record.
    name : str
        What the new capacity is called.
    kind : str
        ``set``, ``factor`` or ``add``.
    value : float
        TEU a year, or factor.
    unit : str
        Unit that a new capacity was given in.
    by : str
        Who asks for it, for messages.
    """

    groups: tuple[str, ...]
    new: npt.NDArray[np.bool_]
    name: str
    kind: Literal["set", "factor", "add"]
    value: float
    unit: str
    by: str


@dataclass(frozen=True, eq=False)
class ArcsChange:
    """Edits as a function of arcs.

    Attributes
    ----------
    edits : tuple of Edit
    capacities : tuple of CapacityEdit
    """

    edits: tuple[Edit, ...]
    capacities: tuple[CapacityEdit, ...] = ()

    def __call__(self, arcs: pd.DataFrame) -> pd.DataFrame:
        """Return the arcs edited."""
        return edited(arcs, self.edits, self.capacities)

    @property
    def fingerprint(self) -> bytes:
        """What it changes, as a hash."""
        digest = hashlib.sha256()
        for edit in (*self.edits, *self.capacities):
            for value in vars(edit).values():
                digest.update(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
            digest.update(b";")
        return digest.digest()


def edited(arcs: pd.DataFrame, edits: Sequence[Edit], capacities: Sequence[CapacityEdit]) -> pd.DataFrame:
    """Return the arcs with edits made: what is set first, then factors, then additions.

    Raises
    ------
    DataError
        Two edits set the same figure of the same arc.
    """
    found = arcs.copy()
    for kind in _ORDER:
        for edit in sorted((e for e in edits if e.kind == kind), key=_closing):
            _make(found, edit)
        for capacity in (c for c in capacities if c.kind == kind):
            _make_room(found, capacity)
    _refuse_twice([*edits, *capacities])
    shut = found["capacity_teu_per_year"] <= 0
    spread = sum((np.where(e.arcs, e.variance, 0.0) for e in edits), np.zeros(len(found)))
    hours = found["hours"].clip(lower=0.0)
    tariff = found["tariff_usd_per_teu"].clip(lower=0.0)
    opens = found["opens_year"].mask(shut, np.inf)
    spread_h = np.sqrt(found["spread_h"] ** 2 + spread)
    return found.assign(hours=hours, tariff_usd_per_teu=tariff, spread_h=spread_h, opens_year=opens)


def teu_per_year(capacity: Quantity, tables: Tables) -> float:
    """Return a capacity in TEU a year, both directions together, by the parameters of the tables."""
    what = capacity.dimension.split("/")[0]
    per = {
        "TEU": 1.0,
        "mass": 1 / tables.parameter("t_per_teu"),
        "train": tables.parameter("teu_per_train"),
        "pair": 2 * tables.parameter("teu_per_train"),
        "truck": tables.parameter("teu_per_truck"),
        "wagon": tables.parameter("teu_per_wagon"),
    }
    return capacity.per_year * per[what]


def _closing(edit: Edit) -> bool:
    """Say whether an edit shuts: such edits come after those that open."""
    return edit.column == "opens_year" and edit.value > 0


def _make(arcs: pd.DataFrame, edit: Edit) -> None:
    if edit.kind == "set":
        arcs.loc[edit.arcs, edit.column] = edit.value
    elif edit.kind == "factor":
        arcs.loc[edit.arcs, edit.column] *= edit.value
    else:
        arcs.loc[edit.arcs, edit.column] += edit.value


def _make_room(arcs: pd.DataFrame, edit: CapacityEdit) -> None:
    column = "capacity_teu_per_year"
    if edit.groups:
        there = arcs["capacity_group"].isin(edit.groups)
        if edit.kind == "set":
            arcs.loc[there, column] = edit.value
            arcs.loc[there, "capacity_unit"] = edit.unit
            arcs.loc[there, "capacity_grade"] = _NEW_GRADE
        elif edit.kind == "factor":
            arcs.loc[there, column] *= edit.value
        else:
            arcs.loc[there, column] = (arcs.loc[there, column] + edit.value).clip(lower=0.0)
        return
    new = edit.new & (arcs["capacity_group"] == "").to_numpy()
    arcs.loc[new, column] = edit.value
    arcs.loc[new, "capacity_group"] = edit.name
    arcs.loc[new, "capacity_unit"] = edit.unit
    arcs.loc[new, "capacity_grade"] = _NEW_GRADE


def _refuse_twice(edits: Sequence[Edit | CapacityEdit]) -> None:
    """Raise DataError where two set the same figure to different values; what is closed is closed, whoever opens it."""
    sets = [e for e in edits if e.kind == "set" and not (isinstance(e, Edit) and e.column == "opens_year")]
    for n, one in enumerate(sets):
        for other in sets[n + 1 :]:
            if one.value != other.value and _meet(one, other):
                what = one.column if isinstance(one, Edit) else "capacity"
                raise DataError([f"{one.by} and {other.by} set the same figure ({what}) to different values"])


def _meet(one: Edit | CapacityEdit, other: Edit | CapacityEdit) -> bool:
    if isinstance(one, Edit) and isinstance(other, Edit):
        return one.column == other.column and bool((one.arcs & other.arcs).any())
    if isinstance(one, CapacityEdit) and isinstance(other, CapacityEdit):
        alone = not one.groups and not other.groups and bool((one.new & other.new).any())
        return alone or bool(set(one.groups) & set(other.groups))
    return False
