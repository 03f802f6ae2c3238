"""A pipeline of the product's shape: preprocess, train, evaluate, check, register."""

from __future__ import annotations

from typing import Any

ROLE = "arn:aws:iam::000000000000:role/solar-sagemaker"


def get(path: str) -> dict[str, str]:
    return {"Get": path}


def join(*values: Any) -> dict[str, Any]:
    return {"Std:Join": {"On": "/", "Values": list(values)}}


def source(name: str, uri: Any, path: str, kind: str = "S3Prefix") -> dict[str, Any]:
    where = {"S3Uri": uri, "LocalPath": path, "S3DataType": kind, "S3InputMode": "File"}
    return {"InputName": name, "S3Input": where}


def target(name: str, uri: Any, path: str) -> dict[str, Any]:
    where = {"S3Uri": uri, "LocalPath": path, "S3UploadMode": "EndOfJob"}
    return {"OutputName": name, "S3Output": where}


def processing(
    name: str, image: str, verb: list[Any], inputs: list[Any], outputs: list[Any], **more: Any
) -> dict[str, Any]:
    cluster = {"InstanceType": get("Parameters.instance_type"), "InstanceCount": 1}
    return {
        "Name": name,
        "Type": "Processing",
        "Arguments": {
            "ProcessingResources": {"ClusterConfig": cluster | {"VolumeSizeInGB": 30}},
            "AppSpecification": {
                "ImageUri": image,
                "ContainerEntrypoint": ["python3", "-m", "infra.image.entrypoint"],
                "ContainerArguments": verb,
            },
            "RoleArn": ROLE,
            "ProcessingInputs": inputs,
            "ProcessingOutputConfig": {"Outputs": outputs},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "NetworkConfig": {"EnableNetworkIsolation": True},
        },
        "RetryPolicies": [{"ExceptionType": ["Step.THROTTLING"], "MaxAttempts": 2}],
        **more,
    }


def training(image: str, bucket: str, limit: int) -> dict[str, Any]:
    data = get("Steps.Preprocess.ProcessingOutputConfig.Outputs['data'].S3Output.S3Uri")
    where = {"S3DataType": "S3Prefix", "S3DataDistributionType": "FullyReplicated", "S3Uri": data}
    return {
        "Name": "Train",
        "Type": "Training",
        "Arguments": {
            "AlgorithmSpecification": {
                "TrainingImage": image,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "validation:r2", "Regex": "r2=([0-9.]+)"}],
            },
            "HyperParameters": {
                "model_type": get("Parameters.model_type"),
                "sleep": get("Parameters.sleep"),
                "fail": get("Parameters.fail"),
            },
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": where}}],
            "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models"},
            "ResourceConfig": {
                "InstanceType": get("Parameters.instance_type"),
                "InstanceCount": 1,
                "VolumeSizeInGB": 30,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": limit, "MaxWaitTimeInSeconds": 900},
            "EnableManagedSpotTraining": True,
            "EnableNetworkIsolation": True,
            "CheckpointConfig": {"S3Uri": get("Parameters.checkpoints")},
            "RoleArn": ROLE,
        },
    }


def definition(image: str, bucket: str, *, group: str, limit: int = 60) -> dict[str, Any]:
    """Return the definition; the group must exist before it runs."""
    run = join(f"s3://{bucket}/runs", get("Execution.PipelineExecutionId"), "data")
    evaluation = join(f"s3://{bucket}/runs", get("Execution.PipelineExecutionId"), "evaluation")
    r2 = {"Std:JsonGet": {"PropertyFile": get("Steps.Evaluate.PropertyFiles.Report"), "Path": "r2"}}
    model = get("Steps.Train.ModelArtifacts.S3ModelArtifacts")
    register = {
        "Name": "RegisterModel",
        "Type": "RegisterModel",
        "Arguments": {
            "ModelPackageGroupName": group,
            "ModelApprovalStatus": "Approved",
            "CustomerMetadataProperties": {"model_type": get("Parameters.model_type")},
            "InferenceSpecification": {
                "Containers": [{"Image": image, "ModelDataUrl": model}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        },
    }
    threshold = get("Parameters.accuracy_threshold")
    too_low = {"Std:Join": {"On": " ", "Values": ["R2", r2, "is below", threshold]}}
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [
            {"Name": "accuracy_threshold", "Type": "Float", "DefaultValue": 0.95},
            {"Name": "instance_type", "Type": "String", "DefaultValue": "ml.m5.large"},
            {
                "Name": "model_type",
                "Type": "String",
                "DefaultValue": "neural_network",
                "EnumValues": ["neural_network", "lightgbm"],
            },
            {"Name": "manifest", "Type": "String"},
            {"Name": "checkpoints", "Type": "String"},
            {"Name": "sleep", "Type": "String", "DefaultValue": "0"},
            {"Name": "fail", "Type": "String", "DefaultValue": ""},
            {"Name": "preprocess_flag", "Type": "String", "DefaultValue": "--ok"},
        ],
        "Steps": [
            processing(
                "Preprocess",
                image,
                ["preprocess", get("Parameters.preprocess_flag")],
                [
                    source(
                        "raw",
                        get("Parameters.manifest"),
                        "/opt/ml/processing/input/raw",
                        "ManifestFile",
                    )
                ],
                [target("data", run, "/opt/ml/processing/output/data")],
            ),
            training(image, bucket, limit),
            processing(
                "Evaluate",
                image,
                ["evaluate"],
                [source("model", model, "/opt/ml/processing/model")],
                [target("evaluation", evaluation, "/opt/ml/processing/output/evaluation")],
                PropertyFiles=[
                    {
                        "PropertyFileName": "Report",
                        "OutputName": "evaluation",
                        "FilePath": "evaluation.json",
                    }
                ],
            ),
            {
                "Name": "CheckAccuracy",
                "Type": "Condition",
                "Arguments": {
                    "Conditions": [
                        {"Type": "GreaterThanOrEqualTo", "LeftValue": r2, "RightValue": threshold}
                    ],
                    "IfSteps": [register],
                    "ElseSteps": [
                        {"Name": "Reject", "Type": "Fail", "Arguments": {"ErrorMessage": too_low}}
                    ],
                },
            },
        ],
    }
