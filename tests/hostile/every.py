"""All groups of tries, and the page about them."""

from __future__ import annotations

from . import broken_solvers, crowds, disks, encodings, offline, scenarios, signals, sizes, tables, words
from .trying import Try

__all__ = ["PAGE", "groups"]

_GROUPS = (tables, encodings, scenarios, disks, signals, crowds, offline, broken_solvers, sizes, words)

PAGE = """\
# Reliability

What happens when files are broken, disks are full, runs are killed or two people write to one folder? This page is
written by a command that tries such things against the toolkit, as a user meets it: by the command line in a process
of its own, and from Python. A try passes when

- a mistake ends in one clear message that names the file, and where there is one the row, column and value, with exit
  code 2, and without a traceback; or there is an answer, the same as without the hostile thing;
- files that were there before are as they were, or replaced by whole new ones;
- nothing is left behind: no half-written file, no temporary one;
- it ends by itself, in bounded time and memory.

```sh
python docs/make_reliability.py            # all, and this page anew; as root, on Linux; a quarter of an hour
python docs/make_reliability.py --quick    # a sample that any user can run, in half a minute
```

{table}

What is drawn by chance is drawn from fixed seeds, so that each run tries the same. The tries are in `tests/hostile/`, a
file for each group.

## How

- Most commands of the tables, encodings and scenario files are run in a process that is forked from one that has all
  packages imported; all others in a Python of their own.
- Full and read-only disks are disks in memory of a few hundred kilobytes, mounted for the try (`mount -t tmpfs`, hence
  root); quotas are a limit on the size of files. Root may write anywhere: for folders without rights it gives up that
  privilege first (`setpriv`, without `CAP_DAC_OVERRIDE`).
- Signals come at the n-th change of a file, before it is done, within the n-th file, half of it written, and at moments
  by chance once the command has begun. What is there afterwards is compared, byte by byte, with what was there before
  and with what a run leaves that nothing disturbs: each file is the old or the new one, all are of one kind (but see
  the limits), and the same command, given again, leaves what it would have left.
- Runs at once leave the bytes of one run that is alone.
- Of GeoPackages and OMX, which hold the time, what can be read is compared instead of bytes.
- Without a network means a network of its own without any way out (`unshare -n`), and Python that refuses to connect.
- Other programs stand in the place of CBC; HiGHS is made to throw, to do nothing and say that it is done, and to give
  noise, noughts and no numbers. What counts is that no wrong number is called the optimum: a point that does not keep
  the rows and bounds of its model counts for nothing.

## Limits

- A table that is cut off exactly at the end of a row, or within its last cell, is a right CSV file with fewer rows or a
  shorter word; nobody can tell. All other cuts are told.
- `kill -9` leaves a hidden file or folder, `.name.` and eight letters, beside what was being written. It is in nobody's
  way; remove it at will. Ctrl-C and SIGTERM leave nothing, but what a sweep has done by then, from which it goes on.
- Files that belong together, as tables of a study or of GMNS, are put in place one after the other where there are old
  ones: `kill -9` in that instant may leave a new `sources.csv` beside an old `places.csv`. Each of them is whole. After
  Ctrl-C, SIGTERM and a full disk all are old or all new.
- One writer at a time to a study or a sweep is by locks of the system (`flock`). Windows and some network disks have
  none, and a folder that is replaced is gone there for an instant.
- While Python itself starts, in the first tenths of a second, Ctrl-C shows what Python shows.
- A solver that says without reason that a problem has no solution is believed, and so is one that gives a point that
  keeps all rows but is not the best, where the toolkit has no bound of its own (gas, and models of whole numbers).
- Memory that runs out so that the system ends the process leaves no message.
- A million links are read and checked in less than 6 GB of memory, a matrix of all places and goods in less than 2 GB;
  smaller ones need less. A country has ids for 17,576 places, and a network with more of them in one is refused.
"""


def groups() -> dict[str, list[Try]]:
    """Return the tries of each group by its title, always the same."""
    return {group.TITLE: list(group.tries()) for group in _GROUPS}
