"""Users may write a place in many ways and are told what they could have meant."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import networks
from networks import PlaceError, PlaceNames
from networks.names import plain

MARKS = " -_.,'/()"


@pytest.fixture(scope="module")
def names(tables: networks.Tables) -> PlaceNames:
    """The names of the toolkit's places."""
    return PlaceNames(tables.places)


@pytest.fixture(scope="module")
def written(tables: networks.Tables) -> list[tuple[str, str]]:
    """Every (way to write it, place id), those that mean several places left out."""
    ways = set()
    for place in tables.places.itertuples():
        bare = re.sub(r"\s*\([^)]*\)", "", place.name)
        ways |= {(way, place.Index) for way in (place.Index, place.name, bare, place.locode, *place.aliases) if way}
    meant = Counter(key for key, _ in {(plain(way), place) for way, place in ways})
    return sorted((way, place) for way, place in ways if meant[plain(way)] == 1)


def test_every_place_is_found_by_every_way_to_write_it(written: list[tuple[str, str]], names: PlaceNames) -> None:
    wrong = []
    for way, place in written:
        try:
            found = names.find(way)
        except PlaceError as error:
            found = str(error)
        if found != place:
            wrong.append(f"{way!r}: {found}, not {place}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("column", ["id", "name", "locode"])
def test_ids_names_and_codes_are_unambiguous(tables: networks.Tables, names: PlaceNames, column: str) -> None:
    places = tables.places
    values = places.index.to_series() if column == "id" else places[column]
    wrong = [f"{value}: {place}" for place, value in values.items() if value and not _means(names, value, place)]
    assert not wrong, wrong


def test_no_other_name_is_the_name_of_another_place(tables: networks.Tables) -> None:
    """Such an alias could never be used."""
    own = {plain(place.name): place.Index for place in tables.places.itertuples()}
    own |= {plain(place.Index): place.Index for place in tables.places.itertuples()}
    own |= {plain(place.locode): place.Index for place in tables.places.itertuples() if place.locode}
    wrong = [
        f"{place.Index}: {alias!r} is {own[plain(alias)]}"
        for place in tables.places.itertuples()
        for alias in place.aliases
        if own.get(plain(alias), place.Index) != place.Index
    ]
    assert not wrong, wrong


def _means(names: PlaceNames, value: str, place: str) -> bool:
    try:
        return names.find(value) == place
    except PlaceError:
        return False


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_case_accents_and_punctuation_do_not_matter(
    written: list[tuple[str, str]], names: PlaceNames, data: Any
) -> None:
    way, place = data.draw(st.sampled_from(written))
    upper = data.draw(st.lists(st.booleans(), min_size=len(way), max_size=len(way)))
    marks = data.draw(st.lists(st.text(MARKS, max_size=2), min_size=len(way) + 1, max_size=len(way) + 1))
    accent = data.draw(st.sampled_from(["", "\u0301", "\u0308", "\u030c"]))
    letters = [c.upper() if up else c.lower() for c, up in zip(way, upper, strict=True)]
    text = marks[0] + "".join(c + mark for c, mark in zip(letters, marks[1:], strict=True))
    spot = data.draw(st.integers(0, len(text)))
    if text[:spot] and text[spot - 1].isalpha():
        text = unicodedata.normalize("NFC", text[:spot] + accent + text[spot:])
    assert names.find(text) == place


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("xi'an", "CN_XIA"),
        ("XIAN", "CN_XIA"),
        ("cnsia", "CN_XIA"),
        ("Kąpikule", "TR_KAP"),
        ("saint-petersburg", "RU_LED"),
        ("khorgos gateway", "KZ_KHG"),
        ("Port of Baku", "AZ_ALT"),
        ("Baku", "AZ_BAK"),
        ("Thessalon", "GR_SKG"),
        ("Niš", "RS_NIS"),
        ("Constanța", "RO_CND"),
    ],
)
def test_usual_spellings(names: PlaceNames, typed: str, place: str) -> None:
    assert names.find(typed) == place


def test_ambiguous_names_list_all_candidates(names: PlaceNames) -> None:
    with pytest.raises(PlaceError, match="'Astara' is ambiguous") as caught:
        names.find("Astara")
    assert sorted(caught.value.candidates) == ["Astara (AZ) (AZ, AZ_AST)", "Astara (IR) (IR, IR_AST)"]
    assert all(candidate in str(caught.value) for candidate in caught.value.candidates)


def test_beginnings_of_several_names_are_ambiguous(names: PlaceNames) -> None:
    with pytest.raises(PlaceError, match="ambiguous") as caught:
        names.find("Khor")
    assert len(caught.value.candidates) > 1


@pytest.mark.parametrize(("typed", "meant"), [("Samarqand", "UZ_SAM"), ("Duisborg", "DE_DUI"), ("Almatty", "KZ_ALA")])
def test_unknown_names_list_the_nearest(names: PlaceNames, typed: str, meant: str) -> None:
    with pytest.raises(PlaceError, match=f"no place is called '{typed}'; nearest") as caught:
        names.find(typed)
    assert any(meant in candidate for candidate in caught.value.candidates)


@pytest.mark.parametrize("typed", ["", "  ", "-", "Qqqqqqqq", "12345"])
def test_names_like_none_have_no_candidates(names: PlaceNames, typed: str) -> None:
    with pytest.raises(PlaceError, match="no place is called") as caught:
        names.find(typed)
    assert caught.value.candidates == []


@settings(max_examples=200, deadline=None)
@given(typed=st.text(max_size=12))
def test_any_text_is_found_or_refused(tables: networks.Tables, names: PlaceNames, typed: str) -> None:
    try:
        assert names.find(typed) in tables.places.index
    except PlaceError as error:
        assert typed in error.args[0] or repr(typed) in error.args[0]


@given(text=st.text())
@example(text="ᴬ")
def test_plain_is_idempotent(text: str) -> None:
    assert plain(plain(text)) == plain(text)
