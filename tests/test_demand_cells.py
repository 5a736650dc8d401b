"""Origin-destination tables of one's own: kept exactly, grown like totals, written whole, from the command line too."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import corridors
import seeds
from corridors import cli, files
from corridors.demand_cells import own_cells, read_zones, write_demand
from corridors.matrices import read_matrix
from networks import DataError

KEYS = ["origin", "destination", "goods"]
PLACES = ["CN_XIA", "KZ_ALA", "AZ_ALT", "DE_DUI"]
HEAD = "cell_id,market_id,year,origin,destination,goods,quantity,source_id,grade,derivation\n"
MARKET = "market_id,title,unit,perimeter,families\nown,Own,TEU,all of it,sea;middle\n"


@pytest.fixture
def study(tmp_path) -> Path:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "study.yaml").write_text("title: of cells\n", encoding="utf-8")
    return folder


@pytest.fixture
def command(monkeypatch, capsys):
    """Return what runs the command line and gives exit code, stdout and stderr."""

    def run(*words) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["corridors", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        out, err = capsys.readouterr()
        return left.value.code or 0, out, err

    return run


def frame(**columns) -> pd.DataFrame:
    """Return a demand such as `read_matrix` gives, with numbers that no short text has."""
    random = np.random.default_rng(7)
    pairs = [(o, d, g) for o in PLACES for d in PLACES for g in ("general", "metals") if o != d]
    quantity = random.lognormal(5, 3, len(pairs))
    table = pd.DataFrame(pairs, columns=KEYS).assign(quantity=quantity, unit="TEU")
    return table.assign(grade=random.choice(["A", "B", "C", "EST"], len(pairs)), **columns)


def write(table: pd.DataFrame, folder: Path, market: str = "own", **options) -> None:
    write_demand(table, folder, market, **{"title": "Own", "year": 2025, "source_id": "EST", **options})


def text_file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


# -- cells as demand ---------------------------------------------------------------------------------


def test_the_toolkit_has_no_cells_of_its_own() -> None:
    assert own_cells().empty and not rows(seeds.table_path("demand_cells"))


def test_quantities_and_grades_are_kept_to_the_last_digit(study) -> None:
    table = frame()
    write(table, study)
    found = corridors.demand(2025, ["own"], folder=study)
    pd.testing.assert_frame_equal(found[[*KEYS, "quantity", "unit", "grade"]], table, check_exact=True)
    assert list(found.columns) == list(corridors.demand(2025, ["caspian"]).columns)
    assert (found["teu_per_year"] == found["quantity"]).all() and set(found["market"]) == {"own"}


def test_other_markets_stay_as_they_are(study) -> None:
    write(frame(), study)
    found = corridors.demand(2025, folder=study)
    rest = found[found["market"] != "own"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, corridors.demand(2025), check_exact=True)
    totals = corridors.demand_totals(folder=study)
    pd.testing.assert_frame_equal(totals.drop(index="own"), corridors.demand_totals(), check_exact=True)
    own = totals.loc[("own", 2025)]
    assert own["quantity"] == pytest.approx(frame()["quantity"].sum(), rel=1e-12)
    assert (own["unit"], own["grade"], own["source_ids"]) == ("TEU", "EST", ("EST",))


def test_tonnes_become_teu_by_the_load_of_the_goods(study, tables) -> None:
    write(frame().assign(unit="t"), study, unit="t")
    found = corridors.demand(2025, ["own"], folder=study)
    load = found["goods"].map(tables.goods["load_t_per_teu"])
    assert set(found["unit"]) == {"t"}
    assert (found["teu_per_year"] * load).tolist() == pytest.approx(found["quantity"].tolist())


def test_cells_grow_as_totals_do(study) -> None:
    write(frame(), study)
    head, *_ = seeds.table_path("growth").read_text(encoding="utf-8").splitlines()
    given = {"growth_id": "g", "scenario": "low", "market_id": "own", "year": "2035", "factor": "4", "grade": "B"}
    text_file(study / "growth.csv", f"{head}\n{','.join(given.get(c, 'EST') for c in head.split(','))}\n")
    later = corridors.demand(2030, ["own"], growth="low", folder=study)
    assert later["quantity"].tolist() == pytest.approx((2 * frame()["quantity"]).tolist(), rel=1e-12)
    assert later["grade"].tolist() == ["B" if g == "A" else g for g in frame()["grade"]], "the worst behind the cell"
    with pytest.raises(DataError, match="expected 2025 to 2035 for own with growth"):
        corridors.demand(2036, ["own"], growth="low", folder=study)
    with pytest.raises(DataError, match="got 2030, expected 2025, for which own is known; for later years give growth"):
        corridors.demand(2030, ["own"], folder=study)
    write(frame(), study, "past", year=2021)
    write(frame(), study, "past", year=2023)
    with pytest.raises(DataError, match="got 2022, expected 2021, 2023, for which past is known"):
        corridors.demand(2022, ["past"], folder=study)
    text = (study / "growth.csv").read_text(encoding="utf-8").replace("own", "past")
    text_file(study / "growth.csv", text)
    with pytest.raises(DataError, match=r"demand_cells.csv: past has no total for 2025"):
        corridors.demand(2030, ["past"], growth="low", folder=study)


def test_a_study_of_its_own_needs_no_totals(study) -> None:
    for name in ("countries", "places"):
        (study / f"{name}.csv").write_bytes(seeds.table_path(name).read_bytes())
    (study / "study.yaml").write_text("base: none\n", encoding="utf-8")
    with pytest.raises(DataError, match="no market has any freight"):
        corridors.demand(2025, folder=study)
    write(frame(), study)
    found = corridors.demand(2025, folder=study)
    assert found["quantity"].tolist() == frame()["quantity"].tolist()
    assert corridors.demand_totals(folder=study).index.tolist() == [("own", 2025)]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,own,2025,CN_XIA,DE_DUI,general,-5,EST,B,", "row 2, column quantity: '-5' is not allowed"),
        ("1,own,2025,CN_XIA,DE_DU,general,5,EST,B,", "row 2, column destination: 'DE_DU' is not in places.csv.*DE_DUI"),
        ("1,own,2025,CN_XIA,DE_DUI,generel,5,EST,B,", "row 2, column goods: 'generel' is not in .*nearest: general"),
        ("1,onw,2025,CN_XIA,DE_DUI,general,5,EST,B,", "row 2, column market_id: 'onw' is not in markets.csv.*own"),
        ("1,own,2025,CN_XIA,DE_DUI,general,5,TITR27,B,", "row 2, column source_id: 'TITR27' is not in .*TITR26"),
        ("1,own,2025,CN_XIA,CN_XIA,general,5,EST,B,", "row 2: CN_XIA ships to itself"),
        ("1,cn-eu,2025,CN_XIA,DE_DUI,general,5,EST,B,", "row 2, .*'cn-eu' has totals in demand.csv"),
        (
            "1,own,2025,CN_XIA,DE_DUI,general,5,EST,B,\n2,own,2025,CN_XIA,DE_DUI,general,6,EST,B,",
            "row 3: own - 2025 - CN_XIA - DE_DUI - general stands twice",
        ),
    ],
)
def test_wrong_cells_are_told_off(study, line, message) -> None:
    text_file(study / "markets.csv", MARKET)
    text_file(study / "demand_cells.csv", f"{HEAD}{line}\n")
    with pytest.raises(DataError, match=f"demand_cells.csv, {message}"):
        corridors.demand(2025, ["caspian"], folder=study)


# -- writing -----------------------------------------------------------------------------------------


def test_other_rows_stay_and_those_of_the_year_are_replaced(study) -> None:
    text_file(study / "markets.csv", MARKET.replace("own,Own", "old,Old"))
    text_file(study / "demand_cells.csv", f"{HEAD}mine,old,2025,CN_XIA,DE_DUI,general,0.10,EST,B,by hand\n")
    write(frame(), study, year=2024)
    write(frame(), study)
    write(frame().iloc[:1].assign(quantity=3.0), study, title="Now", derivation="again")
    cells, markets = rows(study / "demand_cells.csv"), rows(study / "markets.csv")
    assert cells[0]["quantity"] == "0.10" and cells[0]["derivation"] == "by hand", "as it was typed"
    assert [(r["market_id"], r["year"]) for r in cells] == [("old", "2025"), *[("own", "2024")] * 24, ("own", "2025")]
    assert (cells[-1]["quantity"], cells[-1]["derivation"]) == ("3.0", "again")
    assert [(r["market_id"], r["title"]) for r in markets] == [("old", "Old"), ("own", "Now")]
    assert sorted(p.name for p in study.iterdir()) == ["demand_cells.csv", "markets.csv", "study.yaml"]
    assert corridors.demand(2025, ["own"], folder=study)["quantity"].tolist() == [3.0]


def test_a_market_chooses_as_others_do_unless_said(study) -> None:
    write(frame(), study)
    assert rows(study / "markets.csv")[0]["families"] == "sea;northern;middle;instc"
    write(frame(), study, families=["middle", "sea"])
    write(frame(), study, year=2024)
    assert rows(study / "markets.csv")[0]["families"] == "middle;sea"
    with pytest.raises(DataError, match="families: 'midle' is unknown; nearest: middle"):
        write(frame(), study, families=["midle"])


@pytest.mark.parametrize(
    ("market", "options", "message"),
    [
        ("cn-eu", {}, "market: 'cn-eu' has totals in demand.csv"),
        ("own", {"source_id": ["EST", "TITR27"]}, "source: 'TITR27' is not in sources.csv; nearest: .*TITR26"),
        ("own", {"source_id": []}, "source: got none"),
        ("own", {"year": 1925}, "year: got 1925, expected 1990 to 2050"),
        ("own", {"grade": "b"}, "grade: got 'b', expected one of A, B, C, EST"),
        ("own", {"title": " "}, "title: got ' '"),
        ("own", {"unit": "t"}, "unit: got 't', but CN_XIA - KZ_ALA - general is in TEU"),
    ],
)
def test_what_is_wrong_is_not_written(study, market, options, message) -> None:
    with pytest.raises(DataError, match=message):
        write(frame(), study, market, **options)
    assert [p.name for p in study.iterdir()] == ["study.yaml"]


def test_wrong_frames_and_folders_are_told_off(study, tmp_path) -> None:
    with pytest.raises(DataError, match="expected a study"):
        write(frame(), tmp_path)
    with pytest.raises(DataError, match="demand, row 3, column goods: 'gold' is unknown"):
        write(frame().replace({"goods": {"metals": "gold"}}).iloc[2:], study)
    both = pd.concat([frame(market="a"), frame(market="b")], ignore_index=True)
    with pytest.raises(DataError, match="row 24: own - CN_XIA - KZ_ALA - general stands twice"):
        write(both, study)
    write(frame(), study)
    with pytest.raises(DataError, match="cells of the market in other years are in TEU"):
        write(frame().assign(unit="t"), study, unit="t", year=2024)


def test_both_files_are_written_or_none(study, monkeypatch) -> None:
    write(frame().iloc[:2], study)
    before = {p.name: p.read_bytes() for p in study.iterdir()}
    replace = Path.replace

    def full(part: Path, target: Path) -> Path:
        if target.name == "demand_cells.csv":
            raise OSError(28, "No space left on device")
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DataError, match=r"cannot be written \(No space left"):
        write(frame(), study, title="Another")
    assert {p.name: p.read_bytes() for p in study.iterdir()} == before
    new = study / "a.csv"
    with pytest.raises(DataError, match="No space left"):
        files.write_texts({new: "x\n", study / "demand_cells.csv": "y\n"})
    assert {p.name: p.read_bytes() for p in study.iterdir()} == before


# -- zones -------------------------------------------------------------------------------------------


def test_zones_are_read(tmp_path) -> None:
    file = text_file(tmp_path / "z.csv", "\ufeffzone,place\n101,Xi'an\n\n7, Duisburg\n")
    assert read_zones(file) == {"101": "Xi'an", "7": "Duisburg"}
    for text, message in (
        ("id,place\n", "row 1: got 'id,place', expected the columns zone,place"),
        ("", "row 1: got '', expected"),
        ("zone,place\n1,Almaty\n1,Xi'an\n", "z.csv, row 3, column zone: '1' stands twice"),
        ("zone,place\n1,\n", "z.csv, row 2: got '1,', expected a zone and a place"),
    ):
        with pytest.raises(DataError, match=message):
            read_zones(text_file(file, text))
    with pytest.raises(DataError, match="No such file"):
        read_zones(tmp_path / "no.csv")


# -- the command line --------------------------------------------------------------------------------


def test_demand_is_shown(command) -> None:
    code, out, err = command("demand", "show", "--year", 2023, "--market", "cn-eu", "--by", "origin", "--csv")
    assert (code, err) == (0, "")
    table = pd.read_csv(io.StringIO(out)).set_index("origin")
    usual = corridors.demand(2023, ["cn-eu"]).groupby("origin")["quantity"].sum()
    assert table.loc["CN_SHA", "title"] == "Shanghai"
    pd.testing.assert_series_equal(table["quantity"].sort_index(), usual.sort_index(), rtol=1e-12)
    code, out, err = command("demand", "show", "--market", "caspian-bulk", "--by", "goods")
    assert (code, err) == (0, "") and "TEU in 2025" in out and "metals" in out
    code, out, err = command("demand", "show", "--by", "orign")
    assert code == 2 and "by: got 'orign'" in err and "nearest: origin" in err
    code, out, err = command("demand", "show", "--year", 2030, "--market", "cn-eu")
    assert code == 2 and "for later years give growth" in err


def test_a_table_goes_out_and_comes_back_as_a_market(command, study, tmp_path) -> None:
    code, out, err = command("demand", "export", tmp_path / "d.csv", "--year", 2023, "--market", "cn-eu")
    assert (code, err) == (0, "") and "TEU in 2023" in out
    words = ("--data", study, "--market", "own", "--title", "Own, all", "--year", 2023)
    code, out, err = command("demand", "import", tmp_path / "d.csv", *words)
    assert (code, err) == (0, "") and "TEU of own in 2023" in out
    mine = corridors.demand(2023, ["own"], folder=study)
    pd.testing.assert_frame_equal(
        mine.drop(columns="market"), corridors.demand(2023, ["cn-eu"]).drop(columns="market"), check_exact=True
    )
    code, out, _ = command("demand", "show", "--year", 2023, "--market", "own", "--data", study)
    assert code == 0 and "Own, all" in out


def test_a_matrix_with_numbered_zones_becomes_a_market(command, study, tmp_path) -> None:
    omx = pytest.importorskip("openmatrix")
    values = np.array([[0.0, 12.5, 3000.1], [0.0, 0.0, 40.0], [700.7, 0.0, 0.0]])
    with omx.open_file(str(tmp_path / "m.omx"), "w") as file:
        file.create_carray(file.root.data, "t_2025", obj=values)
        file.create_carray(file.root.data, "other", obj=values)
        file.create_array(file.root.lookup, "taz", obj=np.array([101, 205, 7], dtype=np.uint32))
    zones = text_file(tmp_path / "zones.csv", "zone,place\n101,Xi'an\n205,Almaty\n7,Duisburg\n")
    words = ("demand", "import", tmp_path / "m.omx", "--data", study, "--market", "own", "--title", "Own")
    words = (*words, "--year", 2025, "--unit", "t", "--goods", "metals", "--source", "EST; TITR26", "--grade", "C")
    code, _, err = command(*words, "--name", "t_2025", "--zones", zones)
    assert (code, err) == (0, "")
    table = corridors.demand(2025, ["own"], folder=study)
    assert table["quantity"].tolist() == [12.5, 3000.1, 40.0, 700.7]
    assert set(zip(table["unit"], table["goods"], table["grade"], strict=True)) == {("t", "metals", "C")}
    cells = rows(study / "demand_cells.csv")
    assert {(r["source_id"], r["derivation"]) for r in cells} == {("EST;TITR26", "read from m.omx")}
    code, _, err = command("demand", "export", tmp_path / "o.omx", "--market", "own", "--data", study)
    assert (code, err) == (0, "")
    pd.testing.assert_frame_equal(read_matrix(tmp_path / "o.omx"), table, check_exact=True)
    before = (study / "demand_cells.csv").read_bytes()
    code, _, err = command(*words, "--name", "t_2026")
    assert code == 2 and "no matrix is called 't_2026'; nearest: t_2025" in err
    code, _, err = command(*words, "--name", "t_2025")
    assert code == 2 and "say by zones" in err
    assert (study / "demand_cells.csv").read_bytes() == before
