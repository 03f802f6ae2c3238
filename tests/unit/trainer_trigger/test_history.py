"""What earlier runs mean for the next decision."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.trainer_trigger.domain import history
from services.trainer_trigger.domain.model_state import (
    FinishedRun,
    RecipeHistory,
    Request,
    is_overdue,
)
from services.trainer_trigger.domain.run import Run
from shared.model_config import RetrainPolicy
from tests.unit.trainer_trigger.samples import START, a_file, a_run
from tests.unit.trainer_trigger.world import World, end, in_flight

HOUR = timedelta(hours=1)


def runs(*said: dict[str, Any]) -> tuple[Run, ...]:
    """Return runs that began one after the other, each an hour after the one before."""
    return tuple(
        replace(a_run(number), **{"started_at": START + number * HOUR, **fields})
        for number, fields in enumerate(said)
    )


def test_the_last_finished_run_is_the_one_that_ended_last_with_a_verdict() -> None:
    known = runs(
        {"status": "registered", "ended_at": START + 9 * HOUR},
        {"status": "rejected", "ended_at": START + 5 * HOUR},
        {"status": "failed", "ended_at": START + 99 * HOUR},
        {"status": "running"},
    )
    assert history.last_finished(known) is known[0]
    assert history.last_finished(known[2:]) is None


def test_a_finished_run_without_an_end_counts_from_its_beginning() -> None:
    (ended, endless) = runs(
        {"status": "rejected", "ended_at": START + HOUR, "exclusions_id": "x"},
        {"status": "registered"},
    )
    assert history.finished(ended) == FinishedRun(
        ended.run_id, "rejected", ended.config_id, START + HOUR, "x"
    )
    assert history.finished(endless).ended_at == endless.started_at
    later = replace(endless, started_at=START + 2 * HOUR)
    assert history.last_finished((ended, later)) is later


def test_success_is_counted_from_the_last_registration_or_else_from_the_first_run() -> None:
    registered = runs(
        {"status": "registered", "ended_at": START + 2 * HOUR},
        {"status": "registered", "ended_at": START + 7 * HOUR},
        {"status": "rejected", "ended_at": START + 9 * HOUR},
    )
    assert history.unsuccessful_since(registered) == START + 7 * HOUR
    assert history.unsuccessful_since(registered[2:]) == START + 2 * HOUR
    never = runs({"status": "failed", "ended_at": START + 5 * HOUR}, {"status": "rejected"})
    assert history.unsuccessful_since(never) == START
    assert history.unsuccessful_since(()) is None


def test_a_recipe_is_known_by_its_last_verdict_and_its_failures() -> None:
    known = runs(
        {"recipe_id": "r", "status": "failed", "ended_at": START + 5 * HOUR},
        {"recipe_id": "r", "status": "failed", "ended_at": START + 3 * HOUR},
        {"recipe_id": "other", "status": "failed", "ended_at": START + 9 * HOUR},
        {"recipe_id": "r", "status": "rejected", "ended_at": START + 6 * HOUR},
        {"recipe_id": "r", "status": "registered", "ended_at": START + 7 * HOUR},
        {"recipe_id": "r", "status": "running"},
        {"recipe_id": "other", "status": "rejected"},
    )
    assert history.recipe_history(known, "r") == RecipeHistory(
        outcome="registered",
        run_id=known[4].run_id,
        failures=2,
        last_failure_at=START + 5 * HOUR,
    )
    assert history.recipe_history(known, "new") == RecipeHistory()


def test_the_month_of_its_start_pays_for_a_run() -> None:
    starts = ((2026, 5, 1), (2026, 5, 31), (2026, 4, 30), (2025, 5, 4), (2026, 5, 9))
    costs = (1.0, 2.0, 4.0, 8.0, None)
    known = runs(
        *(
            {"started_at": datetime(*day, tzinfo=UTC), "cost_usd": cost}
            for day, cost in zip(starts, costs, strict=True)
        )
    )
    assert history.spent_usd(known, START) == 3.0


@pytest.mark.parametrize(("later", "overdue"), [(timedelta(0), False), (HOUR, True)])
def test_a_model_is_overdue_after_the_alarms_time_and_not_at_it(
    later: timedelta, *, overdue: bool
) -> None:
    world = in_flight()
    end(world)
    policy = RetrainPolicy()
    state = world.service.looking.state("golden", world.configuration.config)
    assert state.unsuccessful_since is not None
    now = state.unsuccessful_since + policy.no_success_alarm + later
    assert is_overdue(state, policy, now) is overdue
    assert not is_overdue(replace(state, unsuccessful_since=None), policy, now)


def test_a_decision_is_kept_with_what_it_was_made_of() -> None:
    world = in_flight()
    run = end(world)
    world.upload(a_file(2))
    asked = Request("ada", "new inverter", force=False, requested_at=START)
    world.memory.set_request("golden", asked)
    config = world.configuration.config
    inputs = history.inputs(world.service.looking.state("golden", config), config)
    told = inputs.pop("config")
    assert inputs == {
        "files": 2,
        "new_files": 1,
        "left_out": 0,
        "champion_version": 1,
        "in_flight": None,
        "recipe_outcome": None,
        "spent_usd": pytest.approx(world.memory.kept[run.run_id].cost_usd),
        "requested_by": "ada",
        "requested_at": START.isoformat(),
        "correlation_id": a_file(2).key,
    }
    assert told["model_type"] == config.model_type
    assert json.loads(json.dumps(told)) == told, "it is kept as JSON"
    assert not {"endpoint", "margins"} & told.keys(), "they decide nothing here"


def test_what_a_first_decision_was_made_of_is_said_with_none() -> None:
    world = World()
    config = world.configuration.config
    inputs = history.inputs(world.service.looking.state("golden", config), config)
    assert inputs["files"] == inputs["new_files"] == 0
    for name in ("champion_version", "in_flight", "requested_by", "requested_at", "correlation_id"):
        assert inputs[name] is None, name


def test_a_decision_during_a_run_says_which() -> None:
    world = in_flight()
    config = world.configuration.config
    inputs = history.inputs(world.service.looking.state("golden", config), config)
    assert inputs["in_flight"] == world.the_run.run_id
