"""Demand matrices: what is written is read back, files of other tools are understood, wrong ones are told off."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import corridors
import seeds
from corridors.matrices import read_matrix, write_matrix
from networks import DataError

omx = pytest.importorskip("openmatrix")

KEYS = ["market", "origin", "destination", "goods"]
PLACES = ["CN_XIA", "KZ_ALA", "DE_DUI"]
VALUES = np.array([[0.0, 12.5, 3000.1], [0.0, 0.0, 40.0], [700.7, 0.0, 0.0]])


@pytest.fixture(scope="module")
def demand():
    return corridors.demand(2025)


def omx_file(path: Path, matrices: dict, lookups: dict) -> Path:
    """Write an OMX file as another tool would."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that Python could not use as attributes
        with omx.open_file(str(path), "w") as file:
            for name, values in matrices.items():
                file.create_carray(file.root.data, name, obj=values)
            for name, entries in lookups.items():
                file.create_array(file.root.lookup, name, obj=np.array(entries))
    return path


def text_file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def words(*places: str) -> list[bytes]:
    return [place.encode() for place in places]


# -- there and back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "omx"])
def test_what_is_written_is_read_back_to_the_last_digit(tmp_path, demand, ending) -> None:
    write_matrix(demand, tmp_path / f"d.{ending}")
    back = read_matrix(tmp_path / f"d.{ending}")
    pd.testing.assert_frame_equal(
        back.sort_values(KEYS, ignore_index=True), demand.sort_values(KEYS, ignore_index=True), check_exact=True
    )
    assert list(tmp_path.iterdir()) == [tmp_path / f"d.{ending}"], "nothing half-written is left behind"


def test_a_long_file_keeps_its_order(tmp_path, demand) -> None:
    mixed = demand.sample(frac=1.0, random_state=5).reset_index(drop=True)
    write_matrix(mixed, tmp_path / "d.csv")
    pd.testing.assert_frame_equal(read_matrix(tmp_path / "d.csv"), mixed, check_exact=True)


def test_omx_files_say_what_they_hold_to_other_tools(tmp_path, demand) -> None:
    mine = demand[demand["market"] == "caspian-bulk"]
    write_matrix(mine, tmp_path / "d.omx")
    with omx.open_file(str(tmp_path / "d.omx"), "r") as file:
        assert set(file.list_matrices()) == {"metals", "grain", "oil_products", "bulk"}
        total = sum(file[name].read().sum() for name in file.list_matrices())
        assert file["metals"].attrs["unit"] == "t" and file["metals"].attrs["goods"] == "metals"
        assert file.version() == b"0.2"
        assert len(file.map_entries("place_id")) == file.shape()[0]
    assert total == pytest.approx(mine["quantity"].sum(), rel=1e-12)


def test_a_frame_that_assign_takes_is_enough(tmp_path) -> None:
    frame = pd.DataFrame(
        {"origin": ["Xi'an"], "destination": ["Duisburg"], "goods": ["general"], "teu_per_year": [9.5]}
    )
    write_matrix(frame, tmp_path / "own.omx")
    row = read_matrix(tmp_path / "own.omx").loc[0]
    assert row.to_dict() == {
        "market": "own",
        "origin": "CN_XIA",
        "destination": "DE_DUI",
        "goods": "general",
        "quantity": 9.5,
        "unit": "TEU",
        "teu_per_year": 9.5,
        "grade": "EST",
    }


def test_what_is_read_can_be_assigned(tmp_path) -> None:
    file = text_file(tmp_path / "d.csv", "origin,destination,quantity\nXi'an,Duisburg,1000\n")
    answer = corridors.assign(read_matrix(file, goods="general"), unmet_penalty=50_000, scale=0.002)
    assert answer.status == "converged"
    assert answer.routes()["teu_per_year"].sum() == pytest.approx(1000, rel=1e-6)


# -- files of other tools ----------------------------------------------------------------------------


