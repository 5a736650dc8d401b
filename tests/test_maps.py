"""Maps: what they show equals the tables, whole without a script, safe with any name, and the same as a figure."""

from __future__ import annotations

import dataclasses
import math
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from importlib.resources import files
from itertools import combinations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg", force=True)

import matplotlib.pyplot as plt
from matplotlib.text import Text

import corridors
from corridors.reporting.failure_map import failure_map
from corridors.reporting.freight_map import freight_map, link_flows
from corridors.reporting.gas_map import gas_map, rate_class
from corridors.reporting.map_colours import LAND, LAND_DARK, contrast, on_land
from corridors.reporting.map_figure import map_figure
from corridors.reporting.map_ground import drawn
from corridors.reporting.map_parts import (
    DIFFERENCE,
    NOTHING,
    RIM_PX,
    THIN_PX,
    WITH,
    WITHOUT,
    Area,
    Flow,
    Group,
    Line,
    Map,
    Scale,
    Scenario,
    Shade,
    Spot,
)
from corridors.reporting.map_text import placed
from corridors.reporting.maps import svg
from corridors.resilience.criticality import Criticality
from corridors.resilience.criticality_map import HUE
from corridors.route_map import DISCLAIMER
from corridors.style import COLOURS
from networks import DataError, distance_km, load_tables
from networks.geometry import great_circle

from .browser import browser

EVIL = "</svg><script>alert(1)</script><img src=x onerror=alert(1)> \"'&amp; $x_1$ _a_ 🚂 שלום \x00\x07\ufffe"
RUSSIA = {"where": {"country": ["RU", "BY"]}, "effect": {"use": "closed"}}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def freight():
    base = corridors.load("baseline-2025").with_({"study.markets": ["eu-cn", "caspian"], "title": "As it is"})
    before = corridors.run(base, against=False, ranges=False)
    closed = base.with_({"disruptions.russia": RUSSIA, "title": "Russia closed"})
    return dataclasses.replace(corridors.run(closed, against=False, ranges=False), against=before)


@pytest.fixture(scope="module")
def gas():
    return corridors.run("gas-iran-cut", ranges=False)


@pytest.fixture(scope="module")
def freight_drawn(freight):
    return freight_map(freight)


@pytest.fixture(scope="module")
def gas_drawn(gas):
    return gas_map(gas)


@pytest.fixture(autouse=True)
def closed():
    """Close what a test drew."""
    yield
    plt.close("all")


def small(**changes) -> Map:
    """Return a map of two lines with two groups in three scenarios."""
    here = Map(
        title="A map",
        note="A note.",
        scenarios=[Scenario(WITH, "with"), Scenario(WITHOUT, "without"), Scenario(DIFFERENCE, "difference", True)],
        scales=[Scale("land", "Overland", "TEU a year", 400.0, 8.0)],
        groups=[Group("a", "Group A", "#0072B2", "land"), Group("b", "Group B", "#E69F00", "land")],
        groups_label="Corridors",
        lines=[
            Line("one", great_circle((50.0, 40.0), (60.0, 45.0)), "rail", "One - Two\n400 TEU/yr"),
            Line("two", great_circle((60.0, 45.0), (70.0, 45.0)), "ferry", "Two - Three\n100 TEU/yr"),
        ],
        flows=[
            Flow("one", "a", {WITH: 300.0, WITHOUT: 200.0, DIFFERENCE: 100.0}),
            Flow("one", "b", {WITH: 100.0, WITHOUT: 150.0, DIFFERENCE: -50.0}),
            Flow("two", "b", {WITH: 0.0, WITHOUT: 100.0, DIFFERENCE: -100.0}),
        ],
        spots=[Spot("p", "Two", 60.0, 45.0, "Two (port)", lines=("one", "two"))],
    )
    return dataclasses.replace(here, **changes)


