"""The rows of the tables that a result really uses, with what their figures are called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from networks import build, load_tables, study_of
from networks.tables import table_of

from ..investing.frontier import Frontier
from ..past import PAST_YEARS
from ..scenario.explaining import inputs_of
from ..scenario.gas_results import GasRun
from ..scenario.results import Run

__all__ = ["Used", "rows_used"]

_GROWTH_BASE = 2025  # the year whose total the factors of growth.csv multiply
_HUB = "ttf"  # the series that LNG follows
_CARBON = ("eib", "central")  # path and level of carbon prices that benefits are valued at
_LINKS = {
    "length": "lengths",
    "speed": "speeds",
    "sailings": "sailings",
    "opens": "opening years",
    "season": "seasons",
}
_RATES = {"tariff": "tariffs", "spread": "spreads of time", "emission": "emission factors"}
_BORDERS = {"hours": "hours at borders", "fee": "fees at borders", "spread": "spreads of time"}
_STOPS = {"hours": "hours at stops", "fee": "fees at stops", "spread": "spreads of time"}
_GOODS = {"value": "values of goods", "load": "loads of a TEU"}
_PIPES = {
    "length": "lengths",
    "capacity": "capacities",
    "reverse_capacity": "capacities",
    "tariff": "tariffs",
    "life": "opening dates",
}
_STORAGES = {"working": "storages", "withdrawal": "storages", "injection": "storages", "fuel": "storages"}
_TERMINALS = {"sendout": "LNG terminals", "capacity": "LNG terminals", "lead": "LNG terminals"}
_PROJECT = {  # and the settings of a scenario that stand for the figures of the record
    "capex": ("costs of projects", ("cost",)),
    "price": ("price years of costs", ("cost",)),
    "commission": ("opening years", ("opens",)),
    "capacity": ("capacities", ("effect",)),
    "time": ("hours that projects save", ("effect",)),
    "lead": ("lead times", ("lead_time",)),
    "life": ("lives of works", ("life",)),
}
_CHOSEN_ONLY = ("lead", "life")  # what an appraisal needs and a run does not
_WORKS = {"om": "upkeep", "spend": "spending by year", "overrun": "overruns"}


class Used(NamedTuple):
    """Rows of a table that are used: what the figures with each source are called, by the name of the column."""

    rows: pd.DataFrame
    what: Mapping[str, str]


def rows_used(one: Run | GasRun | Frontier) -> Iterator[Used]:
    """Yield the rows of tables that a result uses; see `corridors.reporting.sources.sources_of`."""
    inputs = inputs_of(one.scenario) if isinstance(one, Frontier) else one.tables["inputs"]
    given = _Given(one.folder, dict(zip(inputs["path"], inputs["value"], strict=True)), isinstance(one, Frontier))
    if isinstance(one, Run):
        yield from _network(given, one)
        yield from _trade(given, one.record["markets"], one.years)
        yield from _projects(given, one.tables["money"]["project"])
        yield _parameters(given, lambda name: not name.startswith(("gas_", "discount_rate_", "appraisal_")))
    elif isinstance(one, GasRun):
        yield from _gas_network(given, one)
        yield from _gas_trade(given, one)
        yield from _gas_projects(given, one.tables["money"]["project"])
        used = ("gas_", "usd_per_eur")
        yield _parameters(given, lambda name: name.startswith(used) and not name.startswith("gas_line_"))
    else:
        study = one.scenario.freight.study
        yield from _trade(given, study.markets, study.years)
        yield from _projects(given, [candidate.name for candidate in one.candidates])
        yield from _appraisal(given, one)
        yield _parameters(given, lambda name: not name.startswith("gas_"))
    yield from _cited(given)


@dataclass(frozen=True)
class _Given:
    """What a result was made from: tables, and the settings of its scenario by path."""

    folder: str | Path | None
    settings: Mapping[str, str]
    chooses: bool

    def rows(self, table: str, column: str, values: Iterable[Any]) -> pd.DataFrame:
        """Return the rows of a table with one of these values in a column."""
        frame = table_of(table, self.folder)
        return frame[frame[column].isin(set(values))]

    def set(self, *path: str) -> bool:
        """Say whether the scenario sets something at a path or below it."""
        start = ".".join(path)
        return any(p == start or p.startswith(f"{start}.") for p in self.settings)

    @cached_property
    def off(self) -> tuple[str, ...]:
        """Paths of what the scenario holds and leaves out."""
        left = ("leave",) if self.chooses else ("leave", "choose")
        off = [p.removesuffix(".enabled") for p, v in self.settings.items() if p.endswith(".enabled") and v == "false"]
        return (
            *off,
            *(p.removesuffix(".decision") for p, v in self.settings.items() if p.endswith(".decision") and v in left),
        )


def _parameters(given: _Given, wanted: Callable[[str], bool]) -> Used:
    frame = table_of("parameters", given.folder)
    return Used(frame[frame["parameter_id"].map(wanted)], {"": "parameters of the method"})


def _network(given: _Given, run: Run) -> Iterator[Used]:
    """Yield links, stops and capacities on the routes of a run."""
    arcs = run.tables["arcs"]
    links = given.rows("links", "link_id", arcs.loc[arcs["kind"] == "link", "link_id"])
    rates = given.rows("rates", "rate_id", links["rate_id"])
    groups = {str(group) for group in run.tables["capacities"]["group"]}
    yield Used(links, _LINKS)
    usual = links.loc[links["speed_kmh"].isna(), "rate_id"]
    yield Used(rates, _RATES)
    yield Used(rates[rates["rate_id"].isin(usual)], {"speed": "speeds"})
    yield Used(given.rows("links", "link_id", {g.split(">")[0] for g in groups}), {"capacity": "capacities"})
    yield Used(given.rows("places", "place_id", groups), {"capacity": "capacities"})
    stops = _stops(given, arcs)
    yield Used(given.rows("borders", "border_id", stops), _BORDERS)
    yield Used(given.rows("stops", "stop_id", stops), _STOPS)


def _stops(given: _Given, arcs: pd.DataFrame) -> set[str]:
    """Return the ids of borders and stops on routes, by the arcs of the network that the run was made on."""
    same = ["arc", "kind", "link_id", "from_place_id", "to_place_id"]
    known = build(load_tables(given.folder)).arcs.reset_index()[[*same, "stop_id"]]
    return set(arcs[same].drop_duplicates().merge(known, on=same)["stop_id"])


def _trade(given: _Given, markets: Iterable[str], years: Iterable[int]) -> Iterator[Used]:
    """Yield demand, goods, and prices and times of the years."""
    markets, years = list(markets), list(years)
    cells = given.rows("demand_cells", "market_id", markets)
    parts = given.rows("demand", "market_id", markets)
    grown = {m for m in markets if not given.set("demand", "growth", m)}
    for frame in (parts, cells):
        yield Used(_of_years(frame, years), {"": "demand"})
    yield Used(_growth(given, pd.concat([parts, cells]), grown, years), {"": "growth of demand"})
    shares = given.rows("demand_shares", "market_id", set(markets) - set(cells["market_id"]))
    yield Used(shares, {"": "shares of demand"})
    goods = {*shares.loc[shares["end"] == "goods", "key"], *cells["goods"]}
    yield Used(given.rows("goods", "goods_id", goods), _GOODS)
    yield Used(given.rows("shippers", "goods_id", goods), {"rate": "values of time", "spread": "values of time"})
    yield Used(_year_inputs(given, markets, years), {"": "prices and times of the year"})


def _of_years(rows: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return the rows of the years, or, of markets that do not know one, of the year that growth starts from."""
    known = rows.groupby("market_id")["year"].agg(set)
    wanted = {(m, y if y in have else _GROWTH_BASE) for m, have in known.items() for y in years}
    pairs = zip(rows["market_id"], rows["year"], strict=True)
    return rows[pd.Series([pair in wanted for pair in pairs], index=rows.index, dtype=bool)]


