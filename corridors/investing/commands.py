"""The command ``corridors frontier``: what to build for every budget."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..scenario.commands import SET, parse_sets

if TYPE_CHECKING:
    from .frontier import Frontier

__all__ = ["frontier"]

_MOST_BUDGETS = 200


def frontier(
    scenario: Annotated[str, typer.Argument(help="File, or a name from `corridors list scenarios`.")],
    set_: Annotated[list[str] | None, SET] = None,
    budget: Annotated[
        str, typer.Option(help="Budgets to show, from:to:step, as 0.5:3:0.5bn; otherwise wherever the best changes.")
    ] = "",
    vary: Annotated[bool, typer.Option(help="Hold portfolios against each other in the runs of vary.")] = True,
    plot: Annotated[Path | None, typer.Option(help="Write the chart to this PNG, SVG or PDF.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write all tables as CSV to this folder.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with tables of your own.")] = None,
    cache: Annotated[bool, typer.Option(help="Read what was valued before from the cache.")] = True,
    csv: Annotated[bool, typer.Option("--csv", help="Print the frontier as CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print answer and tables as JSON.")] = False,
) -> None:
    """Find the best projects for every budget, in which order to build them, and what the next money is worth."""
    from ..scenario.loading import load
    from .frontier import frontier as find

    if out is not None:
        from .tables import check_folder

        check_folder(out)
    wanted = load(scenario, set=parse_sets(set_), folder=data)
    asked = _budgets(budget, wanted.model.study.currency) if budget else None
    with _progress() as told:
        found = find(wanted, asked, vary=vary, cache=cache, folder=data, progress=told)
    if plot is not None:
        from ..files import save_figure

        save_figure(plot, found.plot)
    if out is not None:
        from .tables import write_tables

        write_tables(found, out)
    if json:
        _print_json(found)
    elif csv:
        sys.stdout.write(_flat(found.table()).to_csv(index=False))
    else:
        from .show import show_frontier

        show_frontier(found)


def _budgets(text: str, currency: str) -> list[str]:
    """Read ``0.5:3:0.5bn`` as budgets in the currency of the study."""
    from networks import DataError

    wrong = DataError([f"--budget: got {text!r}, expected from:to:step, for example 0.5:3:0.5bn or 250:3000:250mn"])
    parts = text.replace(" ", "").split(":")
    unit = next((u for u in ("bn", "mn") if parts[-1].endswith(u)), "")
    try:
        low, high, step = (float(part.removesuffix(unit) if unit else part) for part in parts)
    except ValueError:
        raise wrong from None
    if not unit or not (0 <= low <= high and step > 0) or (high - low) / step > _MOST_BUDGETS:
        raise wrong
    count = int((high - low) / step + 1e-9) + 1
    return [f"{low + i * step:.10g} {unit} {currency}" for i in range(count)]


class _progress:  # noqa: N801
    """Tells what is solved next on a terminal, in one line that goes away."""

    def __enter__(self) -> Any:
        from rich.console import Console

        self._console = Console(stderr=True)
        self._status = self._console.status("valuing portfolios") if self._console.is_terminal else None
        if self._status is not None:
            self._status.start()
        return self._tell

    def _tell(self, what: str) -> None:
        if self._status is not None:
            self._status.update(f"valuing portfolios: {what}")

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()


def _flat(table: Any) -> Any:
    return table.map(lambda cell: ", ".join(cell) if isinstance(cell, tuple) else cell)


def _print_json(found: Frontier) -> None:
    import json

    from .tables import tables_of

    content = {"answer": found.answer, "currency": found.currency, "price_year": found.price_year}
    tables = {name: json.loads(table.to_json(orient="records")) for name, table in tables_of(found).items()}
    typer.echo(json.dumps({**content, **tables}, ensure_ascii=False, indent=1))
