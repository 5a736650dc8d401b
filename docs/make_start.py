"""Writes start.md: every command on the page is run, in its order and in an empty folder, and shows what it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

from networks import load_tables

_WIDE = 96
_BLOCK = re.compile(r"```(?P<kind>console|yaml|python)\n(?P<text>.*?)```", re.DOTALL)
STUDY = "my-study/my-study.yaml"

TEMPLATE = """# Ten minutes to a report

From nothing to a report with a closure of your own in it. You need Python 3.11 or newer with pip, and a copy of the repository; nothing else, and no network once it is installed. Written by `python docs/make_start.py`, which runs every command below.

## Install

In the folder of the repository:

```sh
python3 -m venv .venv && .venv/bin/pip install . && . .venv/bin/activate
```

On Windows the last part is `.venv\\Scripts\\activate`. `corridors --help` lists the commands, `corridors run --help` what one of them takes.

## A first answer

Which ways lead from Xi'an to Duisburg?

```console
$ corridors routes "Xi'an" Duisburg
4 lines
```

That is the answer; below it stands a table of all corridors: days, money, emissions, why one is shut, and how many of the figures behind it are estimates. Places are named as you would, with any accents or none; `corridors list places kars` finds them. "Disrupted" means that something on record bears on a way now; what is to happen is for a scenario to say: in `baseline-2026` ships go round the Cape, not by Suez.

## A closure of your own

```console
$ corridors new my-study
```

That made a folder with a scenario that runs as it is, full of comments: what it asks, what it builds on, what happens where and when, and what may vary. Say you want to know what happens if the railway from Georgia to Kars is shut for six months. Find what it is called:

```console
$ corridors list links Kartsakhi
```

Write your own question into `my-study/my-study.yaml`, instead of what stands there:

```yaml
schema: 1
name: my-study
title: Railway to Kars shut in summer
question: If the railway to Kars is shut in summer, which way does its freight take?
extends: baseline-2026        # everything that you do not change
against: baseline-2026        # what the result is held against

disruptions:
  kars:
    title: Railway to Kars shut
    note: Made up, to begin with.
    where: {link: GE_KRT-TR_KAR-rail}
    effect: {use: closed}
    when: {from: 2026-05, to: 2026-10}
```

*Where*, *effect* and *when* are all there is to a disruption. Instead of a link it can be a place, a border, a country or a whole corridor (`{place: Aktau}`, `{border: KZ-CN}`, `{country: KZ}`, `{corridor: middle}`; `corridors list borders kz` and the like say what they are called); instead of a closure a capacity, a time, a price or a depth of water can change. Check it:

```console
$ corridors check my-study/my-study.yaml
```

Had you written `effect: {use: close}`, it would have told you the line, the column and the words that it knows. Now run it:

```console
$ corridors run my-study/my-study.yaml
7 lines
```

The answer names what it is held against, a range, what the range depends on most, and the share of estimates. Something that touches no freight, or a capacity that is nowhere reached, is told too. Who lost to whom:

```console
$ corridors compare my-study/my-study.yaml
21 lines
```

A way can lose to one and win from another at once, as the sea does here. `--by corridor` shows the corridors that make up a family, which may lose to each other while their sum stays; `about: northern-kazakhstan` in the scenario makes the answer about one of them.

## The report

```console
$ corridors report my-study/my-study.yaml --out report.html
```

One file with the answer, a map to zoom, tables to sort and take away, what would change the answer, what is not modelled, and the sources. Open it by a double click, or with `corridors open report.html`; mail it to whom you like, it needs no network.

## What would change it?

Let the closure last three months instead of six:

```console
$ corridors run my-study/my-study.yaml --set disruptions.kars.when.to=2026-07
7 lines
```

A closure that is shorter than the TURN_DAYS days that shippers take to turn round shows no diversion in a run by year, and the run says so. A run looks at the years of its `study`: what lasts beyond them counts within them only. Every value can be set like this; `corridors explain my-study/my-study.yaml` prints them all, each with the file and line that it comes from, or "default".

## From Python

```python
import corridors

run = corridors.run("my-study/my-study.yaml")
print(run.answer)
run.flows()  # by year and family: a DataFrame
run.bottlenecks()  # what is full, and what one more unit would be worth
corridors.compare(run.against, run).diversion()
run.report("from-python.html")
run.to_excel("report.xlsx")
```

## Where to go on

- [The five jobs](jobs/index.md): questions like yours, answered in full, with files to start from.
- [Scenarios that come with the toolkit](scenarios.md), and [everything that a file may say](scenarios-reference.md).
- [What it cannot do](limits.md), before a number of yours goes into a paper.
"""


def page(folder: Path) -> str:
    """Return the page, with what its commands print when run in a folder."""
    python = [sys.executable, "-c"]

    def done(block: re.Match[str]) -> str:
        text = block["text"]
        if block["kind"] == "yaml":
            (folder / STUDY).write_text(text, encoding="utf-8")
            return block[0]
        if block["kind"] == "python":
            _run([*python, text], folder)
            return block[0]
        command, *kept = text.strip().split("\n")
        said = _run([sys.executable, "-m", *_words(command)], folder)
        return f"```console\n{command}\n{_shown(said, int(kept[0].split()[0]) if kept else 99)}```"

    turn_days = f"{load_tables().parameter('queue_days'):g}"
    return _BLOCK.sub(done, TEMPLATE.replace("TURN_DAYS", turn_days))


def _words(command: str) -> list[str]:
    return [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', command.removeprefix("$ "))]


def _run(command: list[str], folder: Path) -> str:
    plain = {**os.environ, "COLUMNS": str(_WIDE), "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}
    found = subprocess.run(
        command, cwd=folder, env=plain, capture_output=True, encoding="utf-8", check=False, stdin=subprocess.DEVNULL
    )
    if found.returncode:
        raise RuntimeError(f"{command}: {found.stderr}")
    return found.stdout


def _shown(said: str, most: int) -> str:
    """Return the first lines, with paragraphs folded anew."""
    parts: list[list[str]] = []
    for block in re.split(r"\n\s*\n", said.strip("\n")):
        lines = [line.rstrip() for line in block.split("\n") if line.strip()]
        table = any("  " in line or "─" in line for line in lines)
        parts.append(lines if table else textwrap.wrap(" ".join(lines), _WIDE))
    shown = [line for part in parts for line in ["", *part]][1:]
    kept = [*shown[:most], "…"] if len(shown) > most else shown
    return "".join(f"{line}\n" for line in kept)


def main() -> None:
    """Write the page."""
    with tempfile.TemporaryDirectory() as folder:
        Path(__file__).with_name("start.md").write_text(page(Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
