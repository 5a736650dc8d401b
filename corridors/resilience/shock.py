"""A disruption of a scenario followed day by day: what of it waits, what goes round, and when all is as before."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from networks import DataError
from networks.errors import nearest

from .failing import Study
from .recovery import Recovery, recover, room_profile
from .warm_year import WarmYear

if TYPE_CHECKING:
    from ..scenario.loading import Scenario

__all__ = ["recovery"]

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
    from ..scenario.applying import Application
    from ..scenario.choices import asked_choice
    from ..scenario.loading import load

    wanted = load(scenario, folder=folder) if isinstance(scenario, (str, Path)) else scenario
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
    when = model.study.years[0] if year is None else year
    alone = wanted.alone().with_({f"disruptions.{other}.enabled": False for other in known if other != asked})
    application = Application.of(alone.freight, folder)
    item = next((i for i in application.items if i.name == f"disruptions.{asked}"), None)
    if item is None:
        raise DataError([f"{asked}: is not enabled"])
    days = lasts_days if lasts_days is not None else item.days
    if not 0 < days < math.inf:
        raise DataError([f"{asked}: has no end; give when.for, or lasts_days"])
    year_model = application.year_model(when)
    if year_model.setting.refusals:
        raise DataError([f"{wanted.name}: recovery is for shippers who refuse nothing, without avoid and bans"])
    warm = WarmYear(year_model, asked_choice(alone.freight.choice))
    usual, after = warm.usual, warm.part(application.state_with([item.name], when))
    arcs = np.logical_or.reduce([part.selection.arcs for part in item.ready])
    uses = usual.routes.passing(arcs)
    flow = np.where(uses, usual.flow, 0.0)
    per_day = float(flow.sum()) / 365
    if per_day <= 0:
        raise DataError([f"{asked}: nothing passes there as usual"])
    study = Study(warm, (), (), ())
    gone = float((after.unmet + after.not_shipped - usual.unmet - usual.not_shipped).clip(min=0).sum()) / 365
    hours = study.hours(after) - study.hours(usual)
    longer = max(float(hours.sum()) / 365 + gone * _mean_hours(usual, flow), 0.0) / max(per_day - gone, 1e-9) / 24
    room = _room(warm, arcs, per_day, catch_up)
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


def _mean_hours(part: Any, flow: Any) -> float:
    total = float(flow.sum())
    return float(flow @ np.where(part.routes.there, part.sums["hours"], 0.0)) / total if total > 0 else 0.0


def _room(warm: WarmYear, arcs: Any, per_day: float, catch_up: float) -> float:
    """Return what can pass a day: what passes now and what its capacities on record have to spare."""
    table = warm.arcs[arcs]
    known = table[(table["capacity_group"] != "") & table["capacity_teu_per_year"].notna()]
    rooms = known.groupby("capacity_group")["capacity_teu_per_year"].first()
    if rooms.empty:
        return per_day * (1 + catch_up)
    groups, usual = warm.arcs["capacity_group"].to_numpy(), warm.usual
    loads = {group: float(usual.flow[usual.routes.passing(groups == group)].sum()) for group in rooms.index}
    spare = min((float(room) - loads[group]) / 365 for group, room in rooms.items())
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
