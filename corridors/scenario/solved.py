"""What runs of freight and of gas have in common: a record, tables that do not change, where they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

from ..reported import Reported

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["Solved"]


@dataclass(frozen=True, eq=False, repr=False)
class Solved(Reported):
    """A scenario that was run.

    Attributes
    ----------
    record : mapping
        What ``run.json`` holds.
    tables : mapping of str to DataFrame
        Read by the methods.
    resolved : str
        The scenario with everything that it inherits, as YAML.
    against : Run or GasRun, of the same kind, or None
        The counterfactual.
    folder : path or None
        Tables of one's own that it was run with; not known of a run that was saved and read again.
    """

    record: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    resolved: str
    against: Self | None = None
    folder: str | Path | None = None

    def __post_init__(self) -> None:
        """Keep what was found from being changed."""
        object.__setattr__(self, "record", MappingProxyType(dict(self.record)))
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return str(self.record["name"])

    @property
    def title(self) -> str:
        """What it is called in results."""
        return str(self.record["title"])

    @property
    def years(self) -> tuple[int, ...]:
        """Years that were run."""
        return tuple(self.record["years"])

    @property
    def status(self) -> str:
        """``converged`` (freight) or ``optimal`` (gas), or what else a solver ended with in some year."""
        return str(self.record["status"])

    def save(self, folder: str | Path, *, parquet: bool = False) -> Path:
        """Write everything to a folder; see `corridors.read`.

        Parameters
        ----------
        folder : path
            New, empty, or one that a run was saved to.
        parquet : bool
            Tables as Parquet (needs pyarrow) instead of CSV.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        DataError
            The folder holds something else, or cannot be written.
        """
        from .saving import save

        return save(self, folder, parquet=parquet)

    def _money(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return a table with its money in the currency of the study."""
        if self.record["currency"] == "USD":
            return frame
        rate = 1 / self.record["usd_per_eur"]
        money = [c for c in frame.columns if "usd" in str(c)]
        return frame.assign(**{c: frame[c] * rate for c in money}).rename(
            columns={c: str(c).replace("usd", "eur") for c in money}
        )
