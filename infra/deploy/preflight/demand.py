"""How many instances the configured models take at once; without a model, those of one with defaults."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from botocore.exceptions import ClientError

from infra.deploy.target import Target
from shared import layout, names
from shared.aws import error_code
from shared.model_config import NEW_MODE, Mode, ModelConfig


def configured(target: Target) -> list[ModelConfig]:
    """Return the models in force, each with its mode; none where nothing is deployed."""
    s3, bucket = target.client("s3"), target.data_bucket
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=layout.active_models()
        )
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
    except ClientError as error:
        if error_code(error) == "NoSuchBucket":
            return []
        raise
    found = [_model(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
    return [_in_its_mode(target, each) for each in found]


def _in_its_mode(target: Target, model: ModelConfig) -> ModelConfig:
    """Return a model with its mode: one whose YAML names none keeps the endpoint that it has."""
    mode = model.endpoint.mode or _mode(target, model.model_id)
    return model.model_copy(update={"endpoint": model.endpoint.model_copy(update={"mode": mode})})


def _mode(target: Target, model_id: str) -> Mode:
    try:
        found = target.client("sagemaker").describe_endpoint(EndpointName=names.endpoint(model_id))
    except ClientError as error:
        if error_code(error) in {"ValidationException", "ResourceNotFound"}:
            return NEW_MODE
        raise
    variants = found.get("ProductionVariants", [])
    is_serverless = any("CurrentServerlessConfig" in each for each in variants)
    return "serverless" if is_serverless else "realtime"


def instances(models: Iterable[ModelConfig], runs: int) -> dict[str, dict[str, int]]:
    """Return how many instances of each type every use takes at once.

    Parameters
    ----------
    runs
        Runs in flight at once.
    """
    asked = list(models) or [ModelConfig(model_id="default")]
    serving: Counter[str] = Counter()
    spare: Counter[str] = Counter()  # of one deployment: its new fleet stands beside the old one
    training: Counter[str] = Counter()
    processing: Counter[str] = Counter()
    for model in asked:
        kind, endpoint = model.instance_type, model.endpoint
        if (endpoint.mode or NEW_MODE) == "realtime":
            serving[endpoint.instance_type] += endpoint.maximum_instance_count
            spare[endpoint.instance_type] = max(
                spare[endpoint.instance_type], endpoint.instance_count
            )
        training[kind] = min(training[kind] + 1, runs)
        processing[kind] = max(processing[kind], model.preprocess_instances)
    return {
        "endpoint": dict(serving + spare),
        "training": dict(training),
        "spot training": dict(training),
        "processing": dict(processing),
    }


def _model(body: bytes) -> ModelConfig:
    said = json.loads(body)
    said.pop("config_version", None)
    return ModelConfig.model_validate(said)
