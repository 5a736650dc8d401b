"""The report, opened in a real browser: complete, offline, safe, readable, without a script and on paper too."""

import csv
import io
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

import corridors
from corridors.reporting.common import changes
from corridors.reporting.document import Column, Report, Table
from corridors.reporting.freight_report import freight_report
from corridors.reporting.page import html
from networks import DataError

from .browser import PHONE, WIDE, browser

EVIL = "</script><script>window.hacked=1</script><img src=x onerror=window.hacked=1>\"'&amp; 🚂 שלום مرحبا $x^2$ _a_ "
LONG = EVIL + "word " * 2000
MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def page(folder):
    with browser(folder) as found:
        yield found


@pytest.fixture(scope="module")
def freight():
    return corridors.run("russia-closed")


@pytest.fixture(scope="module")
def gas():
    return corridors.run("gas-iran-cut")


@pytest.fixture(scope="module")
def frontier():
    base = corridors.load("eu-package", set={"study.markets": ["caspian"], "study.years": [2030]})
    chosen = {"decision": "choose", "package": "samarkand-2025", "line": "transport"}
    papers = {
        "title": "Digital papers",
        "cost": "40 mn EUR",
        "kind": "soft",
        "where": {"corridor": "middle"},
        "effect": {"time": "-24 h"},
        **chosen,
    }
    changes = {"investments.projects.papers": papers, "investments.projects.almaty-bypass": {"decision": "choose"}}
    return corridors.frontier(base.with_({"study.currency": "EUR", "name": "test", **changes}), vary=False)


@pytest.fixture(scope="module")
def reports(folder, freight, gas, frontier):
    """Return a report of each kind."""
    made = {"freight": freight, "gas": gas, "investment": frontier}
    return {kind: found.report(folder / f"{kind}.html") for kind, found in made.items()}


KINDS = ("freight", "gas", "investment")
SECTIONS = {
    "freight": {"map", "routes", "shares", "diversion", "bottlenecks", "unmet", "emissions", "inputs"},
    "gas": {"map", "balance", "unmet", "lines", "measures", "security", "emissions", "inputs"},
    "investment": {"frontier", "schedule", "appraisal", "inputs"},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_it_opens_offline_and_every_section_renders(page, reports, kind, width):
    assert reports[kind].stat().st_size < MOST_BYTES
    page.open(reports[kind], width)
    assert page.requests() == []
    shown = {s.get_attribute("id"): s for s in page.every("main > section")}
    assert {"answer", "limits", "grades"} | SECTIONS[kind] <= set(shown)
    for name, section in shown.items():
        assert section.is_displayed() and section.size["height"] > 60 and len(section.text) > 20, name
    drawings = page.every(".chart svg, svg.map")
    assert len(drawings) >= 2 and all(d.size["height"] > 100 for d in drawings)
    assert page.run("return document.documentElement.scrollWidth") <= width
    assert page.errors() == []


CELLS = "return [...document.querySelectorAll(arguments[0])].map((r) => [...r.cells].map((c) => c.textContent))"
CUT = """
return [...document.querySelectorAll('.chart svg')].flatMap((svg) => {
  const frame = svg.getBoundingClientRect();
  return [...svg.querySelectorAll('text')].filter((text) => {
    const box = text.getBoundingClientRect();
    const wide = Math.max(frame.left - box.left, box.right - frame.right);
    return text.textContent.trim() && Math.max(wide, frame.top - box.top, box.bottom - frame.bottom) > 4;
  }).map((text) => [svg.closest('figure').id, text.textContent]);
});
"""


@pytest.mark.parametrize("kind", KINDS)
def test_no_words_of_a_chart_are_cut(page, reports, kind):
    page.open(reports[kind])
    assert page.run(CUT) == []


@pytest.mark.parametrize("kind", KINDS)
def test_ids_are_unique_and_links_lead_somewhere(reports, kind):
    text = reports[kind].read_text(encoding="utf-8")
    text = re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.DOTALL)
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)
    assert not re.findall(r"""(?:src|@import|url\()\s*=?\s*["']?(?:https?:)?//""", text)


