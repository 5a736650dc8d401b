"""Writes command-line.md, every command with its arguments and options, from the functions behind the program."""

from __future__ import annotations

import enum
import inspect
import types
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo

from corridors.cli import app

_HEAD = """# Command line

Made by `docs/make_commands.py` from the program itself; `corridors COMMAND --help` says the same. Exit codes: 0 done; 1 done, and the answer is one to act on (`--fail-on-unmet`, runs of a sweep that failed); 2 something was typed wrong, or cannot be read, solved or written; 130 stopped by Ctrl-C.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([_HEAD, *_commands(app, "corridors")])


def _commands(group: typer.Typer, above: str) -> list[str]:
    parts = []
    for command in group.registered_commands:
        name = command.name or command.callback.__name__.replace("_", "-")
        if not command.hidden:
            parts.append(_command(command.callback, command.help, f"{above} {name}"))
    for below in group.registered_groups:
        parts += _commands(below.typer_instance, f"{above} {below.name or below.typer_instance.info.name}")
    return parts


def _command(function: Any, told: str | None, path: str) -> str:
    hints = get_type_hints(function, include_extras=True)
    given = [(p, *get_args(hints[p.name])[:2]) for p in inspect.signature(function).parameters.values()]
    arguments = [(p, kind, info) for p, kind, info in given if isinstance(info, ArgumentInfo)]
    options = [(p, kind, info) for p, kind, info in given if isinstance(info, OptionInfo)]
    usage = " ".join([path, *(_usage(p, kind) for p, kind, _ in arguments), *(["[OPTIONS]"] if options else [])])
    lines = [f"## {path}\n", f"{_line(told or inspect.getdoc(function))}\n", f"```text\n{usage}\n```\n"]
    if given:
        lines += ["| | type | meaning |", "|---|---|---|"]
        lines += [f"| {_argument(p)} | {_kind(kind)} | {_line(info.help)} |" for p, kind, info in arguments]
        lines += [
            f"| {_names(p, kind, info)} | {_kind(kind)} | {_line(info.help)}{_default(p)} |"
            for p, kind, info in options
        ]
        lines.append("")
    return "\n".join(lines)


def _usage(parameter: inspect.Parameter, kind: Any) -> str:
    name = parameter.name.upper() + ("..." if get_origin(kind) in (list, tuple) else "")
    return name if parameter.default is inspect.Parameter.empty else f"[{name}]"


def _argument(parameter: inspect.Parameter) -> str:
    return f"`{parameter.name.upper()}`"


def _names(parameter: inspect.Parameter, kind: Any, info: OptionInfo) -> str:
    plain = f"--{parameter.name.replace('_', '-')}"
    first = [info.default] if isinstance(info.default, str) else []  # where Annotated is used, the first name
    named = [*first, *(info.param_decls or ())] or ([plain, f"--no-{plain[2:]}"] if kind is bool else [plain])
    return " / ".join(f"`{name}`" for word in named for name in word.split("/"))


def _kind(kind: Any) -> str:
    if isinstance(kind, types.UnionType):
        return _kind(next(k for k in get_args(kind) if k is not type(None)))
    if get_origin(kind) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(kind))
    if get_origin(kind) in (list, tuple):
        return f"{_kind(get_args(kind)[0])}, as often as wanted"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return ", ".join(f"`{word.value}`" for word in kind)
    return {str: "text", int: "number", float: "number", Path: "path", bool: ""}.get(kind, str(kind))


def _default(parameter: inspect.Parameter) -> str:
    value = parameter.default
    if isinstance(value, bool) or value in (None, "", (), [], inspect.Parameter.empty):
        return ""
    return f" Otherwise `{getattr(value, 'value', value)}`."


def _line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write the page."""
    Path(__file__).with_name("command-line.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
