"""Time after a shock, day by day: what passes, waits, goes round and is served, until all is as before."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from networks import DataError

from ..year_routes import Values

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Recovery", "recover", "room_profile"]

_ALL = 100.0
_BACK = 95.0  # per cent of demand served, from which on all counts as before
_LEFT = math.log(20)  # exponential recovery: a twentieth is left after its time
_PROFILES = ("step", "linear", "exponential")
_TINY = 1e-9
_MOST_DAYS = 1_000_000


@dataclass(frozen=True, eq=False)
class Recovery:
    """The days after a shock.

    Attributes
    ----------
    days : DataFrame by day
        ``room`` (what can pass), ``passed``, ``waiting`` (at the end of the day), ``went_round``, ``not_sent``,
        ``arrived``, ``stock``, ``served`` (units a day, units), ``quality_pct`` (share of the usual use served).
    usual_per_day : float
        Units that want to pass.
    title, unit : str
        In words.
    """

    days: pd.DataFrame
    usual_per_day: float
    title: str = ""
    unit: str = "TEU"

    @property
    def loss_pct_days(self) -> float:
        """Integral of 100 less the quality, per cent times days."""
        return float((_ALL - self.days["quality_pct"]).sum())

    @property
    def robustness_pct(self) -> float:
        """Least quality, per cent."""
        return float(self.days["quality_pct"].min())

    @cached_property
    def days_to_95(self) -> float:
        """Day from which on 95 % is served for good; zero if never less, inf if not within the horizon."""
        below = np.flatnonzero(self.days["quality_pct"].to_numpy() < _BACK - _TINY)
        if not len(below):
            return 0.0
        return float(below[-1] + 1) if below[-1] + 1 < len(self.days) else math.inf

    @property
    def rapidity_pct_per_day(self) -> float:
        """Mean rise of the quality from its last least day back to 95 %, per cent a day; NaN if it never fell below."""
        quality = self.days["quality_pct"].to_numpy()
        if not 0 < self.days_to_95 < math.inf:
            return math.nan
        worst = int(np.flatnonzero(quality <= quality.min() + _TINY)[-1])
        back = max(int(self.days_to_95), worst + 1)
        return float((quality[back] - quality[worst]) / (back - worst))

    @property
    def longest_queue(self) -> float:
        """Most units that wait at the end of a day."""
        return float(self.days["waiting"].max())

    @property
    def waiting_unit_days(self) -> float:
        """Days waited, over all units."""
        return float(self.days["waiting"].sum())

    @property
    def not_sent(self) -> float:
        """Units that neither pass, wait nor go round."""
        return float(self.days["not_sent"].sum())

    @property
    def answer(self) -> str:
        """One sentence: how deep, until which day, how much is lost."""
        back = "not within the days shown" if math.isinf(self.days_to_95) else f"from day {self.days_to_95:.0f} on"
        head = f"{self.title}: " if self.title else ""
        least = f"{self.robustness_pct:.0f} % of what wants to pass there is served"
        if self.days_to_95 == 0:
            return f"{head}never less than {least}; {self._queue()}"
        return (
            f"{head}at worst {least}, 95 % again {back}; "
            f"{self.loss_pct_days / _ALL:.1f} days of demand are late or lost; {self._queue()}"
        )

    def _queue(self) -> str:
        return (
            f"at most {self.longest_queue:,.0f} {self.unit} wait, {float(self.days['went_round'].sum()):,.0f} go round."
        )

    def plot(
        self, other: Recovery | None = None, *, labels: tuple[str, str] = ("as it is", "with the measure")
    ) -> Figure:
        """Draw the share of demand that is served, its loss shaded, and the queue; see `draw_recovery`.

        Parameters
        ----------
        other : Recovery, optional
            The same shock with a measure.
        labels : pair of str
            What both are called.

        Returns
        -------
        matplotlib Figure
        """
        from .recovery_chart import draw_recovery

        return draw_recovery(self, other, labels=labels)

    def __repr__(self) -> str:
        """Return the answer."""
        return self.answer


def room_profile(
    days: int,
    start: int,
    lasts: float,
    usual_room: float,
    left: float = 0.0,
    recovery: str = "step",
    over_days: float = 0.0,
) -> Values:
    """Return what can pass on each day of a shock.

    Parameters
    ----------
    days : int
        Horizon.
    start : int
        First day of the shock.
    lasts : float
        Days at full strength, rounded to whole ones, one at least if above zero (as in `scenario.windows`).
    usual_room : float
        Units a day that can pass as usual; inf allowed.
    left : float
        Share of it that can pass during the shock, 0 to 1.
    recovery : str
        ``step``: all comes back at once; ``linear`` or ``exponential`` (a twentieth lacks at the end) over `over_days`.
    over_days : float
        Time that it takes.

    Returns
    -------
    ndarray of float, shape (days,)

    Raises
    ------
    DataError
        A number or word that cannot be.
    """
    wrong = [
        f"{name}: got {value!r}, expected a whole number from {low} to {high}"
        for name, value, low, high in (("days", days, 1, _MOST_DAYS), ("start", start, 0, _MOST_DAYS))
        if not (_within(value, low, high) and float(value).is_integer())
    ]
    wrong += _outside(
        ("lasts", lasts, 0, math.inf),
        ("usual_room", usual_room, 0, math.inf),
        ("left", left, 0, 1),
        ("over_days", over_days, 0, math.inf),
    )
    if not wrong and start > days:
        wrong.append(f"start: got {start!r}, expected {days} at most, the number of days")
    if recovery not in _PROFILES:
        wrong.append(f"recovery: got {recovery!r}, expected {', '.join(_PROFILES)}")
    if wrong:
        raise DataError(wrong)
    lacking = _lacking(int(days), int(start), lasts, recovery, over_days)
    # Where the usual room has no limit, all passes again as soon as less than all of it lacks.
    with np.errstate(invalid="ignore"):
        found: Values = np.where(
            lacking > 0, np.nan_to_num(usual_room * (1 - (1 - left) * lacking), nan=0.0, posinf=np.inf), usual_room
        )
    return found


def _lacking(days: int, start: int, lasts: float, recovery: str, over: float) -> Values:
    """Return the share of the room that lacks on each day, as `scenario.windows.fading` does for a year."""
    day = np.arange(days, dtype=float)
    length = max(round(lasts), 1) if 0 < lasts < math.inf else lasts
    since = day - start - length + 1  # 1 on the first day after the last one at full strength
    lacking: Values = ((day >= start) & (since <= 0)).astype(float)
    if recovery == "step" or not over:
        return lacking
    if math.isinf(over):
        return np.where(since > 0, 1.0, lacking)
    left = 1 - since / (over + 1) if recovery == "linear" else np.exp(-_LEFT * np.maximum(since, 0.0) / over)
    return np.where((since > 0) & (since <= over), left, lacking)


def recover(
    usual_per_day: float,
    room_per_day: Values,
    *,
    turn_days: float,
    goes_round: float = 1.0,
    detour_days: float = 0.0,
    stock_days: float = 0.0,
    title: str = "",
    unit: str = "TEU",
) -> Recovery:
    r"""Follow the days after a shock.

    Parameters
    ----------
    usual_per_day : float
        Units a day that want to pass, above zero.
    room_per_day : ndarray of float, shape (days,)
        Units that can pass on each day; inf allowed.
    turn_days : float
        Days of shortage after which newcomers who do not pass go round, as long as there is less room than usual use.
    goes_round : float
        Share of those who can; the others are not sent.
    detour_days : float
        Days longer by the detour.
    stock_days : float
        Days of usual use that are in stock at the destination.
    title, unit : str
        In words.

    Returns
    -------
    Recovery

    Raises
    ------
    DataError
        A number that cannot be.

    Notes
    -----
    A fluid by day, see `solvers.deterministic_queue`; with :math:`u` the usual units a day, :math:`r_t` the room,
    :math:`w_t` those who wait at the end of a day:

    1. A day is short if :math:`r_t < u`. It is past the turn if `turn_days` short days or more precede it without a
       break; a day that is not short begins the count anew, also while a queue still stands.
    2. On days before the turn, and on those that are not short, all newcomers queue: :math:`n_t = u`. On short days
       past it only those queue who pass on the same day behind the queue,
       :math:`n_t = \min(u, \max(r_t - w_{t-1}, 0))`; of the others the share `goes_round` goes round and the rest is
       not sent. Who waits already goes on waiting.
    3. :math:`\min(w_{t-1} + n_t, r_t)` pass, first come first served, and arrive on the same day.
    4. What goes round arrives `detour_days` later, a part of a day in proportion on the day after.
    5. :math:`\min(u, \text{arrived} + \text{stock})` are served; what is left of both is the stock, at most that of
       the beginning. What arrives beyond that is too late and serves nobody.

    Over the days shown, :math:`u` times days is what passed, went round, was not sent, and waits at the end.
    Loss, robustness, rapidity: Bruneau and others (2003), Earthquake Spectra 19(4), 733-752.
    """
    room, wrong = _rooms(room_per_day)
    if not (_within(usual_per_day, 0, math.inf) and 0 < usual_per_day < math.inf):
        wrong.insert(0, f"usual_per_day: got {usual_per_day!r}, expected a number above zero")
    wrong += _outside(
        ("turn_days", turn_days, 0, math.inf),
        ("goes_round", goes_round, 0, 1),
        ("detour_days", detour_days, 0, 1e6),
        ("stock_days", stock_days, 0, 1e6),
    )
    if wrong:
        raise DataError(wrong)
    passed, waiting, turned = _queue(usual_per_day, room, turn_days)
    went = turned * goes_round
    arrived = passed + _late(went, detour_days)
    stock, served = _stock(arrived, usual_per_day, stock_days * usual_per_day)
    table = pd.DataFrame(
        {
            "room": room,
            "passed": passed,
            "waiting": waiting,
            "went_round": went,
            "not_sent": turned - went,
            "arrived": arrived,
            "stock": stock,
            "served": served,
            "quality_pct": _ALL * (served / usual_per_day),  # exactly 100 where all are served
        }
    ).rename_axis("day")
    return Recovery(table, usual_per_day, title, unit)


def _within(value: Any, low: float, high: float) -> bool:
    """Say whether a value is a number from `low` to `high`."""
    return isinstance(value, Real) and not isinstance(value, bool) and low <= float(value) <= high


def _outside(*given: tuple[str, Any, float, float]) -> list[str]:
    """Return what to tell about values (name, value, low, high) that are no numbers from low to high."""
    return [
        f"{name}: got {value!r}, expected {low:g} to {high:g}"
        for name, value, low, high in given
        if not _within(value, low, high)
    ]


def _rooms(room_per_day: Any) -> tuple[Values, list[str]]:
    """Return the room of each day as numbers, and what to tell if it is none."""
    expected = "room_per_day: expected one number of zero or more for each day, one day at least"
    try:
        room = np.asarray(room_per_day, dtype=float)
    except (TypeError, ValueError):
        return np.zeros(1), [f"{expected}; got {type(room_per_day).__name__} with what is no number"]
    if room.ndim != 1 or not len(room):
        return room, [f"{expected}; got shape {room.shape}"]
    return room, [f"{expected}; got {room[day]:g} on day {day}" for day in np.flatnonzero(~(room >= 0))[:1].tolist()]


def _queue(usual: float, room: Values, turn: float) -> tuple[Values, Values, Values]:
    """Return what passes, waits at the end, and turns round, day by day."""
    passed, waiting, turned = np.zeros(len(room)), np.zeros(len(room)), np.zeros(len(room))
    queue, since = 0.0, 0
    for day, space in enumerate(room.tolist()):
        short = space < usual * (1 - _TINY)
        come = usual
        if short and since >= turn:
            come = min(usual, max(space - queue, 0.0))
            turned[day] = usual - come
        passed[day] = min(queue + come, space)
        queue = max(queue + come - passed[day], 0.0)
        waiting[day] = queue
        since = since + 1 if short else 0
    return passed, waiting, turned


def _late(went: Values, days: float) -> Values:
    """Return what arrives when all comes so many days later."""
    whole, part = int(days), days - int(days)
    found = np.zeros(len(went))
    for shift, share in ((whole, 1 - part), (whole + 1, part)):
        if share > 0 and shift < len(went):
            found[shift:] += share * went[: len(went) - shift]
    return found


def _stock(arrived: Values, usual: float, most: float) -> tuple[Values, Values]:
    """Return the stock at the end of each day, and what is served."""
    stock, left = np.zeros(len(arrived)), most
    served = np.zeros(len(arrived))
    for day, came in enumerate(arrived.tolist()):
        served[day] = min(usual, came + left)
        left = min(most, left + came - served[day])
        stock[day] = left
    return stock, served