def test_the_answer_comes_first_with_its_counterfactual(page, reports, freight):
    page.open(reports["freight"])
    assert page.one("h1").text == freight.title
    assert page.one(".question").text == " ".join(freight.record["question"].split())
    assert page.one(".headline").text.rstrip(".") in freight.answer.replace("the Northern", "The Northern")
    rows = page.run(CELLS, "#fig-flows tbody tr")
    now, before = (found.flows().loc[(2026, "middle"), "teu_per_year"] for found in (freight, freight.against))
    middle = next(row for row in rows if row[0] == "Middle Corridor")
    shares = page.run(CELLS, "#fig-share-table tbody tr")
    northern = next(row for row in shares if row[0].startswith("Northern"))
    assert northern[1] == "0" and sum(float(row[2].rstrip("%")) for row in shares) == pytest.approx(100, abs=0.05)
    assert middle[1:4] == [f"{before:,.0f}", f"{now:,.0f}", f"{now - before:+,.0f}"]


def test_corridors_add_up_to_what_goes_and_changes_are_told_with_their_days(freight):
    report = freight_report(freight)
    blocks = [block for section in report.annexes for block in section.blocks]
    table = next(block for block in blocks if getattr(block, "name", "") == "corridor-table").frame
    sent = freight.flows().drop(["unmet", "not shipped"], level="family", errors="ignore")
    assert table["teu_per_year"].sum() == pytest.approx(sent["teu_per_year"].sum(), rel=1e-6)
    said = "Transit through Russia and Belarus closed (country RU, BY, mode rail, road; bans transit; from 2026-01, to"
    assert any(said in point for point in report.points)
    assert sum(point.startswith("What is set: ") for point in report.points) == 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("iran-closed", "(country IR, place Strait of Hormuz; "),
        ("caspian-storms", "; use closed; for 5 days; probability 4 times/yr"),
    ],
)
def test_what_is_set_is_told_whole(name, said):
    assert said in changes(corridors.run(name, against=False, cache=True))[0]


def test_tables_sort_and_show_more(page, reports):
    page.open(reports["freight"])
    table = "#fig-routes"
    shown = [row for row in page.every(f"{table} tbody tr") if row.is_displayed()]
    assert len(shown) == 10
    page.one(f"{table} .more").click()
    rows = page.every(f"{table} tbody tr")
    assert len(rows) > 10 and all(row.is_displayed() for row in rows)
    heads = page.every(f"{table} thead th")
    days = next(n for n, head in enumerate(heads) if head.text == "days")
    for order, word in ((True, "descending"), (False, "ascending")):
        heads[days].find_element("css selector", "button").click()
        assert heads[days].get_attribute("aria-sort") == word
        script = (
            "return [...document.querySelectorAll(arguments[0])].map((r) => Number(r.cells[arguments[1]].dataset.v))"
        )
        values = page.run(script, f"{table} tbody tr", days)
        assert values == sorted(values, reverse=order) and len(set(values)) > 1


def test_data_and_figures_can_be_taken_away(page, reports, folder, freight):
    page.open(reports["freight"])
    page.one("#fig-bottleneck-table button[data-csv]").click()
    page.one("#fig-change button[data-svg]").click()
    page.one("#fig-map button[data-svg]").click()
    wanted = [folder / "bottleneck-table.csv", folder / "change.svg", folder / "map.svg"]
    until = time.monotonic() + 10
    while time.monotonic() < until and not all(file.exists() for file in wanted):
        time.sleep(0.1)
    taken = pd.read_csv(wanted[0])
    own = freight.bottlenecks(0.3)
    assert list(taken["element"]) == list(own["element"])
    assert taken["utilisation"].to_numpy() == pytest.approx(own["utilisation"].to_numpy(), rel=1e-9)
    for file in wanted[1:]:
        root = ET.fromstring(file.read_text(encoding="utf-8"))
        assert root.tag.endswith("}svg") and float(root.get("width")) > 100
    words = [" ".join(ET.parse(file).getroot().itertext()) for file in wanted[1:]]
    assert "What each way gains and loses" in words[0]
    assert "OpenStreetMap" in words[1] and "imply no opinion" in words[1] and "Middle Corridor" in words[1]


