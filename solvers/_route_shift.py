"""Flows of all pairs moved at once between known routes, towards equal times: a scaled Newton step."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from ._congestion import LinkTimes
from ._route_set import RouteSet, starts
from .errors import FloatArray

IntArray = npt.NDArray[np.int64]

_CONJUGATE_STEPS, _CONJUGATE_REST = 200, 0.1
_DAMPING = 0.3  # how much a difference of times adds to the resistance of its routes
_HALVINGS, _NEAR_BEST = 50, 1e-2
_KEYS = 2.0**46  # sums of up to 128 whole numbers of this size are exact


class Shifter:
    """Moves flows between the routes of the pairs that have several.

    Attributes
    ----------
    several : ndarray of bool, shape (p,)
        Routes of pairs that have several.
    flow : ndarray of float
        Their flows.

    Notes
    -----
    Beckmann's objective is minimised over flows h >= 0 that add up to the demand of each pair. A step solves
    (D diag(t') D' + diag(w)) d = -D t, where each row of D is a route less the most used route of its pair, t and t'
    are times of arcs and their slopes, and w = (over + 0.3 |D t|) / h with `over` the time of a route above the
    quickest of its pair. This is the affine scaling of Coleman and Li (1996), "An interior trust region approach for
    nonlinear minimization subject to bounds", SIAM Journal on Optimization 6(2), 418-445: routes of little flow
    hardly resist being emptied and hardly take up flow, so that the step seldom leaves h >= 0, and as w vanishes at
    the equilibrium convergence stays fast. What leaves it is cut off; an exact line search follows. If this leads
    nowhere, flow goes from each route to the quickest as in Jayakrishnan et al. (1994), "A faster path-based
    algorithm for traffic assignment", Transportation Research Record 1443, 75-83, which always goes down.

    Rows of D are often the same for many pairs, which share a choice between two stretches of road. They become one
    unknown, in proportion to 1 / w, which makes the system several times smaller.
    """

    def __init__(self, routes: RouteSet, times: LinkTimes) -> None:
        count = np.diff(np.append(routes.first, len(routes.pair)))
        self.times = times
        self.several = np.repeat(count > 1, count)
        self.flow = routes.flow[self.several]
        self._arcs = routes.arcs[np.flatnonzero(self.several)]
        self._back = self._arcs.T.tocsr()
        self._first = starts(routes.pair[self.several])
        self._group = np.repeat(np.arange(len(self._first)), count[count > 1])
        self._total = self._sums(self.flow)
        self._rest = routes.arcs.T @ np.where(self.several, 0.0, routes.flow)
        keys = np.floor(np.random.default_rng(0).random(routes.arcs.shape[1]) * _KEYS)
        self._key = self._arcs @ keys

    def step(self) -> float:
        """Move once and return the excess of time before it: flow x time above the quickest known routes."""
        if not len(self.flow):
            return 0.0
        load = self._back @ self.flow + self._rest
        time, slope = self.times.time(load), self.times.slope(load)
        cost: FloatArray = self._arcs @ time
        over = cost - np.minimum.reduceat(cost, self._first)[self._group]
        excess = float(self.flow @ over)
        for goal in (self._newton(cost, over, slope), self._to_quickest(over, slope)):
            length = self._search(goal, load, time, over)
            if length > 0:
                self.flow = goal if length == 1 else self.flow + length * (goal - self.flow)
                break
        return excess

    def _sums(self, of_routes: FloatArray) -> FloatArray:
        return np.bincount(self._group, of_routes, minlength=len(self._first)).astype(np.float64)

    def _newton(self, cost: FloatArray, over: FloatArray, slope: FloatArray) -> FloatArray:
        base = self._most_used()
        gain = cost[base][self._group] - cost
        free = (self.flow > 0) | (gain > 0)
        free[base] = False
        who = np.flatnonzero(free)
        if not len(who):
            return self.flow
        against = base[self._group[who]]
        _, one, kind = np.unique(self._key[who] - self._key[against], return_index=True, return_inverse=True)
        differ = self._arcs[who[one]] - self._arcs[against[one]]
        differ.data *= np.sqrt(slope)[differ.indices]
        own = np.repeat(np.arange(len(one)), np.diff(differ.indptr))
        bend = np.bincount(own, differ.data**2, len(one)).astype(np.float64)
        gain, size = gain[who], self._room(who, gain[who], bend[kind])
        resist = over[who] + _DAMPING * np.abs(gain) + 1e-14 * cost[who] + 1e-100
        ease = size / resist
        eases = np.bincount(kind, ease)
        change = (_conjugate(differ, 1 / eases, bend, gain[one]) / eases)[kind] * ease
        goal = self.flow.copy()
        goal[who] += change
        goal[base] -= np.bincount(self._group[who], change, minlength=len(base))
        goal = np.maximum(goal, 0.0)
        return goal * (self._total / self._sums(goal))[self._group]

    def _room(self, who: IntArray, gain: FloatArray, bend: FloatArray) -> FloatArray:
        """Return the flow of each route or, if it is quicker, how much it would take up alone."""
        alone = np.full(len(who), np.inf)
        np.divide(gain, bend, out=alone, where=bend > 1e-100 * np.abs(gain))
        takes = np.where(gain > 0, np.minimum(self._total[self._group[who]], alone), 0.0)
        room: FloatArray = np.maximum(np.maximum(self.flow[who], takes), 1e-100)
        return room

    def _most_used(self) -> IntArray:
        most = np.maximum.reduceat(self.flow, self._first)
        hits = np.flatnonzero(self.flow == most[self._group])
        return hits[np.searchsorted(hits, self._first)]

    def _to_quickest(self, over: FloatArray, slope: FloatArray) -> FloatArray:
        quickest = np.flatnonzero(over == 0)
        base = quickest[np.searchsorted(quickest, self._first)]
        bend = self._arcs @ slope
        bend += bend[base][self._group]
        leave = np.where(over > 0, self.flow, 0.0)
        np.divide(over, bend, out=leave, where=bend * leave > over)
        goal = self.flow - leave
        goal[base] += self._sums(leave)
        return goal

    def _search(self, goal: FloatArray, load: FloatArray, time: FloatArray, over: FloatArray) -> float:
        """Return the part of the way to the goal, 0 to 1, at which Beckmann's objective is least."""
        move = goal - self.flow
        ahead = self._back @ move
        # A sum of small differences of time: whole times would drown it in rounding.
        at_start = float(move @ over)
        if at_start >= 0:
            return 0.0

        def rise(part: float) -> float:
            return at_start + float(ahead @ (self.times.time(np.maximum(load + part * ahead, 0.0)) - time))

        if rise(1.0) <= 0:
            return 1.0
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            there = rise(middle)
            if abs(there) <= _NEAR_BEST * abs(at_start):
                return middle
            low, high = (middle, high) if there < 0 else (low, middle)
        return low


def _conjugate(differ: csr_array, ridge: FloatArray, bend: FloatArray, gain: FloatArray) -> FloatArray:
    """Solve (differ differ' + diag(ridge)) x = gain roughly, by conjugate gradients scaled by the diagonal.

    Hestenes and Stiefel (1952), "Methods of conjugate gradients for solving linear systems", Journal of Research of
    the National Bureau of Standards 49(6), 409-436.
    """
    across = differ.T.tocsr()
    diagonal = bend + ridge
    found, rest = np.zeros(len(gain)), gain.copy()
    way = rest / diagonal
    size = float(rest @ way)
    enough = _CONJUGATE_REST**2 * size
    for _ in range(_CONJUGATE_STEPS):
        if size <= enough:
            break
        curved = differ @ (across @ way) + ridge * way
        far = size / float(way @ curved)
        found += far * way
        rest -= far * curved
        scaled = rest / diagonal
        before, size = size, float(rest @ scaled)
        way = scaled + (size / before) * way
    return found
