"""The tables of a frontier, flat, for files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from networks import DataError
from networks.safely import real

from ..files import write_folder

if TYPE_CHECKING:
    from .frontier import Frontier

__all__ = ["check_folder", "tables_of", "write_tables"]


def tables_of(found: Frontier) -> dict[str, pd.DataFrame]:
    """Return all tables by name with plain columns; those of a portfolio only where one is chosen."""
    tables = {
        "frontier": found.table(),
        "order": found.order().reset_index(),
        "futures": found.spread().reset_index(),
        "regret": found.regret().reset_index(),
        "outside": found.outside,
    }
    if found.chosen:
        timing = found.schedule()
        tables |= {
            "schedule": timing.table.reset_index(),
            "spent": timing.spent.rename_axis("year").reset_index(),
            "appraisal": found.appraisal().table(),
            "streams": found.streams().table.rename_axis("year").reset_index(),
        }
    return {name: table.map(_plain) for name, table in tables.items()}


def _plain(cell: Any) -> Any:
    return ", ".join(cell) if isinstance(cell, tuple) else cell


def check_folder(folder: Path) -> None:
    """Raise DataError if tables cannot be written to a folder."""
    if folder.exists() and not folder.is_dir():
        raise DataError([f"{folder}: is no folder"])
    if not real(folder).parent.is_dir():
        raise DataError([f"{folder}: the folder {real(folder).parent} does not exist"])


def write_tables(found: Frontier, folder: Path) -> None:
    """Write the tables as CSV to a folder, all or none."""
    texts = {f"{name}.csv": table.to_csv(index=False, lineterminator="\n") for name, table in tables_of(found).items()}
    write_folder(folder, texts)
