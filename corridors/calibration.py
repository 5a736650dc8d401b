"""Calibration: the parameters of choice fitted to observed traffic, and what is left between both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import least_squares

from networks import GRADES, DataError, table_of

from .choice import Choice, MarketChoice
from .past import year_inputs
from .year_model import YearModel

__all__ = [
    "CALIBRATION_YEARS",
    "PRIORS",
    "Calibration",
    "calibrate",
    "carried",
    "observed_traffic",
    "residuals",
]

CALIBRATION_YEARS = (2019, 2021, 2023)
"""The only years that the parameters of the back-test have seen."""

_CHOOSING = ("cn-eu", "eu-cn")
_BRANCHES = ("north-south", "south-north")
_PART_OF = {
    "sea": "sea",
    "rail": "northern",
    "caspian": "middle",
    "western": "instc-west",
    "trans-caspian": "instc-trans-caspian",
    "eastern": "instc-east",
}
_PRICED = "northern-west"  # series of what shippers paid
_TEU_PER_FEU = 2
_VOLUME_SD = 0.02  # of the logarithm of an observed volume
_MIDDLE_SD = 0.02  # both directions together; the split between them is a judgement
_SPLIT_SD = 0.1
_OLD_SD = 0.15  # of years before the last, where the last is to be met
_PRICE_SD_USD = 600.0  # of the change of the price of a train, USD/TEU
_INSTC = ("instc-west", "instc-trans-caspian", "instc-east")
_BRANCH_ROUNDS = 12
_MOST_ROUNDS = 80
_TOLERANCE = 1e-5  # of the sum of squares and of the parameters: more than the figures are good for
_CHINA_EUROPE = {
    "China-Europe": _CHOOSING,
    "China-Europe, westbound": ("cn-eu",),
    "China-Europe, eastbound": ("eu-cn",),
}
_NORTH_SOUTH = {"North-South": _BRANCHES}
_BRANCH_SCALE = 1e-3  # per USD/TEU: traffic by branch cannot tell it; amid what China-Europe gives


class Prior(NamedTuple):
    """What is believed of a parameter before traffic is looked at.

    Attributes
    ----------
    centre, spread : float
        Of its logarithm, or of its logit where it is a share.
    low, high : float
        Bounds of the parameter itself.
    why : str
        Reason, with source.
    """

    centre: float
    spread: float
    low: float
    high: float
    why: str


PRIORS = {
    "scale_per_usd": Prior(
        float(np.log(1e-3)),
        1.0,
        1e-4,
        1e-2,
        "between 2e-4, which turns the rise of 2021 into the traffic of 2021 if nothing were scarce, and 4.5e-3 per "
        "EUR of Tavasszy, Minderhoud, Perrin and Notteboom (2011), Journal of Transport Geography 19(6), 1163-1172",
    ),
    "aversion_share": Prior(-0.8, 2.0, 0.0, 0.8, "a third (0.06 to 0.8): nothing was printed before the outcome"),
    "subsidy_passed_on": Prior(
        -2.2, 0.5, 0.0, 1.0, "a tenth (0.04 to 0.23): caps fell from 40 to 10 % and the price of 2023 was that of 2019"
    ),
    "time_factor": Prior(0.0, 0.2, 0.05, 5.0, "one: rates of shippers.csv, good to a factor of 1.2"),
    "scarcity_usd_per_teu": Prior(
        float(np.log(1500.0)), 1.0, 50.0, 1e4, "about half of what the price rose by from 2019 to 2021"
    ),
}
"""Priors by parameter."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Fitted parameters and residuals.

    Attributes
    ----------
    choice : Choice
        The parameters.
    residuals : DataFrame
        See `calibrate`.
    rounds : int
        Evaluations of the least-squares search.
    """

    choice: Choice
    residuals: pd.DataFrame
    rounds: int

    @property
    def comment(self) -> str:
        """Return what is said at the top of the file of the parameters."""
        years = ", ".join(map(str, self.choice.fitted_to))
        return f"Fitted by `corridors calibrate` to the traffic of {years}; see docs/backtest.md."

    def __repr__(self) -> str:
        """Return the years, the worst residual and the rounds."""
        worst = self.residuals["error"].abs().max()
        years = ", ".join(map(str, self.choice.fitted_to))
        return f"Calibration(fitted to {years}; largest residual {worst:.1%}; {self.rounds} rounds)"


def observed_traffic(*, folder: str | Path | None = None) -> pd.DataFrame:
    """Return what was observed, by market, year and corridor.

    Parameters
    ----------
    folder : path, optional
        Folder with a ``demand.csv`` of your own.

    Returns
    -------
    DataFrame by market, year, corridor
        ``quantity`` in the unit of the market, ``grade``, ``source_ids``. Corridor is the family for China-Europe
        and the corridor for the INSTC.

    Raises
    ------
    DataError
        Wrong tables.
    """
    table = table_of("demand", folder)
    frame = pd.DataFrame(
        {
            "market": table["market_id"],
            "year": table["year"].astype(int),
            "corridor": table["part"].map(_PART_OF),
            "quantity": table["value"],
            "grade": table["grade"],
            "source_ids": [tuple(ids) for ids in table["source_id"]],
        }
    )
    return frame.dropna(subset=["corridor"]).set_index(["market", "year", "corridor"]).sort_index()


def calibrate(
    years: Iterable[int] = CALIBRATION_YEARS,
    *,
    to_last: bool = False,
    start: Choice | None = None,
    folder: str | Path | None = None,
) -> Calibration:
    """Fit the parameters of choice to observed traffic.

    Parameters
    ----------
    years : iterable of int
        Of 2019 to 2025.
    to_last : bool
        Whether the last year is to be met closely and the others loosely, so that the model starts from it.
    start : Choice, optional
        Where the search begins; otherwise at the centres of the priors.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    Calibration
        ``residuals`` has one row per market (China-Europe: and both ways together), year and corridor:
        ``model``, ``observed``, ``error`` (relative), ``unit``, ``grade``.

    Raises
    ------
    DataError
        Wrong tables, no year, or one without traffic on record.

    Notes
    -----
    Least squares over the logarithms of volumes, the change of the price of the Northern route between the
    years, and `PRIORS`, by a trust-region method (Branch, Coleman and Li 1999, SIAM Journal on Scientific
    Computing 21(1), 1-23). Constants of the branches of the INSTC are raised by what shares lack (Berry
    1994, RAND Journal of Economics 25(2), 242-262), in the last of the years: before 2022 the eastern had no
    regular trains.
    """
    wanted = tuple(sorted(set(years)))
    if not wanted:
        raise DataError(["years: got none, expected some of 2019 to 2025"])
    fit = _Fit(wanted, to_last, folder)
    first = fit.start() if start is None else fit.point(start)
    size = np.maximum(np.abs(fit.start()), 0.3)
    answer = least_squares(
        fit.residuals, first, x_scale=size, diff_step=1e-4, ftol=_TOLERANCE, xtol=_TOLERANCE, max_nfev=_MOST_ROUNDS
    )
    choice = fit.choice(answer.x)
    branches = _branch_constants(wanted[-1], choice, folder)
    full = choice.model_copy(update={"markets": {**choice.markets, **branches}})
    return Calibration(full, residuals(full, wanted, folder=folder), int(answer.nfev))


class _Fit:
    """The least-squares problem of China-Europe."""

    def __init__(self, years: tuple[int, ...], to_last: bool, folder: str | Path | None) -> None:
        self.years, self.to_last = years, to_last
        self.models = {year: YearModel(year, _CHOOSING, folder=folder) for year in years}
        seen = observed_traffic(folder=folder)["quantity"]
        self.seen = {(m, y, c): float(seen[m, y, c]) for m in _CHOOSING for y in years for c in ("northern", "middle")}
        self.price = year_inputs(folder=folder)[_PRICED] / _TEU_PER_FEU

    @property
    def names(self) -> list[tuple[str, str]]:
        """Return the parameters: name, and market where it has one."""
        common = [(n, "") for n in PRIORS if n != "scale_per_usd"]
        own = [(n, m) for m in _CHOOSING for n in ("scale_per_usd", "northern", "middle")]
        return common + own

    def start(self) -> npt.NDArray[np.float64]:
        """Return where the search begins: the centres of the priors, and some utility against land routes."""
        levels = {"northern": 2.0, "middle": 4.0}
        return np.array([levels[n] if n in levels else PRIORS[n].centre for n, _ in self.names])

    def point(self, choice: Choice) -> npt.NDArray[np.float64]:
        """Return the point that stands for some parameters."""
        found = []
        for name, market in self.names:
            if name in ("northern", "middle"):
                of = choice.markets[market]
                found.append(of.constants_usd_per_teu[name] * of.scale_per_usd)
                continue
            value = choice.markets[market].scale_per_usd if market else getattr(choice, name)
            found.append(float(np.log(value / (1 - value))) if PRIORS[name].low == 0 else float(np.log(value)))
        return np.array(found)

    def choice(self, x: npt.NDArray[np.float64]) -> Choice:
        """Return the parameters at a point; constants are sought as utilities, which the scale does not move."""
        at = dict(zip(self.names, x.tolist(), strict=True))
        value = {key: _natural(key[0], v) for key, v in at.items() if key[0] in PRIORS}
        markets = {}
        for m in _CHOOSING:
            scale = value["scale_per_usd", m]
            constants = {c: at[c, m] / scale for c in ("northern", "middle")}
            markets[m] = MarketChoice(scale_per_usd=scale, constants_usd_per_teu=constants)
        common = {n: value[n, ""] for n in PRIORS if (n, "") in value}
        return Choice(fitted_to=self.years, markets=markets, **common)

    def residuals(self, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return what is to be made small, each over its standard deviation."""
        choice = self.choice(x)
        off: list[float] = []
        prices = []
        for year, model in self.models.items():
            flow = model.flows(choice)
            found = _volumes(model, flow)
            loose = _OLD_SD if self.to_last and year != self.years[-1] else 0.0
            both = {m: found[m, "middle"] for m in _CHOOSING}, {m: self.seen[m, year, "middle"] for m in _CHOOSING}
            for m in _CHOOSING:
                ratio = found[m, "northern"] / self.seen[m, year, "northern"]
                off.append(float(np.log(ratio)) / np.hypot(_VOLUME_SD, loose))
            off.append(float(np.log(sum(both[0].values()) / sum(both[1].values()))) / np.hypot(_MIDDLE_SD, loose))
            share = both[0]["eu-cn"] / both[1]["eu-cn"]
            off.append(float(np.log(share)) / np.hypot(_SPLIT_SD, loose))
            prices.append(model.price(choice, flow, "cn-eu", "northern") - float(self.price[year]))
        off += ((np.array(prices) - np.mean(prices)) / _PRICE_SD_USD).tolist()
        off += [
            (v - PRIORS[n].centre) / PRIORS[n].spread for (n, _), v in zip(self.names, x, strict=True) if n in PRIORS
        ]
        return np.array(off)


