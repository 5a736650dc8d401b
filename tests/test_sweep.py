"""Sweeps: the numbers of single runs, whatever the workers, however often they are stopped."""

import os
import random
import signal
import subprocess
import sys
import time
import warnings
from functools import cache

import numpy as np
import pytest
from typer.testing import CliRunner

import corridors
from corridors.cli import app
from networks import DataError

TABLES = ("runs", "flows", "borders")
LINKS = ["KZ_DOS-KZ_AKT-rail", "GE_MRB-GE_AKH-rail", "KZ_AKU-AZ_ALT-feeder"]


def shut(link, effect, **more):
    return {"x": {"where": {"link": link}, "effect": effect, **more}}


@cache
def base():
    return corridors.load("baseline-2026")


@cache
def caspian():
    return base().with_({"study.markets": ["caspian"]})


def assert_same_as_run(found, number, scenario):
    truth = corridors.run(scenario, against=False, ranges=False)
    for year in truth.years:
        row = found.runs[(found.runs["run"] == number) & (found.runs["year"] == year)].iloc[0]
        assert row["status"] == "converged"
        flows = truth.flows("corridor").loc[year]["teu_per_year"].drop(["unmet", "not shipped"], errors="ignore")
        mine = found.flows[(found.flows["run"] == number) & (found.flows["year"] == year)]
        got = mine.groupby("corridor")["teu_per_year"].sum().reindex(flows.index, fill_value=0.0)
        assert got.to_numpy() == pytest.approx(flows.to_numpy(), rel=1e-5, abs=0.1)
        demand = truth.tables["demand"].query("year == @year")
        assert row["unmet_teu"] == pytest.approx(demand["unmet"].sum(), rel=1e-4, abs=0.1)
        assert row["wanted_teu"] == pytest.approx(demand["teu_per_year"].sum())
        routes = truth.tables["routes"].query("year == @year")
        sent = routes["teu_per_year"]
        assert row["days_per_teu"] == pytest.approx((sent * routes["days"]).sum() / sent.sum(), rel=1e-5)
        assert row["kt_co2e"] == pytest.approx((sent * routes["kgco2e_per_teu"]).sum() / 1e6, rel=1e-5)
        over = found.borders.query("run == @number and year == @year and border == 'AZ-GE'")["teu_per_year"].sum()
        crossing = sent[truth.crossing("AZ-GE")[routes.index]].sum()
        assert over == pytest.approx(crossing, rel=1e-4, abs=0.1)


def test_runs_have_the_numbers_of_single_runs():
    effects = [{"use": "closed"}, {"cost": "x 1.5"}, {"time": "+24 h"}]
    values = [shut(link, effect) for link in LINKS for effect in effects]
    values += [
        shut("KZ_AKU-AZ_ALT-feeder", {"use": "closed"}, when={"for": "100 d"}, probability="40 %"),
        shut("KZ_AKU-AZ_ALT-feeder", {"use": "closed"}, when={"for": "10 d"}),
    ]
    found = corridors.sweep(base(), {"disruptions": values}, jobs=2)
    assert len(found.runs) == len(values) and found.failed.empty
    for number in (0, 4, 8, 9, 10):
        assert_same_as_run(found, number, base().with_({"disruptions": values[number]}))
    assert found.runs["waited_for"].tolist() == [0] * 10 + [1]


def test_other_demand_and_refusals_too():
    bans = [
        {"ban": {"where": {"country": "RU"}, "effect": {"avoid": "30 %"}}},
        {"toll": {"where": {"country": "RU"}, "effect": {"cost": "x 1.2"}}},
    ]
    found = corridors.sweep(base(), {"demand.scale.cn-eu": ["x 1", "x 1.2"], "policy": bans}, jobs=2)
    assert len(found.runs) == 4
    for number, scale, ban in ((0, "x 1", bans[0]), (3, "x 1.2", bans[1])):
        assert_same_as_run(found, number, base().with_({"demand.scale.cn-eu": scale, "policy": ban}))


def test_other_years_too():
    found = corridors.sweep(caspian(), {"study.years": [[2026], [2026, 2030]]}, jobs=1)
    assert found.runs["run"].tolist() == [0, 1, 1] and found.runs["year"].tolist() == [2026, 2026, 2030]
    assert_same_as_run(found, 1, caspian().with_({"study.years": [2026, 2030]}))


def test_what_is_shut_on_record_in_a_past_year_is_shut_here_too():
    past = base().with_({"study.years": [2023], "study.markets": ["eu-cn"]})  # Kars was shut for part of 2023
    values = [{"x": {"where": {"place": "Alat"}, "effect": {"cost": f"x {c}"}}} for c in (1.1, 1.2, 1.3, 1.4)]
    found = corridors.sweep(past, {"disruptions": values}, jobs=1)
    assert_same_as_run(found, 1, past.with_({"disruptions": values[1]}))


