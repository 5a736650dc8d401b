"""The best schedule of projects is that of an enumeration of all starts, and what cannot be paid is refused."""

import itertools

import numpy as np
import pandas as pd
import pytest

from solvers import SolverInputError, schedule_projects

YEARS = pd.RangeIndex(2026, 2031, name="year")


def projects(**columns):
    usual = {"lead": [1, 2], "spend": [(4.0,), (3.0, 3.0)], "line": ["rail", "rail"]}
    return pd.DataFrame(usual | columns, index=["port", "line"])


def worth(*by_portfolio):
    return pd.DataFrame([by_portfolio] * len(YEARS), index=YEARS, dtype=float)


def money(rail):
    return pd.DataFrame({"rail": rail}, index=YEARS, dtype=float)


def enumerated(table, value, available, own, requires, last):
    """Return the worth of the best of all starts, written down without a model."""
    periods, best = len(YEARS), -np.inf
    for starts in itertools.product(*(range(min(last, periods - 1 - lead) + 1) for lead in table["lead"])):
        service = [
            [s + lead <= t < s + lead + life for t in range(periods)]
            for s, lead, life in zip(starts, table["lead"], table["life"], strict=True)
        ]
        since = [s + lead for s, lead in zip(starts, table["lead"], strict=True)]
        if any(since[table.index.get_loc(a)] < since[table.index.get_loc(b)] for a, b in requires):
            continue
        paid = pd.DataFrame(0.0, YEARS, available.columns)
        for s, spend, line in zip(starts, table["spend"], table["line"], strict=True):
            for k, amount in enumerate(spend):
                paid.loc[YEARS[min(s + k, periods - 1)], line] += amount
        if (paid.cumsum() > available + 1e-9).to_numpy().any():
            continue
        inside = [sum(2**i for i, on in enumerate(service) if on[t]) for t in range(periods)]
        total = sum(value.iloc[t, p] for t, p in enumerate(inside))
        best = max(best, total + sum(own.iloc[i, s] for i, s in enumerate(starts)))
    return best


def test_money_that_comes_late_puts_the_dearer_project_off():
    found = schedule_projects(projects(), worth(0, 5, 9, 11), money([4, 4, 10, 10, 10]))
    assert found.status == "optimal"
    # 4 pays for the port alone at first, 6 more for the line in 2028; the line first would spend 6 of 4.
    assert found.starts.to_dict() == {"port": 2026, "line": 2028}
    assert found.objective == found.bound == pytest.approx(3 * 5 + 11)
    assert found.gap == 0
    assert found.spent["rail"].tolist() == [4, 0, 3, 3, 0]


def test_the_last_start_and_what_is_paid_after_the_last_year():
    late = schedule_projects(projects(), worth(0, -1, -1, -2), money([10] * 5))
    assert late.starts.to_dict() == {"port": 2029, "line": 2028}  # each as late as it can be, to harm least
    early = schedule_projects(projects(), worth(0, -1, -1, -2), money([10] * 5), last_start=1)
    assert early.starts.to_dict() == {"port": 2027, "line": 2027}
    long = projects(spend=[(4.0,), (1.0, 1.0, 1.0, 3.0)])
    assert schedule_projects(long, worth(0, -1, -1, -2), money([10] * 5)).spent["rail"].tolist() == [0, 0, 1, 5, 4]


def test_what_cannot_be_paid_has_no_schedule():
    found = schedule_projects(projects(), worth(0, 5, 9, 11), money([9] * 5))
    assert (found.status, len(found.starts)) == ("infeasible", 0)
    assert np.isnan(found.objective) and found.spent.to_numpy().sum() == 0


@pytest.mark.parametrize("seed", range(6))
def test_it_equals_enumeration(seed):
    rng = np.random.default_rng(seed)
    names = ["a", "b", "c"]
    table = pd.DataFrame(
        {
            "lead": rng.integers(0, 3, 3),
            "spend": [tuple(rng.integers(1, 5, 2).astype(float)) for _ in names],
            "line": rng.choice(["rail", "sea"], 3),
            "life": rng.integers(1, 5, 3),
        },
        index=names,
    )
    value = pd.DataFrame(rng.normal(3, 4, (5, 8)), index=YEARS)
    available = pd.DataFrame(rng.integers(2, 9, (5, 2)).cumsum(axis=0), YEARS, ["rail", "sea"], dtype=float)
    own = pd.DataFrame(rng.normal(0, 2, (3, 5)), names)
    requires, last = [("c", "a")], 3
    found = schedule_projects(table, value, available, start_worth=own, requires=requires, last_start=last)
    expected = enumerated(table, value, available, own, requires, last)
    assert found.status == "optimal" and np.isfinite(expected)
    assert found.objective == pytest.approx(expected, abs=1e-6)
    assert (found.spent.cumsum() <= available + 1e-9).to_numpy().all()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"worth": pd.DataFrame(0.0, YEARS, range(3))}, "worth: got 3 columns, expected 4 for 2 projects"),
        ({"available": money([1, 1, np.nan, 1, 1])}, "available: has a cell that is no finite number"),
        ({"available": money([1] * 5).set_axis(range(5))}, "available: its periods are others than those of worth"),
        ({"projects": projects(line=["rail", "air"])}, "projects, line 'air': expected a column of available"),
    ],
)
def test_tables_that_do_not_fit_are_refused(changed, message):
    given = {"projects": projects(), "worth": worth(0, 5, 9, 11), "available": money([9] * 5)} | changed
    with pytest.raises(SolverInputError, match=message):
        schedule_projects(**given)


def test_more_than_twelve_projects_are_refused():
    many = pd.DataFrame({"lead": [0] * 13, "spend": [()] * 13, "line": ["rail"] * 13})
    with pytest.raises(SolverInputError, match="got 13, expected 12 at most"):
        schedule_projects(many, worth(0), money([9] * 5))
