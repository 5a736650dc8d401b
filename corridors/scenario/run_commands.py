"""The commands that run scenarios: ``corridors run``, ``corridors compare``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from networks.errors import DataError

from .commands import SET, parse_sets

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import TypeIs

    from .contrast import Comparison
    from .gas_contrast import GasComparison
    from .gas_results import GasRun
    from .results import Run

__all__ = ["compare", "run"]

_Scenario = Annotated[str, typer.Argument(help="File, or a name from `corridors list scenarios`.")]
_Set = Annotated[list[str] | None, SET]
_By = Annotated[
    str | None,
    typer.Option(
        help="family, branch, corridor; for run also market, goods, origin, destination; of gas: line, pipe.",
        show_default=False,
    ),
]
_Data = Annotated[Path | None, typer.Option(help="Folder with tables of your own.")]
_Cache = Annotated[bool, typer.Option(help="Read the run from the cache if it was made before.")]
_Csv = Annotated[bool, typer.Option("--csv", help="Print the flows as CSV.")]
_Json = Annotated[bool, typer.Option("--json", help="Print answer and tables as JSON.")]
_Save = Annotated[Path | None, typer.Option(help="Write scenario, run.json and tables to this folder.")]
_Parquet = Annotated[bool, typer.Option("--parquet", help="Saved tables as Parquet, needs pyarrow.")]
_LEAST_GWH, _LEAST_TEU = 0.1, 1.0
_Plot = Annotated[Path | None, typer.Option(help="Write a chart to this PNG, SVG or PDF.")]


def run(
    scenario: _Scenario,
    set_: _Set = None,
    by: _By = None,
    save: _Save = None,
    parquet: _Parquet = False,
    plot: _Plot = None,
    data: _Data = None,
    cache: _Cache = True,
    csv: _Csv = False,
    json: _Json = False,
    fail_on_unmet: Annotated[
        bool, typer.Option("--fail-on-unmet", help="Exit code 1 if anything wanted is not served.")
    ] = False,
) -> None:
    """Run a scenario: where freight or gas goes, what is full, and what differs from its counterfactual."""
    from .running import run as solve

    if save is not None:
        from .saving import check_target

        check_target(save)
    found = solve(_loaded(scenario, set_, data), cache=cache, folder=data)
    by = by or _usual(found)
    table = found.flows(by)
    if save is not None:
        found.save(save, parquet=parquet)
    if plot is not None:
        _draw(plot, lambda: _run_chart(found))
    if json:
        _print_json(_run_content(found, by))
    elif csv:
        sys.stdout.write(table.to_csv())
    else:
        _show(found, by)
    if save is not None and not (csv or json):
        typer.echo(f"Saved to {save}.")
    if fail_on_unmet and _unmet(found):
        raise typer.Exit(1)


def compare(
    scenario: _Scenario,
    other: Annotated[
        str | None,
        typer.Argument(help="What is compared with the first; without it, the first with its counterfactual."),
    ] = None,
    set_: _Set = None,
    by: _By = None,
    through: Annotated[
        str, typer.Option(help="Border, such as AZ-IR: what crosses it and where that comes from.")
    ] = "",
    plot: _Plot = None,
    data: _Data = None,
    cache: _Cache = True,
    csv: _Csv = False,
    json: _Json = False,
) -> None:
    """Compare two scenarios, or one with its counterfactual: who loses, who gains, what is not sent."""
    from .contrast import Comparison as FreightComparison
    from .contrast import compare as contrast

    if other is None:
        found = contrast(_loaded(scenario, set_, data), cache=cache, folder=data)
    else:
        found = contrast(_loaded(scenario, None, data), _loaded(other, set_, data), cache=cache, folder=data)
    if isinstance(found, FreightComparison):
        _compared(found, by or "family", through, plot, csv, json)
    elif through:
        raise DataError([f"--through {through}: is for freight; of gas see --by pipe"])
    else:
        _gas_compared(found, by or "line", plot, csv, json)


def _compared(found: Comparison, by: str, through: str, plot: Path | None, csv: bool, json: bool) -> None:
    table = found.through(through) if through else found.flows(by)
    if plot is not None:
        from .charts import change_chart

        _draw(plot, lambda: change_chart(found, by))
    if json:
        _print_json(_comparison_content(found, by, through))
    elif csv:
        sys.stdout.write(table.to_csv())
    else:
        from .show import show_comparison

        show_comparison(found, by, through)


def _gas_compared(found: GasComparison, by: str, plot: Path | None, csv: bool, json: bool) -> None:
    table = found.flows(by)
    if plot is not None:
        from .gas_charts import gas_flows_chart

        _draw(plot, lambda: gas_flows_chart(found.run, found.base))
    if json:
        names = ("unmet", "prices", "sources", "costs", "emissions")
        content = {"answer": found.answer, "base": dict(found.base.record), "run": dict(found.run.record)}
        _print_json({**content, "flows": _rows(table), **{name: _rows(getattr(found, name)()) for name in names}})
    elif csv:
        sys.stdout.write(table.to_csv())
    else:
        from .gas_show import show_gas_comparison

        show_gas_comparison(found, by)


def _is_gas(found: Run | GasRun) -> TypeIs[GasRun]:
    from .gas_results import GasRun

    return isinstance(found, GasRun)


def _usual(found: Run | GasRun) -> str:
    return "line" if _is_gas(found) else "family"


def _unmet(found: Run | GasRun) -> bool:
    if _is_gas(found):
        return found.unmet_gwh > _LEAST_GWH
    left = found.tables["demand"][["unmet", "not_shipped"]].sum(axis=1)
    return bool((left > _LEAST_TEU).any())


def _run_chart(found: Run | GasRun) -> Any:
    if _is_gas(found):
        from .gas_charts import gas_flows_chart

        return gas_flows_chart(found, found.against)
    from .charts import flows_chart

    return flows_chart([found] if found.against is None else [found.against, found])


def _show(found: Run | GasRun, by: str) -> None:
    if _is_gas(found):
        from .gas_show import show_gas_run

        show_gas_run(found, by)
    else:
        from .show import show_run

        show_run(found, by)


def _loaded(name: str, sets: list[str] | None, data: Path | None) -> Any:
    from .loading import load

    return load(name, set=parse_sets(sets), folder=data)


def _draw(path: Path, draw: Any) -> None:
    from ..files import save_figure

    save_figure(path, draw)


def _run_content(found: Run | GasRun, by: str) -> dict[str, Any]:
    if _is_gas(found):
        names = ("unmet", "short", "sources", "dependence", "security", "measures", "emissions", "costs", "ranges")
        content = {"answer": found.answer, "record": dict(found.record), "flows": _rows(found.flows(by))}
        return {**content, **{name: _rows(getattr(found, name)()) for name in names}}
    return {
        "answer": found.answer,
        "record": dict(found.record),
        "flows": _rows(found.flows(by)),
        "bottlenecks": _rows(found.bottlenecks()),
        "unmet": _rows(found.unmet()),
        "emissions": _rows(found.emissions()),
        "ranges": _rows(found.ranges()),
        "short": _rows(found.short),
    }


def _comparison_content(found: Comparison, by: str, through: str) -> dict[str, Any]:
    content = {
        "answer": found.answer,
        "base": dict(found.base.record),
        "run": dict(found.run.record),
        "flows": _rows(found.flows(by)),
        "moved": _rows(found.moved()),
        "ranges": _rows(found.ranges()),
        "bottlenecks": _rows(found.bottlenecks()),
        "unmet": _rows(found.unmet()),
        "emissions": _rows(found.emissions()),
    }
    return {**content, "through": _rows(found.through(through))} if through else content


def _rows(frame: pd.DataFrame) -> object:
    import json

    named = frame.reset_index() if frame.index.names[0] is not None else frame
    return json.loads(named.to_json(orient="records", double_precision=6))


def _print_json(content: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(content, ensure_ascii=False, indent=1))
