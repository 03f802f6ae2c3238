"""The committed definition is what the SDK renders, what SageMaker accepts, and what the house asks for."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.trainer_trigger.pipeline import evaluate, preprocess, train
from services.trainer_trigger.pipeline.definition.fill import fill
from services.trainer_trigger.pipeline.models.registry import FITS
from shared.evaluation import Evaluation
from tests.pipeline_definition.shapes import house_faults, shape_faults, steps

ROOT = Path(__file__).parents[2]
RENDERED = ROOT / "services" / "trainer_trigger" / "pipeline.json"
VALUES = {
    "NamePrefix": "solar",
    "DataBucketName": "solar-data-111122223333",
    "ImageUri": "111122223333.dkr.ecr.us-east-1.amazonaws.com/solar@sha256:" + "0" * 64,
    "JobsRoleArn": "arn:aws:iam::111122223333:role/solar-jobs",
    "KeyArn": "arn:aws:kms:us-east-1:111122223333:key/00000000-0000-0000-0000-000000000001",
    "SubnetIds": "subnet-0aaa1111bbbb2222c,subnet-0aaa1111bbbb2222d",
    "SecurityGroupIds": "sg-0aaa1111bbbb2222e",
}


@pytest.fixture
def definition() -> dict[str, Any]:
    return json.loads(fill(RENDERED.read_text("utf-8"), VALUES, private_network=True))


def named(definition: dict[str, Any], name: str) -> dict[str, Any]:
    return next(step for step in steps(definition) if step["Name"] == name)["Arguments"]


@pytest.mark.timeout(120)
def test_rendering_gives_the_committed_bytes():
    python = Path(os.environ.get("SOLAR_PIPELINE_PYTHON", ROOT / ".venv-pipeline/bin/python"))
    if not python.exists():
        pytest.fail(
            f"{python} with the SageMaker SDK is missing; `make test` sets it up, or name another in "
            "SOLAR_PIPELINE_PYTHON"
        )
    script = "from services.trainer_trigger.pipeline.definition.render import render; print(render(), end='')"
    done = subprocess.run(
        [str(python), "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout == RENDERED.read_text("utf-8"), (
        "run `python -m services.trainer_trigger.pipeline.definition` with that interpreter and commit"
    )


def test_every_step_is_what_the_service_takes(definition):
    assert shape_faults(definition) == []


def test_every_step_keeps_the_house_rules(definition):
    assert house_faults(definition) == []


def test_names_parameters_and_defaults_are_the_promised_ones(definition):
    assert [step["Name"] for step in steps(definition)] == [
        "Preprocess", "Train", "Evaluate", "CheckAccuracy", "RegisterModel",
    ]  # fmt: skip
    given = {each["Name"]: each.get("DefaultValue") for each in definition["Parameters"]}
    assert given == {
        "accuracy_threshold": 0.95,
        "instance_type": "ml.m5.large",
        "model_type": "neural_network",
        "run_id": None,
        "model_id": None,
        "dataset_id": None,
        "preprocess_instances": 1,
    }


def test_the_sites_are_shared_by_instances_that_all_have_the_whole_dataset(definition):
    arguments = named(definition, "Preprocess")
    count = arguments["ProcessingResources"]["ClusterConfig"]["InstanceCount"]
    assert count == {"Get": "Parameters.preprocess_instances"}
    (given,) = arguments["ProcessingInputs"]
    assert given["S3Input"]["S3DataDistributionType"] == "FullyReplicated"


def test_the_retrain_sequence_gives_every_parameter(definition):
    sequence = yaml.safe_load((RENDERED.parent / "retrain.asl.yaml").read_text("utf-8"))
    given = sequence["States"]["StartPipeline"]["Parameters"]["PipelineParameters"]
    assert {each["Name"] for each in given} == {each["Name"] for each in definition["Parameters"]}
    assert all(each["Value.$"] == f"$.check.result.run.{each['Name']}" for each in given)


def test_every_model_type_that_may_be_asked_for_can_be_fitted(definition):
    asked = next(each for each in definition["Parameters"] if each["Name"] == "model_type")
    for inputs in ("measured", "forecast"):
        assert set(asked["EnumValues"]) == set(FITS[inputs])


def test_jobs_read_and_write_where_the_definition_puts_it(definition):
    def places(step: str) -> set[str]:
        arguments = named(definition, step)
        inputs = [each["S3Input"]["LocalPath"] for each in arguments["ProcessingInputs"]]
        outputs = arguments["ProcessingOutputConfig"]["Outputs"]
        return {*inputs, *(each["S3Output"]["LocalPath"] for each in outputs)}

    assert places("Preprocess") == {
        preprocess.INPUT, preprocess.TRAIN, preprocess.TEST, preprocess.REPORT,
    }  # fmt: skip
    assert places("Evaluate") == {
        evaluate.MODEL, evaluate.TEST, evaluate.REPORT, evaluate.CHAMPION, evaluate.OUTPUT,
    }  # fmt: skip
    channels = {each["ChannelName"] for each in named(definition, "Train")["InputDataConfig"]}
    assert named(definition, "Train")["CheckpointConfig"]["LocalPath"] == train.CHECKPOINTS
    assert channels == {Path(train.TRAIN).name, Path(train.REPORT).name}


def test_the_gate_reads_fields_that_the_evaluation_has(definition):
    conditions = named(definition, "CheckAccuracy")["Conditions"]
    paths = [each["LeftValue"]["Std:JsonGet"]["Path"] for each in conditions]
    assert paths == ["challenger.all.r2", "verdict"]
    assert "register" in Evaluation.model_fields["verdict"].annotation.__args__
    assert conditions[1]["RightValue"] == "register"


def test_a_public_network_leaves_subnets_out_and_stays_valid():
    text = RENDERED.read_text("utf-8")
    public = json.loads(
        fill(text, VALUES | {"SubnetIds": "", "SecurityGroupIds": ""}, private_network=False)
    )
    assert shape_faults(public) == []
    assert "VpcConfig" not in json.dumps(public)


def test_no_account_and_no_region_is_committed():
    text = RENDERED.read_text("utf-8")
    assert "arn:aws" not in text
    assert "us-east-1" not in text


def _drop(step: str, *path: str) -> Callable[[dict[str, Any]], None]:
    def change(definition: dict[str, Any]) -> None:
        node = named(definition, step)
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]

    return change


def _set(step: str, *path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(definition: dict[str, Any]) -> None:
        node = named(definition, step)
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = to

    return change


@pytest.mark.parametrize(
    "change",
    [
        _set("Train", "EnableManagedSpotTrainning", to=True),
        _set("Train", "HyperParameters", "model_type", to=3),
        _set("Train", "ResourceConfig", "InstanceType", to="ml.m5.medium"),
        _set("Preprocess", "RoleArn", to="nobody"),
        _set("Train", "VpcConfig", "Subnets", to=["subnet 1"]),
        _set("Train", "StoppingCondition", "MaxRuntimeInSeconds", to=0),
        _drop("Train", "OutputDataConfig", "S3OutputPath"),
        _drop("Preprocess", "AppSpecification", "ImageUri"),
        _set("RegisterModel", "ModelApprovalStatus", to="Perhaps"),
    ],
)
def test_a_request_that_the_service_would_refuse_is_caught(definition, change):
    broken = copy.deepcopy(definition)
    change(broken)
    assert shape_faults(broken) != []


@pytest.mark.parametrize(
    "change",
    [
        _drop("Preprocess", "StoppingCondition"),
        _drop("Evaluate", "NetworkConfig", "EnableNetworkIsolation"),
        _drop("Preprocess", "ProcessingOutputConfig", "KmsKeyId"),
        _drop("Preprocess", "ProcessingResources", "ClusterConfig", "VolumeKmsKeyId"),
        _drop("Evaluate", "Tags"),
        _drop("Train", "Tags"),
        _drop("Train", "EnableManagedSpotTraining"),
        _drop("Train", "EnableNetworkIsolation"),
        _drop("Train", "EnableInterContainerTrafficEncryption"),
        _drop("Train", "OutputDataConfig", "KmsKeyId"),
        _drop("Train", "ResourceConfig", "VolumeKmsKeyId"),
        _drop("Train", "VpcConfig"),
        _set("Train", "StoppingCondition", "MaxWaitTimeInSeconds", to=60),
        _set("Train", "CheckpointConfig", "S3Uri", to="s3://bucket/checkpoints"),
        _set("RegisterModel", "ModelApprovalStatus", to="Approved"),
        _drop("RegisterModel", "CustomerMetadataProperties", "dataset_id"),
        _drop("RegisterModel", "ModelMetrics", "ModelQuality"),
    ],
)
def test_a_broken_house_rule_is_caught(definition, change):
    broken = copy.deepcopy(definition)
    change(broken)
    assert house_faults(broken) != []
