"""Whether a file loses too much of what matters: rows in daylight, or with power. Nights hide everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.power import NOISE
from services.data_watcher.domain.reasons import remedy_where_many
from services.data_watcher.domain.time_axis import TimeAxis
from shared.errors import UnreadableFileError
from shared.solar.site import Site

Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST_LOST = 0.1  # of the rows that matter, for one reason
FEW = 4  # rows; as few are a hiccup, however small the file
EXAMPLES = 3
# An outage, or a limit, is no fault of the file, but at other times it must show what is usual.
MOST_OFF = 0.5
# What the file says of power and irradiance does not depend on a temperature that hangs.
_MOST_OF = {
    ("power_ac", "inverter_off"): MOST_OFF,
    ("power_ac", "outage"): MOST_OFF,
    ("power_ac", "held_back"): MOST_OFF,
    ("temp_air", "stuck"): 1.0,
    ("temp_module", "stuck"): 1.0,
}
# What the YAML itself calls "no measurement" is no loss.
_SAID = {"sentinel"}
_TOLERATE = "; where the plant really is like that, say most_masked: {share: …, reason: …} in the site's YAML"


def check(
    lost: Mapping[str, Mapping[str, Mask]],
    time: TimeAxis,
    site: Site,
    *,
    said: Callable[[int], str],
    examples: Mapping[str, Sequence[str]],
    lit: Callable[[], Mask] | None = None,
) -> None:
    """Refuse a file of which one reason would take more than a tenth of a quantity's daylight rows.

    Parameters
    ----------
    lost
        Rows that lose their value, by canonical name of the quantity and by reason.
    said
        Says where a row of the table is in the file, and which stamp it carries.
    examples
        Cells that are no numbers, as the file has them, by canonical name.
    lit
        Returns which rows are in daylight, where that is known already.

    Raises
    ------
    UnreadableFileError
        `too_much_masked`
    """
    many = [
        (name, reason, mask)
        for name, reasons in lost.items()
        for reason, mask in reasons.items()
        if reason not in _SAID and np.count_nonzero(mask) > FEW
    ]
    if not many:
        return  # as in nearly every file
    day = lit() if lit else sun.over(time.utc, time.step, site).up > 0.0
    for name, reason, mask in many:
        shown = _shown(reason, mask & day, time, said, examples.get(name, ()))
        _check(name, reason, int((mask & day).sum()), int(day.sum()), site, shown)


def check_ragged(count: int, rows: int, power: Values | None, example: str, site: Site) -> None:
    """Refuse a file of which too many rows could not be taken apart; what they hold is not known.

    They may be of the day, so that they are held against the other rows with power.
    """
    of = rows if power is None else int(np.count_nonzero(_with_power(power)))
    _check("the row", "ragged_row", count, count + of, site, repr(example))


def check_rows(  # noqa: PLR0917 - what is lost, why, where, and of what
    what: str, reason: str, bad: Mask, power: Values | None, site: Site, said: Callable[[int], str]
) -> None:
    """Refuse a file of which too many rows with power are lost altogether.

    Parameters
    ----------
    what, reason
        What these rows lack, in words and as the reason's code.
    bad
        Rows of the table that are lost.
    power
        Power of all rows of the table in any unit; None where the file has none.
    """
    if np.count_nonzero(bad) <= FEW:
        return
    counting = np.ones(len(bad), bool) if power is None else _with_power(power)
    count = int((bad & counting).sum())
    rows = np.flatnonzero(bad & counting)[:EXAMPLES]
    shown = ", ".join(said(int(row)) for row in rows)
    _check(what, reason, count, int(counting.sum()), site, f"rows {shown}")


def _with_power(power: Values) -> Mask:
    return np.abs(np.nan_to_num(power)) > NOISE


def _shown(
    reason: str,
    mask: Mask,
    time: TimeAxis,
    said: Callable[[int], str],
    examples: Sequence[str],
) -> str:
    if reason == "no_number" and examples:
        return ", ".join(map(repr, examples[:EXAMPLES]))
    rows = np.flatnonzero(mask)[:EXAMPLES]
    return "rows " + ", ".join(said(int(time.rows[row])) for row in rows)


def _check(  # noqa: PLR0917 - one call each
    name: str, reason: str, count: int, of: int, site: Site, shown: str
) -> None:
    most = site.most_masked.share if site.most_masked else MOST_LOST
    most = max(most, _MOST_OF.get((name, reason), 0.0))
    if count <= max(most * of, FEW):
        return
    raise UnreadableFileError(
        "too_much_masked",
        f"{name} would be masked in {count} of {of} rows that matter ({count / of:.0%}) because of {reason}; "
        f"at most {most:.0%} are masked. For example {shown}",
        remedy_where_many(reason) + _TOLERATE,
    )
