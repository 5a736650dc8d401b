"""Scenario files as their writers meet them: what merges, what wins, where each value comes from, what is refused."""

from __future__ import annotations

import ast
import csv
import importlib
import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from corridors.scenario import finding, template
from corridors.scenario.commands import parse_sets, register
from corridors.scenario.explaining import explain
from corridors.scenario.listing import LISTS, rows
from corridors.scenario.loading import Scenario, load
from corridors.scenario.problems import ScenarioError
from corridors.scenario.schema_text import json_schema, schema_text
from corridors.scenario.yaml_text import MOST_BYTES, parse, parse_value, write
from networks import DataError

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ["pandas", "numpy", "geopandas", "scipy", "networkx", "matplotlib", "highspy", "shapely"]
HEAD = "schema: 1\nname: x\n"
RUSSIA = """\
disruptions:
  russia:
    where: {country: [RU, BY], mode: rail}
    effect: {capacity: -30 %, wait: +48 h}
    when: {from: 2026-01}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    """A folder to write scenarios into; returns what writes one and loads another."""
    monkeypatch.chdir(tmp_path)

    def put(name: str, text: str | bytes, *, head: bool = True) -> Path:
        file = tmp_path / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True, parents=True)
        content = text if isinstance(text, bytes) else ((HEAD.replace("x", name) if head else "") + text).encode()
        file.write_bytes(content)
        return file

    return put


def refusal(file: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        load(file, **options)
    return str(caught.value)


# ---- YAML


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("12:30", "12:30"),
        ("0777", 777),
        ("0o17", 15),
        ("0xff", 255),
        ("1e3", 1000.0),
        ("-1.5", -1.5),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("true", True),
        ("~", None),
        ("null", None),
        ("", None),
        ("2027-01-31", "2027-01-31"),
        ("2027", 2027),
        ("x 0.5", "x 0.5"),
        ("-30 %", "-30 %"),
        ("+48 h", "+48 h"),
        ("[a, 1, [b]]", ["a", 1, ["b"]]),
        ("{a: 1, 2: b}", {"a": 1, "2": "b"}),
        ("Türkiye", "Türkiye"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(written, value):
    found = parse(f"a: {written}\n".encode(), "x.yaml").value["a"]
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a: &x 1\n", "x.yaml:1:4: anchors (&x) are not used here"),
        (b"a: *x\n", "x.yaml:1:4: aliases"),
        (b"a: !!python/object/apply:os.system [ls]\n", "x.yaml:1:4: tags"),
        (b"a: ! b\n", "x.yaml:1:4: tags"),
        (b"a: 1\n---\nb: 1\n", "x.yaml:2:1: a second document"),
        (b"%YAML 1.1\n---\na: 1\n", "directives"),
        (b"a: 1\nb: 2\na: 3\n", "x.yaml:3:1: a: 'a' stands twice; first in line 1"),
        (b'a: 1\n"a": 3\n', "'a' stands twice"),
        (b"? [a, b]\n: 1\n", "names of settings are text"),
        (b"null: 1\n", "'null' as a name"),
        (b"true: 1\n", "'true' as a name"),
        (b"<<: {a: 1}\n", "use 'extends'"),
        (b"a: " + b"[" * 25 + b"]" * 25 + b"\n", "nested deeper than 20 levels"),
        (b"a: " + b"x" * (MOST_BYTES + 1), "larger than 200 kB"),
        (b"".join(b"a%d: 1\n" % n for n in range(10_001)), "more than 20,000 values"),
        ("a: é\n".encode("latin-1"), "byte 3 (line 1) is not UTF-8; save as UTF-8"),
        ("a: 1\n".encode("utf-16"), "this is UTF-16; save as UTF-8"),
        (b"a: b\x1bc\n", r"x.yaml:1:5: control character \x1b"),
        (b'a: "\\e"\n', r"control character \x1b"),
        (b'a: "\\ud800"\n', "x.yaml:1:"),
        (b'a: "\\UFFFFFFFF"\n', "x.yaml:1:"),
        (b"a:\n\tb: 1\n", "x.yaml:2:1: a tab in the indentation; use spaces"),
        (b"a: 1234567890123456789\n", "an integer of more than 18 digits"),
        (b"a: 1e999\n", "too large"),
        (b"a: .nan\n", "no number to calculate with"),
        (b"a: b: c\n", "x.yaml:1:5: not valid YAML: ':' is not expected here"),
        (b"a: [1, 2\n", "x.yaml:2:1: not valid YAML"),
        (b"a: 'b\n", "the file ends within quotes"),
        (b"a:\n  b: 1\n c: 2\n", "x.yaml:3:2: not valid YAML: the indentation"),
        (b"a: @b\n", "put it in quotes"),
        (b"a: " + b"x" * 20_000, "the line is longer than 10,000 characters"),
    ],
)
def test_what_a_scenario_does_not_need_is_refused(text, said):
    with pytest.raises(ScenarioError) as caught:
        parse(text, "x.yaml")
    assert said in str(caught.value) and len(caught.value.problems) == 1


def test_positions_are_those_of_keys_and_items():
    found = parse(b"\xef\xbb\xbfa:\r\n  b: [x, {c: 1}]\r\n", "x.yaml")
    assert {path: (mark.line, mark.column) for path, mark in found.marks.items()} == {
        (): (1, 1),
        ("a",): (1, 1),
        ("a", "b"): (2, 3),
        ("a", "b", 0): (2, 7),
        ("a", "b", 1): (2, 10),
        ("a", "b", 1, "c"): (2, 11),
    }


@pytest.mark.parametrize("unit", ["[", "{", "- ", "? ", ": ", '"', "&", "!", "*a ", "{a: b}, ", "a\n", "[a]: ", "\\"])
@pytest.mark.parametrize("width", [200_000, 9_000, 90])
def test_junk_of_full_size_is_answered_soon(unit, width):
    text = "a: " + unit * ((MOST_BYTES - 5000) // len(unit))
    text = "\n".join(text[n : n + width] for n in range(0, len(text), width))
    began = time.perf_counter()
    with pytest.raises(ScenarioError):
        parse(text.encode()[:MOST_BYTES], "x.yaml")
    assert time.perf_counter() - began < 3


def test_what_is_written_is_read_back():
    value = {"a": ["1", "true", "~", "1e3", "0o7", "x: y", "# z", "", " s ", 1, 1.5, None, False, "a\nb"], "2": {}}
    assert parse(write(value).encode(), "x").value == value


# ---- merging


def test_mappings_merge_and_everything_else_replaces(study):
    study("base", RUSSIA + "study: {years: [2026, 2030], markets: [cn-eu]}\n")
    file = study(
        "over",
        "extends: base\nstudy: {years: [2027]}\n"
        "disruptions:\n  russia:\n    where: {country: RU}\n    effect: {capacity: x 0.5}\n",
    )
    found = load(file)
    assert found.resolved["disruptions"]["russia"] == {
        "where": {"country": "RU", "mode": "rail"},
        "effect": {"capacity": "x 0.5", "wait": "+48 h"},
        "when": {"from": "2026-01"},
    }
    assert found.model.study.years == (2027,) and found.model.study.markets == ("cn-eu",)


def test_a_where_written_as_a_list_replaces(study):
    study("base", RUSSIA)
    file = study("over", "extends: base\ndisruptions: {russia: {where: [{place: Aktau}, {place: Kuryk}]}}\n")
    where = load(file).model.disruptions["russia"].where
    assert [w.place for w in where] == [("Aktau",), ("Kuryk",)] and where[0].country is None


def test_later_files_win_and_each_counts_once(study):
    study("base", "study: {currency: EUR, growth: low}\n")
    study("one", "extends: base\nstudy: {growth: high}\n")
    study("two", "extends: base\nstudy: {planned: true}\n")
    found = load(study("over", "extends: [one, two]\n"))
    assert (found.model.study.currency, found.model.study.growth, found.model.study.planned) == ("EUR", "high", True)
    study("three", "study: {growth: central}\n")
    assert load(study("over", "extends: [one, three]\n")).model.study.growth == "central"
    assert load(study("over", "extends: [three, one]\n")).model.study.growth == "high"


def test_what_is_said_about_one_file_is_not_taken_over(study):
    study("base", "title: T\nquestion: Q?\nagainst: baseline-2025\nnote: N\nsource: a link\nstudy: {years: 2030}\n")
    found = load(study("over", "extends: base\n"))
    assert (found.name, found.model.title, found.question, found.against) == ("over", None, None, None)
    assert (found.model.note, found.model.source, found.model.study.years) == (None, None, (2030,))


def test_a_disruption_is_switched_off_and_not_deleted(study):
    study("base", RUSSIA)
    found = load(study("over", "extends: base\ndisruptions: {russia: {enabled: false}}\n"))
    assert found.model.disruptions["russia"].enabled is False


def test_origins_name_file_line_and_column(study):
    study("base", RUSSIA)
    found = load(study("over", "extends: base\ndisruptions: {russia: {effect: {capacity: x 0.5}}}\n"))
    origins = found.origins
    assert origins["disruptions", "russia", "effect", "capacity"] == "over.yaml:4:33"
    assert origins["disruptions", "russia", "effect", "wait"] == "base.yaml:6:31"
    assert origins["disruptions", "russia", "where", "country", 1] == "base.yaml:5:27"
    assert origins["name",] == "over.yaml:2:1"


def test_set_goes_over_files_and_with_over_both(study):
    file = study("base", RUSSIA + "study: {currency: EUR}\n")
    found = load(file, set={"study.currency": "USD", "disruptions.russia.effect.capacity": "x 0.5"})
    assert found.model.study.currency == "USD" and found.origins["study", "currency"] == "set"
    again = found.with_({"disruptions.russia.effect.capacity": "x 0.2"}, study={"years": [2030]}, name="again")
    assert str(again.model.disruptions["russia"].effect.capacity) == "x 0.2"
    assert (again.name, again.model.study.years, again.model.study.currency) == ("again", (2030,), "USD")
    assert found.resolved["disruptions"]["russia"]["effect"]["capacity"] == "x 0.5", "nothing changes in place"
    assert again.origins["disruptions", "russia", "effect", "capacity"] == "set"
    assert again.origins["disruptions", "russia", "effect", "wait"] == "base.yaml:6:31"


def test_items_of_lists_are_set_by_number(study):
    file = study("base", "disruptions: {a: {where: [{place: Aktau}, {place: Kuryk}], effect: {use: closed}}}\n")
    found = load(file, set={"disruptions.a.where.1.place": "Alat"})
    assert [w.place for w in found.model.disruptions["a"].where] == [("Aktau",), ("Alat",)]
    assert "the list has 2" in refusal(file, set={"disruptions.a.where.2.place": "Alat"})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"study.yeers": [2030]}, "study.yeers: unknown setting 'yeers'; did you mean 'years'?"),
        ({"study.years": 3000}, "study.years: 3000 is out of range; write 2040 or earlier"),
        ({"extends": "y"}, "read from the file"),
        ({"": 1}, "expected a path"),
        ({"study..years": 1}, "expected a path"),
        ({"study.years": object()}, "expected text, a number"),
        ({"title": "a\x1bb"}, "control characters"),
        ({"title": float("nan")}, "expected text, a number"),
        ({"disruptions.y.effect.use": "closed"}, "disruptions.y.where: 'where' is missing"),
        ({"study.currency.x": 1}, "study.currency: {x} is not one of"),
    ],
)
def test_wrong_changes_are_told_by_path(study, changes, said):
    found = load(study("base", RUSSIA))
    with pytest.raises(ScenarioError) as caught:
        found.with_(changes)
    assert said in str(caught.value)


def test_values_of_python_are_written_as_a_file_has_them(study):
    import datetime as dt

    import numpy as np

    found = load(study("base", RUSSIA))
    capacity = found.model.disruptions["russia"].effect.capacity
    again = found.with_(
        {"disruptions.russia.when.to": dt.date(2026, 5, 31), "disruptions.russia.effect.capacity": capacity},
        study={"years": range(2026, 2029), "planned": True},
    )
    assert again.resolved["disruptions"]["russia"]["when"]["to"] == "2026-05-31"
    assert again.model.study.years == (2026, 2027, 2028) and again.hash != found.hash
    assert found.with_({"study.years": np.int64(2030)}).model.study.years == (2030,)


def test_the_text_of_a_scenario_is_the_scenario(study):
    study("base", RUSSIA)
    found = load(study("over", "extends: base\nagainst: base\nquestion: 'Why: 1?'\nstudy: {years: [2027]}\n"))
    again = load(study("again", found.text, head=False))
    assert again.hash == found.hash and again.question == found.question and "extends" not in again.resolved


# ---- names of files


def test_names_are_looked_up_beside_the_study_then_among_the_toolkits(study):
    assert load("baseline-2025").path.parent == finding.BUILTIN
    study("sub/inner", "study: {years: 2031}\n", head=False)
    (Path("sub") / "inner.yaml").write_text("schema: 1\nname: inner\nextends: base\nstudy: {years: 2031}\n")
    study("base", "study: {currency: EUR}\n")
    for name in ("sub/inner", "sub/inner.yaml"):
        found = load(study("over", f"extends: {name}\n"))
        assert found.model.study.years == (2031,) and found.model.study.currency == "EUR"
    assert found.origins["study", "years"] == "sub/inner.yaml:4:9"
    assert load("over").name == "over"
    assert load(study("over", "extends: baseline-2025\n")).origins["study", "years"].startswith("builtin/baseline-2025")


def test_a_file_of_the_name_of_the_toolkits_builds_on_it(study):
    found = load(study("baseline-2025", "extends: baseline-2025\nstudy: {currency: EUR}\n"))
    assert found.model.study.currency == "EUR" and found.model.study.years == (2025,)


def test_scenarios_of_the_toolkit_build_on_those_of_the_toolkit_only(study):
    study("baseline-2025", "study: {currency: EUR}\n")
    assert load(study("over", "extends: baseline-2026\n")).model.study.currency == "USD"


@pytest.mark.parametrize("name", finding.names(finding.BUILTIN))
def test_scenarios_of_the_toolkit_are_valid(name):
    found = load(name)
    assert found.name == name and found.question and explain(found)
    found.counterfactual()
    found.variations()


def test_a_circle_shows_its_files(study):
    study("a", "extends: b\n")
    study("b", "extends: c\n")
    study("c", "extends: a\n")
    assert "in a circle: a.yaml -> b.yaml -> c.yaml -> a.yaml" in refusal(Path("a.yaml"))


def test_a_file_does_not_find_itself(study):
    assert "no scenario file 'a'" in refusal(study("a", "extends: a\n"))


def test_too_many_files_are_refused(study):
    study("s0", "")
    for number in range(1, 25):
        file = study(f"s{number}", f"extends: s{number - 1}\n")
    assert "more than 20 files build on each other: s24.yaml -> s23.yaml" in refusal(file)


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x", "sub/../../x", "..", "a\\b", "C:/x", "~/x", "", "a" * 300, "./../x.yaml"]
)
def test_names_do_not_lead_out_of_the_folder(study, name):
    said = refusal(study("x", f"extends: {json.dumps(name)}\n"))
    assert "x.yaml:3:1: extends: " in said
    assert "only files in the folder" in said or "is no name of a scenario" in said


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
def test_only_regular_files_in_the_folder_are_read(study, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "out.yaml").write_text(HEAD)
    for name, target in (
        ("zero", "/dev/zero"),
        ("passwd", "/etc/passwd"),
        ("out", "../out.yaml"),
        ("loop", "loop.yaml"),
    ):
        (tmp_path / "in" / f"{name}.yaml").symlink_to(target)
    os.mkfifo(tmp_path / "in" / "pipe.yaml")
    (tmp_path / "in" / "folder.yaml").mkdir()
    for name in ("zero", "passwd", "out", "loop", "pipe", "folder"):
        said = refusal(study("in/x", f"schema: 1\nname: x\nextends: {name}\n", head=False))
        assert re.search("leads out|no regular file|circle", said), (name, said)
    study("in/inner", HEAD, head=False)
    (tmp_path / "in" / "link.yaml").symlink_to("inner.yaml")
    load(study("in/x", "schema: 1\nname: x\nextends: link\n", head=False))


def test_what_is_not_found_lists_the_nearest(study):
    study("base-2031", "")
    said = refusal(study("over", "extends: base-2032\n"))
    assert "over.yaml:3:1: extends: no scenario file 'base-2032'" in said and "'base-2031'" in said
    with pytest.raises(DataError, match=r"no scenario file 'base-2030' \(looked for base-2030\.yaml.*'base-2031'"):
        load("base-2030")
    with pytest.raises(DataError, match="did you mean 'over'"):
        load("ovr.yaml")
    Path("x.txt").write_text("")
    with pytest.raises(DataError, match=r"x\.txt: scenario files end in \.yaml or \.yml"):
        load("x.txt")


# ---- counterfactual, variations, hash


def test_the_counterfactual_is_asked_the_same(study):
    study("base", "study: {years: [2030], currency: EUR, growth: low}\nchoice: {sensitivity: high}\n")
    found = load(study("over", "extends: base\nagainst: base\n" + RUSSIA + "study: {years: [2027]}\n"))
    other = found.counterfactual()
    assert other.name == "base" and other.model.study == found.model.study and not other.model.disruptions
    assert other.model.choice.sensitivity == "high" and other.origins["study", "years"] == "over.yaml:10:9"
    assert other.counterfactual() is None
    study("bare", "study: {growth: high}\n")
    assert load(study("over", "against: bare\n")).counterfactual().model.study.growth == "central"


def test_variations_are_all_combinations_with_names(study):
    vary = """\
