"""Endpoints with everything that belongs to them: models, configurations, scaling and alarms."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from services.deployer.adapters.errors import ABSENT, MODEL_ERROR, OPERATORS_FAULTS, VALIDATION
from services.deployer.domain import alarms, deployment
from services.deployer.domain.alarms import VARIANT
from services.deployer.domain.deployment import Endpoint, Version
from services.deployer.domain.reference import Answer
from shared import layout, names
from shared.aws import error_code
from shared.errors import NotReadyError, OperatorFaultError
from shared.model_config import EndpointConfig

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient

_SCALING = "sagemaker:variant:DesiredInstanceCount"


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
            found = self.client.describe_endpoint(EndpointName=names.endpoint(model_id))
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None
            raise
        configuration = found["EndpointConfigName"]
        return Endpoint(
            status=found["EndpointStatus"],
            configuration=configuration,
            version=names.version_of_configuration(configuration),
            failure_reason=found.get("FailureReason", ""),
            changed_at=found.get("LastModifiedTime"),
        )

    def ringing(self, model_id: str) -> tuple[str, ...]:
        """Return the endpoint's alarms that are in ALARM."""
        found = self.cloudwatch.describe_alarms(
            AlarmNames=[watch.alarm_name(model_id) for watch in alarms.WATCHES], StateValue="ALARM"
        )
        return tuple(each["AlarmName"] for each in found["MetricAlarms"])

    def rang_since(self, model_id: str, since: datetime) -> tuple[str, ...]:
        """Return the endpoint's alarms that went into ALARM at some time or later, silent again or not.

        A history may tell whole seconds only, so the second in which `since` lies counts.
        """
        begin = since.replace(microsecond=0)
        return tuple(
            watch.alarm_name(model_id)
            for watch in alarms.WATCHES
            if self._rang(watch.alarm_name(model_id), begin)
        )

    def _rang(self, alarm: str, since: datetime) -> bool:
        history = self.cloudwatch.describe_alarm_history(
            AlarmName=alarm, HistoryItemType="StateUpdate", StartDate=since
        )
        changes = (json.loads(each["HistoryData"]) for each in history["AlarmHistoryItems"])
        return any(change["newState"]["stateValue"] == "ALARM" for change in changes)

    def stop_canary(self, model_id: str, reason: str) -> None:
        """Let AWS take a canary back now: it does so when one of its alarms rings, and in no other way."""
        for watch in alarms.WATCHES:
            if watch.metric == alarms.MISMATCH:
                self.cloudwatch.set_alarm_state(
                    AlarmName=watch.alarm_name(model_id),
                    StateValue="ALARM",
                    StateReason=f"the version is taken back: {reason}"[:1023],
                )

    def create(self, version: Version, config: EndpointConfig) -> None:
        """Create a model's endpoint; one that was created meanwhile is success.

        Raises
        ------
        OperatorFaultError
            AWS cannot do it, whatever the version.
        """
        with _operators_faults():
            self.keep_alarms(version.model_id)
            name = self._configuration(version, config)
            try:
                self.client.create_endpoint(
                    EndpointName=names.endpoint(version.model_id),
                    EndpointConfigName=name,
                    Tags=names.tag_list(),
                )
            except ClientError as error:
                if error_code(error) != VALIDATION or self.describe(version.model_id) is None:
                    raise
                self.check_ours(version.model_id)

    def update(
        self,
        version: Version,
        config: EndpointConfig,
        *,
        goes_back: bool,
        ignores: tuple[str, ...] = (),
    ) -> None:
        """Shift a model's endpoint to a version: by canary with its alarms, or at once where it goes back.

        Parameters
        ----------
        ignores
            Alarms that do not take the version back.

        Raises
        ------
        NotReadyError
            The endpoint is being changed by somebody else.
        OperatorFaultError
            AWS cannot do it, whatever the version.
        """
        self.check_ours(version.model_id)
        with _operators_faults():
            self._update(
                version, config, _at_once() if goes_back else _canary(version, config, ignores)
            )

    def _update(self, version: Version, config: EndpointConfig, how: Any) -> None:
        self.keep_alarms(version.model_id)
        name = self._configuration(version, config)
        self._pause_scaling(version.model_id)
        try:
            self.client.update_endpoint(
                EndpointName=names.endpoint(version.model_id),
                EndpointConfigName=name,
                DeploymentConfig=how,
                RetainAllVariantProperties=True,  # a fleet that scaled out keeps its size
                ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DataCaptureConfig"}],
            )
        except ClientError as error:
            endpoint = self.describe(version.model_id)
            if error_code(error) != VALIDATION or endpoint is None:
                raise
            if endpoint.status == "InService" and endpoint.configuration != name:
                raise
            if endpoint.configuration != name and endpoint.status != "Updating":
                message = f"endpoint of {version.model_id} is {endpoint.status}"
                raise NotReadyError(message) from error

    def delete(self, model_id: str) -> None:
        """Delete a model's endpoint; its configurations and the registry keep what it served.

        Raises
        ------
        OperatorFaultError
            It does not carry this product's tag: somebody else's endpoint has the name.
        """
        self.check_ours(model_id)
        self._pause_scaling(model_id)
        try:
            self.client.delete_endpoint(EndpointName=names.endpoint(model_id))
        except ClientError as error:
            if error_code(error) != VALIDATION or self.describe(model_id) is not None:
                raise

    def check_ours(self, model_id: str) -> None:
        """Do nothing where a model's endpoint is this product's, or there is none.

        Raises
        ------
        OperatorFaultError
            It does not carry this product's tag: somebody else's endpoint has the name.
        """
        name = names.endpoint(model_id)
        try:
            arn = self.client.describe_endpoint(EndpointName=name)["EndpointArn"]
            is_ours = self._is_ours(arn)
        except ClientError as error:
            if error_code(error) in ABSENT:
                return
            raise
        if not is_ours:
            message = f"the endpoint {name} is not this product's: it lacks the tags {names.tags()}"
            raise OperatorFaultError(message)

    def _is_ours(self, arn: str) -> bool:
        tags = self.client.list_tags(ResourceArn=arn)["Tags"]
        return names.is_ours({tag["Key"]: tag["Value"] for tag in tags})

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
                "TargetValue": alarms.INVOCATIONS_PER_INSTANCE,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                },
                "ScaleInCooldown": 300,
                "ScaleOutCooldown": 60,
            },
        )

    def keep_alarms(self, model_id: str) -> None:
        """Put the alarms of an endpoint, as this release has them; those that are there are replaced."""
        for watch in alarms.ALL:
            self.cloudwatch.put_metric_alarm(**watch.definition(model_id, self.alarms_topic_arn))

    def tidy(self, model_id: str, in_use: str) -> None:
        """Delete configurations beyond those kept for a rollback; models cost nothing."""
        pages = self.client.get_paginator("list_endpoint_configs").paginate(
            NameContains=f"{names.endpoint(model_id)}-v",
            SortBy="CreationTime",
            SortOrder="Descending",
        )
        named = {
            found["EndpointConfigName"]: found["EndpointConfigArn"]
            for page in pages
            for found in page["EndpointConfigs"]
            if names.is_configuration_of(found["EndpointConfigName"], model_id)
        }
        for name in deployment.disposable(list(named), in_use):
            if self._is_ours(named[name]):
                self.client.delete_endpoint_config(EndpointConfigName=name)

    def invoke(self, model_id: str, request: dict[str, Any]) -> Answer:
        """Ask the endpoint; its answer says which version gave it.

        That a container failed, or took longer than the minute that SageMaker gives it, is an answer too.

        Raises
        ------
        NotReadyError
            The endpoint does not answer right now.
        """
        began = time.monotonic()
        try:
            answer = self.runtime.invoke_endpoint(
                EndpointName=names.endpoint(model_id),
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps(request),
            )
        except BotoCoreError as error:  # nothing arrived in time
            message = f"endpoint of {model_id} does not answer: {error}"
            raise NotReadyError(message) from error
        except ClientError as error:
            if error_code(error) == MODEL_ERROR:
                said = str(
                    error.response.get("OriginalMessage") or error.response["Error"]["Message"]
                )
                status = str(error.response.get("OriginalStatusCode", ""))
                return Answer(
                    _version_in_error(said), (), error=said[:300], is_refused=status.startswith("4")
                )
            message = f"endpoint of {model_id} does not answer: {error_code(error)}"
            raise NotReadyError(message) from error
        body = json.loads(answer["Body"].read())
        return Answer(
            version=answering_version(answer.get("CustomAttributes", "")),
            power_kw=tuple(_number(row.get("power_ac")) for row in body["predictions"]),
            seconds=time.monotonic() - began,
        )

    def _configuration(self, version: Version, config: EndpointConfig) -> str:
        """Create the model and the endpoint configuration of a version where they are missing."""
        network = deployment.network_name(self.subnets, self.security_groups)
        model, name = (
            names.sagemaker_model(version.model_id, version.number, network),
            deployment.configuration_name(version, config),
        )
        variant: Any = {
            "VariantName": VARIANT,
            "ModelName": model,
            "InstanceType": config.instance_type,
            "InitialInstanceCount": config.instance_count,
            "InitialVariantWeight": 1.0,
        }
        vpc: dict[str, Any] = {}
        if self.subnets:
            private = {
                "Subnets": list(self.subnets),
                "SecurityGroupIds": list(self.security_groups),
            }
            vpc = {"VpcConfig": private}
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
                Tags=names.tag_list(),
                **vpc,
            )
        if not self._exists(self.client.describe_endpoint_config, EndpointConfigName=name):
            self.client.create_endpoint_config(
                EndpointConfigName=name,
                KmsKeyId=self.key_arn,
                ProductionVariants=[variant],
                DataCaptureConfig={
                    "EnableCapture": config.capture_percent > 0,
                    "InitialSamplingPercentage": config.capture_percent,
                    "DestinationS3Uri": layout.uri(self.bucket, f"captured/{version.model_id}"),
                    "KmsKeyId": self.key_arn,
                    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                    "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
                },
                Tags=names.tag_list(),
            )
        return name

    @staticmethod
    def _exists(describe: Any, **name: str) -> bool:
        try:
            describe(**name)
        except ClientError as error:
            if error_code(error) in ABSENT:
                return False
            raise
        return True

    def _pause_scaling(self, model_id: str) -> None:
        """AWS refuses a change of instance type while the variant is a scaling target."""
        try:
            self.scaling.deregister_scalable_target(**_scalable(model_id))
        except ClientError as error:
            if error_code(error) != "ObjectNotFoundException":
                raise