def _natural(name: str, value: float) -> float:
    """Return a parameter from its logarithm or logit, within its bounds."""
    prior = PRIORS[name]
    share = prior.low == 0
    found = 1 / (1 + np.exp(-value)) if share else np.exp(np.clip(value, -50, 50))
    return float(np.clip(found, prior.low, prior.high))


def _volumes(model: YearModel, flow: npt.NDArray[np.float64]) -> dict[tuple[str, str], float]:
    """Return what the families carry in each market, TEU."""
    return {key: max(value, 1e-9) for key, value in carried(model, flow, "family").items()}


def carried(model: YearModel, flow: npt.NDArray[np.float64], by: str) -> dict[tuple[str, str], float]:
    """Return the quantity by market and family, corridor or branch, in the unit of the market.

    Parameters
    ----------
    model : YearModel
        Its year.
    flow : ndarray of float, shape (routes,)
        TEU a year on each of its routes.
    by : str
        ``family``, ``corridor`` or ``branch``.
    """
    table = pd.Series(flow * model.units).groupby([model.routes["market"], model.routes[by]]).sum()
    return {(str(m), str(c)): float(v) for (m, c), v in table.items()}


def _branch_constants(year: int, choice: Choice, folder: str | Path | None) -> dict[str, MarketChoice]:
    """Return the constants of the branches of the INSTC that give each what it carried in a year."""
    model = YearModel(year, _BRANCHES, folder=folder)
    seen = observed_traffic(folder=folder)["quantity"]
    want = {c: sum(float(seen.get((m, year, c), 0.0)) for m in _BRANCHES) for c in _INSTC}
    constants = dict.fromkeys(_INSTC, 0.0)
    for _ in range(_BRANCH_ROUNDS):
        market = MarketChoice(scale_per_usd=_BRANCH_SCALE, constants_usd_per_teu=dict(constants))
        trial = choice.model_copy(update={"markets": {**choice.markets, **dict.fromkeys(_BRANCHES, market)}})
        found = carried(model, model.flows(trial), "branch")
        got = {c: sum(found.get((m, c), 0.0) for m in _BRANCHES) for c in _INSTC}
        off = {c: float(np.log(got[c] / want[c])) if got[c] > 0 and want[c] > 0 else 0.0 for c in _INSTC}
        constants = {c: v + (off[c] - off[_INSTC[0]]) / _BRANCH_SCALE for c, v in constants.items()}
    return {m: MarketChoice(scale_per_usd=_BRANCH_SCALE, constants_usd_per_teu=constants) for m in _BRANCHES}


