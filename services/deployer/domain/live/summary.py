"""How a model does in a few figures, as the last daily watch left it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from services.deployer.domain.live.scores import Inputs, Sums
from services.deployer.domain.live.told import Told

MOST_NAMED = 50  # sites that are named in a summary


@dataclass(frozen=True, slots=True)
class Summary:
    """A model's last days.

    Attributes
    ----------
    first, last
        The days that the figures are of; None where nothing was scored.
    sites, sites_scored
        Sites of which anything is known in these days, and those of them with a scored day.
    sites_judged
        Sites of which enough was scored lately to say whether they are as promised.
    unscored
        Sites that had power on most of these days and no prediction for it.
    inputs
        What the figures are of: measured weather, or forecasts of all leads, which are not judged.
    standing
        Changes that people were told of and that are not over: at most fifty; `more` says how many others.
    """

    at: datetime
    versions: tuple[int, ...] = ()
    first: date | None = None
    last: date | None = None
    sums: Sums = field(default_factory=Sums)
    sites: int = 0
    sites_scored: int = 0
    sites_judged: int = 0
    unscored: int = 0
    inputs: Inputs = "measured"
    standing: tuple[Told, ...] = ()
    more: int = 0
