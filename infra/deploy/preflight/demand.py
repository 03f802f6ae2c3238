"""How many instances the configured models take at once; without a model, those of one with defaults."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from botocore.exceptions import ClientError

from infra.deploy.target import Target
from shared import layout
from shared.aws import error_code
from shared.model_config import ModelConfig


def configured(target: Target) -> list[ModelConfig]:
    """Return the models in force; none where nothing is deployed."""
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
    return [_model(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


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
        serving[endpoint.instance_type] += endpoint.maximum_instance_count
        spare[endpoint.instance_type] = max(spare[endpoint.instance_type], endpoint.instance_count)
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