def residuals(choice: Choice, years: Iterable[int], *, folder: str | Path | None = None) -> pd.DataFrame:
    """Hold the model with some parameters against the traffic of some years.

    Parameters
    ----------
    choice : Choice
        The parameters.
    years : iterable of int
        Of 2019 to 2025.
    folder : path, optional
        Tables of your own.

    Returns
    -------
    DataFrame
        ``traffic`` (China-Europe by land and by sea and INSTC, both ways, and westward and eastward), ``year``,
        ``corridor``, ``model``, ``observed``, ``unit``, ``error`` (relative), ``grade`` (worst behind it).
    """
    seen = observed_traffic(folder=folder)
    rows = []
    for year in years:
        for markets, by, titles in ((_CHOOSING, "family", _CHINA_EUROPE), (_BRANCHES, "branch", _NORTH_SOUTH)):
            model = YearModel(year, markets, folder=folder)
            found = carried(model, model.flows(choice), by)
            for title, part in titles.items():
                rows += _rows(title, year, part, found, seen)
    table = pd.DataFrame(rows, columns=["traffic", "year", "corridor", "model", "observed", "unit", "grade"])
    table.insert(6, "error", table["model"] / table["observed"] - 1)
    return table.sort_values(["traffic", "corridor", "year"], ignore_index=True)


def _rows(
    title: str, year: int, markets: Sequence[str], found: Mapping[tuple[str, str], float], seen: pd.DataFrame
) -> list[tuple[Any, ...]]:
    known = seen[seen.index.get_level_values("market").isin(markets) & (seen.index.get_level_values("year") == year)]
    rows = []
    for corridor, part in known.groupby(level="corridor"):
        got = sum(found.get((m, str(corridor)), 0.0) for m in markets)
        unit = "t" if markets[0] in _BRANCHES else "TEU"
        rows.append(
            (title, year, corridor, got, float(part["quantity"].sum()), unit, max(part["grade"], key=GRADES.index))
        )
    return rows
