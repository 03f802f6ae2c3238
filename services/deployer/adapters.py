"""The AWS side of the ports: configuration, registry, endpoints, reference rows, timer and gauge."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.deployer import alarms, domain
from services.deployer.domain import VARIANT, Endpoint, Version
from services.deployer.ports import Answer, Reference
from shared import layout
from shared.aws import S3Objects, SqsInbox, error_code
from shared.errors import NotFoundError, NotReadyError
from shared.in_force import InForce
from shared.messages import DeploymentCheckDue
from shared.model_config import EndpointConfig

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient

# SageMaker says ValidationException both for "exists already" and for "does not exist"; which it is
# follows from asking, never from its text.
_VALIDATION = "ValidationException"
_TAGS: list[Any] = [{"Key": "project", "Value": "solar-retraining"}]
_SCALING = "sagemaker:variant:DesiredInstanceCount"
INVOCATIONS_PER_INSTANCE = (
    600.0  # per minute; an instance answers many times that, see docs/model.md
)


@dataclass(frozen=True, slots=True)
class S3Configuration(InForce):
    """Configuration in force, as far as it says how models are served."""

    def endpoint(self, model_id: str) -> EndpointConfig:
        """Return how a model is to be served; a model that nobody configured has the defaults."""
        return self.model(model_id).endpoint


@dataclass(frozen=True, slots=True)
class SageMakerRegistry:
    """The model registry."""

    client: SageMakerClient

    def approved(self, model_id: str) -> tuple[Version, ...]:
        """Return the approved versions of a model, newest first."""
        try:
            pages = self.client.get_paginator("list_model_packages").paginate(
                ModelPackageGroupName=domain.endpoint_name(model_id),
                ModelApprovalStatus="Approved",
            )
            arns = [
                found["ModelPackageArn"]
                for page in pages
                for found in page["ModelPackageSummaryList"]
            ]
        except ClientError as error:
            if error_code(error) in {_VALIDATION, "ResourceNotFound"}:
                return ()
            raise
        versions = [_version(self.client.describe_model_package(ModelPackageName=a)) for a in arns]
        return tuple(sorted(versions, key=lambda version: version.number, reverse=True))

    def version(self, model_id: str, number: int) -> Version | None:
        """Return a version whatever its approval, or None where there is no such version."""
        group = domain.endpoint_name(model_id)
        pages = self.client.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=group
        )
        for page in pages:
            for found in page["ModelPackageSummaryList"]:
                if found["ModelPackageVersion"] == number:
                    arn = found["ModelPackageArn"]
                    return _version(self.client.describe_model_package(ModelPackageName=arn))
        return None

    def bar(self, version: Version, reason: str) -> None:
        """Reject a version in the registry, so that nobody deploys or compares with it again."""
        self.client.update_model_package(
            ModelPackageArn=version.package_arn,
            ModelApprovalStatus="Rejected",
            ApprovalDescription=f"barred: {reason}"[:1024],
        )


@dataclass(frozen=True, slots=True)
class SageMakerEndpoints:
    """Endpoints with everything that belongs to them."""

    client: SageMakerClient
    runtime: Any
    scaling: Any
    cloudwatch: CloudWatchClient
    role_arn: str
    key_arn: str
    bucket: str
    alarms_topic_arn: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]

    def describe(self, model_id: str) -> Endpoint | None:
        """Return a model's endpoint as it is, or None where there is none."""
        try:
            found = self.client.describe_endpoint(EndpointName=domain.endpoint_name(model_id))
        except ClientError as error:
            if error_code(error) in {_VALIDATION, "ResourceNotFound"}:
                return None
            raise
        configuration = found["EndpointConfigName"]
        return Endpoint(
            status=found["EndpointStatus"],
            configuration=configuration,
            version=domain.version_of_configuration(configuration),
            failure_reason=found.get("FailureReason", ""),
        )

    def create(self, version: Version, config: EndpointConfig) -> None:
        """Create a model's endpoint; one that was created meanwhile is success."""
        self._put_alarms(version.model_id)
        name = self._configuration(version, config)
        try:
            self.client.create_endpoint(
                EndpointName=domain.endpoint_name(version.model_id),
                EndpointConfigName=name,
                Tags=_TAGS,
            )
        except ClientError as error:
            if error_code(error) != _VALIDATION or self.describe(version.model_id) is None:
                raise

    def update(self, version: Version, config: EndpointConfig) -> None:
        """Shift a model's endpoint to a version by canary, with the rollback alarms.

        Raises
        ------
        NotReadyError
            The endpoint is being changed by somebody else.
        """
        self._put_alarms(version.model_id)
        name = self._configuration(version, config)
        self._pause_scaling(version.model_id)
        try:
            self.client.update_endpoint(
                EndpointName=domain.endpoint_name(version.model_id),
                EndpointConfigName=name,
                DeploymentConfig=_canary(version.model_id, config),
            )
        except ClientError as error:
            endpoint = self.describe(version.model_id)
            if error_code(error) != _VALIDATION or endpoint is None:
                raise
            if endpoint.status == "InService" and endpoint.configuration != name:
                raise
            if endpoint.configuration != name and endpoint.status != "Updating":
                message = f"endpoint of {version.model_id} is {endpoint.status}"
                raise NotReadyError(message) from error

    def delete(self, model_id: str) -> None:
        """Delete a model's endpoint; its configurations and the registry keep what it served."""
        self._pause_scaling(model_id)
        try:
            self.client.delete_endpoint(EndpointName=domain.endpoint_name(model_id))
        except ClientError as error:
            if error_code(error) != _VALIDATION or self.describe(model_id) is not None:
                raise

    def keep_scaling(self, model_id: str, config: EndpointConfig) -> None:
        """Let the endpoint's instances follow its load; repeating it changes nothing."""
        target = _scalable(model_id)
        self.scaling.register_scalable_target(
            **target,
            MinCapacity=config.instance_count,
            MaxCapacity=max(config.maximum_instance_count, config.instance_count),
        )
        self.scaling.put_scaling_policy(
            **target,
            PolicyName="invocations-per-instance",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": INVOCATIONS_PER_INSTANCE,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                },
                "ScaleInCooldown": 300,
                "ScaleOutCooldown": 60,
            },
        )

    def tidy(self, model_id: str, in_use: str) -> None:
        """Delete configurations beyond those kept for a rollback; models cost nothing."""
        pages = self.client.get_paginator("list_endpoint_configs").paginate(
            NameContains=f"{domain.endpoint_name(model_id)}-v",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        ours = re.compile(rf"{re.escape(domain.endpoint_name(model_id))}-v\d+-[0-9a-f]{{8}}")
        names = [
            found["EndpointConfigName"]
            for page in pages
            for found in page["EndpointConfigs"]
            if ours.fullmatch(found["EndpointConfigName"])
        ]
        for name in domain.disposable(names, in_use):
            self.client.delete_endpoint_config(EndpointConfigName=name)

    def invoke(self, model_id: str, request: dict[str, Any]) -> Answer:
        """Ask the endpoint; its answer says which version gave it.

        Raises
        ------
        NotReadyError
            The endpoint does not answer right now.
        """
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=domain.endpoint_name(model_id),
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps(request),
            )
        except ClientError as error:
            message = f"endpoint of {model_id} does not answer: {error_code(error)}"
            raise NotReadyError(message) from error
        body = json.loads(answer["Body"].read())
        return Answer(
            version=_answering_version(answer.get("CustomAttributes", "")),
            power_kw=tuple(row["power_ac"] for row in body["predictions"]),
        )

    def _configuration(self, version: Version, config: EndpointConfig) -> str:
        """Create the model and the endpoint configuration of a version where they are missing."""
        variant: Any = {
            "VariantName": VARIANT,
            "ModelName": domain.model_name(version),
            "InstanceType": config.instance_type,
            "InitialInstanceCount": config.instance_count,
            "InitialVariantWeight": 1.0,
        }
        vpc: dict[str, Any] = {}
        if self.subnets:
            network = {
                "Subnets": list(self.subnets),
                "SecurityGroupIds": list(self.security_groups),
            }
            vpc = {"VpcConfig": network}
        model, name = domain.model_name(version), domain.configuration_name(version, config)
        if not self._exists(self.client.describe_model, ModelName=model):
            self.client.create_model(
                ModelName=model,
                ExecutionRoleArn=self.role_arn,
                EnableNetworkIsolation=True,
                PrimaryContainer={
                    "Image": version.image_uri,
                    "ModelDataUrl": version.model_data_url,
                    "Environment": {"SOLAR_MODEL_PACKAGE_VERSION": str(version.number)},
                },
                Tags=_TAGS,
                **vpc,
            )
        if not self._exists(self.client.describe_endpoint_config, EndpointConfigName=name):
            self.client.create_endpoint_config(
                EndpointConfigName=name,
                KmsKeyId=self.key_arn,
                ProductionVariants=[variant],
                DataCaptureConfig={
                    "EnableCapture": True,
                    "InitialSamplingPercentage": 100,
                    "DestinationS3Uri": layout.uri(self.bucket, f"captured/{version.model_id}"),
                    "KmsKeyId": self.key_arn,
                    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
                },
                Tags=_TAGS,
            )
        return name

    @staticmethod
    def _exists(describe: Any, **name: str) -> bool:
        try:
            describe(**name)
        except ClientError as error:
            if error_code(error) in {_VALIDATION, "ResourceNotFound"}:
                return False
            raise
        return True

    def _put_alarms(self, model_id: str) -> None:
        for watch in alarms.WATCHES:
            self.cloudwatch.put_metric_alarm(**watch.definition(model_id, self.alarms_topic_arn))

    def _pause_scaling(self, model_id: str) -> None:
        """AWS refuses a change of instance type while the variant is a scaling target."""
        try:
            self.scaling.deregister_scalable_target(**_scalable(model_id))
        except ClientError as error:
            if error_code(error) != "ObjectNotFoundException":
                raise


