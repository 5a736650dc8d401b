"""Every example script runs as a user runs it, prints a table, writes its figures and stays short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import corridors

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
SLOW = ("build_first", "one_metre", "russia_closes", "tanap_january", "three_failures")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda p: p.stem)
def test_example(script, tmp_path):
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 100
    if script.stem in SLOW and not os.environ.get("CORRIDORS_SLOW_TESTS"):
        pytest.skip("set CORRIDORS_SLOW_TESTS to run it")
    found = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "out")], capture_output=True, text=True, check=False, timeout=300
    )
    assert found.returncode == 0, found.stderr
    assert len(found.stdout.splitlines()) >= 3
    figures = [p for p in (tmp_path / "out").iterdir() if p.suffix == ".png"]
    assert figures and all(p.stat().st_size > 10_000 for p in figures)


SCENARIOS = sorted((EXAMPLES / "scenarios").glob("*.yaml"))
RUN = " ".join(script.read_text(encoding="utf-8") for script in SCRIPTS if script.stem not in SLOW)
GAS = [file for file in SCENARIOS if "task: gas" in file.read_text(encoding="utf-8")]
LEFT = [file for file in SCENARIOS if f'"{file.name}"' not in RUN and file not in GAS]  # others: by their script


def test_every_scenario_names_what_it_is_held_against():
    for file in SCENARIOS:
        assert (corridors.load(file).model.against is not None) == (file.stem != "baseline")


@pytest.mark.parametrize("file", LEFT, ids=lambda p: p.stem)
def test_example_scenario(file):
    scenario = corridors.load(file)
    last = scenario.model.study.years[-1]
    run = corridors.run(scenario.with_({"study.years": [last]}), ranges=False)
    assert str(last) in run.answer
    assert all(s.name for _, s in scenario.variations())
