"""The gas network of a year: flows on record are met, volumes need a calorific value, changes do what they say."""

import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corridors
import seeds
from corridors import GasBan, GasEdit
from corridors.gas.checks import WITHIN, flow_gwh
from corridors.gas.energy import gcv, gwh, usd_per_mwh, volume_bcm
from corridors.gas.season import days_of, smooth_days, tiers_by_day
from networks import DataError, load_gas_tables


@pytest.fixture(scope="module")
def tables():
    return load_gas_tables()


@pytest.fixture(scope="module")
def case():
    return corridors.gas_case(2025)


@pytest.fixture(scope="module")
def flow(case):
    return case.solve()


# -- tables ------------------------------------------------------------------------------------------


def test_every_market_is_reached_from_a_source(tables):
    pipes = tables.pipes[tables.pipes["status"] == "existing"]
    edges = pd.concat(
        [
            pipes[["from_place_id", "to_place_id"]].set_axis(["a", "b"], axis=1),
            pipes[pipes["both_ways"] == "yes"][["to_place_id", "from_place_id"]].set_axis(["a", "b"], axis=1),
        ]
    )
    after = edges.groupby("a")["b"].agg(set)
    found = set(tables.supplies["place_id"]) | set(tables.terminals["place_id"])
    front = set(found)
    while front:
        front = set().union(*(after.get(p, set()) for p in front)) - found
        found |= front
    assert set(tables.demand["place_id"]) <= found


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "gas_pipes",
            lambda d: d.replace({"to_place_id": {"TR_ERZU": "TR_ERZX"}}),
            "'TR_ERZX' is not in gas_places.csv",
        ),
        ("gas_pipes", lambda d: d.assign(basis_id=""), "basis_id: is empty"),
        (
            "gas_supplies",
            lambda d: d.assign(price_series=d["price_series"].replace("ttf", "tff")),
            "nearest: ttf",
        ),
        ("gas_tiers", lambda d: d[~((d["country_id"] == "TR") & (d["tier"] == "power"))], "the shares of TR add up to"),
        ("gas_demand_months", lambda d: d[d["country_id"] != "GE"], "GE has demand in gas_demand.csv and no row here"),
        ("gas_flows", lambda d: d.replace({"pipe_ids": {"TS2": "TS9"}}), "'TS9' is no pipe"),
        ("gas_supplies", lambda d: pd.concat([d, d.iloc[:1]]), "stands twice"),
        ("gas_places", lambda d: d.assign(lon="200"), "column lon"),
    ],
)
def test_a_fault_in_a_table_is_told(name, change, message, tmp_path):
    frame = pd.read_csv(seeds.table_path(name), dtype=str, keep_default_na=False)
    change(frame).to_csv(tmp_path / f"{name}.csv", index=False)
    with pytest.raises(DataError) as error:
        load_gas_tables(tmp_path)
    assert message in str(error.value)


# -- energy and seasons ------------------------------------------------------------------------------


def test_no_volume_becomes_energy_without_a_calorific_value(tables):
    with pytest.raises(DataError, match=r"needs a basis of gas_bases.csv: got 'epdk-9155'.*epdk-9155kcal"):
        gcv(tables.bases, ["epdk-9155"])
    with pytest.raises(DataError, match="none is given"):
        gcv(tables.bases, [""])
    # One thousand million m3 at 10.647 kWh are 10.647 TWh; a price per 1,000 m3 is spread over 10.647 MWh.
    kwh = gcv(tables.bases, ["epdk-9155kcal"])
    assert gwh(1.0, kwh)[0] == pytest.approx(10_647)
    assert volume_bcm(10_647, kwh)[0] == pytest.approx(1.0)
    assert usd_per_mwh(358.0, 10.864) == pytest.approx(32.95, abs=0.01)


def test_calorific_values_agree_with_their_reference_states(tables):
    bases = tables.bases
    # 11.66 kWh at 0 °C is less a m3 at 20 °C, as the gas is thinner.
    thinner = bases.at["normal-igb", "gcv_kwh_per_m3"] * 273.15 / 293.15
    assert bases.at["az-ministry", "gcv_kwh_per_m3"] == pytest.approx(thinner, abs=2e-3)
    assert bases.at["epdk-9155kcal", "gcv_kwh_per_m3"] == pytest.approx(9155 * 4.1868 / 3600, abs=1e-3)


