"""How settings are read: numbers with units, words, days; and what all models of scenarios share."""

from __future__ import annotations

import datetime as dt
import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema

from .units import CURRENCIES, HOURS_A_YEAR, Change, Quantity, UnitError, change, quantity

__all__ = [
    "Changed",
    "Day",
    "Duration",
    "Flag",
    "Measure",
    "Model",
    "Money",
    "MoneyPerYear",
    "Month",
    "Named",
    "Rate",
    "Scale",
    "SeriesChange",
    "Share",
    "Time",
    "When",
    "Words",
    "read_listed",
    "read_varied",
    "read_words",
    "read_yearly",
]

_NAMES = {
    "time": "a length of time",
    "mass": "a mass (no '/yr')",
    "TEU": "a number of TEU (no '/yr')",
    "share": "a share",
    "length": "a length",
    "mass/time": "t/yr",
    "TEU/time": "TEU/yr",
    "train/time": "trains/d",
    "wagon/time": "wagons/d",
    "pair/time": "pairs/d",
    "truck/time": "trucks/d",
    "share/time": "a share per year",
    "count/time": "a number of times per year",
    "length/time": "a length per year",
    "volume": "a volume of gas (no '/yr')",
    "energy": "an energy (no '/d')",
    "volume/time": "bcm/yr or mcm/d",
    "energy/time": "GWh/d",
    **dict.fromkeys(CURRENCIES, "money"),
    **{f"{c}/time": "money per year" for c in CURRENCIES},
    **{f"{c}/TEU": f"{c}/TEU" for c in ("EUR", "USD")},
    **{f"{c}/TEU/time": f"{c}/TEU/h" for c in ("EUR", "USD")},
    **{f"{c}/CO2e": f"{c}/tCO2e" for c in ("EUR", "USD")},
    **{f"{c}/energy": f"{c}/MWh" for c in ("EUR", "USD")},
}
MOST_RUNS = 10_000


