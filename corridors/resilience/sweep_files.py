"""A sweep on disk: what was asked, and Parquet files of its runs, each whole or not there, so that it can go on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from networks import DataError
from networks.safely import alone, real

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["SweepFolder", "fingerprint"]

_ASKED = "sweep.json"
_PARTS = "parts"
_BEGUN = ".begun"
_WAITS_S = 2.0  # workers of a run that was killed end within


class SweepFolder:
    """The folder of a sweep.

    Runs are written in *chunks* of consecutive numbers: for each table ``parts/<table>-<chunk>.parquet``, first under
    another name, then renamed, that of ``runs`` last: a chunk is done if that file is there. When all are done, each
    table is put together as ``<table>.parquet``, chunk by chunk. Files hold nothing that differs from one machine or
    number of workers to another, so that a sweep that was killed and went on has the same bytes as one that was not.

    Parameters
    ----------
    path : path
        New, empty, or that of the same sweep.
    asked : mapping
        All that decides the rows, as JSON has it.
    tables : mapping of str to mapping of str to str
        Columns and types, ``runs`` among them.

    Raises
    ------
    DataError
        The folder holds something else, or another sweep.
    """

    def __init__(self, path: str | Path, asked: Mapping[str, Any], tables: Mapping[str, Mapping[str, str]]) -> None:
        self.path, self.tables = Path(path), tables
        self._order = [*(name for name in tables if name != "runs"), "runs"]
        text = json.dumps(asked, sort_keys=True, indent=1)
        if self.path.exists() and not self.path.is_dir():
            raise DataError([f"{self.path}: is a file, expected a folder"])
        if not real(self.path).parent.is_dir():
            raise DataError([f"{self.path}: the folder {real(self.path).parent} does not exist"])
        self._held = ExitStack()
        new = not self.path.exists()
        try:
            self._make()
            self._held.enter_context(alone(self.path, wait_s=_WAITS_S))
            self._begin(text)
        except BaseException as error:
            self._held.close()
            if new:
                with suppress(OSError):  # it holds something already
                    self.path.rmdir()
            if isinstance(error, FileNotFoundError):
                raise DataError([f"{self.path}: was taken away meanwhile; begin again"]) from None
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _make(self) -> None:
        try:
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            raise DataError([f"{self.path}: cannot be made ({error.strerror})"]) from None

    def _begin(self, text: str) -> None:
        """Make sure that the folder is this sweep's, and free of what was begun and not done."""
        inside = sorted(p.name for p in self.path.iterdir() if not p.name.endswith(_BEGUN))
        file = self.path / _ASKED
        if inside and not file.exists():
            raise DataError([f"{self.path}: holds something else ({inside[0]}); expected a new folder, or a sweep's"])
        if file.exists() and file.read_text(encoding="utf-8") != text:
            changed = _changed(json.loads(file.read_text(encoding="utf-8")), json.loads(text))
            raise DataError([f"{self.path}: holds another sweep ({changed} differs); name another folder"])
        for left in self.path.rglob(f"*{_BEGUN}"):
            left.unlink()
        self._write(file, lambda part: part.write_text(text, encoding="utf-8"))
        try:
            (self.path / _PARTS).mkdir(exist_ok=True)
        except OSError as error:
            raise DataError([f"{self.path}: cannot be written ({error.strerror})"]) from None

    def done(self, chunks: Iterable[int]) -> set[int]:
        """Return which chunks are there."""
        return {chunk for chunk in chunks if self._part("runs", chunk).exists()}

    def write(self, chunk: int, rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> None:
        """Write the rows of a chunk."""
        import pyarrow.parquet as pq

        for name in self._order:
            table = self._table(name, rows.get(name, ()))
            self._write(self._part(name, chunk), lambda part, t=table: pq.write_table(t, part, compression="zstd"))

    def finish(self, chunks: int) -> None:
        """Put the parts of each table together."""
        import pyarrow.parquet as pq

        def put_together(part: Path, name: str) -> None:
            with pq.ParquetWriter(part, self._schema(name), compression="zstd") as writer:
                for chunk in range(chunks):
                    writer.write_table(pq.read_table(self._part(name, chunk), schema=self._schema(name)))

        for name in self._order:
            self._write(self.path / f"{name}.parquet", lambda part, n=name: put_together(part, n))

    def read(self, name: str) -> pd.DataFrame:
        """Return a whole table, or what is there of it."""
        import pandas as pd
        import pyarrow.parquet as pq

        whole = self.path / f"{name}.parquet"
        if whole.exists():
            return pq.read_table(whole).to_pandas()
        parts = sorted((self.path / _PARTS).glob(f"{name}-*.parquet"))
        frames = [pq.read_table(part).to_pandas() for part in parts]
        return pd.concat(frames, ignore_index=True) if frames else self._table(name, ()).to_pandas()

    def _part(self, name: str, chunk: int) -> Path:
        return self.path / _PARTS / f"{name}-{chunk:06d}.parquet"

    def _schema(self, name: str) -> pa.Schema:
        import pyarrow as pa

        kinds = {"int64": pa.int64(), "string": pa.string(), "double": pa.float64()}
        head = {"run": "int64", **({"name": "string"} if name == "runs" else {})}
        return pa.schema([(column, kinds[kind]) for column, kind in {**head, **self.tables[name]}.items()])

    def _table(self, name: str, rows: Sequence[tuple[Any, ...]]) -> pa.Table:
        import pyarrow as pa

        schema = self._schema(name)
        columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
        return pa.table(
            [pa.array(list(column), type=field.type) for column, field in zip(columns, schema, strict=True)],
            schema=schema,
        )

    @staticmethod
    def _write(path: Path, write: Any) -> None:
        begun = path.with_name(f"{path.name}{_BEGUN}")
        try:
            write(begun)
            begun.replace(path)
        except OSError as error:
            raise DataError([f"{path}: cannot be written ({error.strerror})"]) from None
        finally:
            with suppress(OSError):
                begun.unlink(missing_ok=True)


def fingerprint(value: Any) -> str:
    """Return a hash of something that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    return ", ".join(key for key in {**old, **new} if old.get(key) != new.get(key)) or "its form"
