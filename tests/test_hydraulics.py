"""Hydraulics: published solutions and handbook examples, what must hold of any flow, lines with a station out."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers import Gas, SolverInputError, line_capacity, linepack_kg, steady_state
from solvers.gas_physics import friction_factor, power_mw

# GasSteadySim.jl (Los Alamos National Laboratory), test data "8-node": a loop, three compressors by ratio, given
# friction factors; pressures in Pa by node and flows in kg/s by pipe, for an ideal gas and for the law of the
# California Natural Gas Association with b1 and b2 as computed there.
EIGHT = pd.DataFrame(
    {
        "tail": [6, 7, 3, 2, 8],
        "head": [2, 3, 4, 4, 5],
        "diameter_mm": [914.4, 914.4, 914.4, 635.0, 914.4],
        "length_km": [20.0, 70.0, 10.0, 60.0, 80.0],
        "friction_factor": [0.01, 0.01, 0.01, 0.015, 0.01],
    },
    index=[1, 2, 3, 4, 5],
)
STATIONS = pd.DataFrame({"tail": [1, 2, 4], "head": [6, 7, 8], "ratio": [1.257963995, 1.271773611, 1.219272584]})
TEMPERATURE, GRAVITY = 288.706, 0.6
PUBLISHED = {
    "ideal": (
        [3447378.4395202203, 3675365.138494121, 3035567.7831903747, 3001178.6872863104, 3001873.6199007197,
         4336678.178773767, 4674232.346893129, 3659254.49637917],
        [274.9999828, 226.98124042068065, 76.9812404206806, 48.0187423793194, 124.9999828],
    ),
    "full_cnga": (
        [3447378.645, 3740269.8336073644, 3275773.6454743794, 3243126.440658859, 3409341.255610177,
         4336678.212541887, 4756776.472401207, 3954255.15554085],
        [274.9999828, 231.03817674562012, 81.0381767456201, 43.96180605437989, 124.9999828],
    ),
}  # fmt: skip


def eight_nodes():
    return pd.DataFrame(
        {
            "node": range(1, 9),
            "pressure_bar": [34.47378645] + [np.nan] * 7,
            "injection_kg_per_s": [np.nan, 0, -150.0, 0, -124.9999828, 0, 0, 0],
        }
    )


@pytest.mark.parametrize("law", sorted(PUBLISHED))
def test_published_solution_of_a_network_with_a_loop_and_compressors(law):
    warm = (1.8 * TEMPERATURE) ** 3.825
    slope = 344_400.0 * 10 ** (1.785 * GRAVITY) / (6894.75729 * warm)
    inverse = (1.0, 0.0) if law == "ideal" else (1.0 + slope * 101_350.0, slope)
    molar = 8314.4626 * TEMPERATURE / 138_138.9  # of the densities published with the pressures
    gas = Gas(molar, TEMPERATURE, compressibility="linear", inverse_z=inverse)
    found = steady_state(eight_nodes(), EIGHT, compressors=STATIONS, gas=gas, friction="given")
    pressures, flows = PUBLISHED[law]
    assert (found.pressure_bar * 1e5).tolist() == pytest.approx(pressures, rel=2e-6)
    assert found.flow_kg_per_s.tolist() == pytest.approx(flows, rel=2e-6)
    assert found.residual < 1e-9
    assert found.compressors["ratio"].tolist() == pytest.approx(STATIONS["ratio"].tolist())


def test_handbook_example_of_a_long_line():
    # Crane, "Flow of Fluids", TP 410, example 7-18: 100 miles of 14 inch schedule 20 (13.376 inch), 1,300 to 300 psia,
    # 40 F, relative density 0.693, friction factor 0.0128: 107.8 million standard cubic feet a day by the simplified
    # formula of compressible flow, 105.1 by Weymouth's.
    gas = Gas(0.693 * 28.9647, 500 / 1.8, compressibility="ideal")
    nodes = pd.DataFrame({"node": ["in", "out"], "pressure_bar": [1300 * 0.0689475729, 300 * 0.0689475729]})
    pipe = {"tail": ["in"], "head": ["out"], "length_km": [160.9344], "diameter_mm": [13.376 * 25.4]}
    standard = gas.density_at(15.5556, 101_353.0)  # 60 F, 14.7 psia

    def million_cubic_feet_a_day(law, **more):
        flow = steady_state(nodes, pd.DataFrame({**pipe, **more}), gas=gas, friction=law).flow_kg_per_s[0]
        return flow * 86_400 / standard * 35.3146667 / 1e6

    assert million_cubic_feet_a_day("given", friction_factor=[0.0128]) == pytest.approx(107.8, abs=0.1)
    assert million_cubic_feet_a_day("weymouth") == pytest.approx(105.1, abs=0.1)


PANDAPIPES = json.loads((Path(__file__).parent / "data" / "pandapipes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("law", ["nikuradse", "colebrook"])
@pytest.mark.parametrize("name", sorted(PANDAPIPES["networks"]))
def test_pressures_agree_with_pandapipes(name, law):
    """Within 0.1 %; written by benchmarks/pandapipes_reference.py. Its Nikuradse adds 64 / Re, ours does not."""
    network, properties = PANDAPIPES["networks"][name], PANDAPIPES["gas"]
    slack, pressure = network["slack"]
    nodes = pd.DataFrame(network["nodes"], columns=["node", "elevation_m", "injection_kg_per_s"])
    nodes["pressure_bar"] = [pressure if n == slack else np.nan for n in nodes["node"]]
    pipes = pd.DataFrame(network["pipes"], columns=["tail", "head", "length_km", "diameter_mm", "roughness_mm"])
    stations = pd.DataFrame(network["compressors"], columns=["tail", "head", "ratio"])
    gas = Gas(compressibility="constant", **properties)
    found = steady_state(nodes, pipes, compressors=stations, gas=gas, friction=law)
    answer = network["answers"][law]
    assert found.pressure_bar.to_numpy() == pytest.approx(answer["pressure_bar"], rel=1e-3)
    if law == "colebrook":
        assert found.pressure_bar.to_numpy() == pytest.approx(answer["pressure_bar"], rel=1e-4)
        assert found.flow_kg_per_s.to_numpy() == pytest.approx(answer["flow_kg_per_s"], rel=1e-3, abs=1e-2)


def test_two_equal_pipes_carry_twice_as_much():
    nodes = pd.DataFrame({"node": ["a", "b"], "pressure_bar": [70.0, 50.0]})
    one = pd.DataFrame({"tail": ["a"], "head": ["b"], "length_km": 80.0, "diameter_mm": 700.0, "roughness_mm": 0.02})
    two = pd.concat([one, one], ignore_index=True)
    single = steady_state(nodes, one).flow_kg_per_s.sum()
    assert steady_state(nodes, two).flow_kg_per_s.sum() == pytest.approx(2 * single)


def test_height_holds_gas_back():
    nodes = pd.DataFrame({"node": ["low", "high"], "pressure_bar": [60.0, np.nan], "elevation_m": [0.0, 1500.0]})
    pipe = pd.DataFrame(
        {"tail": ["low"], "head": ["high"], "length_km": [30.0], "diameter_mm": 500.0, "roughness_mm": 0.05}
    )
    gas = Gas(compressibility="ideal")
    still = steady_state(nodes, pipe, gas=gas)
    # Without flow the column of gas weighs p e^(-g h / R T).
    column = 60.0 * np.exp(-9.80665 * 1500.0 / (gas.constant * gas.temperature_k))
    assert still.pressure_bar["high"] == pytest.approx(column, rel=1e-9)


def test_pressure_set_at_an_outlet_and_what_a_station_may():
    nodes = pd.DataFrame(
        {"node": list("abc"), "pressure_bar": [50.0, np.nan, np.nan], "injection_kg_per_s": [0, 0, -100.0]}
    )
    pipe = pd.DataFrame({"tail": ["b"], "head": ["c"], "length_km": [50.0], "diameter_mm": 800.0, "roughness_mm": 0.02})
    station = pd.DataFrame({"tail": ["a"], "head": ["b"], "outlet_bar": [75.0], "max_ratio": [1.4]})
    found = steady_state(nodes, pipe, compressors=station)
    assert found.pressure_bar["b"] == pytest.approx(75.0)
    assert found.compressors["ratio"][0] == pytest.approx(1.5) and not found.compressors["within"][0]
    assert found.compressors["power_mw"][0] == pytest.approx(float(power_mw(found.gas, 100.0, 50e5, 75e5)))


@st.composite
def networks(draw):
    n = draw(st.integers(2, 7))
    extra = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=4))
    ends = [(draw(st.integers(0, i - 1)), i) for i in range(1, n)] + [(a, b) for a, b in extra if a != b]
    whole = lambda low, high: [draw(st.integers(low, high)) for _ in ends]  # noqa: E731
    pipes = pd.DataFrame(ends, columns=["tail", "head"]).assign(
        length_km=whole(5, 60), diameter_mm=whole(400, 1200), roughness_mm=0.02
    )
    taken = [float(draw(st.integers(-15, 15))) for _ in range(n)]
    nodes = pd.DataFrame(
        {"node": range(n), "pressure_bar": [70.0] + [np.nan] * (n - 1), "injection_kg_per_s": [0.0, *taken[1:]]}
    )
    return nodes, pipes


@given(networks())
@settings(max_examples=60, deadline=None)
def test_what_holds_of_any_flow(case):
    nodes, pipes = case
    gas = Gas(compressibility="papay")
    found = steady_state(nodes, pipes, gas=gas)
    assert found.residual < 1e-9
    out = found.flow_kg_per_s.groupby(pipes["tail"]).sum().reindex(nodes["node"], fill_value=0.0)
    into = found.flow_kg_per_s.groupby(pipes["head"]).sum().reindex(nodes["node"], fill_value=0.0)
    assert (into - out + found.injection_kg_per_s).to_numpy() == pytest.approx(0.0, abs=1e-7)
    fall = found.pressure_bar[pipes["tail"]].to_numpy() - found.pressure_bar[pipes["head"]].to_numpy()
    moving = found.flow_kg_per_s.abs().to_numpy() > 1e-3
    assert (np.sign(fall) == np.sign(found.flow_kg_per_s.to_numpy()))[moving].all()
    turned = pipes.rename(columns={"tail": "head", "head": "tail"}).iloc[::-1]
    again = steady_state(nodes.iloc[::-1], turned, gas=gas)
    assert again.flow_kg_per_s[pipes.index].to_numpy() == pytest.approx(-found.flow_kg_per_s.to_numpy(), abs=1e-6)
    assert again.pressure_bar[nodes["node"]].to_numpy() == pytest.approx(found.pressure_bar.to_numpy(), rel=1e-8)


def test_friction_laws_agree_where_they_should():
    reynolds, diameter, roughness = np.array([5e7]), np.array([1.0]), np.array([2e-4])
    by = {
        law: float(friction_factor(law, reynolds, diameter, roughness)[0])
        for law in ("nikuradse", "colebrook", "hofer")
    }
    assert by["colebrook"] == pytest.approx(by["nikuradse"], rel=0.01)
    assert by["hofer"] == pytest.approx(by["colebrook"], rel=0.005)
    # Colebrook's own equation holds.
    root = by["colebrook"] ** -0.5
    assert root == pytest.approx(-2 * np.log10(2.51 * root / reynolds[0] + roughness[0] / 3.71), rel=1e-9)
    assert friction_factor("colebrook", np.array([1000.0]), diameter, roughness)[0] == pytest.approx(0.064)


# -- lines -------------------------------------------------------------------------------------------

LINE = pd.DataFrame(
    {
        "length_km": [120.0] * 4,
        "diameter_mm": 1400.0,
        "roughness_mm": 0.01,
        "max_discharge_bar": 95.0,
        "max_ratio": 1.6,
        "max_power_mw": [60.0, 40.0, 40.0, 40.0],
    },
    index=["first", "second", "third", "fourth"],
)


def test_a_line_carries_what_a_network_says():
    bare = LINE[["length_km", "diameter_mm", "roughness_mm"]].iloc[:2]
    found = line_capacity(bare, inlet_bar=80.0, outlet_bar=50.0)
    nodes = pd.DataFrame({"node": [0, 1, 2], "pressure_bar": [80.0, np.nan, 50.0], "injection_kg_per_s": 0.0})
    network = steady_state(nodes, bare.assign(tail=[0, 1], head=[1, 2]))
    assert found.kg_per_s == pytest.approx(network.flow_kg_per_s.iloc[0], rel=1e-7)
    assert found.sections["end_bar"].iloc[-1] == pytest.approx(50.0, rel=1e-6)


def test_a_station_out_costs_capacity_and_none_is_worse():
    full = line_capacity(LINE, inlet_bar=70.0, outlet_bar=60.0)
    assert (full.sections["power_mw"] <= LINE["max_power_mw"] * (1 + 1e-9)).all()
    assert (full.sections["start_bar"] <= 95.0 + 1e-9).all() and (full.sections["ratio"] <= 1.6 + 1e-9).all()
    assert full.sections["limit"].tolist()[1:] == ["power"] * 3
    third = line_capacity(LINE.assign(in_service=[True, True, False, True]), inlet_bar=70.0, outlet_bar=60.0)
    none = line_capacity(LINE.assign(in_service=False), inlet_bar=70.0, outlet_bar=60.0)
    assert none.kg_per_s < third.kg_per_s < full.kg_per_s
    assert third.sections.at["third", "ratio"] == pytest.approx(1.0)


def test_offtake_on_the_way_and_a_line_that_cannot():
    halfway = LINE.assign(offtake_kg_per_s=[0.0, 200.0, 0.0, 0.0])
    found = line_capacity(halfway, inlet_bar=70.0, outlet_bar=60.0)
    assert found.sections["flow_kg_per_s"].diff().iloc[2] == pytest.approx(-200.0)
    assert found.kg_per_s > line_capacity(LINE, inlet_bar=70.0, outlet_bar=60.0).kg_per_s
    steep = LINE.assign(rise_m=[9000.0, 9000.0, 9000.0, 9000.0], in_service=False)
    assert line_capacity(steep, inlet_bar=70.0, outlet_bar=69.0).kg_per_s == pytest.approx(0.0, abs=1e-6)


def test_what_a_line_holds():
    gas = Gas(compressibility="ideal")
    kg = linepack_kg(100.0, 1000.0, 60.0, 60.0, gas)
    volume = np.pi / 4 * 100_000.0
    assert kg == pytest.approx(volume * 60e5 / (gas.constant * gas.temperature_k))
    assert linepack_kg(100.0, 1000.0, 60.0, 40.0, gas) < kg


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"friction": "moody"}, "friction: got 'moody', expected one of given, nikuradse"),
        ({"average": "median"}, "average: got 'median'"),
        ({"pressure_bar": [np.nan, np.nan]}, "none of the 2 joined with 'a' has a given pressure_bar"),
        ({"injection_kg_per_s": [0.0, -5000.0]}, "these injections cannot be carried: .* at b"),
        ({"diameter_mm": [0.0]}, "pipes row 0, column 'diameter_mm': got 0.0"),
        ({"head": ["c"]}, "pipes row 0, column 'head': got 'c', expected a node of table nodes"),
    ],
)
def test_wrong_input_gets_one_message(change, message):
    nodes = pd.DataFrame({"node": ["a", "b"], "pressure_bar": [60.0, np.nan], "injection_kg_per_s": [0.0, -10.0]})
    pipes = pd.DataFrame(
        {"tail": ["a"], "head": ["b"], "length_km": [50.0], "diameter_mm": [500.0], "roughness_mm": [0.05]}
    )
    call = {}
    for name, value in change.items():
        if name in nodes:
            nodes[name] = value
        elif name in pipes:
            pipes[name] = value
        else:
            call[name] = value
    with pytest.raises(SolverInputError, match=message):
        steady_state(nodes, pipes, **call)


def test_a_law_that_is_not_there():
    with pytest.raises(SolverInputError, match="compressibility 'vdw', expected one of ideal"):
        Gas(compressibility="vdw")
    with pytest.raises(SolverInputError, match="sections: none given"):
        line_capacity(LINE.iloc[:0], inlet_bar=70.0, outlet_bar=60.0)
    with pytest.raises(SolverInputError, match="inlet_bar: got -1"):
        line_capacity(LINE, inlet_bar=-1, outlet_bar=60.0)
