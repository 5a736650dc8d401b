"""Projects as interventions: from a record of projects.csv, from the file, or from both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from networks import DataError, table_of
from networks.errors import nearest

from .schema import Effect, Intervention, Project, Where
from .units import quantity

__all__ = ["as_intervention", "cost", "effect_known", "has_effect", "opening_year", "project_records"]

_UNITS = {
    "Mt_per_year": "Mt/yr",
    "TEU_per_year": "TEU/yr",
    "train_pairs_per_day": "pairs/d",
    "trains_per_day": "trains/d",
}


def project_records(folder: Any = None) -> pd.DataFrame:
    """Return ``projects.csv`` by project id."""
    return table_of("projects", folder).set_index("project_id")


def as_intervention(name: str, project: Project, records: pd.DataFrame) -> Intervention:
    """Return what a project changes once it is open.

    Parameters
    ----------
    name : str
        Path in the scenario, for messages.
    project : Project
        What the file says; it goes before the record.
    records : DataFrame
        As of `project_records`.

    Raises
    ------
    DataError
        No such record, or it holds no effect that can be applied.

    Notes
    -----
    A record that opens links opens them, with the capacity that it states; the hours that it saves are those of the way
    that it cuts short. One that upgrades a line or a port sets the capacity that it states and takes the hours that it
    saves from the line.
    """
    title = project.title
    row = _record(name, project, records)
    title = title or str(row["title"])
    if project.where is not None and project.effect is not None:
        return Intervention(where=project.where, effect=project.effect, title=title)
    where = project.where or _where(name, row)
    effect = project.effect or _effect(name, row)
    return Intervention(where=where, effect=effect, title=title)


def has_effect(project: Project, records: pd.DataFrame) -> bool:
    """Say whether it changes the network: what has a benefit of its own (gas, power) need not."""
    return project.benefit is None or effect_known(project, records)


def effect_known(project: Project, records: pd.DataFrame) -> bool:
    """Say whether the file or the record says what it changes, and where."""
    if project.record is None or project.record not in records.index:
        return project.effect is not None
    row: Mapping[str, Any] = records.loc[project.record].to_dict()
    one_place = row["from_place_id"] and row["from_place_id"] == row["to_place_id"]
    there = project.where is not None or bool(row["link_ids"]) or bool(one_place)
    return there and (project.effect is not None or bool(dict(_effects(row))))


def opening_year(project: Project, records: pd.DataFrame) -> float | None:
    """Return the first year in service: the file's, or that on record, or None."""
    if project.opens is not None:
        return float(project.opens)
    if project.record is None or project.record not in records.index:
        return None
    year = float(records.at[project.record, "commission_year"])
    return None if pd.isna(year) else year


def cost(project: Project, records: pd.DataFrame) -> tuple[float, str, int | None] | None:
    """Return the cost, its currency and the year of its prices: the file's, or those on record, or None."""
    if project.cost is not None:
        return project.cost.value, project.cost.dimension, project.cost.price_year
    if project.record is None or project.record not in records.index:
        return None
    row = records.loc[project.record]
    if pd.isna(row["capex_m"]):
        return None
    year = None if pd.isna(row["price_year"]) else int(row["price_year"])
    return float(row["capex_m"]) * 1e6, str(row["currency"]), year


def _record(name: str, project: Project, records: pd.DataFrame) -> Mapping[str, Any]:
    if project.record is None:
        return {"title": name}
    if project.record not in records.index:
        hint = nearest(project.record, records.index)
        raise DataError([f"{name}.record: there is no project {project.record!r} in projects.csv{hint}"])
    row: Mapping[str, Any] = records.loc[project.record].to_dict()
    return row


def _where(name: str, row: Mapping[str, Any]) -> tuple[Where, ...]:
    if row["link_ids"]:
        return (Where(link=tuple(row["link_ids"])),)
    if row["from_place_id"] and row["from_place_id"] == row["to_place_id"]:
        return (Where(place=(row["from_place_id"],)),)
    raise DataError([f"{name}.record: {row['title']!r} names no link and no single place; say 'where'"])


def _effect(name: str, row: Mapping[str, Any]) -> Effect:
    found = dict(_effects(row))
    if not found:
        raise DataError(
            [f"{name}.record: {row['title']!r} ({row['effect']}) holds no effect that can be applied; say 'effect'"]
        )
    return Effect.model_validate(found)


def _effects(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if row["effect"] == "opens" and row["link_ids"]:
        yield "use", "open"
    unit = _UNITS.get(row["capacity_unit"])
    if unit is not None and not pd.isna(row["capacity_after"]):
        yield "capacity", f"{row['capacity_after']:g} {unit}"
    hours = row["time_saving_h"]
    if not pd.isna(hours) and row["link_ids"] and row["effect"] == "upgrades":
        yield "time", quantity(f"-{hours / len(row['link_ids']):.6f} h").text
