"""What gets scarce and what is full: the capacities of a year, and what a box on each route takes of them."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array, vstack

from ..year_model import YearModel
from ..year_rooms import BOXES
from ..year_routes import Values
from .tracks import Flags, Ints, Routes, some_of

__all__ = ["Limit", "Rooms"]

_FREE = 1e15  # TEU a year, of a capacity that is none
_LEAST = 1.0  # TEU a year, of a capacity that is shut: its routes are not there


class Limit(NamedTuple):
    """A capacity that is not on record: what may pass some arcs, all together.

    Attributes
    ----------
    arcs : ndarray of bool, shape (arcs,)
        Where.
    teu_per_year : float
        How much.
    """

    arcs: Flags
    teu_per_year: float


class Rooms:
    """The capacities of a year.

    Parameters
    ----------
    model : YearModel
        The year.
    arcs : DataFrame
        Its network.
    slots : DataFrame
        ``market`` and ``family`` of each slot.
    usual : Routes
        Its usual routes.
    """

    def __init__(self, model: YearModel, arcs: pd.DataFrame, slots: pd.DataFrame, usual: Routes) -> None:
        self._model, self.arcs, self.slots, self._usual = model, arcs, slots, usual
        self._known = arcs["capacity_teu_per_year"].to_numpy(dtype=float)

    @cached_property
    def _groups(self) -> tuple[list[str], Ints, Flags]:
        """Return the capacities on record, the number of that of each arc, and whether it is one of boxes."""
        groups = self.arcs["capacity_group"].to_numpy()
        known = self._known
        names = sorted({str(g) for g, room in zip(groups, known, strict=True) if g and not np.isnan(room)})
        number = {name: i for i, name in enumerate(names)}
        place = np.array([number.get(str(g), -1) for g in groups], dtype=np.int64)
        return names, place, (self.arcs["capacity_unit"] == BOXES).to_numpy()

    @cached_property
    def rows(self) -> pd.DataFrame:
        """What has a price that rises or a capacity that binds: ``group``, ``room``, ``scarce``; last the `Limit`."""
        names, place, _ = self._groups
        room = self._model.parameter("scarcity_capacity_teu")
        first = [int(np.flatnonzero(place == i)[0]) for i in range(len(names))]
        rooms = self._known[first]
        scarce = self._model.scarce
        return pd.DataFrame(
            {
                "state": 0,
                "group": [*scarce, *names, ""],
                "room": [*[room] * len(scarce), *np.maximum(rooms, _LEAST), _FREE],
                "scarce": [*[True] * len(scarce), *[False] * (len(names) + 1)],
            }
        )

    def at(self, arcs: pd.DataFrame, limit: Limit | None) -> Values:
        """Return the room of each row on a network, TEU a year."""
        rooms = self.rows["room"].to_numpy(copy=True)
        names, place, _ = self._groups
        if arcs is not self.arcs:
            scarce = len(self.rows) - len(names) - 1
            own = np.flatnonzero(place >= 0)
            rooms[scarce + place[own]] = np.maximum(arcs["capacity_teu_per_year"].to_numpy(dtype=float)[own], _LEAST)
        if limit is not None:
            rooms[-1] = max(limit.teu_per_year, _LEAST)
        return np.asarray(rooms)

    @cached_property
    def _of_arc(self) -> tuple[csr_array, csr_array]:
        """Return the capacities of each arc for boxes, and for bulk, shape (arcs, 1 + rows)."""
        _, place, boxes = self._groups
        scarce = len(self.rows) - len(self._groups[0]) - 1
        own = np.flatnonzero(place >= 0)
        shape = (len(self.arcs), 1 + len(self.rows))
        every = csr_array((np.ones(len(own)), (own, 1 + scarce + place[own])), shape=shape)
        bulk = own[~boxes[own]]
        return every, csr_array((np.ones(len(bulk)), (bulk, 1 + scarce + place[bulk])), shape=shape)

    @cached_property
    def _scarce_of(self) -> csr_array:
        """Return what a TEU in each slot takes of what gets scarce, shape (slots, 1 + rows)."""
        ratio = {"northern": 1.0, "middle": self._model.parameter("middle_scarcity_ratio")}
        number = {m: 1 + i for i, m in enumerate(self._model.scarce)}
        pairs = list(zip(self.slots["market"], self.slots["family"], strict=True))
        mine = [i for i, (m, f) in enumerate(pairs) if m in number and f in ratio]
        column = [number[pairs[i][0]] for i in mine]
        value = [ratio[pairs[i][1]] for i in mine]
        return csr_array((value, (mine, column)), shape=(len(self.slots), 1 + len(self.rows)))

    @cached_property
    def _bulky(self) -> Flags:
        return np.asarray(self.slots["market"].isin(self._model.bulk).to_numpy())

    def _takes(self, routes: Routes, slots: Ints) -> csr_array:
        """Return what a TEU on the routes of some slots takes of each capacity, shape (slots, 1 + rows)."""
        crossed = some_of(routes, slots).crossed(len(self.arcs))
        every, bulk = self._of_arc
        bulky = self._bulky[slots]
        boxes = csr_array(crossed @ every)
        boxes.data[:] = 1.0
        if bulky.any():
            other = csr_array(crossed @ bulk)
            other.data[:] = 1.0
            pick = csr_array((~bulky).astype(float)[:, None]), csr_array(bulky.astype(float)[:, None])
            boxes = boxes.multiply(pick[0]) + other.multiply(pick[1])
        return csr_array(boxes + self._scarce_of[slots])

    @cached_property
    def _draws(self) -> npt.NDArray[np.uint64]:
        return np.random.default_rng(20261126).integers(0, 2**63, 1 + len(self.rows), dtype=np.uint64)

    @cached_property
    def _usual_takes(self) -> tuple[Ints, csr_array]:
        return self._ways(self._takes(self._usual, np.arange(len(self.slots))))

    def _ways(self, takes: csr_array) -> tuple[Ints, csr_array]:
        """Return the way of each route, and what each way takes: many routes take the same."""
        takes.sum_duplicates()
        salted = self._draws[takes.indices] * (takes.data * 1024).astype(np.uint64)
        mark = np.zeros(takes.shape[0], dtype=np.uint64)
        np.add.at(mark, np.repeat(np.arange(takes.shape[0]), np.diff(takes.indptr)), salted)
        _, first, way = np.unique(mark, return_index=True, return_inverse=True)
        return way, csr_array(takes[first])

    def taken(self, routes: Routes, changed: Ints, limit: Limit | None) -> tuple[Ints, csr_array]:
        """Return the way of each slot, and what each way takes of each capacity."""
        way, ways = self._usual_takes
        if len(changed):
            own, more = self._ways(self._takes(routes, changed))
            way = way.copy()
            way[changed] = ways.shape[0] + own
            ways = vstack([ways, more], format="csr")
        if limit is None:
            return way, ways
        passes, count = routes.passing(limit.arcs), ways.shape[0]
        last = csr_array((np.ones(count), (np.arange(count), np.full(count, ways.shape[1] - 1))), shape=ways.shape)
        return np.where(passes, count + way, way), vstack([ways, ways + last], format="csr")
