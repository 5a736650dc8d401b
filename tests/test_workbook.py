"""The workbook holds the numbers of the report, text stays text, and the sources and grades are those really used."""

import csv
import dataclasses
import math
import re
import zipfile

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corridors
import seeds
from corridors.files import XLSX, checked_path
from corridors.reporting import workbook
from corridors.reporting.document import Column, Table
from corridors.reporting.reports import document_of
from corridors.reporting.sources import grades_of, sources_of
from corridors.reporting.workbook import write_workbook
from corridors.reporting.xlsx import Sheet, number_format, sheet_names, xlsx
from networks import DataError

HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    " =HYPERLINK(0)",
    "<script>alert('x')</script> &amp; \"q\"",
    "🚂 שלום مرحبا ‮ reversed",
    "tab\tand\nline",
    "#N/A",
    "TRUE",
    "0012",
    "1e5",
    "_x0041_ is no A",
]
GRADES = ["A", "B", "C", "EST"]


def seed_rows(name):
    with seeds.table_path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def ids_of(cell):
    return {word.strip() for word in cell.split(";") if word.strip()}


@pytest.fixture(scope="module")
def small():
    return corridors.load("poland-border").with_({"study.markets": ["caspian"]})


@pytest.fixture(scope="module")
def runs(small):
    return {"freight": corridors.run(small, ranges=False), "gas": corridors.run("gas-iran-cut")}


@pytest.fixture(scope="module")
def made(runs, tmp_path_factory):
    """Return the report and the workbook of each run."""
    folder, found = tmp_path_factory.mktemp("workbooks"), {}
    with pytest.MonkeyPatch.context() as patch:
        for kind, run in runs.items():
            report = document_of(run)
            patch.setattr(workbook, "document_of", lambda *_, report=report, **__: report)
            found[kind] = report, run.to_excel(folder / f"{kind}.xlsx")
    return found


@pytest.fixture(scope="module")
def books(made):
    return {kind: openpyxl.load_workbook(file) for kind, (_, file) in made.items()}


@pytest.fixture(scope="module")
def behind(runs):
    """Return the sources and the grades of each run."""
    return {kind: (sources_of(run), grades_of(run)) for kind, run in runs.items()}


def grid(sheet):
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def told(book):
    """Return the rows of the first sheet by what they tell."""
    return {row[0]: row[1] for row in grid(book["answer"]) if row[0]}


def same(read, held):
    """Say whether a cell that was read is what a frame holds."""
    if isinstance(held, float):
        return read == pytest.approx(held, rel=1e-14) if math.isfinite(held) else read is None
    if isinstance(held, tuple | list):
        held = ", ".join(map(str, held))
    return read == held or (held == "" and read is None)


@pytest.mark.parametrize("kind", ["freight", "gas"])
def test_every_table_of_the_report_stands_whole_in_a_sheet(kind, made, books):
    book, report = books[kind], made[kind][0]
    blocks = [report.table, *report.switching, *(b for s in report.annexes if s.name != "inputs" for b in s.blocks)]
    tables = [block for block in blocks if isinstance(block, Table)]
    assert len(tables) >= 5
    for table in tables:
        rows = grid(book[table.name])
        assert len(rows) == len(table.frame) + 1
        assert rows[0][: len(table.columns)] == [column.head for column in table.columns]
        shown = [column.name for column in table.columns]
        rest = [name for name in table.frame.columns if name not in shown]
        assert all(head.startswith(name) for head, name in zip(rows[0][len(shown) :], rest, strict=True))
        assert len(set(rows[0])) == len(rows[0])
        for row, held in zip(rows[1:], table.frame[[*shown, *rest]].itertuples(index=False), strict=True):
            assert all(same(a, b) for a, b in zip(row, held, strict=True)), (table.name, row, held)
        sheet = book[table.name]
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref.startswith("A1:")


@pytest.mark.parametrize("kind", ["freight", "gas"])
def test_what_charts_and_maps_show_beside_is_there_and_nothing_twice(kind, made, books):
    report = made[kind][0]
    blocks = [report.table, report.chart, *report.switching, *(b for s in report.annexes for b in s.blocks)]
    frames = {b.name: b.frame for b in blocks if getattr(b, "frame", None) is not None}
    sheets = {name: grid(books[kind][name]) for name in books[kind].sheetnames}
    assert "map" in sheets
    for name, frame in frames.items():
        held = sheets.get(name)
        assert held is None or len(held) == len(frame) + 1 or name == "inputs-rows"
    whole = [tuple(map(tuple, rows)) for rows in sheets.values()]
    assert len(set(whole)) == len(whole)


