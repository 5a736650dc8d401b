"""Answers: a sentence with a number, its unit, year and range, and what it depends on most."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ..catalogue import load_catalogue
from .results import NOT_SHIPPED, UNMET, Run

if TYPE_CHECKING:
    from .contrast import Comparison

__all__ = ["about", "answer", "contrast", "remarks", "told", "volume", "way_title"]

_FAMILIES = {
    "northern": "the Northern route through Russia",
    "middle": "the Middle Corridor",
    "instc": "the North-South corridor",
    "southern": "the southern land route through Iran",
    "sea": "the sea",
    "arctic": "the Arctic route",
    "other": "other ways",
}
_NO_WAY = ("sea", UNMET, NOT_SHIPPED)
_STAYS = {UNMET: "find no way or no room", NOT_SHIPPED: "are not shipped"}
_BIG = 2e6
_SMALL = 1.0  # TEU or t a year
_FULL = 0.999


def answer(run: Run) -> str:
    """Return the answer of a run: against its counterfactual, if it has one."""
    return " ".join(["; ".join([*told(run), _rests(run)]), *remarks(run)])


def contrast(found: Comparison) -> str:
    """Return the answer of a comparison."""
    return " ".join(["; ".join([*told(found), _rests(found.run)]), *remarks(found)])


def told(found: Run | Comparison) -> list[str]:
    """Return what an answer says, the number with its range first."""
    found = _against(found)
    if isinstance(found, Run):
        return _some([_stands(found), _most(found), _full(found)])
    year, run = found.years[-1], found.run
    by, subject = _subject(found, year)
    if not subject:
        same = f"{run.title}, {year}: yearly flows stay as they are in '{found.base.title}'"
        return _some([same, _full(run)])
    return _some(
        [
            f"{run.title}, {year}: {_carries(found, by, subject, year)}",
            _went(found, by, subject, year),
            _others(found, by, subject, year),
            _full(run),
            _depends(found, by, subject, year),
        ]
    )


def remarks(found: Run | Comparison) -> list[str]:
    """Return what must be said beside the answer, each a sentence."""
    found = _against(found)
    if isinstance(found, Run):
        return _shorts(found)
    changed = bool(_subject(found, found.years[-1])[1])
    chances = _chances(found.run) if changed else ""
    return _some([_idle(found.run), *_vain(found), chances, *_shorts(found.run)])


def _against(found: Run | Comparison) -> Run | Comparison:
    """Return a run with its counterfactual as their comparison."""
    if not isinstance(found, Run) or found.against is None:
        return found
    from .contrast import Comparison

    return Comparison(found.against, found)


def _some(texts: list[str]) -> list[str]:
    return [text for text in texts if text]


def way_title(name: str, by: str = "family", folder: str | Path | None = None) -> str:
    """Return a family, branch or corridor, one's own too, as it is called in a sentence."""
    if by == "family" or name in (UNMET, NOT_SHIPPED):
        return _FAMILIES.get(name, name)
    known = load_catalogue(None, folder)
    return known[name].title if name in known else name


def about(found: Run | Comparison, year: int) -> tuple[str, str]:
    """Return what the answer is about: family, branch or corridor, and which; nothing where that is not one way."""
    pair = _against(found)
    return ("", "") if isinstance(pair, Run) else _subject(pair, year)


def _subject(found: Comparison, year: int) -> tuple[str, str]:
    """Return what the scenario is about, or the way by land that changes most.

    By family, or by branch where families stay as they are.
    """
    about = str(found.run.record["about"])
    for by in ("family", "branch", "corridor") if about else ():
        change = _changes(found, by, year)
        if about in change.index and abs(change[about]) >= _SMALL:
            return by, about
    for by in ("family", "branch"):
        change = _changes(found, by, year)
        land = change[[name for name in change.index if name not in _NO_WAY]]
        for part in (land, change):
            if len(part) and part.abs().max() >= _SMALL:
                return by, str(part.abs().idxmax())
    return "family", ""


def _changes(found: Comparison, by: str, year: int) -> pd.Series[float]:
    flows = found.flows(by)
    column = next(c for c in flows if c.startswith("difference_") and c != "difference_pct")
    changes: pd.Series[float] = flows[column].xs(year, level="year")
    return changes


def _row(found: Comparison, by: str, subject: str, year: int) -> tuple[float, float, float]:
    """Return what a way carries in the counterfactual and here, and the difference in per cent."""
    base, now, _, pct = found.flows(by).loc[(year, subject)]
    return float(base), float(now), float(pct)


