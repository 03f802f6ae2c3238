"""Which days of the test the report shows: typical ones, and the worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from services.trainer_trigger.pipeline.judging.scoring import ScoredRows
from shared.solar.position import Floats

_NEARLY_WHOLE = 0.8  # share of a day that must be measured to be shown


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one site, as indices into the test rows."""

    site: str
    date: str
    rows: np.ndarray
    error: float


@dataclass(frozen=True, slots=True)
class Lines:
    """What is drawn: everything as a share of AC capacity. [unitless]"""

    test: ScoredRows
    challenger: Floats
    p10: Floats
    p90: Floats
    champion: Floats | None

    @property
    def hour(self) -> Floats:
        """Hour of each row's centre in its site's mean solar time. [h]"""
        seconds = self.test.rows.times.astype(np.int64) + self.test.longitude * 240
        hours: Floats = (seconds % 86_400) / 3600
        return hours


def ranked_days(lines: Lines) -> list[Day]:
    """Return every day of every site that is measured for the most part, by rising error."""
    test = lines.test
    wrong = np.abs(lines.challenger - test.share)
    key = test.day * len(test.rows.sites) + test.rows.site
    order = np.argsort(key, kind="stable")
    found = [
        Day(
            site=test.rows.sites[test.rows.site[rows[0]]],
            date=str(np.datetime64(int(test.day[rows[0]]), "D")),
            rows=rows,
            error=float(wrong[rows].mean()),
        )
        for rows in np.split(order, np.flatnonzero(np.diff(key[order])) + 1)
    ]
    longest = max(len(day.rows) for day in found)
    whole = [day for day in found if len(day.rows) > _NEARLY_WHOLE * longest]
    return sorted(whole, key=lambda day: day.error)


def typical_and_worst(lines: Lines, count: int = 4) -> tuple[list[Day], list[Day]]:
    """Return days around the median error in the order of time, and the worst days, the worst first."""
    ranked = ranked_days(lines)
    middle = len(ranked) // 2
    around = ranked[max(middle - count * 2, 0) : middle + count * 2]
    around = sorted(around, key=lambda day: day.date)
    picked = sorted(set(np.linspace(0, len(around) - 1, count).astype(int).tolist()))
    return [around[place] for place in picked], ranked[::-1][:count]
