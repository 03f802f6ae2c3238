"""Masks of rows as stretches of time: a count says how much was taken out, a stretch where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from services.trainer_trigger.pipeline.data.site_validation import EXCLUDED
from shared import layout
from shared.masked import MaskedStretches, Stretch
from shared.solar.position import Times
from shared.solar.quality import Mask


def of_masks(times: Times, masks: Mapping[str, Mask], step_minutes: int) -> tuple[Stretch, ...]:
    """Return where rows were taken out by a check, in the order of time.

    Parameters
    ----------
    times
        Starts of all rows, in order.
    masks
        Which of them were taken out, by reason.
    step_minutes
        Rows that are further apart than this are no neighbours. [min]
    """
    step = timedelta(minutes=step_minutes)
    found = [
        Stretch(
            start=_aware(chosen[0]), end=_aware(chosen[-1]) + step, reason=reason, rows=len(chosen)
        )
        for reason, mask in masks.items()
        if reason != EXCLUDED
        for chosen in _runs(times, mask, np.timedelta64(step))
    ]
    return tuple(sorted(found, key=lambda each: (each.start, each.reason)))


def write(found: MaskedStretches, report: Path) -> None:
    """Write a site's stretches below the report; where nothing was taken out, too, so that this is known."""
    path = report / layout.STRETCHES / f"{found.site_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(found.model_dump_json(), "utf-8")


def _runs(times: Times, mask: Mask, step: np.timedelta64) -> Iterator[Times]:
    """Yield the times of each run of masked neighbours."""
    chosen = times[mask]
    if len(chosen):
        yield from np.split(chosen, np.flatnonzero(np.diff(chosen) > step) + 1)


def _aware(moment: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(moment.astype("datetime64[s]").astype(np.int64)), UTC)
