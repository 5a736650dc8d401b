"""Numbers with units as people write them in scenario files: one closed grammar, no silent guess."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

__all__ = ["HOURS_A_YEAR", "UNITS", "Change", "Quantity", "UnitError", "change", "quantity"]

HOURS_A_YEAR = 8760.0

UNITS: dict[str, tuple[str, float]] = {
    "min": ("time", 1 / 60),
    "h": ("time", 1),
    "hour": ("time", 1),
    "hours": ("time", 1),
    "d": ("time", 24),
    "day": ("time", 24),
    "days": ("time", 24),
    "week": ("time", 168),
    "weeks": ("time", 168),
    "month": ("time", HOURS_A_YEAR / 12),
    "months": ("time", HOURS_A_YEAR / 12),
    "yr": ("time", HOURS_A_YEAR),
    "year": ("time", HOURS_A_YEAR),
    "years": ("time", HOURS_A_YEAR),
    "km": ("length", 1000),
    "m": ("length", 1),
    "cm": ("length", 0.01),
    "t": ("mass", 1),
    "kt": ("mass", 1e3),
    "Mt": ("mass", 1e6),
    "TEU": ("TEU", 1),
    "kTEU": ("TEU", 1e3),
    "FEU": ("TEU", 2),
    "train": ("train", 1),
    "trains": ("train", 1),
    "pair": ("pair", 1),
    "pairs": ("pair", 1),
    "wagon": ("wagon", 1),
    "wagons": ("wagon", 1),
    "truck": ("truck", 1),
    "trucks": ("truck", 1),
    "tCO2e": ("CO2e", 1),
    "mcm": ("volume", 1e6),
    "bcm": ("volume", 1e9),
    "MWh": ("energy", 1),
    "GWh": ("energy", 1e3),
    "TWh": ("energy", 1e6),
    "MMBtu": ("energy", 0.29307107),
    "%": ("share", 0.01),
    "time": ("count", 1),
    "times": ("count", 1),
}
"""Unit to its dimension and its size in the canonical unit: h, m, t, TEU, train, pair, wagon, truck, tCO2e, m3, MWh, 1.