@pytest.mark.parametrize("kind", ["freight", "gas"])
def test_inputs_sources_and_grades_stand_whole_in_sheets(kind, runs, behind, books):
    sources, grades = behind[kind]
    for name, frame in (("inputs", runs[kind].tables["inputs"]), ("sources", sources), ("grades", grades)):
        rows = grid(books[kind][name])[1:]
        assert len(rows) == len(frame) > 10
        for row, held in zip(rows, frame.itertuples(index=False), strict=True):
            assert all(same(a, b) for a, b in zip(row, held, strict=True)), (name, row, held)


@pytest.mark.parametrize("kind", ["freight", "gas"])
def test_it_begins_with_the_answer_and_says_what_each_sheet_shows(kind, runs, made, books):
    book, run, report = books[kind], runs[kind], made[kind][0]
    assert book.sheetnames[0] == "answer" and book.sheetnames[-4:] == ["inputs", "sources", "grades", "about"]
    rows = told(book)
    assert rows["Title"] == run.title and rows["Question"] == run.record["question"]
    assert rows["Run hash"] == run.record["hash"] and rows["Status"] == run.status
    assert rows["Share of estimates among the figures behind"] == pytest.approx(run.record["estimates"])
    assert rows["Answer"] == report.headline and rows["Counterfactual"] == run.against.title
    assert all(rows[name] for name in book.sheetnames[1:]), "each sheet is told"
    links = [cell.hyperlink.location for row in book["answer"].iter_rows() for cell in row if cell.hyperlink]
    assert links == [f"'{name}'!A1" for name in book.sheetnames[1:]]
    about = " ".join(str(cell) for row in grid(book["about"]) for cell in row)
    for text in (*report.limits, "CC BY 4.0", "imply no opinion", run.record["made_at"], run.record["code"]):
        assert text in about


def test_what_is_unmet_is_told_by_year(runs, books):
    table = runs["gas"].tables["countries"]
    mine = table[table["sharing"] == runs["gas"].record["sharing"]]
    assert told(books["gas"])["Unmet in 2026, GWh"] == pytest.approx(mine["unmet_gwh"].sum())
    assert told(books["freight"])["Unmet or not shipped in 2025, TEU"] == 0


def test_the_same_run_gives_the_same_bytes_that_tell_when_it_was_run(runs, made, tmp_path):
    again = runs["gas"].to_excel(tmp_path / "again.xlsx")
    assert again.read_bytes() == made["gas"][1].read_bytes()
    when = runs["gas"].record["made_at"]
    assert openpyxl.load_workbook(again).properties.created.isoformat() == when[:19]
    with zipfile.ZipFile(again) as parts:
        assert {part.date_time[:3] for part in parts.infolist()} == {tuple(map(int, when[:10].split("-")))}


def test_a_comparison_has_a_workbook_too(runs, behind, tmp_path):
    gas = runs["gas"]
    pair = corridors.compare(gas.against, gas)
    rows = told(openpyxl.load_workbook(pair.to_excel(tmp_path / "pair.xlsx")))
    assert rows["Counterfactual"] == gas.against.title and rows["Title"] == gas.title
    pd.testing.assert_frame_equal(sources_of(pair), behind["gas"][0])


def test_names_of_users_are_text_whatever_they_hold(runs, tmp_path):
    long = "=1+1 \x00\x1b\x0b" + "".join(HOSTILE) + "🚂" * 40_000
    record = {**runs["gas"].record, "title": long, "question": "=1+1", "hash": HOSTILE[5]}
    run = dataclasses.replace(runs["gas"], record=record, against=None)
    file = write_workbook(tmp_path / "hostile.xlsx", run, command="@SUM(A1)")
    with zipfile.ZipFile(file) as parts:
        assert not any(re.search(rb"<f[ >]", parts.read(p)) for p in parts.namelist() if "worksheets" in p)
    sheet = openpyxl.load_workbook(file)["answer"]
    rows = {row[0].value: row[1] for row in sheet.iter_rows() if row[0].value}
    assert [rows[n].value for n in ("Question", "Run hash", "Command to repeat it")] == ["=1+1", HOSTILE[5], "@SUM(A1)"]
    assert rows["Question"].quotePrefix and rows["Question"].data_type == "s"
    assert rows["Title"].value.endswith("🚂…") and len(rows["Title"].value.encode("utf-16-le")) <= 2 * 32_767