vary:
  disruptions.russia.effect.capacity: [-30 %, x 0.5]
  study.years: [[2026], [2026, 2030]]
  together:
    disruptions.russia.effect.wait: [+1 h, +2 h, +3 h]
    choice.sensitivity: [low, normal, high]
"""
    found = load(study("base", RUSSIA + vary)).variations()
    assert len(found) == 12 and len({s.name for _, s in found}) == 12
    changes, last = found[-1]
    assert last.name == "base: capacity x 0.5, years 2026+2030, wait +3 h, sensitivity high"
    assert changes["disruptions.russia.effect.wait"] == "+3 h" and last.model.choice.sensitivity == "high"
    assert last.model.study.years == (2026, 2030) and not last.model.vary and last.variations() == []


def test_names_of_variations_tell_paths_apart(study):
    vary = "vary:\n  disruptions.russia.effect.capacity: [x 0.5, x 0.2]\n  disruptions.b.effect.capacity: [x 1, x 1]\n"
    b = "  b: {where: {place: Aktau}, effect: {capacity: x 1}}\n"
    names = [s.name for _, s in load(study("base", RUSSIA + b + vary)).variations()]
    assert names[0] == "base: russia.effect.capacity x 0.5, b.effect.capacity x 1"
    assert names[1] == "base: russia.effect.capacity x 0.5, b.effect.capacity x 1 (2)"


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ("disruptions.rusia.effect.wait: [1 h]", "there is no 'rusia' in 'disruptions'; did you mean 'russia'?"),
        ("disruptions.russia.effect.weight: [1 h]", "unknown setting 'weight'; did you mean 'wait'?"),
        ("study.years: 2026", "needs a list of values"),
        ("study.years: []", "needs a list of values"),
        ("name: [a, b]", "cannot be varied"),
        ("disruptions.russia.effect.wait: [1 h, 1 t]", "base.yaml:9:41: vary.disruptions.russia.effect.wait.1: '1 t'"),
        ("disruptions.russia.where.country: [RU, XX]", "there is no country or group of countries 'XX'"),
        ("together: {study.years: [2026], study.growth: [low, high]}", "differ in length"),
        ("study.years: [[2026]]\n  together: {study.years: [2026]}", "stands twice"),
        ("study.years.x: [2026]", "'study.years' is a value and holds no 'x'"),
    ],
)
def test_vary_is_checked_with_the_file(study, vary, said):
    assert said in refusal(study("base", f"{RUSSIA}vary:\n  {vary}\n"))


def test_too_many_runs_are_refused(study):
    vary = "".join(
        f"  disruptions.russia.effect.{key}: [{', '.join(['1 h'] * 30)}]\n" for key in ("wait", "time", "reliability")
    )
    assert "27,000 runs; at most 10,000" in refusal(study("base", f"{RUSSIA}vary:\n{vary}"))


def test_the_hash_is_of_what_decides_the_numbers(study):
    base = load(study("base", RUSSIA))
    same = load(
        study(
            "other",
            "title: T\nquestion: Q\nnote: N\nagainst: baseline-2025\nvary: {study.years: [2026]}\n"
            + RUSSIA.replace("-30 %", "x 0.7").replace("+48 h", "+2 days").replace("    when", "    note: n\n    when")
            + "study: {years: 2026}\n",
        )
    )
    assert base.hash == same.hash and re.fullmatch("[0-9a-f]{64}", base.hash)
    for changes in ({"study.years": [2027]}, {"disruptions.russia.effect.wait": "+49 h"}, {"study.currency": "EUR"}):
        assert base.with_(changes).hash != base.hash
    study("parent", RUSSIA)
    assert load(study("child", "extends: parent\n")).hash == base.hash


def test_the_hash_does_not_depend_on_the_process():
    code = "from corridors.scenario.loading import load; print(load('baseline-2025').hash)"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1 and seen.pop().strip() == load("baseline-2025").hash


# ---- errors


MANY = """\
schema: 1
name: many
extends: baseline-2026
task: assing
study:
  currency: EURO
