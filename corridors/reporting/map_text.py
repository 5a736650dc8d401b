"""Text of a map: escaped, measured without a font, and names put beside their places where they cover nothing."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from html import escape

__all__ = ["SIDES", "Side", "clipped", "placed", "told"]

SIDES = ((6.0, -4.0, "start"), (-6.0, -4.0, "end"), (6.0, 12.0, "start"), (-6.0, 12.0, "end"))
"""Where a name may stand beside its place: right or left above, right or left below, px."""

_LETTER_PX, _WIDE_PX = 6.3, 12.0
_UP_PX, _DOWN_PX = 10.0, 3.0
_GAP_PX = 2.0

Side = tuple[float, float, str]
Rect = tuple[float, float, float, float]


def told(text: str) -> str:
    """Return a text escaped for elements and attributes, without what XML cannot hold."""
    return escape("".join(c for c in text if _writable(c)), quote=True)


def clipped(text: object, most: int = 60) -> str:
    """Return a text of users as one line, with an ellipsis where it is too long."""
    plain = " ".join("".join(c for c in str(text) if _writable(c)).split())
    return plain if len(plain) <= most else f"{plain[: most - 1].rstrip()}…"


def _writable(letter: str) -> bool:
    if letter < " ":
        return letter in "\t\n\r"
    return not ("\x7f" <= letter <= "\x9f" or "\ud800" <= letter <= "\udfff" or letter in "\ufffe\uffff")


def placed(names: Sequence[str], at: Sequence[tuple[float, float]], size: tuple[float, float]) -> list[Side | None]:
    """Return on which side of its place each name stands, the first names first.

    Parameters
    ----------
    names : sequence of str
    at : sequence of (float, float)
        Places, px from the left and the top.
    size : (float, float)
        Width and height of the map, px.

    Returns
    -------
    list
        x, y and anchor of the text, of `SIDES`; None where there is no room.
    """
    taken: list[Rect] = []
    found: list[Side | None] = []
    for name, (x, y) in zip(names, at, strict=True):
        wide = sum(_WIDE_PX if unicodedata.east_asian_width(c) in "WF" else _LETTER_PX for c in name)
        chosen = None
        for side in SIDES if 0 <= x <= size[0] and 0 <= y <= size[1] else ():
            left = x + side[0] - (wide if side[2] == "end" else 0.0)
            box = (left, y + side[1] - _UP_PX, left + wide, y + side[1] + _DOWN_PX)
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]
            if inside and not any(_meet(box, other) for other in taken):
                chosen = side
                taken += [box, (x - 3, y - 3, x + 3, y + 3)]
                break
        found.append(chosen)
    return found


def _meet(one: Rect, other: Rect) -> bool:
    across = one[0] < other[2] + _GAP_PX and other[0] < one[2] + _GAP_PX
    return across and one[1] < other[3] + _GAP_PX and other[1] < one[3] + _GAP_PX
