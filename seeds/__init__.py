"""What is known: the sourced tables, as files beside this module, and their description."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "descriptor", "table_path"]

FOLDER = Path(__file__).resolve().parent
"""Where the tables lie."""


@cache
def descriptor() -> dict[str, dict[str, Any]]:
    """Return the Data Package description of every table, by table name.

    Returns
    -------
    dict
        Table name to its resource: ``path``, ``title`` and ``schema`` with ``fields`` (name, type,
        unit, description, constraints), ``primaryKey`` and ``foreignKeys``.
    """
    package = json.loads((FOLDER / "datapackage.json").read_text(encoding="utf-8"))
    return {resource["name"]: resource for resource in package["resources"]}


def table_path(name: str) -> Path:
    """Return the path of one table.

    Parameters
    ----------
    name : str
        Of the table, without ``.csv``.

    Returns
    -------
    Path
        The file beside this module.

    Raises
    ------
    KeyError
        No table has that name.
    """
    return FOLDER / str(descriptor()[name]["path"])
