"""No network: the main commands give the same answer where no connection can be made."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from .asking import ask, ask_warm, environment
from .trying import Try, answered, expect
from .writing import SMALL, prepare

__all__ = ["TITLE", "tries"]

TITLE = "No network"

_COMMANDS = (
    ("routes", "xian", "duisburg"),
    ("headroom", "xian", "duisburg"),
    ("forecast", "2025", "--market", "caspian"),
    ("run", "baseline-2026", *SMALL, "--no-cache"),
    ("compare", "baseline-2026", "baseline-2026", *SMALL),
    ("list", "places"),
    ("check", "russia-closed"),
    ("explain", "russia-closed"),
    ("demand", "show"),
    ("gas", "security"),
    ("gas", "deliver", "galkynysh", "IT_MARK"),
    ("geometry", "report"),
    ("export", "n.geojson"),
    ("recover", "shut.yaml"),
)
_HOOK = """\
import sys

def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise OSError(101, f"Network is unreachable: {event}")

sys.addaudithook(hook)
"""


@cache
def _alone() -> list[str]:
    """Return what puts a command into a network of its own, without a way out, where the system lets us."""
    for words in (["unshare", "-n"], ["unshare", "-rn"]):
        try:
            if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
                return words
        except OSError:
            continue
    return []


def _cut_off(words: tuple[str, ...], folder: Path) -> None:
    prepare(folder)
    with_net = ask_warm(*words, cwd=folder)
    answered(with_net)
    hooks = folder / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(_HOOK, encoding="utf-8")
    env = environment()
    env["PYTHONPATH"] = f"{hooks}{os.pathsep}{env['PYTHONPATH']}"
    without = ask(*words, cwd=folder, env=env, before=_alone())
    answered(without)
    expect(without.out == with_net.out, "another answer")


def tries() -> Iterator[Try]:
    """Yield all tries of this group."""
    for words in _COMMANDS:
        yield Try(
            "the same answer without a network", " ".join(words), partial(_cut_off, words), words[0] == "headroom"
        )
