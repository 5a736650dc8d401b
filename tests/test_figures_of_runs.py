"""Figures of runs, comparisons, schedules and back-tests: they show the numbers of the tables, whatever names hold."""

from __future__ import annotations

import dataclasses
import re
import warnings
from types import SimpleNamespace

import matplotlib as mpl

mpl.use("Agg", force=True)

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import PathPatch, Rectangle

import corridors
from corridors import style
from corridors.backtesting import Backtest
from corridors.files import save_figure
from corridors.investing.schedule_chart import schedule_chart
from corridors.investing.timing import Timing
from corridors.scenario.gas_balance_chart import balance
from corridors.scenario.plots import GasPlots, RunPlots
from corridors.scenario.sankey_chart import journeys, shifts
from networks import DataError

from .test_figures import assert_inside, words

EVIL = "_🚂 שלום مرحبا 中文 $x^2_1$ \\frac <script>alert(1)</script> &amp; \"'" + "W" * 300 + " word" * 2000
FREIGHT = {
    "shares": {"by": "branch"},
    "change": {"by": "branch"},
    "tcd": {"origin": "Almaty", "destination": "Baku"},
    "sankey": {},
    "bottlenecks": {"at_least": 0.1},
    "emissions": {},
    "drivers": {},
}
GAS = ("flows", "balance", "unmet", "measures", "prices")
NEUTRAL = {"#222222", "#555555", "#dddddd", "#ffffff", "#777777"}


@pytest.fixture(autouse=True)
def closed():
    """Close what a test drew, so that figures do not pile up."""
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def asked():
    return corridors.load("baseline-2025").with_({"study.markets": ["caspian"], "title": "As it is"})


@pytest.fixture(scope="module")
def base(asked):
    return corridors.run(asked, against=False)


@pytest.fixture(scope="module")
def narrow(asked, base):
    """Return a run in which the ships between Aktau and Alat are full, so that freight goes by Turkmenbashi."""
    shut = {"where": {"link": "Aktau - Alat"}, "effect": {"capacity": "x 0.15"}}
    run = corridors.run(asked.with_({"disruptions.ships": shut, "title": "Few ships"}), against=False)
    return dataclasses.replace(run, against=base)


@pytest.fixture(scope="module")
def short(asked, base):
    """Return a run in which the port of Alat is full, so that something finds no room."""
    shut = {"where": {"place": "Alat"}, "effect": {"capacity": "x 0.15"}}
    run = corridors.run(asked.with_({"disruptions.port": shut, "title": "No port"}), against=False, ranges=False)
    return dataclasses.replace(run, against=base)


@pytest.fixture(scope="module")
def gas():
    return corridors.run("gas-iran-cut")


@pytest.fixture(scope="module")
def cold(gas):
    """Return the run of gas with a country that lacks some by both rules, and one that lacks some by one of them."""
    table = gas.tables["countries"].copy()
    some = table["country"].eq("TR") | (table["country"].eq("BG") & table["sharing"].eq("own_first"))
    table.loc[some, "unmet_pct"] = table["country"].map({"TR": 10.0, "BG": 5.0})[some]
    table.loc[some, "unmet_gwh"] = table["unmet_pct"] / 100 * table["demand_gwh"]
    table.loc[some, "unmet_mcm"] = table.loc[some, "unmet_gwh"] / 10.5
    return dataclasses.replace(gas, tables={**gas.tables, "countries": table})


def inside(figure):
    """Prove that no text of a figure is cut off, and return the texts."""
    with style.quiet_glyphs():
        return [text.get_text() for text in assert_inside(figure)]


def saved(figure, folder):
    """Save a figure in all formats, by its own method and by ours, and return the SVG."""
    for ending in ("png", "pdf"):
        figure.savefig(folder / f"own.{ending}")
        assert (folder / f"own.{ending}").stat().st_size > 4_000
    save_figure(folder / "ours.svg", lambda: figure)
    return (folder / "ours.svg").read_text(encoding="utf-8")