def _carries(found: Comparison, by: str, subject: str, year: int) -> str:
    """Return what a way carries, how much more or less than without, and the range of that."""
    base, now, pct = _row(found, by, subject, year)
    unit, way = _unit(found.run), "more" if now > base else "less"
    title = way_title(subject, by, found.run.folder)
    against = f"in '{found.base.title}'"
    if subject in (UNMET, NOT_SHIPPED):
        return f"{volume(now)} {unit} a year {_STAYS[subject]}, {volume(base)} {against}"
    carried = f"{title} carries {volume(now)} {unit} a year, {volume(abs(now - base))} {way} than {against}"
    if now < _SMALL:
        carried = f"{title} carries nothing, {volume(base)} {unit} a year {against}"
    per_cent = "" if now < _SMALL else _percent(pct)
    return f"{carried}{per_cent}{_range(found, by, subject, year)}"


def _range(found: Comparison, by: str, subject: str, year: int) -> str:
    ranges = found.ranges(by)
    if (year, subject) not in ranges.index:
        return ""
    low, high = (float(ranges.loc[(year, subject), side]) for side in ("low", "high"))
    if high - low < _SMALL:
        return ""
    if low * high < 0:
        return f"; range {_signed(low)} to {_signed(high)}"
    ends = sorted([abs(low), abs(high)])
    return f"; range {volume(ends[0])} to {volume(ends[1])} {'more' if high > 0 else 'less'}"


def _went(found: Comparison, by: str, subject: str, year: int) -> str:
    """Return where what the subject lost went, or where its gain came from."""
    change = float(_changes(found, by, year)[subject])
    moved = found.moved(by)
    moved = moved[moved["year"] == year]
    side, other = ("lost_by", "gained_by") if change < 0 else ("gained_by", "lost_by")
    mine = moved[moved[side] == subject].groupby(other)[found.value].sum().sort_values(ascending=False)
    if mine.empty or mine.sum() < _SMALL:
        return ""
    word = "to" if change < 0 else "from"
    parts = [
        f"{100 * share:.0f} % {_STAYS.get(str(name), f'{word} {way_title(str(name), by, found.run.folder)}')}"
        for name, share in (mine / mine.sum()).items()
        if share >= 0.005
    ]
    return f"of that {_joined(parts)}"


def _others(found: Comparison, by: str, subject: str, year: int) -> str:
    """Return what the other ways by land carry, where that changes by more than a thousandth."""
    texts = []
    for name in _changes(found, by, year).index:
        base, now, pct = _row(found, by, str(name), year)
        if name in (subject, *_NO_WAY) or abs(now - base) < max(0.001 * base, _SMALL):
            continue
        texts.append(f"{way_title(str(name), by, found.run.folder)} carries {volume(now)}{_percent(pct)}")
    flows = found.flows()
    for name in (UNMET, NOT_SHIPPED):
        left = float(flows[found.value].get((year, name), 0.0))
        told = found.moved(by)
        told = told[(told["year"] == year) & (told["lost_by"] == subject) & (told["gained_by"] == name)]
        if left >= max(1.01 * float(told[found.value].sum()), _SMALL) and name != subject:
            texts.append(f"in all {volume(left)} {_unit(found.run)} {_STAYS[name]}")
    return _joined(texts)


def _stands(run: Run) -> str:
    """Return what each way carries in the last year, with ranges."""
    year = run.years[-1]
    flows = run.flows()
    if year not in run.tables["routes"]["year"].to_numpy():
        return f"{run.title}: nothing is sent in {year}"
    by = "family" if len(set(flows.index.get_level_values("family"))) > 1 else "branch"
    column = "quantity" if run.unit == "t" else "teu_per_year"
    here = run.flows(by).xs(year, level="year")
    ranges = run.ranges(by).xs(year, level="year")
    land = [name for name in here.index if name not in _NO_WAY]
    parts = []
    for name in land:
        low, high = (float(ranges.loc[name, side]) for side in ("low", "high"))
        spread = f" (range {volume(low)} to {volume(high)})" if high - low >= _SMALL else ""
        parts.append(f"{way_title(str(name), by, run.folder)} carries {volume(float(here.loc[name, column]))}{spread}")
    if "sea" in here.index:
        parts.append(f"the sea takes {here.loc['sea', 'share']:.1%}".replace("%", " %"))
    wanted = float(here[column].sum())
    return f"{run.title}: of {volume(wanted)} {_unit(run)} in {year}, {_joined(parts)}"


