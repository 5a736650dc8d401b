"""What the great lines carry by hydraulics: near their nameplates, less with a station out; routing held against it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import corridors
import seeds
from corridors.gas.lines import line_sections
from networks import DataError, load_gas_tables


def bcm(line: str, **changes: object) -> float:
    return corridors.pipeline_capacity(line, **changes).mcm_per_day(20.0) * 365 / 1000  # type: ignore[arg-type]


@pytest.mark.parametrize(("line", "low", "high"), [("scp", 22.2, 24.6), ("tanap", 16.0, 24.0), ("tap", 10.0, 20.0)])
def test_capacity_is_near_what_is_on_record(line: str, low: float, high: float) -> None:
    """The South Caucasus line carries 23.4 by its operator; TANAP 16 to 24 and TAP 10 to 20 by steps."""
    assert low <= bcm(line) <= high


@pytest.mark.parametrize("line", ["scp", "tanap", "tap"])
def test_a_station_out_is_less_and_more_pressure_is_more(line: str) -> None:
    table = corridors.pipeline_outages(line, ranges=False)
    whole = table.loc["nothing", "bcm"]
    single = [name for name in table.index if name != "nothing" and " + " not in name]
    both = [name for name in table.index if " + " in name]
    assert table.loc[single, "bcm"].between(0.4 * whole, whole).all()
    assert (table.loc[both, "bcm"].max() < table.loc[single, "bcm"].min()) and (table["share"] <= 1).all()
    row = load_gas_tables().lines.loc[line]
    assert bcm(line, outlet_bar=float(row["outlet_bar"]) - 10) > whole
    assert bcm(line, roughness_mm=0.05) < whole


def test_half_of_tanap_is_its_first_station_out() -> None:
    table = corridors.pipeline_outages("tanap")
    assert table.at["TANAP_CS1", "share"] == pytest.approx(0.55, abs=0.02)
    assert table.at["TANAP_CS1", "share_low"] <= 0.55 <= table.at["TANAP_CS1", "share_high"] <= 0.8
    assert table.at["TANAP_CS5", "share"] > 0.75


def test_sections_keep_length_and_height() -> None:
    tables = load_gas_tables()
    sections = line_sections(tables, "tanap", 2026)
    assert sections["length_km"].sum() == pytest.approx(1339 + 455)
    heights = tables.profiles[tables.profiles["line"] == "tanap"]
    ends = np.interp([0, 1794], heights["km"], heights["elevation_m"])
    assert sections["rise_m"].sum() == pytest.approx(ends[1] - ends[0])
    assert sections["max_discharge_bar"].notna().sum() == 2
    side_by_side = line_sections(tables, "scp", 2026)["diameter_mm"]
    assert side_by_side.iloc[0] > 1219 > side_by_side.iloc[-1]


def test_stations_open_in_their_year() -> None:
    """The fourth unit at Kipoi came in 2026: 45 MW can run instead of 30, one being in reserve."""
    power = {y: line_sections(load_gas_tables(), "tap", y)["max_power_mw"].max() for y in (2025, 2026)}
    assert power == {2025: 30.0, 2026: 45.0}


def test_the_routing_is_held_against_hydraulics() -> None:
    found = corridors.pipeline_checks(corridors.run_gas_case(corridors.gas_case(2025)))
    assert list(found.index) == ["scp", "tanap", "tap"]
    assert found["holds"].all() and (found["highest_bcm"] <= found["allowed_bcm"] * (1 + 1e-6)).all()
    pushed = corridors.gas_case(2025).built(["G05", "G07", "G11"]).supplied("sd", 40.0, "az-ministry")
    beyond = corridors.pipeline_checks(corridors.run_gas_case(pushed))
    assert not beyond.at["scp", "holds"] and beyond.at["scp", "periods_beyond"] > 0, "more stations than stand there"


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no line with hydraulics is called 'tanp'; nearest: tanap"):
        corridors.pipeline_capacity("tanp")
    with pytest.raises(DataError, match="tap has no compressor station 'TAP_ACS3'; nearest: TAP_ACS03"):
        corridors.pipeline_capacity("tap", out=["TAP_ACS3"])
    frame = pd.read_csv(seeds.table_path("gas_lines"), dtype=str, keep_default_na=False)
    frame.loc[0, "strings"] = "SCP@0;SCPY@0"
    frame.to_csv(tmp_path / "gas_lines.csv", index=False)
    with pytest.raises(DataError, match="'SCPY@0' is no pipe@km"):
        load_gas_tables(tmp_path)
