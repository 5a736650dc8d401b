"""Write docs/claims.md and docs/scenarios.md: what the scenarios of the toolkit answer, and to which claims."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

import corridors
from corridors.scenario.finding import BUILTIN
from networks import read_table, table_file

HERE = Path(__file__).parent
GROUPS = {
    "Baselines": ["baseline-2025", "baseline-2026", "baseline-2030", "baseline-north-south"],
    "Russia and Belarus": ["russia-closed", "russia-closed-2027", "northern-aversion", "poland-border"],
    "Red Sea": ["red-sea-open", "red-sea-closed"],
    "Caspian": ["caspian-level", "caspian-drift", "caspian-storms"],
    "Georgia and Türkiye": ["btk-closed", "georgia-ports-strike", "georgia-sanctions"],
    "Iran and the North-South corridor": ["iran-closed", "az-iran-border", "az-russia-border", "rasht-astara"],
    "Lines and ports to come": ["zangezur", "cku", "anaklia"],
    "Money": ["eu-package", "eu-package-article"],
    "The past": ["history"],
    "Gas: baselines": ["baseline-gas-2025", "baseline-gas-2026"],
    "Gas: what fails": ["gas-tanap-half", "gas-scp-out", "gas-iran-cut", "gas-shah-deniz-outage", "gas-hormuz"],
    "Gas: law": ["gas-no-russian-2027"],
    "Gas: what is built": [
        "gas-expansion-steps",
        "gas-caspian-20",
        "gas-trans-caspian-short",
        "gas-trans-caspian-long",
    ],
}
CLAIMS_HEAD = """# Claims of the source article

The article that the study started from (source S001) makes 36 claims ([claims.csv](../seeds/claims.csv)). This page leads from each that a scenario can test to the command and to the result. Written by `python docs/make_claims.py`, which runs them all; every figure is what that rerun gave.

*Support* is what other sources say, as in the table of claims. *Verdict* is what the figures of the run add, no more: a scenario holds the claim against flows of freight, not against politics. How far flows can be trusted is in [the back-test](backtest.md), what a scenario changes in [the catalogue](scenarios.md).
"""
REST_HEAD = """
## Claims without a scenario

{count} claims are about events, visits, aims or the order of powers. Nothing in a network of freight changes with them, or no source says by how much. They stand here so that none is missing.

| claim | in other words | support | why no scenario |
|---|---|---|---|
"""
SCENARIOS_HEAD = """# Built-in scenarios

{count} scenarios come with the toolkit. Each is a file of its own in `corridors/scenario/builtin/`; its facts, sources and judgements stand at its head and are printed here. Written by `python docs/make_claims.py`, which runs them all: the answers are what that rerun gave. How to write one is in [the reference](scenarios-reference.md), which claims they test in [claims.md](claims.md).