def written(frame, tmp_path, columns=None, name="x"):
    columns = columns or [Column(name, str(name)) for name in frame.columns]
    file = tmp_path / "one.xlsx"
    file.write_bytes(xlsx([Sheet(name, frame, columns)], "one"))
    return openpyxl.load_workbook(file)[name]


def test_cells_of_text_are_never_formulas_nor_numbers(tmp_path):
    frame = pd.DataFrame({"text": HOSTILE, "=head": HOSTILE})
    for row, text in zip(list(written(frame, tmp_path).iter_rows())[1:], HOSTILE, strict=True):
        for cell in row:
            assert cell.data_type == "s" and cell.value == text.replace("_x0041_", "_x005F_x0041_")
            assert cell.quotePrefix == text.lstrip().startswith(("=", "+", "-", "@"))


def test_what_a_cell_cannot_hold_is_left_out_or_cut(tmp_path):
    texts = ["a\x00b\x07c\x1f", "lone \ud800 half", "x" * 40_000, "🚂" * 20_000, "\ufffe end", "a\r\nb\rc"]
    got = [row[0] for row in grid(written(pd.DataFrame({"t": texts}, dtype=object), tmp_path))[1:]]
    assert got[:2] == ["abc", "lone  half"] and got[4:] == [" end", "a\nb\nc"]
    assert got[2] == "x" * 32_766 + "…"
    assert got[3] == "🚂" * 16_383 + "…"


def test_numbers_keep_all_digits_and_what_is_not_finite_is_empty(tmp_path):
    frame = pd.DataFrame(
        {
            "float": [1 / 3, math.inf, -math.inf, math.nan],
            "whole": [2**40, 0, -1, 7],
            "truth": [True, False, True, False],
            "mixed": [1, "1", None, ("a", "b")],
        }
    )
    got = grid(written(frame, tmp_path))[1:]
    assert [row[0] for row in got] == [1 / 3, None, None, None]
    assert [row[1] for row in got] == [2**40, 0, -1, 7]
    assert [row[2] for row in got] == [True, False, True, False] and isinstance(got[0][2], bool)
    assert [row[3] for row in got] == [1, "1", None, "a, b"] and isinstance(got[1][3], str)


def test_an_empty_table_has_its_heads(tmp_path):
    assert grid(written(pd.DataFrame({"a": [], "b": []}), tmp_path)) == [["a", "b"]]


@pytest.mark.parametrize(
    ("values", "form", "wanted"),
    [
        ([123456.7, 2000.1], ",.0f", "#,##0"),
        ([0.0123], ",.0f", "#,##0.0000"),
        ([12.34, 1e-15], ",.1f", "#,##0.0"),
        ([12.34, 15.1], "", "#,##0.0"),
        ([0.5, 0.25], ".0%", "#,##0.0%"),
        ([1.5, -2.5], "+,.2f", "+#,##0.00;-#,##0.00;#,##0.00"),
        ([2025, 2030], "", "0"),
        ([2025, 2030], ",.0f", "#,##0"),
        ([3, 400], "", "#,##0"),
        ([3e-9, 4e-8], "", "0.00E+00"),
        ([0.0], "", "#,##0"),
        ([], "", "#,##0"),
    ],
)
def test_formats_show_the_digits_that_matter(values, form, wanted):
    assert number_format(values, form) == wanted


def test_rows_of_several_units_have_formats_of_their_own(tmp_path):
    frame = pd.DataFrame({"now": [0.0226, 1479.28], "unit": ["USD/h", "USD"]})
    sheet = written(frame, tmp_path, [Column("now", "now", ",.4g"), Column("unit", "unit")])
    assert [sheet["A2"].number_format, sheet["A3"].number_format] == ["#,##0.0000", "#,##0"]


@settings(deadline=None)
@given(st.lists(st.text(max_size=50), max_size=30))
def test_names_of_sheets_are_legal_and_unique(names):
    found = sheet_names([*names, "a/b:c*[d]?\\", "History", "x" * 40, "X" * 40, "🚂" * 40, ""])
    assert len({name.lower() for name in found}) == len(found) == len(names) + 6
    for name in found:
        assert 0 < len(name.encode("utf-16-le")) <= 62 and not re.search(r"[\[\]:*?/\\\x00-\x1f]", name)
        assert name.strip("'") == name and name.lower() != "history"
        name.encode("utf-8")


