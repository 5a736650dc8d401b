"""Mistakes in tables are reported with file, row, column and value, all at once."""

from __future__ import annotations

import csv
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import networks
import seeds
from networks import DataError


@pytest.fixture
def changed(tmp_path: Path) -> Callable[..., Path]:
    """Write a copy of a table with cells changed, and return the folder.

    Cells are given as ``(row, column): value`` with rows as a spreadsheet counts them, the header being 1.
    """

    def write(name: str, cells: dict[tuple[int, str], str]) -> Path:
        rows = read(name)
        for (row, column), value in cells.items():
            rows[row - 1][rows[0].index(column)] = value
        save(tmp_path / f"{name}.csv", rows)
        return tmp_path

    return write


def read(name: str) -> list[list[str]]:
    """Return header and rows of one of the toolkit's tables."""
    with seeds.table_path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def save(path: Path, rows: list[list[str]]) -> None:
    """Write header and rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def problems_of(folder: Path) -> list[str]:
    """Return what `load_tables` complains about, after checking that the message says it."""
    with pytest.raises(DataError) as caught:
        networks.load_tables(folder)
    assert all(problem in str(caught.value) for problem in caught.value.problems[:20])
    return caught.value.problems


def one(problems: list[str]) -> str:
    """Return the only problem."""
    assert len(problems) == 1, problems
    return problems[0]


def test_toolkit_tables_are_sound() -> None:
    tables = networks.load_tables()
    assert tables.places.index.name == "place_id" and tables.links.index.name == "link_id"
    assert tables.parameter("base_year") >= 2026


# -- one mistake of each kind --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "column", "value", "says"),
    [
        ("links", "length_km", "12,5", "number"),
        ("links", "length_km", "far", "number"),
        ("links", "tracks", "1.5", "integer"),
        ("places", "lat", "95", "-90..90"),
        ("places", "lat", "-90.01", "-90..90"),
        ("places", "lon", "180.5", "-180..180"),
        ("rates", "speed_kmh", "0", "1..120"),
        ("rates", "tariff_usd_per_teu_km", "-0.1", "0.."),
        ("links", "opens_year", "20226", "1990..2100"),
        ("links", "length_km", "NaN", "number"),
        ("links", "length_km", "nan", "number"),
        ("links", "length_km", "inf", "number"),
        ("links", "length_km", "-inf", "number"),
        ("links", "length_km", "1e999", "number"),
        ("places", "place_id", "CN-XIA", "[A-Z]"),
        ("places", "locode", "CN SIA", "[A-Z]"),
    ],
)
def test_wrong_values_are_shown_with_their_cell(
    changed: Callable[..., Path], name: str, column: str, value: str, says: str
) -> None:
    row = 3
    found = [p for p in problems_of(changed(name, {(row, column): value})) if column in p.split(":")[0]]
    message = one(found)
    assert message.startswith(f"{name}.csv, row {row}, column {column}: {value!r}"), message
    assert says in message


@pytest.mark.parametrize("row", [2, 3, 40])
def test_rows_are_counted_as_a_spreadsheet_does(changed: Callable[..., Path], row: int) -> None:
    assert f"places.csv, row {row}, column lat" in one(problems_of(changed("places", {(row, "lat"): "north"})))


@pytest.mark.parametrize(
    ("name", "column", "value", "nearest"),
    [
        ("links", "mode", "raill", "rail"),
        ("links", "status", "planed", "planned"),
        ("places", "kind", "Port", "port"),
        ("links", "gauge_mm", "1436", "1435"),
        ("places", "position_grade", "EST.", "EST"),
    ],
)
def test_unknown_words_come_with_the_nearest(
    changed: Callable[..., Path], name: str, column: str, value: str, nearest: str
) -> None:
    message = one(problems_of(changed(name, {(5, column): value})))
    assert message.startswith(f"{name}.csv, row 5, column {column}: {value!r}"), message
    assert "expected one of" in message
    assert nearest in message.partition("nearest: ")[2].split(", "), message


@pytest.mark.parametrize(
    ("name", "column"),
    [("links", "length_km"), ("places", "name"), ("rates", "speed_grade"), ("links", "length_source_id")],
)
@pytest.mark.parametrize("blank", ["", "   "])
def test_missing_values_are_named(changed: Callable[..., Path], name: str, column: str, blank: str) -> None:
    message = one(problems_of(changed(name, {(7, column): blank})))
    assert message.startswith(f"{name}.csv, row 7, column {column}: is empty"), message


def test_ids_given_twice_are_named(changed: Callable[..., Path]) -> None:
    first = read("links")[1][0]
    message = one(problems_of(changed("links", {(9, "link_id"): first})))
    assert message.startswith(f"links.csv, row 9, column link_id: {first!r} stands twice"), message


@pytest.mark.parametrize(
    ("name", "column", "value", "table", "nearest"),
    [
        ("links", "from_place_id", "CN_XIAN", "places", "CN_XIA"),
        ("links", "rate_id", "rail_1525", "rates", "rail_1520"),
        ("links", "via_country_ids", "RUS", "countries", "RU"),
        ("places", "country_id", "CHN", "countries", "CN"),
        ("borders", "link_id", "CN_AKL-KZ_DOS-rial", "links", "CN_AKL-KZ_DOS-rail"),
        ("rates", "speed_source_id", "ERAI2024", "sources", "ERAI24"),
        ("borders", "from_place_id", "KZ_DOSS", "places", "KZ_DOS"),
    ],
)
def test_dangling_references_come_with_the_nearest(
    changed: Callable[..., Path], name: str, column: str, value: str, table: str, nearest: str
) -> None:
    message = one(problems_of(changed(name, {(4, column): value})))
    assert message.startswith(f"{name}.csv, row 4, column {column}: {value!r} is not in {table}.csv"), message
    assert nearest in message.partition("nearest: ")[2].split(", "), message


def test_one_bad_id_in_a_list_is_named(changed: Callable[..., Path]) -> None:
    message = one(problems_of(changed("rates", {(3, "speed_source_id"): "EST; EST-X"})))
    assert "rates.csv, row 3, column speed_source_id: 'EST-X' is not in sources.csv" in message


def test_places_taken_away_are_missed_by_the_links_of_the_toolkit(tmp_path: Path) -> None:
    rows = [row for row in read("places") if row[0] != "KZ_DOS"]
    save(tmp_path / "places.csv", rows)
    problems = problems_of(tmp_path)
    assert any(p.startswith("links.csv, row ") and "'KZ_DOS' is not in places.csv" in p for p in problems)
    assert all("KZ_DOS" in p for p in problems)


# -- columns and files -------------------------------------------------------------------------------


def test_missing_columns_are_named(tmp_path: Path) -> None:
    table = pd.DataFrame(read("places")[1:], columns=read("places")[0], dtype=str)
    table.drop(columns=["lat", "kind"]).to_csv(tmp_path / "places.csv", index=False)
    problems = problems_of(tmp_path)
    assert [p.split(": ", 1)[1] for p in problems] == ["column 'lat' is missing", "column 'kind' is missing"]
    assert all("places.csv" in p for p in problems)


def test_unknown_columns_come_with_the_nearest(tmp_path: Path) -> None:
    rows = read("links")
    rows[0][rows[0].index("electrified")] = "electrifed"
    save(tmp_path / "links.csv", rows)
    message = one(problems_of(tmp_path))
    assert "links.csv: unknown column 'electrifed'; nearest: electrified" in message


def test_optional_columns_may_be_left_out(tmp_path: Path) -> None:
    table = pd.DataFrame(read("links")[1:], columns=read("links")[0], dtype=str)
    table.drop(columns=["note", "tracks"]).to_csv(tmp_path / "links.csv", index=False)
    links = networks.load_tables(tmp_path).links
    assert (links["note"] == "").all() and links["tracks"].isna().all()


def test_files_that_are_not_utf8_are_named(tmp_path: Path) -> None:
    text = seeds.table_path("rates").read_text(encoding="utf-8")
    assert "Türkiye" in text
    (tmp_path / "rates.csv").write_bytes(text.encode("cp1252"))
    message = one(problems_of(tmp_path))
    assert "rates.csv" in message and "not UTF-8" in message


def test_files_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    """Spreadsheets write one when asked for CSV UTF-8."""
    (tmp_path / "rates.csv").write_bytes(b"\xef\xbb\xbf" + seeds.table_path("rates").read_bytes())
    assert networks.load_tables(tmp_path).rates.equals(networks.load_tables().rates)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_empty_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "places.csv").write_bytes(content)
    message = one(problems_of(tmp_path))
    assert "places.csv" in message and "not a readable CSV table" in message


@pytest.mark.parametrize("name", ["places", "links", "goods", "parameters"])
def test_tables_without_rows_are_refused_or_harmless(tmp_path: Path, name: str) -> None:
    save(tmp_path / f"{name}.csv", read(name)[:1])
    try:
        tables = networks.load_tables(tmp_path)
    except DataError as error:
        assert any(f"{name}.csv" in problem for problem in error.problems), error
    else:
        assert len(getattr(tables, name)) == 0


def test_rows_with_too_many_cells_are_named(tmp_path: Path) -> None:
    text = seeds.table_path("parameters").read_text(encoding="utf-8").rstrip("\n")
    (tmp_path / "parameters.csv").write_text(text + ",one,two,three\n", encoding="utf-8")
    message = one(problems_of(tmp_path))
    assert "parameters.csv: rows have more cells than the header" in message and "has 9 cells, the header 6" in message


def test_a_row_with_one_cell_too_many_is_not_shifted(tmp_path: Path) -> None:
    """A trailing comma on every row must not turn the first column into an index."""
    header, *rows = read("goods")
    save(tmp_path / "goods.csv", [header, *([*row, ""] for row in rows)])
    try:
        goods = networks.load_tables(tmp_path).goods
    except DataError as error:
        assert any("goods.csv" in problem for problem in error.problems)
    else:
        assert list(goods.index) == [row[0] for row in rows]


def test_rows_with_too_few_cells_are_named(tmp_path: Path) -> None:
    rows = read("parameters")
    rows[2] = rows[2][:2]
    save(tmp_path / "parameters.csv", rows)
    message = one(problems_of(tmp_path))
    assert "parameters.csv: rows have fewer cells than the header" in message
    assert "row 3 has 2 cells, the header 6" in message


def test_empty_lines_do_not_shift_the_row_numbers(tmp_path: Path) -> None:
    """A spreadsheet shows an empty line as a row."""
    rows = read("parameters")
    rows[3][rows[0].index("value")] = "many"
    save(tmp_path / "parameters.csv", [*rows[:2], [], *rows[2:]])
    assert one(problems_of(tmp_path)).startswith("parameters.csv, row 5, column value: 'many'")


def test_columns_given_twice_are_named(tmp_path: Path) -> None:
    save(tmp_path / "goods.csv", [[*row, row[1]] for row in read("goods")])
    message = one(problems_of(tmp_path))
    assert "goods.csv" in message and "title" in message


def test_folders_that_are_not_there_are_named(tmp_path: Path) -> None:
    message = one(problems_of(tmp_path / "nowhere"))
    assert "nowhere" in message and "no such folder" in message


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        networks.read_table("places", tmp_path / "none.csv")


# -- several at once, own tables ---------------------------------------------------------------------


def test_mistakes_are_reported_together(changed: Callable[..., Path]) -> None:
    changed("places", {(2, "lat"): "95", (3, "kind"): "prt", (4, "name"): ""})
    folder = changed("links", {(2, "length_km"): "x", (6, "mode"): "rial"})
    problems = problems_of(folder)
    wanted = [
        "places.csv, row 2, column lat",
        "places.csv, row 3, column kind",
        "places.csv, row 4, column name",
        "links.csv, row 2, column length_km",
        "links.csv, row 6, column mode",
    ]
    assert sorted(p.split(":")[0] for p in problems) == sorted(wanted)


def test_long_lists_are_cut_and_counted(changed: Callable[..., Path]) -> None:
    folder = changed("links", {(row, "length_km"): "?" for row in range(2, 52)})
    with pytest.raises(DataError, match="and 30 more problems") as caught:
        networks.load_tables(folder)
    assert len(caught.value.problems) == 50


def test_own_rates_are_used_with_the_rest_of_the_toolkit(changed: Callable[..., Path]) -> None:
    _, *rows = read("rates")
    row = next(i for i, r in enumerate(rows, 2) if r[0] == "rail_1520")
    tables = networks.load_tables(changed("rates", {(row, "speed_kmh"): "77"}))
    usual = networks.load_tables()
    assert tables.rates.at["rail_1520", "speed_kmh"] == 77
    for name in ("places", "links", "borders", "stops", "goods", "parameters", "countries", "sources"):
        assert getattr(tables, name).equals(getattr(usual, name)), name
    arcs = networks.build(tables).arcs
    km, hours = arcs.loc[arcs["link_id"] == "RU_OVB-RU_OMS-rail", ["km", "hours"]].iloc[0]
    assert hours == pytest.approx(km / 77)


def test_spaces_around_values_do_not_matter(changed: Callable[..., Path]) -> None:
    cells = {(2, "mode"): " rail ", (3, "length_km"): " 766 ", (4, "length_source_id"): " EST-R ; EST "}
    links = networks.load_tables(changed("links", cells)).links
    assert links["mode"].iloc[0] == "rail" and links["length_km"].iloc[1] == 766
    assert links["length_source_id"].iloc[2] == ("EST-R", "EST")


# -- property: the order of rows and columns means nothing --------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_shuffled_copies_give_the_same_rows(data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(seeds.descriptor())), label="table")
    header, *rows = read(name)
    order = data.draw(st.permutations(range(len(rows))), label="rows")
    columns = data.draw(st.permutations(range(len(header))), label="columns")
    shuffled = [[row[c] for c in columns] for row in [header, *(rows[r] for r in order)]]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "copy.csv"
        save(path, shuffled)
        copy = networks.read_table(name, path)
    wanted = networks.read_table(name).iloc[list(order)].reset_index(drop=True)
    pd.testing.assert_frame_equal(copy, wanted)


@settings(max_examples=60, deadline=None)
@given(value=st.floats(allow_nan=True, allow_infinity=True))
def test_any_number_is_read_exactly_or_refused(value: float) -> None:
    rows = read("parameters")
    row, column = 3, rows[0].index("value")
    rows[row - 1][column] = repr(value)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "parameters.csv"
        save(path, rows)
        if not math.isfinite(value):
            with pytest.raises(DataError, match=f"parameters.csv, row {row}, column value"):
                networks.read_table("parameters", path)
        else:
            assert networks.read_table("parameters", path)["value"].iloc[row - 2] == value