A volume of gas becomes energy only by a calorific value on record, never here.
"""

CURRENCIES = ("EUR", "USD", "KZT", "GEL", "AZN", "CNY", "TRY")
_SCALES = {"thousand": 1e3, "million": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9}
_LOOKALIKES = {
    "ton": "t (metric); a 'ton' is 907 kg in the USA and 1,016 kg in the UK",
    "tons": "t (metric); a 'ton' is 907 kg in the USA and 1,016 kg in the UK",
    "tonne": "t",
    "tonnes": "t",
    "MT": "Mt (million tonnes) or t (metric tonne)",
    "mt": "Mt (million tonnes) or t (metric tonne)",
    "Mtpa": "Mt/yr",
    "bcma": "bcm/yr",
    "bcmy": "bcm/yr",
    "mcmd": "mcm/d",
    "MCM": "mcm (million m3)",
    "BCM": "bcm (thousand million m3)",
    "mmcm": "mcm",
    "MMSCM": "mcm",
    "Mm3": "mcm",
    "mmbtu": "MMBtu",
    "MMBTU": "MMBtu",
    "Mwh": "MWh",
    "Gwh": "GWh",
    "teu": "TEU",
    "feu": "FEU",
    "hr": "h",
    "hrs": "h",
    "y": "yr",
    "a": "yr",
    "pa": "yr",
    "€": "EUR",
    "$": "USD",
    "euro": "EUR",
    "euros": "EUR",
    "dollars": "USD",
    "CO2": "tCO2e",
    "tCO2": "tCO2e",
    "percent": "%",
    "pct": "%",
}
_MONEY = re.compile(rf"({'|'.join(CURRENCIES)})_?((?:19|20)\d\d)?")
_NUMBER = r"[+-]?\d{1,18}(?:\.\d{1,18})?(?:[eE][+-]?\d{1,2})?"
_QUANTITY = re.compile(rf"({_NUMBER})\s*(?:({'|'.join(_SCALES)})\b)?\s*(\S+(?: ?/ ?\S+)*)?")
_FACTOR = re.compile(r"x\s*(\d{1,9}(?:\.\d{1,9})?)")
_LARGEST = 1e15
_LONGEST = 80


class UnitError(ValueError):
    """A number with a unit that cannot be read; the message says what was expected."""


@dataclass(frozen=True)
class Quantity:
    """A number with a unit.

    Attributes
    ----------
    value : float
        In canonical units: h, m, t, TEU, train, wagon, truck, tCO2e, m3, MWh, 1, units of currency.
    dimension : str
        ``time``, ``mass/time``, ``EUR/TEU``, …
    text : str
        As it was written.
    price_year : int or None
        Of money, where one was written: ``EUR2023``.
    """

    value: float
    dimension: str
    text: str
    price_year: int | None = None

    def __str__(self) -> str:
        """Return the text as it was written."""
        return self.text

    @property
    def per_year(self) -> float:
        """The value of a rate per time, as a rate per year of 8,760 hours."""
        return self.value * HOURS_A_YEAR

    @property
    def per_day(self) -> float:
        """The value of a rate per time, as a rate per day."""
        return self.value * 24

    @property
    def days(self) -> float:
        """The value of a time in days."""
        return self.value / 24


@dataclass(frozen=True)
class Change:
    """What an effect does to a figure: sets it, adds to it or multiplies it.

    Attributes
    ----------
    kind : str
        ``set`` (``48 h``), ``add`` (``+48 h``, ``-1 m``) or ``factor`` (``-30 %`` is 0.7; ``x 0.5``).
    quantity : Quantity
        For ``factor``, a share of one.
    text : str
        As it was written.
    """

    kind: Literal["set", "add", "factor"]
    quantity: Quantity
    text: str

    def __str__(self) -> str:
        """Return the text as it was written."""
        return self.text

    @property
    def value(self) -> float:
        """The figure in canonical units, or the factor."""
        return self.quantity.value


def quantity(written: object) -> Quantity:
    """Read a number with a unit: ``48 h``, ``12 bn EUR``, ``8 Mt/yr``, ``3 %/yr``, ``25 EUR2023/TEU``.

    Parameters
    ----------
    written : object
        Text ``<number> [thousand|mn|bn] <unit>[/<unit>…]``; ``/`` divides, nothing multiplies.

    Raises
    ------
    UnitError
        Not such a text, an unknown unit, or a number beyond 1e15.
    """
    if isinstance(written, Quantity):
        return written
    if isinstance(written, bool) or written is None or isinstance(written, (list, dict, tuple)):
        raise UnitError(f"expected a number with a unit, got {_shown(written)}")
    text = _shown(written).strip()
    if isinstance(written, (int, float)):
        raise UnitError(f"{text} has no unit; write it with one, for example '{text} h' or '{text} d'")
    if len(text) > _LONGEST:
        raise UnitError(f"{text[:20] + '…'!r} is too long for a number with a unit")
    if re.search(r"\d,\d", text):
        raise UnitError(f"{text!r}: no commas in numbers; write 1500 or 1.5")
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise UnitError(f"cannot read {text!r}; write <number> <unit>, for example '48 h' or '12 bn EUR'")
    number, scale, unit = found.groups()
    if unit is None:
        raise UnitError(f"{text!r} has no unit; write it with one, for example '{text} h' or '{text} d'")
    factor, dimension, price_year = _unit(unit.replace(" ", ""))
    value = float(number) * _SCALES.get(scale or "", 1.0) * factor
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise UnitError(f"{text!r} is too large; numbers go to 1e15")
    return Quantity(value, dimension, text, price_year)


def change(written: object) -> Change:
    """Read a change: no sign sets, ``+`` and ``-`` change, ``x`` multiplies.

    Raises
    ------
    UnitError
        As `quantity`; and a bare percentage, which could mean either.
    """
    if isinstance(written, Change):
        return written
    text = _shown(written).strip()
    found = _FACTOR.fullmatch(text) if isinstance(written, str) else None
    if found is not None:
        return Change("factor", Quantity(float(found[1]), "share", text), text)
    read = quantity(written)
    signed = text[0] in "+-"
    if read.dimension == "share":
        if not signed:
            size = f"{read.value:g}"
            raise UnitError(
                f"{text!r} is ambiguous: write '-{text}' or '+{text}' to change the baseline, or 'x {size}' to scale it"
            )
        if read.value < -1:
            raise UnitError(f"{text!r} takes away more than there is; '-100 %' is the most")
        return Change("factor", Quantity(1 + read.value, "share", text), text)
    return Change("add" if signed else "set", read, text)


def _unit(written: str) -> tuple[float, str, int | None]:
    """Return size, dimension and price year of a unit such as ``EUR2023/TEU``."""
    size, dimensions, price_year = 1.0, [], None
    if written in _LOOKALIKES:
        raise UnitError(f"unknown unit {written!r}; write {_LOOKALIKES[written]}")
    for place, part in enumerate(written.split("/")):
        money = _MONEY.fullmatch(part)
        if money is not None:
            dimension, factor = money[1], 1.0
            price_year = int(money[2]) if money[2] else price_year
        elif part in UNITS:
            dimension, factor = UNITS[part]
        else:
            raise UnitError(f"unknown unit {part!r}{_hint(part)}")
        size = size * factor if place == 0 else size / factor
        dimensions.append(dimension)
    return size, "/".join(dimensions), price_year


def _hint(part: str) -> str:
    if part in _LOOKALIKES:
        return f"; write {_LOOKALIKES[part]}"
    near = get_close_matches(part, [*UNITS, *CURRENCIES], 1, 0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _shown(written: object) -> str:
    """Return a value as text, not longer than a line."""
    if isinstance(written, int) and not isinstance(written, bool) and abs(written) > _LARGEST:
        return "a number beyond 1e15"
    text = str(written) if isinstance(written, (str, int, float)) else repr(written)
    return text if len(text) <= _LONGEST + 1 else text[: _LONGEST + 1]
