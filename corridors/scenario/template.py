"""A study to begin with: a folder with a scenario that runs as it is, and the schema for editors."""

from __future__ import annotations

import re
from pathlib import Path

from networks import DataError
from networks.safely import begun

from .finding import BUILTIN, names
from .problems import shown
from .schema_text import LINE, SCHEMA_FILE, schema_text

__all__ = ["new_study", "scenario_text"]

_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,59}", re.ASCII)
_RESERVED = re.compile(r"(?i:con|prn|aux|nul|com\d|lpt\d)")

_TEXT = """\
{line}
#
# One file is one scenario: what is asked, what it builds on, and what changes. 'corridors check {name}.yaml' reads
# it, 'corridors explain {name}.yaml' prints every value and where it comes from. Everything that can be written:
# docs/scenarios-reference.md. What can be named: 'corridors list places Aktau', and so on.
schema: 1
name: {name}
title: Two days more at the Chinese-Kazakh border
question: >-
  If trains wait two days more at the crossings between China and Kazakhstan for half a year, which corridors get the
  freight?
extends: baseline-2026        # takes over everything in it; what stands below comes on top
against: baseline-2026        # what results are compared with

study:
  years: [2026]
  markets: [cn-eu, eu-cn, caspian]

# A change is where, effect and when. Numbers carry their unit. '48 h' sets, '-30 %' and '+48 h' change, 'x 0.5'
# multiplies; 'enabled: false' switches off. Where: link, place, border, country, corridor, mode (lists of them too).
# Effect: use: closed, capacity: x 0.1, wait: +48 h, time: -10 %, cost: +200 USD/TEU, draught: -1 m, and more.
disruptions:
  border-slow:
    note: Made up, to begin with.
    where: {{border: KZ-CN}}
    effect: {{wait: +48 h}}
    when: {{from: 2026-01, to: 2026-06}}
#  caspian-level:
#    where: {{place: [Aktau, Kuryk]}}
#    effect: {{draught: -1 m}}
#    when: {{from: 2026-01}}
#  russia:
#    source: https://example.org
#    where: {{country: [RU, BY], mode: rail}}
#    effect: {{use: closed}}
#    when: {{from: 2026-01, to: 2026-12}}

# Runs besides this one, one for each combination of values.
#vary:
#  disruptions.border-slow.effect.wait: [+12 h, +24 h, +96 h]
#  disruptions.border-slow.when.to: [2026-03, 2026-12]
"""

_GAS = """\
{line}
#
# One file is one scenario: what is asked, what it builds on, and what changes. 'corridors check {name}.yaml' reads
# it, 'corridors explain {name}.yaml' prints every value and where it comes from. Everything that can be written:
# docs/scenarios-reference.md. What can be named: 'corridors list gas-pipes tanap', and so on.
schema: 1
name: {name}
task: gas
title: TANAP at half for a quarter
question: >-
  If TANAP carries half from January to March, who is short, and what makes up for it?
extends: baseline-gas-2026    # takes over everything in it; what stands below comes on top
against: baseline-gas-2026    # what results are compared with

study:
  years: [2026]
  step: month                 # day for what lasts less than two months

# A change is where, effect and when. Numbers carry their unit. '30 mcm/d' sets, '-30 %' and '+2 bcm/yr' change,
# 'x 0.5' multiplies; 'enabled: false' switches off.
disruptions:
  tanap:
    note: Made up, to begin with.
    where: {{link: tanap}}
    effect: {{capacity: x 0.5}}
    when: {{from: 2026-01, to: 2026-03}}
#  iran:
#    where: {{border: IR-TR}}
#    effect: {{use: closed}}
#    when: {{from: 2026-01, to: 2026-03}}

#policy:
#  no-russian-gas:
#    where: {{country: RU, carrier: pipeline}}
#    effect: {{refused_by: EU}}
#    when: {{from: 2026-01}}

#investments:
#  projects:
#    tap-20: {{record: G11, opens: 2026}}

# Runs besides this one, one for each combination of values.
#vary:
#  disruptions.tanap.effect.capacity: [x 0.75, x 0.5, x 0.25]
"""


def new_study(name: str, parent: str | Path = ".", *, gas: bool = False) -> Path:
    """Write a folder with a scenario and the schema, whole or not at all.

    Parameters
    ----------
    name : str
        Of the folder and of the scenario: letters, digits, ``-`` and ``_``.
    parent : path
        Folder in which it is made.
    gas : bool
        Whether the scenario is one of gas.

    Returns
    -------
    Path
        The new folder.

    Raises
    ------
    DataError
        The name will not do or is taken, or the folder cannot be written.
    """
    if not _NAME.fullmatch(name) or _RESERVED.fullmatch(name):
        raise DataError(
            [f"{shown(name)} as a name: letters, digits, '-' and '_' only, 60 at most, a letter or digit first"]
        )
    if name in names(BUILTIN):
        raise DataError([f"{shown(name)} is the name of a scenario of the toolkit; take another"])
    folder = Path(parent, name)
    if folder.exists() or folder.is_symlink():
        raise DataError([f"{folder}: is there already; nothing was written"])
    try:
        with begun(Path(parent), name) as made:
            part = made / name
            part.mkdir()
            (part / f"{name}.yaml").write_text(scenario_text(name, gas=gas), encoding="utf-8", newline="\n")
            (part / SCHEMA_FILE).write_text(schema_text(gas=gas), encoding="utf-8", newline="\n")
            part.rename(folder)
    except OSError as error:
        raise DataError([f"{folder}: cannot be written ({error.strerror})"]) from None
    return folder


def scenario_text(name: str, *, gas: bool = False) -> str:
    """Return the scenario of a new study."""
    return (_GAS if gas else _TEXT).format(line=LINE, name=name)
