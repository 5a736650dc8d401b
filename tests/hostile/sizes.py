"""Great size: a million cells of demand, many links, scenarios of ten thousand lines; memory and time are bounded."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from itertools import islice, product
from pathlib import Path

import networks

from .asking import Done, ask_python, ask_warm, environment
from .tables import study
from .trying import Try, answered, expect, refused, untouched

__all__ = ["MOST_MB", "MOST_S", "TITLE", "tries"]

TITLE = "Size"

MOST_MB = 6000
MOST_S = 400
_MATRIX_MB = 2000
_MILLION = 1_000_000


def _cells(count: int) -> Iterator[tuple[str, str, str, int]]:
    """Yield cells of demand, each of them another."""
    places, goods = list(networks.load_tables().places.index), list(networks.load_tables().goods.index)
    pairs = ((a, b) for a, b in product(places, places) if a != b)
    return islice(((a, b, g, 1 + i % 9) for i, ((a, b), g) in enumerate(product(pairs, goods))), count)


def _most() -> int:
    tables = networks.load_tables()
    return len(tables.goods) * len(tables.places) * (len(tables.places) - 1)


def _bounded(done: Done, most_mb: float = MOST_MB) -> Done:
    expect(done.peak_mb < most_mb, f"{done.peak_mb:.0f} MB")
    return done


def _matrix(folder: Path) -> None:
    """Import as many cells as there are places and goods for, up to a million."""
    count = min(_MILLION, _most())
    with (folder / "m.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("origin", "destination", "goods", "quantity"))
        writer.writerows(_cells(count))
    words = ("--data", study(folder), "--market", "mine", "--title", "Mine", "--year", "2025", "--source", "GEO")
    imported = ask_warm("demand", "import", "m.csv", *words, cwd=folder, timeout=MOST_S)
    answered(_bounded(imported, _MATRIX_MB))
    shown = ask_warm("demand", "show", "--data", folder / "mine", cwd=folder, timeout=MOST_S)
    answered(_bounded(shown, _MATRIX_MB), "Mine")


def _repeated(folder: Path) -> None:
    """Refuse a million rows that repeat each other."""
    with (folder / "m.csv").open("w", encoding="utf-8") as out:
        out.write("origin,destination,goods,quantity\n")
        out.write("Xi'an,Duisburg,general,10\n" * _MILLION)
    words = ("--data", study(folder), "--market", "mine", "--title", "Mine", "--year", "2025", "--source", "GEO")
    with untouched(folder):
        refused(_bounded(ask_warm("demand", "import", "m.csv", *words, cwd=folder, timeout=MOST_S)), "stands twice")


def _all_wrong(folder: Path) -> None:
    """Refuse a million rows that are all wrong, in few words."""
    with (folder / "demand.csv").open("w", encoding="utf-8") as out:
        out.write("demand_id,market_id,year,part,value,source_id,grade,derivation\n")
        for i in range(_MILLION):
            out.write(f"x{i},nowhere,many,moon,-1,NONE,Z,\n")
    with untouched(folder):
        refused(_bounded(ask_warm("demand", "show", "--data", folder, cwd=folder, timeout=MOST_S)), "more problems")


def _omx(zones: int, folder: Path) -> None:
    code = f"""
import numpy as np, openmatrix as omx
with omx.open_file("m.omx", "w") as f:
    f.create_matrix("general", obj=np.ones(({zones}, {zones})))
    f.create_mapping("zone", list(range(1, {zones} + 1)))
"""
    answered(ask_python(code, cwd=folder, env=environment()))
    words = ("--data", study(folder), "--market", "mine", "--title", "Mine", "--year", "2025", "--source", "GEO")
    with untouched(folder):
        refused(_bounded(ask_warm("demand", "import", "m.omx", *words, cwd=folder, timeout=MOST_S)), "m.omx")


def _network(nodes: int, links: int, told: tuple[str, ...], folder: Path) -> None:
    """Import a grid of links by road, several beside each other; it is a study, or refused whole."""
    gmns = folder / "gmns"
    gmns.mkdir()
    side = int(nodes**0.5)
    beside = max(1, round(links / (2 * nodes)))
    with (gmns / "node.csv").open("w", encoding="utf-8") as out:
        out.write("node_id,name,x_coord,y_coord\n")
        for i in range(side * side):
            out.write(f"{i},n{i},{60 + 20 * (i % side) / side:.6f},{42 + 8 * (i // side) / side:.6f}\n")
    with (gmns / "link.csv").open("w", encoding="utf-8") as out:
        out.write("link_id,from_node_id,to_node_id,directed,length,facility_type,free_speed,allowed_uses\n")
        for i in range(side * side):
            for name, other in (("e", i + 1 if (i + 1) % side else -1), ("n", i + side if i + side < side**2 else -1)):
                if other >= 0:
                    for k in range(beside):
                        out.write(f"{name}{i}_{k},{i},{other},false,{1 + k},road,70,truck\n")
    units = ("--length-unit", "km", "--speed-unit", "km/h", "--country", "KZ")
    done = _bounded(ask_warm("import", "gmns", "big", *units, cwd=folder, timeout=MOST_S))
    if not told:
        answered(done)
        return
    refused(done, *told)
    expect(not (folder / "big").exists(), "a folder was left behind")


def _scenario(lines: int, kind: str, folder: Path) -> None:
    head = "schema: 1\nname: x\ntitle: X\nquestion: What?\nextends: baseline-2026\n"
    body = {
        "comments": "# nothing new\n" * lines,
        "blank lines": "\n" * lines,
        "disruptions": "disruptions:\n"
        + "".join(f"  d{i}:\n    where: {{place: Aktau}}\n    effect: {{time: +1 h}}\n" for i in range(lines // 3)),
        "unknown settings": "".join(f"x{i}: 1\n" for i in range(lines)),
    }[kind]
    (folder / "x.yaml").write_text(head + body, encoding="utf-8")
    done = _bounded(ask_warm("check", "x.yaml", cwd=folder, timeout=60))
    if kind == "unknown settings":
        refused(done, "x.yaml", "more")
    elif done.code:
        refused(done, "x.yaml", "200,000" if len(head + body) > 200_000 else "20,000")
    else:
        answered(done)


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    yield Try("a matrix of all places and goods, 700,000 cells, is imported and shown", "csv", _matrix, True)
    yield Try("a million rows that are wrong are told in few words", "matrix", _repeated, True)
    yield Try("a million rows that are wrong are told in few words", "demand.csv", _all_wrong, True)
    for zones in (300, 1000):
        yield Try("OMX of zones that are no places", f"{zones}", partial(_omx, zones), zones > 300)
    for nodes, links in ((4_900, 9_660), (10_000, 100_000), (10_000, _MILLION)):
        said = f"{nodes:,} places, {links:,} links"
        yield Try("a network of up to a million links is imported", said, partial(_network, nodes, links, ()), True)
    row = "a network of more places in a country than there are ids is refused"
    yield Try(row, "50,000 places", partial(_network, 50_000, 100_000, ("node.csv", "17,576")), True)
    for lines in (100, 1_000, 10_000):
        for kind in ("comments", "blank lines", "disruptions", "unknown settings"):
            yield Try("a scenario of up to 10,000 lines", f"{lines} {kind}", partial(_scenario, lines, kind))