def _most(run: Run) -> str:
    """Return what the largest way by land depends on most."""
    year = run.years[-1]
    flows = run.flows()
    if year not in run.tables["routes"]["year"].to_numpy():
        return ""
    by = "family" if len(set(flows.index.get_level_values("family"))) > 1 else "branch"
    land = [str(name) for name in run.flows(by).xs(year, level="year").index if name not in _NO_WAY]
    most = str(run.ranges(by).loc[(year, land[0]), "depends_on"]) if land else ""
    return f"{way_title(land[0], by, run.folder)} depends most on {most}" if most else ""


def _full(run: Run) -> str:
    table = run.bottlenecks(_FULL)
    names = list(dict.fromkeys(table["element"][table["year"] == run.years[-1]]))
    return f"full: {_joined(names[:3])}" if names else ""


def _depends(found: Comparison, by: str, subject: str, year: int) -> str:
    ranges = found.ranges(by)
    if (year, subject) not in ranges.index:
        return ""
    row = ranges.loc[(year, subject)]
    return f"the change depends most on {row['depends_on']}" if row["high"] - row["low"] >= _SMALL else ""


def _rests(run: Run) -> str:
    share = run.record["estimates"]
    if share is None:
        return "nothing is sent, so nothing but the demand, an estimate, is behind it."
    return f"{100 * share:.0f} % of the figures behind are estimates."


def _shorts(run: Run) -> list[str]:
    return [str(said) for said in dict.fromkeys(run.short["said"])]


def _idle(run: Run) -> str:
    """Return what is enabled and holds on no day of the years that were run."""
    names = [str(name) for name in run.record["idle"]]
    return f"Not in force in {', '.join(map(str, run.years))}: {_joined(names)}." if names else ""


def _vain(found: Comparison) -> list[str]:
    """Return what has no effect, in part or in all: no freight goes there, or no capacity is reached or on record."""
    pair = (found.base, found.run)
    arcs, ways = ({x for run in pair for x in run.tables[t][c]} for t, c in (("arcs", "arc"), ("routes", "corridor")))
    used = found.run.tables["capacities"].groupby("group")["state"].nunique()
    always = used.index[used == found.run.tables["states"]["state"].nunique()]
    shut = set(found.base.tables["capacities"]["group"]) - set(always)  # what nobody uses in some part of the year
    full = set(found.run.bottlenecks(_FULL)["group"]) | shut
    known = found.base.record.get("touches", {})
    unused, roomy, free = [], [], []
    for name, what in found.run.record.get("touches", {}).items():
        if what == known.get(name):
            continue
        if arcs.isdisjoint(what["arcs"]) and ways.isdisjoint(what["corridors"]):
            unused.append(f"'{what['title']}'")
        elif what["capacities"] and full.isdisjoint(what["capacities"]):
            roomy.append(f"'{what['title']}'")
        if none := _named(pair, what["unlimited"]):
            free.append(f"'{what['title']}' limits nothing at {none}: no capacity is on record there.")
    return [
        *([f"No freight goes by what {_joined(unused)} is about, with it or without."] if unused else []),
        *([f"The capacity that {_joined(roomy)} leaves is nowhere reached."] if roomy else []),
        *free,
    ]


def _named(runs: Sequence[Run], links: Sequence[str]) -> str:
    """Return the links that freight of the runs goes by, in words."""
    arcs = pd.concat([run.tables["arcs"] for run in runs])
    used = arcs[arcs["link_id"].isin(links) & (arcs["kind"] == "link")].drop_duplicates("link_id")
    return _joined([f"{row.name} ({row.mode})" for row in used[["name", "mode"]].itertuples(index=False)])


def _chances(run: Run) -> str:
    """Return that flows are expected ones, where something may or may not happen."""
    return "Flows are expected ones, by the chance of what may happen." if run.record["uncertain"] else ""


def _unit(run: Run) -> str:
    return "t" if run.unit == "t" else "TEU"


def volume(value: float) -> str:
    """Return a volume with the digits that say something."""
    if value >= _BIG:
        return f"{value / 1e6:,.2f} million"
    step = 100 if value >= 10_000 else 10 if value >= 1_000 else 1
    return f"{round(value / step) * step:,.0f}"


def _percent(pct: float) -> str:
    return "" if pd.isna(pct) else f" ({pct:+.0f} %)" if abs(pct) >= 1 else f" ({pct:+.1f} %)"


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '-'}{volume(abs(value))}"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}" if parts else ""
