"""What is not modelled, by kind of result: short sentences for whoever reads an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from networks import load_tables
from networks.study import study_of

if TYPE_CHECKING:
    from ..scenario.solved import Solved

__all__ = ["LIMITS", "limits_of"]

_BY_MONTH = "By month no day is told: a loss on a peak day does not show."

LIMITS: dict[str, tuple[str, ...]] = {
    "freight": (
        "Prices are tariffs of 2018 to 2025, not deflated; most speeds, dwell times and Caspian tariffs are estimates.",
        "Contracts, which most boxes sail under and which follow spot rates late, are not in the choice of shippers.",
        "Demand does not answer to cost, but for boxes that stay where every way costs {penalty:,.0f} USD/TEU or more.",
        "Capacities on record are those for all goods together; where none is on record nothing is full.",
        "Each corridor has one route for each pair of places and goods; seasons are those that a scenario names.",
        "What is over before shippers turn round changes no yearly flow: it is told as a queue.",
        "Domestic trade, bulk outside the markets named, passengers and what operators earn are not in it.",
        "Lines on the map follow tracks and sea lanes to about 400 m and decide nothing: the lengths of the table do.",
    ),
    "gas": (
        "Prices are marginal costs of a least-cost plan, not what buyers have negotiated.",
        "Demand does not answer to prices below the penalties for being short.",
        "Pressure is not in the plan: capacities are those on record; hydraulics are a calculation apart.",
        "Cold spells are not in it unless the scenario asks for them: a season is smooth.",
        "All demand of Türkiye, as that of Italy, is at one place; lines inside a country do not limit it.",
        "China's demand for Turkmen gas, and gas in LNG tanks, are not modelled.",
        _BY_MONTH,
        "The hub of North-West Europe is a market beside the model; half of its gas is used there.",
    ),
    "investment": (
        "Benefits are those of the boxes of the markets named and of emissions.",
        "Domestic trade, other bulk, passengers and operators are not valued; for some lines they are most of the use.",
        "A project changes what the record says or the file assumes; without a published effect it brings its length.",
        "Growth ends with the last year of the study; demand does not answer to cost.",
        "In which years a package pays is not known: all of it is there from the start.",
        "Scarcity is a cost to shippers; where a port asks a price for it, all together lose nothing.",
        "Pledges that overlap are never added; how far the EUR 12 bn and the EUR 10 bn of 2024 do is not known.",
    ),
}
"""By ``freight``, ``gas`` and ``investment``; ``{penalty}`` is the cost of unmet demand in the tables of the run."""

_BUILT_IN = ("Prices are tariffs", "Contracts", "Lines on the map")


def limits_of(kind: str, run: Solved | None = None) -> tuple[str, ...]:
    """Return what is not modelled in a result; of a run by its step and its tables."""
    found = LIMITS[kind]
    if run is None:
        return found
    if run.record.get("step") == "day":
        found = tuple(line for line in found if line != _BY_MONTH)
    study = study_of(run.folder)
    if study is not None and study.base == "none":
        found = tuple(line for line in found if not line.startswith(_BUILT_IN))
    penalty = load_tables(run.folder).parameter("unmet_penalty_usd_per_teu")
    return tuple(line.format(penalty=penalty) for line in found)
