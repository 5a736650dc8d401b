"""The toolkit asked as a user asks it: the command line in a process of its own, cold, or forked from a warm one."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["LOWERED", "ROOT", "Done", "ask", "ask_python", "ask_warm", "command", "environment"]

ROOT = Path(__file__).resolve().parents[2]
_RIGHTS = "-dac_override,-dac_read_search"
LOWERED = ["setpriv", f"--bounding-set={_RIGHTS}", f"--inh-caps={_RIGHTS}"] if os.geteuid() == 0 else []
"""What stands before a command so that rights of files and folders hold for root too."""

_PLAIN = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONPATH", "PYTHONIOENCODING", "PYTHONUTF8")
_starting = threading.Lock()


@dataclass(frozen=True)
class Done:
    """How a process ended; a negative code is the signal that ended it."""

    code: int
    out: str
    err: str
    peak_mb: float = 0.0


@cache
def _cache_folder() -> str:
    """Return a folder for caches that goes when the tries end; made by whoever asks first, not by forked processes."""
    folder = tempfile.mkdtemp(prefix="hostile-cache-")
    Path(folder).chmod(0o777)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def environment(**more: str | None) -> dict[str, str]:
    """Return this environment without what changes answers, with a cache of its own; None takes a variable away."""
    kept = {name: value for name, value in os.environ.items() if name not in _PLAIN}
    kept |= {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": _cache_folder(), "MPLCONFIGDIR": f"{_cache_folder()}/mpl"}
    kept |= {name: value for name, value in more.items() if value is not None}
    return {name: value for name, value in kept.items() if more.get(name, "") is not None}


def command(*words: object) -> list[str]:
    """Return the command line in a Python of its own."""
    return [sys.executable, "-m", "corridors", *map(str, words)]


def ask(
    *words: object,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    timeout: float = 200,
    before: Sequence[str] = (),
    whole: Sequence[str] | None = None,
    setup: Callable[[], None] | None = None,
    **streams: Any,
) -> Done:
    """Run the command line, cold; `setup` is done in the child, `before` stands before the command.

    A process that does not end in time is killed and has the code -9.
    """
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    options |= streams
    process = subprocess.Popen(
        [*before, *(whole or command(*words))], cwd=cwd, env=dict(env or environment()), preexec_fn=setup, **options
    )
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    return Done(process.returncode, (out or b"").decode("utf-8", "replace"), (err or b"").decode("utf-8", "replace"))


def ask_python(code: str, *, cwd: Path, timeout: float = 200, **options: Any) -> Done:
    """Run a Python script that uses the toolkit."""
    return ask(cwd=cwd, timeout=timeout, whole=[sys.executable, "-W", "error::UserWarning", "-c", code], **options)


def ask_warm(*words: object, cwd: Path, timeout: float = 200) -> Done:
    """Run the command line in a process forked from one that has everything imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.hostile.warm"])
    with tempfile.TemporaryDirectory(prefix="hostile-said-") as folder:
        arguments = (list(map(str, words)), str(cwd), folder, _cache_folder())
        with _starting:
            process = context.Process(target=_answer, args=arguments)
            process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
        said = [_text(Path(folder, name)) for name in ("out", "err")]
        peak, known = _text(Path(folder, "peak")), _text(Path(folder, "code"))
    code = int(known) if known else process.exitcode
    return Done(-9 if code is None else code, *said, peak_mb=float(peak or 0))


def _answer(words: list[str], cwd: str, said: str, cache: str) -> None:
    """Be the command line, with streams to files."""
    os.chdir(cwd)
    os.environ.update(XDG_CACHE_HOME=cache, MPLCONFIGDIR=f"{cache}/mpl")
    for name in _PLAIN:
        os.environ.pop(name, None)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for handle, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{said}/{name}", os.O_WRONLY | os.O_CREAT), handle)
    os.dup2(nothing, 0)
    sys.stdout, sys.stderr = (os.fdopen(handle, "w", encoding="utf-8") for handle in (1, 2))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["corridors", *words]
    from corridors.cli import main

    try:
        main()
    except SystemExit as left:
        Path(said, "code").write_text(str(left.code or 0))
        raise
    finally:
        with contextlib.suppress(OSError):
            Path(said, "peak").write_text(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