def _canary(version: Version, config: EndpointConfig, ignores: tuple[str, ...]) -> Any:
    guards = [watch.alarm_name(version.model_id) for watch in alarms.WATCHES]
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
            "Alarms": [{"AlarmName": name} for name in guards if name not in ignores]
        },
    }


def _at_once() -> Any:
    """Return how a version that served before comes back: no alarm may stop it, and no user waits for it."""
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 0,
            "MaximumExecutionTimeoutInSeconds": 3600,
        }
    }


def _scalable(model_id: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{names.endpoint(model_id)}/variant/{VARIANT}",
        "ScalableDimension": _SCALING,
    }


@contextmanager
def _operators_faults() -> Iterator[None]:
    """Tell apart what AWS cannot do for anybody: no version is barred for it."""
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        if code in OPERATORS_FAULTS or code.startswith("AccessDenied") or code == VALIDATION:
            message = f"{code}: {error.response['Error'].get('Message', '')}"
            raise OperatorFaultError(message) from error
        raise


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else math.nan


def _version_in_error(said: str) -> int | None:
    """Return which version could not answer, as the server of this product says in its error."""
    try:
        found = json.loads(said).get("model_package_version")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, int) else None


def answering_version(attributes: str) -> int | None:
    """Return which version answered, as the server of this product says in the answer's attributes."""
    match = re.search(r"model_package_version=(\d+)", attributes)
    return int(match[1]) if match else None
