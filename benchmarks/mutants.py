"""Do the tests of `solvers` notice a mistake? `python -m benchmarks.mutants [--count 60] [--seed 1] [--survivors]`.

A mutant is a copy of the code with one small mistake: another comparison, operator, number, truth or returned value.
Each is tried by the tests that concern its file, in a copy of the tree, until one fails. The table goes to
`docs/mutants.md`, where the judgement on a survivor, and what was closed, is written by hand and kept. `--survivors`
tries again only those that the page lists, as after a new test.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "mutants.md"
COPIED = ("benchmarks", "corridors", "docs", "examples", "networks", "seeds", "solvers", "tests", "pyproject.toml")

FLOW = ("flow", "flow_instances", "flow_properties")
TESTS = {
    r"_graph|paths": ("paths", "parametric", *FLOW),
    r"parametric": ("parametric",),
    r"_?logit.*": ("logit",),
    r"_?equilibrium.*|_route_.*|_congestion": ("equilibrium",),
    r"_?gas_(input|model|sharing|solution|flow)": ("gas_flow", "failures"),
    r"gas_line|gas_physics|hydraulics": ("hydraulics",),
    r"_?failure.*": ("failures",),
    r"_?design.*": ("design",),
    r"_benders.*|two_stage.*": ("two_stage",),
    r"_projects": ("design", "two_stage"),
    r"queueing": ("queueing",),
    r"scheduling": ("scheduling", "frontier"),
    r"_solver": ("solver_claims", *FLOW, "design"),
    r".*": FLOW,
}
"""Which tests concern a file, by the first pattern that its name matches; quick ones first."""

_BOTH_WAYS = (
    *((ast.Lt, ast.LtE), (ast.Gt, ast.GtE), (ast.Eq, ast.NotEq), (ast.Is, ast.IsNot), (ast.In, ast.NotIn)),
    *((ast.And, ast.Or), (ast.Add, ast.Sub), (ast.Mult, ast.Div), (ast.BitAnd, ast.BitOr)),
)
_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    **{a: b for pair in _BOTH_WAYS for a, b in (pair, pair[::-1])},
    **dict.fromkeys((ast.FloorDiv, ast.Mod, ast.Pow), ast.Mult),
}
_PASSED_OVER = {"annotation", "returns", "decorator_list", "type_params"}
_WIDTH = 70


@dataclass(frozen=True)
class Mutant:
    """One small mistake: in which file and line, what was and what is, and the text of the whole file with it."""

    file: str
    line: int
    before: str
    after: str
    text: str

    @property
    def change(self) -> str:
        """What the table says of it."""
        return f"`{self.before}` → `{self.after}`".replace("|", "\\|")


def changed(node: ast.AST) -> ast.AST | None:
    """Return the node with a mistake in it, or None if it is of no kind that has one."""
    new = copy.copy(node)
    match new:
        case ast.Compare(ops=[first, *rest]) if type(first) in _SWAPS:
            new.ops = [_SWAPS[type(first)](), *rest]  # type: ignore[list-item]
        case ast.BinOp(op=op) | ast.AugAssign(op=op) | ast.BoolOp(op=op) if type(op) in _SWAPS:
            new.op = _SWAPS[type(op)]()  # type: ignore[assignment]
        case ast.Constant(value=bool() as value):
            new.value = not value
        case ast.Constant(value=int() | float() as value):
            new.value = value + 1
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            return operand
        case ast.Return(value=ast.expr()):
            new.value = ast.Constant(None)
        case _:
            return None
    return new


def places(node: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Yield parent, field, index in a list, and child, of all that may be changed; no types, messages or imports."""
    for field, value in ast.iter_fields(node):
        if field in _PASSED_OVER:
            continue
        for index, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            guard = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            if not isinstance(child, ast.AST) or guard or isinstance(child, ast.Raise | ast.JoinedStr):
                continue
            yield node, field, index, child
            yield from places(child)


