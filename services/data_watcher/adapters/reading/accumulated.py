"""Irradiance that a forecast adds up since its issue: its growth in an interval is that interval's energy."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from services.data_watcher.adapters.reading.issues import Placed
from services.data_watcher.domain import masks
from services.data_watcher.domain.believable.sky import Sky
from services.data_watcher.domain.time_axis import Times
from shared.errors import UnreadableFileError
from shared.solar import runs

LEAST = 2.0  # W/m²; a smaller fall is the rounding of a packed file
LIT = 50.0  # W/m² of clear sky, from which on neighbours say what an interval may be
PART = 0.5  # of the lower of both neighbours' clear-sky indices; less is a part of an interval
DIP = 0.6  # the same, where nothing shows that the sum began anew
OFTENER = 5.0  # times as often as at other times
REGULAR = 3  # resets, before they have a rhythm
MOSTLY = 0.5  # of the places of a rhythm at which it is seen
MOST_AGAIN = 0.05  # of the rows in daylight that follow a fall and fall themselves
Values = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


def means(readings: Values, placed: Placed, sky: Sky, name: str) -> tuple[Values, dict[str, Mask]]:
    """Return the mean irradiance of each interval [W/m²], and which have none by reason.

    Each issue stands for itself. Over a missing lead the growth is known, but not when it came. Where the sum
    begins anew, the new sum is the interval's own, if it fits the sky and the neighbours; else it may be a
    part of it, and is masked. A sum that begins anew once in the first light, when it is still small, cannot
    be told from a dip: the interval then lacks what was added up before, and that is little. Where it begins
    anew within intervals, as a coarser step may, these are masked.

    Parameters
    ----------
    readings
        The sum at the end of each interval, NaN where there is none. [Wh/m²]
    name
        The quantity's name.

    Raises
    ------
    UnreadableFileError
        `not_accumulated`: the column falls where it should add up.
    """
    known = np.flatnonzero(np.isfinite(readings))
    issued, hours = placed.issued[known], placed.lengths[known] / 3600.0
    own = readings[known] / hours
    before = np.append(np.nan, readings[known][:-1]) / hours
    before[runs.starts(issued)] = 0.0  # nothing was added up at the issue
    grown = own - before
    fell = grown < -LEAST
    fell[runs.starts(issued)] = False
    _check(fell, sky.clear[known] > LIT, own, before, name)
    apart = _apart(placed, known)
    due, within = _in_rhythm(fell, before, placed, known)
    anew = ~apart & (fell | due)
    found = np.where(apart & (grown > LEAST), np.nan, np.maximum(grown, 0.0))
    found[fell] = np.nan
    clear, most = sky.clear[known], sky.most[known]
    lower, higher = _promised(found, clear, issued)
    fits = anew & (own <= most) & (due | (own >= PART * lower))
    found[fits] = own[fits]
    small = ~anew & ~apart & (before > LEAST) & (own <= most)
    hidden = _hidden(small, own, grown, lower, higher)
    # The first sum of an issue may have begun before it, as where a file's first leads are left out.
    early = (
        np.isfinite(found) & (found > most) & np.isin(np.arange(len(known)), runs.starts(issued))
    )
    found[hidden | early | within] = np.nan
    result = np.full(len(readings), np.nan)
    result[known] = found
    reasons = {
        "accumulation_gap": masks.at(known[apart & np.isnan(found) | early], len(result)),
        "accumulation_reset": masks.at(
            known[(fell & ~apart & ~fits) | hidden | within], len(result)
        ),
    }
    return result, {reason: mask for reason, mask in reasons.items() if mask.any()}


def _apart(placed: Placed, known: Positions) -> Mask:
    """Return which readings have no other one at the beginning of their interval."""
    issued = placed.issued[known]
    start = np.append(issued[:1], placed.ends[known][:-1])
    starts = runs.starts(issued)
    start[starts] = issued[starts]
    return np.asarray(placed.time.utc[known] > start)


def _in_rhythm(fell: Mask, before: Values, placed: Placed, known: Positions) -> tuple[Mask, Mask]:
    """Return where the sum begins anew by the rhythm that was seen, and where it does so within an interval.

    In the morning it need not fall.
    """
    none = np.zeros(len(fell), bool)
    places = np.round(placed.leads[known] / np.timedelta64(1, "s") / placed.time.step).astype(int)
    seen = places[fell]
    rhythm = math.gcd(*seen.tolist()) if len(seen) >= REGULAR else 0
    if rhythm <= 1:
        return none, none
    due = (places % rhythm == 0) & (places > 0) & (before > LEAST)
    if len(seen) < MOSTLY * due.sum():
        return none, none
    long = np.round(placed.lengths[known] / placed.time.step).astype(int)
    return due & (long <= rhythm), (places > 0) & (long > rhythm)


def _promised(found: Values, clear: Values, issued: Times) -> tuple[Values, Values]:
    """Return what the darker and the brighter neighbour promise of an interval; 0 where none does. [W/m²]"""
    lit = clear > LIT
    index = np.where(lit, found / np.where(lit, clear, 1.0), np.nan)
    same = np.diff(issued) == np.timedelta64(0, "us")
    left = np.append(np.nan, np.where(same, index[:-1], np.nan))
    right = np.append(np.where(same, index[1:], np.nan), np.nan)
    at_least, at_most = np.fmin(left, right), np.fmax(left, right)
    return np.nan_to_num(at_least) * clear * lit, np.nan_to_num(at_most) * clear * lit


def _hidden(small: Mask, own: Values, grown: Values, lower: Values, higher: Values) -> Mask:
    """Return where a sum may have begun anew although it did not fall, as in the morning.

    Its growth is a dip that the neighbours do not show, and the sum itself is what they promise. Where the
    sky of the file has such dips at other times as well, it is the sky.

    Parameters
    ----------
    small
        Where the sum could be that of one interval.
    """
    lit = lower > 0
    dips = lit & (grown < DIP * lower)
    found: Mask = small & dips & (own > DIP * lower) & (own < higher / DIP)
    usual = (dips & ~small).sum() / max(int((lit & ~small).sum()), 1)
    return found if found.sum() > OFTENER * usual * max(int(small.sum()), 1) else found & False


def _check(fell: Mask, lit: Mask, own: Values, before: Values, name: str) -> None:
    """Refuse a column that falls again after it fell: it holds the values of each interval."""
    again = np.append(False, fell[1:] & fell[:-1] & (own[1:] > LEAST))
    if again.sum() < max(2, MOST_AGAIN * lit.sum()):
        return
    row = int(np.flatnonzero(again)[0])
    raise UnreadableFileError(
        "not_accumulated",
        f"the site's YAML says that {name} is accumulated, but it falls {int(fell.sum())} times in "
        f"{len(own)} rows, and goes on falling, for example from a mean of {before[row]:.4g} to "
        f"{own[row]:.4g} W/m2",
        "remove `kind: accumulated` in the site's YAML, where the column holds the energy of each interval "
        "(its unit stays J/m2) or its mean (W/m2)",
    )
