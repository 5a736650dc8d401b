"""What gas costs by each way: tariffs, fuel and capital add up by hand; ways that are shut or narrow are not used."""

from __future__ import annotations

import pytest

import corridors
from corridors import GasCase, deliver
from networks import DataError

DAYS = 365.0


@pytest.fixture(scope="module")
def case() -> GasCase:
    return corridors.gas_case(2025)


def test_a_way_costs_its_tariffs_grossed_up_for_fuel(case: GasCase) -> None:
    way = deliver(case, "sd", "IT_MARK")
    assert {"SCPX", "TANAP0", "TANAP1", "TAP_E"} <= set(way.legs.index)
    cost = way.source_usd_per_mwh
    for pipe, leg in way.legs.iterrows():
        fuel = case.tables.parameter("gas_fuel_pct_per_1000km") / 100 * case.pipes.at[pipe, "length_km"] / 1000
        cost = (cost + case.pipes.at[pipe, "tariff"]) / (1 - fuel)
        assert leg["cost_usd_per_mwh"] == pytest.approx(cost)
    assert way.cost_usd_per_mwh == pytest.approx(cost)
    assert way.length_km == pytest.approx(case.pipes.loc[list(way.legs.index), "length_km"].sum())


def test_no_other_way_over_open_pipes_is_cheaper(case: GasCase) -> None:
    """Without any one of its pipes, the way costs as much or more, or there is none."""
    best = deliver(case, "sd", "BG_MARK")
    for pipe in best.legs.index:
        try:
            other = deliver(case, "sd", "BG_MARK", avoid=[pipe])
        except DataError as error:
            assert "no way" in str(error)
            continue
        assert pipe not in other.legs.index
        assert other.cost_usd_per_mwh >= best.cost_usd_per_mwh - 1e-9


def test_a_new_pipe_pays_its_capital(case: GasCase) -> None:
    way = deliver(case, "galkynysh", "IT_MARK", build=["TCP"], avoid=["IR", "RU"], discount_rate=0.08, years=20)
    annuity = 0.08 / (1 - 1.08**-20)
    nameplate_mwh = case.pipes.at["TCP", "nameplate"] * DAYS * 1000
    assert way.legs.at["TCP", "capital_usd_per_mwh"] == pytest.approx(5000e6 * annuity / nameplate_mwh)
    free = deliver(case, "galkynysh", "IT_MARK", build=["TCP"], avoid=["IR", "RU"], discount_rate=0.0, years=20)
    assert free.legs.at["TCP", "capital_usd_per_mwh"] == pytest.approx(5000e6 / 20 / nameplate_mwh)


def test_narrow_pipes_are_left_out(case: GasCase) -> None:
    way = deliver(case, "galkynysh", "IT_MARK", build=["TCP"], avoid=["IR", "RU"], least_bcm=9.0)
    assert way.legs["nameplate_bcm"].min() >= 9.0
    assert way.legs.at[way.narrowest, "nameplate_bcm"] == way.legs["nameplate_bcm"].min()


def test_what_is_shut_or_unknown_is_told(case: GasCase) -> None:
    with pytest.raises(DataError, match="no way from galkynysh"):
        deliver(case, "galkynysh", "IT_MARK", avoid=["IR", "RU"])
    with pytest.raises(DataError, match="nearest: TANAP1, TANAP0"):
        deliver(case, "sd", "IT_MARK", avoid=["TANAPO"])
    with pytest.raises(DataError, match="no gas supply is called 'galkynis'; nearest: galkynysh"):
        deliver(case, "galkynis", "IT_MARK")
    with pytest.raises(DataError, match="no gas place"):
        deliver(case, "sd", "ITALY")


def test_a_proposed_line_can_be_opened_and_a_source_set(case: GasCase) -> None:
    opened = case.built(["G16"]).supplied("galkynysh", 10.0, "tm-20c")
    flow = opened.solve()
    gcv = case.tables.bases.at["tm-20c", "gcv_kwh_per_m3"]
    assert case.solve().total(case.solve().flow)["TCP"] == 0
    assert flow.total(flow.flow)["TCP"] > 0
    assert flow.total(flow.supply)["galkynysh"] <= 10.0 * gcv * 1000 * (1 + 1e-9)
    with pytest.raises(DataError, match="no gas pipe is called 'TCC'"):
        case.opened(["TCC"])
    with pytest.raises(DataError, match="no gas supply is called 'galkynis'; nearest: galkynysh"):
        case.supplied("galkynis", 1.0, "tm-20c")


def test_a_project_adds_to_the_nameplate_once(case: GasCase) -> None:
    steps = case.built(["G06", "G07"])
    added = steps.pipes.at["TANAP0", "nameplate"] - case.pipes.at["TANAP0", "nameplate"]
    bcm = added * DAYS / (case.pipes.at["TANAP0", "kwh_per_m3"] * 1000)
    assert bcm == pytest.approx(31 - 16)
    assert steps.profiles()["pipe"]["TANAP0"].min() == pytest.approx(steps.pipes.at["TANAP0", "capacity"])
    with pytest.raises(DataError, match="'G99' is no project of gas_project_pipes"):
        case.built(["G99"])