def test_matrices_are_goods_and_one_can_be_picked(tmp_path) -> None:
    file = omx_file(tmp_path / "m.omx", {"general": VALUES, "oil_products": 2 * VALUES}, {"names": words(*PLACES)})
    both = read_matrix(file)
    assert both.groupby("goods")["quantity"].sum().to_dict() == {
        "general": pytest.approx(VALUES.sum()),
        "oil-products": pytest.approx(2 * VALUES.sum()),
    }
    assert len(both) == 8 and set(both["market"]) == {"m"}
    assert list(both["origin"][:4]) == ["CN_XIA"] * 4
    pd.testing.assert_frame_equal(
        read_matrix(file, name="general"), both[both["goods"] == "general"].reset_index(drop=True)
    )
    assert set(read_matrix(file, name="general", goods="metals")["goods"]) == {"metals"}


def test_tonnes_become_teu_by_the_load_of_the_goods(tmp_path, tables) -> None:
    file = omx_file(tmp_path / "m.omx", {"t_2025": VALUES}, {"names": words(*PLACES)})
    table = read_matrix(file, goods="metals", unit="t")
    load = tables.goods.at["metals", "load_t_per_teu"]
    assert table["teu_per_year"].sum() == pytest.approx(VALUES.sum() / load)


def test_goods_of_the_user_count(tmp_path) -> None:
    lines = seeds.table_path("goods").read_text(encoding="utf-8").splitlines()
    mine = [line.replace("38800,14,", "38800,28,") for line in lines]
    text_file(tmp_path / "goods.csv", "\n".join(mine) + "\n")
    file = text_file(tmp_path / "d.csv", "origin,destination,quantity,unit\nXi'an,Duisburg,56,t\n")
    assert read_matrix(file, goods="metals", folder=tmp_path).loc[0, "teu_per_year"] == 2.0
    assert read_matrix(file, goods="metals").loc[0, "teu_per_year"] == 4.0


def test_names_codes_and_numbered_zones_mean_places(tmp_path) -> None:
    for number, entries in enumerate((words("Xi'an", "almaty", "DEDUI"), words("Xian", "KZ_ALA", "Duisburg"))):
        file = omx_file(tmp_path / f"{number}.omx", {"general": VALUES}, {"taz": [1, 2, 3], "names": entries})
        assert list(dict.fromkeys(read_matrix(file)["origin"])) == PLACES
    file = omx_file(tmp_path / "n.omx", {"general": VALUES}, {"taz": np.array([101, 205, 7], dtype=np.uint32)})
    table = read_matrix(file, zones={101: "Xi'an", 205: "Almaty", "7": "DE_DUI"})
    assert list(dict.fromkeys(table["origin"])) == PLACES


@pytest.mark.parametrize("corner", ["", "origin", "from/to"])
def test_square_files_have_origins_in_rows(tmp_path, corner) -> None:
    text = f"{corner},Xi'an,Almaty,Duisburg\nAlmaty,0,0,40\nXi'an,0,12.5,3000.1\n\nDuisburg,700.7,0,0\n"
    table = read_matrix(text_file(tmp_path / "sq.csv", text), goods="heavy")
    found = table.set_index(["origin", "destination"])["quantity"]
    assert found.to_dict() == {
        ("KZ_ALA", "DE_DUI"): 40.0,
        ("CN_XIA", "KZ_ALA"): 12.5,
        ("CN_XIA", "DE_DUI"): 3000.1,
        ("DE_DUI", "CN_XIA"): 700.7,
    }


def test_a_demand_saved_with_pandas_is_read(tmp_path, demand) -> None:
    demand.to_csv(tmp_path / "d.csv", index=False)
    pd.testing.assert_frame_equal(read_matrix(tmp_path / "d.csv"), demand, check_exact=True)


# -- wrong files -------------------------------------------------------------------------------------