def test_years_are_laid_out_where_runs_share_them_and_numbers_stay():
    values = {
        "disruptions": [shut(link, {"use": "closed"}) for link in LINKS] * 2,
        "demand.scale.caspian": ["x 1", "x 3"],
    }
    found = corridors.sweep(caspian(), values, jobs=1)
    for number in (1, 4):
        link = LINKS[number // 2]
        changed = {"disruptions": shut(link, {"use": "closed"}), "demand.scale.caspian": ["x 1", "x 3"][number % 2]}
        assert_same_as_run(found, number, caspian().with_(changed))


def test_values_may_go_in_step():
    values = {"disruptions.x.where.link": LINKS, "disruptions.x.effect.cost": ["x 1.1", "x 1.2", "x 1.3"]}
    start = caspian().with_({"disruptions": shut(LINKS[0], {"cost": "x 1"})})
    zipped = corridors.sweep(start, values, together=True, jobs=1)
    assert len(zipped.runs) == 3
    assert zipped.runs["disruptions.x.effect.cost"].tolist() == ["x 1.1", "x 1.2", "x 1.3"]
    every = corridors.sweep(start, values, jobs=1)
    assert len(every.runs) == 9
    table = every.table("flow:middle", "disruptions.x.where.link", "disruptions.x.effect.cost")
    assert table.shape == (3, 3) and list(table.index) == LINKS
    alone = zipped.measure("flow:middle")
    assert table.loc[LINKS[1], "x 1.2"] == pytest.approx(alone.loc[1, 2026])
    again = {"demand.scale.caspian": ["x 1", "x 1", "x 2"], "disruptions.x.effect.cost": ["x 1.1", "x 1.2", "x 1.2"]}
    assert corridors.sweep(start, again, together=True, jobs=1).crossed("demand.scale.caspian") == []
    assert zipped.crossed("disruptions.x.where.link") == [] and every.crossed("year") == []
    assert every.crossed("disruptions.x.where.link") == ["disruptions.x.effect.cost"]
    assert [every.unit(w) for w in ("cost", "flow:middle", "tariff")] == ["million USD a year", "TEU a year", "USD/TEU"]
    assert every.measure("through:GE-AZ").equals(every.measure("through:AZ-GE").rename("through:GE-AZ"))


def test_a_run_that_is_wrong_is_told_and_the_others_are_run():
    good = {"x": {"where": {"place": "Alat"}, "effect": {"cost": "x 2"}}}
    clash = {**good, "y": {"where": {"place": "Alat"}, "effect": {"capacity": "5 TEU/yr"}}}
    clash["z"] = {"where": {"place": "Alat"}, "effect": {"capacity": "7 TEU/yr"}}
    found = corridors.sweep(caspian(), {"disruptions": [good, clash, good]}, jobs=1)
    assert found.runs["status"].tolist() == ["converged", "failed", "converged"]
    assert "set the same figure" in found.failed["error"].iloc[0]
    assert np.isnan(found.failed["cost_musd"].iloc[0])
    for left, right in zip(
        found.flows.query("run == 0")["teu_per_year"], found.flows.query("run == 2")["teu_per_year"], strict=True
    ):
        assert left == right


def test_what_is_asked_wrongly_is_told(tmp_path):
    with pytest.raises(DataError, match="nothing varies"):
        corridors.sweep(caspian())
    with pytest.raises(DataError, match="unknown setting 'cats'"):
        corridors.sweep(caspian(), {"cats": [1]})
    values = {"demand.scale.caspian": ["x 1", "x 2"]}
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    with pytest.raises(DataError, match="holds something else"):
        corridors.sweep(caspian(), values, out=tmp_path / "full", jobs=1)
    corridors.sweep(caspian(), values, out=tmp_path / "mine", jobs=1)
    with pytest.raises(DataError, match="holds another sweep"):
        corridors.sweep(caspian(), {"demand.scale.caspian": ["x 3"]}, out=tmp_path / "mine", jobs=1)
    found = corridors.sweep(caspian(), values, out=tmp_path / "mine", jobs=1)
    for wrong in ("flow:nowhere", "through:AZ-AU", "beauty"):
        with pytest.raises(DataError, match="measure"):
            found.measure(wrong)
    with pytest.raises(DataError, match="does not vary"):
        found.table("cost", "disruptions")
    with pytest.raises(DataError, match="nobody answers"):
        corridors.sweep(caspian(), values, scheduler="tcp://127.0.0.1:1")


def test_gas_sweeps_too():
    gas = corridors.load("baseline-gas-2026")
    found = corridors.sweep(gas, {"study.years": [[2025], [2026]]}, jobs=1)
    assert (found.runs["status"] == "optimal").all() and found.runs["unmet_gwh"].ge(0).all()
    assert found.measure("flow:tanap").gt(0).all()
    truth = corridors.run(gas.with_({"study.years": [2026]}), against=False, ranges=False)
    assert found.runs["cost_musd"].iloc[1] == pytest.approx(truth.costs()["cost_million_usd"].iloc[0], rel=1e-6)


# Files


STOPPED = """
schema: 1
name: stopped
extends: baseline-2026
study: {{markets: [caspian]}}
disruptions:
  x:
    where: {{link: KZ_AKU-AZ_ALT-feeder}}
    effect: {{cost: x 1}}
vary:
  disruptions.x.where.link: [{links}]
  disruptions.x.effect.cost: [{costs}]
"""


def written(folder, count):
    links = [*LINKS, "GE_TBS-GE_KHA-rail", "TM_TKB-AZ_ALT-ferry"]
    costs = [f"x {1 + 0.01 * i:.2f}" for i in range(count // len(links))]
    text = STOPPED.format(links=", ".join(links), costs=", ".join(costs))
    (folder / "stopped.yaml").write_text(text)
    return folder / "stopped.yaml"


def command(file, out, jobs):
    return [sys.executable, "-m", "corridors", "sweep", str(file), "--out", str(out), "--jobs", str(jobs)]


def contents(folder):
    return {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES}


def test_killed_again_and_again_a_sweep_goes_on_and_has_the_same_bytes(tmp_path):
    runs, kills = (1500, 10) if os.environ.get("CORRIDORS_SLOW_TESTS") else (600, 4)
    file = written(tmp_path, runs)
    subprocess.run(command(file, tmp_path / "whole", 1), check=True, capture_output=True)
    draw = random.Random(20261126)
    killed = 0
    while killed < kills:
        process = subprocess.Popen(
            command(file, tmp_path / "killed", draw.choice([1, 2])),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(draw.uniform(1.0, 4.5))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
        else:
            assert process.returncode == 0
            for part in draw.sample(sorted((tmp_path / "killed" / "parts").glob("runs-*")), runs // 125):
                part.unlink()  # all was done: take some away, as if it had been stopped before them
    done = subprocess.run(command(file, tmp_path / "killed", 2), check=True, capture_output=True, text=True)
    assert f"{runs:,} runs" in done.stdout
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert not list((tmp_path / "killed").rglob("*.begun"))


def test_workers_end_when_their_parent_is_killed(tmp_path):
    file = written(tmp_path, 1000)
    process = subprocess.Popen(
        command(file, tmp_path / "out", 2), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and len(_group(process.pid)) < 3:
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _group(process.pid):
        time.sleep(0.2)
    assert _group(process.pid) == []


def _group(leader):
    """Return the processes of a session that are not dead."""
    told = subprocess.run(["ps", "-s", str(leader), "-o", "pid=,stat="], capture_output=True, text=True, check=False)
    return [line for line in told.stdout.splitlines() if line.split()[1][0] != "Z"]


def test_the_bytes_do_not_depend_on_the_workers(tmp_path):
    values = {"disruptions": [shut(link, {"cost": f"x {1 + i / 10:.1f}"}) for i in range(20) for link in LINKS]}
    for jobs in (1, 2):
        corridors.sweep(caspian(), values, jobs=jobs, out=tmp_path / str(jobs))
    assert contents(tmp_path / "1") == contents(tmp_path / "2")


def test_a_dask_cluster_that_loses_a_worker_finishes_with_the_same_bytes(tmp_path):
    distributed = pytest.importorskip("distributed")
    values = {"disruptions": [shut(link, {"cost": f"x {1 + i / 50:.2f}"}) for i in range(120) for link in LINKS]}
    corridors.sweep(caspian(), values, jobs=1, out=tmp_path / "here")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with (
            distributed.LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            killed = []

            def kill_one(done, total):
                if not killed and done >= total // 4:
                    killed.append(next(iter(client.run(os.getpid).values())))
                    os.kill(killed[0], signal.SIGKILL)

            corridors.sweep(
                caspian(), values, scheduler=cluster.scheduler_address, out=tmp_path / "dask", progress=kill_one
            )
    assert killed
    assert contents(tmp_path / "dask") == contents(tmp_path / "here")


# Command line


def test_the_command_shows_draws_and_goes_on(tmp_path):
    file = written(tmp_path, 20)
    call = ["sweep", str(file), "--out", str(tmp_path / "out"), "--jobs", "1"]
    more = ["--measure", "flow:middle", "--columns", "disruptions.x.effect.cost", "--plot", str(tmp_path / "r.png")]
    done = CliRunner().invoke(app, [*call, *more])
    assert done.exit_code == 0, done.output
    assert "flow:middle, TEU a year, by disruptions.x.effect.cost" in done.output and "20 runs" in done.output
    assert (tmp_path / "r.png").stat().st_size > 10_000
    again = CliRunner().invoke(app, [*call, "--csv"])
    assert again.exit_code == 0 and again.output.startswith("run,name,disruptions.x.where.link")
    given = CliRunner().invoke(app, ["sweep", str(file), "--vary", "disruptions.x.effect.cost=x 1,x 2", "--jobs", "1"])
    assert given.exit_code == 0 and "2 runs" in given.output
