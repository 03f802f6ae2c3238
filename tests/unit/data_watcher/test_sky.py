"""The sky over intervals: what a clear one gives, what none exceeds, and whether there is light at all."""

from __future__ import annotations

import numpy as np
import pytest

from services.data_watcher.domain.believable.sky import Sky
from shared.solar import irradiance, position
from tests.unit.data_watcher.plant_files import site

HOUR = 3600.0
EQUINOX = np.datetime64("2024-03-20", "us") + np.arange(24) * np.timedelta64(1, "h")


def sun_at(begins: np.ndarray, seconds: float) -> position.SolarPosition:
    moments = begins + np.timedelta64(round(seconds), "s")
    return position.position(position.ephemeris(moments), 52.1, 5.1)


def test_the_clear_sky_of_an_interval_is_its_mean() -> None:
    each = [irradiance.clearsky_ghi(sun_at(EQUINOX, second).up) for second in range(30, 3600, 60)]

    sky = Sky.over(EQUINOX, HOUR, site())

    assert sky.clear == pytest.approx(np.mean(each, axis=0), abs=4.0)
    assert sky.clear.max() == pytest.approx(611, abs=1)


def test_no_mean_exceeds_what_comes_from_above_the_atmosphere_were_it_half_an_interval_off() -> (
    None
):
    highest = np.max([sun_at(EQUINOX, second).up for second in range(-1800, 5401, 900)], axis=0)
    outside = irradiance.extraterrestrial(sun_at(EQUINOX, 1800).year_phase)

    sky = Sky.over(EQUINOX, HOUR, site())

    assert sky.most == pytest.approx(outside * np.maximum(highest, 0.0) + 30.0)
    assert sky.most[0] == 30.0


def test_it_is_light_by_its_middle_and_night_all_through_and_beside_it() -> None:
    """The sun rises at 5:47 and sets at 17:48; twilight is twenty minutes more."""
    sky = Sky.over(EQUINOX, HOUR, site())

    assert np.flatnonzero(sky.is_lit).tolist() == list(range(6, 18))
    assert np.flatnonzero(~sky.is_night).tolist() == list(range(4, 19))
    assert sky.hour_angle == pytest.approx(sun_at(EQUINOX, 1800).hour_angle)


def test_half_hours_before_dawn_that_are_night_stay_night() -> None:
    dawn = np.datetime64("2024-03-20T04:00", "us") + np.arange(4) * np.timedelta64(30, "m")

    assert Sky.over(dawn, HOUR / 2, site()).is_night.tolist() == [True, True, False, False]


def test_intervals_of_several_lengths_keep_their_order() -> None:
    begins = EQUINOX[[12, 6, 12, 9, 6]]
    lengths = np.array([1.0, 3.0, 3.0, 1.0, 3.0]) * HOUR

    sky = Sky.over_each(begins, lengths, site())

    for row, (begin, length) in enumerate(zip(begins, lengths.tolist(), strict=True)):
        alone = Sky.over(np.array([begin]), length, site())
        here = np.arange(len(begins)) == row
        assert sky.take(here).clear == pytest.approx(alone.clear)
        assert sky.take(here).most == pytest.approx(alone.most)
        assert sky.take(here).hour_angle == pytest.approx(alone.hour_angle)


def test_intervals_of_one_length_are_looked_at_together() -> None:
    both, alone = Sky.over_each(EQUINOX, np.full(24, HOUR), site()), Sky.over(EQUINOX, HOUR, site())

    assert both.clear.tolist() == alone.clear.tolist()