@pytest.mark.parametrize("name", ["a.xls", "a", "a.xlsm", "a.html", "nowhere/a.xlsx", ""])
def test_only_xlsx_in_a_folder_that_is_there(name, runs, tmp_path):
    with pytest.raises(DataError, match=r"\.xlsx|does not exist"):
        runs["gas"].to_excel(tmp_path / name)
    assert not list(tmp_path.iterdir())
    assert checked_path(tmp_path / "A.XLSX", XLSX, "a workbook") == tmp_path / "A.XLSX"


def test_what_was_there_stays_if_it_cannot_be_written(tmp_path):
    file = tmp_path / "a.xlsx"
    file.write_bytes(b"before")
    with pytest.raises(DataError, match="there is none"):
        write_workbook(file, object())
    assert file.read_bytes() == b"before" and list(tmp_path.iterdir()) == [file]


def test_sources_of_freight_are_those_of_its_routes(runs, behind):
    found = behind["freight"][0].set_index("source_id")
    arcs = runs["freight"].tables["arcs"]
    used = set(arcs.loc[arcs["kind"] == "link", "link_id"])
    links = [row for row in seed_rows("links") if row["link_id"] in used]
    assert len(links) == len(used) > 20
    lengths = set().union(*(ids_of(row["length_source_id"]) for row in links))
    assert lengths <= set(found.index) and found.loc[sorted(lengths), "used_for"].str.contains("lengths").all()
    assert set(found[found["used_for"].str.contains("lengths")].index) == lengths, "and of no other links"
    rates = {row["rate_id"] for row in links}
    tariffs = set().union(*(ids_of(r["tariff_source_id"]) for r in seed_rows("rates") if r["rate_id"] in rates))
    assert set(found[found["used_for"].str.contains("tariffs")].index) == tariffs
    known = {row["source_id"]: row for row in seed_rows("sources")}
    assert set(found.index) < set(known)
    assert all(
        found.at[i, "title"] == known[i]["title"] and found.at[i, "grade"] == known[i]["grade"] for i in found.index
    )
    assert found["figures"].is_monotonic_decreasing and found["figures"].min() > 0


def test_borders_and_stops_are_those_that_the_routes_pass(runs, behind):
    arcs = runs["freight"].tables["arcs"].drop_duplicates("arc")
    grades = behind["freight"][1].set_index("what")
    passed = {(a.link_id, a.to_place_id) for a in arcs[arcs["kind"] == "border"].itertuples()}
    crossed = [r for r in seed_rows("borders") if (r["link_id"], r["to_place_id"]) in passed]
    assert len(crossed) == len(passed) > 0
    assert grades.loc["hours at borders", GRADES].sum() == len(crossed)
    assert grades.loc["hours at borders", "EST"] == sum(row["hours_grade"] == "EST" for row in crossed)
    handled = arcs[arcs["kind"].isin(["load", "unload", "gauge_change", "passage"])]
    assert 0 < grades.loc["hours at stops", GRADES].sum() <= len(handled), "a usual stop counts once"


def test_sources_of_gas_are_those_of_its_pipes(runs, behind):
    gas, found = runs["gas"], behind["gas"][0].set_index("source_id")
    used = set(gas.tables["pipes"]["pipe"])
    pipes = [row for row in seed_rows("gas_pipes") if row["pipe_id"] in used]
    lengths = set().union(*(ids_of(row["length_source_id"]) for row in pipes))
    assert set(found[found["used_for"].str.contains("lengths")].index) == lengths
    assert {i for row in pipes for i in ids_of(row["capacity_source_id"])} <= set(found.index)
    countries = set(gas.tables["countries"]["country"])
    demand = [row for row in seed_rows("gas_demand") if row["country_id"] in countries]
    last = {row["place_id"]: row["year"] for row in sorted(demand, key=lambda r: r["year"]) if row["year"] <= "2026"}
    counted = behind["gas"][1].set_index("what").loc["demand", GRADES].sum()
    assert counted == sum(last.get(row["place_id"]) == row["year"] for row in demand)
    assert set(found.index) < {row["source_id"] for row in seed_rows("sources")}