def bars(axes):
    """Return the bars of axes, without the frame and legends: left end, width, height of the middle."""
    found = [p for p in axes.patches if isinstance(p, Rectangle)]
    return [(p.get_x(), p.get_width(), p.get_y() + p.get_height() / 2) for p in found]


def lengths(axes):
    return sorted(width for _, width, _ in bars(axes))


def drawing(run, name):
    return getattr(run.plot, name)(**FREIGHT.get(name, {}))


# -- every figure of every kind


@pytest.mark.parametrize("name", FREIGHT)
def test_figures_of_freight_are_saved_in_all_formats_in_the_house_colours(narrow, tmp_path, name):
    before = dict(mpl.rcParams)
    figure = drawing(narrow, name)
    inside(figure)
    svg = saved(figure, tmp_path)
    assert dict(mpl.rcParams) == before, "drawing changes nothing of matplotlib"
    assert "<text" in svg and "DejaVu Sans" in svg, "letters stay letters"
    colours = set(re.findall(r"#[0-9a-f]{6}\b", svg.lower()))
    greys = {c for c in colours if c[1:3] == c[3:5] == c[5:7]}
    assert greys <= NEUTRAL


@pytest.mark.parametrize("name", GAS)
def test_figures_of_gas_are_saved_in_all_formats(cold, tmp_path, name):
    figure = getattr(cold.plot, name)()
    inside(figure)
    saved(figure, tmp_path)


def test_runs_and_comparisons_give_the_same_figures(narrow, base, gas):
    found = corridors.compare(base, narrow)
    assert found.plot == narrow.plot == RunPlots(narrow, base)
    assert base.plot == RunPlots(base, None)
    assert gas.plot == corridors.compare(gas.against, gas).plot == GasPlots(gas, gas.against)


@pytest.mark.parametrize("name", FREIGHT)
def test_hostile_names_are_text_and_nothing_else(narrow, tmp_path, name):
    tables = dict(narrow.tables)
    tables["arcs"] = tables["arcs"].assign(name=EVIL)
    tables["capacities"] = tables["capacities"].assign(element=EVIL + tables["capacities"]["element"])
    evil = dataclasses.replace(narrow, tables=tables, record={**narrow.record, "title": EVIL})
    evil = dataclasses.replace(evil, against=dataclasses.replace(narrow.against, record=evil.record))
    figure = drawing(evil, name)
    said = inside(figure)
    save_figure(tmp_path / "x.svg", lambda: figure)
    assert "<script" not in (tmp_path / "x.svg").read_text(encoding="utf-8") and max(map(len, said)) < 700
    if name != "tcd":
        assert "$x^2" in " ".join(said), "no formula is made of it"


@pytest.mark.parametrize("name", GAS)
def test_hostile_names_of_gas_are_text_and_nothing_else(cold, tmp_path, name):
    tables = {**cold.tables, "measures": cold.tables["measures"].assign(measure=EVIL, kind="storage")}
    tables["pipes"] = tables["pipes"].assign(title=EVIL)
    evil = dataclasses.replace(cold, tables=tables, record={**cold.record, "title": EVIL}, against=None)
    figure = getattr(evil.plot, name)()
    inside(figure)
    save_figure(tmp_path / "x.svg", lambda: figure)
    assert "<script" not in (tmp_path / "x.svg").read_text(encoding="utf-8")


def test_missing_letters_do_not_warn_in_any_format(tmp_path, base):
    evil = dataclasses.replace(base, record={**base.record, "title": EVIL})
    saved(evil.plot.shares(), tmp_path)