@dataclass(frozen=True)
class _Written(ABC):
    """Reading of a setting that is text with a unit, as pydantic takes it from an annotation."""

    dimensions: tuple[str, ...]
    example: str

    @abstractmethod
    def read(self, written: object) -> Any:
        """Return what is meant; UnitError otherwise."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read by `read`, write as text."""
        text = core_schema.plain_serializer_function_ser_schema(str)
        return core_schema.no_info_plain_validator_function(self.read, serialization=text)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Describe as text with an example."""
        return {"type": "string", "examples": [self.example], "description": self.wanted}

    @property
    def wanted(self) -> str:
        """What is expected, in words."""
        names = list(dict.fromkeys(_NAMES.get(d, d) for d in self.dimensions))
        return names[-1] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}" if names else "a change"

    def _bare(self, written: object) -> None:
        if isinstance(written, (int, float)) and not isinstance(written, bool):
            unit = self.example.lstrip("+-x").split(" ", 1)[-1]
            plain = self.dimensions == ("time",) and isinstance(self, Measure)
            like = f"{written:.6g} {unit}" if plain else self.example
            raise UnitError(f"{written:.6g} has no unit; write it with one, for example {like!r}")


@dataclass(frozen=True)
class Measure(_Written):
    """A number with a unit."""

    least: float = 0.0
    most: float = math.inf

    def read(self, written: object) -> Quantity:
        """Return the quantity that is meant; UnitError otherwise."""
        self._bare(written)
        found = quantity(written)
        if found.dimension not in self.dimensions:
            what = _NAMES.get(found.dimension, found.dimension)
            raise UnitError(f"{found.text!r} is {what}; this setting needs {self.wanted}, for example {self.example!r}")
        if not self.least <= found.value <= self.most:
            raise UnitError(f"{found.text!r} is out of range; write for example {self.example!r}")
        return found


@dataclass(frozen=True)
class Changed(_Written):
    """A change of a figure."""

    only_add: bool = False

    def read(self, written: object) -> Change:
        """Return the change that is meant; UnitError otherwise."""
        self._bare(written)
        found = change(written)
        if found.kind != "factor" and found.quantity.dimension not in self.dimensions:
            what = _NAMES.get(found.quantity.dimension, found.quantity.dimension)
            wanted = f"{self.wanted}, or a change" if self.dimensions else "a change"
            raise UnitError(f"{found.text!r} is {what}; this setting takes {wanted}, for example {self.example!r}")
        if self.only_add and found.kind != "add":
            raise UnitError(f"{found.text!r}: write how much it changes, with a sign, for example {self.example!r}")
        return found


@dataclass(frozen=True)
class SeriesChange(_Written):
    """The value of a series of year_inputs.csv; here a bare percentage sets."""

    def read(self, written: object) -> Change:
        """Return the change that is meant; UnitError otherwise."""
        self._bare(written)
        if isinstance(written, str) and re.fullmatch(r"\d[\d.]*\s*%", written.strip()):
            share = quantity(written)
            return Change("set", share, share.text)
        return Changed(self.dimensions, self.example).read(written)


def read_words(written: object) -> object:
    """Accept one word for a list of one."""
    return (written,) if isinstance(written, str) else tuple(written) if isinstance(written, list) else written


def read_listed(written: object) -> object:
    """Accept one mapping for a list of one."""
    return (written,) if isinstance(written, (dict, BaseModel)) else written


def read_yearly(written: object) -> object:
    """Accept one year for a list of one."""
    return (written,) if isinstance(written, int) and not isinstance(written, bool) else written


def read_varied(written: object) -> object:
    """Check the lists of `vary`: not empty, those of 'together' of one length."""
    if not isinstance(written, dict):
        return written
    together = written.get("together", {})
    if not isinstance(together, dict):
        raise ValueError("'together' holds paths with their values")
    lists = {**{k: v for k, v in written.items() if k != "together"}, **together}
    for path, values in lists.items():
        if not isinstance(values, list) or not values:
            raise ValueError(f"{path!r} needs a list of values, for example ['-30 %', '-60 %']")
    if len({len(values) for values in together.values()}) > 1:
        raise ValueError("lists in 'together' differ in length")
    count = math.prod(len(v) for k, v in written.items() if k != "together")
    count *= len(next(iter(together.values()))) if together else 1
    if count > MOST_RUNS:
        raise ValueError(f"{count:,} runs; at most {MOST_RUNS:,}")
    return written


def read_day(written: object) -> str:
    text = str(written) if isinstance(written, (str, int)) and not isinstance(written, bool) else ""
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", text):
        raise ValueError(f"{str(written)[:40]!r} is not a date; write 2027, 2027-01 or 2027-01-31")
    try:
        dt.date.fromisoformat(f"{text}-01-01"[:10] if len(text) < 10 else text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day of the calendar") from None
    return text


Words = Annotated[tuple[str, ...], BeforeValidator(read_words), Field(min_length=1)]
Day = Annotated[
    str, BeforeValidator(read_day), WithJsonSchema({"type": ["string", "integer"], "examples": ["2027-01-31"]})
]
Month = Annotated[int, Field(strict=True, ge=1, le=12)]
Flag = Annotated[bool, Field(strict=True)]
Named = Annotated[str, Field(pattern=r"^[\w-]{1,80}$")]
Time = Annotated[Quantity, Measure(("time",), "48 h", most=100 * HOURS_A_YEAR)]
Share = Annotated[Quantity, Measure(("share",), "30 %", most=1.0)]
Money = Annotated[Quantity, Measure(CURRENCIES, "12 bn EUR")]
MoneyPerYear = Annotated[Quantity, Measure(tuple(f"{c}/time" for c in CURRENCIES), "40 mn EUR/yr")]
Rate = Annotated[Quantity, Measure(("share", "share/time"), "3 %", most=1.0)]
Duration = Annotated[Change, Changed(("time",), "+48 h")]
Scale = Annotated[Change, Changed((), "x 1.1")]


class Model(BaseModel):
    """Anything in the file: no unknown keys, nothing changed in place, a note and a source anywhere."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False)

    note: str | None = Field(None, description="What a reader should know; goes into the results.")
    source: str | None = Field(None, description="Where it comes from: an id of sources.csv or events.csv, or a link.")

    @property
    def given(self) -> set[str]:
        """Settings that were written, note and source apart."""
        named = self.model_fields_set - {"note", "source"}
        return {name for name in named if getattr(self, name) is not None}


class When(Model):
    """Days on which it holds; without any, always."""

    from_: Day | None = Field(None, alias="from", description="First day: 2027, 2027-01 or 2027-01-31.")
    to: Day | None = Field(None, description="Last day.")
    for_: Time | None = Field(None, alias="for", description="How long: 13 days.")
    months: tuple[Month, ...] | None = Field(None, min_length=1, description="Months of every year: [12, 1, 2].")

    @model_validator(mode="after")
    def _order(self) -> When:
        if self.to is not None and self.for_ is not None:
            raise ValueError("give 'to' or 'for', not both")
        if self.from_ is not None and self.to is not None and self.to < self.from_[: len(self.to)]:
            raise ValueError(f"ends ({self.to}) before it begins ({self.from_})")
        return self
