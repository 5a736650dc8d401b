"""Gas for PyPSA: the folder holds what the case holds, and PyPSA finds the same cost."""

import json
import logging
import re
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import corridors
from corridors import GasBan, GasEdit, cli
from corridors.gas.pypsa_export import write_pypsa
from networks import DataError

MW = 1000.0 / 24.0  # of a GWh a day
DAYS = 365
ALL_YEAR = np.ones(DAYS)
WINTER = (np.arange(DAYS) < 90).astype(float)


@pytest.fixture(scope="module")
def case():
    return corridors.gas_case(2025)


@pytest.fixture(scope="module")
def variants(case):
    """Return the year as it was, and with what else a case may hold: gas that lacks, gas that some refuse."""
    russian = tuple(case.supplies.index[case.supplies["country"] == "RU"])
    endless = tuple(case.pipes.index[np.isinf(case.pipes["capacity"])][:3])
    short = [
        GasEdit("no-russian", "", "supply", russian, "set", 0.0, ALL_YEAR),
        GasEdit("cold", "", "demand", ("TR",), "factor", 1.6, ALL_YEAR),
        GasEdit("dear", "", "price", ("sd",), "add", 20.0, WINTER),
        GasEdit("shut", "", "pipe", endless, "factor", 0.0, WINTER),
    ]
    ban = GasBan("ban", "", russian, frozenset({"TR", "BG", "RS", "GR", "HU"}), WINTER)
    return {"usual": case, "short": case.edited(short), "refused": replace(case.edited([], [ban]), last_day=120)}


@pytest.fixture(scope="module")
def written(variants, tmp_path_factory):
    """Return the folder and the sentences of each variant."""
    place = tmp_path_factory.mktemp("pypsa")
    return {name: (place / name, write_pypsa(case, place / name)) for name, case in variants.items()}


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", index_col=0)


def capacity(folder: Path, component: str) -> pd.DataFrame:
    """Return the capacities of a component by snapshot, MW."""
    nominal = table(folder, component)["p_nom"]
    share = pd.DataFrame(1.0, table(folder, "snapshots")["snapshot"], nominal.index)
    if (folder / f"{component}-p_max_pu.csv").exists():
        given = table(folder, f"{component}-p_max_pu")
        share[given.columns] = given
    return share * nominal


@pytest.mark.parametrize("name", ["usual", "short", "refused"])
def test_every_reference_exists_and_every_name_stands_once(written, name) -> None:
    folder = written[name][0]
    buses, carriers = table(folder, "buses"), table(folder, "carriers").index
    snapshots = list(table(folder, "snapshots")["snapshot"])
    assert buses[["x", "y"]].notna().all(axis=None)
    attached: set[str] = set()
    for component in ("buses", "links", "generators", "loads", "stores"):
        rows = table(folder, component)
        assert rows.index.is_unique and set(rows["carrier"]) <= set(carriers)
        for column in [c for c in rows if re.fullmatch(r"bus\d?", c)]:
            attached |= set(rows[column].dropna())
        for file in folder.glob(f"{component}-*.csv"):
            series = table(folder, file.stem)
            assert set(series.columns) <= set(rows.index) and list(series.index) == snapshots
            assert np.isfinite(series.to_numpy()).all()
    assert attached == set(buses.index)


def test_demand_of_the_year_is_that_of_the_case(case, written) -> None:
    folder = written["usual"][0]
    hours = table(folder, "snapshots").set_index("snapshot")
    assert (hours["objective"] == hours["stores"]).all() and (hours["objective"] == hours["generators"]).all()
    assert hours["objective"].sum() == 24 * DAYS
    load = table(folder, "loads-p_set")
    total = (load.T * hours["objective"]).T.sum()
    wanted = case.daily["demand"].sum() * 1000.0
    pd.testing.assert_series_equal(total[wanted.index], wanted, check_names=False, rtol=1e-12)
    unmet = capacity(folder, "generators")[[f"{d} unmet" for d in load]].set_axis(load.columns, axis=1)
    pd.testing.assert_frame_equal(unmet, load, check_names=False, rtol=1e-12)
    price = table(folder, "generators")["marginal_cost"]
    assert (price[[f"{d} unmet" for d in wanted.index]].to_numpy() == case.demands["penalty"]).all()


