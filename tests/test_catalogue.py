"""The catalogue: every corridor resolves, users may add their own, mistakes are named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import corridors
from corridors import load_catalogue
from corridors.catalogue import Filters
from networks import DataError, PlaceError

MODES = {"rail", "road", "sea", "feeder", "ferry", "inland"}
PROMISED = {
    "middle-aktau-black-sea": ["KZ_AKU|KZ_KUR", "AZ_ALT", "GE_PTI"],
    "middle-aktau-kars": ["KZ_AKU|KZ_KUR", "AZ_ALT", "GE_AKH", "TR_KAR"],
    "middle-turkmenbashi-black-sea": ["TM_TKB", "AZ_ALT", "GE_PTI"],
    "middle-turkmenbashi-kars": ["TM_TKB", "AZ_ALT", "GE_AKH", "TR_KAR"],
    "northern-kazakhstan": ["KZ_DOS|KZ_ALK", "RU_MOW"],
    "northern-manzhouli": ["CN_MZL", "RU_ZAB"],
    "northern-erenhot": ["CN_ERC", "MN_ZUU"],
    "instc-west": ["IR_BND", "IR_AST", "AZ_AST"],
    "instc-trans-caspian": ["IR_BND", "IR_AMD|IR_ANZ", "RU_ASF"],
    "instc-east": ["IR_INC|IR_SAR", "KZ_BOL"],
    "southern-iran": ["IR_SAR|IR_INC"],
    "zangezur": ["AZ_ALT", "AM_MEG", "TR_KAR"],
    "kars-nakhchivan": ["IR_JOL", "TR_KAR"],
    "china-kyrgyzstan-uzbekistan": ["CN_TRG", "UZ_AND", "TM_TKB", "AZ_ALT"],
    "sea-suez": ["EG_SUZ"],
    "sea-cape": ["XZ_COG"],
    "northern-sea-route": ["XZ_BER", "XZ_KAR"],
}
"""Corridors that the project promises, and places that their steps must hold, in order."""

MINE = """
my-corridor:
  title: Own corridor
  via: [Dostyk, [Brest]]
  avoid: [sea]
