"""Who upgrades from an earlier state of this repository keeps data, key, tables and endpoints."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import serving, target
from infra.deploy.main import Deployment, Options
from shared import names
from tests.integration import fake_image
from tests.integration.conftest import LocalPlatform, running
from tests.integration.observe import wait_for

ROOT = Path(__file__).parents[2]
# Before stages: names were spelled out, everything carried one tag, roles had no Region in their names.
EARLIER = "97dc5d1"
DEPLOY = "from infra.deploy.command import main; raise SystemExit(main([]))"
TAGS = [{"Key": "project", "Value": "solar-retraining"}]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the repository as it was."""
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{EARLIER}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if known.returncode != 0:
        pytest.skip(f"this checkout has no history back to {EARLIER}: an upgrade cannot be tried")
    packed = subprocess.run(
        ["git", "archive", EARLIER, "infra", "services", "shared", "requirements"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    with (
        running(tmp_path_factory.mktemp("upgrade")) as platform,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in platform.environment.items():
            patch.setenv(name, value)
        yield platform


def test_an_upgrade_keeps_what_was_measured_and_what_serves(
    account: LocalPlatform, earlier: Path
) -> None:
    subprocess.run(
        [sys.executable, "-c", DEPLOY],
        cwd=earlier,
        env=os.environ | {"PYTHONPATH": str(earlier)},
        check=True,
        capture_output=True,
    )
    foundation = outputs(account, names.foundation_stack())
    bucket = foundation["DataBucketName"]
    account.client("s3").put_object(Bucket=bucket, Key="kept/it", Body=b"measured")
    table = names.service("deployer")
    keys = account.client("dynamodb").describe_table(TableName=table)["Table"]["KeySchema"]
    item = {each["AttributeName"]: {"S": "kept"} for each in keys}
    account.client("dynamodb").put_item(TableName=table, Item=item)
    endpoint = serve_something(account, bucket, foundation["SageMakerRoleArn"])

    found = target.find(account.environment)
    known = Deployment(found, Options(), str).deploy()
    assert known["KeyArn"] == foundation["KeyArn"]
    assert (
        account.client("s3").get_object(Bucket=bucket, Key="kept/it")["Body"].read() == b"measured"
    )
    assert account.client("dynamodb").get_item(TableName=table, Key=item)["Item"] == item
    state = account.client("sagemaker").describe_endpoint(EndpointName=endpoint)
    assert state["EndpointStatus"] == "InService"
    assert serving.endpoints(found) == [endpoint], "it counts as ours"
    again: list[str] = []
    Deployment(found, Options(), again.append).deploy()
    stacks = [
        line for line in again if line.endswith(": unchanged") and line.startswith("  solar-")
    ]
    assert len(stacks) == 6, again


def outputs(account: LocalPlatform, stack: str) -> dict[str, str]:
    found = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}


def serve_something(account: LocalPlatform, bucket: str, role: str) -> str:
    """Serve a model as the earlier deployer did; return the endpoint."""
    sagemaker, name = account.client("sagemaker"), names.endpoint("kept")
    digest, content = fake_image.build()
    s3: Any = account.client("s3")
    s3.put_object(Bucket=bucket, Key=f"image/{digest}.zip", Body=content)
    s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=model())
    container = {"Image": fake_image.uri(digest), "ModelDataUrl": f"s3://{bucket}/model.tar.gz"}
    sagemaker.create_model(
        ModelName=f"{name}-v1", ExecutionRoleArn=role, PrimaryContainer=container, Tags=TAGS
    )
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": f"{name}-v1",
        "InitialInstanceCount": 2,
        "InstanceType": "ml.m5.large",
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-v1-00000000", ProductionVariants=[variant], Tags=TAGS
    )
    sagemaker.create_endpoint(
        EndpointName=name, EndpointConfigName=f"{name}-v1-00000000", Tags=TAGS
    )
    wait_for(
        lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"],
        lambda status: status == "InService",
    )
    return name


def model() -> bytes:
    packed, text = io.BytesIO(), json.dumps({"rows": []}).encode()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("model.json")
        entry.size = len(text)
        archive.addfile(entry, io.BytesIO(text))
    return packed.getvalue()
