"""Deploy fills the committed definition, and nothing is left open by mistake."""

from __future__ import annotations

import json

import pytest

from services.trainer_trigger.pipeline.definition.fill import PlaceholderError, fill

TEXT = json.dumps(
    {
        "image": "${ImageUri}",
        "uri": {
            "Std:Join": {"Values": ["s3://${DataBucketName}/runs", {"Get": "Parameters.run_id"}]}
        },
        "VpcConfig": {"Subnets": ["${SubnetIds}"], "SecurityGroupIds": ["${SecurityGroupIds}"]},
    }
)
STOPPING = {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 120}
VALUES = {"ImageUri": "image@sha256:1", "DataBucketName": "bucket", "AccountId": "unused"}


def test_a_public_network_leaves_subnets_out():
    filled = json.loads(fill(TEXT, VALUES, private_network=False))
    assert "VpcConfig" not in filled
    assert filled["image"] == "image@sha256:1"
    assert filled["uri"]["Std:Join"]["Values"][0] == "s3://bucket/runs"
    assert filled["uri"]["Std:Join"]["Values"][1] == {"Get": "Parameters.run_id"}


def test_a_private_network_lists_every_subnet():
    network = {"SubnetIds": "subnet-1,subnet-2", "SecurityGroupIds": "sg-1"}
    filled = json.loads(fill(TEXT, VALUES | network, private_network=True))
    assert filled["VpcConfig"] == {
        "Subnets": ["subnet-1", "subnet-2"],
        "SecurityGroupIds": ["sg-1"],
    }


def test_on_demand_nothing_waits_for_a_spot_instance():
    training = {"EnableManagedSpotTraining": True, "StoppingCondition": STOPPING}
    text = json.dumps({"Steps": [{"Arguments": training}], "image": "${ImageUri}"})
    filled = json.loads(fill(text, VALUES, private_network=False, spot=False))
    arguments = filled["Steps"][0]["Arguments"]
    assert arguments == {"StoppingCondition": {"MaxRuntimeInSeconds": 60}}


def test_a_placeholder_without_value_is_named():
    with pytest.raises(PlaceholderError, match="SecurityGroupIds, SubnetIds"):
        fill(TEXT, VALUES | {"SubnetIds": "", "SecurityGroupIds": ""}, private_network=True)
    with pytest.raises(PlaceholderError, match="DataBucketName"):
        fill(TEXT, {"ImageUri": "i"}, private_network=False)


def test_the_same_values_give_the_same_bytes():
    assert fill(TEXT, VALUES, private_network=False) == fill(TEXT, VALUES, private_network=False)
