"""YAML as text and numbers only: bytes in, plain values and where each of them is written out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from .problems import Mark, Path, Problem, ScenarioError, shown

__all__ = [
    "CONTROL",
    "MOST_BYTES",
    "MOST_DEPTH",
    "MOST_NODES",
    "Document",
    "parse",
    "parse_value",
    "paths_below",
    "write",
]

MOST_BYTES = 200_000
MOST_NODES = 20_000
MOST_DEPTH = 20
_MOST_DIGITS = 18
_LONGEST_LINE = 10_000

_BREAK = re.compile(r"\r\n|\r|\n")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_TAB = re.compile(r" *\t\s*[^\s#]")
_NULL = {"", "~", "null", "Null", "NULL"}
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SAID = (  # what the parser says, and what that means for who wrote the file
    ("mapping values are not allowed", "':' is not expected here; put text with ': ' in quotes"),
    ("could not find expected ':'", "expected ':' after the name of a setting"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("sequence entries are not allowed", "a list is not expected here"),
    ("mapping keys are not allowed", "a setting is not expected here"),
    ("expected ',' or ']'", "expected ',' or ']' to go on with the list or end it"),
    ("expected ',' or '}'", "expected ',' or '}' to go on with the settings or end them"),
    ("unexpected end of stream", "the file ends within quotes or brackets"),
    ("got '<stream end>'", "the file ends within brackets"),
    ("unknown escape character", "unknown escape after '\\'; put the text in single quotes"),
    ("cannot start any token", "text may not begin with this character; put it in quotes"),
    ("expected the node content", "expected a value here"),
    ("expected '<document start>'", "a setting is not expected here; look at the indentation of the lines above"),
)


@dataclass(frozen=True, eq=False)
class Document:
    """A file that was read.

    Attributes
    ----------
    name : str
        The file in messages.
    value : Any
        Dicts, lists, text, numbers, booleans and None; keys are text.
    marks : dict
        Path to where it is written: of a setting its key, of an item of a list itself.
    lines : tuple of str
        The text by lines.
    """

    name: str
    value: Any
    marks: dict[Path, Mark]
    lines: tuple[str, ...]


def parse(data: bytes, name: str) -> Document:
    """Read YAML 1.2 with text, numbers, true, false and null; dates and everything in quotes stay text.

    Parameters
    ----------
    data : bytes
        The file, UTF-8.
    name : str
        The file in messages.

    Raises
    ------
    ScenarioError
        Not UTF-8, not YAML, or more than a scenario needs: anchors, aliases, tags, merge keys, several documents,
        keys that stand twice, tabs as indentation, control characters, too large or too deep.
    """
    text = _decoded(data, name)
    lines = tuple(_BREAK.split(text))
    builder = _Builder(name, lines)
    _check_characters(builder)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        builder.fail(_reason(error), builder.mark(mark) if mark else Mark(name, 1, 1))
    except (YAMLError, ValueError, OverflowError, LookupError, AttributeError, AssertionError) as error:
        if isinstance(error, ScenarioError):
            raise
        builder.fail("not valid YAML", builder.last)
    return Document(name, builder.value, builder.marks, lines)


def parse_value(text: str, name: str) -> Any:
    """Read one value as it is written on a command line: a scalar, ``[a, b]`` or ``{a: b}``.

    Raises
    ------
    ScenarioError
        As `parse`; and settings without braces.
    """
    document = parse(text.encode("utf-8", "replace"), name)
    if isinstance(document.value, dict | list) and text.lstrip()[:1] not in ("{", "["):
        problem = Problem(
            f"{name} {shown(text)}: write several values as [a, b], settings as {{a: b}}, text with ': ' quoted"
        )
        raise ScenarioError([problem], name)
    return document.value


def write(value: Any) -> str:
    """Return plain values as YAML that `parse` reads back."""
    import io

    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.width = 110
    yaml.representer.ignore_aliases = lambda data: True
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()


def _decoded(data: bytes, name: str) -> str:
    problem = None
    if len(data) > MOST_BYTES:
        problem = f"larger than {MOST_BYTES // 1000} kB; keep tables in CSV files"
    elif data[:2] in (b"\xff\xfe", b"\xfe\xff") or (data[:64].count(0) > 4 and len(data) > 8):
        problem = "this is UTF-16; save as UTF-8"
    if problem is None:
        try:
            return data.decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            problem = f"byte {error.start} (line {line}) is not UTF-8; save as UTF-8"
    raise ScenarioError([Problem(problem, mark=Mark(name, 1, 1))], name)


def _check_characters(builder: _Builder) -> None:
    """Refuse what the parser would misread or a reader not see."""
    for number, line in enumerate(builder.lines, 1):
        found = CONTROL.search(line)
        if found is not None:
            mark = Mark(builder.name, number, found.start() + 1)
            builder.fail(f"control character {found[0].encode('unicode_escape').decode()}; delete it", mark)
        if _TAB.match(line):
            mark = Mark(builder.name, number, line.index("\t") + 1)
            builder.fail("a tab in the indentation; use spaces", mark)
        if len(line) > _LONGEST_LINE:
            mark = Mark(builder.name, number, _LONGEST_LINE)
            builder.fail(f"the line is longer than {_LONGEST_LINE:,} characters; break it", mark)


def _reason(error: MarkedYAMLError) -> str:
    said = " ".join(str(error.problem or error.context or "").split())
    meant = next((text for part, text in _SAID if part in said), said)
    began = error.context_mark
    since = f" (began in line {began.line + 1})" if began and began.line != error.problem_mark.line else ""
    return f"not valid YAML: {meant}{since}"


@dataclass
class _Frame:
    """A mapping or a list that is being read."""

    container: dict[str, Any] | list[Any]
    path: Path
    key: str | None = None


@dataclass
class _Builder:
    """Builds values from events, with a stack instead of recursion."""

    name: str
    lines: tuple[str, ...]
    value: Any = None
    marks: dict[Path, Mark] = field(default_factory=dict)
    stack: list[_Frame] = field(default_factory=list)
    nodes: int = 0
    documents: int = 0

    def __post_init__(self) -> None:
        self.last = Mark(self.name, 1, 1)

    def mark(self, at: Any) -> Mark:
        """Return a position of the parser as ours."""
        return Mark(self.name, at.line + 1, at.column + 1)

    def fail(self, message: str, mark: Mark, path: Path = ()) -> NoReturn:
        """Stop with one problem."""
        raise ScenarioError([Problem(message, path, mark)], self.name, {self.name: self.lines})

    def take(self, event: Any) -> None:
        """Take the next event."""
        self.last = self.mark(event.start_mark)
        if isinstance(event, DocumentStartEvent):
            self._document(event)
        elif isinstance(event, AliasEvent):
            self.fail("aliases (*name) are not used here; write the value, or quote text that begins with *", self.last)
        elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
            self._node(event)
        elif isinstance(event, MappingEndEvent | SequenceEndEvent):
            self.stack.pop()

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            self.fail("a second document ('---'); write one scenario per file", self.last)
        if event.version or event.tags:
            self.fail("directives (%YAML, %TAG) are not used here; delete the line", self.last)

    def _node(self, event: Any) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            self.fail(f"more than {MOST_NODES:,} values; keep tables in CSV files", self.last)
        if event.anchor is not None:
            self.fail(f"anchors (&{event.anchor[:20]}) are not used here; write the value", self.last)
        if event.tag is not None:
            self.fail(f"tags ({event.tag[:40]}) are not used here; delete it", self.last)
        frame = self.stack[-1] if self.stack else None
        if frame is not None and isinstance(frame.container, dict) and frame.key is None:
            frame.key = self._key(event, frame)
        elif isinstance(event, ScalarEvent):
            self._put(self._scalar(event))
        else:
            self._open({} if isinstance(event, MappingStartEvent) else [])

    def _open(self, container: dict[str, Any] | list[Any]) -> None:
        path = self._put(container)
        if len(self.stack) >= MOST_DEPTH:
            self.fail(f"nested deeper than {MOST_DEPTH} levels", self.last)
        self.stack.append(_Frame(container, path))

    def _put(self, value: Any) -> Path:
        """Put a value where the innermost mapping or list expects one; return its path."""
        if not self.stack:
            self.value = value
            self.marks[()] = self.last
            return ()
        frame = self.stack[-1]
        if isinstance(frame.container, list):
            path = (*frame.path, len(frame.container))
            self.marks[path] = self.last
            frame.container.append(value)
        else:
            assert frame.key is not None
            path = (*frame.path, frame.key)
            frame.container[frame.key] = value
            frame.key = None
        return path

    def _key(self, event: Any, frame: _Frame) -> str:
        if not isinstance(event, ScalarEvent):
            self.fail("names of settings are text, not lists or settings; put text with brackets in quotes", self.last)
        value = self._scalar(event)
        if event.style is None and (value is None or isinstance(value, bool)):
            self.fail(f"{shown(event.value)} as a name of a setting; put it in quotes", self.last)
        if event.style is None and event.value == "<<":
            self.fail("merge keys (<<) are not used here; use 'extends'", self.last)
        key, path = str(event.value), (*frame.path, str(event.value))
        if path in self.marks:
            self.fail(f"{shown(key)} stands twice; first in line {self.marks[path].line}", self.last, path)
        self.marks[path] = self.last
        return key

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.style is not None or not text:
            found = CONTROL.search(text)
            if found is not None:
                self.fail(f"control character {found[0].encode('unicode_escape').decode()} in a text", self.last)
            return text if event.style is not None else None
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        if _INT.fullmatch(text):
            return self._integer(text)
        if _FLOAT.fullmatch(text) and len(text) <= _LONGEST_LINE:
            number = float(text)
            return number if isfinite(number) else self.fail(f"{shown(text)} is too large", self.last)
        if _NO_NUMBER.fullmatch(text):
            self.fail(f"{shown(text)} is no number to calculate with", self.last)
        return text

    def _integer(self, text: str) -> int:
        if len(text.lstrip("+-")) > _MOST_DIGITS:
            reason = f"an integer of more than {_MOST_DIGITS} digits; put it in quotes if it is text"
            self.fail(f"{shown(text)}: {reason}", self.last)
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def paths_below(value: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of everything inside a value, its own apart."""
    pending = [(value, path)]
    while pending:
        inside, at = pending.pop()
        items = inside.items() if isinstance(inside, dict) else enumerate(inside) if isinstance(inside, list) else ()
        for key, child in items:
            yield (*at, key)
            pending.append((child, (*at, key)))