def _growth(given: _Given, rows: pd.DataFrame, markets: set[str], years: list[int]) -> pd.DataFrame:
    """Return the factors between the last year that is known and the last that is asked for, and the next after it."""
    known = rows.groupby("market_id")["year"].agg(set)
    late = {m: max(y for y in years if y not in have) for m, have in known.items() if set(years) - have}
    table = given.rows("growth", "market_id", markets & set(late))
    table = table[table["scenario"] == given.settings.get("study.growth", "")].sort_values("year")
    before = table.groupby("market_id")["year"].shift(1).fillna(0.0)
    return table[before < table["market_id"].map(late).astype(float)]


def _year_inputs(given: _Given, markets: list[str], years: list[int]) -> pd.DataFrame:
    """Return the series of the years for the ways that the markets have; none of a network of one's own."""
    study = study_of(given.folder)
    rows = given.rows("year_inputs", "year", {min(year, PAST_YEARS[-1]) for year in years})
    if study is not None and study.base == "none":
        return rows.iloc[:0]
    families = table_of("markets", given.folder).set_index("market_id")["families"]
    every = {family for cell in families for family in cell}
    used = {family for market in markets for family in families.get(market, ())}
    start = rows["series"].str.split("-").str[0]
    kept = ~start.isin(every - used) & ~rows["series"].map(lambda name: given.set("prices", name))
    return rows[kept & (rows["role"] == "input")]


