"""A disruption of a scenario followed day by day: what of it waits, what goes round, and when all is as before."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from networks import DataError
from networks.errors import nearest

from ..year_routes import Values
from .asking import Asked, ask_year, opened
from .recovery import Recovery, recover, room_profile
from .warm_parts import Part
from .warm_year import WarmYear

if TYPE_CHECKING:
    from ..scenario.loading import Scenario

__all__ = ["recovery"]

_Parts = list[tuple[float, Part]]

_DAYS = 365
_BEFORE = 5  # days that are shown before the shock
_AFTER = 2.0  # times its length that is followed afterwards, at least
_LEAST_AFTER = 60


def recovery(
    scenario: Scenario | str | Path,
    name: str | None = None,
    *,
    lasts_days: float | None = None,
    stock_days: float = 0.0,
    catch_up: float = 0.2,
    horizon_days: int | None = None,
    year: int | None = None,
    folder: str | Path | None = None,
) -> Recovery:
    """Follow a disruption of a scenario day by day.

    Parameters
    ----------
    scenario : Scenario, str or path
        A scenario of freight whose shippers refuse nothing, with a disruption that shuts something or takes a share of
        its capacity.
    name : str, optional
        Which disruption; needed if there are several.
    lasts_days : float, optional
        How long it lasts, instead of what the scenario says.
    stock_days : float
        Days of usual use that consignees have in stock.
    catch_up : float
        Share above the usual flow that can pass when a queue is worked off, where no capacity is on record.
    horizon_days : int, optional
        Days to follow; otherwise three times the shock, two months more at least.
    year : int, optional
        Of the study; the first by default.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    Recovery

    Raises
    ------
    DataError
        A name, number or scenario that cannot be used.

    Notes
    -----
    What passes as usual, the share that goes round and the days that it is longer on its way are the answers of the
    shippers to the disruption if it lasted (as in `criticality`); that newcomers turn after ``queue_days`` of
    ``parameters.csv`` is as in `corridors.run`. Capacities on record are those of a year, spread over its days.
    """
    wanted = opened(scenario, folder)
    model = wanted.freight
    known = list(model.disruptions)
    if name is None and len(known) != 1:
        raise DataError(
            [f"name: {wanted.name} has {len(known)} disruptions; expected one of {', '.join(known) or 'some'}"]
        )
    asked = known[0] if name is None else name
    if asked not in known:
        raise DataError([f"name: no disruption is called {asked!r}; known: {', '.join(known)}{nearest(asked, known)}"])
    if not 0 <= catch_up < math.inf:
        raise DataError([f"catch_up: got {catch_up!r}, expected a share of zero or more"])
    alone = wanted.alone().with_({f"disruptions.{other}.enabled": False for other in known if other != asked})
    case = ask_year(alone, year, folder, "recovery")
    item = next((i for i in case.application.items if i.name == f"disruptions.{asked}"), None)
    if item is None:
        raise DataError([f"{asked}: is not enabled"])
    days = lasts_days if lasts_days is not None else item.days
    if not 0 < days < math.inf:
        raise DataError([f"{asked}: has no end; give when.for, or lasts_days"])
    warm = WarmYear(case.model, case.choice)
    usual, after = (_parts(warm, case, names) for names in ((), (item.name,)))
    arcs = np.logical_or.reduce([part.selection.arcs for part in item.ready])
    users = _mean(usual, lambda p: np.where(p.routes.passing(arcs), p.flow, 0.0))
    per_day = float(users.sum()) / _DAYS
    if per_day <= 0:
        raise DataError([f"{asked}: nothing passes there as usual"])
    gone = float((_mean(after, _left_at_home) - _mean(usual, _left_at_home)).clip(min=0).sum()) / _DAYS
    hours = float((_mean(after, _hours) - _mean(usual, _hours)).sum()) / _DAYS
    on_the_way = float(_mean(usual, lambda p: np.where(p.routes.passing(arcs), _hours(p), 0.0)).sum()) / users.sum()
    longer = max(hours + gone * on_the_way, 0.0) / max(per_day - gone, 1e-9) / 24
    room = _room(warm, usual, arcs, per_day, catch_up)
    left = _left(item)
    over = 0.0 if item.intervention.recover_over is None else item.intervention.recover_over.days
    total = horizon_days or int(_BEFORE + days + over + max(_AFTER * days, _LEAST_AFTER))
    profile = room_profile(total, _BEFORE, days, room, left=left, recovery=item.intervention.recovery, over_days=over)
    return recover(
        per_day,
        profile,
        turn_days=warm.filters.tables.parameter("queue_days"),
        goes_round=1 - min(gone / per_day, 1.0),
        detour_days=longer,
        stock_days=stock_days,
        title=f"{item.ready[0].title}, {days:g} days",
    )


def _parts(warm: WarmYear, case: Asked, names: tuple[str, ...]) -> _Parts:
    """Return the parts of a year in which some interventions hold, each with its share."""
    states = warm.model.cut([case.application.state_with(names, case.year)])
    return [(state.share, warm.part(state)) for state in states]


def _mean(parts: _Parts, figure: Callable[[Part], Values]) -> Values:
    return np.asarray(sum(share * figure(part) for share, part in parts))


def _hours(part: Part) -> Values:
    return np.where(part.routes.there, part.flow * part.sums["hours"], 0.0)


def _left_at_home(part: Part) -> Values:
    return part.unmet + part.not_shipped


def _room(warm: WarmYear, usual: _Parts, arcs: Any, per_day: float, catch_up: float) -> float:
    """Return what can pass a day: what passes now and what its capacities on record have to spare."""
    table = warm.arcs[arcs]
    known = table[(table["capacity_group"] != "") & table["capacity_teu_per_year"].notna()]
    rooms = known.groupby("capacity_group")["capacity_teu_per_year"].first()
    if rooms.empty:
        return per_day * (1 + catch_up)
    groups = warm.arcs["capacity_group"].to_numpy()

    def load(group: str) -> float:
        return float(_mean(usual, lambda p: np.where(p.routes.passing(groups == group), p.flow, 0.0)).sum())

    spare = min((float(room) - load(str(group))) / _DAYS for group, room in rooms.items())
    return per_day + max(spare, 0.0)


def _left(item: Any) -> float:
    """Return the share of the room that is left during a disruption; DataError if it neither shuts nor narrows."""
    least = 1.0
    for part in item.ready:
        if part.effect.use == "closed":
            least = 0.0
        capacity = part.effect.capacity
        if capacity is not None and capacity.kind == "factor":
            least = min(least, capacity.value)
    if least >= 1.0:
        raise DataError([f"{item.name}: neither shuts anything nor takes a share of a capacity ('x 0.5')"])
    return least