@given(st.lists(st.floats(1, 50), min_size=12, max_size=12), st.sampled_from([2023, 2024]))
@settings(max_examples=25, deadline=None)
def test_days_add_up_to_their_months(months, year):
    amounts = np.array(months)[:, None]
    daily = pd.Series(smooth_days(amounts, year)[:, 0], days_of(year))
    assert daily.groupby(daily.index.month).sum().tolist() == pytest.approx(months, rel=1e-9)


def test_tiers_add_up_and_homes_are_never_left_out():
    daily = np.linspace(2.0, 10.0, 365)
    tiers = tiers_by_day(daily, pd.Series({"protected": 0.2, "industry": 0.4, "power": 0.4}))
    assert tiers.sum(axis=1).to_numpy() == pytest.approx(daily)
    assert (tiers["protected"] >= 0.0999 * daily).all()
    assert tiers["industry"].max() == pytest.approx(0.4 * daily.mean())


# -- the network of a year ---------------------------------------------------------------------------


def test_flows_of_2023_and_2024_are_met_within_a_tenth():
    checks = corridors.gas_checks([2023, 2024])
    fit = checks[checks["role"] == "fit"]
    assert len(fit) >= 20
    assert fit["error"].abs().max() <= WITHIN, fit.loc[~fit["met"], ["title", "observed", "modelled"]].to_string()


def test_a_year_balances_and_is_proved(case, flow):
    assert flow.status == "optimal" and flow.gap < 1e-7
    assert flow.balance_error < 1e-6
    served = flow.by_group()["served"].to_numpy()
    assert (served >= -1e-6).all()
    supplied = flow.total(flow.supply).sum()
    drawn = float((case.storages["start"] - flow.level.iloc[-1]).sum())
    lost = (flow.total(flow.forward) * flow.problem.loss).sum() + (flow.total(flow.backward) * flow.problem.loss).sum()
    fuel = (flow.total(flow.injection) * (1 - flow.problem.kept)).sum()
    used = (flow.by_group()["served"] * flow.days.reindex(flow.by_group().index, level=0)).sum()
    assert supplied + drawn == pytest.approx(used + lost + fuel, rel=1e-9)


def test_capacities_and_yearly_totals_hold(case, flow):
    total = flow.total(flow.supply)
    assert (total <= case.supplies["most_total"] * (1 + 1e-9) + 1e-6).all()
    assert (flow.forward <= case.pipes["capacity"] + 1e-6).all().all()
    least = case.contracts.set_index("pipe")["least"]
    taken = flow.total(flow.forward)[least.index]
    assert ((taken + flow.not_taken.to_numpy()) >= least - 1e-4).all()


def test_nothing_flows_where_there_is_no_pipe_in_service(case, flow):
    shut = case.pipes.index[case.pipes["status"] != "existing"]
    assert flow.forward[shut].to_numpy().max() == 0.0
    assert flow.forward["UA_TR"].max() == 0.0  # since 2025-01-01
    assert flow.forward["KILIS_ALE"].iloc[:7].max() == 0.0 < flow.forward["KILIS_ALE"].iloc[8]


def edit(figure, rows, kind, value, strength=None, name="disruptions.test"):
    days = np.ones(365) if strength is None else strength
    return GasEdit(name, "Test", figure, rows, kind, value, days)


def test_a_pipe_at_half_moves_gas_elsewhere_and_costs(case, flow):
    pipes = ("TANAP0", "TANAP1")
    half = case.edited([edit("pipe", pipes, "factor", 0.5)]).solve()
    assert flow_gwh(half.flow, half.days, ["TANAP0"]) <= flow_gwh(flow.flow, flow.days, ["TANAP0"]) * 0.75
    assert half.objective > flow.objective
    shut = case.edited([edit("pipe", pipes, "set", 0.0)]).solve()
    assert flow_gwh(shut.flow, shut.days, ["TANAP0"]) == pytest.approx(0.0, abs=1e-6)


