"""What a counter grew by is the energy of its interval; where that is not known, it is said so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from services.data_watcher.adapters.reading import counters
from shared.errors import UnreadableFileError
from tests.unit.data_watcher.plant_files import plant, site
from tests.unit.data_watcher.powers import axis

ENERGY = np.array([watt for _, watt in plant(2)]) / 4000  # kWh of a quarter of an hour
READINGS = 1000.0 + np.cumsum(ENERGY) - ENERGY


def changed(rows: slice, change: Callable[[np.ndarray], object]) -> np.ndarray:
    readings = READINGS.copy()
    readings[rows] = change(readings[rows])
    return readings


@pytest.mark.parametrize(
    ("readings", "lost"),
    [
        (READINGS, {"counter_gap": 1}),
        (changed(slice(50, 51), lambda _: 0.0), {"counter_dropout": 1, "counter_gap": 2}),
        (changed(slice(50, 54), lambda _: 0.0), {"counter_dropout": 4, "counter_gap": 2}),
        (changed(slice(50, 53), lambda _: [3, 5, 4]), {"counter_dropout": 3, "counter_gap": 2}),
        (changed(slice(60, 64), lambda _: np.nan), {"counter_gap": 2}),
        (
            changed(slice(60, None), lambda each: each - each[0]),
            {"counter_reset": 1, "counter_gap": 1},
        ),
        (
            changed(slice(60, None), lambda each: each - each[0] + 5.0),
            {"counter_reset": 1, "counter_gap": 1},
        ),
        (
            changed(slice(None), lambda each: np.mod(each, 1010.0)),
            {"counter_reset": 1, "counter_gap": 1},
        ),
    ],
    ids=[
        "whole",
        "0 for a moment",
        "0 for an hour",
        "other numbers for a while",
        "not read for an hour",
        "set back to 0",
        "set back to 5",
        "rolled over",
    ],
)
def test_every_energy_is_right_or_its_loss_has_a_reason(
    readings: np.ndarray, lost: dict[str, int]
) -> None:
    found, reasons = counters.energies(
        readings, axis(len(readings)), "power_ac", site(), at_end=False
    )

    known = np.isfinite(found)
    np.testing.assert_allclose(found[known], ENERGY[known], atol=1e-9)
    assert {reason: int(mask.sum()) for reason, mask in reasons.items()} == lost
    assert np.count_nonzero(~known & np.isfinite(readings)) <= sum(lost.values())


@pytest.mark.parametrize(("digit", "told"), [(0.08, True), (0.07, False)])
def test_a_digit_is_at_most_a_twentieth_of_the_capacity(digit: float, *, told: bool) -> None:
    """Of a quarter of an hour, and of 6 kW: 0.075 kWh."""
    readings = np.floor(READINGS / digit) * digit
    if not told:
        counters.energies(readings, axis(len(readings)), "power_ac", site(), at_end=False)
        return
    with pytest.raises(UnreadableFileError) as caught:
        counters.energies(readings, axis(len(readings)), "power_ac", site(), at_end=False)
    assert caught.value.code == "coarse_counter"