An answer is of the last year of the study and says against what it holds. Ranges come from deep-sea rates 30 % lower and higher, time worth half and double, and parameters fitted to other years.
"""
KINDS = {
    "event": "an event of politics; no figure of freight hangs on it",
    "risk": "a risk without a measure; no closure or delay follows from it",
    "policy": "an aim or an agreement; no source says what it changes on the routes",
    "demand": "a market; its freight is in the totals of demand and not told apart",
    "geography": "a place on the map; nothing changes",
    "route": "a trade that the demand does not tell apart",
    "forecast": "a conjecture about politics",
    "assumption": "an assumption about the world",
}


@cache
def solved(name: str) -> Any:
    """Return a run of a scenario, with its counterfactual."""
    return corridors.run(name, cache=True)


def compared(name: str) -> Any:
    """Return a scenario against its counterfactual."""
    found = solved(name)
    return None if found.against is None else corridors.compare(found)


def answer(name: str) -> str:
    """Return the answer of a scenario."""
    return solved(name).answer


def _pct(share: float, digits: int = 0) -> str:
    return f"{100 * share:,.{digits}f} %"


def names() -> list[str]:
    """Return the built-in scenarios in the order of the catalogue."""
    return [name for group in GROUPS.values() for name in group]


def carried(run: corridors.Run, by: str = "family", column: str = "teu_per_year") -> pd.Series:
    """Return the flows of the last year."""
    table = run.flows(by)[column]
    return table.xs(run.years[-1], level="year")


def china_europe(run: corridors.Run) -> tuple[float, float, float]:
    """Return boxes between China and Europe by the Middle Corridor, by land, and all, TEU."""
    flows = carried(run, ["market", "family"]).drop("caspian", level="market", errors="ignore")
    by_family = flows.groupby("family").sum()
    land = by_family.reindex(["middle", "northern"]).fillna(0.0)
    return float(land["middle"]), float(land.sum()), float(by_family.sum())


def change(name: str, family: str = "middle") -> float:
    """Return how much more a family carries than in the counterfactual, TEU."""
    found = compared(name)
    assert found is not None
    return float(carried(found.run).get(family, 0.0) - carried(found.base).get(family, 0.0))


def diverted(name: str, lost_by: str, gained_by: str) -> float:
    """Return the share of what a family lost that another gained."""
    found = compared(name)
    assert found is not None
    moved = found.diversion()
    moved = moved[(moved["lost_by"] == lost_by) & (moved["year"] == found.years[-1])]
    mine = moved.groupby("gained_by")["teu_per_year"].sum()
    return float(mine.get(gained_by, 0.0) / mine.sum()) if mine.sum() > 0 else 0.0


def tonnes(run: corridors.Run, branch: str) -> float:
    """Return what a branch of the North-South corridor carries in the last year, t."""
    table = run.tables["routes"]
    mine = table["corridor"].str.startswith(branch) & (table["year"] == run.years[-1])
    return float(table.loc[mine, "quantity"].sum())


def full(run: corridors.Run) -> list[str]:
    """Return what is full in the last year."""
    table = run.bottlenecks(0.999)
    return list(dict.fromkeys(table.loc[table["year"] == run.years[-1], "element"]))


def _c01() -> str:
    middle, land, total = china_europe(solved("baseline-2025"))
    return f"It does: {middle:,.0f} boxes between China and Europe in 2025, {_pct(middle / total, 1)} of all and {_pct(middle / land)} of those by land."


def _c02() -> str:
    share = diverted("russia-closed", "northern", "middle")
    filled = full(solved("russia-closed"))
    limit = f" {' and '.join(filled)} {'is' if len(filled) == 1 else 'are'} full then." if filled else ""
    return f"A way round for {_pct(share)} of the boxes that the Northern route would lose; the sea takes {_pct(diverted('russia-closed', 'northern', 'sea'))}.{limit}"


def _spent() -> tuple[float, float]:
    """Return the amount of the transport line, and the cost of the projects in it that have one on record, EUR bn."""
    money = solved("eu-package").money
    return float(money["line_million_eur"].iloc[0]) / 1e3, float(money["cost_million_eur"].sum()) / 1e3


SMALL = 0.005


def _c03() -> str:
    line, spent = _spent()
    return f"A pledge, and {line:.1f} of the 12 bn EUR are for transport. Projects on record that have a cost and an effect take {spent:.1f}."


def _c04() -> str:
    middle, northern = change("eu-package"), change("eu-package", "northern")
    return f"In {solved('eu-package').years[-1]} these projects move {middle:+,.0f} TEU a year on the Middle Corridor and {northern:+,.0f} on the Northern, which uses the same Kazakh lines. {_room('eu-package')}"


def _room(name: str) -> str:
    table = solved(name).bottlenecks(0.0)
    row = table.iloc[0]
    return f"The fullest capacity is {row['element']}, at {_pct(row['utilisation'])}."


def _c05() -> str:
    more = change("eu-package-article") - change("eu-package")
    if abs(more) < 1:
        return "Not supported. If it were so, a larger port at Alat would add nothing, because it is not full without."
    return f"Not supported. If it were so, a larger port at Alat would add {more:+,.0f} TEU a year."


def _c06() -> str:
    now, later = (china_europe(solved(name)) for name in ("baseline-2026", "baseline-2030"))
    return f"Growth is put in, not found. With it the Middle Corridor carries {_pct(now[0] / now[2], 2)} of China-Europe boxes in 2026 and {_pct(later[0] / later[2], 2)} in 2030: its weight grows by trade of Central Asia, not by transit."


def _c07() -> str:
    found = compared("gas-no-russian-2027")
    year = found.years[-1]
    eu = ["AT", "BG", "GR", "HR", "HU", "IT", "RO", "SI", "SK"]
    demand = found.run.unmet().xs(year, level="year")["demand_gwh"].reindex(eu)
    mixed = [r.dependence().xs(year, level="year").reindex(eu).fillna(0.0) for r in (found.base, found.run)]
    before, after = ({c: (m[c] * demand).sum() / demand.sum() for c in ("RU", "AZ")} for m in mixed)
    tap = found.flows("pipe").loc[(year, "TAP_A"), "bcm"]
    return f"In the nine EU states of the network Russian gas by pipeline falls from {before['RU']:.0f} to {after['RU']:.0f} % of what is used, Azerbaijani gas goes from {before['AZ']:.0f} to {after['AZ']:.0f} %: TAP ({tap:.1f} bcm) is full before and after, so that without its next step the need does not raise the volume."


def _c09() -> str:
    run = solved("baseline-2025")
    middle = china_europe(run)[0]
    everything = float(carried(run)["middle"])
    return f"In the model {_pct(middle / everything)} of the boxes that land at Alat go between China and Europe; the port was said to have 38 to 40 % of Chinese cargo. What Beijing thinks is not in it."


def _c15() -> str:
    found = compared("rasht-astara")
    assert found is not None
    before, after = (tonnes(run, "instc-west") for run in (found.base, found.run))
    return f"With Rasht-Astara, {(after - before) / 1e3:,.0f} kt a year more cross Azerbaijan by rail in {found.years[-1]} (+{_pct(after / before - 1)}), all taken from the other branches: the total is given. Plans name up to 15 Mt."


def _c16() -> str:
    found = compared("az-iran-border")
    assert found is not None
    before, after = (tonnes(run, "instc-west") for run in (found.base, found.run))
    return f"Overtaken by the closure of March 2026. Its four days are waited for; half a year takes {_pct(1 - after / before)} of the year's freight from the western branch."


def _c22() -> str:
    row = solved("russia-closed").bottlenecks(0.0).iloc[0]
    return f"The crossing is what fills first: with Russia closed {row['element']} is used to {_pct(row['utilisation'])}, and {-change('caspian-drift'):,.0f} TEU a year fewer cross in 2030 if the sea falls as projected and nobody dredges."


def _c23() -> str:
    found = compared("az-russia-border")
    assert found is not None
    before, after = (tonnes(run, "instc-west") for run in (found.base, found.run))
    lost = 1 - after / before
    if lost < SMALL:
        return "Bad relations alone move nothing in the model, nor does a shut border: the western branch goes by ship from Makhachkala to Alat here, not by the railway at Samur."
    return f"Bad relations alone move nothing in the model. A border shut for half a year takes {_pct(lost)} from the western branch."


def _zangezur() -> str:
    taken = float(carried(solved("zangezur"), "corridor").get("zangezur", 0.0))
    gain = change("zangezur")
    whose = "mostly boxes that go by Georgia without it" if gain < taken / 2 else "mostly boxes new to the corridor"
    return f"The line by Meghri would carry {taken:,.0f} TEU a year in {solved('zangezur').years[-1]}, while the Middle Corridor as a whole moves by {gain:+,.0f}: {whose}."


def _iran() -> str:
    found = compared("iran-closed")
    assert found is not None
    branch = tonnes(found.base, "instc")
    left = tonnes(found.run, "instc")
    return f"Every branch of the North-South corridor crosses Iran: of {branch / 1e6:.1f} Mt a year {left / 1e6:.1f} are left. Azerbaijan's part is {_pct(tonnes(found.base, 'instc-west') / branch)} of it."


MAPPED: dict[str, tuple[str, Callable[[], str]]] = {
    "C01": ("baseline-2025", _c01),
    "C02": ("russia-closed", _c02),
    "C03": ("eu-package", _c03),
    "C04": ("eu-package", _c04),
    "C05": ("eu-package-article", _c05),
    "C06": ("baseline-2030", _c06),
    "C07": ("gas-no-russian-2027", _c07),
    "C09": ("baseline-2025", _c09),
    "C15": ("rasht-astara", _c15),
    "C16": ("az-iran-border", _c16),
    "C22": ("caspian-drift", _c22),
    "C23": ("az-russia-border", _c23),
    "C27": ("zangezur", _zangezur),
    "C28": ("zangezur", _zangezur),
    "C30": ("iran-closed", _iran),
    "C31": ("iran-closed", _iran),
}


def claims_page() -> str:
    """Return the page of claims."""
    table = read_table("claims", table_file("claims", None)).set_index("claim_id")
    lines = [
        CLAIMS_HEAD,
        "| claim | in other words | support | scenario | result | verdict |",
        "|---|---|---|---|---|---|",
    ]
    for claim, (name, verdict) in MAPPED.items():
        row = table.loc[claim]
        cells = [claim, row["claim"], _words(row["support"]), f"`corridors run {name}`", answer(name), verdict()]
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    rest = table.drop([*MAPPED])
    lines += [REST_HEAD.format(count=len(rest)).rstrip()]
    for claim, row in rest.iterrows():
        cells = [claim, row["claim"], _words(row["support"]), KINDS[row["kind"]]]
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def scenarios_page() -> str:
    """Return the catalogue."""
    parts = [SCENARIOS_HEAD.format(count=len(names()))]
    for group, members in GROUPS.items():
        parts.append(f"## {group}\n")
        parts += [_entry(name) for name in members]
    return "\n".join(parts).rstrip() + "\n"


def _entry(name: str) -> str:
    scenario = corridors.load(name)
    comment, body = _file(name)
    against = scenario.against
    held = f" Held against [{against}](#{against}).\n" if against else "\n"
    lines = [
        f"### {name}\n",
        f"**{scenario.model.title}.** {_one_line(scenario.question or '')}{held}",
        f"{comment}\n",
        _events(scenario) if name == "history" else f"```yaml\n{body}\n```\n",
        f"`corridors run {name}`: {answer(name)}\n",
    ]
    return "\n".join(lines)


def _file(name: str) -> tuple[str, str]:
    """Return the comment at the head of a file as paragraphs, and what it changes as YAML."""
    text = (BUILTIN / f"{name}.yaml").read_text(encoding="utf-8")
    head, rest = text.split("schema: 1\n", 1)
    comment = textwrap.dedent("\n".join(line.removeprefix("#").removeprefix(" ") for line in head.splitlines()))
    marks = ("note:", "study:", "prices:", "policy:", "disruptions:", "investments:", "vary:")
    at = min(rest.find(f"\n{mark}") for mark in marks if f"\n{mark}" in rest)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_paragraphs(comment)).strip()), rest[at:].strip()


def _paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a comment as Markdown: what is indented becomes a list, a command stands by itself."""
    listed = False
    for line in text.strip().splitlines():
        inner, inside = line.strip(), line.startswith("  ")
        if inside != listed and not (inside and inner.startswith("corridors ")):
            yield ""
        listed = inside and not inner.startswith("corridors ")
        if listed and line.startswith("    "):
            yield f"  {inner}"
        elif listed:
            yield f"- {inner.removeprefix('- ')}"
        else:
            yield f"`{inner}`" if inside else inner


def _events(scenario: corridors.Scenario) -> str:
    lines = ["| disruption | event | what | when |", "|---|---|---|---|"]
    for key, entry in scenario.model.disruptions.items():
        when = entry.when
        until = when.to or (f"for {when.for_.text}" if when.for_ else "open")
        lines.append(
            f"| `{key}` | {entry.source} | {_cell(entry.title or key)} | {when.from_} to {until} |".replace(
                "to for", "for"
            )
        )
    return "\n".join([*lines, ""])


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _words(word: str) -> str:
    return str(word).replace("_", " ")


def _cell(text: object) -> str:
    return _one_line(str(text)).replace("|", "\\|")


def main() -> None:
    """Write the pages; counterfactuals that scenarios share are run once, in a cache of their own."""
    with TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        write()


def write() -> None:
    """Write the pages."""
    (HERE / "claims.md").write_text(claims_page(), encoding="utf-8")
    (HERE / "scenarios.md").write_text(scenarios_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
