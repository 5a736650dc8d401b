"""Numbers with units are read as meant or refused; nothing is guessed."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from corridors.scenario.units import CURRENCIES, UNITS, Change, Quantity, UnitError, change, quantity


@pytest.mark.parametrize(
    ("written", "value", "dimension"),
    [
        ("48 h", 48, "time"),
        ("13 days", 312, "time"),
        ("1 week", 168, "time"),
        ("1 yr", 8760, "time"),
        ("90 min", 1.5, "time"),
        ("-1 m", -1, "length"),
        ("23 cm/yr", 0.23 / 8760, "length/time"),
        ("8 Mt/yr", 8e6 / 8760, "mass/time"),
        ("9 trains/d", 9 / 24, "train/time"),
        ("150 kTEU/yr", 150_000 / 8760, "TEU/time"),
        ("3000 USD/FEU", 1500, "USD/TEU"),
        ("1.2 EUR/TEU/h", 1.2, "EUR/TEU/time"),
        ("100 EUR/tCO2e", 100, "EUR/CO2e"),
        ("12 bn EUR", 12e9, "EUR"),
        ("1.5 million USD", 1.5e6, "USD"),
        ("3 %", 0.03, "share"),
        ("3%", 0.03, "share"),
        ("5 %/yr", 0.05 / 8760, "share/time"),
        ("4 times/yr", 4 / 8760, "count/time"),
        ("5 t", 5, "mass"),
        ("5 kt", 5000, "mass"),
        ("1e3 h", 1000, "time"),
    ],
)
def test_numbers_with_units(written: str, value: float, dimension: str) -> None:
    found = quantity(written)
    assert found.value == pytest.approx(value) and found.dimension == dimension and str(found) == written


def test_money_may_carry_the_year_of_its_prices() -> None:
    assert (quantity("25 EUR2023/TEU").price_year, quantity("25 EUR/TEU").price_year) == (2023, None)
    assert quantity("25 EUR_2023/TEU").price_year == 2023


def test_rates_can_be_had_per_year_and_times_in_days() -> None:
    assert quantity("8 Mt/yr").per_year == pytest.approx(8e6) and quantity("36 h").days == 1.5


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("48", "has no unit"),
        (48, "'48 h'"),
        (4.5, "has no unit"),
        ("5 knots", "unknown unit 'knots'"),
        ("8 Mtpa", "write Mt/yr"),
        ("4 MT", "Mt (million tonnes) or t (metric tonne)"),
        ("3 ton", "907 kg"),
        ("5 houres", "did you mean 'hours'"),
        ("1,4 bn USD", "no commas"),
        ("1 GBP", "unknown unit 'GBP'"),
        ("h 48", "cannot read"),
        ("", "cannot read"),
        ("1e99 h", "too large"),
        ("1" * 100 + " h", "too long"),
        ("48 h h", "cannot read"),
        ("3 USD*h", "unknown unit"),
        (True, "expected a number with a unit"),
        (None, "expected a number with a unit"),
        ([1], "expected a number with a unit"),
        ({"a": 1}, "expected a number with a unit"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(written: object, said: str) -> None:
    with pytest.raises(UnitError) as caught:
        quantity(written)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("48 h", "set", 48),
        ("+48 h", "add", 48),
        ("-1 m", "add", -1),
        ("-30 %", "factor", 0.7),
        ("+10 %", "factor", 1.1),
        ("-100 %", "factor", 0),
        ("x 0.5", "factor", 0.5),
        ("x0.5", "factor", 0.5),
    ],
)
def test_no_sign_sets_signs_change_x_multiplies(written: str, kind: str, value: float) -> None:
    found = change(written)
    assert found.kind == kind and found.value == pytest.approx(value) and str(found) == written


@pytest.mark.parametrize(("written", "said"), [("30 %", "'x 0.3'"), ("-130 %", "more than there is"), ("x", "read")])
def test_a_change_that_could_mean_two_things_is_refused(written: str, said: str) -> None:
    with pytest.raises(UnitError) as caught:
        change(written)
    assert said in str(caught.value)


def test_what_was_read_is_read_again() -> None:
    assert quantity(quantity("48 h")) == quantity("48 h") and change(change("x 2")) == change("x 2")


@given(
    number=st.floats(0, 1e5).map(lambda x: f"{x:.6f}"),
    unit=st.sampled_from([*UNITS, *CURRENCIES]),
    per=st.sampled_from(["", *UNITS]),
)
def test_every_unit_works_alone_and_below_every_other(number: str, unit: str, per: str) -> None:
    value = float(number) * (UNITS[unit][1] if unit in UNITS else 1) / (UNITS[per][1] if per else 1)
    assume(value < 1e15)  # more is refused
    found = quantity(f"{number} {unit}{f'/{per}' if per else ''}")
    assert found.value == pytest.approx(value)
    assert found.dimension.count("/") == bool(per)


@settings(max_examples=500)
@given(written=st.text(max_size=30) | st.floats() | st.integers() | st.none())
def test_anything_is_read_or_refused(written: object) -> None:
    for read, kind in ((quantity, Quantity), (change, Change)):
        try:
            found = read(written)
        except UnitError as error:
            assert str(error)
        else:
            assert isinstance(found, kind) and math.isfinite(found.value)