def parsed(found: Map, name: str = "m") -> ET.Element:
    """Return the markup as a tree; it is well-formed but for attributes of HTML without a value, and inputs."""
    text = re.sub(r" (hidden|checked|data-signed)(?=[ >/])", r' \1=""', svg(found, name))
    text = re.sub(r"<input([^>]*?)/?>", r"<input\1/>", text)
    return ET.fromstring(f"<div>{text}</div>")


def picture(tree: ET.Element) -> ET.Element:
    return next(e for e in tree.iter(f"{SVG}svg") if e.get("class", "").startswith("map "))


def lines_of(tree: ET.Element) -> dict[str, ET.Element]:
    return {e.get("data-line"): e for e in tree.iter(f"{SVG}g") if e.get("data-line")}


def strokes_of(line: ET.Element) -> list[ET.Element]:
    """Return the strokes of a line that can be seen, the lowest first."""
    return [u for u in line.iter(f"{SVG}use") if u.get("data-w") and u.get("display") != "none"]


# ---- what is shown equals the tables


def summed(run, year, value="teu_per_year"):
    """Return what routes carry over each link, counted route by route."""
    arcs = run.tables["arcs"]
    arcs = arcs[(arcs["year"] == year) & (arcs["kind"] == "link")]
    link = dict(zip(zip(arcs["state"], arcs["arc"], strict=True), arcs["link_id"], strict=True))
    sums: dict[tuple[str, str], float] = {}
    routes = run.tables["routes"]
    for row in routes[routes["year"] == year].itertuples():
        for arc in row.path.split():
            name = link.get((row.state, int(arc)))
            if name is not None:
                sums[name, row.family] = sums.get((name, row.family), 0.0) + getattr(row, value)
    return sums


def test_a_link_carries_what_the_routes_over_it_carry(freight, freight_drawn):
    year = freight.years[-1]
    now, before = summed(freight, year), summed(freight.against, year)
    assert len(freight_drawn.flows) > 150
    for flow in freight_drawn.flows:
        key = flow.line, flow.group
        assert flow.by_scenario[WITH] == pytest.approx(now.get(key, 0.0))
        assert flow.by_scenario[WITHOUT] == pytest.approx(before.get(key, 0.0))
        assert flow.by_scenario[DIFFERENCE] == pytest.approx(flow.by_scenario[WITH] - flow.by_scenario[WITHOUT])
    shown = {(f.line, f.group) for f in freight_drawn.flows}
    assert {key for key, teu in (now | before).items() if max(now.get(key, 0), before.get(key, 0)) >= 1} == shown


def test_flows_of_links_are_cut_by_family_or_by_corridor(freight):
    year = freight.years[-1]
    whole = link_flows(freight, year)["teu_per_year"].groupby("link_id").sum()
    cut = link_flows(freight, year, "corridor")["teu_per_year"].groupby("link_id").sum()
    pd.testing.assert_series_equal(whole, cut)
    routes = freight.tables["routes"]
    km = freight.tables["arcs"].query("kind == 'link'").drop_duplicates("link_id").set_index("link_id")["km"]
    assert (whole * km.reindex(whole.index)).sum() == pytest.approx(
        (routes["teu_per_year"] * routes["km"]).sum(), rel=1e-3
    )


def test_what_is_told_of_a_link_is_what_flows(freight_drawn):
    line = next(x for x in freight_drawn.lines if x.id == "KZ_AKU-AZ_ALT-feeder")
    mine = [f for f in freight_drawn.flows if f.line == line.id]
    now, before = (sum(f.by_scenario[name] for f in mine) for name in (WITH, WITHOUT))
    assert line.text.startswith("Aktau - Alat (feeder)\n")
    assert f"{now:,.0f} TEU/yr with, {before:,.0f} without, {now / before - 1:+.0%}" in line.text
    assert "capacity used, at most: " in line.text