disruptions:
  russia:
    where: {country: [RU, BY], mod: rail}
    effect: {use: closed}
  aktau:
    where: {node: aktau}
    effect: {capacity: 30 %}
    when: {from: January 2027}
  baku:
    where: {place: alat}
    effect: {capacity: 8 Mtpa, wait: 48}
  kuryk:
    where: {place: kuryk}
    effect: {use: closed, note: some, words}
investments:
  packages:
    eu:
      title: EU package
      total: 12 bn EUR
      lines:
        transport: {amount: 3 bn EUR}
        water: {amount: 6.4 bn EUR}
  projects:
    rail:
      title: A line
      cost: 1,4 bn USD
      where: {place: aktau}
      effect: {capacity: +5 kt}
"""
TOLD = """\
many.yaml:4:1: task: 'assing' is not one of 'freight' or 'gas'
     4 | task: assing
       | ^
many.yaml:6:3: study.currency: 'EURO' is not one of 'USD' or 'EUR'
     6 |   currency: EURO
       |   ^
many.yaml:9:32: disruptions.russia.where.mod: unknown setting 'mod'; did you mean 'mode'?
     9 |     where: {country: [RU, BY], mod: rail}
       |                                ^
many.yaml:12:13: disruptions.aktau.where.node: unknown setting 'node'; did you mean 'place'?
    12 |     where: {node: aktau}
       |             ^
