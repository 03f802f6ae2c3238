"""Irradiance of the day before or after is told by how hours differ from those of the day before."""

from __future__ import annotations

import numpy as np
import pytest

from services.data_watcher.domain.believable import other_day
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.powers import power

HOURS = 24
# Ways in which the hours of a day can change that have nothing in common.
WAYS = np.linalg.qr(np.random.default_rng(7).normal(size=(HOURS, HOURS)))[0].T
NOISE = WAYS[12:]


def weather(days: int, much: float = 0.4, like: float = 0.0) -> np.ndarray:
    """Days that differ from the ones before by so much, and so like the days before did."""
    changes = much * (WAYS[1:days] + like * WAYS[: days - 1])
    return 0.4 + np.concatenate([np.zeros((1, HOURS)), np.cumsum(changes, axis=0)])


def beside(own: np.ndarray, days: list[int], by: int = 1, noise: float = 0.0) -> np.ndarray:
    """Irradiance that is in some days that of another one, and otherwise that of its own."""
    light = own.copy()
    for day in days:
        light[day] = own[day - by]
    light[1:] += np.cumsum(noise * NOISE[: len(own) - 1], axis=0)
    return light


def said(own: np.ndarray, light: np.ndarray, known: slice | None = None) -> str | None:
    """What is refused of days of power and irradiance by the hour, as shares."""
    share = np.repeat(own.ravel(), 4)
    if known is not None:
        share[known] = np.nan
    try:
        other_day.check("ghi", 1000 * np.repeat(light.ravel(), 4), power(share, longitude=0.0))
    except UnreadableFileError as fault:
        return f"{fault.code}: {fault.reason}"
    return None


@pytest.mark.parametrize(
    ("by", "days", "expected"),
    [
        (1, range(1, 8), "from 2024-06-03 on ghi of a day follows the power of the day before it, on 6 days"),
        (-1, range(7), "from 2024-06-02 on ghi of a day follows the power of the day after it, on 6 days"),
        (1, range(4, 8), "from 2024-06-06 on ghi of a day follows the power of the day before it, on 3 days"),
    ],
)  # fmt: skip
def test_the_first_of_the_days_is_said_and_how_many_they_are(
    by: int, days: range, expected: str
) -> None:
    own = weather(8)

    assert f"wrong_clock: {expected}" in str(said(own, beside(own, list(days), by)))
    assert said(own, own) is None


@pytest.mark.parametrize(("days", "is_refused"), [(4, False), (5, True)])
def test_five_days_are_as_many_as_it_takes(days: int, *, is_refused: bool) -> None:
    own = weather(days)

    assert (said(own, beside(own, list(range(1, days)))) is not None) == is_refused


@pytest.mark.parametrize(("moved", "is_refused"), [([3, 4], False), ([3, 4, 5], True)])
def test_one_change_that_fits_another_day_is_chance_and_two_in_a_row_are_not(
    moved: list[int], *, is_refused: bool
) -> None:
    own = weather(9)

    assert (said(own, beside(own, moved)) is not None) == is_refused


def test_days_that_fit_their_own_between_them_part_a_row() -> None:
    own = weather(12)

    assert said(own, beside(own, [2, 3, 7, 8])) is None


def test_days_that_fit_none_do_not() -> None:
    own = weather(9)
    light = beside(own, [2, 3, 4, 5, 6])
    light[4] = 0.4  # only the changes of the third and of the sixth day are those of the day before

    assert "from 2024-06-04 on" in str(said(own, light))
    assert "on 2 days" in str(said(own, light))


def test_nor_does_the_seam_between_them_nor_a_day_that_fits_both() -> None:
    own = weather(9)
    alike = own.copy()
    alike[5:] += own[4] - own[3] - (own[5] - own[4])  # changes as the day before did

    assert "from 2024-06-04 on" in str(said(own, beside(own, [2, 3, 5, 6])))
    assert "from 2024-06-04 on" in str(said(alike, beside(alike, [2, 3, 6, 7])))


@pytest.mark.parametrize(("like", "is_refused"), [(0.15, True), (0.35, False)])
def test_days_that_change_like_the_day_before_do_not_tell(like: float, *, is_refused: bool) -> None:
    own = weather(9, like=like)

    assert (said(own, beside(own, list(range(1, 9)))) is not None) == is_refused


@pytest.mark.parametrize(("noise", "is_refused"), [(0.1, True), (0.18, False)])
def test_irradiance_follows_the_other_day_closely(noise: float, *, is_refused: bool) -> None:
    own = weather(9)
    light = beside(own, list(range(1, 9)), noise=noise)

    assert (said(own, light) is not None) == is_refused


@pytest.mark.parametrize(("much", "is_refused"), [(0.2, False), (0.4, True)])
def test_weather_that_hardly_changes_tells_nothing(much: float, *, is_refused: bool) -> None:
    """By a tenth and by a fifth of a usual day."""
    own = weather(9, much)

    assert (said(own, beside(own, list(range(1, 9)))) is not None) == is_refused


def test_a_day_like_the_one_before_is_not_one_that_fits() -> None:
    """Power goes on as it was while irradiance changes, as of a plant that is held back."""
    own = weather(9)
    flat = np.full_like(own, 0.4)

    assert said(flat, beside(own, list(range(1, 9)))) is None
    assert said(own, flat) is None


def test_hours_at_the_limit_of_a_plant_are_left_out() -> None:
    own = weather(9)
    light = beside(own, list(range(1, 9)))
    own[:, :4] = 1.0
    light[:, :4] = 0.5 + 0.4 * np.cos(np.arange(9 * 4) ** 2).reshape(9, 4)

    assert said(own, light) is not None


@pytest.mark.parametrize("known", [slice(8, 10), slice(288, 304)], ids=["rows", "hours"])
def test_what_is_unknown_does_not_hide_a_day(known: slice) -> None:
    own = weather(9)
    light = beside(own, list(range(1, 9)))

    assert "on 7 days" in str(said(own, light, known))
    assert said(own, own, known) is None


@pytest.mark.parametrize("is_power", [True, False])
def test_an_hour_of_which_one_row_is_known_is_compared(*, is_power: bool) -> None:
    own = weather(9)
    share, light = (np.repeat(each.ravel(), 4) for each in (own, beside(own, list(range(1, 9)))))
    (share if is_power else light)[np.arange(len(share)) % 4 > 0] = np.nan

    with pytest.raises(UnreadableFileError, match="on 7 days"):
        other_day.check("ghi", 1000 * light, power(share, longitude=0.0))


def test_a_plant_that_is_off_on_most_days_says_nothing() -> None:
    own = weather(9)
    own[3:] = 0.0

    assert said(own, weather(9)) is None
