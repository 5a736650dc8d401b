"""Time/cost-distance chart of the routes of a run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from networks import DataError, PlaceNames, load_tables
from networks.errors import nearest

from ..style import short
from ..tcd_figure import TcdFigure, usual_corridors
from .answers import way_title
from .charts import chosen_year
from .ways_chart import families

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .results import Run

__all__ = ["run_tcd_chart"]


def run_tcd_chart(
    run: Run,
    origin: str,
    destination: str,
    corridors: Iterable[str] | None = None,
    focus: str | None = None,
    year: int | None = None,
) -> Figure:
    """Draw time and tariff against distance of the routes that carry most; see `RunPlots.tcd`."""
    at = chosen_year(run.years, year)
    legs = run.tcd(origin, destination, at).rename(columns={"corridor": "corridor_id"})
    having = list(dict.fromkeys(map(str, legs["corridor_id"])))
    family = families([run], "corridor")
    chosen = usual_corridors(having, family) if corridors is None else list(corridors)
    unknown = [name for name in chosen if name not in having]
    if unknown or not chosen:
        said = f"corridor {unknown[0]!r} carries nothing here{nearest(unknown[0], having)}; " if unknown else ""
        raise DataError([f"{said}corridors that do: {', '.join(having)}"])
    places = load_tables(run.folder).places
    find = PlaceNames(places).find
    names = [str(places["name"][find(word)]) for word in (origin, destination)]
    ends = " - ".join(short(name, 30) for name in names)
    return TcdFigure(
        legs[legs["corridor_id"].isin(chosen)],
        family,
        {name: way_title(name, "corridor", run.folder) for name in chosen},
        names[0],
        run.record["currency"],
        f"{ends}, one TEU, {short(run.title, 40)}, {at}: slopes are links, vertical steps are stops",
        "Rail and road solid and dotted, ships dashed. The route of each corridor that carries most. Mean times; "
        "tariffs before subsidy and scarcity, prices of 2018-2025, not deflated.",
    ).draw(focus)