many.yaml:13:14: disruptions.aktau.effect.capacity: '30 %' is ambiguous: write '-30 %' or '+30 %' to change the \
baseline, or 'x 0.3' to scale it
    13 |     effect: {capacity: 30 %}
       |              ^
many.yaml:14:12: disruptions.aktau.when.from: 'January 2027' is not a date; write 2027, 2027-01 or 2027-01-31
    14 |     when: {from: January 2027}
       |            ^
many.yaml:17:14: disruptions.baku.effect.capacity: unknown unit 'Mtpa'; write Mt/yr
    17 |     effect: {capacity: 8 Mtpa, wait: 48}
       |              ^
many.yaml:17:32: disruptions.baku.effect.wait: 48 has no unit; write it with one, for example '+48 h'
    17 |     effect: {capacity: 8 Mtpa, wait: 48}
       |                                ^
many.yaml:20:39: disruptions.kuryk.effect.words: unknown setting 'words'; known: use, capacity, time, wait, cost, fee, \
draught, reliability, avoid, bans, note, source; unquoted comma?
    20 |     effect: {use: closed, note: some, words}
       |                                       ^
many.yaml:23:5: investments.packages.eu: lines add up to 9.4 bn but total is 12 bn EUR
    23 |     eu:
       |     ^
many.yaml:32:7: investments.projects.rail.cost: '1,4 bn USD': no commas in numbers; write 1500 or 1.5
    32 |       cost: 1,4 bn USD
       |       ^
