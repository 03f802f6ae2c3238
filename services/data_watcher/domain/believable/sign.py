"""Whether generation is written as negative power, as by meters that count a house's consumption."""

from __future__ import annotations

from services.data_watcher.domain.believable.power import Power
from shared.errors import UnreadableFileError

MUCH = 0.2  # of the largest amount that a file holds; stand-by draw stays far below
MOSTLY = 0.9  # of the rows with much power
FEWEST = 8  # such rows: fewer are spikes
MOST_DRAW = 0.1  # of AC capacity, which a plant may draw at night


def check(power: Power) -> None:
    """Refuse a file whose large values are nearly all negative.

    Raises
    ------
    UnreadableFileError
        `wrong_sign`
    """
    amount = -power.lowest
    if amount <= MOST_DRAW:
        return
    much = abs(power.share) > MUCH * max(amount, power.highest)
    negative = int((power.share[much] < 0).sum())
    if much.sum() < FEWEST or negative < MOSTLY * much.sum():
        return
    scale = -power.scale
    raise UnreadableFileError(
        "wrong_sign",
        f"power is negative when it is large: in {negative} of {int(much.sum())} such rows, down to "
        f"{power.lowest * power.site.ac_capacity_kw:,.4g} kW; the meter counts what is drawn as positive",
        f"say scale: {scale:g} for power_ac in the site's YAML; the file is then read again without a new "
        "upload",
    )