@dataclass(frozen=True, slots=True)
class S3References:
    """Reference rows that an evaluation left beside its report."""

    objects: S3Objects

    def of_run(self, run_id: str) -> Reference | None:
        """Return a run's reference rows, or None where it left none."""
        try:
            found = self.objects.read_json(layout.reference(run_id))
        except NotFoundError:
            return None
        return Reference(
            request=found["request"],
            expected_kw=tuple(found["expected_kw"]),
            tolerance_kw=found["tolerance_kw"],
        )


@dataclass(frozen=True, slots=True)
class DelayedMessages:
    """The inbox as a timer: a message that becomes visible later."""

    inbox: SqsInbox

    def check_later(self, model_id: str, now: datetime, seconds: int) -> None:
        """Send one `DeploymentCheckDue`, visible after at most 900 seconds."""
        self.inbox.remind(DeploymentCheckDue, model_id, now, seconds)


@dataclass(frozen=True, slots=True)
class CloudWatchGauge:
    """The metric behind the mismatch alarm."""

    client: CloudWatchClient

    def mismatch(self, model_id: str, *, mismatched: bool) -> None:
        """Say whether the new version predicted the reference rows differently."""
        self.client.put_metric_data(
            Namespace=alarms.NAMESPACE,
            MetricData=[
                {
                    "MetricName": alarms.MISMATCH,
                    "Dimensions": [
                        {"Name": "EndpointName", "Value": domain.endpoint_name(model_id)}
                    ],
                    "Value": float(mismatched),
                    "Unit": "None",
                }
            ],
        )


