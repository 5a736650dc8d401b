"""Money of several currencies and years, brought to one currency at prices of one year."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from networks import DataError, Tables, table_of

__all__ = ["Prices"]

_EUR_INDEX, _USD_INDEX = "eu-hicp", "us-gdp-deflator"
_PATH, _LEVEL = "eib", "central"


@dataclass(frozen=True, eq=False)
class Prices:
    """Rates of exchange, price indices and the price of carbon.

    Attributes
    ----------
    tables : Tables
        Parameters.
    currency : str
        USD or EUR, of the study.
    folder : path, optional
        Tables of your own.

    Notes
    -----
    Money of an older year is turned into USD at the rate of that year (EUR stays EUR), then brought to the price year
    of the study (``appraisal_price_year``): EUR by consumer prices of the EU, USD by the deflator of the United States;
    then into the currency of the study at ``usd_per_eur`` of ``parameters.csv``.
    """

    tables: Tables
    currency: str
    folder: str | Path | None = None

    @property
    def year(self) -> int:
        """Year of prices."""
        return int(self.tables.parameter("appraisal_price_year"))

    @cached_property
    def _series(self) -> dict[str, pd.Series[float]]:
        rows = table_of("price_indices", self.folder)
        return {str(s): part.set_index("year")["value"] for s, part in rows.groupby("series")}

    def million(self, amount: float, currency: str, year: int | None = None) -> float:
        """Return an amount in million of the currency of the study at its prices.

        Parameters
        ----------
        amount, currency
            As given.
        year : int, optional
            In whose prices; otherwise those of the study.

        Raises
        ------
        DataError
            No rate of exchange, or no price index, is on record.
        """
        year = self.year if year is None else year
        if currency not in ("EUR", "USD"):
            amount, currency = amount / self._per_usd(currency, year), "USD"
        now = amount * self._inflation(_EUR_INDEX if currency == "EUR" else _USD_INDEX, year)
        if currency == self.currency:
            return now / 1e6
        rate = self.tables.parameter("usd_per_eur")
        return now / 1e6 * (rate if self.currency == "USD" else 1 / rate)

    def _per_usd(self, currency: str, year: int) -> float:
        rates = self._series.get(f"{currency.lower()}-per-usd")
        if rates is None:
            raise DataError([f"no rate of {currency} is on record; write the cost in EUR or USD"])
        nearest = min(rates.index, key=lambda known: (abs(known - year), -known))
        return float(rates[nearest])

    def _inflation(self, series: str, year: int) -> float:
        if year == self.year:
            return 1.0
        index = self._series[series]
        if year not in index.index:
            first, last = int(index.index.min()), int(index.index.max())
            raise DataError(
                [f"price_indices.csv: {series} runs from {first} to {last}, prices of {year} are asked for"]
            )
        return float(index[self.year] / index[year])

    def carbon(self, paid_usd_per_t: float = 0.0) -> pd.Series[float]:
        """Return what a tonne of CO2e costs society beyond what shippers pay, in the currency, by year."""
        rows = table_of("carbon_prices", self.folder)
        rows = rows[(rows["path"] == _PATH) & (rows["level"] == _LEVEL)]
        shadow = [
            1e6 * self.million(float(v), str(c), int(y))
            for v, c, y in zip(rows["value"], rows["currency"], rows["price_year"], strict=True)
        ]
        paid = 1e6 * self.million(paid_usd_per_t, "USD")
        return pd.Series(shadow, index=rows["year"].to_numpy(), name="carbon_price") - paid
