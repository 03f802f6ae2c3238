"""A day's level is the plant's, not the sky's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.solar import day_level, skies
from shared.solar.irradiance import clearsky_ghi

PREDICTED = np.clip(np.sin(np.linspace(0, np.pi, 48)), 0, 1) * 0.8


@settings(deadline=None)  # of a machine that others use, too
@given(factor=st.floats(0.3, 1.5))
def test_a_plant_that_gives_a_constant_share_has_that_level_without_scatter(factor) -> None:
    found = day_level.of_day(PREDICTED * factor, PREDICTED, 15)
    assert found.level == pytest.approx(factor)
    assert found.scatter == pytest.approx(0, abs=1e-9)


def test_an_hour_of_cloud_that_was_not_predicted_hardly_moves_the_level() -> None:
    measured = PREDICTED.copy()
    measured[20:24] *= 0.2
    assert day_level.of_day(measured, PREDICTED, 15).level == pytest.approx(1.0)
    assert measured.sum() / PREDICTED.sum() < 0.9


def test_rows_that_disagree_are_said_to_scatter() -> None:
    random = np.random.default_rng(1)
    measured = PREDICTED * np.exp(random.normal(0, 0.2, 48))
    assert day_level.of_day(measured, PREDICTED, 15).scatter == pytest.approx(0.2, rel=0.5)


@pytest.mark.parametrize(
    ("measured", "predicted"),
    [
        (PREDICTED * 0.05, PREDICTED * 0.05),
        (np.full(48, np.nan), PREDICTED),
        (PREDICTED, np.where(np.arange(48) < 22, PREDICTED, np.nan) * (np.arange(48) > 18)),
        (np.empty(0), np.empty(0)),
    ],
    ids=["dark", "without power", "less than an hour and a half", "without rows"],
)
def test_a_day_with_too_little_to_tell_has_no_level(measured, predicted) -> None:
    assert day_level.of_day(measured, predicted, 15) is None


def test_nothing_measured_is_a_low_level_and_no_error() -> None:
    assert day_level.of_day(np.zeros(48), PREDICTED, 15).level < 0.02


@pytest.mark.parametrize("step", [5, 15, 60])
def test_every_step_of_time_gives_the_same_level(step) -> None:
    predicted = np.sin(np.linspace(0, np.pi, 12 * 60 // step))
    assert day_level.of_day(predicted * 0.9, predicted, step).level == pytest.approx(0.9)


def test_the_sky_of_a_day_is_its_irradiation_over_that_of_a_clear_sky() -> None:
    up = np.sin(np.linspace(-np.pi / 4, np.pi * 1.25, 96))
    ghi = clearsky_ghi(up) * 0.6
    assert skies.of_day(ghi, up) == pytest.approx(0.6)
    assert skies.of_day(np.full(96, np.nan), up) is None
    assert skies.of_day(ghi, np.full(96, -0.5)) is None


@pytest.mark.parametrize(
    ("index", "name"), [(0.0, "overcast"), (0.35, "broken"), (0.8, "clear"), (1.4, "clear")]
)
def test_every_clear_sky_index_has_a_word(index, name) -> None:
    assert skies.name(index) == name


def test_an_unknown_sky_has_no_word() -> None:
    assert skies.name(None) is None
