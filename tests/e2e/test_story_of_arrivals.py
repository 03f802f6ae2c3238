"""Data arrive during a retrain: the task that closes the run starts the next one, and no sweep has to."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from console.commands.runs import all_runs
from infra.local.home import Home
from shared import layout
from tests.e2e.test_story import eventually, put, solar
from tests.integration.conftest import LocalPlatform
from tests.unit.solar import plant_data

pytestmark = pytest.mark.e2e
SITE = MODEL = plant_data.PLANT.site_id
SITE_YAML = f"""\
site_id: {SITE}
model_id: {MODEL}
latitude: {plant_data.PLANT.latitude}
longitude: {plant_data.PLANT.longitude}
timezone: Europe/Berlin
ac_capacity_kw: {plant_data.PLANT.ac_capacity_kw}
weather_source: on_site
sources:
  - name: all
    files: "*.csv"
    timestamp: {{column: time, timezone: UTC}}
    columns:
      power_ac: {{column: power, unit: kW}}
      ghi: {{column: ghi, unit: W/m2}}
      temp_air: {{column: temp, unit: C}}
"""
# Without a pause between runs the next one follows at once. No version is good enough to be deployed.
MODEL_YAML = f"""\
model_id: {MODEL}
model_type: lightgbm
accuracy_threshold: 1.0
policy:
  quiet_period: 1 s
  minimum_new_days: 1
  cool_down: 0 s
  maximum_attempts: 1
"""
DAYS, MORE_DAYS = 40, 45


def measured(first: int, end: int) -> bytes:
    """Return the days of a made-up plant as a file."""
    rows, day = plant_data.rows(days=end), 24 * 60 // plant_data.STEP
    columns = {"time": rows.times, "power": rows.power_ac, **rows.weather}
    frame = pd.DataFrame(columns).rename(columns={"temp_air": "temp"})
    return frame[first * day : end * day].to_csv(index=False).encode()


def runs() -> list[dict[str, Any]]:
    return all_runs(MODEL)


def ended(number: int) -> dict[str, Any]:
    """Wait until so many runs of the model are over; return the last of them."""

    def look() -> dict[str, Any] | None:
        found = runs()[:number]
        return found[-1] if len(found) == number and found[-1]["status"] != "running" else None

    run: dict[str, Any] = eventually(look)
    return run


def closing_of(system: LocalPlatform, run_id: str) -> tuple[datetime, datetime]:
    """Return when the task that closes a run began and ended."""
    states = system.client("stepfunctions")
    (machine,) = states.list_state_machines()["stateMachines"]
    executions = states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    (arn,) = (each["executionArn"] for each in executions if run_id in each["name"])
    events = states.get_execution_history(executionArn=arn, maxResults=1000)["events"]

    def when(moment: str) -> datetime:
        of_closing = (
            each["timestamp"] for each in events if each.get(moment, {}).get("name") == "CloseRun"
        )
        found: datetime = next(of_closing)
        return found

    return when("stateEnteredEventDetails"), when("stateExitedEventDetails")


def test_data_that_arrive_during_a_retrain_are_trained_on_as_soon_as_it_is_closed(
    system: LocalPlatform,
) -> None:
    put(layout.model_config(MODEL), MODEL_YAML.encode())
    put(layout.site_config(SITE), SITE_YAML.encode())
    put(f"{layout.RAW}{SITE}/first.csv", measured(0, DAYS))
    eventually(runs)
    put(f"{layout.RAW}{SITE}/meanwhile.csv", measured(DAYS, MORE_DAYS))
    eventually(lambda: len(solar("files", "--site", SITE, "--state", "accepted")) == 2)
    assert [run["status"] for run in runs()] == ["running"], "they arrived too late for this story"

    first, scarce = ended(1), Home(system.home).no_spot
    scarce.touch()  # how the next run ends is another story: without an instance that is soon
    try:
        second = ended(2)
    finally:
        scarce.unlink()

    assert first["status"] == "rejected", first["failure"]
    (arrived,) = (
        each for each in solar("files", "--site", SITE) if each["key"].endswith("meanwhile.csv")
    )
    assert arrived["dataset_ids"] == [second["dataset_id"]]
    begun, over = closing_of(system, first["run_id"])
    assert begun < datetime.fromisoformat(second["started_at"]) < over