LONG = "origin,destination,goods,quantity\nXi'an,Duisburg,general,5\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "origin,destination,goods,quantity\nXi'an,Duisburgg,general,5\n",
            "row 2, column destination: no place .*Duisb",
        ),
        ("origin,destination,goods,quantity\n\nXi'an,Duisburg,generl,5\n", "row 3, column goods: .*nearest: general"),
        (LONG.replace(",5", ",-5"), "row 2, column quantity: got '-5', expected zero or more TEU"),
        (LONG.replace(",5", ",nan"), "row 2, column quantity: got 'nan'"),
        (LONG.replace(",5", ",inf"), "row 2, column quantity: got 'inf'"),
        (LONG.replace(",5", ","), "row 2, column quantity: got ''"),
        (LONG.replace(",5", ",1_000"), "row 2, column quantity: got '1_000'"),
        (LONG.replace(",5", ",5,6"), "row 2: has 5 cells, expected 4"),
        (LONG.replace("origin", "orgin"), "unknown column 'orgin'; nearest: origin"),
        (LONG + "CN_XIA,DEDUI,general,1\n", "row 3: d - CN_XIA - DE_DUI - general stands twice"),
        (LONG + "CN_XIA,Xian,general,1\n", r"row 3: Xi'an \(CN, CN_XIA\) ships to itself"),
        (LONG.replace("goods,quantity", "unit,quantity").replace("general", "kg"), "which goods .* is not said"),
        (LONG.replace(",", ";"), "got one column"),
        ("", "holds no matrix"),
        (
            ",Xi'an,Almaty\nXi'an,0,1\nDuisburg,1,0\n",
            "d.csv: 2 rows and 2 columns are not square: Duisburg .* is missing among the columns",
        ),
        (",Xi'an,Almaty\nXi'an,0,1\nAlmaty,1\n", "row 3: has 2 cells, expected 3"),
        (",Xi'an,CN_XIA\nXi'an,0,1\nAlmaty,1,0\n", "row 1, column 3: 'CN_XIA' stands twice"),
        (",Xi'an,Almaty\nXi'an,0,1\nAlmaty,1,0\n", "which goods .* is not said"),
    ],
)
def test_wrong_csv_files_are_told_off(tmp_path, text, message) -> None:
    with pytest.raises(DataError, match=message):
        read_matrix(text_file(tmp_path / "d.csv", text))


def test_wrong_cells_of_a_square_file_are_named(tmp_path) -> None:
    file = text_file(tmp_path / "d.csv", ",Xi'an,Almaty\nXi'an,0,x\nAlmaty,1,0\n")
    with pytest.raises(DataError, match="row 2, column Almaty, column quantity: got 'x'"):
        read_matrix(file, goods="general")


def test_all_that_is_wrong_is_told_at_once(tmp_path) -> None:
    text = "origin,destination,goods,quantity,unit\nXi'anx,Duisburg,genral,-5,TEU\n"
    with pytest.raises(DataError) as error:
        read_matrix(text_file(tmp_path / "d.csv", text))
    assert len(error.value.problems) == 3


BAD = np.where(np.eye(3) > 0, 0.0, np.nan)


@pytest.mark.parametrize(
    ("matrices", "lookups", "message"),
    [
        ({"general": VALUES}, {}, "has no lookup"),
        ({"general": VALUES}, {"zone": words("CN_XIA", "KZ_ALA")}, "has 3 x 3 cells, but the lookup has 2 entries"),
        ({"general": VALUES[:2]}, {"zone": words(*PLACES)}, "has 2 x 3 cells, expected a square matrix"),
        ({"general": VALUES}, {"zone": words("CN_XIA", "Almatty", "DE_DUI")}, "lookup zone, entry 2: .*Almaty"),
        ({"general": VALUES}, {"zone": [1, 2, 3]}, "entry 1: .*'1'.*say by zones"),
        ({"general": VALUES}, {"zone": words("CN_XIA", "Xi'an", "DE_DUI")}, "entry 2: .* stands twice"),
        ({"general": -VALUES}, {"zone": words(*PLACES)}, "general, from CN_XIA to KZ_ALA: got -12.5, expected zero"),
        ({"general": BAD}, {"zone": words(*PLACES)}, "from CN_XIA to KZ_ALA: got nan"),
        ({"general": VALUES + np.eye(3)}, {"zone": words(*PLACES)}, "Xi'an .* ships to itself"),
        ({"generl": VALUES}, {"zone": words(*PLACES)}, "which goods .* is not said.*nearest: general"),
        ({"oil_products": VALUES, "oil-products": VALUES}, {"zone": words(*PLACES)}, "stands twice"),
        ({}, {"zone": words(*PLACES)}, "holds no matrix"),
    ],
)
def test_wrong_omx_files_are_told_off(tmp_path, matrices, lookups, message) -> None:
    with pytest.raises(DataError, match=message):
        read_matrix(omx_file(tmp_path / "m.omx", matrices, lookups))


