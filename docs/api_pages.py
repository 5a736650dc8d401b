"""Pages of the API: every public name of each package, by topic, with a table of contents of its own."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path

from sphinx.pycode import ModuleAnalyzer

PACKAGES = {
    "corridors": "What is asked: routes, scenarios, investment, gas, resilience, reports.",
    "networks": "What there is: checked tables, the multimodal graph, generalised cost, other tools' files.",
    "solvers": "What is best: optimisers over arrays and tables, for any network.",
    "seeds": "What is known: the tables themselves.",
}
TOPICS = {
    "corridors": {
        "Routes": "finder comparison catalogue catalogue_file room validation",
        "Scenarios and runs": "scenario.loading scenario.running scenario.results scenario.plots scenario.contrast "
        "scenario.saving scenario.gas_results scenario.gas_contrast reporting",
        "Freight and its choice": "freight forecasting choice assignment assigned calibration backtesting past tuning",
        "What to build": "investing planner",
        "Appraisal": "appraisal appraisal_streams appraisal_rate appraisal_sensitivity appraisal_risk "
        "appraisal_surplus appraisal_charts",
        "Gas": "gas scenario.gas_outages",
        "What breaks": "resilience",
        "Networks of your own": "importing matrices demand_cells geometry_report",
    },
    "networks": {
        "Tables": "tables study names errors gas_tables",
        "Network and cost": "supernetwork cost",
        "Geography and exchange": "exchange geometry ways formats gaslib",
    },
    "solvers": {
        "Paths": "_graph paths",
        "Flows": "flow flow_solution parametric",
        "Shippers and congestion": "logit equilibrium equilibrium_solution queueing",
        "What to build": "design design_solution two_stage two_stage_solution scheduling",
        "Failures": "failures",
        "Gas": "gas_flow gas_solution gas_line gas_physics hydraulics",
        "Errors": "errors",
    },
}
"""Modules of each topic; one that nobody named comes last, under the name of its package."""
PLOTS = {"Scenarios and runs": ("corridors.scenario.plots.RunPlots", "corridors.scenario.plots.GasPlots")}
"""Classes that nobody makes by name, and everybody uses: `run.plot`."""


def topics(package: str) -> dict[str, list[str]]:
    """Return the public names of a package by topic."""
    module = importlib.import_module(package)
    given = TOPICS.get(package, {})
    order = {f"{package}.{home}": (topic, n) for topic, homes in given.items() for n, home in enumerate(homes.split())}
    found: dict[str, list[tuple[int, str]]] = {topic: [] for topic in [*given, package]}
    for name in module.__all__:
        topic, number = _place(_home(package, name), order, package)
        found[topic].append((number, name))
    return {topic: [name for _, name in sorted(names)] for topic, names in found.items() if names}


def _home(package: str, name: str) -> str:
    """Return the module that a name comes from; a constant does not know it."""
    home = getattr(getattr(sys.modules[package], name), "__module__", "")
    homes = (m for m in sys.modules if m.startswith(f"{package}.") and name in getattr(sys.modules[m], "__all__", ()))
    return home if home.startswith(package) else next(homes, package)


def _place(home: str, order: dict[str, tuple[str, int]], package: str) -> tuple[str, int]:
    while home:
        if home in order:
            return order[home]
        home = home.rpartition(".")[0]
    return package, 0


def pages() -> dict[str, str]:
    """Return the pages by their names."""
    found, index = {}, ["# API\n"]
    for package, about in PACKAGES.items():
        module = importlib.import_module(package)
        names = []
        for topic, members in topics(package).items():
            entries = [(f"{package}.{name}", getattr(module, name)) for name in members]
            name = f"{package}-{topic.lower().replace(' ', '-')}" if topic != package else package
            title = f"{package}: {topic[0].lower()}{topic[1:]}" if topic != package else package
            found[name] = _page(title, entries, PLOTS.get(topic, ()) if package == "corridors" else ())
            names.append(name)
        index.append(f"## {package}\n\n{about}\n\n```{{toctree}}\n:maxdepth: 1\n\n" + "\n".join(names) + "\n```\n")
    return {"index": "\n".join(index), **found}


def _page(title: str, entries: list[tuple[str, object]], more: tuple[str, ...]) -> str:
    listed = [name for name, value in entries if not _constant(value)] + list(more)
    summary = [_rst("autosummary", "", "\n   :nosignatures:\n", *listed)] if listed else []
    classes = [_rst("autoclass", name, "\n   :members:") for name in more]
    return "\n\n".join([f"# {title}", *summary, *(_entry(name, value) for name, value in entries), *classes]) + "\n"


def _entry(name: str, value: object) -> str:
    if inspect.isclass(value):
        return _rst("autoclass", name, "\n   :members:")
    if not _constant(value):
        return _rst("autofunction", name)
    package, _, plain = name.partition(".")
    told = ModuleAnalyzer.for_module(_home(package, plain)).find_attr_docs().get(("", plain), [])
    kind = "Path" if isinstance(value, Path) else type(value).__name__
    return _rst("py:data", name, f"\n   :type: {kind}\n", *told)


def _constant(value: object) -> bool:
    return not (inspect.isclass(value) or inspect.isroutine(value) or hasattr(value, "__wrapped__"))


def _rst(directive: str, name: str, options: str = "", *lines: str) -> str:
    return (
        f"```{{eval-rst}}\n.. {directive}::{name and f' {name}'}{options}"
        + "".join(f"\n   {line}" for line in lines)
        + "\n```"
    )


def write(folder: Path) -> None:
    """Write all pages, those that changed only, so that nothing is built twice, and remove what is no page any more."""
    folder.mkdir(exist_ok=True)
    told = pages()
    for file in folder.glob("*.md"):
        if file.stem not in told:
            file.unlink()
    for name, text in told.items():
        file = folder / f"{name}.md"
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
