"""Errors about data, written for the person who wrote the data."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["DataError", "PlaceError", "near_words", "nearest"]

_SHOWN = 20


class DataError(ValueError):
    """A table is wrong; every problem found is listed, each with file, row, column and value.

    Parameters
    ----------
    problems : iterable of str
        One message each; the first are shown, all are kept in ``problems``.
    """

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        shown = "\n".join(self.problems[:_SHOWN])
        more = len(self.problems) - _SHOWN
        super().__init__(shown + (f"\n… and {more} more problems" if more > 0 else ""))

    def __reduce__(self) -> tuple[type[DataError], tuple[list[str]]]:
        """Go from one process to another as what it tells."""
        return DataError, (self.problems,)


class PlaceError(ValueError):
    """A name typed by a user is unknown or means several things; the message lists candidates.

    Parameters
    ----------
    message : str
        What is wrong.
    candidates : list of str
        Labels of the places that could be meant.
    ambiguous : bool
        Whether it means several, not none.
    """

    def __init__(self, message: str, candidates: list[str], *, ambiguous: bool = False) -> None:
        self.candidates = candidates
        self.ambiguous = ambiguous
        super().__init__(message)

    def __reduce__(self) -> tuple[type[PlaceError], tuple[str, list[str]]]:
        """Go from one process to another as what it tells."""
        return PlaceError, (str(self), self.candidates)


def near_words(word: str, known: Iterable[str]) -> list[str]:
    """Return the known words closest to `word`, three at most."""
    return get_close_matches(word, list(known), n=3, cutoff=0.6)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``"; nearest: a, b"`` for the known words closest to `word`, or an empty string."""
    near = near_words(word, known)
    return f"; nearest: {', '.join(near)}" if near else ""
