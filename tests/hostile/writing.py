"""Commands that write, each as small as it goes, with what they leave behind; for full disks, signals and crowds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .asking import ask_warm
from .tables import study
from .trying import answered

__all__ = ["SMALL", "WRITES", "Write", "prepare", "save_a_run"]

SMALL = ("--set", "study.markets=[caspian]")


@dataclass(frozen=True)
class Write:
    """A command that writes.

    Attributes
    ----------
    name : str
        In words.
    words : sequence of str
        Of the command, in a folder that `prepare` has filled; OUT is the folder that it writes to.
    makes : sequence of str
        Files or folders in OUT that are there afterwards.
    slow : bool
        Takes more than a few seconds.
    """

    name: str
    words: Sequence[str]
    makes: Sequence[str]
    slow: bool = False

    def within(self, out: str | Path) -> list[str]:
        """Return the words with the folder to write to."""
        return [word.replace("OUT", str(out)) for word in self.words]


_SWEEP = ("sweep", "sweep.yaml", "--jobs", "1")
_NEW = ("lon=51.3", "lat=43.2", "kind=port")

_MARKET = ("--market", "mine", "--title", "Mine", "--year", "2025", "--source", "GEO")

WRITES = (
    Write("run --save", ("run", "baseline-2026", *SMALL, "--save", "OUT/run"), ("run",)),
    Write("run --save --parquet", ("run", "baseline-2026", *SMALL, "--save", "OUT/run", "--parquet"), ("run",)),
    Write("run --plot", ("run", "baseline-2026", *SMALL, "--plot", "OUT/run.png"), ("run.png",)),
    Write("report", ("report", "saved", "--out", "OUT/r.html"), ("r.html",), slow=True),
    Write("report --xlsx", ("report", "saved", "--out", "r0.html", "--xlsx", "OUT/r.xlsx"), ("r.xlsx",), slow=True),
    Write("export to GeoPackage", ("export", "OUT/n.gpkg"), ("n.gpkg",)),
    Write("export to GeoJSON", ("export", "OUT/n.geojson"), ("n.geojson",)),
    Write("export to GraphML", ("export", "OUT/n.graphml"), ("n.graphml",)),
    Write("export to GeoParquet", ("export", "OUT/n.parquet"), ("n.parquet",)),
    Write("export to GMNS", ("export", "OUT/gmns"), ("gmns",)),
    Write("routes --legs", ("routes", "xian", "duisburg", "--legs", "OUT/legs.csv"), ("legs.csv",)),
    Write("routes --tcd", ("routes", "xian", "duisburg", "--tcd", "OUT/tcd.svg"), ("tcd.svg",)),
    Write("routes --map", ("routes", "xian", "duisburg", "--map", "OUT/map.png"), ("map.png",)),
    Write("headroom --plot", ("headroom", "xian", "duisburg", "--plot", "OUT/steps.pdf"), ("steps.pdf",)),
    Write("demand export to CSV", ("demand", "export", "OUT/d.csv"), ("d.csv",)),
    Write("demand export to OMX", ("demand", "export", "OUT/d.omx"), ("d.omx",)),
    Write("gas export", ("gas", "export", "OUT/pypsa"), ("pypsa",)),
    Write("schema --write", ("schema", "--write", "OUT/schema.json"), ("schema.json",)),
    Write("sweep --out", (*_SWEEP, "--out", "OUT/sweep"), ("sweep",)),
    Write("sweep --plot", (*_SWEEP, "--plot", "OUT/sweep.png"), ("sweep.png",)),
    Write(
        "criticality --out",
        ("criticality", "baseline-2026", *SMALL, "--kind", "country", "--no-map", "--jobs", "1", "--out", "OUT/crit"),
        ("crit",),
    ),
    Write("frontier --out", ("frontier", "frontier.yaml", "--no-vary", "--out", "OUT/front"), ("front",), slow=True),
    Write("frontier --plot", ("frontier", "frontier.yaml", "--no-vary", "--plot", "OUT/f.png"), ("f.png",), slow=True),
    Write("recover --plot", ("recover", "shut.yaml", "--plot", "OUT/recover.png"), ("recover.png",)),
    Write(
        "uncertainty --plot",
        ("uncertainty", "shut.yaml", "--draws", "4", "--jobs", "1", "--plot", "OUT/u.png"),
        ("u.png",),
    ),
    Write("import", ("import", "gmns", "OUT/alps", "--length-unit", "km", "--speed-unit", "km/h"), ("alps",)),
    Write("study new", ("study", "new", "OUT/fresh"), ("fresh",)),
    Write("places add", ("places", "add", "KZ_NEW", "name=New port", *_NEW, "--data", "OUT/mine"), ("mine",)),
    Write(
        "study add",
        ("study", "add", "goods", "toys", "title=Toys", "--like", "general", "--data", "OUT/mine"),
        ("mine",),
    ),
    Write(
        "demand import",
        ("demand", "import", "m.csv", "--data", "OUT/mine", *_MARKET),
        ("mine",),
    ),
    Write(
        "calibrate --write", ("calibrate", "--year", "2019", "--write", "OUT/fitted.yaml"), ("fitted.yaml",), slow=True
    ),
)
"""Every command that writes files where it is told to; `new` writes to the folder one is in, see `disks`."""

_SCENARIO = """\
schema: 1
name: {name}
title: Small
question: How many?
extends: {base}
study: {{markets: [caspian]}}
"""
_EVENT = """\
disruptions:
  d:
    where: {link: KZ_AKU-AZ_ALT-feeder}
    effect: {cost: x 1}
"""
_SHUT = """\
disruptions:
  d:
    where: {place: Aktau}
    effect: {use: closed}
    when: {from: 2026-07, for: 30 d}
"""
_VARY = """\
vary:
  disruptions.d.where.link: [KZ_AKU-AZ_ALT-feeder, TM_TKB-AZ_ALT-ferry]
  disruptions.d.effect.cost: [%s]
"""
_CHOOSE = """\
investments:
  projects:
    aktau-dredging: {decision: choose}
    moiynty-kyzylzhar: {decision: choose}
"""
_NODES = "node_id,name,x_coord,y_coord\n1,Zurich,8.54,47.38\n2,Innsbruck,11.39,47.26\n3,Vienna,16.37,48.21\n"
_LINKS = """\
link_id,from_node_id,to_node_id,directed,length,facility_type,free_speed,allowed_uses
a,1,2,false,290,rail,80,rail
b,2,3,false,480,rail,90,rail
"""


def prepare(folder: Path, out: Path | None = None, runs: int = 60) -> None:
    """Put what the commands read into a folder, and a study into the folder that they write to."""
    costs = ", ".join(f"x {1 + i / 100:.2f}" for i in range(runs // 2))
    texts = {
        "sweep": _SCENARIO.format(name="sweep", base="baseline-2026") + _EVENT + _VARY % costs,
        "shut": _SCENARIO.format(name="shut", base="baseline-2026") + _SHUT,
        "frontier": _SCENARIO.format(name="frontier", base="eu-package") + _CHOOSE,
    }
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "m.csv").write_text("origin,destination,goods,quantity\nXi'an,Duisburg,general,10\n", encoding="utf-8")
    (folder / "gmns").mkdir()
    (folder / "gmns" / "node.csv").write_text(_NODES, encoding="utf-8")
    (folder / "gmns" / "link.csv").write_text(_LINKS, encoding="utf-8")
    study(out or folder)


def save_a_run(folder: Path) -> None:
    """Put a saved run into a folder."""
    answered(ask_warm("run", "baseline-2026", *SMALL, "--save", folder / "saved", cwd=folder))
