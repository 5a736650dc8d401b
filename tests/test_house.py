"""The house rules: imports run one way, help is quick to load, documents say what is true."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import corridors

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {"seeds": set(), "networks": {"seeds"}, "solvers": set(), "corridors": {"seeds", "networks", "solvers"}}


def imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        ours = imported(file) & set(MAY_IMPORT) - {package}
        assert ours <= MAY_IMPORT[package], f"{file.name} imports {ours - MAY_IMPORT[package]}"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_every_file_says_first_what_it_is_about(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), file


def test_packages_import_without_heavy_libraries() -> None:
    code = (
        "import sys, seeds, networks, solvers, corridors, corridors.cli; "
        "print([m for m in ('pandas', 'geopandas', 'scipy', 'matplotlib', 'networkx', 'shapely') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_loads() -> None:
    for package in ("networks", "solvers", "corridors"):
        module = __import__(package)
        for name in module.__all__:
            assert getattr(module, name).__doc__ or name.isupper(), f"{package}.{name} has no docstring"
        assert set(module.__all__) <= set(dir(module))
        with pytest.raises(AttributeError, match="nothing"):
            _ = module.nothing


def test_the_readme_opens_with_its_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    main, tests = re.findall(r"^(python3 .*)$", text, flags=re.MULTILINE)[:2]
    assert 'corridors routes "Xi\'an" Duisburg' in main
    assert "pytest" in tests
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8"), "CI runs the command of the README"


def test_the_readme_counts_what_is_there(tables) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    places, links = re.search(r"(\d+) places, (\d+) links", text).groups()
    assert (int(places), int(links)) == (len(tables.places), len(tables.links))


def test_the_validation_page_is_what_the_model_gives_now() -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import make_validation
    finally:
        sys.path.pop(0)
    assert (ROOT / "docs" / "validation.md").read_text(encoding="utf-8") == make_validation.page(), (
        "run python docs/make_validation.py"
    )


def test_commands_of_the_readme_work(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^corridors (.*?)(?:\s+#.*)?$", text, flags=re.MULTILINE)
    assert len(commands) >= 6
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "corridors", *shlex.split(command)], capture_output=True, text=True, cwd=tmp_path
        )
        assert done.returncode == 0, f"corridors {command}: {done.stderr}"
    assert (tmp_path / "tcd.png").stat().st_size > 10_000


def test_the_corridor_and_the_scenario_of_the_readme_work(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    scenario, corridor = re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)
    (tmp_path / "mine.yaml").write_text(corridor, encoding="utf-8")
    (tmp_path / "low.yaml").write_text(scenario, encoding="utf-8")
    assert corridors.load(tmp_path / "low.yaml").counterfactual().name == "baseline-2026"
    table = corridors.routes("Almaty", "Batumi", catalogue=tmp_path / "mine.yaml", corridors=["by-batumi"])
    assert table.loc[0, "status"] == "open"


def test_the_example_of_the_page_on_design_works() -> None:
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    exec(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)[0], names)
    assert names["design"].built.tolist() == [False, False, True, False]
    assert names["design"].gap <= 1e-6


def test_functions_are_not_hidden_by_modules_of_the_same_name() -> None:
    for package in ("networks", "solvers", "corridors"):
        modules = {file.stem for file in (ROOT / package).glob("*.py")}
        assert not modules & set(__import__(package).__all__)
