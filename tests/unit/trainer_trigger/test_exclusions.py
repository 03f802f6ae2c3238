"""A retrain follows an exclusion that takes rows out, and no other."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.dataset import Exclusion
from tests.unit.trainer_trigger.samples import a_file
from tests.unit.trainer_trigger.world import World, found

FILE = a_file(1)
BEFORE, WITHIN, AFTER = (
    Exclusion(site_id="golden", start=start, end=start + timedelta(days=5), reason="logger clock")
    for start in (
        FILE.window_start - timedelta(days=5),
        FILE.window_start + timedelta(days=5),
        FILE.window_end,
    )
)


@pytest.fixture
def trained() -> World:
    """A model whose only run is over."""
    world = World()
    world.upload(FILE)
    world.let_timers_ring()
    run = world.the_run
    found(world, run)
    world.service.closing.close(
        "golden", run.run_id, world.service.outcomes.collect("golden", run.run_id, "arn")
    )
    return world


@pytest.mark.parametrize("exclusions", [(BEFORE,), (AFTER,), (BEFORE, AFTER)])
def test_an_exclusion_of_what_the_last_run_did_not_have_retrains_nothing(
    trained: World, exclusions: tuple[Exclusion, ...]
) -> None:
    trained.configuration.excluded = exclusions
    trained.service.evaluating.evaluate("golden")
    assert trained.sequence.starts == 1


def test_beside_such_a_one_an_exclusion_of_learnt_rows_still_retrains(trained: World) -> None:
    trained.configuration.excluded = (AFTER,)
    trained.service.evaluating.evaluate("golden")
    trained.configuration.excluded = (AFTER, WITHIN)
    trained.service.evaluating.evaluate("golden")
    assert trained.sequence.starts == 2


def test_a_file_of_an_excluded_time_waits_for_quiet_like_any_other(trained: World) -> None:
    following = FILE.model_copy(
        update={
            "file_id": "file0002",
            "key": "canonical/golden/file0002.parquet",
            "window_start": FILE.window_end,
            "window_end": FILE.window_end + timedelta(days=30),
        }
    )
    trained.configuration.excluded = (AFTER,)
    trained.service.evaluating.evaluate("golden")
    trained.upload(following)
    trained.service.evaluating.evaluate("golden")
    assert trained.sequence.starts == 1
