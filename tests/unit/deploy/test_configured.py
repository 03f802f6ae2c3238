"""`deploy.py --check` says what the bill of what is configured would be."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy import configured
from infra.deploy.target import Target
from shared import layout
from shared.active import ActiveModel
from shared.model_config import EndpointConfig, Mode, ModelConfig


class Account(Target):
    """A bucket with configuration, and endpoints with instances."""

    objects: Mapping[str, bytes] | None
    instances: frozenset[str]

    def client(self, service: str) -> Any:
        assert service in {"s3", "sagemaker"}
        return self

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, Bucket: str, Prefix: str, **_: Any) -> list[Any]:  # noqa: N803 - boto3's
        assert Bucket == "data"
        if self.objects is None:
            raise ClientError({"Error": {"Code": "NoSuchBucket"}}, "ListObjectsV2")
        keys = [key for key in self.objects if key.startswith(Prefix)]
        return [{"Contents": [{"Key": key, "ETag": key} for key in keys]}]

    def get_object(self, Key: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        assert self.objects is not None
        return {"Body": io.BytesIO(self.objects[Key]), "Metadata": {}}

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        if EndpointName not in self.instances:
            raise ClientError({"Error": {"Code": "ValidationException"}}, "DescribeEndpoint")
        return {"ProductionVariants": [{"CurrentInstanceCount": 2}]}


def account(
    models: Mapping[str, tuple[int, Mode | None]] | None, *, instances: tuple[str, ...] = ()
) -> Account:
    """Return an account with models, each with some sites and a mode."""
    objects = {}
    for name, (sites, mode) in (models or {}).items():
        config = ModelConfig(model_id=name, endpoint=EndpointConfig(mode=mode))
        objects[layout.active_model(name)] = ActiveModel.of(config).model_dump_json().encode()
        for number in range(sites):
            body = f'{{"model_id": "{name}"}}'.encode()
            objects[layout.active_site(f"{name}-{number}")] = body
    nothing: Any = None
    made = Account("aws", nothing, "1", "us-east-1", "data", False, None)  # noqa: FBT003
    object.__setattr__(made, "objects", objects if models is not None else None)
    object.__setattr__(made, "instances", frozenset(instances))
    return made


def test_the_bill_of_what_is_configured_is_said_with_its_parts() -> None:
    found = configured.said(account({"east": (3, "none"), "west": (1, "realtime")}))
    assert found[0] == "Of what is configured: sites: 4, models: 2 (1 none, 1 realtime)"
    assert found[1].startswith("Estimated bill by list price: ")
    assert any("serving" in line and "168" in line for line in found)


def test_a_silent_model_keeps_the_instances_that_it_has() -> None:
    models: dict[str, tuple[int, Mode | None]] = {"east": (1, None), "west": (1, None)}
    (first, *_) = configured.said(account(models, instances=("solar-west",)))
    assert "(1 realtime, 1 serverless)" in first


def test_where_nothing_is_deployed_the_bill_of_one_site_is_said() -> None:
    for empty in (account(None), account({})):
        assert "one site, for nothing is configured" in configured.said(empty)[0]


def test_more_serverless_endpoints_than_aws_allows_are_said() -> None:
    many: dict[str, tuple[int, Mode | None]] = {f"m{n}": (1, "serverless") for n in range(46)}
    assert "AWS allows 50" in configured.said(account(many))[-1]
    few: dict[str, tuple[int, Mode | None]] = {f"m{n}": (1, "serverless") for n in range(44)}
    assert "AWS allows 50" not in configured.said(account(few))[-1]
