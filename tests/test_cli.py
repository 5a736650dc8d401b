"""The command line as a user meets it: answers on stdout, mistakes on stderr, files whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from corridors import cli, files
from networks import DataError

HOME = Path(cli.__file__).parents[1]
SCRIPT = shutil.which("corridors", path=sysconfig.get_path("scripts"))


def environment(**extra):
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING")}
    return {**kept, "PYTHONPATH": str(HOME), "PYTHONUTF8": "1", **extra}


def run(*words, env=None, command=(sys.executable, "-m", "corridors"), **options):
    """Run the command line and return the finished process."""
    return subprocess.run(
        [*command, *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        env=env or environment(),
        timeout=120,
        check=False,
        **options,
    )


def main(monkeypatch, capsys, *words):
    """Run the command line in this process; return exit code, stdout and stderr."""
    monkeypatch.setattr(sys, "argv", ["corridors", *map(str, words)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    out, err = capsys.readouterr()
    return left.value.code or 0, out, err


@pytest.fixture(scope="module")
def answered():
    return run("routes", "xian", "duisburg")


FAST = ["routes", "xian", "duisburg", "--corridor", "northern-kazakhstan", "--corridor", "sea-suez"]
"""A question with few corridors, where it does not matter what is answered."""


# ---- answers


def test_routes_print_the_answer_and_the_table(answered):
    assert (answered.returncode, answered.stderr) == (0, "")
    first = " ".join(answered.stdout.split())
    assert first.startswith("Xi'an to Duisburg, 2026: ") and "has the lowest generalised cost" in first
    for title in ("Northern, Dostyk/Khorgos and", "Sea by Suez", "Middle Corridor, Aktau/Kuryk and", "Zangezur/TRIPP"):
        assert title in answered.stdout
    assert "not open before 2030" in answered.stdout and "Break-even value of time" in answered.stdout
    assert "One TEU is half a 40-foot container" in answered.stdout


def test_the_same_question_has_the_same_answer(answered):
    assert run("routes", "xian", "duisburg").stdout == answered.stdout


def test_the_console_script_answers_too(answered):
    if SCRIPT is None:
        pytest.skip("the package is not installed here")
    assert run("routes", "xian", "duisburg", command=(SCRIPT,)).stdout == answered.stdout


def test_break_even_values_can_be_left_out(monkeypatch, capsys):
    code, out, _ = main(monkeypatch, capsys, *FAST, "--no-break-even")
    assert code == 0 and "Break-even" not in out and "Sea by Suez" in out


def test_one_corridor_alone_is_answered(monkeypatch, capsys):
    code, out, err = main(monkeypatch, capsys, "routes", "xian", "duisburg", "--corridor", "sea-suez")
    assert (code, err) == (0, "") and "Sea by Suez has the lowest generalised cost" in " ".join(out.split())


@pytest.mark.parametrize("extra", [[], ["--json"], ["--csv"]])
def test_no_route_at_all_is_an_answer(monkeypatch, capsys, extra):
    code, out, err = main(monkeypatch, capsys, "routes", "xian", "duisburg", "--corridor", "zangezur", *extra)
    assert (code, err) == (0, "") and "not open before 2030" in " ".join(out.split())


def test_a_pair_that_no_corridor_serves_is_an_answer(monkeypatch, capsys):
    code, out, err = main(monkeypatch, capsys, "routes", "xian", "almaty")
    assert (code, err) == (0, "") and "Any way has the lowest generalised cost" in " ".join(out.split())


def test_goods_currency_and_year_reach_the_answer(monkeypatch, capsys):
    words = [
        *FAST,
        "--corridor",
        "sea-cape",
        "--goods",
        "heavy",
        "--currency",
        "eur",
        "--year",
        2030,
        "--avoid",
        " RU ,BY",
        "--json",
    ]
    code, out, _ = main(monkeypatch, capsys, *words)
    found = json.loads(out)
    assert code == 0
    assert (found["goods"], found["currency"], found["year"]) == ("heavy", "EUR", 2030)
    closed = {row["corridor_id"]: row["status"] for row in found["routes"]}
    assert closed["northern-kazakhstan"].startswith("closed: needs RU")


# ---- formats


def test_json_and_csv_hold_the_same_numbers():
    words = ["routes", "xian", "duisburg", "-k", 2]
    as_json, as_csv = run(*words, "--json"), run(*words, "--csv")
    assert (as_json.returncode, as_csv.returncode, as_json.stderr, as_csv.stderr) == (0, 0, "", "")

    def no_constant(name):
        raise AssertionError(f"{name} is not JSON")

    found = json.loads(as_json.stdout, parse_constant=no_constant)
    rows = list(csv.DictReader(io.StringIO(as_csv.stdout)))
    assert len(rows) == len(found["routes"]) > 15
    assert any(row["cost_usd_per_teu"] is None for row in found["routes"])
    for one, other in zip(found["routes"], rows, strict=True):
        assert list(one) == list(other) == list(found["units"])
        for key, value in one.items():
            if isinstance(value, int | float):
                assert float(other[key]) == pytest.approx(value, rel=1e-6, abs=1e-6), key
            else:
                assert other[key] == (value or ""), key
    assert {"answer", "break_even", "legs"} <= set(found)
    assert found["legs"][0]["seq"] == 1 and math.isclose(found["legs"][0]["h_cum"], found["legs"][0]["h"])


def test_piped_output_has_no_escape_codes(answered):
    assert "\x1b" not in answered.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_no_color_leaves_no_colours_on_a_terminal():
    import pty
    import re

    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "corridors", "list", "goods"],
        stdout=follower,
        stderr=follower,
        env=environment(NO_COLOR="1", TERM="xterm-256color", COLUMNS="120"),
    )
    os.close(follower)
    seen = b""
    while True:
        try:
            block = os.read(leader, 65536)
        except OSError:
            break
        if not block:
            break
        seen += block
    os.close(leader)
    assert process.wait(60) == 0 and b"general" in seen
    codes = {int(n) for found in re.findall(rb"\x1b\[([\d;]*)m", seen) for n in found.split(b";") if n}
    assert not {n for n in codes if 30 <= n <= 49 or 90 <= n <= 107}


@pytest.mark.parametrize("extra", [[], ["--csv"], ["--json"]])
def test_a_stdout_that_cannot_write_every_letter_is_no_traceback(extra):
    """A pipe on Windows, for example, takes cp1252 only."""
    done = subprocess.run(
        [sys.executable, "-m", "corridors", *FAST, *extra, "--corridor", "southern-iran"],
        capture_output=True,
        env=environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0"),
        check=False,
    )
    assert b"Traceback" not in done.stderr and done.returncode == 0


def test_a_reader_that_stops_early_is_no_traceback():
    process = subprocess.Popen(
        [sys.executable, "-m", "corridors", "list", "links"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    process.stdout.read(10)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    process.wait(60)
    assert b"Traceback" not in err


# ---- mistakes


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["xian", "Duisborg"], ["'Duisborg'", "Duisburg (DE, DE_DUI)"]),
        (["Astara", "duisburg"], ["ambiguous", "Astara (AZ) (AZ, AZ_AST)", "Astara (IR) (IR, IR_AST)"]),
        (["xian", "XIAN"], ["origin and destination"]),
        (["xian", "duisburg", "--avoid", "XX"], ["cannot avoid 'XX'"]),
        (["xian", "duisburg", "--goods", "x"], ["goods 'x' is unknown", "general"]),
        (["xian", "duisburg", "--currency", "GBP"], ["'GBP'", "USD, EUR"]),
        (["xian", "duisburg", "-k", "0"], ["k: got 0"]),
        (["xian", "duisburg", "--year", "abc"], ["--year"]),
        (["xian", "duisburg", "--year", "2019"], ["year: got 2019", "2026"]),
        (["xian", "duisburg", "--corridor", "sea-sues"], ["'sea-sues'", "nearest: sea-suez"]),
        (["xian", "duisburg", "--data", "no-such-folder"], ["no-such-folder", "no such folder"]),
        (["xian", "duisburg", "--corridors", "none.yaml"], ["none.yaml", "cannot be read"]),
        (["xian", "duisburg", "--value-of-time", "-1"], ["value_of_time", "-1"]),
        (["xian", "duisburg", "--carbon-price", "nan"], ["carbon_price", "nan"]),
        (["xian", "duisburg", "--value-of-time", "1e308"], ["value_of_time"]),
        (["xian", "duisburg", "--colour", "red"], ["--colour"]),
        (["xian"], ["destination"]),
    ],
    ids=lambda words: " ".join(words[-2:]),
)
def test_a_mistake_ends_in_one_message_and_exit_code_2(monkeypatch, capsys, words, said):
    code, out, err = main(monkeypatch, capsys, "routes", *words)
    assert (code, out) == (2, "")
    assert all(word.lower() in err.lower() for word in said), err
    assert "Traceback" not in err


@pytest.mark.parametrize("words", [["Astara", "duisburg"], ["xian", "Duisborg"]])
def test_a_mistake_prints_candidates_on_stderr_of_the_program(words):
    done = run("routes", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("corridors: ") and done.stderr.count("\n") == 1 and "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["lists", "places"], ["list", "place"], ["list"], ["list", "x"]])
def test_mistakes_in_the_command_itself(monkeypatch, capsys, words):
    code, out, err = main(monkeypatch, capsys, *words)
    assert (code, out) == (2, "") and err


def test_a_wrong_list_names_the_nearest(monkeypatch, capsys):
    code, out, err = main(monkeypatch, capsys, "list", "place")
    assert (code, out) == (2, "") and "places, corridors, goods, links" in err and "nearest: places" in err


def test_a_country_can_be_avoided_by_its_name(monkeypatch, capsys):
    code, out, err = main(monkeypatch, capsys, *FAST, "--corridor", "sea-cape", "--avoid", "Russia", "--json")
    assert (code, err) == (0, "")
    closed = {row["corridor_id"] for row in json.loads(out)["routes"] if row["rank"] is None}
    assert closed == {"northern-kazakhstan"}


# ---- files


def test_figures_and_legs_are_written(tmp_path):
    paths = {name: tmp_path / name for name in ("tcd.png", "map.svg", "legs.csv")}
    done = run(*FAST, "--tcd", paths["tcd.png"], "--map", paths["map.svg"], "--legs", paths["legs.csv"])
    assert (done.returncode, done.stderr) == (0, "")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(paths)
    assert paths["tcd.png"].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and paths["tcd.png"].stat().st_size > 20_000
    assert "<svg" in paths["map.svg"].read_text(encoding="utf-8")[:2000]
    rows = list(csv.DictReader(paths["legs.csv"].read_text(encoding="utf-8").splitlines()))
    assert {row["corridor_id"] for row in rows} == {"northern-kazakhstan", "sea-suez"}
    assert {"seq", "kind", "name", "km_cum", "h_cum", "usd_cum", "grade"} <= set(rows[0])


@pytest.mark.parametrize("option", ["--tcd", "--map"])
@pytest.mark.parametrize(
    ("name", "said"), [("x.jpeg", ".png, .svg, .pdf"), ("x", "ending"), ("none/x.png", "does not exist")]
)
def test_a_figure_that_cannot_be_written_is_refused(monkeypatch, capsys, tmp_path, option, name, said):
    code, out, err = main(monkeypatch, capsys, *FAST, option, tmp_path / name)
    assert (code, out) == (2, "") and said in err and not list(tmp_path.iterdir())


def test_legs_in_a_missing_folder_are_refused(monkeypatch, capsys, tmp_path):
    code, out, err = main(monkeypatch, capsys, *FAST, "--legs", tmp_path / "none" / "legs.csv")
    assert (code, out) == (2, "") and "does not exist" in err and not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--tcd", "--map"])
def test_a_figure_of_no_route_is_refused(monkeypatch, capsys, tmp_path, option):
    words = ["routes", "xian", "duisburg", "--corridor", "zangezur", option, tmp_path / "x.png"]
    code, out, err = main(monkeypatch, capsys, *words)
    assert code == 2 and out == "" and "route" in err and not list(tmp_path.iterdir())


def test_drawing_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    class Broken:
        def savefig(self, part, **_):
            part.write(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(DataError, match=r"x\.png: cannot be written \(No space left on device\)"):
        files.save_figure(path, Broken)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_drawing_that_fails_for_another_reason_leaves_no_part_of_a_file(tmp_path):
    def draw():
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        files.save_figure(tmp_path / "x.svg", draw)
    assert not list(tmp_path.iterdir())


def test_a_wrong_ending_is_refused_before_anything_is_drawn(tmp_path):
    with pytest.raises(DataError, match="nearest"):
        files.save_figure(tmp_path / "x.pgn", lambda: pytest.fail("was drawn"))


def test_text_is_written_whole_as_utf8(tmp_path):
    path = tmp_path / "x.csv"
    files.write_text(path, "Türkiye\n")
    files.write_text(path, "Kars\n")
    assert path.read_bytes() == b"Kars\n" and list(tmp_path.iterdir()) == [path]
    assert path.stat().st_mode & 0o777 == 0o644 or sys.platform == "win32"


def test_a_folder_in_the_way_is_refused(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(DataError, match=r"x\.csv: cannot be written"):
        files.write_text(tmp_path / "x.csv", "text")
    assert [p.name for p in tmp_path.iterdir()] == ["x.csv"]


# ---- lists and help


@pytest.mark.parametrize(
    ("words", "shown", "hidden"),
    [
        (["places", "Aktau"], ["KZ_AKU", "Aktau", "port"], ["Duisburg"]),
        (["corridors"], ["northern-kazakhstan", "zangezur", "Sea by Suez"], []),
        (["goods"], ["general", "41,000", "7.9", "1.71"], []),
        (["links", "Alat"], ["KZ_AKU-AZ_ALT-feeder", "470", "existing"], ["CN_LYG-CN_CGO-rail"]),
        (["links", "Khorgos"], ["Horgos (CN) - Altynkol"], ["CN_LYG-CN_CGO-rail"]),
        (["borders", "Dostyk"], ["CN-KZ", "Alashankou - Dostyk (rail)"], ["AZ-GE", "feeder"]),
        (["countries", "kazakh"], ["KZ", "EAEU"], ["Poland"]),
    ],
)
def test_lists(monkeypatch, capsys, words, shown, hidden):
    code, out, err = main(monkeypatch, capsys, "list", *words)
    assert (code, err) == (0, "")
    assert all(word in out for word in shown) and not any(word in out for word in hidden)


def test_a_list_without_a_hit_names_what_is_near(monkeypatch, capsys):
    code, out, err = main(monkeypatch, capsys, "list", "places", "Khorgas")
    assert (code, out) == (0, "") and "Nothing in places has 'Khorgas'" in err and "nearest: Khorgos" in err
    code, out, err = main(monkeypatch, capsys, "list", "places", "zzzzzz")
    assert (code, out) == (0, "") and err == "Nothing in places has 'zzzzzz' in it.\n"


def test_the_version_is_printed_by_command_and_option(monkeypatch, capsys):
    said = [main(monkeypatch, capsys, word) for word in ("version", "--version")]
    assert said[0] == said[1] and said[0][0] == 0 and said[0][1].strip()


def test_a_list_is_the_same_through_the_program():
    done = run("list", "places", "Aktau")
    assert (done.returncode, done.stderr) == (0, "") and "KZ_AKU" in done.stdout


@pytest.mark.parametrize(("raised", "code"), [("KeyboardInterrupt", 130), ("SystemExit(143)", 143)])
def test_ctrl_c_counts_where_a_library_swallows_it(raised, code):
    script = (
        "import sys, time\n"
        "from corridors import cli\n"
        "class Swallows:\n"
        f"    def __del__(self): raise {raised}\n"
        "def work(**_):\n"
        "    Swallows()\n"
        "    for _ in range(500): time.sleep(0.01)\n"
        "cli.app = work\n"
        "cli.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.returncode == code and "ignored" not in done.stderr
    assert done.stderr == ("corridors: stopped\n" if code == 130 else "")


HEAVY = ["pandas", "geopandas", "scipy", "matplotlib", "networkx", "highspy", "shapely", "osmnx"]


@pytest.mark.parametrize("words", [["--help"], ["routes", "--help"], ["list", "--help"]])
def test_help_is_quick_to_load(words):
    code = (
        "import sys\n"
        "from corridors import cli\n"
        f"sys.argv = ['corridors', *{words!r}]\n"
        "try:\n    cli.main()\nexcept SystemExit as left:\n    code = left.code or 0\n"
        f"print('loaded:', code, sorted(set({HEAVY!r}) & set(sys.modules)))\n"
    )
    done = run(command=(sys.executable, "-c", code))
    assert done.returncode == 0 and done.stdout.rstrip().endswith("loaded: 0 []"), done.stdout[-200:] + done.stderr


def test_help_names_options_and_exits_0():
    done = run("routes", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for option in ("--goods", "--avoid", "--year", "--currency", "--json", "--csv", "--tcd", "--map", "--legs", "-k"):
        assert option in done.stdout
