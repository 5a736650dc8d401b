"""GasLib files: what stands there, in its units, as tables that hydraulics take; what is wrong is told."""

from pathlib import Path

import numpy as np
import pytest

from networks import DataError, read_gaslib
from solvers import Gas, steady_state

DATA = Path(__file__).parent / "data"


def gas_of(network):
    g = network.gas
    return Gas(g["molar_mass_kg_per_kmol"], g["temperature_k"], g["critical_pressure_bar"], g["critical_temperature_k"])


def test_units_are_honoured():
    network = read_gaslib(DATA / "small.net", DATA / "small.scn", scenario="cold")
    assert network.nodes.at["S", "pressure_max_bar"] == pytest.approx(71.01325)
    assert network.pipes.loc["p2"].to_dict() == pytest.approx(
        {"tail": "B", "head": "C", "length_km": 40.0, "diameter_mm": 700.0, "roughness_mm": 0.05}
    )
    assert network.gas["temperature_k"] == pytest.approx(283.15)
    # 900,000 norm m3 an hour of 0.8 kg are 200 kg a second.
    assert network.nodes.at["S", "injection_kg_per_s"] == pytest.approx(200.0)
    assert network.nodes["injection_kg_per_s"].sum() == pytest.approx(0.0)
    assert network.others["kind"].to_dict()["K"] == "compressorStation"


def test_pressures_of_a_nomination():
    network = read_gaslib(DATA / "small.net", DATA / "small.scn", scenario="cold")
    tables = network.hydraulic_tables({"S": 55.0}, ratio={"K": 1.3})
    found = steady_state(tables[0], tables[1], compressors=tables[2], gas=gas_of(network), friction="nikuradse")
    pressure = found.pressure_bar
    assert pressure["A"] == pytest.approx(55.0 * 1.3)
    assert pressure["A"] > pressure["B"] > pressure["C"] > pressure["T1"]
    assert pressure["T2"] == pytest.approx(pressure["C"])  # a valve beside a short pipe
    assert found.flow_kg_per_s["p1"] + found.flow_kg_per_s["p3"] == pytest.approx(200.0)
    # The resistor: drag factor times dynamic pressure, at the mean density.
    loss = (pressure["C"] - pressure["T1"]) * 1e5
    density = found.gas.density((pressure["C"] + pressure["T1"]) / 2 * 1e5)
    flow, area = 600_000 * 0.8 / 3600, np.pi / 4 * 0.5**2
    assert loss == pytest.approx(5 * (flow / area) ** 2 / (2 * density), rel=1e-3)
    bare = network.hydraulic_tables({"S": 55.0}, closed={"p2"})
    assert "p2" not in bare[1].index


def test_without_a_nomination_nothing_flows():
    network = read_gaslib(DATA / "small.net")
    tables = network.hydraulic_tables({"S": 60.0})
    found = steady_state(tables[0], tables[1], compressors=tables[2], gas=gas_of(network))
    assert found.flow_kg_per_s.abs().max() == pytest.approx(0.0, abs=1e-3)
    assert found.pressure_bar["C"] == pytest.approx(60.0)  # as high as the source
    assert found.pressure_bar["B"] < 59.5  # 200 m higher


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('to="B"', 'to="Bb"', "pipe p1: 'to' is 'Bb', which is no node"),
        ('unit="mm" value="800"', 'unit="inch" value="32"', "pipe p1, diameter: unit 'inch' is not known here"),
        ('value="0.8"', 'value="dense"', "source S, normDensity: value 'dense' is no number"),
        ('<length unit="km" value="50"/>', "", "pipe p1: 'length' is missing"),
        ('<innode id="B">', '<innode id="A">', "a innode 'A' stands twice"),
        ("</network>", "", "is no XML"),
        ("normDensity", "density", "source S: 'normDensity' is missing"),
    ],
)
def test_what_is_wrong_in_a_network_is_told(old, new, message, tmp_path):
    text = (DATA / "small.net").read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "wrong.net"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_gaslib(file)
    assert message in str(error.value) and "wrong.net" in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('id="T2"', 'id="T3"', "node 'T3': is not in the network"),
        ('type="exit" id="T2"', 'type="out" id="T2"', "node T2: type 'out', expected entry or exit"),
        ('bound="upper" value="600"', 'bound="upper" value="700"', "expected one value"),
        ("1000m_cube_per_hour", "mcf", "flow: unit 'mcf' is not known here"),
    ],
)
def test_what_is_wrong_in_a_nomination_is_told(old, new, message, tmp_path):
    text = (DATA / "small.scn").read_text(encoding="utf-8")
    file = tmp_path / "wrong.scn"
    file.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_gaslib(DATA / "small.net", file, scenario="cold")
    assert message in str(error.value)


def test_what_is_asked_for_must_be_there(tmp_path):
    with pytest.raises(DataError, match=r"holds 2 scenarios \(cold, still\); say which"):
        read_gaslib(DATA / "small.net", DATA / "small.scn")
    with pytest.raises(DataError, match="no scenario is called 'warm'"):
        read_gaslib(DATA / "small.net", DATA / "small.scn", scenario="warm")
    with pytest.raises(DataError, match="cannot be read"):
        read_gaslib(tmp_path / "none.net")
    network = read_gaslib(DATA / "small.net")
    with pytest.raises(DataError, match="no element of the network is called 'KK'"):
        network.hydraulic_tables({"S": 60.0}, ratio={"KK": 1.2})
    with pytest.raises(DataError, match="no node of the network is called 'SS'"):
        network.hydraulic_tables({"SS": 60.0})
