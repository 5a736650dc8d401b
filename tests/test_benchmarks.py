"""The page of the benchmarks: its tables are of the rows that were measured, and a rerun is compared with them."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.measured import Measured, differences, in_times, markdown, read_rows, write_rows  # noqa: E402
from benchmarks.page import PAGE, RESULTS, page  # noqa: E402

ROWS = in_times(
    [
        Measured("flows", "small", "ours", "3 nodes", 1234.5678, seconds=0.1, peak_mb=200.4),
        Measured("flows", "small", "peer", "3 nodes", 1234.5678, seconds=0.5, peak_mb=300.0),
        Measured("flows", "small", "slow peer", "3 nodes", seconds=60.0, stopped=True, note="time limit"),
        Measured("flows", "small", "no peer", note="not installed"),
    ]
)


def test_tables_of_the_page_are_those_of_the_rows_that_were_measured():
    rows = read_rows(RESULTS)
    text = PAGE.read_text(encoding="utf-8")
    assert page(text, rows) == text, "run python -m benchmarks.page --tables"
    marks = [line for line in text.splitlines() if line.startswith("<!-- ") and line != "<!-- end -->"]
    assert sorted(marks) == sorted(f"<!-- {section} -->" for section in {row.section for row in rows})


def test_no_solver_of_the_project_failed_or_lacks_a_peer_on_the_page():
    rows = read_rows(RESULTS)
    assert not [row.key for row in rows if row.note.startswith(("failed", "not installed"))]
    assert not [row.key for row in rows if row.solver.startswith("solve_") and row.stopped and "arc" not in row.solver]
    assert len({row.case for row in rows}) > 25


def test_rows_are_kept_and_read_again(tmp_path):
    write_rows(tmp_path / "rows.csv", ROWS)
    again = read_rows(tmp_path / "rows.csv")
    assert str(again) == str([replace(row, objective=float(f"{row.objective:.11g}")) for row in ROWS])
    assert read_rows(tmp_path / "none.csv") == []


def test_table_says_what_is_only_the_least_of_a_time():
    assert markdown(ROWS).splitlines() == [
        "| case | solver | objective | seconds | peak MB | times | note |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
        "| `small` (3 nodes) | ours | 1,234.57 | 0.100 | 200 | 1.00 |  |",
        "|  | peer | 1,234.57 | 0.500 | 300 | 5.00 |  |",
        "|  | slow peer |  | over 60.0 |  | over 600 | time limit |",
        "|  | no peer |  |  |  |  | not installed |",
    ]


def test_a_rerun_like_the_page_is_no_difference():
    near = [replace(row, times=row.times * 1.9, objective=row.objective * (1 + 1e-7)) for row in ROWS]
    assert differences(ROWS, near) == []
    assert differences(ROWS, ROWS[:1]) == []


@pytest.mark.parametrize(
    ("row", "change", "told"),
    [
        (1, {"objective": 1234.6}, "objective 1234.6, on the page 1234.5678"),
        (1, {"times": 10.5}, "10.5 times the first, on the page 5.00"),
        (1, {"times": 2.4}, "2.40 times the first"),
        (2, {"times": 100.0, "stopped": False}, "100 times the first, on the page over 600"),
        (1, {"times": float("nan")}, "times the first"),
        (1, {"solver": "another"}, "another: not on the page"),
        (1, {"objective": float("nan")}, "no objective, on the page 1234.5678"),
        (1, {"note": "not installed", "seconds": float("nan"), "times": float("nan")}, "not installed, on the page"),
    ],
)
def test_a_rerun_that_differs_is_told(row, change, told):
    now = [replace(ROWS[row], **change)]
    assert [told in line for line in differences(ROWS, now)] == [True]


def test_what_finishes_in_the_rerun_and_did_not_before_may_take_any_longer_time():
    assert differences(ROWS, [replace(ROWS[2], stopped=False, times=2000.0)]) == []
    assert differences(ROWS, [replace(ROWS[2], seconds=120.0, times=1200.0)]) == []
