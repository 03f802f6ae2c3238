"""Checks of a pipeline definition: against the service's own request shapes, and against the house rules."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
from botocore.model import Shape
from botocore.validate import ParamValidator

_MODEL = botocore.session.get_session().get_service_model("sagemaker")
_VALIDATOR = ParamValidator()
# The request that a step makes, and what the pipeline adds to it by itself.
_REQUESTS = {
    "Processing": ("CreateProcessingJob", "ProcessingJobName"),
    "Training": ("CreateTrainingJob", "TrainingJobName"),
    "RegisterModel": ("CreateModelPackage", None),
}
_VARIABLES = {"Get", "Std:Join", "Std:JsonGet"}


def steps(definition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield all steps, those inside a condition too."""
    for step in definition["Steps"]:
        yield step
        for branch in ("IfSteps", "ElseSteps"):
            yield from steps({"Steps": step["Arguments"].get(branch, [])})


def shape_faults(definition: dict[str, Any]) -> list[str]:
    """Return where step arguments are not what the service's API takes."""
    faults = []
    for step in steps(definition):
        if step["Type"] not in _REQUESTS:
            continue
        operation, name = _REQUESTS[step["Type"]]
        shape = _MODEL.operation_model(operation).input_shape
        arguments = _sampled(copy.deepcopy(step["Arguments"]), shape)
        if name:
            arguments[name] = "given-by-the-pipeline"
        report = _VALIDATOR.validate(arguments, shape)
        if report.has_errors():
            faults += [f"{step['Name']}: {line}" for line in report.generate_report().splitlines()]
        faults += [f"{step['Name']}: {fault}" for fault in _deep(arguments, shape, "")]
    return faults


def _is_variable(node: Any) -> bool:
    return isinstance(node, dict) and len(node) == 1 and next(iter(node)) in _VARIABLES


def _sample(shape: Shape) -> Any:
    if shape.type_name == "string":
        if "s3" in shape.metadata.get("pattern", ""):
            return "s3://bucket/key"
        return (shape.enum or ["x" * max(1, shape.metadata.get("min", 1))])[0]
    return {"boolean": True, "float": 1.0, "double": 1.0}.get(shape.type_name, 1)


def _sampled(node: Any, shape: Shape) -> Any:
    """Put a valid value where the definition has a variable."""
    if _is_variable(node):
        return _sample(shape)
    if shape.type_name == "structure" and isinstance(node, dict):
        return {
            key: _sampled(value, shape.members[key]) if key in shape.members else value
            for key, value in node.items()
        }
    if shape.type_name == "list" and isinstance(node, list):
        return [_sampled(value, shape.member) for value in node]
    if shape.type_name == "map" and isinstance(node, dict):
        return {key: _sampled(value, shape.value) for key, value in node.items()}
    return node


def _deep(node: Any, shape: Shape, path: str) -> Iterator[str]:
    """Yield what botocore does not check itself: unknown members, enumerations, patterns and limits."""
    if shape.type_name == "structure" and isinstance(node, dict):
        for key, value in node.items():
            if key not in shape.members:
                yield f"{path}.{key}: no such member of {shape.name}"
            else:
                yield from _deep(value, shape.members[key], f"{path}.{key}")
    elif shape.type_name == "list" and isinstance(node, list):
        for place, value in enumerate(node):
            yield from _deep(value, shape.member, f"{path}[{place}]")
    elif shape.type_name == "map" and isinstance(node, dict):
        for key, value in node.items():
            yield from _deep(value, shape.value, f"{path}.{key}")
    elif shape.type_name == "string" and isinstance(node, str):
        yield from _deep_text(node, shape, path)
    elif shape.type_name in {"integer", "long"} and isinstance(node, int):
        low, high = shape.metadata.get("min", node), shape.metadata.get("max", node)
        if not low <= node <= high:
            yield f"{path}: {node} is not within {low} and {high}"


