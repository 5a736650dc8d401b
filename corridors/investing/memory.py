"""What portfolios are worth, remembered: between futures that differ in money only, and in the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..scenario.loading import model_hash
from ..scenario.saving import cache_folder, data_hash, versions
from ..scenario.schema import Investments, Project, ScenarioModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Memory"]

Known = dict[int, tuple[float, float]]
_OF_FREIGHT = {"record", "where", "effect", "opens", "decision", "benefit"}  # of a project, what freight depends on
_KEPT = 300


@dataclass
class Memory:
    """Routes and worths found before.

    Attributes
    ----------
    cache : bool
        Whether worths are read from the user's cache, and written to it.
    pools : dict
        Routes by what they depend on.
    """

    cache: bool = False
    pools: dict[str, pd.DataFrame] = field(default_factory=dict)
    _known: dict[str, Known] = field(default_factory=dict)

    def key(self, model: ScenarioModel, year: int, names: Sequence[str], folder: str | Path | None) -> str:
        """Return what the worth of portfolios in a year depends on, as a hash: not on costs, budgets and dates.

        Portfolios go by number, so that it also holds the candidates by name, in their order.
        """
        projects = {n: _bare(p) for n, p in model.investments.projects.items() if p.decision != "leave"}
        bare = model.model_copy(
            update={
                "investments": Investments.model_construct(projects=projects),
                "study": model.study.model_copy(update={"years": (year,), "currency": "USD"}),
            }
        )
        parts = [model_hash(bare), data_hash(folder), *map(str, versions().values()), *names]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def known(self, key: str) -> Known:
        """Return worths by number of portfolio: surplus (million USD) and change of emissions (kt CO2e), a year."""
        if key not in self._known:
            self._known[key] = self._read(key) if self.cache else {}
        return self._known[key]

    def learn(self, key: str, found: Known) -> None:
        """Remember worths."""
        self.known(key).update(found)
        if self.cache:
            self._write(key)

    def _read(self, key: str) -> Known:
        try:
            content = json.loads(_file(key).read_text(encoding="utf-8"))
            return {int(n): (float(s), float(c)) for n, (s, c) in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _write(self, key: str) -> None:
        """Write to the cache, as far as that is possible: a full or read-only disk does not stop anything."""
        target = _file(key)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, part = tempfile.mkstemp(dir=target.parent, prefix=".")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({str(n): list(worth) for n, worth in self._known[key].items()}, file)
            Path(part).replace(target)
            kept = sorted(target.parent.glob("*.json"), key=lambda p: p.stat().st_mtime)
            for old in kept[:-_KEPT]:
                old.unlink(missing_ok=True)
        except OSError:
            return


def _bare(project: Project) -> Project:
    """Return a project with nothing but what freight depends on."""
    return Project.model_construct(**{name: getattr(project, name) for name in _OF_FREIGHT})


def _file(key: str) -> Path:
    return cache_folder() / "portfolios" / f"{key[:40]}.json"
