"""A clear day rises once and falls once, from little to little, and has the sun's shape."""

from __future__ import annotations

import numpy as np
import pytest

from services.data_watcher.domain.believable import sun
from services.data_watcher.domain.believable.clear_day import is_clear
from tests.unit.data_watcher.plant_files import site
from tests.unit.data_watcher.powers import axis

SUMMER, SPRING, FEBRUARY, WINTER = "2024-06-10", "2024-03-20", "2024-02-10", "2024-01-20"
QUARTER, HALF_HOUR, HOUR = 15, 30, 60  # minutes


def ups(day: str, minutes: int = QUARTER) -> np.ndarray:
    """Sine of the sun's elevation over a plant in Utrecht."""
    step = np.timedelta64(minutes, "m")
    return np.asarray(
        sun.over(axis(1440 // minutes, day, step).utc, minutes * 60.0, site()).up, float
    )


def of(day: str, minutes: int = QUARTER) -> tuple[np.ndarray, np.ndarray]:
    up = ups(day, minutes)
    return 0.8 * up.clip(0.0), up


@pytest.mark.parametrize(
    ("day", "minutes"),
    [(SUMMER, QUARTER), ("2024-06-01", HOUR), (SPRING, HALF_HOUR), (FEBRUARY, HALF_HOUR)],
)
def test_a_day_without_clouds_is_clear(day: str, minutes: int) -> None:
    assert is_clear(*of(day, minutes))


def test_what_is_masked_for_a_night_may_reach_into_its_dawn() -> None:
    share, up = of(SUMMER)

    share[up < 0.1] = np.nan

    assert is_clear(share, up)


def test_a_day_of_which_something_is_unknown_is_not() -> None:
    share, up = of(SUMMER)
    share[50] = np.nan

    assert not is_clear(share, up)


@pytest.mark.parametrize("depth", [0.1, 0.3], ids=["thin clouds", "clouds"])
def test_clouds_go_up_and_down(depth: float) -> None:
    share, up = of(SUMMER)
    clouds = 1 - depth * (np.arange(len(up)) % 8 < 4)

    assert not is_clear(share * clouds, up)


def test_a_jitter_of_a_hundredth_is_no_cloud() -> None:
    share, up = of(SUMMER)

    assert is_clear(share * (1 + 5e-4 * (-1) ** np.arange(len(up))), up)


@pytest.mark.parametrize("rows", [slice(48), slice(48, None)], ids=["forenoon", "afternoon"])
def test_a_part_of_a_day_is_none(rows: slice) -> None:
    share, up = of(SUMMER)

    assert not is_clear(share[rows], up[rows])


def test_power_that_begins_at_a_third_of_its_peak_lacks_its_morning() -> None:
    share, up = of(SUMMER)

    assert not is_clear(share[share > share.max() / 3], up[share > share.max() / 3])
    assert is_clear(share[share > share.max() / 5], up[share > share.max() / 5])


def test_one_rise_and_fall_of_another_shape_is_not_the_suns() -> None:
    _, up = of(SUMMER)
    early = np.interp(np.arange(len(up)), [16, 24, 80], [0.0, 0.8, 0.0])

    assert 0.45 < np.corrcoef(early[up > 0], up[up > 0])[0, 1] < 0.9
    assert not is_clear(early, up)


def test_a_few_hours_of_light_say_little() -> None:
    assert not is_clear(*of(SPRING, HOUR))  # twelve rows


def test_a_low_winter_sun_says_little() -> None:
    share, up = of(WINTER, QUARTER)

    assert 0.25 < up.max() < 0.35
    assert not is_clear(share, up)


def test_the_noise_of_a_plant_that_is_off_is_no_clear_day() -> None:
    share, up = of(SUMMER)

    assert not is_clear(share * 1e-5, up)
    assert is_clear(share * 2e-5, up)
