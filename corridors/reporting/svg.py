"""Figures of matplotlib as SVG inside a page: colours that follow its theme, ids that clash with no other figure."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["inline_svg"]

_THEME = {
    "#222222": "var(--ink, #222222)",
    "#000000": "var(--ink, #222222)",
    "#555555": "var(--grey, #555555)",
    "#dddddd": "var(--line, #dddddd)",
    "#ffffff": "var(--paper, #ffffff)",
}
_ID = re.compile(r'\bid="([^"]*)"')
_USED = re.compile(r'(?:href="#|url\(#)([^")]+)')
_COLOUR = re.compile(r"(?<=[:\s\"])#[0-9a-f]{6}\b")
_NUMBER = re.compile(r"(?<![#\w.])-?\d+\.\d{3,}")


def inline_svg(figure: Figure, name: str, words: str) -> str:
    """Return a figure as SVG for a page.

    Parameters
    ----------
    figure : matplotlib Figure
        It is closed.
    name : str
        Letters, digits and hyphens; begins the ids.
    words : str
        What it shows, for those who do not see it.

    Returns
    -------
    str
        An ``svg`` element. Ink, grey, light lines and white are variables of the page with the figure's own colours to
        fall back on, so that it looks right elsewhere too. The same figure gives the same text.
    """
    import matplotlib
    import matplotlib.pyplot as plt
    from markupsafe import escape

    from ..style import quiet_glyphs

    figure.suptitle("")  # the page writes its caption above it
    buffer = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}), quiet_glyphs():
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    head, _, body = text.partition(">")
    box = re.search(r'viewBox="([^"]*)"', head)
    assert box is not None
    wide = float(box.group(1).split()[2])
    body = _themed(_named(body, name))
    title = f'<title id="{name}-title">{escape(words)}</title>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box.group(1)}" '
        f'role="img" aria-labelledby="{name}-title" style="--wide:{wide:.0f}px">{title}{body.strip()}'
    )


def _named(body: str, name: str) -> str:
    """Keep only the ids that are referred to, and make them this figure's own."""
    used = set(_USED.findall(body))
    body = _ID.sub(lambda m: f'id="{name}-{m.group(1)}"' if m.group(1) in used else "", body)
    return re.sub(r'((?:href="#|url\(#))', rf"\g<1>{name}-", body)


def _themed(body: str) -> str:
    """Write neutral colours as variables of the page, and numbers with two decimals; text stays as it is."""
    parts = re.split(r"(<[^>]*>)", body)
    return "".join(_tag(part) if part.startswith("<") else part for part in parts)


def _tag(tag: str) -> str:
    tag = _COLOUR.sub(lambda m: _THEME.get(m.group(0), m.group(0)), tag)
    if not re.match(r"<(path|use|g|line|rect)\b", tag):
        return re.sub(r"\s+>", ">", tag)
    return re.sub(r"\s+", " ", _NUMBER.sub(lambda m: f"{float(m.group(0)):.2f}", tag))
