"""Reference pressures by pandapipes, written to tests/data/pandapipes.json; run in an environment of its own.

pandapipes 0.16 needs pandas below 3, so it cannot be installed beside the toolkit:

    python3 -m venv pp && pp/bin/pip install "pandapipes==0.16.*" "pandas<3"
    pp/bin/python benchmarks/pandapipes_reference.py

The networks are made here from a seed; both programs get the same pipes, injections and gas. Each pipe is cut into
sections in pandapipes, which takes the pressure drop of a section by its mean pressure.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandapipes as pp
from pandapipes.component_models.component_toolbox import p_correction_height_air

TARGET = Path(__file__).resolve().parents[1] / "tests" / "data" / "pandapipes.json"
MOLAR_MASS, TEMPERATURE, Z, VISCOSITY = 17.4, 288.15, 0.88, 1.1e-5
R, NORMAL_K, NORMAL_PA = 8314.4626, 273.15, 101_325.0
SECTIONS = 40


def networks() -> dict[str, dict[str, Any]]:
    """Return a ring, two loops with heights, a mesh of 25 nodes, and a line with a compressor and loops."""
    rng = np.random.default_rng(7)
    ring = {
        "nodes": [[i, 0.0, -float(m)] for i, m in enumerate((0, 2, 3, 1, 2))],
        "slack": [0, 16.0],
        "pipes": [[0, 1, 3.0, 200.0, 0.1], [1, 2, 4.0, 150.0, 0.1], [2, 3, 3.0, 150.0, 0.1], [3, 4, 2.0, 150.0, 0.1],
                  [4, 0, 5.0, 200.0, 0.1]],
        "compressors": [],
    }  # fmt: skip
    heights = (200.0, 900.0, 1500.0, 700.0, 100.0, 400.0)
    loops = {
        "nodes": [[i, h, -float(m)] for i, (h, m) in enumerate(zip(heights, (0, 30, 20, 25, 40, 15), strict=True))],
        "slack": [0, 65.0],
        "pipes": [[0, 1, 60.0, 900.0, 0.05], [1, 2, 40.0, 700.0, 0.05], [2, 3, 45.0, 700.0, 0.05],
                  [3, 0, 70.0, 800.0, 0.05], [3, 4, 50.0, 700.0, 0.05], [4, 5, 30.0, 500.0, 0.05],
                  [5, 2, 55.0, 600.0, 0.05]],
        "compressors": [],
    }  # fmt: skip
    side = 5
    mesh_pipes = [[a, b, float(rng.integers(8, 25)), float(rng.integers(4, 9) * 100), 0.02]
                  for a in range(side * side) for b in (a + 1, a + side)
                  if b < side * side and not (b == a + 1 and b % side == 0)]  # fmt: skip
    mesh = {
        "nodes": [[i, 0.0, 0.0 if i == 0 else -float(rng.integers(10, 40))] for i in range(side * side)],
        "slack": [0, 70.0],
        "pipes": mesh_pipes,
        "compressors": [],
    }
    line = {
        "nodes": [[i, 0.0, -float(m)] for i, m in enumerate((0, 0, 0, 60, 0, 200, 120))],
        "slack": [0, 60.0],
        "pipes": [[0, 1, 90.0, 1200.0, 0.02], [2, 3, 110.0, 1200.0, 0.02], [2, 3, 120.0, 1000.0, 0.02],
                  [3, 5, 80.0, 1000.0, 0.02], [3, 6, 60.0, 800.0, 0.02], [5, 6, 40.0, 700.0, 0.02],
                  [3, 4, 10.0, 500.0, 0.02]],
        "compressors": [[1, 2, 1.4]],
    }  # fmt: skip
    return {"ring": ring, "two loops with heights": loops, "mesh of 25": mesh, "line with compressor": line}


def solved(network: dict[str, Any], friction: str) -> dict[str, Any]:
    """Return absolute pressures, bar, by node and mass flows, kg/s, by pipe."""
    density = NORMAL_PA * MOLAR_MASS / (R * NORMAL_K)
    fluid = pp.create_constant_fluid(
        name="gas", fluid_type="gas", density=density, viscosity=VISCOSITY, compressibility=Z,
        heat_capacity=2000.0, molar_mass=MOLAR_MASS, der_compressibility=0.0,
    )  # fmt: skip
    net = pp.create_empty_network(fluid=fluid)
    node, start = network["slack"]
    ambient = {i: float(p_correction_height_air(h)) for i, h, _ in network["nodes"]}
    for i, height, _ in network["nodes"]:
        pp.create_junction(net, pn_bar=start - ambient[node], tfluid_k=TEMPERATURE, height_m=height, index=i)
    pp.create_ext_grid(net, node, p_bar=start - ambient[node], t_k=TEMPERATURE)
    for i, _, injection in network["nodes"]:
        if injection:
            pp.create_sink(net, i, mdot_kg_per_s=-injection)
    for a, b, km, mm, roughness in network["pipes"]:
        pp.create_pipe_from_parameters(
            net, a, b, length_km=km, inner_diameter_mm=mm, k_mm=roughness, sections=SECTIONS, text_k=TEMPERATURE
        )
    for a, b, ratio in network["compressors"]:
        pp.create_compressor(net, a, b, pressure_ratio=ratio)
    pp.pipeflow(net, friction_model=friction, iter=500, tol_p=1e-8, tol_m=1e-8, tol_res=1e-5, tolerance_colebrook=1e-9)
    pressure = {i: float(net.res_junction.p_bar[i]) + ambient[i] for i in ambient}
    return {
        "pressure_bar": [pressure[i] for i in sorted(pressure)],
        "flow_kg_per_s": [float(x) for x in net.res_pipe.mdot_from_kg_per_s],
    }


def main() -> None:
    """Solve all networks with two friction laws and write them with their answers."""
    content = {
        "by": f"pandapipes {pp.__version__}",
        "gas": {
            "molar_mass_kg_per_kmol": MOLAR_MASS,
            "temperature_k": TEMPERATURE,
            "z": Z,
            "viscosity_pa_s": VISCOSITY,
        },
        "networks": {
            name: {**network, "answers": {law: solved(network, law) for law in ("nikuradse", "colebrook")}}
            for name, network in networks().items()
        },
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