@pytest.mark.parametrize("kind", ["freight", "gas"])
def test_grades_sum_to_the_figures_counted(kind, runs, behind):
    run, sources, table = runs[kind], behind[kind][0], behind[kind][1].set_index("what")
    each, whole = table.drop("all together"), table.loc["all together"]
    assert (each[GRADES].sum() == whole[GRADES]).all()
    assert whole["share_estimates"] == pytest.approx(whole["EST"] / whole[GRADES].sum())
    assert each[GRADES].sum(axis=1).is_monotonic_decreasing and each[GRADES].sum(axis=1).min() > 0
    assert sources["figures"].sum() >= whole[GRADES].sum(), "each figure has a source or more"
    if kind == "freight":
        arcs = run.tables["arcs"]
        links = set(arcs.loc[arcs["kind"] == "link", "link_id"])
        assert each.loc["lengths", GRADES].sum() == len(links)
        estimates = sum(row["length_grade"] == "EST" for row in seed_rows("links") if row["link_id"] in links)
        assert each.loc["lengths", "EST"] == estimates


def test_tables_of_ones_own_bring_their_own_sources(small, runs, behind, tmp_path):
    arcs = runs["freight"].tables["arcs"]
    mine = arcs.loc[arcs["kind"] == "link", "link_id"].iloc[0]
    for name, change in (("links", {"length_source_id": "MINE", "length_grade": "A"}), ("sources", None)):
        rows = seed_rows(name)
        rows = [{**r, **change} if r["link_id"] == mine else r for r in rows] if change else rows
        if name == "sources":
            rows.append(dict(zip(rows[0], ["MINE", "=me", "<b>survey</b>", "2026", "", "A"], strict=True)))
        with (tmp_path / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    run = corridors.run(small, folder=tmp_path, against=False, ranges=False)
    found = sources_of(run).set_index("source_id")
    assert found.loc["MINE", ["publisher", "used_for", "figures"]].tolist() == ["=me", "lengths", 1]
    assert "MINE" not in behind["freight"][0]["source_id"].tolist()


def test_what_a_scenario_cites_and_builds_is_counted():
    base = corridors.load("poland-border").with_({"study.markets": ["caspian"], "study.years": [2030]})
    built = {"record": "I02", "source": "S160; D04a", "decision": "build"}
    left = {"record": "I02", "source": "S210", "decision": "leave"}
    changes = {"investments.projects.bypass": built, "investments.projects.other": left}
    run = corridors.run(base.with_(changes), against=False, ranges=False)
    found = sources_of(run).set_index("source_id")["used_for"]
    assert "what the scenario sets" in found["S160"] and "costs of projects" in found["S155"]
    assert "what the scenario sets" not in found.get("S210", ""), "it is left out"
    assert {"growth of demand", "costs of projects"} <= set(grades_of(run)["what"])


def test_a_frontier_has_the_records_of_its_candidates_behind_it_and_money_with_its_year(tmp_path):
    base = corridors.load("eu-package", set={"study.markets": ["caspian"], "study.years": [2030]})
    papers = {
        "title": "=1+1",
        "cost": "40 mn EUR",
        "kind": "soft",
        "where": {"corridor": "middle"},
        "effect": {"time": "-24 h"},
        "decision": "choose",
        "package": "samarkand-2025",
        "line": "transport",
    }
    chosen = {"investments.projects.papers": papers, "investments.projects.almaty-bypass": {"decision": "choose"}}
    found = corridors.frontier(base.with_(chosen), vary=False)
    sources = sources_of(found).set_index("source_id")
    (record,) = [row for row in seed_rows("projects") if row["project_id"] == "I02"]
    used = sources.loc[sorted(ids_of(record["capex_source_id"])), "used_for"]
    assert used.str.contains("costs of projects").all()
    assert grades_of(found).set_index("what").loc["costs of projects", GRADES].sum() == 1, "the other is in the file"
    file = found.to_excel(tmp_path / "frontier.xlsx")
    assert found.to_excel(tmp_path / "again.xlsx").read_bytes() == file.read_bytes()
    book = openpyxl.load_workbook(file)
    assert f"paid_m, million {found.currency} of {found.price_year}" in grid(book["order"])[0]
    assert "=1+1" in [row[0] for row in grid(book["order"])]
    assert told(book)["Scenario hash"] == found.scenario.hash
    assert {row[0]: row[1] for row in grid(book["inputs"])}["investments.projects.papers.cost"] == "40 mn EUR"