def test_the_map_zooms_switches_and_tells(page, reports):
    from selenium.webdriver.common.action_chains import ActionChains

    page.open(reports["freight"])
    svg = page.one("#fig-map svg.map")
    before = svg.get_dom_attribute("viewBox")
    next(b for b in page.every("#fig-map button") if b.text == "+").click()
    assert svg.get_dom_attribute("viewBox") != before

    def visible():
        script = (
            "return [...document.querySelectorAll('#fig-map svg.map path, #fig-map svg.map use')]"
            ".filter((p) => p.checkVisibility({checkOpacity: true, checkVisibilityCSS: true})).length"
        )
        return page.run(script)

    counts = []
    for radio in page.every("#fig-map input[type=radio]"):
        page.run("arguments[0].click()", radio)
        counts.append(visible())
    assert len(set(counts)) > 1
    boxes = page.every("#fig-map .map-legend input[type=checkbox], #fig-map input[type=checkbox][data-group]")
    assert len(boxes) >= 3
    all_ = visible()
    page.run("arguments[0].click()", boxes[1])
    assert visible() < all_
    page.run("arguments[0].click()", boxes[1])
    assert visible() == all_
    lines = [line for line in page.every("#fig-map svg.map [data-line]") if line.is_displayed()]
    page.run("arguments[0].scrollIntoView({block: 'center'})", svg)
    for line in lines[:: max(len(lines) // 25, 1)]:
        ActionChains(page.driver).move_to_element(line).perform()
        told = [t.text for t in page.every("#fig-map .map-tip") if t.is_displayed()]
        if told and told[0].strip():
            break
    assert told and "TEU" in told[0]
    assert page.errors() == []


def test_light_and_dark_both_have_contrast(page, reports):
    page.open(reports["freight"])
    seen = set()
    for _ in range(2):
        page.one("#theme").click()
        colours = page.run(
            "const c = (s, p) => getComputedStyle(document.querySelector(s))[p];"
            "return [c('body', 'backgroundColor'), c('body', 'color'), c('.note', 'color'), c('nav a', 'color'),"
            " c('.chart svg text', 'fill')]"
        )
        seen.add(colours[0])
        words = page.run(
            "return [...document.querySelectorAll('#fig-tcd svg text')].map((t) => getComputedStyle(t).fill)"
        )
        assert len(set(words)) > 2 and all(contrast(colours[0], colour) >= 4.5 for colour in words), set(words)
        assert all(contrast(colours[0], colour) >= 4.5 for colour in colours[1:]), colours
    assert len(seen) == 2


def contrast(one, other):
    """Return the contrast of two colours, as WCAG 2 has it."""

    def light(colour):
        parts = [int(x) / 255 for x in re.findall(r"\d+", colour)[:3]]
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_without_a_script_all_is_there(page, reports):
    page.open(reports["freight"], scripts=False)
    rows = page.every("#fig-routes tbody tr")
    assert len(rows) > 10 and all(row.is_displayed() for row in rows)
    assert all(s.size["height"] > 60 for s in page.every("main > section"))
    assert not page.one("#theme").is_displayed()
    page.open(reports["freight"])


def test_it_prints_on_a4_in_few_pages(page, reports):
    page.open(reports["freight"])
    paper = page.pdf()
    assert paper.startswith(b"%PDF")
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 16
    sizes = {tuple(round(float(x)) for x in box.split()[2:]) for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", paper)}
    assert sizes == {(595, 842)}


def test_the_keyboard_reaches_everything(page, reports):
    page.open(reports["gas"])
    page.run("document.activeElement.blur()")
    from selenium.webdriver.common.keys import Keys

    named = (
        "const e = document.activeElement; return [e.tagName, e.textContent.trim() || e.getAttribute('aria-label')"
        " || e.getAttribute('aria-labelledby') || e.name]"
    )
    seen = []
    for _ in range(40):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        seen.append(page.run(named))
    assert seen[0][1] == "To the answer"
    assert {"A", "BUTTON"} <= {tag for tag, _ in seen}
    assert all(name for _, name in seen)
    unnamed = page.run(
        "return [...document.querySelectorAll('button, a, input, svg[role=img]')].filter((e) => !(e.textContent.trim()"
        " || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || (e.labels && e.labels.length)))"
    )
    assert unnamed == []


# -- hostile text


def test_names_of_any_kind_are_text(page, folder):
    scenario = corridors.load("poland-border").with_(
        {
            "name": LONG[:9_900],
            "title": LONG,
            "question": EVIL,
            "study.markets": ["caspian"],
            "disruptions.poland-belarus.title": LONG,
        }
    )
    run = corridors.run(scenario)
    file = run.report(folder / "evil.html")
    page.open(file)
    assert page.errors() == [] and page.requests() == []
    assert page.run("return window.hacked") is None
    assert page.run("return document.querySelectorAll('img, iframe, object').length") == 0
    assert page.one(".question").text == " ".join(EVIL.split())
    body = page.run("return document.body.textContent")
    assert " ".join(LONG.split()) in " ".join(body.split())
    assert page.run("return document.documentElement.scrollWidth") <= WIDE
    assert page.run(CUT) == []


def test_a_table_of_any_text_is_text_also_as_csv(page, folder):
    frame = pd.DataFrame({"name": [EVIL, "=1+1", "@a", "-2+3", "plain"], "value": [1.5, float("nan"), -2.0, 1e9, 0.0]})
    columns = [Column("name", EVIL), Column("value", "value", ",.1f")]
    report = Report("test", "t", "", "h", [], table=Table(EVIL, EVIL, frame, columns))
    file = folder / "table.html"
    file.write_text(html(report), encoding="utf-8")
    page.open(file)
    assert page.run("return window.hacked") is None and page.errors() == []
    cells = page.run(CELLS, "tbody tr")
    assert [row[0] for row in cells] == list(frame["name"])
    assert [row[1] for row in cells] == ["1.5", "", "−2.0", "1,000,000,000.0", "0.0"]
    text = page.run("return JSON.parse(document.querySelector('script[type=\"application/json\"]').textContent)")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1][0] == EVIL and [row[0] for row in rows[2:5]] == ["'=1+1", "'@a", "'-2+3"]


# -- the command


def test_the_same_run_gives_the_same_page(folder, gas):
    one, other = (gas.report(folder / f"{name}.html").read_bytes() for name in ("one", "other"))
    assert one == other


def test_results_of_one_kind_keep_their_own_names_and_data(folder, freight, frontier):
    """Both the run and the frontier have a table of switching values, and a recovery may come twice."""
    room = corridors.room_profile(40, 5, 10.0, 120.0)
    twice = [corridors.recover(100.0, room, turn_days=days) for days in (5.0, 30.0)]
    text = freight.report(folder / "more.html", frontier, *twice).read_text(encoding="utf-8")
    found = re.findall(
        r'<script type="application/json" id="data-(fig-(?:switching|recovery-chart)[^"]*)">(.*?)</script>', text
    )
    assert [name for name, _ in found] == [
        "fig-switching",
        "fig-switching-2",
        "fig-recovery-chart",
        "fig-recovery-chart-2",
    ]
    assert len({data for _, data in found}) == 4
    ids = re.findall(r'\sid="([^"]+)"', re.sub(r'<script type="application/json".*?</script>', "", text, flags=re.S))
    assert {"recovery", "recovery-2"} <= set(ids)
    assert not [name for name in ids if ids.count(name) > 1 and not name.startswith("data-")]


def test_a_comparison_is_reported_and_more_is_appended(folder, freight):
    room = corridors.room_profile(40, 5, 10.0, 120.0)
    recovery = corridors.recover(100.0, room, turn_days=30.0)
    found = corridors.Comparison(freight.against, freight)
    text = found.report(folder / "pair.html", recovery).read_text(encoding="utf-8")
    assert recovery.answer in text and 'id="recovery"' in text
    assert freight.against.title in text


@pytest.mark.parametrize(
    ("name", "says"),
    [("r.pdf", "ends in .html"), ("none/r.html", "does not exist")],
)
def test_a_wrong_path_is_told_before_anything_is_drawn(folder, gas, name, says):
    with pytest.raises(DataError, match=says):
        gas.report(folder / name)


def cli(*words, cwd):
    return subprocess.run(
        [sys.executable, "-m", "corridors", *words], capture_output=True, text=True, cwd=cwd, check=False
    )


def test_the_command_writes_a_report_of_a_saved_run(folder, gas, monkeypatch):
    gas.save(folder / "saved")
    monkeypatch.delenv("DISPLAY", raising=False)
    done = cli("report", "saved", "--out", "cli.html", "--xlsx", "cli.xlsx", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "cli.html" in done.stdout and (folder / "cli.xlsx").stat().st_size > 5_000
    text = (folder / "cli.html").read_text(encoding="utf-8")
    assert gas.title in text and "corridors report saved --out cli.html" in text
    told = cli("open", "cli.html", cwd=folder)
    assert told.returncode == 0 and (folder / "cli.html").as_uri() in told.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["report", "saved", "--with", "criticalty"], "nearest: criticality"),
        (["report", "saved", "--out", "r.txt"], "ends in .html"),
        (["report", "nothing-like-it"], "nothing-like-it"),
        (["open", "none.html"], "is no file"),
    ],
)
def test_a_mistake_ends_in_one_message(folder, words, says):
    done = cli(*words, cwd=folder)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr
