"""Write docs/geography.md: what the lines of links follow, and how long they are against the table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from corridors.geometry_report import line_lengths
from networks import BASES, load_gas_tables, read_ways
from networks.formats import FORMATS

BEYOND_PCT = 25.0
HEAD = """# Geography, and exchange with other tools

Written by `python docs/make_geography.py`.

Lengths that count, in times, prices and emissions, are those of `links.csv`, each with its source. Lines are for maps; where they come from a railway or road they also check the table.

## What the lines of links follow

{table}

**{share:.0f} % of the {count} links of freight have a line that is better than the great circle.** Where they come from:

- *Railways and roads*: the world graphs that scgraph-data 2.0.0 (PyPI) ships, made from OpenStreetMap. Dead ends closer than 15 km (roads 5 km) to another track are joined, at four times the cost of track; 60 km where nothing else leads through. A line keeps to the countries of its link, 15 km beyond the border at most, at one and a half times the cost; in extracts that have tags, to its gauge. A line that is longer than 1.4 times the table or shorter than half is taken for another line and left out; so is one of which a quarter is gaps. To 400 m, three decimals of a degree.
- *Ships*: the lanes of searoute (PyPI), searched by our own code: Suez, Bab-el-Mandeb and Hormuz are passed only by links that end there, Panama, the Northwest Passage and the Volga-Don canal by none. What crosses land is replaced by the shortest way over water on a grid, with the coasts of Natural Earth 1:10m. In the Caspian and the Black Sea, and along the Northern Sea Route between named straits, the whole way is our own.
- *Towns*: where a railway is not in the graph, or does not exist yet, straight lines between towns on the way (`seeds/way_points.csv`).
- *Pipes*: {gas}. No free geometry of pipelines may be shipped with the toolkit, so that the others are great circles.

Ships cross no land and trains no sea beyond 20 km of their ports, tested against the land of `boundaries.geojson` (to 5 km; known channels excepted: Suez, the Elbe, the Volga, Kaliningrad). A line that does not begin and end at the places of its link is not used: whoever moves a place sees a great circle there until `corridors geometry build` is run.

`seeds/ways_osm.geojson` is under the ODbL (© OpenStreetMap contributors), `seeds/ways.geojson` under CC BY 4.0. Both are rebuilt, byte for byte, in about a minute by

```console
$ pip install 'corridors[geometry]'
$ corridors geometry build --out seeds
```

## Lengths of lines against the table

Of {tracks} railways and roads, half are within {median:.1f} % of the table, nine in ten within {ninth:.0f} %. Those beyond {beyond:.0f} % are listed: the table has estimates (EST) where no railway publishes a distance, the graph may follow a newer, faster line than freight does (Chengdu-Chongqing, Beijing-Jining), and on short links the places, good to a few kilometres, decide. No length was changed for it: prices and times are calibrated to the table.

{far}

## OpenStreetMap extracts of your own

```console
$ corridors geometry build --osm georgia.osm.pbf --osm azerbaijan.osm.pbf --data my-study
$ corridors geometry build --osm georgia.osm.pbf --mode road --data my-study --adopt-lengths
$ corridors geometry build --overpass 41.5,40.9,46.8,43.6 --data my-study
```

An extract is read in bounded memory (a country of hundreds of MB in a few hundred MB), once: what was read is kept in `my-study/.ways` and found again, also after a build that was killed. Tags kept: gauge, electrified, tracks, maxspeed, usage. Several extracts become one graph where they share nodes. Every link with both places in the extent is snapped, routed and written to `ways_osm.geojson`; `geometry.csv` says for each how long it is, what the table says, which gauges it has, how far its places lie off the track, and why a link was not matched; a later build adds to it. With `--adopt-lengths` the lengths along tracks, roads and ferry lines go into `links.csv` of the study, with source and grade B, but for places more than 5 km off the track.

