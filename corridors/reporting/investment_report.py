"""The report of a frontier: what to build first for every budget, what the next money is worth, how sure it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ..appraisal_charts import STREAM_NAMES
from ..investing.answer import body, money, opening, percent
from ..investing.frontier import Frontier
from ..investing.timing import Timing
from ..scenario.explaining import explain
from ..scenario.saving import data_hash, versions
from .common import basis, setting_table, versions_in_words
from .document import DIGITS, Block, Chart, Column, Report, Section, Table, Text, Tile
from .limits import limits_of

__all__ = ["investment_report", "investment_sections"]

_NOTHING = 0.01  # million


def investment_report(found: Frontier, command: str = "") -> Report:
    """Return the report of a frontier.

    Parameters
    ----------
    found : Frontier
    command : str
        By which it can be made again.
    """
    return _Investment(found).report(command)


def investment_sections(found: Frontier) -> list[Section]:
    """Return the answer of a frontier and its sections, for a report on something else."""
    mine = _Investment(found)
    blocks = [Text([found.answer]), mine.chart(), mine.order(), *mine.switching()]
    first = Section("investment", "What to build first", blocks)
    return [first, *(s for s in mine.annexes() if s.blocks and s.name != "inputs")]


@dataclass(frozen=True)
class _Investment:
    """The sections of one frontier."""

    found: Frontier

    def report(self, command: str) -> Report:
        found = self.found
        said = list(body(found))
        before = list(opening(found))
        headline = " ".join(said[:2]) if found.chosen else said[0]
        return Report(
            kind=f"Investment, prices of {found.price_year}, {percent(found.central.rate)} a year",
            title=found.title,
            question=found.scenario.question or "",
            headline=_minus(headline),
            points=[_minus(text) for text in (*before, *said[2 if found.chosen else 1 :])],
            tiles=list(self.tiles()),
            chart=self.chart(),
            table=self.order(),
            switching=list(self.switching()),
            limits=limits_of("investment"),
            grades=list(basis(found)),
            facts=self.facts(command),
            annexes=[section for section in self.annexes() if section.blocks],
        )

    @property
    def cur(self) -> str:
        return self.found.currency

    @cached_property
    def timing(self) -> Timing:
        return self.found.schedule()

    @cached_property
    def steps(self) -> pd.DataFrame:
        return self.found.table()

    @cached_property
    def ranked(self) -> pd.DataFrame:
        return self.found.order().reset_index()

    def tiles(self) -> Iterator[Tile]:
        """Yield what the best portfolio means for connectivity, decarbonisation and resilience."""
        found, best = self.found, np.array([self.found.central.best()])
        shippers, carbon = (float(x[0]) for x in found.central.value.freight(best, found.central.rate))
        yield Tile("Shippers", f"million {self.cur}, present value of what shippers gain", f"{shippers:,.0f}")
        saved = f"million {self.cur}, present value of emissions saved; below 0: of more emissions"
        yield Tile("Emissions", saved, _minus(f"{carbon:,.0f}"))
        spread = found.spread()["worth_m"]
        worst = float(spread.min())
        futures = (
            f"in the worst of {len(spread)} futures" if len(spread) > 1 else "as in the file; no future was varied"
        )
        yield Tile("How sure", f"million {self.cur}, what it brings {futures}", _minus(f"{worst:,.0f}"))

    def chart(self) -> Chart:
        flat = self.steps.assign(**{c: self.steps[c].map(", ".join) for c in ("projects", "entered", "left")})
        return Chart(
            "frontier",
            f"Best portfolio for every budget, and what each step gains per {self.cur}",
            self.found.plot,
            "Steps of benefit by budget; the same numbers are in the table of the frontier.",
            flat,
        )

    def order(self) -> Table:
        frame = self.ranked.assign(
            rank=range(1, len(self.ranked) + 1), line_name=self.ranked["line"].str.split(".").str[-1]
        )
        futures = len(self.found.futures)
        note = (
            f"Chosen: in how many of {futures} future{'s' if futures > 1 else ''} x 4 budgets up to "
            f"{money(self.found.budget_m, self.cur)} the best portfolio holds it. Shippers, carbon: what it brings by "
            "itself with what it needs. First in, last in, Shapley: what it adds to nothing, to all others, in the "
            "mean over every order. Present values."
        )
        columns = [
            Column("title", "project"),
            Column("rank", "rank", ".0f"),
            Column("cost_m", f"cost, mn {self.cur}", ",.0f"),
            Column("chosen_pct", "chosen, %", ",.0f"),
            Column("shippers_m", f"shippers, mn {self.cur}", ",.1f"),
            Column("carbon_m", f"carbon, mn {self.cur}", ",.1f"),
            Column("first_in_m", f"first in, mn {self.cur}", ",.1f"),
            Column("last_in_m", f"last in, mn {self.cur}", ",.1f"),
            Column("shapley_m", f"Shapley, mn {self.cur}", ",.1f"),
            Column("per_cost", "per cost", ",.2f"),
            Column("opens", "opens"),
            Column("line_name", "line"),
        ]
        return Table(
            "order",
            "Projects in the order in which to build them; those that nothing is gained by last",
            frame,
            columns,
            note,
            8,
        )

    def switching(self) -> Iterator[Block]:
        """Yield at which values the portfolio just pays."""
        if not self.found.chosen:
            return
        table = self.found.switching().reset_index()
        yield Table(
            "switching",
            "Multiples of each figure at which the portfolio just pays (ENPV zero)",
            table.assign(
                figure=table["variable"].map(STREAM_NAMES).fillna(table["variable"]),
                means=table["switching_value"].map(lambda at: "no value does" if at != at else "ENPV zero"),
            ),
            [
                Column("figure", "figure"),
                Column("base", "now, x", ",.2f"),
                Column("switching_value", "switches at, x", DIGITS),
                Column("change_pct", "change, %", "+,.0f"),
                Column("means", "there"),
            ],
        )
        yield Chart(
            "tornado",
            f"Net present value at both ends of each range, million {self.cur}",
            self.found.plot_tornado,
            "Tornado; the same numbers are in the CSV.",
            self.found.tornado().reset_index(),
        )
        risk = self.found.risk()
        drawn = f"Costs, benefits and emissions drawn from their ranges, {len(risk.enpv):,} times"
        yield Text([f"{drawn}: ENPV below zero in {risk.probability_negative:.0%}."])

    def facts(self, command: str) -> list[tuple[str, str]]:
        found, scenario = self.found, self.found.scenario
        told = versions()
        rows = [
            ("Scenario", scenario.name),
            ("Title", found.title),
            ("Status", "optimal: every allowed portfolio was valued; gap 0"),
            ("Estimates", f"{found.estimates:.0%} of the figures on projects"),
            ("Years modelled", ", ".join(map(str, scenario.freight.study.years))),
            ("Markets", ", ".join(scenario.freight.study.markets)),
            ("Scenario hash", scenario.hash),
            ("Tables of one's own", data_hash(found.folder)[:16] or "none"),
            ("Versions", versions_in_words(told)),
        ]
        return [*rows, ("Again", command)] if command else rows

    def annexes(self) -> Iterator[Section]:
        """Yield the sections that the frontier has."""
        yield Section("frontier", "Frontier, and the worth of the next billion", list(self.frontier()))
        yield Section("schedule", "Schedule", list(self.schedule()))
        yield Section("appraisal", "Appraisal at three rates", list(self.appraisal()))
        yield Section("futures", "Futures and regret", list(self.futures()))
        yield Section("outside", "Not in the choice", list(self.outside()))
        inputs = pd.DataFrame(explain(self.found.scenario))
        yield Section("inputs", "What the scenario sets", list(setting_table(inputs)))

    def frontier(self) -> Iterator[Block]:
        found, cur = self.found, self.cur
        next_ = found.marginal()
        step = money(next_.step_m, cur)
        head = f"The next {step} after {money(next_.budget_m, cur)} adds"
        adds = f"{money(next_.gain_m, cur)}, at most {money(next_.bound_m, cur)}"
        yield Text(
            [f"{head} {adds if next_.bound_m >= _NOTHING else 'nothing: no project is left that adds to these'}."]
        )
        unused = [str(c) for c in self.steps.columns if str(c).startswith("unused_m ")]
        frame = self.steps.assign(
            enters=self.steps["entered"].map(self._titles), leaves=self.steps["left"].map(self._titles)
        )
        yield Table(
            "frontier-rows",
            "The best portfolio from each budget on",
            frame,
            [
                Column("budget_m", f"budget from, mn {cur}", ",.0f"),
                Column("benefit_m", f"benefits, mn {cur}", ",.1f"),
                *(Column(f"enpv_{r}_m", f"ENPV at {r} %, mn {cur}", ",.1f") for r in (3, 6, 9)),
                Column("benefit_per_cost", "benefit/cost", ",.2f"),
                *(Column(c, f"unused, {c.split('.')[-1]}", ",.0f") for c in unused),
                Column("enters", "enters"),
                Column("leaves", "leaves"),
            ],
            f"Present values in {cur} of {found.price_year}; exact for the model, no gap.",
        )

    def _titles(self, names: tuple[str, ...]) -> str:
        of = {c.name: c.title for c in self.found.candidates}
        return "; ".join(of.get(name, name) for name in names)

    def schedule(self) -> Iterator[Block]:
        if not self.found.chosen:
            return
        if not len(self.timing.table.dropna()):
            yield Text(["The money does not come in time for all projects of the best portfolio."])
            return
        of = {c.name: c.title for c in self.found.candidates}
        table = self.timing.table.reset_index()
        yield Chart(
            "gantt",
            "From start to opening, and money by year",
            self.found.plot_schedule,
            "Bars from start to opening and money by year; the same numbers are in the table.",
            self.timing.spent.rename_axis("year").reset_index(),
        )
        yield Table(
            "schedule-rows",
            "When to start what",
            table.assign(title=table["project"].map(of), line=table["line"].str.split(".").str[-1]),
            [
                Column("title", "project"),
                Column("starts", "starts"),
                Column("opens", "opens"),
                Column("paid_m", f"paid, mn {self.cur}", ",.0f"),
                Column("line", "line"),
            ],
        )

    def appraisal(self) -> Iterator[Block]:
        if not self.found.chosen:
            return
        low = self.cur.lower()
        yield Table(
            "appraisal-rows",
            "All of these together",
            self._appraised(),
            [
                Column("rate_pct", "rate, %", ",.0f"),
                Column(f"pv_costs_million_{low}", f"costs, mn {self.cur}", ",.0f"),
                Column(f"pv_benefits_million_{low}", f"benefits with residual value, mn {self.cur}", ",.0f"),
                Column(f"enpv_million_{low}", f"ENPV, mn {self.cur}", ",.0f"),
                Column("bc_ratio", "B/C", ",.2f"),
                Column("eirr_pct", "EIRR, %", ",.1f"),
                Column("payback_years", "payback, years", ",.1f"),
            ],
            f"Present values in {self.cur} of {self.found.price_year}. Benefits hold the residual value, which "
            "benefit/cost of the frontier leaves out. No EIRR: below zero.",
        )

    def _appraised(self) -> pd.DataFrame:
        """Return the appraisal; a rate of return below zero is none."""
        table = self.found.appraisal().table()
        return table.assign(eirr_pct=table["eirr_pct"].where(table["eirr_pct"] > 0))

    def futures(self) -> Iterator[Block]:
        if len(self.found.futures) < 2:
            return
        spread = self.found.spread().reset_index()
        yield Table(
            "future-rows",
            "What the best portfolio is worth in each future",
            spread.assign(best=spread["best"].map(self._titles)),
            [
                Column("future", "future"),
                Column("worth_m", f"these bring, mn {self.cur}", ",.0f"),
                Column("enpv_m", f"ENPV, mn {self.cur}", ",.0f"),
                Column("best", "best there"),
            ],
        )
        regret = self.found.regret().reset_index()
        yield Table(
            "regret-rows",
            "Largest regret: what a portfolio loses against the best of a future",
            regret.assign(
                portfolio=regret["portfolio"].map(lambda names: self._titles(tuple(names.split(" + ")))),
                largest=regret["largest"].replace(np.inf, np.nan),
            ),
            [
                Column("portfolio", "portfolio"),
                Column("largest", f"largest regret, mn {self.cur}", ",.0f"),
                Column("in", "if"),
            ],
            "Empty: cannot be paid in that future.",
        )

    def outside(self) -> Iterator[Block]:
        table = self.found.outside
        if len(table):
            yield Table(
                "outside-rows",
                "Projects that are on the list and cannot be chosen",
                table,
                [Column("title", "project"), Column("cost_m", f"cost, mn {self.cur}", ",.0f"), Column("why", "why")],
            )


def _minus(text: str) -> str:
    """Return a text with a minus before numbers below zero."""
    return re.sub(r"(?<![\w.-])-(?=\d)", "−", text)
