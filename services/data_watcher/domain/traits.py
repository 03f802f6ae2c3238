"""What of an accepted file is kept to compare it with its siblings: few figures, in the ledger.

A file that is too short to be judged alone can still contradict the others of its source. Its traits are
found when it is read, because nobody can read all files of a source again whenever one comes.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

_VERSION = (
    1  # raised when the traits of some file change their meaning; older ones are unknown then
)
_SUN_RATIO = 1.3  # between the noon suns of two bands


def band_of(sun: float) -> int:
    """Return which height of the noon sun the sine of its elevation is of: neighbours are a third apart."""
    return math.floor(math.log(sun) / math.log(_SUN_RATIO))


@dataclass(frozen=True, slots=True)
class Level:
    """How high power was under a noon sun of some height.

    Attributes
    ----------
    sun
        Sine of the sun's elevation at noon. [unitless]
    peak
        What power reached for half an hour on the best of these days, of AC capacity. [unitless]
    is_sure
        Whether a lower value could not be the weather's: one of the days was clear, or they are many.
    """

    sun: float
    peak: float
    is_sure: bool

    @property
    def band(self) -> int:
        """Return which height of the noon sun it is of."""
        return band_of(self.sun)

    @property
    def height(self) -> float:
        """Return the peak as it would be under the highest sun, between a flat and a steep plane."""
        return self.peak / math.sqrt(self.sun)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a file says about itself beside its rows.

    Attributes
    ----------
    step
        Length of its usual interval. [s]
    days
        On how many days it has power.
    first
        Its first day with power, by the sun at the site, in ISO 8601; '' where it has none.
    levels
        One for each height of the noon sun.
    middle
        How long after solar noon its days are centred [minutes]; None where the weather may decide.
    prints
        Names of a few of its days by their exact energy: the same rows in another file have the same.
    apart
        How many times as high its clear days are as its faintest ones under a like sun, where the faint ones
        are no exception; 1 where there are none. [unitless]
    parts
        Of how many inverters its power is the sum; 1 where it is one column.
    """

    step: float
    days: int = 0
    first: str = ""
    levels: tuple[Level, ...] = ()
    middle: float | None = None
    prints: tuple[str, ...] = ()
    apart: float = 1.0
    parts: int = 1

    def text(self) -> str:
        """Return the traits as the ledger keeps them."""
        return json.dumps({"version": _VERSION, **asdict(self)}, separators=(",", ":"))


def read(text: str | None) -> Traits | None:
    """Return kept traits; None where there are none, or those of another release."""
    if not text:
        return None
    kept = json.loads(text)
    if kept.pop("version") != _VERSION:
        return None
    levels = tuple(Level(**each) for each in kept.pop("levels"))
    return Traits(**{**kept, "levels": levels, "prints": tuple(kept["prints"])})
