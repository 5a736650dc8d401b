"""Figures: drawn for every kind of question, labelled, nothing cut off."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import matplotlib as mpl
import pytest

mpl.use("Agg", force=True)

import matplotlib.pyplot as plt
from matplotlib.text import Text

from corridors.route_map import DISCLAIMER
from networks import DataError

SEA = ("sea-suez", "sea-cape")
QUESTIONS = {
    "Xi'an-Duisburg": ("CN_XIA", "DE_DUI", {}),
    "Duisburg-Xi'an": ("DE_DUI", "CN_XIA", {}),
    "Nhava Sheva-Moscow": ("IN_NSA", "RU_MOW", {}),
    "Shanghai-Rotterdam": ("CN_SHA", "NL_RTM", {"corridors": SEA}),
}


@pytest.fixture(autouse=True)
def closed():
    """Close what a test drew, so that figures do not pile up."""
    yield
    plt.close("all")


@pytest.fixture(params=QUESTIONS)
def comparison(request, compare):
    origin, destination, options = QUESTIONS[request.param]
    return compare(origin, destination, **options)


def texts(figure):
    """Return the visible texts of a figure that say something and are not ticks outside the axes."""
    figure.canvas.draw()
    hidden = {label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in outside_ticks(axis)}
    return [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip() and t not in hidden]


def outside_ticks(axis):
    """Return tick labels that matplotlib keeps but does not draw."""
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    drawn = axis.get_visible() and axis.axes.axison
    return [
        label for tick in ticks for label in (tick.label1, tick.label2) if not (drawn and low <= tick.get_loc() <= high)
    ]


def assert_inside(figure):
    found = texts(figure)
    renderer = figure.canvas.get_renderer()
    canvas = figure.bbox
    for text in found:
        box = text.get_window_extent(renderer)
        inside = (
            canvas.x0 - 2 <= box.x0 and box.x1 <= canvas.x1 + 2 and canvas.y0 - 2 <= box.y0 and box.y1 <= canvas.y1 + 2
        )
        assert inside, f"{text.get_text()!r} at {box.extents} is cut off by {canvas.extents}"
    return found


def words(figure):
    return [text.get_text() for text in texts(figure)]


# ---- time/cost-distance


def test_the_chart_is_drawn_and_no_text_is_cut_off(comparison):
    found = assert_inside(comparison.plot.tcd())
    assert len(found) > 20


def test_axes_of_the_chart_have_units(comparison):
    figure = comparison.plot.tcd()
    time, money = figure.axes[:2]
    name = comparison.network.tables.places["name"][comparison.origin]
    for axes in (time, money):
        assert axes.get_xlabel() == f"distance from {name}, thousand km"
        assert axes.get_xlim()[0] == 0 and axes.get_ylim()[0] == 0
    assert time.get_ylabel() == "days since departure" and money.get_ylabel() == "USD per TEU, cumulative"


def test_the_chart_says_what_it_shows(comparison):
    figure = comparison.plot.tcd()
    names = comparison.network.tables.places["name"]
    said = " ".join(words(figure))
    assert names[comparison.origin] in said and names[comparison.destination] in said and str(comparison.year) in said
    assert "estimates" in said and "not deflated" in said


def test_numbers_in_the_chart_are_rows_of_the_stop_table(comparison):
    figure = comparison.plot.tcd()
    figure.canvas.draw()
    time, money, table = figure.axes[:3]
    rows = sorted(int(t.get_text()) for t in table.texts if t.get_text().isdigit() and t.get_position()[0] == 0)
    assert rows == list(range(1, len(rows) + 1)) and rows
    for axes in (time, money):
        assert sorted(int(t.get_text()) for t in axes.texts if t.get_text().isdigit()) == rows


def test_the_stop_table_adds_up(comparison):
    focal = next(c for c, (_, found) in comparison.found.items() if found)
    figure = comparison.plot.tcd(corridors=[focal])
    legs = comparison.tcd([focal])
    stops = legs[legs["kind"] != "link"]
    said = words(figure)
    shares = [100 * stops[c].sum() / legs[c].sum() for c in ("h", "usd_per_teu")]
    at = said.index("share of total")
    assert said[at + 1 : at + 3] == [f"{shares[0]:.0f} %", f"{shares[1]:.0f} %"]
    at = said.index("all stops")
    assert said[at + 1 : at + 3] == [f"{stops['h'].sum():.0f}", f"{stops['usd_per_teu'].sum():,.0f}"]


def test_a_line_ends_at_the_time_of_its_route(compare):
    comparison = compare("CN_XIA", "DE_DUI")
    figure = comparison.plot.tcd(corridors=["northern-kazakhstan", "middle-aktau-kars"])
    ends = comparison.tcd(["northern-kazakhstan", "middle-aktau-kars"]).groupby("corridor_id").last()
    said = " ".join(t.get_text() for t in figure.axes[0].texts)
    for corridor_id, end in ends.iterrows():
        drawn = [line for line in figure.axes[0].lines if line.get_ydata()[-1] == pytest.approx(end["h_cum"] / 24)]
        assert drawn and drawn[-1].get_xdata()[-1] == pytest.approx(end["km_cum"] / 1000), corridor_id
        assert re.search(rf"\b{end['h_cum'] / 24:,.0f} d\b", said)


def test_the_focus_can_be_chosen(compare):
    figure = compare("CN_XIA", "DE_DUI").plot.tcd(
        corridors=["northern-kazakhstan", "sea-cape"], focus="northern-kazakhstan"
    )
    assert "Northern" in figure.axes[2].get_title(loc="left")
    assert "Middle" not in figure.axes[2].get_title(loc="left")


@pytest.mark.parametrize("corridor_id", ["no-such-corridor", "china-kyrgyzstan-uzbekistan"])
def test_a_corridor_without_a_route_is_refused(compare, corridor_id):
    plots = compare("CN_XIA", "DE_DUI").plot
    with pytest.raises(DataError, match=corridor_id):
        plots.tcd([corridor_id])
    with pytest.raises(DataError, match=corridor_id):
        plots.map([corridor_id])


@pytest.mark.parametrize("focus", ["no-such-corridor", "sea-suez"])
def test_a_focus_that_is_not_drawn_is_refused(compare, focus):
    with pytest.raises(DataError, match=focus):
        compare("CN_XIA", "DE_DUI").plot.tcd(corridors=["northern-kazakhstan"], focus=focus)


@pytest.mark.parametrize("kind", ["tcd", "map"])
def test_nothing_to_draw_is_refused(compare, kind):
    comparison = compare("CN_XIA", "DE_DUI", corridors=("zangezur", "kars-nakhchivan"))
    with pytest.raises(DataError, match="route"):
        getattr(comparison.plot, kind)()


def test_money_is_in_the_currency_of_the_question(compare):
    figure = compare("CN_XIA", "DE_DUI", currency="EUR").plot.tcd()
    assert figure.axes[1].get_ylabel() == "EUR per TEU, cumulative"
    assert "EUR" in words(figure) and "USD" not in " ".join(words(figure))


# ---- map


def test_the_map_is_drawn_and_no_text_is_cut_off(comparison):
    figure = comparison.plot.map()
    found = [text.get_text() for text in assert_inside(figure)]
    names = comparison.network.tables.places["name"]
    assert {names[comparison.origin], names[comparison.destination]} <= set(found)
    assert sum(text == DISCLAIMER for text in found) == 1


def test_the_disclaimer_names_its_source_and_takes_no_side():
    assert "Natural Earth" in DISCLAIMER and "no opinion on the status of any territory" in DISCLAIMER


def test_the_legend_names_the_families_that_are_drawn(compare):
    figure = compare("CN_XIA", "DE_DUI").plot.map(corridors=["northern-kazakhstan", "middle-aktau-kars"])
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert {"Northern", "Middle", "rail", "ship"} <= set(legend) and not {"Sea", "INSTC", "Southern"} & set(legend)


def test_every_kind_of_corridor_has_a_colour_and_every_mode_a_line():
    from corridors.catalogue import Corridor
    from corridors.style import COLOURS, STYLES

    families = Corridor.model_fields["family"].annotation.__args__
    assert set(COLOURS) == set(families) and len(set(COLOURS.values())) == len(families)
    assert set(STYLES) == {"rail", "road", "sea", "feeder", "ferry", "inland"}


def test_drawing_does_not_pile_up_figures(compare):
    plots = compare("CN_XIA", "DE_DUI").plot
    before = set(plt.get_fignums())
    figure = plots.tcd()
    plt.close(figure)
    assert set(plt.get_fignums()) == before


@pytest.mark.parametrize(("chosen", "used"), [({}, "agg"), ({"MPLBACKEND": "svg"}, "svg")])
def test_figures_are_drawn_where_a_notebook_or_window_chose(chosen, used):
    code = "from corridors.style import pyplot; pyplot(); import matplotlib; print(matplotlib.get_backend())"
    plain = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    done = subprocess.run([sys.executable, "-c", code], env=plain | chosen, capture_output=True, text=True, check=True)
    assert done.stdout.strip().lower() == used