```python
from networks.tracks.contract import contracted
from networks.tracks.osm import read_osm
from networks.tracks.osmnx_graph import download, to_osmnx

graph = read_osm("georgia.osm.pbf", "rail")  # arrays: nodes, ways, bends, tags
graph.route((44.79, 41.72), (41.66, 42.15))  # along the tracks, with snapping
to_osmnx(contracted(graph))  # junctions only, for everything that osmnx can do: projections, statistics, plots
download("Batumi, Georgia", "rail")  # from Overpass, through osmnx
```

## Formats

```console
$ corridors export network.gpkg          # and what the format cannot carry
$ corridors import my-gmns-folder my-study --length-unit mile --country US
$ corridors demand import od.omx --data my-study --market mine --title "My market" --year 2026
$ corridors gas export pypsa-folder --year 2025
```

{formats}

All five give the same tables back when read by `corridors import`, edited or not; what the toolkit has in the same way is not written again. In GMNS, what the standard has no field for lies beside it in files named as our tables; each export says what that is. The GMNS files validate against the schema of the standard (0.96). A GMNS network of others needs units (`--length-unit`) where its `config.csv` does not state them, and a coordinate system where its coordinates are not degrees; it becomes a study with a network of its own, and its links get tariff, spread and emission of a rate by mode.

Demand comes as OMX or CSV (origin, destination, goods, quantity; or a square). The gas network goes to PyPSA as a CSV folder whose optimum is ours (the difference was 2e-16 of 111 bn USD for 2025 by month); what PyPSA has no notion of, the two rules by which countries share a shortage, is said.

## Limits

- The graphs have no names, gauges or classes: a line may follow a passenger line, and a closed railway where it is still drawn.
- Two links between the same places have the same line in both directions, also where tracks are apart.
- Lines are drawn to about 400 m; they are for maps of countries, not of towns.
- Styles of the GeoPackage are written for QGIS and were not opened in it.
"""


def page() -> str:
    """Return the page."""
    table = line_lengths()
    better = table["basis"] != "straight"
    tracks = table[table["basis"].isin(["track", "road"])]
    off = tracks["difference_pct"].abs()
    return HEAD.format(
        table=_bases(table),
        share=100 * better.mean(),
        count=len(table),
        gas=_gas(),
        tracks=len(tracks),
        median=off.median(),
        ninth=off.quantile(0.9),
        beyond=BEYOND_PCT,
        far=_far(tracks[off > BEYOND_PCT]),
        formats=_formats(),
    )


def main() -> None:
    """Write the page."""
    Path(__file__).with_name("geography.md").write_text(page(), encoding="utf-8")


def _bases(table: pd.DataFrame) -> str:
    modes = list(dict.fromkeys(table["mode"]))
    counts = pd.crosstab(table["basis"], table["mode"])
    lines = [f"| the line goes | {' | '.join(modes)} | all |", f"|---|{'---:|' * (len(modes) + 1)}"]
    for basis, title in BASES.items():
        if basis in counts.index:
            row = counts.loc[basis]
            cells = [str(row[m]) if row.get(m, 0) else "" for m in modes]
            lines.append(f"| {title} | {' | '.join(cells)} | {row.sum()} |")
    return "\n".join(lines)


def _gas() -> str:
    ways, pipes = read_ways("gas"), load_gas_tables().pipes
    counts = pd.Series({key: way.basis for key, way in ways.items()}).value_counts()
    return (
        f"{counts['water']} of {len(pipes)} keep to the sea, {counts['towns']} pass the towns of gas_profiles.csv or "
        "others that are known to lie on the line"
    )


def _far(rows: pd.DataFrame) -> str:
    ordered = rows.sort_values("difference_pct", key=abs, ascending=False)
    lines = ["| link | table km | line km | difference | grade of the table |", "|---|---:|---:|---:|---|"]
    lines += [
        f"| {row.Index} | {row.table_km:,.0f} | {row.way_km:,.0f} | {row.difference_pct:+.0f} % | {row.grade} |"
        for row in ordered.itertuples()
    ]
    return "\n".join(lines)


def _formats() -> str:
    lines = ["| kind | what | name of the path |", "|---|---|---|"]
    for kind, one in FORMATS.items():
        endings = ", ".join(f"`{ending}`" if ending else "folder" for ending in one.endings)
        lines.append(f"| {kind} | {one.title} | {endings} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
