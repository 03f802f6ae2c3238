"""A real plant replayed after a deployment: left alone while it is healthy, found soon where it is not.

`make bench-live` does it from every fifth day on, for more kinds of faults, models and plants.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bench import live, peers_plants

MOST_FALSE_ALARMS = 2
MOST_LOST_BY_ADJUSTING = 0.003  # R2
DAYS_BETWEEN_STARTS = 60


@pytest.fixture(scope="module")
def replayed() -> Iterator[tuple[live.Plant, list[live.Version], live.Grid]]:
    """PVDAQ system 50: a version of the first year, and what it says of the 20 months after it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "MODEL_TYPE", "lightgbm")
        patch.setattr(live, "EVERY", DAYS_BETWEEN_STARTS)
        site, tables = peers_plants.system_50()
        plant = live.plant(site, list(tables))
        served_by = live.versions(plant, None)
        yield plant, served_by, live.served(plant, served_by)


def test_a_healthy_plant_is_left_alone(replayed: Any) -> None:
    grid = replayed[2]
    found = live.scores(grid)
    assert sum(each.state == "scored" for each in found) > 550
    alarms = live.false_alarms(found, grid.promises)
    assert len(alarms) <= MOST_FALSE_ALARMS, alarms


@pytest.mark.parametrize(("part", "within", "of_ten"), [(0.9, 10, 10), (0.75, 4, 9)])
def test_a_worse_plant_is_found_soon_from_whichever_day_on(
    replayed: Any, part: float, within: int, of_ten: int
) -> None:
    """Four scored days may be four of snow or overcast sky: of a dead string not all are found then."""
    starts = list(live.each_start(replayed[2], lambda power, _: power * part, within))
    found = [each for each in starts if each.verdict is not None]
    assert len(starts) >= 9
    assert len(found) == len(starts)
    assert sum(each.delay <= within for each in found) >= len(starts) * of_ten / 10
    assert all(each.telling <= within for each in found)
    assert not any(each.verdict.retrain_helps for each in found)


def test_a_curtailed_month_is_named_and_starts_no_retrain(replayed: Any) -> None:
    found = live.named(replayed[2], live.curtailed, {"curtailed"})
    assert (len(found.delays), found.retrains) == (found.months, 0)
    assert found.months >= 3


def test_a_stuck_pyranometer_is_named_and_starts_no_retrain(replayed: Any) -> None:
    plant, served_by, grid = replayed
    found = live.named(grid, None, {"stuck_irradiance"}, live.stuck(plant, served_by))
    assert (len(found.delays), found.retrains) == (found.months, 0)
    assert found.months >= 3


def test_the_adjuster_costs_a_healthy_plant_next_to_nothing(replayed: Any) -> None:
    _, (version,), grid = replayed
    plain, adjusted, _ = live.with_and_without(grid, version)
    assert plain > 0.8
    assert adjusted >= plain - MOST_LOST_BY_ADJUSTING
