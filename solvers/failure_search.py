"""Search for the failures that hurt most: branch and bound over what the best answer to each set of them still uses."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from ._problem import IntArray
    from .errors import BoolArray, FloatArray

__all__ = ["Answer", "Attack", "Found", "Recourse", "Search"]

_LOOKED_AT = 60  # answers that bound a set best, of all that are known
_TRIED = 6  # elements that each step of the first, greedy, search tries


class Answer(NamedTuple):
    """The best answer to some failures.

    Attributes
    ----------
    cost, bound : float
        Cost of the flow, and what no flow costs less than.
    harm : ndarray of float, shape (elements,)
        By how much it can become dearer, at most, for each element that fails too: what uses it is given up at the
        penalty. Zero for what it does not use.
    """

    cost: float
    bound: float
    harm: FloatArray


class Recourse(Protocol):
    """Whoever answers to failures."""

    def answer(self, failed: IntArray, deadline: float) -> Answer | None:
        """Return the best answer to the failure of some elements; None when the time is over."""
        ...


class Attack(NamedTuple):
    """What may fail together: elements whose prices sum to no more than a budget."""

    price: FloatArray
    budget: float
    may: BoolArray

    def affordable(self, left: float) -> BoolArray:
        """Return which elements a rest of the budget pays for."""
        found: BoolArray = self.may & (self.price <= left * (1 + 1e-12) + 1e-12)
        return found


@dataclass(frozen=True)
class Found:
    """The worst failures found, what they cost at least, and what no failures cost more than."""

    failed: tuple[int, ...]
    cost: float
    bound: float
    sets: int
    finished: bool


@dataclass(order=True)
class _Node:
    """Sets that hold some elements and do not hold others."""

    key: float  # minus the bound: the heap gives the smallest
    number: int
    failed: tuple[int, ...] = field(compare=False)
    out: frozenset[int] = field(compare=False)


class Search:
    r"""Finds the worst failures for any choice of what may fail; what it learns from each search serves the next.

    Notes
    -----
    Let the best answer to failures X use the elements U. Failures that hurt more than X must hit U, as it would still
    do otherwise (the supervalid inequalities of Israeli and Wood 2002, "Shortest-path network interdiction", Networks
    40(2), 97-111): so the sets beyond X are searched by which element of U fails next, and an element that was
    looked at stays whole in the branches after it. With :math:`h_e` the cost of giving up what uses e, every answer
    bounds every set Y from above, by :math:`v + \sum_{e \in Y} h_e` (the cuts of Benders' method, where the flow is
    the extreme point); the least of these bounds prunes.
    """

    def __init__(self, recourse: Recourse, elements: int) -> None:
        self.recourse, self.elements = recourse, elements
        self.known: dict[frozenset[int], Answer] = {}
        self._cost = np.zeros(64)
        self._harm = np.zeros((64, elements))

    def worst(self, attack: Attack, gap: float, deadline: float) -> Found:
        """Return the worst failures of an attack, to a relative gap."""
        begun = len(self.known)
        first = self._ask((), deadline)
        if first is None:
            return Found((), -np.inf, np.inf, 0, False)
        best, cost = self._dive(attack, deadline)
        heap = [_Node(-np.inf, 0, (), frozenset(np.flatnonzero(~attack.may).tolist()))]
        count = 0
        while heap:
            node = heapq.heappop(heap)
            if -node.key <= cost + gap * abs(cost):
                heap.append(node)
                break
            if time.perf_counter() > deadline:
                heap.append(node)
                return self._result(best, cost, max(-n.key for n in heap), begun, finished=False)
            bound = min(-node.key, self._bound(node, attack))
            if bound < -node.key:
                if bound > cost + gap * abs(cost):
                    heapq.heappush(heap, _Node(-bound, node.number, node.failed, node.out))
                continue
            answer = self._ask(node.failed, deadline)
            if answer is None:
                heap.append(node)
                return self._result(best, cost, max(-n.key for n in heap), begun, finished=False)
            if answer.bound > cost:
                best, cost = node.failed, answer.bound
            for child, above in self._children(node, answer, attack, -node.key):
                if above > cost + gap * abs(cost):
                    count += 1
                    heapq.heappush(heap, _Node(-above, count, *child))
        left = max((-n.key for n in heap), default=cost)
        return self._result(best, cost, max(left, cost), begun, finished=True)

    def _result(self, best: tuple[int, ...], cost: float, bound: float, begun: int, *, finished: bool) -> Found:
        return Found(tuple(sorted(best)), cost, max(bound, cost), len(self.known) - begun, finished)

    def _ask(self, failed: tuple[int, ...], deadline: float) -> Answer | None:
        key = frozenset(failed)
        if key not in self.known:
            answer = self.recourse.answer(np.array(sorted(failed), dtype=np.int64), deadline)
            if answer is None:
                return None
            self._keep(len(self.known), answer)
            self.known[key] = answer
        return self.known[key]

    def _keep(self, place: int, answer: Answer) -> None:
        if place == len(self._cost):
            self._cost = np.concatenate([self._cost, np.zeros(place)])
            self._harm = np.concatenate([self._harm, np.zeros((place, self.elements))])
        self._cost[place], self._harm[place] = answer.cost, answer.harm

    def _dive(self, attack: Attack, deadline: float) -> tuple[tuple[int, ...], float]:
        """Return failures found by taking one after the other, each time the worst of a few."""
        failed: tuple[int, ...] = ()
        now = self._ask(failed, deadline)
        cost = -np.inf if now is None else now.bound
        while now is not None:
            left = attack.budget - attack.price[list(failed)].sum()
            may = attack.affordable(left)
            may[list(failed)] = False
            worth = np.where(may, now.harm / np.maximum(attack.price, 1e-300), 0.0)
            tried = [int(e) for e in np.argsort(-worth, kind="stable")[:_TRIED] if worth[e] > 0]
            answers = [(e, self._ask((*failed, e), deadline)) for e in tried]
            known = [(a.bound, -e) for e, a in answers if a is not None]
            if not known or max(known)[0] <= cost:
                break
            cost, minus = max(known)
            failed = (*failed, -minus)
            now = self.known[frozenset(failed)]
        return failed, cost

    def _children(
        self, node: _Node, answer: Answer, attack: Attack, above: float
    ) -> list[tuple[tuple[tuple[int, ...], frozenset[int]], float]]:
        """Return the sets that fail one element more, with a bound on each; what hurts most comes first."""
        left = attack.budget - attack.price[list(node.failed)].sum()
        may = attack.affordable(left)
        may[list(node.failed)] = False
        may[list(node.out)] = False
        used = np.flatnonzero(may & (answer.harm > 0))
        used = used[np.argsort(-answer.harm[used], kind="stable")]
        found, out = [], set(node.out)
        open_ = may.copy()
        for e in used.tolist():
            open_[e] = False
            rest = _most(answer.harm[None, :], open_, attack.price, left - attack.price[e])[0]
            bound = min(above, answer.cost + answer.harm[e] + rest)
            found.append((((*node.failed, e), frozenset(out)), bound))
            out.add(e)
        return found

    def _bound(self, node: _Node, attack: Attack) -> float:
        """Return what no set of a node costs more than, by all that is known."""
        failed = list(node.failed)
        count = len(self.known)
        base = self._cost[:count] + self._harm[:count][:, failed].sum(axis=1)
        order = np.argsort(base, kind="stable")[:_LOOKED_AT]
        left = attack.budget - attack.price[failed].sum()
        may = attack.affordable(left)
        may[failed] = False
        may[list(node.out)] = False
        return float((base[order] + _most(self._harm[order], may, attack.price, left)).min())


def _most(harm: FloatArray, may: BoolArray, price: FloatArray, left: float) -> FloatArray:
    """Return the most harm that a rest of the budget buys in each row, the last element in part, shape (rows,)."""
    inside = np.flatnonzero(may & harm.any(axis=0))
    if not len(inside):
        return np.zeros(len(harm))
    harm, price = harm[:, inside], price[inside]
    if (price == price[0]).all():
        count = len(inside) if price[0] <= 0 else int(left / price[0] * (1 + 1e-12) + 1e-12)
        if count <= 0:
            return np.zeros(len(harm))
        if count >= len(inside):
            return np.asarray(harm.sum(axis=1))
        return np.asarray(np.partition(harm, -count, axis=1)[:, -count:].sum(axis=1))
    order = np.argsort(-harm / np.maximum(price, 1e-300), axis=1, kind="stable")
    sorted_harm = np.take_along_axis(harm, order, axis=1)
    cost = price[order]
    spent = np.cumsum(cost, axis=1)
    part = np.clip((left - (spent - cost)) / np.maximum(cost, 1e-300), 0.0, 1.0)
    return np.asarray((sorted_harm * part).sum(axis=1))