"""


@pytest.fixture(scope="module")
def filters(network):
    return Filters(network)


@pytest.fixture
def written(tmp_path):
    def write(text: str | bytes) -> Path:
        path = tmp_path / "mine.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def refused(path) -> str:
    with pytest.raises(DataError) as caught:
        load_catalogue(path)
    assert len(caught.value.problems) == 1, caught.value.problems
    return caught.value.problems[0]


# ---- the toolkit's own


@pytest.mark.parametrize("corridor_id", sorted(load_catalogue()))
def test_every_corridor_resolves(filters, corridor_id):
    corridor = load_catalogue()[corridor_id]
    assert corridor.corridor_id == corridor_id and corridor.title
    for step in corridor.via:
        assert filters.places(step), step
    for word in corridor.avoid:
        assert not filters.avoiding([word]).all(), f"{word} keeps nothing away"
    assert corridor.between is not None
    assert all(filters.countries(side) for side in corridor.between)


@pytest.mark.parametrize("corridor_id", sorted(PROMISED))
def test_every_promised_corridor_is_there(filters, corridor_id):
    corridor = load_catalogue()[corridor_id]
    steps = [filters.places(step) for step in corridor.via]
    reached = 0
    for choice in PROMISED[corridor_id]:
        wanted = set(choice.split("|"))
        found = next((i for i in range(reached, len(steps)) if wanted <= steps[i]), None)
        assert found is not None, f"{choice} in {corridor.via}"
        reached = found + 1


@pytest.mark.parametrize(
    ("corridor_id", "closed"),
    [("middle-aktau-kars", "RU_MOW"), ("middle-turkmenbashi-black-sea", "IR_THR"), ("sea-cape", "EG_SUZ")],
)
def test_a_corridor_keeps_clear_of_what_it_avoids(filters, corridor_id, closed):
    clear = filters.avoiding(load_catalogue()[corridor_id].avoid)
    arcs = filters.network.arcs[clear]
    assert closed not in {*arcs["from_place_id"], *arcs["to_place_id"]} and len(arcs)


def test_titles_are_unique():
    titles = [corridor.title for corridor in load_catalogue().values()]
    assert len(titles) == len(set(titles))


# ---- words


def test_words_to_avoid_are_countries_groups_modes_links_and_places(filters):
    arcs = filters.network.arcs
    home = filters.tables.places["country_id"]
    touched = {
        word: arcs[~filters.avoiding([word])] for word in ("RU", "ru", "EAEU", "sea", "CN_AKL-KZ_DOS-rail", "Aktau")
    }
    assert touched["ru"].equals(touched["RU"]) and "XZ_BER-XZ_KAR-sea" in set(touched["RU"]["link_id"])
    assert {"RU", "KZ", "BY"} <= set(home[touched["EAEU"]["to_place_id"]])
    assert set(touched["sea"]["mode"]) == {"sea"}
    assert set(touched["CN_AKL-KZ_DOS-rail"]["kind"]) == {"link", "border"}
    assert all(
        "KZ_AKU" in ends
        for ends in zip(touched["Aktau"]["from_place_id"], touched["Aktau"]["to_place_id"], strict=True)
    )


def test_nothing_to_avoid_keeps_everything(filters):
    assert filters.avoiding([]).all()


@pytest.mark.parametrize(("word", "hint"), [("EAEUU", "EAEU"), ("feery", "ferry"), ("Akttau", "Aktau")])
def test_an_unknown_word_to_avoid_names_the_nearest(filters, word, hint):
    with pytest.raises(DataError) as caught:
        filters.avoiding([word])
    assert repr(word) in str(caught.value) and hint in str(caught.value)


def test_an_unknown_group_names_the_nearest(filters):
    with pytest.raises(DataError, match=r"'Europ' is no country.* or group; nearest: Europe"):
        filters.countries(["Europ"])


# ---- a file of the user


def test_four_lines_make_a_corridor(written):
    path = written(MINE)
    own = load_catalogue(path)
    assert list(own)[:-1] == list(load_catalogue())
    assert own["my-corridor"].via == (("Dostyk",), ("Brest",)) and own["my-corridor"].between is None
    found = corridors.compare_routes("Xi'an", "Duisburg", corridors=["my-corridor", "sea-suez"], catalogue=path)
    places = found.arcs_of("my-corridor")["to_place_id"].tolist()
    assert places.index("KZ_DOS") < places.index("BY_BRE")


def test_a_corridor_without_ends_is_tried_for_every_pair_both_ways(written):
    path = written(MINE)
    there = corridors.compare_routes("Xi'an", "Duisburg", catalogue=path)
    back = corridors.compare_routes("Duisburg", "Xi'an", catalogue=path)
    assert there.found["my-corridor"][1] and back.found["my-corridor"][1]
    places = back.arcs_of("my-corridor")["to_place_id"].tolist()
    assert places.index("BY_BRE") < places.index("KZ_DOS")


def test_a_corridor_of_the_user_replaces_one_of_the_toolkit(written):
    path = written("sea-cape:\n  title: Mine\n  via: [Suez Canal]\n")
    own = load_catalogue(path)
    assert own["sea-cape"].title == "Mine" and own["sea-cape"].via == (("Suez Canal",),)
    assert list(own) == list(load_catalogue())


# ---- mistakes


def test_an_unknown_key_names_the_nearest(written):
    message = refused(written("mine:\n  title: X\n  via: [Aktau]\n  avoids: [RU]\n"))
    assert "mine.yaml, mine, avoids" in message and "nearest: avoid" in message


def test_a_missing_via_is_named(written):
    message = refused(written("mine:\n  title: X\n"))
    assert "mine.yaml, mine, via" in message and "required" in message.lower()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("via: 7", "via"),
        ("via: []", "via"),
        ("via: [[1, 2]]", "via"),
        ("via: [Aktau]\n  avoid: RU", "avoid"),
        ("via: [Aktau]\n  between: [[CN]]", "between"),
        ("via: [Aktau]\n  family: middel", "family"),
    ],
)
def test_a_wrong_type_is_named(written, line, key):
    with pytest.raises(DataError) as caught:
        load_catalogue(written(f"mine:\n  title: X\n  {line}\n"))
    assert all(f"mine.yaml, mine, {key}" in problem for problem in caught.value.problems)


@pytest.mark.parametrize("entry", ["mine: 7\n", "mine: text\n", "mine: [Aktau]\n", "mine:\n"])
def test_an_entry_that_is_no_mapping_is_named(written, entry):
    message = refused(written(entry))
    assert "mine.yaml, mine" in message and "via" in message


def test_all_wrong_entries_are_listed(written):
    with pytest.raises(DataError) as caught:
        load_catalogue(written("a:\n  title: X\nb:\n  via: [Aktau]\n"))
    assert [p.split(":")[0] for p in caught.value.problems] == ["mine.yaml, a, via", "mine.yaml, b, title"]


def test_a_file_that_is_not_yaml_is_named(written):
    message = refused(written("mine: [Aktau\nother: {"))
    assert "mine.yaml" in message and "not readable as YAML" in message and "\n" not in message


def test_a_file_that_is_not_utf8_is_named(written):
    message = refused(written("mine:\n  title: Türkiye\n  via: [Kars]\n".encode("latin-1")))
    assert "mine.yaml" in message and "byte 16 is not UTF-8" in message


def test_a_missing_file_is_named(tmp_path):
    assert "none.yaml: cannot be read (No such file" in refused(tmp_path / "none.yaml")


def test_a_folder_is_no_catalogue(tmp_path):
    assert "cannot be read" in refused(tmp_path)


@pytest.mark.parametrize(("text", "got"), [("- Aktau\n", "list"), ("", "NoneType"), ("Aktau", "str")])
def test_another_top_level_is_refused(written, text, got):
    message = refused(written(text))
    assert "mine.yaml: expected corridor ids" in message and message.endswith(f"got {got}")


def test_an_id_that_stands_twice_is_refused(written):
    assert "duplicate key" in refused(written(MINE + MINE))


def test_an_empty_step_is_refused(written):
    """A step without a place can never be passed: the corridor would be closed without a reason."""
    assert "mine.yaml, mine, via" in refused(written("mine:\n  title: X\n  via: [[], Aktau]\n"))


@pytest.mark.parametrize(
    "line",
    ["via: [Aktavia]", "via: [Astara]", "via: [Aktau]\n  avoid: [Aktavia]", "via: [Aktau]\n  between: [[CM], [DE]]"],
)
def test_an_unknown_place_in_a_corridor_of_the_user_is_a_clear_error(written, line):
    path = written(f"mine:\n  title: X\n  {line}\n")
    with pytest.raises((PlaceError, DataError)) as caught:
        corridors.compare_routes("Xi'an", "Duisburg", corridors=["mine"], catalogue=path)
    assert any(word in str(caught.value) for word in ("'Aktavia'", "'Astara'", "'CM'"))


def test_an_unknown_place_in_a_corridor_of_the_user_ends_the_command_line_with_2(written):
    path = written("mine:\n  title: X\n  via: [Aktavia]\n")
    done = subprocess.run(
        [sys.executable, "-m", "corridors", "routes", "xian", "duisburg", "--corridors", str(path)],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "'Aktavia'" in done.stderr and "Aktau" in done.stderr and "Traceback" not in done.stderr
