"""The documentation builds without a warning, its links within lead somewhere, and its generated pages are true."""

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from networks import load_tables

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"

pytest.importorskip("myst_nb", reason="the docs extra is not installed")


class Page(HTMLParser):
    """Links, what a browser would fetch, and ids of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links, self.fetched, self.ids = [], [], set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.ids |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag in ("script", "img", "source", "iframe") and given.get("src"):
            self.fetched.append(given["src"])
        if tag == "link" and given.get("href"):
            self.fetched.append(given["href"])


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the site, with warnings as errors; its jobs are run where the examples are tested."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-D", "nb_execution_mode=off"]
    found = subprocess.run(
        [*command, str(DOCS), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    assert found.returncode == 0, found.stderr
    return {file: Page(file) for file in folder.rglob("*.html")}


def test_every_link_within_the_site_leads_somewhere(site):
    broken = []
    for file, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            there = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            anchor = unquote(parts.fragment)
            if not there.exists() or (anchor and there in site and anchor not in site[there].ids):
                broken.append(f"{file.name}: {link}")
    assert not broken


def test_pages_fetch_nothing_from_a_network(site):
    assert not [link for page in site.values() for link in page.fetched if urlsplit(link).netloc]
    styles = next(iter(site)).parent.rglob("*.css")
    assert not [style for style in styles if re.search(r"@import|url\(.?(http|//)", style.read_text(encoding="utf-8"))]


def test_formulas_are_markup_that_needs_no_script(site):
    method = next(file for file in site if file.name == "method.html").read_text(encoding="utf-8")
    assert "<mfrac>" in method and "$" not in method.split("Generalised cost</h2>")[-1][:3000]


def test_what_the_limits_quote_is_what_the_pages_say_now():
    limits = (DOCS / "limits.md").read_text(encoding="utf-8")
    quoted = re.findall(r"^> (.+)$\n\n.*?\]\((\S+?\.md)\)", limits, re.MULTILINE)
    assert len(quoted) == 3
    assert not [page for line, page in quoted if line not in (DOCS / page).read_text(encoding="utf-8")]
    assert f"below {load_tables().parameter('unmet_penalty_usd_per_teu'):,.0f} USD/TEU" in limits


def test_every_public_name_has_its_place_in_the_api(site):
    ids = {name for page in site.values() for name in page.ids}
    for package in ("corridors", "networks", "solvers", "seeds"):
        module = importlib.import_module(package)
        assert not [name for name in module.__all__ if f"{package}.{name}" not in ids]


def generator(name):
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("name", "file"), [("make_dictionary", "data-dictionary"), ("make_commands", "command-line")])
def test_generated_pages_are_what_the_program_says_now(name, file):
    written = (DOCS / f"{file}.md").read_text(encoding="utf-8")
    assert written == generator(name).page(), f"run python docs/{name}.py"


def test_the_ten_minute_start_reaches_a_report_with_the_closure_in_it(tmp_path):
    written = (DOCS / "start.md").read_text(encoding="utf-8")
    assert written == generator("make_start").page(tmp_path), "run python docs/make_start.py"
    for name in ("report.html", "from-python.html"):
        assert "Railway to Kars shut in summer" in (tmp_path / name).read_text(encoding="utf-8")
    assert (tmp_path / "report.xlsx").stat().st_size > 10_000
