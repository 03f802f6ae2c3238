"""The retrain sequence is addressed in the partition and region that its client works in."""

from __future__ import annotations

from datetime import UTC, datetime

import boto3
import pytest
from botocore.stub import Stubber

from services.trainer_trigger.adapters.sequence import StepFunctionsSequence
from tests.unit.trainer_trigger.samples import a_file
from tests.unit.trainer_trigger.world import World


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("us-gov-west-1", "aws-us-gov")]
)
def test_a_run_is_started_and_asked_for_where_its_client_works(region, partition):
    world = World()
    world.upload(a_file(1))
    world.let_timers_ring()
    run = world.the_run
    client = boto3.client(
        "stepfunctions", region, aws_access_key_id="test", aws_secret_access_key="test"
    )
    where = f"arn:{partition}:states:{region}:123456789012"
    execution = f"{where}:execution:solar-retrain:{run.execution}"
    machine = f"{where}:stateMachine:solar-retrain"
    began = datetime(2024, 7, 1, tzinfo=UTC)
    with Stubber(client) as stub:
        stub.add_response(
            "start_execution",
            {"executionArn": execution, "startDate": began},
            {
                "stateMachineArn": machine,
                "name": run.execution,
                "input": f'{{"model_id": "golden", "run_id": "{run.run_id}"}}',
            },
        )
        stub.add_response(
            "describe_execution",
            {
                "executionArn": execution,
                "stateMachineArn": machine,
                "status": "RUNNING",
                "startDate": began,
            },
            {"executionArn": execution},
        )
        sequence = StepFunctionsSequence(client, "123456789012", "solar-retrain")
        sequence.start(run)
        assert sequence.status(run) == "RUNNING"
