"""The answer of a frontier in words: what to build first, what it brings, what the next billion is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .frontier import Frontier

__all__ = ["answer", "money", "opening"]

_NAMED = 4
_BILLION = 1e3
_NOTHING = 0.01  # million
_SPARE = 0.01  # of the budget, from which on it is told that it is not spent


def answer(found: Frontier) -> str:
    """Return the answer of a frontier."""
    return " ".join([*opening(found), *_body(found)])


def money(million: float, currency: str) -> str:
    """Return an amount in words: ``1.24 bn EUR``, ``82 mn EUR``."""
    size = abs(million)
    if size >= _BILLION:
        return f"{million / _BILLION:.3g} bn {currency}"
    return f"{million:.0f} mn {currency}" if size >= 10 else f"{million:.2g} mn {currency}"


def opening(found: Frontier) -> Iterator[str]:
    """Yield what of the packages may be spent here at all, where that is less than their total."""
    packages = found.scenario.model.investments.packages
    lines = found.central.rules.lines
    for name, package in packages.items():
        mine = [line for line in lines.values() if line.name.startswith(f"{name}.")]
        total = package.total
        if total is None or not mine:
            continue
        usable = sum(line.amount_m for line in mine)
        if usable < 0.99 * total.value / 1e6:
            words = [line.name.removeprefix(f"{name}.") for line in mine]
            states = dict.fromkeys(w for n in words for w in package.lines[n].eligible or ())
            where = f", in {', '.join(states)}" if states else ""
            yield f"Only {money(usable, found.currency)} of the {total.text} can pay for {' and '.join(words)}{where}."


def _body(found: Frontier) -> Iterator[str]:
    cur, best = found.currency, found.chosen
    if not best:
        does = "pays for itself by the freight modelled" if found.central.objective == "enpv" else "brings any benefit"
        yield f"None of the projects that may be chosen {does}."
        return
    order = found.order()
    titles = [str(order.loc[p, "title"]) for p in order.index if p in best]
    paid = float(found.central.paid_m[found.central.best()])
    yield f"First: {_listed(titles, ', then ')}; {money(paid, cur)} in all."
    spread = found.spread(best)
    worth, enpv = spread["worth_m"].iloc[0], spread["enpv_m"].iloc[0]
    between = ""
    if len(spread) > 1:
        low, high = spread["worth_m"].min(), spread["worth_m"].max()
        between = f" ({money(low, cur)} to {money(high, cur)} over {len(spread)} futures)"
    rate = f"{found.central.rate:.0%}"
    if found.central.objective == "enpv":
        yield f"That is a net present value of {money(worth, cur)}{between} at {rate}."
    else:
        yield f"That brings {found.aim} of {money(worth, cur)}{between} in present value at {rate}."
        yield f"What they cost and what is left of them counted in, it is {money(enpv, cur)}."
    yield from _paying(found)
    yield from _emitting(found)
    yield from _marginal(found, paid)
    yield f"{found.estimates:.0%} of the figures on projects are estimates."


def _marginal(found: Frontier, paid: float) -> Iterator[str]:
    cur = found.currency
    left = found.budget_m - paid
    if left > _SPARE * found.budget_m:
        yield f"{money(left, cur)} of the {money(found.budget_m, cur)} find nothing that adds to these."
    next_ = found.marginal()
    step = money(next_.step_m, cur)
    if not next_.entered and next_.bound_m < _NOTHING:
        yield f"The next {step} is worth nothing: no project is left that it may pay for and that adds to these."
        return
    gain, most = money(next_.gain_m, cur), money(next_.bound_m, cur)
    entered = f": {_listed(_titles(found, next_.entered), ', ')}" if next_.entered else ""
    yield f"The next {step} adds {gain} (at most {most}){entered}."


def _emitting(found: Frontier) -> Iterator[str]:
    """Yield which projects are left because of what they emit."""
    order = found.order()
    left = order[~order.index.isin(found.chosen) & (order["shippers_m"] > _NOTHING)]
    left = left[left["shippers_m"] + left["carbon_m"] < 0]
    if found.central.objective != "shippers" and len(left):
        titles = [str(t) for t in left["title"]]
        yield f"Left because their emissions cost more than shippers gain: {_listed(titles, ', ')}."


def _paying(found: Frontier) -> Iterator[str]:
    """Yield which projects pay for themselves, and in how many futures."""
    often = found.paying()
    count = len(found.futures)
    sure = [c for c in found.candidates if often[c.name] > count / 2]
    losing = sum(often[name] <= count / 2 for name in found.chosen)
    if not sure:
        yield "By the freight modelled alone none of all the projects pays for itself."
        return
    told = [f"{c.title}{f' ({often[c.name]} of {count} futures)' if count > 1 else ''}" for c in sure]
    does = "pays for itself" if len(sure) == 1 else "pay for themselves"
    yield f"By the freight modelled alone {_listed(told, ' and ')} {does}" + (
        f"; {losing} of those first {'does' if losing == 1 else 'do'} not." if losing else "."
    )


def _titles(found: Frontier, names: Sequence[str]) -> list[str]:
    of = {c.name: c.title for c in found.candidates}
    return [of[name] for name in names]


def _listed(titles: Sequence[str], between: str) -> str:
    shown = list(titles[:_NAMED])
    more = len(titles) - len(shown)
    return between.join([*shown, *([f"{more} more"] if more else [])])