many.yaml:34:16: investments.projects.rail.effect.capacity: '+5 kt' is a mass (no '/yr'); this setting takes TEU/yr, \
t/yr, trains/d, pairs/d, trucks/d or wagons/d, or a change, for example '-30 %'
    34 |       effect: {capacity: +5 kt}
       |                ^
12 errors in many.yaml"""


def test_all_errors_are_told_at_once_with_their_lines(study):
    assert refusal(study("many", MANY, head=False)) == TOLD


def test_words_and_fields_are_told_together(study):
    text = (
        "disruptions:\n  a:\n    where: {place: [aktau, kurik], country: UK}\n    effect: {use: shut}\n"
        "  b:\n    where: {place: Astara}\n    effect: {use: closed}\n"
    )
    assert (
        refusal(study("places", text))
        == """\
places.yaml:5:28: disruptions.a.where.place.1: there is no place 'kurik'; did you mean Kuryk (KZ, KZ_KUR)?
     5 |     where: {place: [aktau, kurik], country: UK}
       |                            ^
places.yaml:5:36: disruptions.a.where.country: there is no country or group of countries 'UK'
     5 |     where: {place: [aktau, kurik], country: UK}
       |                                    ^
places.yaml:6:14: disruptions.a.effect.use: 'shut' is not one of 'closed' or 'open'
     6 |     effect: {use: shut}
       |              ^
places.yaml:8:13: disruptions.b.where.place: 'Astara' is ambiguous: Astara (AZ) (AZ, AZ_AST) or Astara (IR) (IR, IR_AST)
     8 |     where: {place: Astara}
       |             ^
