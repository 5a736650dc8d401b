"""Water becomes tonnes by one formula, the loads on record come out, and what is not on record is said."""

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seeds
from corridors.scenario.draught import fleet_table, lift_factor, payload_t
from networks import DataError, read_table

FEEDER, KURYK = "KZ_AKU-AZ_ALT-feeder", "KZ_KUR-AZ_ALT-ferry"

OBSERVED = [
    ("tanker-12000", "KZ_AKU", 9000, 10000),  # D06b, D06c
    ("dry-6500", "KZ_AKU", 5500, 5500),  # D06d
    ("tanker-6800", "KZ_AKU", 6500, 6500),  # D06e
    ("ropax-asco", "KZ_KUR", 0.78 * 5250, 0.9 * 46 * 94),  # fewer tank wagons, fewer open wagons (ASCO25)
    ("ropax-asco", "TM_TKB", 0.63 * 5250, 0.81 * 46 * 94),  # ASCO25T
]
"""Loads named by ports and operators in 2025: class, port, least and most, t."""

metres = st.floats(-3, 3, allow_nan=False)


@pytest.fixture(scope="module")
def fleet() -> pd.DataFrame:
    return read_table("fleet").set_index("fleet_id")


@pytest.fixture(scope="module")
def berths() -> pd.DataFrame:
    return read_table("berths").set_index("berth_id")


def load_at(ship: pd.Series, place: str, berths: pd.DataFrame, change: float = 0.0) -> float:
    """Return the load by hand, from the rows of the tables."""
    here = berths[(berths["place_id"] == place) & berths["cargo"].map(lambda served: ship["cargo"] in served)]
    room = (here["depth_m"] + change - here["under_keel_m"]).max() - ship["light_draught_m"]
    return min(ship["design_t"], max(0.0, room * 100 * ship["t_per_cm"]))


def own(folder: Path, name: str, changed: dict[str, dict[str, str]], keep: list[str] | None = None) -> Path:
    """Write a table of the toolkit with other cells, by key and column, to a folder."""
    table = pd.read_csv(seeds.table_path(name), dtype=str, keep_default_na=False)
    table = table.set_index(table.columns[0], drop=False)
    for key, cells in changed.items():
        for column, value in cells.items():
            table.loc[key, column] = value
    (table if keep is None else table.loc[keep]).to_csv(folder / f"{name}.csv", index=False)
    return folder


# -- payload_t -----------------------------------------------------------------------------------------------


def test_payload_by_hand() -> None:
    # 4.5 m of water, 0.3 m under the keel, light at 1.7 m: 2.5 m are 250 cm of 20 t
    assert payload_t(6500, 4.5, 0.3, 1.7, 20) == pytest.approx(5000)


def test_payload_stays_between_nothing_and_design() -> None:
    assert payload_t(6500, 30, 0.3, 1.7, 20) == 6500
    assert payload_t(6500, 1.9, 0.3, 1.7, 20) == 0
    assert payload_t(6500, 2.0, 0.3, 1.7, 20) == pytest.approx(0, abs=1e-9)
    assert payload_t(6500, -1.0, 0.3, 1.7, 20) == 0


@given(st.floats(0, 20), st.floats(0, 5), st.floats(0.1, 10), st.floats(0.1, 50), st.floats(1, 20000))
def test_payload_never_falls_with_water(depth: float, more: float, light: float, tpc: float, design: float) -> None:
    less, full = (payload_t(design, d, 0.3, light, tpc) for d in (depth, depth + more))
    assert 0 <= less <= full <= design


@pytest.mark.parametrize(
    "wrong", [{"depth_m": math.nan}, {"t_per_cm": 0}, {"design_t": -1}, {"under_keel_m": math.inf}]
)
def test_payload_of_impossible_figures(wrong: dict[str, float]) -> None:
    figures = {"design_t": 6500.0, "depth_m": 4.5, "under_keel_m": 0.3, "light_draught_m": 1.7, "t_per_cm": 20.0}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        payload_t(**{**figures, **wrong})


# -- lift_factor ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [-2.0, -1.0, -0.3, 0.5])
def test_factor_by_hand(change: float, fleet: pd.DataFrame, berths: pd.DataFrame) -> None:
    serving = fleet[fleet["link_ids"].map(lambda links: FEEDER in links)]
    tonnes = []
    for metres_less in (change, 0.0):
        loads = [
            ship["ships"] * min(load_at(ship, "KZ_AKU", berths, metres_less), load_at(ship, "AZ_ALT", berths))
            for _, ship in serving.iterrows()
        ]
        tonnes.append(sum(loads))
    assert len(serving) == 2
    assert lift_factor(FEEDER, {"KZ_AKU": change}) == pytest.approx(tonnes[0] / tonnes[1])


def test_no_change_keeps_all() -> None:
    for links in read_table("fleet")["link_ids"]:
        for link in links:
            assert lift_factor(link, {}) == 1.0
            assert lift_factor(link, {"KZ_AKU": 0.0}) == 1.0