def _deep_text(node: str, shape: Shape, path: str) -> Iterator[str]:
    if shape.enum and node not in shape.enum:
        yield f"{path}: {node!r} is none of {len(shape.enum)} values"
    pattern = shape.metadata.get("pattern", "")
    if pattern and not _matches(pattern, node):
        yield f"{path}: {node!r} does not match {pattern}"
    if len(node) > shape.metadata.get("max", len(node)):
        yield f"{path}: longer than {shape.metadata['max']}"


def _matches(pattern: str, text: str) -> bool:
    """Match a pattern written for Java; one that Python cannot read says nothing."""
    for java, python in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s")):
        pattern = pattern.replace(java, python)
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return True


def house_faults(definition: dict[str, Any]) -> list[str]:
    """Return where the definition breaks a rule of this product; the API itself would accept it."""
    faults = []
    for step in steps(definition):
        check = {"Processing": _processing, "Training": _training, "RegisterModel": _register}.get(
            step["Type"]
        )
        if check is not None:
            faults += [f"{step['Name']}: {fault}" for fault in check(step["Arguments"])]
    return faults


def _common(arguments: dict[str, Any]) -> Iterator[str]:
    if not arguments.get("StoppingCondition", {}).get("MaxRuntimeInSeconds"):
        yield "no MaxRuntimeInSeconds"
    if "project" not in {tag["Key"] for tag in arguments.get("Tags", [])}:
        yield "no tag project"


def _processing(arguments: dict[str, Any]) -> Iterator[str]:
    yield from _common(arguments)
    network = arguments.get("NetworkConfig", {})
    if not network.get("EnableNetworkIsolation"):
        yield "not isolated from the network"
    if not network.get("EnableInterContainerTrafficEncryption"):
        yield "traffic between containers is not encrypted"
    if "VpcConfig" not in network:
        yield "cannot be put into a private network"
    if not arguments["ProcessingOutputConfig"].get("KmsKeyId"):
        yield "outputs are not encrypted with the key"
    if not arguments["ProcessingResources"]["ClusterConfig"].get("VolumeKmsKeyId"):
        yield "the volume is not encrypted with the key"
    for output in arguments["ProcessingOutputConfig"]["Outputs"]:
        if "Parameters.run_id" not in json.dumps(output["S3Output"]["S3Uri"]):
            yield f"output {output['OutputName']} is not the run's own"


def _training(arguments: dict[str, Any]) -> Iterator[str]:
    yield from _common(arguments)
    if not arguments.get("EnableNetworkIsolation"):
        yield "not isolated from the network"
    if not arguments.get("EnableInterContainerTrafficEncryption"):
        yield "traffic between containers is not encrypted"
    if "VpcConfig" not in arguments:
        yield "cannot be put into a private network"
    if not arguments["OutputDataConfig"].get("KmsKeyId"):
        yield "outputs are not encrypted with the key"
    if not arguments["ResourceConfig"].get("VolumeKmsKeyId"):
        yield "the volume is not encrypted with the key"
    if not arguments.get("EnableManagedSpotTraining"):
        yield "not on spot instances"
    stopping = arguments.get("StoppingCondition", {})
    if stopping.get("MaxWaitTimeInSeconds", 0) < stopping.get("MaxRuntimeInSeconds", 1):
        yield "MaxWaitTimeInSeconds is below MaxRuntimeInSeconds"
    checkpoints = json.dumps(arguments.get("CheckpointConfig", {}).get("S3Uri"))
    if "Execution.PipelineExecutionId" not in checkpoints:
        yield "checkpoints are not the execution's own: the next run would train nothing"


def _register(arguments: dict[str, Any]) -> Iterator[str]:
    if arguments.get("ModelApprovalStatus") != "PendingManualApproval":
        yield "registered as approved before policy and verdict were asked"
    wanted = {"run_id", "model_id", "dataset_id", "model_type"}
    if set(arguments.get("CustomerMetadataProperties", {})) != wanted:
        yield "does not say from which run and dataset it is"
    if "ModelQuality" not in arguments.get("ModelMetrics", {}):
        yield "does not point to its evaluation"
