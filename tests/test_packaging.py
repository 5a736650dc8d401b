"""What is shipped: wheel and source archive hold the packages, their data and nothing else; the wheel runs alone."""

import os
import subprocess
import sys
import tarfile
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("corridors", "networks", "seeds", "solvers")
DATA = {".csv", ".css", ".geojson", ".j2", ".js", ".json", ".md", ".typed", ".yaml"}
BESIDE = {".ci", ".gitignore", "CITATION.cff", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"}
FOLDERS = {*PACKAGES, "benchmarks", "docs", "examples", "tests"}
IGNORED = [line.strip("/").split("/")[-1] for line in (ROOT / ".gitignore").read_text(encoding="utf-8").split()]


def build(source: Path, to: Path, *what: str) -> None:
    """Build without a network, by the build backend of this environment."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(to), *what, str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def files(folder: Path, *within: str) -> set[str]:
    """Return the files below some folders of a folder, without what version control leaves out."""
    found = (p.relative_to(folder) for name in within for p in (folder / name).rglob("*") if p.is_file())
    return {p.as_posix() for p in found if not any(fnmatch(part, i) for part in p.parts for i in IGNORED)}


@pytest.fixture(scope="module")
def shipped(tmp_path_factory):
    """Return the folder of a source archive and of the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(shipped, tmp_path_factory):
    """Return the unpacked wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    (archive,) = shipped.glob("*.whl")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    return folder


def alone(wheel: Path, *words: str) -> str:
    """Run Python with the unpacked wheel before all else, from a folder that is not the repository's."""
    env = {**os.environ, "PYTHONPATH": str(wheel), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, cwd=wheel.parent, env=env, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_file_of_the_packages(wheel):
    assert files(wheel, *PACKAGES) == files(ROOT, *PACKAGES)


def test_the_wheel_holds_nothing_else(wheel):
    (info,) = wheel.glob("*.dist-info")
    assert {p.name for p in wheel.iterdir()} == {*PACKAGES, info.name}
    assert {Path(p).suffix or Path(p).name for p in files(wheel, *PACKAGES)} <= DATA | {".py"}
    assert files(info, ".") == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


def test_the_source_archive_holds_what_the_tests_need_and_nothing_else(shipped):
    (archive,) = shipped.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        inside = {name.split("/", 1)[1] for name in opened.getnames()}
    assert {name.split("/")[0] for name in inside} == FOLDERS | BESIDE
    assert {name for name in inside if name.split("/")[0] in FOLDERS} == files(ROOT, *FOLDERS)


def test_the_wheel_runs_without_the_repository(wheel):
    where = f"import {', '.join(PACKAGES)}; print(*(m.__file__ for m in ({', '.join(PACKAGES)})), sep='\\n')"
    assert all(Path(file).is_relative_to(wheel) for file in alone(wheel, "-c", where).splitlines())
    (info,) = wheel.glob("*.dist-info")
    assert info.name == f"corridors-{alone(wheel, '-m', 'corridors', 'version').strip()}.dist-info"
    assert "Middle Corridor" in alone(wheel, "-m", "corridors", "routes", "Xi'an", "Duisburg")


def test_the_wheel_describes_itself(wheel):
    text = next(wheel.glob("*.dist-info/METADATA")).read_text(encoding="utf-8")
    version = next(line.split(": ")[1] for line in text.splitlines() if line.startswith("Version: "))
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert "\nRequires-Python: >=3.11\n" in text