def _version(found: Any) -> Version:
    container = found["InferenceSpecification"]["Containers"][0]
    about = found.get("CustomerMetadataProperties", {})
    return Version(
        model_id=domain.model_of_endpoint(found["ModelPackageGroupName"]),
        number=found["ModelPackageVersion"],
        package_arn=found["ModelPackageArn"],
        image_uri=container["Image"],
        model_data_url=container["ModelDataUrl"],
        run_id=about.get("run_id"),
        dataset_id=about.get("dataset_id"),
        is_approved=found["ModelApprovalStatus"] == "Approved",
    )


def _canary(model_id: str, config: EndpointConfig) -> Any:
    bake = int(config.bake.total_seconds())
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": config.canary_percent},
                "WaitIntervalInSeconds": bake,
            },
            "TerminationWaitInSeconds": 0,
            "MaximumExecutionTimeoutInSeconds": max(600, 2 * bake + 3000),
        },
        "AutoRollbackConfiguration": {
            "Alarms": [{"AlarmName": watch.alarm_name(model_id)} for watch in alarms.WATCHES]
        },
    }


def _scalable(model_id: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{domain.endpoint_name(model_id)}/variant/{VARIANT}",
        "ScalableDimension": _SCALING,
    }


def _answering_version(attributes: str) -> int | None:
    match = re.search(r"model_package_version=(\d+)", attributes)
    return int(match[1]) if match else None
