"""A figure that is drawn and saved in the house style, whoever saves it."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from .style import house_style

__all__ = ["HouseFigure"]


class HouseFigure(Figure):
    """A figure whose letters, ticks and file formats are those of the house also outside its drawing function."""

    def draw(self, renderer: Any) -> None:
        """Draw it, see `matplotlib.figure.Figure.draw`."""
        with house_style():
            super().draw(renderer)

    def savefig(self, fname: Any, **options: Any) -> None:
        """Save it, see `matplotlib.figure.Figure.savefig`."""
        with house_style():
            super().savefig(fname, **options)