def test_capacities_are_those_of_the_case(case, written) -> None:
    folder, profiles = written["usual"][0], case.profiles()
    links, room = table(folder, "links"), capacity(folder, "links")
    for way, column, suffix in (("pipe", "capacity", ""), ("reverse", "reverse_capacity", " back")):
        for pipe in case.pipes.index:
            usual = np.full(12, case.pipes.at[pipe, column])
            wanted = (profiles[way][pipe].to_numpy() if pipe in profiles[way] else usual) * MW
            if suffix and not wanted.any():
                assert pipe + suffix not in links.index
            else:
                np.testing.assert_allclose(room[pipe + suffix], wanted, rtol=1e-12)
    forth = links.loc[case.pipes.index]
    assert (forth["bus0"] == case.pipes["tail"]).all() and (forth["bus1"] == case.pipes["head"]).all()
    np.testing.assert_allclose(forth["marginal_cost"], case.pipes["cost"])
    np.testing.assert_allclose(forth["efficiency"], 1.0 - case.pipes["loss"])
    supplies = table(folder, "generators").loc[case.supplies.index]
    np.testing.assert_allclose(supplies["e_sum_max"], case.supplies["most_total"] * 1000.0, rtol=1e-12)
    np.testing.assert_allclose(supplies["marginal_cost"], case.supplies["price"])
    most = capacity(folder, "generators")[case.supplies.index] / MW
    assert (most <= case.supplies["capacity"] * (1 + 1e-12)).all(axis=None)


def test_storages_hold_give_and_take_what_they_do(case, written) -> None:
    folder = written["usual"][0]
    stores, links, storages = table(folder, "stores"), table(folder, "links"), case.storages
    mine = stores.loc[storages.index]
    np.testing.assert_allclose(mine["e_nom"], storages["working"] * 1000.0, rtol=1e-12)
    np.testing.assert_allclose(mine["e_initial"], storages["start"] * 1000.0, rtol=1e-12)
    least = table(folder, "stores-e_min_pu")
    assert (least.iloc[:-1] == 0).all(axis=None)
    ends = least.iloc[-1][storages.index] * storages["working"]
    np.testing.assert_allclose(ends, storages["end"], rtol=1e-12)
    for way in ("injection", "withdrawal"):
        np.testing.assert_allclose(links.loc[[f"{s} {way}" for s in storages.index], "p_nom"], storages[way] * MW)


def test_take_or_pay_counts_what_goes_through_the_pipe(case, written) -> None:
    folder = written["usual"][0]
    links, stores, generators = (table(folder, name) for name in ("links", "stores", "generators"))
    for name, row in case.contracts.iterrows():
        assert links.at[row["pipe"], "bus2"] == stores.at[name, "bus"] == f"{name} taken"
        assert links.at[row["pipe"], "efficiency2"] == 1.0
        assert stores.at[name, "e_nom"] == pytest.approx(row["least"] * 1000.0)
        assert generators.at[f"{name} not taken", "marginal_cost"] == pytest.approx(row["price"])
    assert links["bus2"].notna().sum() == len(case.contracts)


def test_refused_gas_shares_the_capacity_of_pipes(variants, written) -> None:
    folder, notes = written["refused"]
    pipes = variants["refused"].solver_tables()["pipes"]
    links = table(folder, "links")
    shared = pipes["shares"].dropna()
    assert len(shared)
    for copy, leader in shared.items():
        if np.isfinite(pipes.at[leader, "capacity"]):
            assert links.at[copy, "bus2"] == links.at[leader, "bus2"] == f"{leader} room"
            assert links.at[copy, "efficiency2"] == links.at[leader, "efficiency2"] == -1.0
    assert any("'shared capacity'" in note for note in notes)