def test_the_root_of_a_flow_is_its_width_and_the_lowest_stroke_tells_the_whole(freight_drawn):
    scale = next(s for s in freight_drawn.scales if s.id == "land")
    assert scale.width(scale.most) == scale.widest
    assert scale.width(scale.most / 4) == pytest.approx(scale.widest / 2)
    strokes = small().strokes(small().flows[:2], small().scenarios[0])
    assert [s.flow.group for s in strokes] == ["a", "b"]
    assert strokes[0].width == pytest.approx(small().scales[0].width(400.0))
    assert strokes[1].width == pytest.approx(small().scales[0].width(100.0))
    thin = [Flow("one", "a", {WITH: 4.0}), Flow("one", "b", {WITH: 4.0})]
    assert [s.width for s in small().strokes(thin, small().scenarios[0])] == [THIN_PX + RIM_PX, THIN_PX]


def test_a_difference_is_that_of_all_groups(freight_drawn):
    strokes = small().strokes(small().flows[:2], small().scenarios[2])
    assert [s.value for s in strokes] == [50.0]
    assert strokes[0].width == pytest.approx(small().scales[0].width(50.0))


def test_markup_has_the_widths_of_the_first_scenario(freight_drawn):
    lines = lines_of(parsed(freight_drawn))
    assert len(lines) == len(freight_drawn.lines)
    for line in freight_drawn.lines:
        mine = [f for f in freight_drawn.flows if f.line == line.id]
        expected = freight_drawn.strokes(mine, freight_drawn.scenarios[0])
        found = strokes_of(lines[line.id])
        assert [float(u.get("stroke-width")) for u in found] == pytest.approx([s.width for s in expected], abs=0.051)
        assert (lines[line.id].get("display") == "none") == (not expected)
        assert lines[line.id].find(f"{SVG}title").text == line.text


def test_widths_of_all_scenarios_are_in_the_markup():
    line = lines_of(parsed(small()))["one"]
    width = small().scales[0].width
    first, second = ([float(x) for x in u.get("data-w").split()] for u in strokes_of(line))
    assert first == pytest.approx([width(300), width(200), width(100)], abs=0.006)
    assert second == pytest.approx([width(100), width(150), -width(50)], abs=0.006)


def test_one_family_is_cut_by_branch():
    base = corridors.load("baseline-2025").with_({"study.markets": ["caspian"]})
    run = corridors.run(base, against=False, ranges=False)
    found = freight_map(run)
    assert {g.id for g in found.groups} == set(run.tables["routes"]["branch"]) and len(found.groups) > 1
    assert [s.id for s in found.scenarios] == [WITH]
    assert len({g.colour for g in found.groups}) == len(found.groups)


def test_a_year_that_was_not_run_and_places_that_are_not_known(freight, gas):
    for build, run in ((freight_map, freight), (gas_map, gas)):
        with pytest.raises(DataError, match="year: got 1999, expected one that was run: 202"):
            build(run, year=1999)
    lost = freight.tables["arcs"].replace({"KZ_AKU": "ZZ_NEW"})
    found = freight_map(dataclasses.replace(freight, tables={**freight.tables, "arcs": lost}, against=None))
    assert "KZ_AKU-AZ_ALT-feeder" not in {line.id for line in found.lines}
    assert re.search(r"\d links are not drawn: their places are in no table", found.note)


# ---- gas


def test_pipes_carry_what_the_table_says_and_tell_their_direction(gas, gas_drawn):
    year = gas.years[-1]
    now, before = (run.flows("pipe").xs(year, level="year")["bcm"] for run in (gas, gas.against))
    assert len(gas_drawn.flows) > 100
    for flow in gas_drawn.flows:
        values = abs(now.get(flow.line, 0.0)), abs(before.get(flow.line, 0.0))
        assert (flow.by_scenario[WITH], flow.by_scenario[WITHOUT]) == pytest.approx(values)
    texts = {line.id: line.text for line in gas_drawn.lines}
    assert now["ANK_KAR"] < 0 and "from Karacabey to Türkiye market" in texts["ANK_KAR"]
    assert now["TANAP0"] > 0 and "from Turkgozu" in texts["TANAP0"] and "nameplate 16.00 bcm/yr" in texts["TANAP0"]
    assert "nameplate not known" in texts["SANG_HAJI"]
    assert {"scp", "tanap", "tap"} <= {group.id for group in gas_drawn.groups}