def test_the_shallower_end_decides() -> None:
    low = lift_factor(FEEDER, {"KZ_AKU": -1.0})
    assert low == pytest.approx(0.654, abs=0.001)
    assert lift_factor(FEEDER, {"KZ_AKU": -1.0, "AZ_ALT": -1.0}) == low
    assert lift_factor(FEEDER, {"KZ_AKU": -1.0, "AZ_ALT": -2.0}) < low
    assert lift_factor(FEEDER, {"AZ_ALT": 5.0}) == 1.0


def test_other_ports_do_not_matter() -> None:
    assert lift_factor(FEEDER, {"KZ_KUR": -4.0, "RU_ASF": -4.0}) == 1.0


def test_below_light_draught_the_link_closes() -> None:
    assert lift_factor(FEEDER, {"KZ_AKU": -2.7}) == 0.0
    assert lift_factor(FEEDER, {"KZ_AKU": -2.6}) > 0.0
    assert lift_factor(KURYK, {"KZ_KUR": -20.0}) == 0.0


@settings(deadline=None, max_examples=50)
@given(metres, metres)
def test_changes_at_one_port_are_added_before(one: float, two: float) -> None:
    """Two falls at one port act as their sum, and the order does not matter."""
    both = lift_factor(FEEDER, {"KZ_AKU": one + two})
    assert both == lift_factor(FEEDER, {"KZ_AKU": two + one})
    if one <= 0 and two <= 0:
        assert both <= min(lift_factor(FEEDER, {"KZ_AKU": change}) for change in (one, two))


@settings(deadline=None, max_examples=50)
@given(metres, st.floats(0, 2))
def test_less_water_never_lifts_more(change: float, less: float) -> None:
    assert lift_factor(KURYK, {"KZ_KUR": change - less}) <= lift_factor(KURYK, {"KZ_KUR": change})


@pytest.mark.parametrize("link", ["RU_MCX-IR_AMD-ferry", "GE_PTI-RO_CND-feeder", "KZ_MAN-KZ_AKU-rail"])
def test_a_link_without_fleet_is_named(link: str) -> None:
    with pytest.raises(DataError, match=f"^no fleet is on record for {link}: add its ships to fleet.csv$"):
        lift_factor(link, {"KZ_AKU": -1.0})


def test_mistakes_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no link 'KZ_AKU-AZ_ALT-feder'; nearest: KZ_AKU-AZ_ALT-feeder"):
        lift_factor("KZ_AKU-AZ_ALT-feder", {})
    with pytest.raises(DataError, match=r"no depth is on record for RO_CND: add its berths to berths\.csv"):
        lift_factor(FEEDER, {"RO_CND": -1.0})
    with pytest.raises(DataError, match=r"KZ_AKU: change of depth nan, expected metres"):
        fleet_table({"KZ_AKU": math.nan})
    own(tmp_path, "berths", {}, keep=["KZ_AKU-dry", "KZ_KUR-ferry"])
    with pytest.raises(DataError, match=r"no depth is on record for AZ_ALT: add its berths"):
        lift_factor(FEEDER, {}, tmp_path)
    with pytest.raises(DataError, match=r"no depth is on record for KZ_AKU and wagons \(ropax-asco\)"):
        lift_factor("KZ_AKU-AZ_ALT-ferry", {}, tmp_path)


def test_a_link_where_nothing_floats_now(tmp_path: Path) -> None:
    own(tmp_path, "berths", {"KZ_KUR-ferry": {"depth_m": "1"}})
    assert lift_factor(KURYK, {}, tmp_path) == 0.0
    with pytest.raises(DataError, match=r"KZ_KUR-AZ_ALT-ferry: none of its ships floats at the depths of berths\.csv"):
        lift_factor(KURYK, {"KZ_KUR": 5.0}, tmp_path)
    own(tmp_path, "berths", {"KZ_AKU-jetty": {"depth_m": "1"}})
    table = fleet_table({"KZ_AKU": 5.0}, tmp_path).set_index("fleet_id")
    assert table.loc["tanker-6800", "payload_now_t"] == 0 < table.loc["tanker-6800", "payload_t"]
    assert math.isnan(table.loc["tanker-6800", "factor"])


def test_own_fleet_is_used_and_read_again_when_it_changes(tmp_path: Path) -> None:
    toolkit = lift_factor(FEEDER, {"KZ_AKU": -1.0}, tmp_path)
    assert toolkit == lift_factor(FEEDER, {"KZ_AKU": -1.0})
    own(tmp_path, "fleet", {"box-225": {"ships": "30"}})
    assert lift_factor(FEEDER, {"KZ_AKU": -1.0}, tmp_path) < toolkit
    own(tmp_path, "fleet", {"box-225": {"ships": "3000"}})
    alone = (4.55 - 1 - 0.3 - 1.7) / (4.55 - 0.3 - 1.7)
    assert lift_factor(FEEDER, {"KZ_AKU": -1.0}, tmp_path) == pytest.approx(alone, abs=0.002)


# -- fleet_table ---------------------------------------------------------------------------------------------