def test_files_that_are_no_omx_are_told_off(tmp_path) -> None:
    import tables as hdf5

    with pytest.raises(DataError, match="is not an HDF5 file"):
        read_matrix(text_file(tmp_path / "text.omx", LONG))
    with hdf5.open_file(str(tmp_path / "bare.omx"), "w"):
        pass
    with pytest.raises(DataError, match="has no group data"):
        read_matrix(tmp_path / "bare.omx")
    whole = omx_file(tmp_path / "m.omx", {"general": VALUES}, {"zone": words(*PLACES)}).read_bytes()
    (tmp_path / "half.omx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="is it whole"):
        read_matrix(tmp_path / "half.omx")


def test_what_is_asked_for_must_be_there(tmp_path, monkeypatch) -> None:
    file = omx_file(tmp_path / "m.omx", {"general": VALUES}, {"zone": words(*PLACES)})
    for options, message in (
        ({"name": "generl"}, "no matrix is called 'generl'; nearest: general"),
        ({"goods": "metls"}, "goods: 'metls' is unknown; nearest: metals"),
        ({"unit": "teu"}, "unit: got 'teu', expected TEU or t"),
    ):
        with pytest.raises(DataError, match=message):
            read_matrix(file, **options)
    with pytest.raises(DataError, match="no such file"):
        read_matrix(tmp_path / "n.omx")
    with pytest.raises(DataError, match=r"cannot be .xlsx, expected .omx or .csv"):
        read_matrix(tmp_path / "n.xlsx")
    long = text_file(tmp_path / "d.csv", LONG)
    with pytest.raises(DataError, match="has a column goods"):
        read_matrix(long, goods="general")
    with pytest.raises(DataError, match="holds one matrix"):
        read_matrix(long, name="general")
    write_matrix(read_matrix(long), tmp_path / "own.omx")
    with pytest.raises(DataError, match="says that it holds 'general'"):
        read_matrix(tmp_path / "own.omx", goods="metals")
    monkeypatch.setitem(sys.modules, "openmatrix", None)
    with pytest.raises(DataError, match=r"pip install 'corridors\[omx\]'"):
        read_matrix(file)
    with pytest.raises(DataError, match=r"pip install 'corridors\[omx\]'"):
        write_matrix(read_matrix(long), tmp_path / "other.omx")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quantity": [-1.0]}, "demand, row 7, column quantity: got -1.0"),
        ({"quantity": [0.0]}, "demand: holds no freight"),
        ({"origin": ["Xi'anx"]}, "demand, row 7, column origin: no place is called"),
        ({"goods": ["generel"]}, "demand, row 7, column goods: .*nearest: general"),
        ({"unit": ["kg"]}, "demand, row 7, column unit: 'kg'"),
        ({"teu_per_year": [6.0]}, "demand, row 7, column teu_per_year: got 6, expected 5"),
    ],
)
def test_wrong_frames_are_not_written(tmp_path, change, message) -> None:
    row = {"origin": ["Xi'an"], "destination": ["Duisburg"], "goods": ["general"], "quantity": [5.0]}
    frame = pd.DataFrame({**row, **change}, index=[7])
    for ending in ("csv", "omx"):
        with pytest.raises(DataError, match=message):
            write_matrix(frame, tmp_path / f"d.{ending}")
    assert not list(tmp_path.iterdir())
    with pytest.raises(DataError, match="column 'origin' is missing"):
        write_matrix(frame.drop(columns="origin"), tmp_path / "d.csv")
    with pytest.raises(DataError, match="does not exist"):
        write_matrix(pd.DataFrame(row), tmp_path / "no" / "d.omx")