@pytest.mark.parametrize(
    ("rate", "number"), [(0, NOTHING), (0.3, 0), (9.99, 0), (10, 1), (20, 2), (59.9, 2), (60, 3), (80, 4), (100, 4)]
)
def test_unmet_demand_is_in_the_classes_of_entsog(rate, number):
    assert rate_class(rate) == number


def test_countries_that_are_short_are_coloured_and_told(gas):
    table = gas.tables["countries"].copy()
    table.loc[table["country"] == "TR", "unmet_pct"] = 30.0
    table.loc[table["country"] == "GR", "unmet_pct"] = 95.0
    found = gas_map(dataclasses.replace(gas, tables={**gas.tables, "countries": table}))
    areas = {area.id: area for area in found.areas}
    assert areas["TR"].classes == {WITH: 2, WITHOUT: NOTHING, DIFFERENCE: 2}
    assert areas["IT"].classes[WITH] == NOTHING
    assert re.search(r"Türkiye\nwith: demand [\d,.]+ TWh/yr, not met 30.0 %, price [\d.]+ USD/MWh", areas["TR"].text)
    tree = parsed(found)
    shaded = [e.get("class") for e in tree.iter(f"{SVG}path") if e.get("data-a")]
    assert sorted(c for c in shaded if " a" in c) == ["map-t a2", "map-t a4"]
    assert "Demand not met, %" in "".join(tree.itertext())
    assert "No country is short." in gas_map(gas).note


# ---- what breaks


def hurt(**losses: float) -> Criticality:
    """Return what the loss of some links and stops does, made up."""
    tables = load_tables()
    links = tables.links.loc[[k for k in losses if "-" in k]]
    rows = [
        {"kind": "link" if "-" in k else "stop", "element": k, "name": k, "effect": "removed", "days": 180,
         "cost_rise_musd": v, "unmet_teu": 0.0, "worst_country_pct": 0.0}
        for k, v in losses.items()
    ]  # fmt: skip
    arcs = links[["from_place_id", "to_place_id", "mode"]].assign(teu_per_year=[1e3 * 4**n for n in range(len(links))])
    record = {"title": EVIL, "year": 2026, "name": "x", "estimates": 0.5}
    empty = pd.DataFrame()
    places = tables.places[["name", "lon", "lat"]]
    return Criticality(pd.DataFrame(rows), empty, empty, empty, arcs.reset_index(), places, record)


def test_the_map_of_losses_has_their_classes_and_flows():
    losses = {"KZ_AKU-AZ_ALT-feeder": 1000.0, "TM_TKB-AZ_ALT-ferry": 50.0, "GE_TBS-GE_KHA-rail": 0.0, "AZ_ALT": 500.0}
    found = failure_map(hurt(**losses))
    flows = {f.line: f for f in found.flows}
    colour = {g.id: g.colour for g in found.groups}
    assert colour[flows["KZ_AKU-AZ_ALT-feeder"].group] == HUE[4]
    assert colour[flows["TM_TKB-AZ_ALT-ferry"].group] == HUE[2]
    assert flows["GE_TBS-GE_KHA-rail"].group == "nothing"
    assert flows["GE_TBS-GE_KHA-rail"].by_scenario == {WITH: 16_000.0}
    assert found.lines[-1].id == "KZ_AKU-AZ_ALT-feeder" and "1,000 m USD" in found.lines[-1].text
    assert [(s.id, s.group) for s in found.spots] == [("AZ_ALT", "4")]
    parsed(found)
    with pytest.raises(DataError, match="nothing that is removed"):
        failure_map(hurt(**{"KZ_AKU-AZ_ALT-feeder": 0.0}))
    with pytest.raises(DataError, match="lens: got 'costs'"):
        failure_map(hurt(**losses), "costs")