def test_what_cannot_be_drawn_is_refused_in_words(base, short, gas):
    with pytest.raises(DataError, match="change needs a counterfactual"):
        base.plot.change()
    with pytest.raises(DataError, match="year: got 1999, expected one of 2025"):
        base.plot.emissions(1999)
    with pytest.raises(DataError, match="no capacity is used to 90 % or more"):
        base.plot.bottlenecks(0.9)
    with pytest.raises(DataError, match="nothing changes its way"):
        RunPlots(base, base).sankey()
    with pytest.raises(DataError, match="depends on nothing"):
        RunPlots(base, base).drivers()
    with pytest.raises(DataError, match="'middle-aktu-kars' carries nothing here"):
        base.plot.tcd("Almaty", "Baku", corridors=["middle-aktu-kars"])
    with pytest.raises(DataError, match="nobody is short of gas"):
        gas.plot.unmet()
    with pytest.raises(DataError, match="nothing has to be made up for"):
        gas.against.plot.measures()


# -- numbers are those of the tables


def test_bars_of_shares_are_what_the_ways_carry(narrow, base):
    axes = narrow.plot.shares("branch").axes[0]
    drawn = sorted(pd.concat([run.ranges("branch")["central"] for run in (base, narrow)]) / 1e3)
    assert lengths(axes) == pytest.approx(drawn)


def test_what_is_not_sent_is_hatched_in_red(short):
    axes = short.plot.shares().axes[0]
    hatched = [p for p in axes.patches if p.get_hatch()]
    assert max(p.get_width() for p in hatched) == pytest.approx(short.unmet()["unmet"].sum() / 1e3)
    assert {mpl.colors.to_hex(p.get_edgecolor()).upper() for p in hatched} == {style.RED}


def test_bars_of_change_are_the_differences(narrow, base):
    change = corridors.compare(base, narrow).flows("branch")["difference_teu_per_year"] / 1e3
    assert lengths(narrow.plot.change("branch").axes[0]) == pytest.approx(sorted(change[change.abs() >= 1e-3]))


def test_bars_of_capacities_are_their_utilisation_and_full_ones_are_red(narrow, base):
    figure = narrow.plot.bottlenecks(0.1)
    table = narrow.bottlenecks(0.0)
    before = base.bottlenecks(0.0).set_index("element")["utilisation"]
    kept = table[(table["utilisation"] >= 0.1) | (table["element"].map(before) >= 0.1)]
    assert lengths(figure.axes[0]) == pytest.approx(sorted(100 * kept["utilisation"]))
    red = [p for p in figure.axes[0].patches if mpl.colors.to_hex(p.get_facecolor()).upper() == style.RED]
    assert [p.get_width() for p in red] == pytest.approx([100.0])
    worth = kept["worth_usd_per_teu"].max()
    assert f"one more TEU a year is worth {worth:,.0f} USD" in " ".join(words(figure))


def test_bars_of_emissions_are_kilotonnes(narrow, base):
    tonnes = [run.emissions()["tco2e_per_year"].iloc[0] for run in (base, narrow)]
    assert lengths(narrow.plot.emissions().axes[0]) == pytest.approx(sorted(t / 1e3 for t in tonnes))


def test_the_chart_of_time_and_cost_is_that_of_the_routes(narrow):
    legs = narrow.tcd("Almaty", "Baku", 2025)
    figure = drawing(narrow, "tcd")
    ends = {round(float(line.get_ydata()[-1]), 6) for line in figure.axes[0].lines}
    for corridor, part in legs.groupby("corridor"):
        assert round(float(part["h_cum"].iloc[-1]) / 24, 6) in ends, corridor
    assert figure.axes[1].get_ylabel() == "USD per TEU, cumulative"