def mutants(file: Path) -> Iterator[Mutant]:
    """Yield every mutant of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    right = ast.unparse(tree)
    line = 0
    for parent, field, index, child in places(tree):
        line = getattr(child, "lineno", line)
        new = changed(child)
        if new is None:
            continue
        put(parent, field, index, new)
        wrong = ast.unparse(tree)
        put(parent, field, index, child)
        if wrong != right:
            yield Mutant(file.name, line, *difference(right, wrong), wrong)


def put(parent: ast.AST, field: str, index: int | None, child: ast.AST) -> None:
    """Set a child of a node."""
    if index is None:
        setattr(parent, field, child)
    else:
        getattr(parent, field)[index] = child


def difference(right: str, wrong: str) -> tuple[str, str]:
    """Return the line that differs, as it was and as it is, cut round the difference if it is long."""
    pairs = zip(right.splitlines(), wrong.splitlines(), strict=True)
    was, now = next((a.strip(), b.strip()) for a, b in pairs if a != b)
    same = next((i for i, (a, b) in enumerate(zip(was, now, strict=False)) if a != b), 0)
    left = max(0, same - _WIDTH // 2) if max(len(was), len(now)) > _WIDTH else 0
    return clipped(was, left), clipped(now, left)


def clipped(text: str, left: int) -> str:
    """Return a part of a line, with dots where some is left out."""
    return "…" * (left > 0) + text[left : left + _WIDTH] + "…" * (len(text) > left + _WIDTH)


def sample(files: list[Path], count: int, seed: int) -> tuple[list[Mutant], int]:
    """Return the mutants whose digests come first, so that others stay when one changes, and of how many they are."""
    seen: Counter[tuple[str, str, str]] = Counter()
    ranked = []
    for mutant in (m for file in files for m in mutants(file)):
        key = (mutant.file, mutant.before, mutant.after)
        seen[key] += 1
        ranked.append((hashlib.sha256(repr((seed, *key, seen[key])).encode()).digest(), mutant))
    chosen = sorted(ranked, key=lambda pair: pair[0])[:count]
    return sorted((m for _, m in chosen), key=lambda m: (m.file, m.line, m.change)), len(ranked)


def tests_of(file: str) -> list[str]:
    """Return the test files that concern a file of `solvers`."""
    names = next(names for pattern, names in TESTS.items() if re.fullmatch(pattern, Path(file).stem))
    return [f"tests/test_{name}.py" for name in names]


class Tree:
    """A copy of the tree to make mistakes in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._usual: dict[tuple[str, ...], float] = {}
        for name in COPIED:
            at = ROOT / name
            if at.is_dir():
                shutil.copytree(at, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(at, folder / name)

    def caught(self, mutant: Mutant) -> str:
        """Return what fails, or that the tests take four times as long as usual and a minute more; "" if nothing."""
        tests = tests_of(mutant.file)
        limit = 60 + 4 * self.usual(tests)
        file = self.folder / "solvers" / mutant.file
        right = file.read_text(encoding="utf-8")
        file.write_text(mutant.text, encoding="utf-8")
        try:
            return self.failure(tests, limit)
        finally:
            file.write_text(right, encoding="utf-8")

    def usual(self, tests: list[str]) -> float:
        """Return how long the tests take, which must pass, without a mistake."""
        key = tuple(tests)
        if key not in self._usual:
            begin = time.perf_counter()
            failure = self.failure(tests, 1800)
            if failure:
                sys.exit(f"mutants: without a mistake, {failure}; mend that first")
            self._usual[key] = time.perf_counter() - begin
        return self._usual[key]

    def failure(self, tests: list[str], limit: float) -> str:
        """Return the first test that fails, or that time is over; "" if all pass."""
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--hypothesis-seed=0", *tests]
        data = os.environ.get("CORRIDORS_TESTDATA") or str(ROOT.parent / "shared" / "testdata")
        env = {**os.environ, "PYTHONPATH": str(self.folder), "CORRIDORS_TESTDATA": data, "PYTHONDONTWRITEBYTECODE": "1"}
        run = {"cwd": self.folder, "env": env, "capture_output": True, "text": True, "timeout": limit}
        try:
            done = subprocess.run(command, check=False, **run)  # type: ignore[call-overload]
        except subprocess.TimeoutExpired:
            return f"{' '.join(tests)} took more than {limit:.0f} s"
        if done.returncode == 0:
            return ""
        told = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR "))]
        return told[0] if told else f"{' '.join(tests)} ended with exit code {done.returncode}"


def judgements() -> dict[tuple[str, str], str]:
    """Return what the page says of survivors, by file and change."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    rows = re.findall(r"^\| `(\w+\.py)` \| \d+ \| (.+ → .+) \| (.*) \|$", text, flags=re.MULTILINE)
    return {(file, change): judgement for file, change, judgement in rows}


def page(tried: list[Mutant], survivors: list[Mutant], seed: int, among: int) -> str:
    """Return the page."""
    known = judgements()
    count, left = Counter(m.file for m in tried), Counter(m.file for m in survivors)
    rows = [f"| `{f}` | {n} | {n - left[f]} | {left[f]} |" for f, n in count.items()]
    closed = PAGE.read_text(encoding="utf-8").partition(_CLOSED)[2] if PAGE.exists() else ""
    said = [(m, known.get((m.file, m.change), "to be judged")) for m in survivors]
    return _PAGE.format(
        tried=len(tried),
        caught=len(tried) - len(survivors),
        survived=len(survivors),
        seed=seed,
        among=among,
        rows="\n".join(rows),
        survivors="\n".join(f"| `{m.file}` | {m.line} | {m.change} | {judged} |" for m, judged in said),
    ) + (f"\n{_CLOSED}{closed}" if closed else "")


_CLOSED = "## Gaps closed"
_PAGE = """# Do the tests notice a mistake?

{tried} of the {among} small mistakes that can be made in `solvers/` (another comparison, operator, number, truth or
returned value; seed {seed}) were tried one by one against the tests that concern the file: {caught} were caught,
{survived} were not. A run four times as long as usual and a minute more counts as caught.
Written by `python -m benchmarks.mutants`; the judgements are by hand.

| file | mutants | caught | survived |
|---|---|---|---|
{rows}
| all | {tried} | {caught} | {survived} |

## Survivors

*equivalent*: no input tells it from the code as it is. *speed*: the answer is the same, found in another time or number
of steps. *message*: only words differ. *gap*: a test is missing.

| file | line | change | judgement |
|---|---|---|---|
{survivors}
"""


def main() -> None:
    """Try the mutants and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("--count", type=int, default=60, help="how many mutants (60)")
    parser.add_argument("--seed", type=int, default=1, help="which of all (1)")
    parser.add_argument("--survivors", action="store_true", help="only those that the page lists as survivors")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(Path(folder))
        files = sorted((tree.folder / "solvers").glob("*.py"))
        tried, among = sample(files, given.count, given.seed)
        open_ = judgements() if given.survivors else {(m.file, m.change): "" for m in tried}
        survivors = []
        for mutant in tried:
            if (mutant.file, mutant.change) not in open_:
                continue
            caught = tree.caught(mutant)
            print(f"{mutant.file}:{mutant.line} {mutant.change}: {caught or 'SURVIVED'}", flush=True)
            survivors += [] if caught else [mutant]
    PAGE.write_text(page(tried, survivors, given.seed, among), encoding="utf-8")
    print(f"{len(tried) - len(survivors)} caught, {len(survivors)} survived: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