# ---- markup


@pytest.fixture(params=["freight", "gas"])
def found(request):
    return request.getfixturevalue(f"{request.param}_drawn")


def test_it_is_whole_without_a_script_and_its_controls_are_hidden(found):
    tree = parsed(found)
    controls = next(e for e in tree.iter("div") if e.get("class") == "map-controls")
    assert "hidden" in controls.attrib
    boxes = [e for e in tree.iter("input") if e.get("data-group")]
    assert len(boxes) == len(found.groups) and all("hidden" in b.attrib and "checked" in b.attrib for b in boxes)
    radios = [e for e in tree.iter("input") if e.get("type") == "radio"]
    assert [("checked" in r.attrib) for r in radios] == [True, False, False]
    assert all(e.get("aria-label") or "".join(e.itertext()).strip() for e in tree.iter("button"))
    shown = "".join(tree.itertext())
    assert all(line in shown for line in DISCLAIMER.split("\n")) and found.note in shown
    assert all(group.label in shown for group in found.groups)
    borders = next(e for e in tree.iter(f"{SVG}path") if e.get("class") == "borders")
    assert borders.get("display") == "none" and len(borders.get("d")) > 1000


def test_it_asks_for_nothing_and_is_small(found):
    text = svg(found, "m")
    assert re.findall(r"https?:[^\"' ]*", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|\son\w+=|javascript:|@import|url\(", text)
    assert len(text.encode()) < 250_000


def test_two_maps_of_a_page_do_not_clash(freight_drawn):
    ids = []
    for name in ("one", "two"):
        tree = parsed(freight_drawn, name)
        mine = [e.get("id") for e in tree.iter() if e.get("id")]
        used = [e.get("href")[1:] for e in tree.iter(f"{SVG}use")]
        assert len(set(mine)) == len(mine) and set(used) <= set(mine)
        assert all(i.startswith(f"{name}-") for i in mine)
        ids += mine
    assert len(set(ids)) == len(ids)


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.handlers = set(), []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def test_no_name_is_taken_for_markup(freight):
    evil = small(
        title=EVIL * 300,
        note=EVIL,
        scenarios=[Scenario(EVIL, EVIL)],
        scales=[Scale("land", EVIL, EVIL, 400.0)],
        groups=[Group("a", EVIL, "#0072B2", "land")],
        groups_label=EVIL,
        lines=[dataclasses.replace(small().lines[0], id=EVIL, text=EVIL * 300, mode=EVIL)],
        flows=[Flow(EVIL, "a", {EVIL: 400.0})],
        spots=[Spot(EVIL, EVIL, 60.0, 45.0, EVIL)],
        areas=[Area("TR", {EVIL: 0}, EVIL), Area(EVIL, {}, EVIL)],
        shades=[Shade(EVIL, "#fee5d9")],
        shades_label=EVIL,
    )
    record = {**freight.record, "title": EVIL * 300}
    for found in (evil, freight_map(dataclasses.replace(freight, record=record))):
        text = svg(found, "m")
        reader = _Reader()
        reader.feed(text)
        assert not reader.tags & {"script", "img"} and not reader.handlers
        parsed(found)
    map_figure(evil).canvas.draw()
    named = svg(small(), 'a"b <c>')
    assert 'class="mapbox of-a-b-c-"' in named


def test_a_map_of_nothing_is_land(freight):
    nothing = {name: freight.tables[name].iloc[:0] for name in ("routes", "arcs", "capacities")}
    found = freight_map(dataclasses.replace(freight, tables={**freight.tables, **nothing}, against=None))
    assert not found.lines and not found.scales
    assert len(picture(parsed(found)).find(f"{SVG}path").get("d")) > 5000
    map_figure(found).canvas.draw()


# ---- projection


def test_a_line_over_the_antimeridian_stays_whole():
    bering = great_circle((150.0, 60.0), (-165.0, 66.0))
    assert bering.geom_type == "MultiLineString"
    lines = [Line("a", great_circle((60.0, 66.0), (150.0, 60.0)), "sea", "a"), Line("b", bering, "sea", "b")]
    found = small(lines=lines, flows=[Flow("b", "a", {WITH: 1.0})], spots=[])
    drawing = drawn(found)
    shape = drawing.lines[1]
    assert len(shape.geoms) == 1
    km = distance_km((150.0, 60.0), (-165.0, 66.0))
    unit = drawn(small(lines=lines[:1], flows=[], spots=[]))  # a line that does not cross it gives the measure
    per_km = unit.lines[0].length / distance_km((60.0, 66.0), (150.0, 60.0))
    steps = np.hypot(*np.diff(np.asarray(shape.geoms[0].coords), axis=0).T)
    assert shape.length < 2.5 * per_km * km * drawing.start[2] / unit.start[2]
    assert steps.max() < 0.5 * drawing.whole[2]


def test_what_the_start_shows_and_what_all_shows(freight_drawn):
    drawing = drawn(freight_drawn)
    x, y, wide, high = drawing.start
    for line, shape in zip(freight_drawn.lines, drawing.lines, strict=True):
        west, north, east, south = shape.bounds
        if line.focus:
            assert x <= west and east <= x + wide and y <= north and south <= y + high
        whole = drawing.whole
        assert whole[0] <= west and east <= whole[0] + whole[2] and whole[1] <= north and south <= whole[1] + whole[3]
    cape = next(s for line, s in zip(freight_drawn.lines, drawing.lines, strict=True) if "XZ_COG" in line.id)
    assert cape.bounds[3] > y + high, "the Cape lies beyond the start"
    assert drawing.land.is_valid or drawing.land.buffer(0).area == pytest.approx(drawing.land.area, rel=1e-3)


# ---- names and colours


def test_names_cover_neither_each_other_nor_the_rim():
    rng = np.random.default_rng(1)
    at = [tuple(p) for p in rng.uniform(0, 1, (120, 2)) * (900, 500)]
    names = ["Name" + "x" * int(n) for n in rng.integers(0, 20, 120)]
    sides = placed(names, at, (900, 500))
    boxes = []
    for name, (x, y), side in zip(names, at, sides, strict=True):
        if side:
            left = x + side[0] - (6.3 * len(name) if side[2] == "end" else 0)
            boxes.append((left, y + side[1] - 10, left + 6.3 * len(name), y + side[1] + 3))
    assert 20 < len(boxes) < 120
    assert all(b[0] >= 0 and b[1] >= 0 and b[2] <= 900 and b[3] <= 500 for b in boxes)
    for one, other in combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert placed(["far"], [(-5.0, 10.0)], (900, 500)) == [None]


@pytest.mark.parametrize("land", [LAND, LAND_DARK])
def test_lines_can_be_told_from_land(land):
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for colour in COLOURS.values():
        assert contrast(on_land(colour, land), land) >= 3
    assert on_land("#000000", LAND) == "#000000"


# ---- the figure


def texts(figure) -> str:
    figure.canvas.draw()
    return "\n".join(t.get_text() for t in figure.findobj(Text) if t.get_visible())


@pytest.mark.parametrize("scenario", [None, DIFFERENCE])
def test_the_figure_says_what_the_page_says(freight_drawn, scenario):
    said = texts(map_figure(freight_drawn, scenario))
    assert DISCLAIMER in said and freight_drawn.title in said
    assert "Alat" in said and all(f"{s.samples[0]:,.0f} {s.unit}" in said for s in freight_drawn.scales)
    assert ("more" in said) == (scenario == DIFFERENCE)


def widest(figure) -> list[float]:
    return [
        c.get_linewidth()[0]
        for c in figure.axes[0].collections
        if c.get_linewidth().size and hasattr(c, "get_segments")
    ]


def test_the_legend_of_the_figure_stands_above_its_note(freight_drawn, gas_drawn):
    for found in (freight_drawn, gas_drawn):
        figure = map_figure(found)
        figure.canvas.draw()
        legend, note = figure.axes[1].get_legend(), figure._supxlabel
        assert legend.get_window_extent().y0 >= note.get_window_extent().y1
        assert figure.bbox.x1 >= legend.get_window_extent().x1


def test_the_figure_draws_the_same_strokes_and_only_the_groups_asked_for(freight_drawn):
    scenario = freight_drawn.scenarios[0]
    expected = []
    for line in freight_drawn.lines:
        strokes = freight_drawn.strokes([f for f in freight_drawn.flows if f.line == line.id], scenario)
        expected += [s.width for s in strokes]
    found = widest(map_figure(freight_drawn))
    assert len(found) == len(expected)
    assert np.array(found) / found[0] == pytest.approx(np.array(expected) / expected[0])
    assert 0 < len(widest(map_figure(freight_drawn, groups=["middle"]))) < len(expected)
    with pytest.raises(DataError, match="scenario: got 'wiht', expected one of with, without, difference"):
        map_figure(freight_drawn, "wiht")
    with pytest.raises(DataError, match=r"group: got 'midle'.*nearest: middle"):
        map_figure(freight_drawn, groups=["midle"])


def test_runs_draw_their_map_and_it_is_saved(gas, tmp_path):
    figure = gas.plot.map(DIFFERENCE, groups=["iran-turkiye", "other"])
    said = texts(figure)
    assert "No gas from Iran" in said and "less" in said
    for form in ("png", "svg", "pdf"):
        file = tmp_path / f"map.{form}"
        figure.savefig(file)
        assert file.stat().st_size > 20_000


def test_no_line_is_thinner_than_can_be_seen(freight_drawn):
    tree = parsed(freight_drawn)
    widths = [float(u.get("stroke-width")) for line in lines_of(tree).values() for u in strokes_of(line)]
    assert min(widths) >= THIN_PX and max(widths) <= math.hypot(8, 9) + 0.1


# ---- in a browser


@pytest.fixture(scope="module")
def page(tmp_path_factory, freight_drawn):
    """Return a page with two maps, one of them made by hand, and a table whose rows name lines."""
    folder = tmp_path_factory.mktemp("maps")
    assets = files("corridors.reporting").joinpath("assets")
    style, script = (assets.joinpath(f"map.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    names = ("KZ_AKU-AZ_ALT-feeder", "one", "AZ_ALT")
    rows = "".join(f'<tr data-link="{name}" tabindex="0"><td>{name}</td></tr>' for name in names)
    maps = svg(freight_drawn, "big") + svg(small(), "small")
    head = f'<!DOCTYPE html><meta charset="utf-8"><title>Maps</title><style>{style}</style>'
    body = f"<main style='width:1000px'>{maps}<table>{rows}</table></main><script>{script}</script>"
    file = folder / "maps.html"
    file.write_text(head + body, encoding="utf-8")
    with browser(folder) as found:
        found.file = file
        yield found


@pytest.fixture
def opened(page):
    page.open(page.file)
    yield page
    assert page.errors() == [] and page.requests() == []


VIEW = "return document.querySelector('.of-big svg.map').getAttribute('viewBox').split(' ').map(Number)"
TOLD = "const t = document.querySelector('.of-%s .map-tip'); return t.hidden ? '' : t.textContent"
SHOWN = "return document.querySelectorAll('.of-%s .lines > g:not([display])').length"
PRESS = (
    "document.querySelector('.of-big svg.map').focus(); for (const key of arguments[0]) "
    "document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}))"
)
WHEEL = (
    "const s = document.querySelector('.of-big svg.map'), r = s.getBoundingClientRect();"
    "return !s.dispatchEvent(new WheelEvent('wheel', {deltaY: -200, ctrlKey: arguments[0], cancelable: true,"
    " clientX: r.left + r.width / 2, clientY: r.top + r.height / 2}))"
)


def test_the_wheel_zooms_when_the_map_has_the_focus_or_with_ctrl(opened):
    before = opened.run(VIEW)
    assert opened.run(WHEEL, False) is False and opened.run(VIEW) == before, "the page scrolls"
    assert opened.run(WHEEL, True) and opened.run(VIEW)[2] < before[2]
    opened.run("document.querySelector('.of-big [data-act=start]').click()")
    assert opened.run(VIEW) == before
    opened.run("document.querySelector('.of-big svg.map').focus()")
    assert opened.run(WHEEL, False) and opened.run(VIEW)[2] < before[2]


def test_keys_move_zoom_and_go_from_line_to_line(opened, freight_drawn):
    x, _, wide, _ = opened.run(VIEW)
    opened.run(PRESS, ["ArrowRight", "+"])
    moved = opened.run(VIEW)
    assert moved[2] == pytest.approx(wide / 1.5, abs=1) and moved[0] > x
    opened.run(PRESS, ["0", "PageDown"])
    assert opened.run(TOLD % "big") == freight_drawn.lines[0].text
    opened.run("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape', bubbles: true}))")
    assert opened.run(TOLD % "big") == ""


def test_scenarios_and_groups_show_what_python_says_and_leave_the_other_map_alone(opened, freight_drawn):
    other = opened.run(SHOWN % "small")
    widths = (
        "return [...document.querySelectorAll('.of-big .lines > g:not([display])')].map((g) => [g.dataset.line,"
        " [...g.querySelectorAll('use[data-w]:not([display])')].map((u) => Number(u.getAttribute('stroke-width')))])"
    )
    for number, scenario in enumerate(freight_drawn.scenarios):
        opened.run(f"document.querySelector('.of-big input[value=\"{number}\"]').click()")
        thin = float(opened.run("return document.querySelector('.of-big').style.getPropertyValue('--wide')"))
        found = dict(opened.run(widths))
        for line in freight_drawn.lines:
            strokes = freight_drawn.strokes([f for f in freight_drawn.flows if f.line == line.id], scenario)
            assert found.get(line.id, []) == pytest.approx([s.width * thin for s in strokes], abs=0.08), line.id
    opened.run("document.querySelector('.of-big input[value=\"0\"]').click()")
    every = opened.run(SHOWN % "big")
    opened.run("document.querySelector('.of-big input[data-group]').click()")
    assert opened.run(SHOWN % "big") < every and opened.run(SHOWN % "small") == other


def test_a_row_of_a_table_shows_its_line_or_place(opened):
    opened.run("document.querySelector('tr[data-link]').click()")
    assert opened.run(TOLD % "big").startswith("Aktau - Alat (feeder)") and opened.run(TOLD % "small") == ""
    opened.run("document.querySelectorAll('tr[data-link]')[1].click()")
    assert opened.run(TOLD % "small").startswith("One - Two")
    opened.run("document.querySelectorAll('tr[data-link]')[2].click()")
    assert opened.run(TOLD % "big").startswith("Alat (port)")
    assert opened.run("return document.querySelectorAll('tr.map-row').length") == 1


def test_names_keep_their_size_and_do_not_overlap_at_any_zoom(opened):
    script = (
        "return [...document.querySelectorAll('.of-big .spots > g:not([display]) text:not([display])')]"
        ".map((t) => { const b = t.getBoundingClientRect(); return [b.left, b.top + 3, b.right, b.bottom - 3]; })"
    )
    settled = "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()))"
    heights = set()
    for act in ("all", "start", "in", "in", "in"):
        opened.run(f"document.querySelector('.of-big [data-act={act}]').click()")
        opened.driver.execute_async_script(settled)
        boxes = opened.run(script)
        heights |= {round(b[3] - b[1]) for b in boxes}
        assert boxes
        for one, over in combinations(boxes, 2):
            assert one[2] <= over[0] or over[2] <= one[0] or one[3] <= over[1] or over[3] <= one[1], act
    assert max(heights) - min(heights) <= 1