def test_table_has_a_row_for_every_class(fleet: pd.DataFrame) -> None:
    table = fleet_table({"KZ_AKU": -1.0})
    assert list(table) == ["fleet_id", "title", "design_t", "payload_now_t", "payload_t", "factor", "ships"]
    assert list(table["fleet_id"]) == list(fleet.index)
    assert (table["payload_t"] <= table["payload_now_t"]).all() and (table["payload_now_t"] <= table["design_t"]).all()
    assert table["factor"].between(0, 1).all()
    same = fleet_table({})
    assert (same["factor"] == 1).all()


def test_table_is_the_mean_over_links(fleet: pd.DataFrame, berths: pd.DataFrame) -> None:
    table = fleet_table({"KZ_KUR": -0.5}).set_index("fleet_id")
    ship = fleet.loc["rail-54"]
    alat = load_at(ship, "AZ_ALT", berths)
    loads = [
        min(alat, load_at(ship, place, berths, change))
        for place, change in (("KZ_KUR", -0.5), ("KZ_AKU", 0.0), ("TM_TKB", 0.0))
    ]
    assert table.loc["rail-54", "payload_t"] == pytest.approx(sum(loads) / 3)
    assert table.loc["tanker-12000", "factor"] == 1


def test_table_names_a_class_that_sails_nowhere(tmp_path: Path) -> None:
    own(tmp_path, "fleet", {"tanker-6800": {"place_ids": ""}})
    with pytest.raises(DataError, match=r"tanker-6800: neither link_ids nor place_ids"):
        fleet_table({}, tmp_path)
    own(tmp_path, "fleet", {"box-225": {"link_ids": "KZ_AKU-AZ_ALT-feder"}})
    with pytest.raises(DataError, match=r"box-225: no link 'KZ_AKU-AZ_ALT-feder'; nearest: KZ_AKU-AZ_ALT-feeder"):
        fleet_table({}, tmp_path)


# -- the tables ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "place", "least", "most"), OBSERVED)
def test_loads_on_record_come_out(
    name: str, place: str, least: float, most: float, fleet: pd.DataFrame, berths: pd.DataFrame
) -> None:
    load = load_at(fleet.loc[name], place, berths)
    low, high = sorted((least, most))
    assert 0.9 * low <= load <= 1.1 * high
    assert load == pytest.approx((low + high) / 2, rel=0.1)


def test_loads_of_tankers_are_those_of_the_table() -> None:
    now = fleet_table({}).set_index("fleet_id")["payload_now_t"]
    assert now["tanker-12000"] == pytest.approx(9500, rel=0.1)
    assert now["tanker-6800"] == pytest.approx(6500, rel=0.1)


def test_half_loads_of_december_2025_come_out(fleet: pd.DataFrame, berths: pd.DataFrame) -> None:
    """Held back from the depths: a ministry says that ferries load less than half in some ports (AZG25)."""
    fall = -0.22 * 9 / 12
    shares = [
        load_at(fleet.loc[name], "TM_TKB", berths, fall) / fleet.at[name, "design_t"]
        for name in ("ropax-asco", "rail-54", "rail-28")
    ]
    assert min(shares) < 0.5 < max(shares) < 0.6


def test_draughts_hold_the_payload(fleet: pd.DataFrame) -> None:
    held = (fleet["full_draught_m"] - fleet["light_draught_m"]) * 100 * fleet["t_per_cm"]
    assert (held / fleet["design_t"]).between(0.9, 1.1).all(), held / fleet["design_t"]
    assert (fleet["light_draught_m"] < fleet["full_draught_m"]).all()


def test_boxes_have_a_weight_that_boxes_have(fleet: pd.DataFrame) -> None:
    boxes = fleet[fleet["design_teu"].notna()]
    assert (boxes["cargo"] == "boxes").all() and set(fleet.index[fleet["cargo"] == "boxes"]) == set(boxes.index)
    assert (boxes["design_t"] / boxes["design_teu"]).between(10, 24).all()


def test_every_open_caspian_link_has_ships_and_water(tables, fleet: pd.DataFrame, berths: pd.DataFrame) -> None:
    links, ports = tables.links, set(berths["place_id"])
    ends = links["from_place_id"].isin(ports) & links["to_place_id"].isin(ports)
    sails = links["mode"].isin(["ferry", "feeder"]) & (links["status"] == "existing")
    assert set(links.index[ends & sails]) == {link for served in fleet["link_ids"] for link in served}
    assert {"KZ_AKU", "KZ_KUR", "AZ_ALT", "TM_TKB"} <= ports


def test_a_class_serves_links_or_loads_at_ports(fleet: pd.DataFrame) -> None:
    assert (fleet["link_ids"].map(bool) != fleet["place_ids"].map(bool)).all()


def test_ships_find_a_berth_at_every_port(tables, fleet: pd.DataFrame, berths: pd.DataFrame) -> None:
    for ship in fleet.itertuples():
        places = {end for link in ship.link_ids for end in tables.links.loc[link, ["from_place_id", "to_place_id"]]}
        for place in places | set(ship.place_ids):
            served = berths.loc[berths["place_id"] == place, "cargo"]
            assert any(ship.cargo in cargo for cargo in served), (ship.Index, place)
