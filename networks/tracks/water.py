"""Ways over water that keep off land: least-cost paths on a local grid, pulled straight."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from .graph import distances_km

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Water"]

Point = tuple[float, float]
_CELLS = 360  # along the longer side of a local grid
_STEPS = [(1, 0), (0, 1), (1, 1), (-1, 1), (2, 1), (1, 2), (-2, 1), (-1, 2)]  # across, up
_ASHORE = 40.0  # a km over land counts as this many, so that ports up a river are reached by the shortest portage
_TOUCH_KM = 2.0  # land on the line that a coast drawn at 1:10m cannot tell from water


@dataclass(frozen=True, eq=False)
class Water:
    """Everything that is not land.

    Attributes
    ----------
    lands : sequence of polygons
        EPSG:4326.
    """

    lands: tuple[Any, ...]

    @cached_property
    def _tree(self) -> Any:
        import shapely

        return shapely.STRtree(list(self.lands))

    def over_land_km(self, points: NDArray[np.float64]) -> float:
        """Return how many km of a line lie on land."""
        import shapely

        line = shapely.LineString(points)
        parts = [shapely.intersection(line, self.lands[i]) for i in self._tree.query(line, predicate="intersects")]
        return sum(_length_km(part) for part in parts)

    def kept_off_land(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the line with every stretch over land replaced by a way round; ends stay where they are.

        Parameters
        ----------
        points : array (n, 2)
            Longitude and latitude, degrees.
        """
        points = np.column_stack([np.degrees(np.unwrap(np.radians(points[:, 0]))), points[:, 1]])
        wet = [self.over_land_km(np.array(pair)) <= _TOUCH_KM for pair in pairwise(points.tolist())]
        kept = [points[0].tolist()]
        i = 0
        while i < len(wet):
            if wet[i]:
                kept.append(points[i + 1].tolist())
                i += 1
                continue
            j = i
            while j + 1 < len(wet) and not wet[j + 1]:
                j += 1
            kept += self.path(tuple(kept[-1]), tuple(points[j + 1].tolist())).tolist()[1:]
            i = j + 1
        return np.array([((lon + 180) % 360 - 180, lat) for lon, lat in kept])

    def path(self, start: Point, end: Point) -> NDArray[np.float64]:
        """Return the shortest way between two points that keeps off land, over as little land as it must.

        Returns
        -------
        array (n, 2)
        """
        from scipy.sparse.csgraph import dijkstra

        grid = _Grid.around(start, end)
        land = self._on_land(grid)
        matrix = grid.matrix(np.where(land, _ASHORE, 1.0))
        first, last = grid.cell(start), grid.cell(end)
        _, before = dijkstra(matrix, directed=False, indices=first, return_predecessors=True)
        cells = [last]
        while cells[-1] != first and before[cells[-1]] >= 0:
            cells.append(int(before[cells[-1]]))
        inner = grid.centres[cells[::-1]][1:-1]
        return self._pulled(np.vstack([start, inner, end]))

    def _on_land(self, grid: _Grid) -> NDArray[np.bool_]:
        import shapely

        lon, lat = grid.centres.T
        box = shapely.box(lon.min(), lat.min(), lon.max(), lat.max())
        found = np.zeros(len(lon), dtype=bool)
        for i in self._tree.query(box, predicate="intersects"):
            piece = shapely.clip_by_rect(self.lands[i], *box.buffer(0.1).bounds)
            shapely.prepare(piece)
            found |= shapely.contains_xy(piece, lon, lat)
        return found

    def _pulled(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points without those that a straight line over no more land can skip."""
        kept = [0]
        while kept[-1] < len(points) - 1:
            here = kept[-1]
            kept.append(next(j for j in range(len(points) - 1, here, -1) if self._clear(points, here, j)))
        return points[kept]

    def _clear(self, points: NDArray[np.float64], here: int, there: int) -> bool:
        if there == here + 1:
            return True
        along = distances_km(*points[here:there].T, *points[here + 1 : there + 1].T).sum()
        straight = points[[here, there]]
        if along > 1500:  # a chord over degrees would leave the great circle
            return False
        return self.over_land_km(straight) <= self.over_land_km(points[here : there + 1]) + 1e-6


@dataclass(frozen=True)
class _Grid:
    """Cells of a box around two points."""

    west: float
    south: float
    step: float
    wide: int
    high: int

    @classmethod
    def around(cls, start: Point, end: Point) -> _Grid:
        west, east = sorted((start[0], end[0]))
        south, north = sorted((start[1], end[1]))
        side = max(east - west, north - south, 0.2)
        margin = side * 0.6 + 0.3
        step = (side + 2 * margin) / _CELLS
        wide, high = (int(np.ceil((span + 2 * margin) / step)) for span in (east - west, north - south))
        return cls(west - margin, south - margin, step, wide, high)

    @property
    def centres(self) -> NDArray[np.float64]:
        x = self.west + (np.arange(self.wide) + 0.5) * self.step
        y = self.south + (np.arange(self.high) + 0.5) * self.step
        lon, lat = np.meshgrid(x, y)
        return np.column_stack([lon.ravel(), lat.ravel()])

    def cell(self, point: Point) -> int:
        column, row = int((point[0] - self.west) / self.step), int((point[1] - self.south) / self.step)
        return row * self.wide + column

    def matrix(self, weight: NDArray[np.float64]) -> Any:
        """Return the graph of the cells, km times the mean weight of both ends."""
        from scipy.sparse import coo_array

        number = np.arange(self.wide * self.high).reshape(self.high, self.wide)
        centres = self.centres
        tails, heads = [], []
        for across, up in _STEPS:
            left, right = max(-across, 0), max(across, 0)
            tails.append(number[: self.high - up, left : self.wide - right].ravel())
            heads.append(number[up:, right : self.wide - left].ravel())
        tail, head = np.concatenate(tails), np.concatenate(heads)
        km = distances_km(*centres[tail].T, *centres[head].T)
        cost = km * (weight[tail] + weight[head]) / 2
        return coo_array((cost, (tail, head)), shape=(len(weight), len(weight))).tocsr()


def _length_km(shape: Any) -> float:
    import shapely

    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "LineString"]
    return float(sum(distances_km(*c[:-1].T, *c[1:].T).sum() for c in map(shapely.get_coordinates, parts)))
