"""The back-test of gas outages: all cases are told, good or bad; cases of one's own; the commands of gas."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import corridors
import seeds
from corridors.cli import app
from corridors.scenario.gas_outages import gas_cases
from networks import DataError, load_gas_tables

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def found() -> corridors.GasBacktest:
    return corridors.gas_backtest()


def test_documented_outages_are_all_there(found: corridors.GasBacktest) -> None:
    events = {name.split(":")[0] for name in found.table.index}
    assert {"sd-alpha-2025", "iran-2020", "iran-2022", "ukraine-2025", "scp-2008"} <= events
    assert found.table["modelled"].notna().all()
    assert (found.table.loc[~found.table["met"], "why"].str.len() > 40).all(), "what is missed says why"
    for name in found.table.index[found.table["met"]]:
        row = found.table.loc[name]
        assert abs(row["modelled"] - row["observed"]) <= row["within"] + 1e-9


def test_every_case_names_an_event_and_a_source(found: corridors.GasBacktest) -> None:
    tables = load_gas_tables()
    for name, case in gas_cases().items():
        assert name in tables.events.index
        for observation in case.observations.values():
            known = set(tables.sources.index)
            assert set((observation.source or "").split(";")) - {""} <= known
    assert set(";".join(found.table["source"]).split(";")) <= set(tables.sources.index)


def test_the_page_of_outages_is_what_the_model_gives_now(found: corridors.GasBacktest) -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import make_gas
    finally:
        sys.path.pop(0)
    page = (ROOT / "docs" / "gas-backtest.md").read_text(encoding="utf-8")
    assert page == make_gas.backtest_page(found), "run python docs/make_gas.py"


def test_a_line_lasts_longer_at_less_flow(tmp_path: Path) -> None:
    text = (seeds.FOLDER / "gas_backtest.yaml").read_text(encoding="utf-8")
    linepack = "schema: 1\ncases:\n" + text[text.index("  scp-2008:") :]
    (tmp_path / "a.yaml").write_text(linepack, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(linepack.replace("mcm_per_day: 6.0", "mcm_per_day: 3.0"), encoding="utf-8")
    days = [corridors.gas_backtest(tmp_path / f).table["modelled"].iloc[0] for f in ("a.yaml", "b.yaml")]
    assert days[1] == pytest.approx(2 * days[0], rel=1e-6)
    assert 3 < days[0] < 10


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cases: {x: 1}", "x.: Input should be"),
        ("nothing: 1", "expected 'cases'"),
        ("cases: {scp-2009: {observations: {}}}", "no event is called 'scp-2009'; nearest: scp-2008"),
        ("cases: {scp-2008: {observations: {a: {title: A}}}}", "scp-2008.observations.a.measure: Field required"),
        ("cases: {iran-2020: {year: 2023, scenario: {x: 1}, observations: {a: {title: A, measure: unmet, of: [TR], "
         "unit: '%', observed: 0, within: 1, why: w, from: 2023-01-01, to: 2023-02-28}}}}", "iran-2020.scenario.x"),
    ],
)  # fmt: skip
def test_mistakes_in_cases_are_told(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"schema: 1\n{text}\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        corridors.gas_backtest(tmp_path / "mine.yaml")
    assert says in str(caught.value), caught.value


def cli(*words: str) -> Any:
    return CliRunner().invoke(app, ["gas", *words])


def test_the_commands_of_gas_print_and_write(tmp_path: Path) -> None:
    text = (seeds.FOLDER / "gas_backtest.yaml").read_text(encoding="utf-8")
    (tmp_path / "a.yaml").write_text("schema: 1\ncases:\n" + text[text.index("  scp-2008:") :], encoding="utf-8")
    shown = cli("backtest", str(tmp_path / "a.yaml"), "--no-flows")
    assert shown.exit_code == 0 and "1 of 1 observations of outages are met" in shown.output
    table = cli("backtest", str(tmp_path / "a.yaml"), "--csv").output
    assert table.startswith("case,title,observed") and "TANAP, all" in table and "scp-2008: linepack" in table
    assert "TAP_GCS00" in cli("capacity", "tap", "--no-ranges").output
    assert cli("capacity", "tap", "--no-ranges", "--csv").output.startswith("out,bcm,share")
    way = cli("deliver", "sd", "IT_MARK")
    assert way.exit_code == 0 and "TANAP" in way.output and "USD/MWh after" in way.output
    assert "144" in cli("security", "--year", "2026").output
    assert cli("security", "--csv").output.startswith("country,peak_gwh_per_day")


def test_json_of_a_gas_run_is_whole() -> None:
    content = json.loads(CliRunner().invoke(app, ["compare", "gas-iran-cut", "--json"]).output)
    assert {"answer", "flows", "unmet", "prices", "costs", "emissions"} <= set(content)