def test_drivers_are_the_ends_of_what_was_varied(narrow, base):
    found = corridors.compare(base, narrow)
    table = found.drivers()
    assert table.equals(found.drivers(2025)) and len(table) >= 1
    by, way = table.loc[0, ["by", "way"]]
    assert by == "branch", "the only family carries what it carried before"
    values = found.varied(by).loc[(2025, way)]
    change = found.flows(by).loc[(2025, way), "difference_teu_per_year"]
    assert table["central"].tolist() == pytest.approx([change] * len(table), rel=1e-6)
    for row in table.itertuples():
        assert row.low == pytest.approx(values[row.at_low]) and row.high == pytest.approx(values[row.at_high])
    assert table["width"].is_monotonic_decreasing
    axes = narrow.plot.drivers().axes[0]
    reached = [x + width for x, width, _ in bars(axes)]
    assert max(reached) == pytest.approx(max(table["high"].max(), change) / 1e3)
    assert min(reached) == pytest.approx(min(table["low"].min(), change) / 1e3)


def test_low_and_high_of_an_assumption_are_one_row(narrow):
    table = narrow.drivers()
    assert table["assumption"].is_unique
    pairs = table.set_index("assumption").loc["what an hour less is worth", ["at_low", "at_high"]]
    assert sorted(pairs) == ["time 0.5", "time 2"]


# -- ribbons


def ribbons(figure):
    """Return the heights of ribbons at their left and right ends."""
    found = [p.get_path().vertices[:, 1] for p in figure.axes[0].patches if isinstance(p, PathPatch)]
    return [(y[0] - y[7], y[3] - y[4]) for y in found]


def test_ribbons_are_as_wide_as_what_moved_and_conserve_it(narrow, base):
    moved = corridors.compare(base, narrow).moved("branch")["teu_per_year"]
    figure = narrow.plot.sankey()
    heights = ribbons(figure)
    assert all(left == pytest.approx(right) for left, right in heights)
    assert sorted(left for left, _ in heights) == pytest.approx(sorted(moved[moved >= 1]))
    heads = [text for text in words(figure) if text.startswith(("lose ", "gain "))]
    assert len(heads) == 2 and heads[0].split()[1:] == heads[1].split()[1:]


def test_one_ribbon_is_enough_and_what_is_not_sent_is_red(short):
    figure = short.plot.sankey()
    (left, right), *others = ribbons(figure)
    assert not others and left == pytest.approx(right) == pytest.approx(short.unmet()["unmet"].sum())
    patch = next(p for p in figure.axes[0].patches if isinstance(p, PathPatch))
    assert patch.get_hatch() and mpl.colors.to_hex(patch.get_edgecolor()).upper() == style.RED


@pytest.mark.parametrize("most", [4, 12])
def test_small_ribbons_go_together_and_nothing_is_lost(narrow, base, most):
    found = corridors.compare(base, narrow)
    table = shifts(found, most=most)
    moved = found.moved(table["by"].iloc[0])["teu_per_year"]
    assert len(table) <= most < len(moved) or most == 12
    assert table["value"].sum() == pytest.approx(moved[moved >= 1].sum())
    first, second, left_out = journeys(base, most=most)
    assert left_out == 0 and first["value"].sum() == pytest.approx(second["value"].sum())
    assert first.groupby("target")["value"].sum().to_dict() == pytest.approx(
        second.groupby("source")["value"].sum().to_dict()
    )
    assert first["value"].sum() == pytest.approx(base.tables["demand"]["teu_per_year"].sum(), rel=1e-4)


def test_twelve_ribbons_at_most_stand_between_two_columns(base, tmp_path):
    first, second, _ = journeys(base)
    figure = base.plot.sankey()
    assert len(ribbons(figure)) == len(first) + len(second) <= 24
    inside(figure)


def test_bulk_is_in_tonnes(narrow, base):
    def heavy(run):
        tables = dict(run.tables)
        for name in ("routes", "ranges", "demand"):
            table = tables[name]
            tables[name] = table.assign(quantity=14 * table["teu_per_year"])
            tables[name] = tables[name].assign(unit="t") if "unit" in table else tables[name]
        return dataclasses.replace(run, tables=tables, against=None)

    before, after = heavy(base), heavy(narrow)
    found = RunPlots(after, before)
    light = sorted(left for left, _ in ribbons(narrow.plot.sankey()))
    heights = sorted(left for left, _ in ribbons(found.sankey()))
    assert heights[-len(light) :] == pytest.approx([14 * height for height in light])
    for figure in (
        found.sankey(),
        found.shares("branch"),
        found.change("branch"),
        found.drivers(),
        before.plot.sankey(),
    ):
        said = " ".join(words(figure))
        assert re.search(r"\bt (a year|in 2025)", said) and "TEU" not in said


