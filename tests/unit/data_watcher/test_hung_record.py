"""Power that stands still at its own top and then falls at once is masked; a plant at a limit is kept."""

from __future__ import annotations

import pytest

from services.data_watcher.adapters.reading import read
from tests.unit.data_watcher.clear_days import Sky, clear, cloudy, csv, powers, rows, where
from tests.unit.data_watcher.plant_files import CAPACITY_W, refused


def hung(days: int, day: int, begin: float, end: float, step: int = 15) -> tuple[list[float], int]:
    """Power of clear days whose record hangs on one of them, and for how many rows."""
    values = rows(days, step=step)
    size = 1440 // step
    first, after = day * size + round(begin * size), day * size + round(end * size)
    values[first:after] = [values[first]] * (after - first)
    return values, after - first


@pytest.mark.parametrize("step", [5, 10, 15, 30])
@pytest.mark.parametrize(("begin", "end"), [(0.48, 0.66), (0.47, 0.625)])
def test_what_hangs_at_the_top_is_masked(step: int, begin: float, end: float) -> None:
    values, count = hung(8, 3, begin, end, step)

    reading = read(csv(values, step=step), "raw/east/p.csv", where(step))

    assert reading.rows.masks == {"stuck": count}


@pytest.mark.parametrize(("begin", "end"), [(0.5, 0.7), (0.42, 0.67), (0.4, 0.625)])
def test_a_day_that_hangs_for_hours_is_refused(begin: float, end: float) -> None:
    values, count = hung(1, 0, begin, end)

    fault = refused(csv(values), where())

    assert fault.code == "too_much_masked"
    assert f"{count} of" in fault.reason
    assert "stuck" in fault.reason


@pytest.mark.parametrize("step", [5, 10, 15, 30])
@pytest.mark.parametrize("limit", [0.3, 0.5, 0.7])
@pytest.mark.parametrize("sky", [clear, cloudy, lambda day: 1.0 if day < 0.6 else cloudy(day)])
def test_a_plant_at_its_limit_is_kept(step: int, limit: float, sky: Sky) -> None:
    values = rows(1, lambda _, watt: min(watt, limit * CAPACITY_W), sky, step, size=1.3)

    found = powers(csv(values, step=step), where(step))

    assert found == pytest.approx([each / 1000 for each in values], abs=1e-4)
