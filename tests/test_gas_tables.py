"""The gas tables: every mistake gets one message, all at once; the network hangs together and its figures agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import networks
import seeds
from networks import DataError, GasTables, load_gas_tables

SHORT = {"TAP_A", "UA_SK", "STOR_AT", "STOR_SK"}
"""Pipes shorter than the great circle between their places by a few km: places are given to a hundredth of a degree."""

ROUTED = {"BLUES", "TM_DAUL_SAR", "BEYN_ALEX", "TAP_KOMO"}
"""Pipes of more than 1.8 great circles: the length has land lines in it, or the places are coarse."""


@pytest.fixture(scope="module")
def tables() -> GasTables:
    return load_gas_tables()


@pytest.fixture(scope="module")
def straight(tables: GasTables) -> pd.Series[float]:
    """Great circles between the ends of pipes, km."""
    at = tables.places[["lon", "lat"]].apply(tuple, axis=1)
    pipes = tables.pipes
    ends = zip(pipes["from_place_id"].map(at), pipes["to_place_id"].map(at), strict=True)
    return pd.Series([networks.distance_km(a, b) for a, b in ends], pipes.index)


def write(folder: Path, name: str, cells: dict[tuple[str, str], str]) -> Path:
    """Write a copy of a table with cells changed, given as (value of the first column, column): new value."""
    frame = pd.read_csv(seeds.table_path(name), dtype=str, keep_default_na=False)
    for (key, column), value in cells.items():
        rows = frame.index[frame.iloc[:, 0] == key]
        assert len(rows) == 1 and column in frame, f"{name}: {key}, {column}"
        frame.loc[rows, column] = value
    frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


def problems_of(folder: Path) -> list[str]:
    with pytest.raises(DataError) as caught:
        load_gas_tables(folder)
    return caught.value.problems


# -- mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key", "column", "value", "says"),
    [
        ("gas_pipes", "SCP", "line", "SCP", "column line: 'SCP' is not allowed"),
        ("gas_pipes", "SCP", "length_km", "far", "column length_km: 'far' is not a number"),
        ("gas_pipes", "SCP", "from_place_id", "AZ_SANK", "'AZ_SANK' is not in gas_places.csv; nearest: AZ_SANG"),
        ("gas_pipes", "SCP", "basis_id", "az-minister", "'az-minister' is not in gas_bases.csv; nearest: az-ministry"),
        ("gas_pipes", "SCP", "length_source_id", "SGC-SPC", "'SGC-SPC' is not in sources.csv; nearest: SGC-SCP"),
        ("gas_pipes", "SCP", "to_place_id", "AZ_SANG", "SCP begins and ends at one place"),
        ("gas_pipes", "SCP", "capacity_bcm_per_year", "0", "SCP has a capacity of 0"),
        ("gas_pipes", "SCP", "capacity_bcm_per_year", "-1", "column capacity_bcm_per_year: '-1' is not allowed"),
        ("gas_pipes", "UA_SK", "both_ways", "no", "UA_SK has a capacity back and both_ways is no"),
        ("gas_pipes", "UA_TR", "closes", "1983", "UA_TR closes before it opens"),
        ("gas_pipes", "RS_BA", "status", "exists", "'exists' is not allowed, expected one of existing"),
        ("gas_pipes", "RS_BA", "status", "idle", "no source reaches BA_MARK over pipes that exist"),
        ("gas_places", "GR_KIPI", "country_id", "GK", "'GK' is not in countries.csv"),
        ("gas_compressors", "TAP_ACS03", "line", "tab", "'tab' is not in gas_pipes.csv; nearest: tap"),
        ("gas_compressors", "TAP_ACS03", "place_id", "AL_FIR", "'AL_FIR' is not in gas_places.csv; nearest: AL_FIER"),
        ("gas_compressors", "TAP_ACS03", "power_units", "2.5", "column power_units: '2.5' is not a integer"),
    ],
)
def test_a_mistake_gets_one_message(name: str, key: str, column: str, value: str, says: str, tmp_path: Path) -> None:
    problems = problems_of(write(tmp_path, name, {(key, column): value}))
    assert len(problems) == 1 and says in problems[0], problems
    assert f"{name}.csv, row " in problems[0] or (name == "gas_pipes" and "gas_demand.csv, row " in problems[0])


def test_mistakes_of_several_tables_are_told_together(tmp_path: Path) -> None:
    write(tmp_path, "gas_pipes", {("SCP", "basis_id"): "bcm", ("TAP_A", "to_place_id"): "GR_KIPO"})
    write(tmp_path, "gas_storages", {("HR_OKOL-1", "pipe_id"): "STOR_HX"})
    problems = problems_of(tmp_path)
    assert len(problems) == 3
    assert all(any(word in p for p in problems) for word in ("'bcm'", "'GR_KIPO'", "'STOR_HX'"))


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    assert "no such folder" in problems_of(tmp_path / "none")[0]


def test_own_tables_replace_those_of_the_toolkit(tmp_path: Path, tables: GasTables) -> None:
    own = load_gas_tables(write(tmp_path, "gas_pipes", {("IGB", "capacity_bcm_per_year"): "5"}))
    assert own.pipes.at["IGB", "capacity_bcm_per_year"] == 5.0
    assert tables.pipes.at["IGB", "capacity_bcm_per_year"] == 3.0
    assert len(own.places) == len(tables.places)


# -- the network -------------------------------------------------------------------------------------


def test_no_other_pipe_is_shorter_than_the_great_circle(tables: GasTables, straight: pd.Series[float]) -> None:
    short = set(straight.index[tables.pipes["length_km"] < 0.995 * straight])
    assert short <= SHORT, sorted(short - SHORT)
    assert short >= SHORT, f"no longer needed: {sorted(SHORT - short)}"


def test_no_other_pipe_is_much_longer_than_the_great_circle(tables: GasTables, straight: pd.Series[float]) -> None:
    rounding_km = 1.0
    long = set(straight.index[tables.pipes["length_km"] > 1.8 * straight + rounding_km])
    assert long <= ROUTED, sorted(long - ROUTED)


def test_lengths_by_great_circle_follow_the_stated_factor(tables: GasTables, straight: pd.Series[float]) -> None:
    ruled = tables.pipes[tables.pipes["length_source_id"] == ("EST-GC",)]
    joins = ruled.index.str.startswith("STOR_") | (ruled.index == "PANI")
    factor = pd.Series(1.2, ruled.index).mask(joins, 1.0)
    off = (ruled["length_km"] - factor * straight[ruled.index]).abs()
    assert len(ruled) > 50
    assert (off <= 1.0 + 0.01 * ruled["length_km"]).all(), off[off > 1.0].to_string()


def test_dead_ends_are_of_known_kinds(tables: GasTables) -> None:
    """A place without a pipe is a find, a station of a line or a market that a project would reach."""
    joined = {*tables.pipes["from_place_id"], *tables.pipes["to_place_id"]}
    alone = {*tables.places.index} - joined
    stations = {*tables.compressors["place_id"]}
    finds = {"AZ_UMID", "AZ_BABEK", "AZ_KARA", "AZ_SHAF", "RU_SUPN", "TR_THRA"}
    assert alone - stations - finds == {"AL_MARK", "ME_MARK"}
    used = {*tables.demand["place_id"], *tables.supplies["place_id"], *tables.storages["place_id"]}
    assert alone & used == {"AL_MARK"}, "Albania lives on its own fields; all others need a pipe"
    own = tables.supplies[tables.supplies["place_id"] == "AL_MARK"].set_index("year")["available_bcm"]
    wanted = tables.demand[tables.demand["place_id"] == "AL_MARK"].set_index("year")["bcm"]
    assert (own >= wanted[own.index] * 0.95).all()


def test_the_west_of_the_south_caucasus_line_limits_both_strings(tables: GasTables) -> None:
    pipes = tables.pipes["capacity_bcm_per_year"]
    assert pipes["VALE_TURK"] == 23.4 <= pipes["SCP"] + pipes["SCPX"]
    out = tables.pipes.index[tables.pipes["from_place_id"] == "GE_VALE"]
    assert list(out) == ["VALE_TURK"]


def test_swap_gas_is_the_same_in_all_tables(tables: GasTables) -> None:
    """What the swap carries is what is for sale at Sarakhs; gas of fields farther east comes by the same pipe."""
    for_sale = tables.supplies.query("supply_id == 'iran-east'")["available_bcm"].max()
    assert tables.pipes.at["SWAP_IR", "capacity_bcm_per_year"] == for_sale
    assert tables.pipes.at["IR_SARA_TAB", "capacity_bcm_per_year"] == for_sale


@pytest.mark.parametrize(("name", "place"), [("storages", "place_id"), ("terminals", "place_id")])
def test_storages_and_terminals_hang_on_their_pipe(name: str, place: str, tables: GasTables) -> None:
    rows = getattr(tables, name)
    ends = tables.pipes.loc[rows["pipe_id"], ["from_place_id", "to_place_id"]].to_numpy()
    wrong = [i for i, at, two in zip(rows.index, rows[place], ends, strict=True) if at not in two]
    assert not wrong, wrong


# -- projects, stations, heights ----------------------------------------------------------------------


def test_projects_start_from_the_nameplate_on_record(tables: GasTables) -> None:
    rows = tables.project_pipes
    before = rows["pipe_id"].map(tables.pipes["capacity_bcm_per_year"])
    built = (rows["pipe_id"].map(tables.pipes["status"]) == "existing").to_numpy()
    assert (rows["capacity_after_bcm"] > rows["capacity_before_bcm"]).all()
    assert rows.loc[built, "capacity_before_bcm"].tolist() == before[built].tolist()
    assert (rows.loc[~built, "capacity_before_bcm"] == 0).all()
    assert rows.loc[~built, "capacity_after_bcm"].tolist() == before[~built].tolist()
    basis = rows["pipe_id"].map(tables.pipes["basis_id"])
    assert rows["basis_id"].tolist() == basis.tolist()


def line_length_km(tables: GasTables, line: str) -> float:
    """Return the length of the longest way along a line, km."""
    pipes = tables.pipes[tables.pipes["line"] == line]
    longest: dict[str, float] = {}
    for _ in pipes.index:
        for tail, head, km in pipes[["from_place_id", "to_place_id", "length_km"]].itertuples(index=False):
            longest[head] = max(longest.get(head, 0.0), longest.get(tail, 0.0) + km)
    return max(longest.values())


def test_stations_and_heights_lie_on_their_line(tables: GasTables) -> None:
    slack_km = 25.0  # twin crossings, links to the next line
    for line, rows in tables.profiles.groupby("line"):
        assert rows["km"].is_monotonic_increasing, line
        assert rows["km"].max() <= line_length_km(tables, str(line)) + slack_km, line
    for station in tables.compressors.dropna(subset=["position_km"]).itertuples():
        assert station.position_km <= line_length_km(tables, str(station.line)) + slack_km, station.Index


def test_stations_stand_near_the_place_they_name(tables: GasTables) -> None:
    """A station at the end of pipes of its line is as far along as these pipes are long."""
    for station, place, km in [("TANAP_CS5", "TR_ESKI", 1339), ("TAP_ACS03", "AL_FIER", 756)]:
        assert tables.compressors.at[station, "place_id"] == place
        assert tables.compressors.at[station, "position_km"] == pytest.approx(km, abs=2)
        ahead: Any = {"tanap": ["TANAP0"], "tap": ["TAP_A", "TAP_B", "TAP_C", "TAP_D"]}[
            tables.compressors.at[station, "line"]
        ]
        assert tables.pipes.loc[ahead, "length_km"].sum() == pytest.approx(km, abs=2)