def test_changes_by_month_and_of_demand(case):
    january = (days_of(2025).month == 1).astype(float)
    colder = case.edited([edit("demand", ("TR",), "factor", 1.2, january)])
    before, after = (c.daily["demand"].filter(like="TR.").sum(axis=1) for c in (case, colder))
    assert after[:31].to_numpy() == pytest.approx(1.2 * before[:31].to_numpy())
    assert after[31:].to_numpy() == pytest.approx(before[31:].to_numpy())
    dearer = case.edited([edit("price", ("TR_LNGA.base",), "add", 5.0), edit("lead", ("TR_LNGA.base",), "add", 4.0)])
    assert dearer.profiles()["price"]["TR_LNGA.base"].tolist() == pytest.approx(
        [case.supplies.at["TR_LNGA.base", "price"] + 5.0] * 12
    )
    assert dearer.supplies.at["TR_LNGA.base", "lead_days"] == case.supplies.at["TR_LNGA.base", "lead_days"] + 4.0
    with pytest.raises(DataError, match=r"disruptions.test: 'TANAP' is not in the gas network.*TANAP0"):
        case.edited([edit("pipe", ("TANAP",), "factor", 0.5)])


def test_refused_gas_goes_only_to_those_who_use_it(case, flow):
    members = frozenset(case.tables.countries.index[case.tables.countries["groups"].map(lambda g: "EU" in g)])
    ban = GasBan("policy.law", "Law", ("turkstream-2",), members, np.ones(365))
    banned = case.edited([], [ban])
    found = banned.solve()
    assert found.status == "optimal" and found.balance_error < 1e-6
    used = found.total(found.supply)["turkstream-2"]
    outside = ("RS", "BA", "MK", "UA", "MD", "TR")
    wanted = flow.by_group()["demand"].groupby("group").sum() * 365 / 12
    assert 0 < used < wanted[list(outside)].sum()
    origins = found.origins()["turkstream-2"]
    assert origins[["BG_MARK!", "HU_MARK!", "GR_MARK!", "AT_MARK!"]].max() == pytest.approx(0.0, abs=1e-9)
    assert origins["RS_MARK!"] > 0.5
    shared = found.total(found.forward)
    assert shared["BALKSTR"] + shared["BALKSTR|0"] <= case.pipes.at["BALKSTR", "capacity"] * 365 + 1e-6
    assert found.objective > flow.objective


def test_by_day_costs_what_it_costs_by_month_or_more():
    month, day = (corridors.gas_case(2024, step) for step in ("month", "day"))
    assert len(day.periods) == 366 and len(month.periods) == 12
    assert day.periods.sum() == month.periods.sum()
    monthly, daily = month.profiles()["demand"], day.profiles()["demand"]
    assert monthly.mul(month.periods, axis=0).sum().to_numpy() == pytest.approx(daily.sum().to_numpy())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"year": 2025, "step": "week"}, "step: got 'week', expected day or month"),
        ({"year": 2019}, "2019: no gas"),
        ({"year": 2025, "prices": {"tft": 40.0}}, "no gas price is called 'tft'"),
    ],
)
def test_wrong_calls_get_one_message(call, message):
    with pytest.raises(DataError, match=message):
        corridors.gas_case(**call)


def test_the_page_on_gas_is_what_the_model_gives_now():
    root = Path(__file__).parents[1]
    sys.path.insert(0, str(root / "docs"))
    try:
        import make_gas
    finally:
        sys.path.pop(0)
    assert (root / "docs" / "gas.md").read_text(encoding="utf-8") == make_gas.page(), "run python docs/make_gas.py"


@pytest.mark.parametrize("page", ["docs/gas.md", "docs/hydraulics.md"])
def test_the_examples_of_the_pages_work(page):
    text = (Path(__file__).parents[1] / page).read_text(encoding="utf-8").replace('2025, "day")', '2025, "month")')
    names = {}
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.S):
        if "0.5, january" in block:  # a month alone needs days: its own test is with longer ones
            block = block.replace(".month == 1)", ".month <= 3)")
        exec(compile(block, page, "exec"), names)


def test_the_example_of_the_readme_works():
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    block = re.search(r"## Gas.*?```python\n(.*?)```", text, flags=re.S).group(1)
    exec(compile(block, "README.md", "exec"), {"corridors": corridors})