def test_the_folder_says_what_is_not_carried(written) -> None:
    for folder, notes in written.values():
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        assert meta["notes"] == notes and meta["units"]["energy"] == "MWh"
        assert "serve their own demand first" in notes[0]
        assert all(note.endswith(".") for note in notes)
    assert "Without limit on some days" in written["short"][1][-1]


def test_what_has_no_form_in_pypsa_is_said(case, tmp_path) -> None:
    contracts = case.contracts.assign(supply=None).astype({"pipe": object})
    contracts.loc["sd2-italy", ["pipe", "supply"]] = None, "sd"
    storages = case.storages.assign(withdrawal_empty=case.storages["withdrawal"] / 2)
    notes = " ".join(write_pypsa(replace(case, contracts=contracts, storages=storages), tmp_path / "n"))
    assert "from a supply instead of by a pipe is not carried: sd2-italy" in notes
    assert "fall with the level are not carried: withdrawal_empty" in notes


def test_a_folder_is_replaced_whole_or_left_alone(case, tmp_path) -> None:
    folder = tmp_path / "gas"
    folder.mkdir()
    (folder / "links-p_set.csv").write_text("snapshot\n", encoding="utf-8")
    write_pypsa(case, folder)
    assert not (folder / "links-p_set.csv").exists(), "PyPSA would read what stood there before"
    (folder / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(DataError, match=r"'thesis.txt' belongs to no PyPSA network"):
        write_pypsa(case, folder)
    assert (folder / "thesis.txt").read_text(encoding="utf-8") == "mine"
    with pytest.raises(DataError, match="is a file"):
        write_pypsa(case, folder / "thesis.txt")
    with pytest.raises(DataError, match="does not exist"):
        write_pypsa(case, tmp_path / "no" / "gas")
    assert list(tmp_path.iterdir()) == [folder]


def test_the_command_writes_the_folder_and_says_what_is_not_carried(written, tmp_path, monkeypatch, capsys) -> None:
    def run(*words) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["corridors", "gas", "export", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        return (left.value.code or 0, *capsys.readouterr())

    folder, notes = written["usual"]
    code, out, err = run(tmp_path / "gas", "--year", 2025)
    assert (code, err) == (0, "") and all(note in out for note in notes)
    assert {f.name: f.read_bytes() for f in folder.iterdir()} == {
        f.name: f.read_bytes() for f in (tmp_path / "gas").iterdir()
    }
    code, out, err = run(tmp_path / "other", "--step", "week")
    assert (code, out) == (2, "") and "step: got 'week', expected " in err
    assert [f.name for f in tmp_path.iterdir()] == ["gas"]


@pytest.mark.parametrize("name", ["usual", "short", "refused"])
def test_pypsa_finds_the_same_cost(variants, written, name) -> None:
    pypsa = pytest.importorskip("pypsa")
    ours = variants[name].solve()
    logging.getLogger("pypsa").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of PyPSA, on what it will change
        network = pypsa.Network(written[name][0])
        # what network.optimize does, without the grids that it looks for afterwards, which takes most of the time
        model = network.optimize.create_model(include_objective_constant=False)
        status = model.solve("highs", io_api="direct", progress=False)
        network.optimize.assign_solution()
    assert status == ("ok", "optimal")
    assert network.model.objective.value == pytest.approx(ours.objective * 1000.0, rel=1e-6)
    served = network.generators.query("carrier.str.startswith('unmet')").index
    unmet = network.generators_t.p[served].sum(axis=1) @ network.snapshot_weightings["generators"]
    assert unmet / 1000.0 == pytest.approx(ours.unmet_total(), rel=1e-6, abs=1e-3)
    if name == "short":
        assert ours.unmet_total() > 1000 and ours.not_taken.sum() > 1000 and ours.end_lacking.sum() > 1000
