"""Renders the pipeline's steps to the committed `pipeline.json`.

`python -m services.trainer_trigger.pipeline.definition` writes it, in the environment of the `pipeline`
group: the SDK weighs 731 MB and is needed at build time only. It runs offline; account, roles, keys, subnets
and image stay placeholders, which deploy fills in.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

# Read by the SDK when it is imported: without, it asks AWS for a region and whether the role exists.
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"
# The stage, too, is known only to a deployment.
os.environ["NAME_PREFIX"] = "${NamePrefix}"

import boto3
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.core.workflow.pipeline_definition_config import PipelineDefinitionConfig
from sagemaker.mlops.workflow.pipeline import Pipeline

from services.trainer_trigger.pipeline.definition.parameters import PARAMETERS
from services.trainer_trigger.pipeline.definition.steps import BUCKET, ROLE, steps
from shared import names

RENDERED = Path(__file__).parents[2] / "pipeline.json"


class _OfflineSession(PipelineSession):  # type: ignore[misc]
    """A session that answers from here what the SDK would ask, or even create, on AWS."""

    def default_bucket(self) -> str:
        return BUCKET

    def account_id(self) -> str:
        return "000000000000"


def _session() -> PipelineSession:
    offline = boto3.Session(
        aws_access_key_id="offline",
        aws_secret_access_key="offline",  # noqa: S106  no secret: the SDK wants one to exist
        region_name="us-east-1",
    )
    no_telemetry = {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}
    return _OfflineSession(
        boto_session=offline,
        default_bucket=BUCKET,
        sagemaker_config={"SchemaVersion": "1.0", "SageMaker": no_telemetry},
    )


def render() -> str:
    """Return the definition as the text that is committed."""
    session = _session()
    pipeline = Pipeline(
        name=names.pipeline(),
        parameters=PARAMETERS,
        steps=list(steps(session)),
        sagemaker_session=session,
        pipeline_experiment_config=None,
        pipeline_definition_config=PipelineDefinitionConfig(use_custom_job_prefix=False),
    )
    definition = _tidied(json.loads(pipeline.definition()))
    text = json.dumps(definition, indent=2, sort_keys=True)
    return text.replace(ROLE, "${JobsRoleArn}") + "\n"


def _tidied(definition: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the SDK writes unasked: nulls, empty metrics, variables of its own toolkit."""
    kept = {key: value for key, value in definition.items() if value is not None}
    for step in kept["Steps"]:
        for register in step["Arguments"].get("IfSteps", []):
            arguments = register["Arguments"]
            metrics = arguments["ModelMetrics"]
            arguments["ModelMetrics"] = {name: value for name, value in metrics.items() if value}
            for container in arguments["InferenceSpecification"]["Containers"]:
                container.pop("Environment", None)
    return kept