4 errors in places.yaml"""
    )


def test_an_error_in_a_file_that_is_built_on_names_that_file(study):
    study("base", "study: {currency: GBP}\n")
    said = refusal(study("over", "extends: base\nstudy: {years: 1999}\n"))
    assert said.splitlines()[0].startswith("over.yaml:4:9: study.years: 1999 is out of range; write 2019 or later")
    assert "base.yaml:3:9: study.currency: 'GBP' is not one of" in said and said.endswith("2 errors in over.yaml")


WHERE = "where: {place: Aktau}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("disruptions: {a: {effect: {use: closed}}}", "disruptions.a.where: 'where' is missing"),
        ("disruptions: {a: {where: RU, effect: {use: closed}}}", "expected settings, indented below"),
        ("disruptions: {a: {where: [], effect: {use: closed}}}", "is empty; write at least one"),
        ("disruptions: [a]", "expected names with their settings, indented below, got a list of 1"),
        ("disruptions:", "expected names with their settings, indented below, got nothing"),
        ("disruptions: {a b: {where: {place: Aktau}, effect: {use: closed}}}", "letters, digits, '-' and '_' only"),
        (f"disruptions: {{a: {{{WHERE}, effect: {{}}}}}}", "give at least one effect"),
        ("disruptions: {a: {where: {goods: general}, effect: {use: closed}}}", "say where"),
        (f"disruptions: {{a: {{{WHERE}, effect: {{use: closed}}, enabled: 1}}}}", "expected true or false, got 1"),
        (f"disruptions: {{a: {{{WHERE}, effect: {{use: closed}}, when: {{months: [13]}}}}}}", "13 is no month"),
        (
            f"disruptions: {{a: {{{WHERE}, effect: {{use: closed}}, when: {{months: May}}}}}}",
            "expected a list of months, 1 to 12, got 'May'",
        ),
        (f"disruptions: {{a: {{{WHERE}, effect: {{capacity: -30 %}}, capacity: 1}}}}", "it belongs below 'effect'"),
        (f"disruptions: {{a: {{{WHERE}, effect: {{use: closed, from: 2027}}}}}}", "unknown setting 'from'"),
        ("years: [2026]", "unknown setting 'years'; it belongs below 'study'"),
        ("study: {disruptions: {}}", "it belongs at the top"),
        ("study: {years: 2026.5}", "expected a year such as 2027, or a list of years, got 2026.5"),
        ("study: {years: [a]}", "study.years.0: expected a year such as 2027, got 'a'"),
        ("study: {years: []}", "is empty"),
        ("study: {growth: centrl}", "did you mean 'central'?"),
        ("study: {markets: cn-uk}", "there is no market 'cn-uk'; did you mean 'cn-eu'?"),
        ("study: {markets: 5}", "expected a word or a list of words, got 5"),
        ("study: {markets: [5]}", "study.markets.0: expected text, got 5"),
        ("study: 5", "study: expected settings, indented below or as {years: [2026]}, got 5"),
        ("demand: {scale: {cn-uk: x 1.1}}", "demand.scale.cn-uk: there is no market 'cn-uk'"),
        ("prices: {sea-wst: x 1.1}", "prices.sea-wst: there is no series 'sea-wst'; did you mean 'sea-west'?"),
        ("choice: {value_of_time: {generl: x 2}}", "there is no goods 'generl'; did you mean 'general'?"),
        ("title: 5", "title: expected text, got 5"),
        ("source: S99999", "there is no source or event 'S99999'"),
        ("source: S001; S99999", "there is no source or event 'S99999'"),
        ("against: baseline-2052", "against: no scenario file 'baseline-2052'"),
        ("investments: {projects: {p: {record: I999}}}", "there is no project 'I999'"),
        ("investments: {projects: {p: {record: I03, line: a}}}", "a line needs its package"),
        ("investments: {projects: {p: {record: I03, package: a}}}", "there is no package 'a' in the scenario"),
        (
            "investments:\n  packages: {a: {lines: {b: {amount: 1 EUR}}}}\n"
            "  projects: {p: {record: I03, package: a, line: c}}",
            "there is no line 'c' in the scenario; there are b",
        ),
        ("investments: {packages: {a: {overlaps: [b]}}}", "there is no package 'b' in the scenario"),
        ("investments: {packages: {a: {lines: {b: {amount: 1 EUR, eligible: XX}}}}}", "countries 'XX'"),
    ],
)
def test_mistakes_are_told_in_the_words_of_the_file(study, text, said):
    found = refusal(study("x", text + "\n"))
    assert said in found
    assert not re.search(r"Input should|valid (string|integer|dict|tuple)|pydantic|type=", found)
    assert re.match(r"x\.yaml:\d+:\d+: ", found)


@pytest.mark.parametrize(
    ("key", "word", "said"),
    [
        ("country", "RUS", "; did you mean 'RU'?"),
        ("border", "KZ-PL", "there is no land border 'KZ-PL'; KZ and PL have crossings"),
        ("border", "Kazakhstan", "write KZ-CN for both ways or KZ>CN for one"),
        ("border", "KZ>XX", "there is no country or group of countries 'XX'"),
        ("place", "Duisborg", "did you mean Duisburg (DE, DE_DUI)"),
        ("link", "KZ_AKU-AZ_ALT-feder", "did you mean 'KZ_AKU-AZ_ALT-feeder'?"),
        ("link", "Aktau", "write an id, or two places: 'Aktau - Alat'"),
        ("link", "Aktau - Duisburg", "there is no link 'Aktau - Duisburg'"),
        ("link", "Aktau - Duisborg", "there is no place 'Duisborg'"),
        ("corridor", "midle", "did you mean 'middle'?"),
        ("mode", "train", "there is no mode 'train'"),
        ("goods", "genral", "did you mean 'general'?"),
        ("market", "cn-ue", "did you mean 'cn-eu'?"),
    ],
)
def test_unknown_words_name_the_nearest(study, key, word, said):
    extra = ", place: Aktau" if key in ("goods", "market") else ""
    text = f"disruptions: {{a: {{where: {{{key}: '{word}'{extra}}}, effect: {{avoid: 50 %}}}}}}\n"
    assert said in refusal(study("x", text))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("country", ["RU", "russia", "Central_Asia", "EU"]),
        ("border", ["KZ-CN", "CN-KZ", "KZ>CN", "CN>KZ", "EU-BY", "kz-cn"]),
        ("place", ["Aktau", "aktau", "KZ_AKU", "Suez Canal", "Port of Baku", "CNSIA"]),
        ("link", ["KZ_AKU-AZ_ALT-feeder", "Aktau - Alat", "alat - aktau"]),
        ("corridor", ["middle", "instc-west", "sea", "middle-aktau"]),
        ("mode", ["rail", "Rail", "sea"]),
    ],
)
def test_words_are_understood_in_every_spelling(study, key, words):
    load(study("x", f"disruptions: {{a: {{where: {{{key}: {json.dumps(words)}}}, effect: {{use: closed}}}}}}\n"))


def test_together_with_must_not_go_in_a_circle(study):
    one = "{where: {place: Aktau}, effect: {use: closed}, together_with: %s}"
    said = refusal(study("x", f"disruptions: {{a: {one % 'b'}, b: {one % 'a'}}}\n"))
    assert "disruptions.a.together_with: goes in a circle: a -> b -> a" in said
    assert "did you mean 'red-sea'?" in refusal(
        study("x", f"disruptions: {{b: {one % 'red-see'}, red-sea: {one % 'c'}}}\n")
    )


def test_only_twenty_errors_are_shown(study):
    said = refusal(study("x", "".join(f"u{n}: 1\n" for n in range(50))))
    assert said.count("unknown setting") == 20 and said.endswith("... and 30 more\n50 errors in x.yaml")


@pytest.mark.parametrize("key", ["place", "country", "border", "link", "corridor", "mode", "goods", "market"])
def test_thousands_of_unknown_words_are_answered_soon(study, key):
    words = "".join(
        f"        - {'KZ-' if key == 'border' else 'Aktau - ' if key == 'link' else ''}u{n}\n" for n in range(7000)
    )
    file = study("x", f"disruptions:\n  a:\n    effect: {{use: closed}}\n    where:\n      {key}:\n{words}")
    began = time.perf_counter()
    assert " errors in x.yaml" in refusal(file)
    assert time.perf_counter() - began < 5


def test_long_and_odd_values_are_shortened_and_printable(study):
    said = refusal(study("x", f"study: {{currency: a\u202e{'é' * 3000}}}\n"))
    assert len(said) < 700 and all(c.isprintable() or c == "\n" for c in said)
    assert r"\u202e" in said


def test_a_file_without_settings_is_refused(study):
    assert "expected settings such as 'schema: 1'" in refusal(study("x", "", head=False))
    assert "'schema' is missing; begin with 'schema: 1'" in refusal(study("x", "name: x\n", head=False))
    assert "got 2; this version reads schema 1" in refusal(study("x", "schema: 2\nname: x\n", head=False))
    assert "x.yaml:1:1: name: 'name' is missing" in refusal(study("x", "schema: 1\n", head=False))
    study("base", "name: base\n", head=False)
    assert "base.yaml:1:1: schema: 'schema' is missing" in refusal(study("x", "extends: base\n"))


def test_tables_of_your_own_bring_their_words(study, tmp_path):
    (tmp_path / "tables").mkdir()
    markets = (ROOT / "seeds" / "markets.csv").read_text(encoding="utf-8")
    (tmp_path / "tables" / "markets.csv").write_text(markets + "moon,To the moon,TEU,,sea\n", encoding="utf-8")
    file = study("x", "study: {markets: moon}\n")
    assert load(file, folder=tmp_path / "tables").model.study.markets == ("moon",)
    assert "there is no market 'moon'" in refusal(file)
    assert "no such folder" in refusal(file, folder=tmp_path / "none")


# ---- explain


def test_every_value_is_explained_with_its_origin(study):
    study("base", RUSSIA)
    found = {row.path: row for row in explain(load(study("over", "extends: base\n"), set={"study.years": [2027]}))}
    assert found["disruptions.russia.where.country"][1:] == ("[RU, BY]", "base.yaml:5:13")
    assert found["disruptions.russia.effect.capacity"][1:] == ("-30 %", "base.yaml:6:14")
    assert found["study.years"][1:] == ("[2027]", "set")
    assert found["study.growth"][1:] == ("central", "default")
    assert found["disruptions.russia.enabled"][1:] == ("true", "default")
    assert found["disruptions.russia.when.from"][1:] == ("2026-01", "base.yaml:7:12")


def test_a_part_is_explained_alone_and_unknown_paths_name_the_nearest(study):
    found = load(study("x", RUSSIA))
    assert {row.path.split(".")[0] for row in explain(found, "study")} == {"study"}
    assert explain(found, "study.years.0")[0][1:] == ("2026", "default") or explain(found, "study.years.0")
    assert explain(found, "disruptions.russia.affects") == [("disruptions.russia.affects", "nothing", "default")]
    with pytest.raises(DataError, match="did you mean 'study'"):
        explain(found, "studi")
    with pytest.raises(DataError, match="did you mean 'russia'"):
        explain(found, "disruptions.rusia")


# ---- commands


@pytest.fixture(scope="module")
def app():
    found = typer.Typer(pretty_exceptions_enable=False)
    register(found)
    return found


def test_check_prints_what_is_held_or_what_is_wrong(study, app):
    study("good", RUSSIA + "against: baseline-2025\nvary: {study.growth: [low, high]}\n")
    study("bad", "task: x\n")
    done = CliRunner().invoke(app, ["check", "good.yaml"])
    assert (done.exit_code, done.output) == (
        0,
        "good.yaml: ok: 2026; 1 disruption; 2 runs by vary; against baseline-2025\n",
    )
    done = CliRunner().invoke(app, ["check", "good.yaml", "bad.yaml", "baseline-2025"])
    assert (
        done.exit_code == 2
        and "good.yaml: ok" in done.output
        and "bad.yaml:3:1: task: 'x' is not one of" in done.output
    )
    assert "baseline-2025: ok" in done.output
    done = CliRunner().invoke(app, ["check", "good.yaml", "--set", "study.years=[2026, 2030]"])
    assert done.output.startswith("good.yaml: ok: 2026, 2030;")
    done = CliRunner().invoke(app, ["check", "good.yaml", "--set", "study.yeers=2026"])
    assert done.exit_code == 2 and "did you mean 'years'" in done.output


def test_the_counterfactual_is_checked_too(study, app):
    study("base", "task: 1\n")
    study("over", "against: base\n")
    done = CliRunner().invoke(app, ["check", "over.yaml"])
    assert done.exit_code == 2 and "base.yaml:3:1: task" in done.output


def test_values_on_the_command_line_are_read_as_in_a_file():
    assert parse_sets(["a.b=[1, x 0.5]", "c=-30 %", "d={e: 2027-01}", "f=", "g==", "h='1'"]) == {
        "a.b": [1, "x 0.5"],
        "c": "-30 %",
        "d": {"e": "2027-01"},
        "f": None,
        "g": "=",
        "h": "1",
    }
    assert parse_sets(None) == {}
    for wrong in (["a"], ["=1"], ["a=1", "a=2"], ["a=[1"], ["a=b: c"], ["a=&x 1"]):
        with pytest.raises(DataError, match=r"--set"):
            parse_sets(wrong)
    assert parse_value("closed", "--set x") == "closed"


def test_explain_prints_columns_and_csv(study, app):
    study("x", RUSSIA)
    done = CliRunner().invoke(app, ["explain", "x.yaml", "disruptions.russia.effect"])
    assert done.output.splitlines() == [
        "disruptions.russia.effect.capacity  -30 %  x.yaml:6:14",
        "disruptions.russia.effect.wait      +48 h  x.yaml:6:31",
    ]
    done = CliRunner().invoke(app, ["explain", "x.yaml", "--csv"])
    found = list(csv.DictReader(io.StringIO(done.output)))
    assert {"path": "study.growth", "value": "central", "origin": "default"} in found


def test_a_new_study_runs_as_it_is(study, app, tmp_path):
    done = CliRunner().invoke(app, ["new", "my-study"])
    assert done.exit_code == 0 and sorted(p.name for p in tmp_path.iterdir()) == ["my-study"]
    folder = tmp_path / "my-study"
    assert sorted(p.name for p in folder.iterdir()) == ["my-study.yaml", "scenario.schema.json"]
    found = load(folder / "my-study.yaml")
    assert (found.name, found.against, found.model.extends) == ("my-study", "baseline-2026", ("baseline-2026",))
    assert len(found.model.disruptions) == 1 and found.question and not found.model.vary
    assert found.counterfactual() is not None
    text = (folder / "my-study.yaml").read_text(encoding="utf-8")
    full = re.sub(r"^#(?=  \w|vary|    )", "", text, flags=re.MULTILINE)
    everything = load(study("full", full, head=False))
    assert len(everything.model.disruptions) == 3 and len(everything.variations()) == 6
    again = CliRunner().invoke(app, ["new", "my-study"])
    assert isinstance(again.exception, DataError) and "is there already" in str(again.exception)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/tmp/x", "a b", "-x", "é", "nul", "x" * 70, "baseline-2025"])
def test_a_new_study_needs_a_name_that_will_do(study, tmp_path, name):
    with pytest.raises(DataError, match=r"as a name|scenario of the toolkit"):
        template.new_study(name)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder that cannot be written")
def test_a_new_study_in_a_folder_that_cannot_be_written(study, tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DataError, match="cannot be written"):
            template.new_study("x")
    finally:
        tmp_path.chmod(0o700)


def test_a_new_study_that_fails_leaves_nothing(study, tmp_path, monkeypatch):
    def fails(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(DataError, match="No space left"):
        template.new_study("x")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["places", "Aktau"], ["KZ_AKU", "port"]),
        (["links", "Alat"], ["KZ_AKU-AZ_ALT-feeder", "470"]),
        (["corridors"], ["northern-kazakhstan"]),
        (["goods"], ["41,000", "1.71"]),
        (["markets"], ["cn-eu"]),
        (["projects", "Moiynty"], ["I03"]),
        (["packages"], ["PK01.1", "3 bn EUR"]),
        (["events", "D01a"], ["2022-02-24"]),
        (["series"], ["sea-west", "USD/FEU"]),
        (["scenarios"], ["baseline-2025", "the toolkit's"]),
    ],
)
def test_lists_of_all_that_can_be_named(study, app, words, shown):
    done = CliRunner().invoke(app, ["list", *words])
    assert done.exit_code == 0 and all(word in done.output for word in shown), done.output
    heads, found = rows(*words)
    assert found and all(len(row) == len(heads) for row in found)
    done = CliRunner().invoke(app, ["list", *words, "--csv"])
    assert list(csv.reader(io.StringIO(done.output)))[1:] == found


def test_scenarios_of_the_folder_are_listed_and_other_files_are_not(study):
    study("mine", "title: My own\n")
    study("broken", "a: [", head=False)
    Path("other.yaml").write_text("a: 1\n")
    assert ["mine", "My own", "this folder"] in rows("scenarios")[1]
    assert not [row for row in rows("scenarios")[1] if row[0] in ("broken", "other")]


def test_an_unknown_list_names_the_nearest():
    with pytest.raises(DataError, match="nearest: places"):
        rows("place")
    assert len(LISTS) == 17


# ---- schema and reference


def test_the_schema_allows_what_the_models_allow(app, tmp_path):
    found = json_schema()
    assert json.loads(CliRunner().invoke(app, ["schema"]).output) == found == json.loads(schema_text())
    where = found["$defs"]["Where"]["properties"]
    assert {choice["type"] for choice in where["country"]["anyOf"]} == {"string", "array"}
    assert {"rail", "road", "sea"} <= set(where["mode"]["examples"])
    for model in (found, *found["$defs"].values()):
        assert model["additionalProperties"] is False
        for name, setting in model["properties"].items():
            assert setting["title"] == name and setting["description"], name
    CliRunner().invoke(app, ["schema", "--write", str(tmp_path / "s.json")])
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == schema_text()


def test_the_reference_is_what_the_models_say_now():
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        make_reference = importlib.import_module("make_reference")
    finally:
        sys.path.pop(0)
    written = (ROOT / "docs" / "scenarios-reference.md").read_text(encoding="utf-8")
    assert written == make_reference.page(), "run python docs/make_reference.py"


# ---- speed and weight


def test_files_of_scenarios_say_first_what_they_are_about():
    for file in (ROOT / "corridors" / "scenario").glob("*.py"):
        assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), file


@pytest.mark.parametrize(
    "words",
    [["check", "baseline-2026"], ["explain", "baseline-2026"], ["schema"], ["new", "my-study"], ["list", "places"]],
    ids=lambda words: words[0],
)
def test_commands_on_files_need_no_heavy_library(tmp_path, words):
    code = (
        "import sys, typer\n"
        "from corridors.scenario.commands import register\n"
        "app = typer.Typer()\nregister(app)\n"
        f"try:\n    app({words!r})\nexcept SystemExit as left:\n    code = left.code or 0\n"
        f"print('loaded:', code, sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", cwd=tmp_path, env=env, check=False
    )
    assert done.stdout.rstrip().endswith("loaded: 0 []"), done.stdout[-300:] + done.stderr


def test_a_scenario_is_no_bag_of_numbers():
    assert repr(load("baseline-2025")).startswith("Scenario(path=") and isinstance(load("baseline-2025"), Scenario)