# -- gas


def test_bars_of_a_balance_sum_to_the_demand(cold):
    table = balance(cold)
    demand = cold.unmet().xs(2026, level="year")["demand_gwh"] / 1e3
    pd.testing.assert_series_equal(table.sum(axis=1).sort_index(), demand.sort_index(), check_names=False, rtol=1e-6)
    axes = cold.plot.balance().axes[0]
    row = list(table.index).index("TR")
    mine = [(x, width) for x, width, y in bars(axes) if y == pytest.approx(row)]
    assert sum(width for _, width in mine) == pytest.approx(demand["TR"])
    assert max(x + width for x, width in mine) == pytest.approx(demand["TR"])
    hatched = [p.get_width() for p in axes.patches if p.get_hatch()]
    assert max(hatched) == pytest.approx(0.1 * demand["TR"])


def test_who_is_short_is_told_by_both_rules(cold):
    axes = cold.plot.unmet().axes[0]
    assert lengths(axes) == pytest.approx([0, 5, 10, 10])
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Türkiye", "Bulgaria"]


def test_steps_of_measures_are_what_they_give_at_their_price(gas):
    table = gas.measures()
    drawn = [(p.get_x(), p.get_width(), p.get_height()) for p in gas.plot.measures().axes[0].patches]
    steps = table[table["gwh"] > 0]
    wanted = zip(steps["cumulative_gwh"] - steps["gwh"], steps["gwh"], steps["usd_per_mwh"], strict=True)
    np.testing.assert_allclose(sorted(drawn), sorted(wanted))


def test_points_of_prices_are_those_of_the_countries(gas):
    axes = gas.plot.prices().axes[0]
    prices = gas.unmet()["usd_per_mwh"].sort_values(ascending=False).to_numpy()
    drawn = next(line for line in axes.lines if line.get_marker() == "o").get_xdata()
    shown = drawn > axes.get_xlim()[0]
    near = np.isclose(drawn, prices)
    assert near.sum() >= len(prices) - 2 and shown.all()
    off = [text for text in words(axes.figure) if "off the scale" in text]
    assert len(off) == (~near).sum(), "what is drawn elsewhere is said"


# -- schedules and back-tests


@pytest.mark.parametrize("holds", [300.0, 250.0])
def test_a_line_that_is_used_up_is_red(holds, tmp_path):
    years = [2027, 2028, 2029, 2030]
    rows = {"starts": [2027, 2028], "opens": [2029, 2030], "paid_m": [100.0, 150.0], "line": ["eu.rail", "eu.rail"]}
    table = pd.DataFrame(rows, index=pd.Index(["a", EVIL[:300]], name="project"))
    spent = pd.DataFrame({"eu.rail": [50.0, 125.0, 75.0]}, index=years[:3])
    available = pd.DataFrame({"eu.rail": [holds] * 4}, index=years)
    found = SimpleNamespace(
        title=EVIL, currency="EUR", price_year=2025, candidates=[], central=SimpleNamespace(rate=0.03),
        scenario=SimpleNamespace(name="test"),
    )  # fmt: skip
    figure = schedule_chart(found, Timing("optimal", table, spent, available, 12.0, 12.0))
    inside(figure)
    save_figure(tmp_path / "x.svg", lambda: figure)
    gantt, money = figure.axes
    assert [(p.get_x(), p.get_width()) for p in gantt.patches] == [(2027, 2), (2028, 2)]
    tops = {round(p.get_x() - 0.1): p.get_y() + p.get_height() for p in money.patches}
    assert tops == pytest.approx({2027: 50, 2028: 175, 2029: 250, 2030: 250})
    red = {
        round(p.get_x() + 0.4 - 0.5) for p in money.patches if mpl.colors.to_hex(p.get_facecolor()).upper() == style.RED
    }
    assert red == ({2029, 2030} if holds == 250 else set())
    empty = Timing("infeasible", table.assign(starts=np.nan, opens=np.nan), spent, available, 0.0, 0.0)
    with pytest.raises(DataError, match="nothing is built"):
        schedule_chart(found, empty)


