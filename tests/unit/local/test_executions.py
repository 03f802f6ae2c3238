"""An execution that nobody brings to its end leaves no step that seems to run."""

from __future__ import annotations

import pytest

from infra.local.sagemaker import events
from infra.local.sagemaker.executor import end_abruptly


@pytest.fixture
def told(monkeypatch):
    found = []
    monkeypatch.setattr(
        events, "step_changed", lambda _, step, __: found.append(step["StepStatus"])
    )
    monkeypatch.setattr(
        events,
        "execution_changed",
        lambda execution, _: found.append(execution["PipelineExecutionStatus"]),
    )
    return found


def execution(status):
    steps = [
        {"StepName": "Preprocess", "StepStatus": "Succeeded"},
        {"StepName": "Train", "StepStatus": "Executing"},
    ]
    return {"PipelineExecutionStatus": status, "_steps": steps}


@pytest.mark.parametrize(("before", "after"), [("Executing", "Failed"), ("Stopping", "Stopped")])
def test_the_running_step_ends_with_its_execution(told, before, after):
    given = execution(before)
    end_abruptly(given, "the platform was stopped")
    done, cut = given["_steps"]
    assert given["PipelineExecutionStatus"] == cut["StepStatus"] == after
    assert given["FailureReason"] == cut["FailureReason"] == "the platform was stopped"
    assert cut["EndTime"] == given["_EndTime"]
    assert done["StepStatus"] == "Succeeded"
    assert told == [after, after]


def test_an_ended_executions_forgotten_step_is_closed_and_nothing_else(told):
    given = execution("Failed") | {"FailureReason": "the first cause"}
    end_abruptly(given, "the platform was stopped")
    assert given["FailureReason"] == "the first cause"
    assert given["_steps"][1]["StepStatus"] == "Failed"
    assert told == ["Failed"]
    end_abruptly(given, "the platform was stopped")
    assert told == ["Failed"]
