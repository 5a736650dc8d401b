"""A synthetic extract of a million nodes read by the toolkit and by osmnx: seconds and peak memory of each.

    python -m benchmarks.extract [--nodes 1000000] [--others 3000000] [--simplified] [--folder FOLDER]

Roads on a grid of blocks, nine bends to a block, written as .osm.pbf and .osm. A second .osm.pbf has other points
besides (buildings and the like), as country extracts do: most points of such a file are on no main road. Each run is a
process of its own. osmnx reads the .osm, as it reads no .osm.pbf, and each point becomes a node; with its
simplification, which takes more, it gives what the toolkit gives, a graph of junctions.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .measured import Measured, in_times, markdown

_ROOT = Path(__file__).resolve().parent.parent
_BENDS = 9
_STEP = 0.001  # degrees between points along a block
_LIMIT_S = 600.0
_COMMAND = [sys.executable, "-m", "benchmarks.extract", "--child"]


def write(file: Path, nodes: int, others: int) -> None:
    """Write roads with so many nodes, and so many points on no road."""
    import osmium
    from osmium.osm.mutable import Node, Way

    side = max(int(np.sqrt(nodes / (1 + 2 * _BENDS))), 2)
    rng = np.random.default_rng(1)
    number = 0

    def place(x: float, y: float) -> int:
        nonlocal number
        number += 1
        writer.add_node(Node(id=number, location=(x, y), version=1))
        return number

    block = _STEP * (_BENDS + 1)
    with osmium.SimpleWriter(str(file), overwrite=True) as writer:
        corner = [[place(20 + i * block, 40 + j * block) for j in range(side)] for i in range(side)]
        ways = []
        for i in range(side):
            for j in range(side):
                for right, up in ((1, 0), (0, 1)):
                    if max(i + right, j + up) < side:
                        off = rng.normal(0, _STEP / 5, (_BENDS, 2)).tolist()
                        x, y = 20 + i * block, 40 + j * block
                        bends = [
                            place(x + right * k * _STEP + dx, y + up * k * _STEP + dy)
                            for k, (dx, dy) in enumerate(off, 1)
                        ]
                        ways.append([corner[i][j], *bends, corner[i + right][j + up]])
        for x, y in rng.uniform((20, 40), (25, 45), (others, 2)).tolist():
            place(x, y)
        for way, refs in enumerate(ways, 1):
            tags = {"highway": "primary" if way % 3 else "secondary", "maxspeed": "90", "name": f"Road {way % 5000}"}
            writer.add_way(Way(id=way, nodes=refs, tags=tags, version=1))


def ours(file: Path) -> str:
    """Read by the toolkit."""
    from networks.tracks.osm import read_osm

    graph = read_osm(file, "road")
    return f"{graph.size:,} nodes, {len(graph.tail):,} ways, {graph.length_km.sum():,.0f} km"


def again(file: Path) -> str:
    """Read by the toolkit from what it kept."""
    from networks.tracks.osm import read_osm
    from networks.tracks.stored import cached

    graph = cached(file, "road", file.parent / "kept", read_osm)
    return f"{graph.size:,} nodes, {len(graph.tail):,} ways, {graph.length_km.sum():,.0f} km"


def osmnx_raw(file: Path) -> str:
    """Read by osmnx, each point a node."""
    return _osmnx(file, simplify=False)


def osmnx_simplified(file: Path) -> str:
    """Read by osmnx, junctions only."""
    return _osmnx(file, simplify=True)


def _osmnx(file: Path, simplify: bool) -> str:
    import osmnx

    graph = osmnx.graph_from_xml(file, simplify=simplify, retain_all=True)
    km = sum(metres for _, _, metres in graph.edges(data="length")) / 2000
    return f"{len(graph):,} nodes, {len(graph.edges):,} edges, {km:,.0f} km"


_READERS: dict[str, Callable[[Path], str]] = {
    reader.__name__: reader for reader in (ours, again, osmnx_raw, osmnx_simplified)
}


def measure_reader(reader: str, file: Path) -> dict[str, Any]:
    """Run one reader in a process of its own; return seconds, peak memory in MB and what was read."""
    try:
        done = subprocess.run(
            [*_COMMAND, reader, "--file", str(file)],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return {"found": f"stopped after {_LIMIT_S:.0f} s"}
    if done.returncode:
        return {"found": f"failed: {(done.stderr.strip().splitlines() or ['?'])[-1][:100]}"}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def child(reader: str, file: Path) -> None:
    """Read and print."""
    import osmnx  # noqa: F401  both start with their libraries loaded

    import networks.tracks.osm  # noqa: F401

    begun = time.perf_counter()
    found = _READERS[reader](file)
    seconds = time.perf_counter() - begun
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "found": found}))


def _sized(nodes: int, others: int) -> list[str]:
    return ["--nodes", str(nodes), "--others", str(others)]


def compare(folder: Path, nodes: int, others: int, simplified: bool) -> list[Measured]:
    """Write the files and read them by each reader."""
    files = {"roads": folder / "roads.osm.pbf", "xml": folder / "roads.osm", "more": folder / "more.osm.pbf"}
    for name, file in files.items():  # by a process of its own: on Linux children inherit the peak of their parent
        sized = _sized(nodes, others if name == "more" else 0)
        subprocess.run([*_COMMAND, "write", "--file", str(file), *sized], cwd=_ROOT, check=True)
    sizes = ", ".join(f"{file.name} {file.stat().st_size / 1e6:.0f} MB" for file in files.values())
    runs = [
        ("toolkit, `.osm.pbf`", "ours", files["roads"]),
        (f"toolkit, `.osm.pbf` with {others:,} more points", "ours", files["more"]),
        ("toolkit, `.osm`", "ours", files["xml"]),
        ("toolkit, first time, and kept", "again", files["roads"]),
        ("toolkit, from what was kept", "again", files["roads"]),
        ("osmnx, `.osm`, every point a node", "osmnx_raw", files["xml"]),
    ]
    runs += [("osmnx, `.osm`, junctions", "osmnx_simplified", files["xml"])] if simplified else []
    rows = []
    for label, reader, file in runs:
        found = measure_reader(reader, file)
        seconds, peak = found.get("seconds", math.nan), found.get("peak_mb", math.nan)
        rows.append(Measured("extract", "extract", label, sizes, seconds=seconds, peak_mb=peak, note=found["found"]))
    return in_times(rows)


def measure(nodes: int = 1_000_000, others: int = 3_000_000, *, folder: Path | None = None) -> list[Measured]:
    """Compare all readers."""
    with tempfile.TemporaryDirectory(prefix="extract-", dir=folder) as place:
        return compare(Path(place), nodes, others, True)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--others", type=int, default=3_000_000)
    parser.add_argument("--simplified", action="store_true", help="osmnx with its simplification too: 5 GB, 2 minutes")
    parser.add_argument("--folder", type=Path, help="where to put the files, about 300 MB; a temporary one if not said")
    parser.add_argument("--child", choices=["write", *_READERS], help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child == "write":
        write(asked.file, asked.nodes, asked.others)
        return
    if asked.child:
        child(asked.child, asked.file)
        return
    with tempfile.TemporaryDirectory(prefix="extract-", dir=asked.folder) as folder:
        print(markdown(compare(Path(folder), asked.nodes, asked.others, asked.simplified)))


if __name__ == "__main__":
    main()