def test_a_backtest_shows_the_model_beside_naive_forecasts(tmp_path):
    rows = [
        ("By rail, 2022", 2022, 0.1, 0.5, 20.0, True),
        (EVIL, 2024, -0.2, -0.9, -1.0, True),
        ("A queue", 2025, 0.0, None, None, False),
    ]
    columns = ["title", "year", "error", "last_year_error", "cheapest_error", "counted"]
    table = pd.DataFrame(rows, columns=columns, index=["a", "b", "c"])
    figure = Backtest(table, (2019, 2021)).plot()
    inside(figure)
    save_figure(tmp_path / "x.svg", lambda: figure)
    counted, other = figure.axes
    drawn = [list(line.get_xdata()) for line in counted.lines if line.get_linestyle() == "None"]
    assert drawn == [pytest.approx([10, -20]), pytest.approx([50, -90]), pytest.approx([2000, -100])]
    assert len(other.get_yticklabels()) == 1 and any("model 15 %" in text for text in words(figure))
    with pytest.raises(DataError, match="no cases"):
        Backtest(table.iloc[:0], (2019,)).plot()


# -- the house style


def warn():
    warnings.warn("Glyph 128642 (\\N{STEAM LOCOMOTIVE}) missing from font(s) DejaVu Sans.", stacklevel=1)
    warnings.warn("Tight layout not applied.", stacklevel=1)


def test_only_missing_letters_are_drawn_without_a_warning():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        with style.quiet_glyphs():
            warn()
    assert [str(w.message) for w in found] == ["Tight layout not applied."]


@pytest.mark.parametrize(
    ("text", "width", "said"),
    [
        ("Kars", 4, "Kars"),
        ("Baku to Tbilisi to Kars", 17, "Baku to Tbilisi…"),
        ("x" * 99, 5, "xxxx…"),
        ("中文中文", 5, "中…"),
        ("a\nb\t c\u202e\x07", 9, "a b c"),
        (7, 3, "7"),
    ],
)
def test_long_texts_are_cut_at_words(text, width, said):
    assert style.short(text, width) == said


@pytest.mark.parametrize("places", [[], [1.0], [0.0, 0.1, 5.0], [3.0, 1.0, 2.9, 3.1], [2.0] * 5])
def test_labels_are_moved_apart_in_order(places):
    found = style.apart(places, 1.0)
    order = np.argsort(places, kind="stable")
    assert (np.diff(np.array(found)[order]) >= 1 - 1e-9).all() if len(places) > 1 else found == places
    assert np.mean(found or [0]) == pytest.approx(np.mean(places or [0])), "as little as can be"


def test_a_short_log_axis_has_plain_numbers():
    figure = style.new_figure(4, 3)
    axes = figure.subplots()
    axes.bar([1, 2], [0.25, 0.8])
    axes.set_yscale("log")
    style.plain_ticks(axes.yaxis)
    figure.canvas.draw()
    assert {"0.3", "0.6"} <= {text.get_text() for text in axes.yaxis.get_minorticklabels()}


def test_a_legend_has_as_many_columns_as_its_titles_fit_in():
    assert style.columns_that_fit(["short"] * 6, 3, 60) == 3
    assert style.columns_that_fit(["a title of twenty let"] * 6, 3, 62) == 2
    assert style.columns_that_fit(["a title that fills the whole of a line by itself"] * 2, 3, 60) == 1
