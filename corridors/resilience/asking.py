"""A year of a scenario, opened for what asks it again and again: the shippers may refuse nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from networks import DataError

if TYPE_CHECKING:
    from ..choice import Choice
    from ..scenario.applying import Application
    from ..scenario.loading import Scenario
    from ..year_model import YearModel

__all__ = ["Asked", "ask_year", "opened", "year_of"]


class Asked(NamedTuple):
    """A year of a scenario that was read and checked.

    Attributes
    ----------
    scenario : Scenario
        As given.
    year : int
        Of its study.
    application : Application
        On the network.
    model : YearModel
        The shippers of the year.
    choice : Choice
        Their parameters.
    """

    scenario: Scenario
    year: int
    application: Application
    model: YearModel
    choice: Choice

    @property
    def title(self) -> str:
        """What the scenario is called in results."""
        return self.scenario.freight.title or self.scenario.name


def opened(scenario: Scenario | str | Path, folder: str | Path | None) -> Scenario:
    """Return a scenario, read if it is a name or a path."""
    from ..scenario.loading import load

    return load(scenario, folder=folder) if isinstance(scenario, (str, Path)) else scenario


def year_of(scenario: Scenario, year: int | None) -> int:
    """Return a year of the study, the first if none is given; DataError for one that is not in it."""
    years = scenario.freight.study.years
    if year is not None and year not in years:
        raise DataError([f"year: got {year!r}, expected one of the study, {', '.join(map(str, years))}"])
    return years[0] if year is None else year


def ask_year(scenario: Scenario, year: int | None, folder: str | Path | None, what: str) -> Asked:
    """Open a year of a scenario.

    Parameters
    ----------
    scenario : Scenario
        Of freight.
    year : int, optional
        Of the study; the first by default.
    folder : path, optional
        Tables of your own.
    what : str
        Who asks, for the message.

    Raises
    ------
    DataError
        A year that is not in the study, a scenario that cannot be applied, or shippers who refuse something.
    """
    from ..scenario.applying import Application
    from ..scenario.choices import asked_choice

    when = year_of(scenario, year)
    application = Application.of(scenario.freight, folder)
    application.check()
    model = application.year_model(when)
    if model.setting.refusals:
        raise DataError([f"{scenario.name}: {what} is for shippers who refuse nothing, without avoid and bans"])
    return Asked(scenario, when, application, model, asked_choice(scenario.freight.choice))
