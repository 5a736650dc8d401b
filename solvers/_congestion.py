"""Times of arcs that rise with their flow: time, slope and integral of the function of the Bureau of Public Roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .errors import FloatArray

_NEAR_EMPTY = 1e-9  # share of capacity below which powers under one, steep without end at zero, rise no steeper


@dataclass(frozen=True, eq=False)
class LinkTimes:
    """Time of each arc at flow x: ``fixed + rise * (x / capacity) ** power``; arrays of shape (m,).

    Notes
    -----
    Bureau of Public Roads (1964), Traffic Assignment Manual. `rising` are the arcs whose time depends on their flow;
    on the others `capacity` and `power` are one.
    """

    fixed: FloatArray
    rise: FloatArray
    capacity: FloatArray
    power: FloatArray
    rising: npt.NDArray[np.int64]

    @classmethod
    def make(
        cls, free_time: FloatArray, b: FloatArray, capacity: FloatArray, power: FloatArray, cost: FloatArray
    ) -> LinkTimes:
        """Part ``free_time * (1 + b * (x / capacity) ** power) + cost`` into what is fixed and what rises."""
        flat = power == 0  # then the bracket is 1 + b at any flow
        rise = np.where(flat | np.isinf(capacity), 0.0, free_time * b)
        rises = rise > 0
        return cls(
            fixed=free_time + cost + np.where(flat, free_time * b, 0.0),
            rise=rise,
            capacity=np.where(rises, capacity, 1.0),
            power=np.where(rises, power, 1.0),
            rising=np.flatnonzero(rises).astype(np.int64),
        )

    def time(self, flow: FloatArray) -> FloatArray:
        """Return the time of each arc, shape (m,)."""
        found, r = self.fixed.copy(), self.rising
        found[r] += self.rise[r] * (flow[r] / self.capacity[r]) ** self.power[r]
        return found

    def slope(self, flow: FloatArray) -> FloatArray:
        """Return the rise of time per unit of flow, shape (m,)."""
        found, r = np.zeros(len(self.fixed)), self.rising
        power, load = self.power[r], flow[r] / self.capacity[r]
        load = np.where(power < 1, np.maximum(load, _NEAR_EMPTY), load)
        found[r] = self.rise[r] * power / self.capacity[r] * load ** (power - 1)
        return found

    def integral(self, flow: FloatArray) -> float:
        """Return the sum over arcs of the area under the time from zero to the flow: Beckmann's objective."""
        r = self.rising
        load = flow[r] / self.capacity[r]
        risen = self.rise[r] * flow[r] / (self.power[r] + 1) * load ** self.power[r]
        return float(self.fixed @ flow + risen.sum())
