"""The answer of a frontier in words: what to build first, what it brings, what the next billion is worth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..scenario.money import lines_of

if TYPE_CHECKING:
    from .frontier import Frontier

__all__ = ["answer", "body", "money", "opening", "percent"]

_NAMED = 4
_BILLION = 1e3
_NOTHING = 0.01  # million
_SPARE = 0.01  # of the budget, from which on it is told that it is not spent


def answer(found: Frontier) -> str:
    """Return the answer of a frontier."""
    return " ".join([*opening(found), *body(found)])


def money(million: float, currency: str) -> str:
    """Return an amount in words: ``1.24 bn EUR``, ``82 mn EUR``."""
    size = abs(million)
    if size >= _BILLION:
        return f"{million / _BILLION:.3g} bn {currency}"
    return f"{million:.0f} mn {currency}" if size >= 10 else f"{million:.2g} mn {currency}"


def percent(share: float) -> str:
    """Return a share in words: ``3.5 %``."""
    return f"{100 * share:.10g} %"


def opening(found: Frontier) -> Iterator[str]:
    """Yield what of the packages may be spent here at all, where that is less than their total."""
    prices, cur = found.prices, found.currency
    used = {c.line for c in found.candidates}
    for name, package in found.scenario.freight.investments.packages.items():
        lines = {n: line for n, line in lines_of(package, found.folder).items() if f"{name}.{n}" in used}
        if package.total is None or not lines:
            continue
        total = prices.million(package.total.value, package.total.dimension, package.total.price_year)
        usable = sum(prices.million(x.amount.value, x.amount.dimension, x.amount.price_year) for x in lines.values())
        if usable < 0.99 * total:
            words = " and ".join(n.replace("-", " ") for n in lines)
            states = dict.fromkeys(w for line in lines.values() for w in line.eligible or ())
            where = f", in {', '.join(states)}" if states else ""
            yield f"Only {money(usable, cur)} of the {package.total.text} can pay for {words}{where}."


def body(found: Frontier) -> Iterator[str]:
    """Yield what an answer says in sentences, what to build first."""
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
        low, high, unpaid = spread["worth_m"].min(), spread["worth_m"].max(), int(spread["worth_m"].isna().sum())
        not_all = f"; in {unpaid} of them they cannot be paid" if unpaid else ""
        between = f" ({money(low, cur)} to {money(high, cur)} over {len(spread)} futures{not_all})"
    rate = percent(found.central.rate)
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
    alone = "" if any(c.benefit_m for c in found.candidates) else "By the freight modelled alone "
    if not sure:
        yield f"{alone}none of all the projects pays for itself.".capitalize()
        return
    told = [f"{c.title}{f' ({often[c.name]} of {count} futures)' if count > 1 else ''}" for c in sure]
    does = "pays for itself" if len(sure) == 1 else "pay for themselves"
    yield f"{alone}{_listed(told, ' and ')} {does}" + (
        f"; {losing} of those first {'does' if losing == 1 else 'do'} not." if losing else "."
    )


def _titles(found: Frontier, names: Sequence[str]) -> list[str]:
    of = {c.name: c.title for c in found.candidates}
    return [of[name] for name in names]


def _listed(titles: Sequence[str], between: str) -> str:
    shown = list(titles[:_NAMED])
    more = len(titles) - len(shown)
    return between.join([*shown, *([f"{more} more"] if more else [])])