def _projects(given: _Given, names: Iterable[str]) -> Iterator[Used]:
    """Yield records of projects, as far as the scenario does not say otherwise, and the packages that pay."""
    packages = set()
    for name in names:
        path = f"investments.projects.{name}"
        package = given.settings.get(f"{path}.package", "")
        packages.add(given.settings.get(f"investments.packages.{package}.record", ""))
        said = {what for what, (_, keys) in _PROJECT.items() if any(given.set(path, key) for key in keys)}
        told = {
            k: word for k, (word, _) in _PROJECT.items() if k not in said and (given.chooses or k not in _CHOSEN_ONLY)
        }
        yield Used(given.rows("projects", "project_id", [given.settings.get(f"{path}.record", "")]), told)
    yield Used(given.rows("packages", "package_id", packages - {""}), {"": "packages of money"})


def _appraisal(given: _Given, found: Frontier) -> Iterator[Used]:
    """Yield what is usual for the works of candidates, and what brings money to one currency and year."""
    records = table_of("projects", given.folder).set_index("project_id")
    start = "investments.projects"
    of = {c.name: given.settings.get(f"{start}.{c.name}.record", "") for c in found.candidates}
    known = records.reindex(of.values()).set_axis(list(of))
    kinds = {name: given.settings.get(f"{start}.{name}.kind", known.at[name, "kind"]) for name in of}
    yield Used(given.rows("appraisal", "kind", kinds.values()), _WORKS)
    for what, setting in (("lead", "lead_time"), ("life", "life")):
        usual = {kinds[n] for n in of if pd.isna(known.at[n, f"{what}_years"]) and not given.set(start, n, setting)}
        yield Used(given.rows("appraisal", "kind", usual), {what: _PROJECT[what][0]})
    currencies = {str(c).lower() for c in known["currency"].dropna()}
    rows = given.rows("price_indices", "year", {found.price_year, *known["price_year"].dropna()})
    series = {"eu-hicp", "us-gdp-deflator", *(f"{c}-per-usd" for c in currencies)}
    yield Used(rows[rows["series"].isin(series)], {"": "price indices and rates of exchange"})
    carbon = given.rows("carbon_prices", "year", found.streams().table.index)
    yield Used(carbon[(carbon["path"] == _CARBON[0]) & (carbon["level"] == _CARBON[1])], {"": "carbon prices"})


