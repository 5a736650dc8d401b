"""How shippers choose: the fitted parameters, read from and written to one file each."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from networks import DataError
from networks.errors import nearest
from networks.given import given_yaml

from .files import write_text

__all__ = ["CHOICES", "Choice", "MarketChoice", "load_choice", "write_choice"]

_HERE = Path(__file__).parent
CHOICES = {
    "backtest": _HERE / "choice_2019_2023.yaml",
    "default": _HERE / "choice.yaml",
}
"""Files of parameters: those fitted to 2019, 2021 and 2023 only, and those fitted to all years to 2025."""

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class MarketChoice(BaseModel):
    """How the shippers of one market weigh cost.

    Attributes
    ----------
    scale_per_usd : float
        How sharply cost decides, per USD/TEU.
    constants_usd_per_teu : dict
        By family or corridor: what shippers feel beside its cost (habit, trust, paperwork), USD/TEU.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    scale_per_usd: Positive
    constants_usd_per_teu: dict[str, float] = {}


class Choice(BaseModel):
    """Parameters of the choice of shippers.

    Attributes
    ----------
    fitted_to : tuple of int
        Years whose traffic they were fitted to.
    aversion_share : float
        Of shippers who think of a land route: those who have not crossed Russia at any price since February 2022.
    subsidy_passed_on : float
        Of the subsidy cap: what lowers the price of trains from China.
    time_factor : float
        On the rates of ``shippers.csv``.
    scarcity_usd_per_teu : float
        What trains cost more when they carry ``scarcity_capacity_teu`` one way in a year; it rises with the
        fourth power of what they carry.
    markets : dict
        By market id.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    fitted_to: tuple[int, ...]
    aversion_share: Share
    subsidy_passed_on: Share
    time_factor: Positive
    scarcity_usd_per_teu: Positive
    markets: dict[str, MarketChoice]


def load_choice(name: str | Path = "default") -> Choice:
    """Read parameters.

    Parameters
    ----------
    name : str or path
        ``default`` (fitted to all years to 2025), ``backtest`` (to 2019, 2021 and 2023 only), or a file.

    Returns
    -------
    Choice

    Raises
    ------
    DataError
        The file cannot be read, or a key or value is wrong.
    """
    path = CHOICES.get(str(name), Path(name))
    try:
        raw = given_yaml(path)
    except FileNotFoundError:
        hint = nearest(str(name), CHOICES)
        raise DataError([f"{name}: no such parameters; expected {' or '.join(CHOICES)} or a file{hint}"]) from None
    try:
        return Choice.model_validate(raw)
    except ValidationError as error:
        raise DataError(
            [f"{path.name}: {'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors()]
        ) from None


def write_choice(choice: Choice, path: str | Path, *, comment: str = "") -> None:
    """Write parameters to a file, whole or not at all.

    Raises
    ------
    DataError
        The file cannot be written.
    """
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines += [
        f"fitted_to: {list(choice.fitted_to)}",
        f"aversion_share: {_short(choice.aversion_share)}",
        f"subsidy_passed_on: {_short(choice.subsidy_passed_on)}",
        f"time_factor: {_short(choice.time_factor)}",
        f"scarcity_usd_per_teu: {_short(choice.scarcity_usd_per_teu)}",
        "markets:",
    ]
    for name, market in choice.markets.items():
        lines += [f"  {name}:", f"    scale_per_usd: {_short(market.scale_per_usd)}", "    constants_usd_per_teu:"]
        lines += [f"      {key}: {_short(value)}" for key, value in market.constants_usd_per_teu.items()]
    write_text(Path(path), "\n".join(lines) + "\n")


def _short(value: float) -> str:
    """Return six digits: more than the figures behind are good for, and the same on every machine."""
    text = f"{value:.6g}"
    return text if math.isfinite(value) and any(c in text for c in ".en") else f"{text}.0"
