"""Canaries: an input that knows the power, or a test that training has seen, makes every score worthless."""

from __future__ import annotations

import numpy as np

from services.trainer_trigger.pipeline.data.site_validation import Validation
from services.trainer_trigger.pipeline.judging.scoring import ScoredRows
from shared.evaluation import Window
from shared.solar.position import Floats
from shared.solar.rows import Rows

_SAME = 0.99995  # correlation with the power of the moment; at the clearest plants irradiance reaches 0.999
_AHEAD = 0.9995  # correlation with the power of later rows
_LEAST_ROWS = 100
_LEADS = (1, 2, 4, 8)


def leaks(test: ScoredRows, trained_on: Window) -> tuple[str, ...]:
    """Return the evidence of a leak, in words.

    Parameters
    ----------
    trained_on
        The challenger's training time.
    """
    found = []
    first = test.rows.times.min()
    end = np.datetime64(trained_on.end.replace(tzinfo=None), "s")
    if first < end:
        early = int((test.rows.times < end).sum())
        found.append(
            f"leak: {early} of {len(test.rows)} test rows lie in the training time, which ends at "
            f"{trained_on.end:%Y-%m-%d %H:%M} UTC; was the split shuffled?"
        )
    for name in sorted(test.rows.weather):
        same, ahead = _knows(test, test.rows.weather[name])
        if same > _SAME:
            found.append(
                f"leak: {name} is the power itself, up to a factor (correlation {same:.6f} by day)"
            )
        elif ahead > max(_AHEAD, same):
            found.append(f"leak: {name} knows later power (correlation {ahead:.6f} by day)")
    return tuple(found)


def leaks_of_forecasts(rows: Rows, validation: Validation) -> tuple[str, ...]:
    """Return the evidence that forecasts know what came after their issue, in words.

    Parameters
    ----------
    rows
        Test rows, every issue of every interval; there is no evidence in rows of measured weather.
    """
    if not rows.are_forecast:
        return ()
    found = []
    late = int((rows.issued_at > rows.times).sum())
    if late:
        found.append(
            f"leak: {late} of {len(rows)} forecasts were issued after their interval had begun; see `issued` "
            "in the sites' YAML"
        )
    forecasts = {name: site.forecast for name, site in validation.sites.items() if site.forecast}
    found += [
        f"leak: the irradiance that {provider} forecast for {name} is what was measured (correlation "
        f"{said.agreement[provider]:.4f}); nobody can have known it when it was issued"
        for name, said in forecasts.items()
        for provider in said.too_good
    ]
    return tuple(found)


def _knows(test: ScoredRows, values: Floats) -> tuple[float, float]:
    """Return the correlation of an input with power now, and the highest with later power, by day."""
    step = np.diff(test.rows.times.astype(np.int64)[np.argsort(test.rows.times)])
    usual = int(np.median(step[step > 0])) if (step > 0).any() else 0
    same = _correlation(test, values, 0)
    ahead = max(_correlation(test, values, lead * usual) for lead in _LEADS) if usual else 0.0
    return same, ahead


def _correlation(test: ScoredRows, values: Floats, later_seconds: int) -> float:
    seconds = test.rows.times.astype(np.int64)
    span = int(np.ptp(seconds)) + 8 * 86_400
    key = test.rows.site * 2 * span + seconds - seconds.min()
    order = np.argsort(key, kind="stable")
    place = np.minimum(np.searchsorted(key[order], key + later_seconds), len(key) - 1)
    partner = order[place]
    known = (key[partner] == key + later_seconds) & np.isfinite(values) & test.daylight
    power, given = test.share[partner][known], values[known]
    if known.sum() < _LEAST_ROWS or np.ptp(power) == 0 or np.ptp(given) == 0:
        return 0.0
    return float(abs(np.corrcoef(power, given)[0, 1]))