def _gas_network(given: _Given, run: GasRun) -> Iterator[Used]:
    """Yield pipes, storages, terminals and what brings their volumes to energy."""
    pipes = given.rows("gas_pipes", "pipe_id", run.tables["pipes"]["pipe"])
    storages = given.rows("gas_storages", "place_id", run.tables["storages"]["storage"])
    terminals = given.rows("gas_terminals", "place_id", {name.rsplit(".", 1)[0] for name in _giving(run)})
    contracts = given.rows("gas_contracts", "pipe_id", pipes["pipe_id"])
    first, last = f"{min(run.years)}", f"{max(run.years)}-12-31"
    ended = (contracts["end"] != "") & (contracts["end"] <= first)
    contracts = contracts[~ended & ((contracts["start"] == "") | (contracts["start"] <= last))]
    demand, supplies = _gas_demand(given, run), _gas_supplies(given, run)
    yield Used(pipes, _PIPES)
    yield Used(given.rows("gas_lines", "line", pipes["line"]), {"tolerance": "capacities"})
    yield Used(storages, _STORAGES)
    yield Used(given.rows("gas_fill", "country_id", {"", *storages["country_id"]}), {"": "levels of storages"})
    yield Used(terminals, _TERMINALS)
    yield Used(contracts, {"acq": "contracts", "share": "contracts", "price": "prices"})
    bases = {b for frame in (pipes, storages, terminals, contracts, demand, supplies) for b in frame["basis_id"]}
    yield Used(given.rows("gas_bases", "basis_id", bases), {"": "calorific values"})


def _gas_trade(given: _Given, run: GasRun) -> Iterator[Used]:
    """Yield supplies, prices and demand."""
    supplies = _gas_supplies(given, run)
    yield Used(supplies, {"available": "supplies", "price": "prices"})
    prices = given.rows("gas_prices", "series", {_HUB, *supplies["price_series"]})
    yield Used(
        _latest(prices[~prices["series"].map(lambda s: given.set("prices", s))], "series", run.years), {"": "prices"}
    )
    yield Used(_gas_demand(given, run), {"": "demand"})
    countries = run.tables["countries"]["country"]
    yield Used(given.rows("gas_demand_months", "country_id", countries), {"": "demand by month"})
    yield Used(given.rows("gas_tiers", "country_id", countries), {"": "demand by kind of user"})
    yield Used(given.rows("gas_peaks", "country_id", run.tables["security"]["country"]), {"": "demand of a peak day"})


def _giving(run: GasRun) -> set[str]:
    """Return the supplies that give something, as planned or as it came."""
    table = run.tables["sources"]
    return set(table.loc[table[["planned_gwh", "gwh"]].max(axis=1) > 0, "supply"])


def _gas_supplies(given: _Given, run: GasRun) -> pd.DataFrame:
    return _latest(given.rows("gas_supplies", "supply_id", _giving(run)), "supply_id", run.years)


def _gas_demand(given: _Given, run: GasRun) -> pd.DataFrame:
    rows = given.rows("gas_demand", "country_id", run.tables["countries"]["country"])
    return _latest(rows, "place_id", run.years)


def _latest(rows: pd.DataFrame, key: str, years: Iterable[int]) -> pd.DataFrame:
    """Return the rows of the years; of each thing that does not know a year those of the last before it."""
    kept = pd.Series(False, index=rows.index)
    for year in years:
        last = rows["year"].where(rows["year"] <= year).groupby(rows[key]).transform("max")
        kept |= rows["year"] == last
    return rows[kept]


def _gas_projects(given: _Given, names: Iterable[str]) -> Iterator[Used]:
    """Yield records of projects of gas: their pipes, costs and opening years."""
    for name in names:
        path = f"investments.projects.{name}"
        record = [given.settings.get(f"{path}.record", "")]
        yield Used(given.rows("gas_project_pipes", "project_id", record), {"": "capacities"})
        told = {k: _PROJECT[k][0] for k in ("capex", "commission") if not given.set(path, _PROJECT[k][1][0])}
        yield Used(given.rows("projects", "project_id", record), told)


def _cited(given: _Given) -> Iterator[Used]:
    """Yield what the scenario cites beside what it sets: sources, or events with theirs."""
    ids = []
    for path, value in given.settings.items():
        if not path.endswith(".source") or any(path.startswith(f"{off}.") for off in given.off):
            continue
        ids.append(tuple(word.strip() for word in value.strip("[]").replace(",", ";").split(";") if word.strip()))
    words = {word for cell in ids for word in cell}
    what = {"": "what the scenario sets"}
    yield Used(pd.DataFrame({"source_id": pd.Series(ids, dtype=object)}), what)
    for table in ("events", "gas_events"):
        yield Used(given.rows(table, "event_id", words), what)
