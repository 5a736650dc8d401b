"""Colours of lines on land, bright and dark: shaded only as far as they need to be told from it."""

from __future__ import annotations

__all__ = ["LAND", "LAND_DARK", "contrast", "on_land"]

LAND, LAND_DARK = "#ece8de", "#39404a"
"""Land of the page, bright and dark."""

_LEAST = 3.0
_STEPS = 50


def on_land(colour: str, land: str = LAND) -> str:
    """Return a colour, or a shade of it that has a contrast of 3:1 on land.

    Parameters
    ----------
    colour, land : str
        ``#rrggbb``.

    Notes
    -----
    Web Content Accessibility Guidelines 2.2, 1.4.11: graphical objects have a contrast of 3:1 at the least. The colour
    is mixed with black on bright land and with white on dark land.
    """
    end = 0 if _luminance(land) > 0.2 else 255
    parts = _parts(colour)
    for step in range(_STEPS + 1):
        mixed = [round(part + (end - part) * step / _STEPS) for part in parts]
        found = "#{:02x}{:02x}{:02x}".format(*mixed)
        if contrast(found, land) >= _LEAST:
            return found
    return found


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (p / 255 for p in _parts(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
