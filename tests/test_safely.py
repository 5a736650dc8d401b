"""Files that belong together are put in place together, and what is handed in is looked at first."""

from pathlib import Path

import pytest

from networks import DataError
from networks.given import given_yaml
from networks.safely import replace_all, replacing


def test_files_are_put_in_place_all_or_none(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("old")
    parts = {}
    for name in ("old.csv", "new.csv", "folder"):
        parts[tmp_path / name] = tmp_path / f"part-{name}"
        parts[tmp_path / name].write_text("part")
    (tmp_path / "folder").mkdir()
    parts[tmp_path / "later.csv"] = tmp_path / "part-later.csv"
    (tmp_path / "part-later.csv").write_text("part")
    (tmp_path / "later.csv").write_text("of another run")
    with pytest.raises(OSError, match="folder"):
        replace_all(parts)
    assert (tmp_path / "old.csv").read_text() == "old"
    assert not (tmp_path / "new.csv").exists()
    assert (tmp_path / "later.csv").read_text() == "of another run"
    (tmp_path / "folder").rmdir()
    again = {target: part for target, part in parts.items() if part.exists()}
    replace_all(again)
    assert all(target.read_text() == "part" for target in again)


def test_a_folder_is_replaced_whole_or_stays(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with replacing(home) as part:
        (part / "a").write_text("1")

    def stopped() -> None:
        with replacing(home) as part:
            (part / "b").write_text("2")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert [p.name for p in home.iterdir()] == ["a"] and [p.name for p in tmp_path.iterdir()] == ["home"]
    with replacing(home) as part:
        (part / "b").write_text("2")
    assert [p.name for p in home.iterdir()] == ["b"] and [p.name for p in tmp_path.iterdir()] == ["home"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title: *Important*\n", "line 1: no anchor is called &Important*; text that begins with * needs quotes"),
        ("a: 1\ny: &b [*b, *b]\n", "line 2: *b stands within what &b names, without end"),
        ("a: &b [1]\ny: &b [*b]\n", "line 2: anchor &b stands twice; give each a name of its own"),
        ("a: " + "[" * 60 + "]" * 60 + "\n", "line 1: is nested deeper than 50 levels"),
    ],
)
def test_tricks_in_yaml_are_told_with_their_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text)
    with pytest.raises(DataError) as caught:
        given_yaml(file)
    assert str(caught.value) == f"{file}, {said}"


def test_aliases_that_lead_somewhere_are_followed(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("a: &b [1, 2]\nc: *b\n")
    assert given_yaml(tmp_path / "x.yaml") == {"a": [1, 2], "c": [1, 2]}
