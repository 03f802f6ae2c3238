"""A model without instances: the same promises, kept by our own tests instead of AWS's canary."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.deploy import build
from services.deployer.domain.deployment import Action
from shared import names
from tests.integration.conftest import LocalPlatform
from tests.integration.fake_pipeline import ROLE
from tests.integration.sabotage_world import BUCKET, Plant, plant_of


@pytest.fixture(scope="module")
def plant(platform: LocalPlatform) -> Iterator[Plant]:
    """A deployer, and the function that answers for models without an endpoint."""
    with plant_of(platform) as made:
        platform.client("lambda").create_function(
            FunctionName=names.model_function(),
            Runtime="python3.12",
            Handler="services.deployer.entry.model.lambda_handler",
            Role=ROLE,
            Code={"ZipFile": build.code_zip().body},
            Timeout=60,
            MemorySize=1024,
            Environment={"Variables": {"DATA_BUCKET": BUCKET, "TABLE": "sabotage"}},
        )
        yield made


def by_function(plant: Plant, model_id: str, version: int | None = None) -> dict[str, Any]:
    request = json.loads(plant.reference)["request"]
    asked = {"model_id": model_id, "request": request, "version": version}
    answer = plant.platform.client("lambda").invoke(
        FunctionName=names.model_function(), Payload=json.dumps(asked).encode()
    )
    found: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, found
    return found


def endpoints(plant: Plant, model_id: str) -> set[str]:
    found = plant.sm.list_endpoints(NameContains=names.endpoint(model_id))["Endpoints"]
    return {each["EndpointName"] for each in found}


def kinds(plant: Plant, model_id: str, number: int) -> list[str]:
    return sorted(each["type"] for each in plant.told(model_id, number))


def settings(plant: Plant, model_id: str) -> None:
    """Let a sweep see a changed YAML, and everything come to rest."""
    plant.deployer.reconciling.reconcile(model_id, settings=True)
    plant.rest(model_id)
    assert plant.deployer.reconciling.reconcile(model_id, settings=True) is Action.NOTHING


def test_a_serverless_endpoint_serves_tested_versions_only(plant: Plant) -> None:
    name = "mode-serverless"
    plant.configure(name, 1, mode="serverless")
    assert plant.approve(name, "good") == 1
    plant.rest(name)
    assert plant.status(name) == ("InService", 1)
    with plant.client(name) as client:
        assert plant.approve(name, "nan") == 2
        plant.rest(name)
        assert plant.status(name) == ("InService", 1)
        assert plant.package(name, 2)[0] == "Rejected"
        assert plant.approve(name, "good") == 3
        plant.rest(name)
    assert plant.status(name) == ("InService", 3)
    assert client.failures() == set(), "nobody was ever given the version that fails"
    assert {version for version, _ in client.answers} <= {1, 3}
    assert "solar.deployment_rolled_back" in kinds(plant, name, 2)
    assert "solar.model_deployed" in kinds(plant, name, 3)
    assert endpoints(plant, name) == {names.endpoint(name)}, "the second endpoint is gone"
    assert plant.alarms(name) == [names.endpoint_alarm(name, "errors")]


def test_a_serverless_endpoint_goes_back_as_a_person_asks(plant: Plant) -> None:
    name = "mode-serverless"
    plant.roll_back(name, 3)
    plant.rest(name)
    assert plant.status(name) == ("InService", 1)
    assert plant.approve(name, "good") == 4


def test_a_model_without_an_endpoint_is_answered_for_by_the_function(plant: Plant) -> None:
    name = "mode-none"
    plant.configure(name, 1, mode="none")
    assert by_function(plant, name)["status"] == 404
    assert plant.approve(name, "good") == 1
    plant.rest(name)
    assert endpoints(plant, name) == set()
    found = by_function(plant, name)
    assert found["status"] == 200
    assert found["said"]["model"]["model_package_version"] == 1
    assert plant.approve(name, "nan") == 2
    plant.rest(name)
    assert plant.package(name, 2)[0] == "Rejected"
    assert by_function(plant, name)["said"]["model"]["model_package_version"] == 1
    assert by_function(plant, name, 2)["said"]["model_package_version"] == 2, "it fails by itself"
    assert plant.approve(name, "truncated") == 3
    plant.rest(name)
    assert plant.package(name, 3)[0] == "Rejected", (
        "an archive that cannot be read is its own fault"
    )
    assert plant.approve(name, "good") == 4
    plant.rest(name)
    assert by_function(plant, name)["said"]["model"]["model_package_version"] == 4
    assert "solar.model_deployed" in kinds(plant, name, 4)
    plant.roll_back(name, 4)
    plant.rest(name)
    assert by_function(plant, name)["said"]["model"]["model_package_version"] == 1


def test_a_model_goes_through_every_mode_and_serves_the_same_version(plant: Plant) -> None:
    name = "mode-all"
    plant.configure(name, 1, mode="realtime")
    plant.approve(name, "good")
    plant.rest(name)
    assert len(plant.alarms(name)) == 4
    for mode in ("serverless", "none", "realtime", "none", "serverless", "realtime"):
        plant.configure(name, 1, mode=mode)
        settings(plant, name)
        serves = plant.deployer.reconciling.endpoints.describe(name)
        assert serves is not None
        assert (serves.mode, serves.version, serves.status) == (mode, 1, "InService")
        assert endpoints(plant, name) == (set() if mode == "none" else {names.endpoint(name)})
        assert len(plant.alarms(name)) == {"realtime": 4, "serverless": 1, "none": 0}[mode]
    assert "solar.deployment_failed" not in kinds(plant, name, 1)


def test_a_model_whose_yaml_is_silent_keeps_its_instances(plant: Plant) -> None:
    name = "mode-silent"
    plant.configure(name, 1, mode="realtime")
    plant.approve(name, "good")
    plant.rest(name)
    before = plant.configuration(name)
    plant.configure(name, 1, mode=None)  # type: ignore[arg-type]
    settings(plant, name)
    assert plant.configuration(name) == before


def test_a_new_model_whose_yaml_is_silent_is_serverless(plant: Plant) -> None:
    name = "mode-new"
    plant.configure(name, 1, mode=None)  # type: ignore[arg-type]
    plant.approve(name, "good")
    plant.rest(name)
    (variant,) = plant.sm.describe_endpoint(EndpointName=names.endpoint(name))["ProductionVariants"]
    assert variant["CurrentServerlessConfig"]["MemorySizeInMB"] == 2048
