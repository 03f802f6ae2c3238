"""Endpoints with everything that belongs to them: models, configurations, scaling and alarms."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from services.deployer.adapters.configurations import Configurations
from services.deployer.adapters.errors import ABSENT, OPERATORS_FAULTS, VALIDATION
from services.deployer.adapters.lines import OK, EndpointLine, Line
from services.deployer.adapters.log_groups import LogGroups
from services.deployer.domain import alarms
from services.deployer.domain.alarms import VARIANT
from services.deployer.domain.deployment import Endpoint, Version
from services.deployer.domain.night import Night
from services.deployer.domain.reference import Answer
from shared import names
from shared.aws import error_code
from shared.errors import NotReadyError, OperatorFaultError
from shared.model_config import EndpointConfig, Mode

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
    log_groups: LogGroups

    @property
    def configurations(self) -> Configurations:
        """What endpoints are made of."""
        return Configurations(
            client=self.client,
            role_arn=self.role_arn,
            key_arn=self.key_arn,
            bucket=self.bucket,
            subnets=self.subnets,
            security_groups=self.security_groups,
        )

    def describe(self, model_id: str) -> Endpoint | None:
        """Return a model's endpoint as it is, or None where there is none."""
        return self._described(names.endpoint(model_id))

    def second(self, model_id: str) -> Endpoint | None:
        """Return the endpoint beside the one that serves, or None where there is none."""
        return self._described(names.second_endpoint(model_id))

    def _described(self, name: str) -> Endpoint | None:
        try:
            found = self.client.describe_endpoint(EndpointName=name)
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
            mode="serverless" if _is_serverless(found) else "realtime",
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
        with operators_faults():
            self.keep_alarms(version.model_id, config.mode or "realtime")
            name = self.configurations.keep(version, config)
            try:
                self._create(names.endpoint(version.model_id), name)
            except ClientError as error:
                if error_code(error) != VALIDATION or self.describe(version.model_id) is None:
                    raise
                self.check_ours(version.model_id)

    def _create(self, endpoint: str, configuration: str) -> None:
        self.client.create_endpoint(
            EndpointName=endpoint, EndpointConfigName=configuration, Tags=names.tag_list()
        )

    def create_second(self, version: Version, config: EndpointConfig) -> None:
        """Create an endpoint beside the one that serves, for one version; repeating it changes nothing.

        Raises
        ------
        NotReadyError
            One of another version, or one that failed, is there still; it is being deleted now.
        OperatorFaultError
            AWS cannot do it, whatever the version.
        """
        with operators_faults():
            self.log_groups.keep(names.second_endpoint(version.model_id))
            name = self.configurations.keep(version, config)
            try:
                self._create(names.second_endpoint(version.model_id), name)
            except ClientError as error:
                found = self.second(version.model_id)
                if error_code(error) != VALIDATION or found is None:
                    raise
                if found.configuration != name or found.status in {"Failed", "Deleting"}:
                    self.delete_second(version.model_id)
                    message = f"another second endpoint of {version.model_id} is being deleted"
                    raise NotReadyError(message) from error

    def give(self, model_id: str, configuration: str) -> None:
        """Let AWS move the endpoint to a configuration as it does without a canary.

        AWS keeps what serves until the new one does; an endpoint that has it already is success.

        Raises
        ------
        NotReadyError
            The endpoint is being changed.
        OperatorFaultError
            AWS cannot do it, whatever the version.
        """
        self.check_ours(model_id)
        with operators_faults():
            self._asked_to_update(model_id, configuration, {})

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
        with operators_faults():
            self._update(
                version, config, _at_once() if goes_back else _canary(version, config, ignores)
            )

    def _update(self, version: Version, config: EndpointConfig, how: Any) -> None:
        model_id = version.model_id
        self.keep_alarms(model_id, "realtime")
        name = self.configurations.keep(version, config)
        self._pause_scaling(model_id)
        kept = [{"VariantPropertyType": "DataCaptureConfig"}]
        if self._is_fewer(model_id, config):  # as at night; a canary needs two to be divided
            kept.append({"VariantPropertyType": "DesiredInstanceCount"})
        how = {
            "DeploymentConfig": how,
            "RetainAllVariantProperties": True,  # a fleet that scaled out keeps its size
            "ExcludeRetainedVariantProperties": kept,
        }
        self._asked_to_update(model_id, name, how)

    def _is_fewer(self, model_id: str, config: EndpointConfig) -> bool:
        """Whether fewer instances run than by day: those of the configuration come then."""
        if config.night_instance_count is None:
            return False
        found = self.client.describe_endpoint(EndpointName=names.endpoint(model_id))
        running = [each.get("CurrentInstanceCount", 0) for each in found["ProductionVariants"]]
        return sum(running) < config.instance_count

    def _asked_to_update(self, model_id: str, configuration: str, how: Any) -> None:
        try:
            self.client.update_endpoint(
                EndpointName=names.endpoint(model_id), EndpointConfigName=configuration, **how
            )
        except ClientError as error:
            endpoint = self.describe(model_id)
            if error_code(error) != VALIDATION or endpoint is None:
                raise
            if endpoint.status == "InService" and endpoint.configuration != configuration:
                raise
            if endpoint.configuration != configuration and endpoint.status != "Updating":
                message = f"endpoint of {model_id} is {endpoint.status}"
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
        self._delete(names.endpoint(model_id))

    def delete_second(self, model_id: str) -> None:
        """Delete the endpoint beside the one that serves; one that is gone, or on its way, is success."""
        name = names.second_endpoint(model_id)
        self._check_ours(name)
        found = self._described(name)
        if found is not None and found.status != "Deleting":
            self._delete(name)

    def _delete(self, name: str) -> None:
        try:
            self.client.delete_endpoint(EndpointName=name)
        except ClientError as error:
            if error_code(error) != VALIDATION or self._described(name) is not None:
                raise

    def check_ours(self, model_id: str) -> None:
        """Do nothing where a model's endpoint is this product's, or there is none.

        Raises
        ------
        OperatorFaultError
            It does not carry this product's tag: somebody else's endpoint has the name.
        """
        self._check_ours(names.endpoint(model_id))

    def _check_ours(self, name: str) -> None:
        try:
            arn = self.client.describe_endpoint(EndpointName=name)["EndpointArn"]
            is_ours = self.configurations.is_ours(arn)
        except ClientError as error:
            if error_code(error) in ABSENT:
                return
            raise
        if not is_ours:
            message = f"the endpoint {name} is not this product's: it lacks the tags {names.tags()}"
            raise OperatorFaultError(message)

    def keep_scaling(
        self, model_id: str, config: EndpointConfig, nights: Sequence[Night] = ()
    ) -> None:
        """Let the endpoint's instances follow its load, and be few at night; repeating it changes nothing."""
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
        self._keep_nights(target, config, nights)

    def _keep_nights(
        self, target: dict[str, str], config: EndpointConfig, nights: Sequence[Night]
    ) -> None:
        """Put what is to be done every evening and morning of each month; take away what was before."""
        wanted = _evenings_and_mornings(config, nights)
        found = self.scaling.describe_scheduled_actions(
            **{name: target[name] for name in ("ServiceNamespace", "ResourceId")}
        )
        for each in found["ScheduledActions"]:
            if each["ScheduledActionName"] not in wanted:
                name = each["ScheduledActionName"]
                self.scaling.delete_scheduled_action(**target, ScheduledActionName=name)
        for name, (schedule, least, most) in wanted.items():
            self.scaling.put_scheduled_action(
                **target,
                ScheduledActionName=name,
                Schedule=schedule,
                ScalableTargetAction={"MinCapacity": least, "MaxCapacity": most},
            )

    def keep_alarms(self, model_id: str, mode: Mode) -> None:
        """Put the alarms that belong to a mode, as this release has them, and take away those of another."""
        if mode != "none":
            self.log_groups.keep(names.endpoint(model_id))
        wanted = alarms.of(mode)
        for watch in wanted:
            self.cloudwatch.put_metric_alarm(**watch.definition(model_id, self.alarms_topic_arn))
        others = [watch.alarm_name(model_id) for watch in alarms.ALL if watch not in wanted]
        if others:
            self.cloudwatch.delete_alarms(AlarmNames=others)

    def tidy(self, model_id: str, in_use: str) -> None:
        """Delete configurations beyond those kept for a rollback; models cost nothing."""
        self.configurations.tidy(model_id, in_use)

    def invoke(self, model_id: str, request: dict[str, Any]) -> Answer:
        """Ask the endpoint; its answer says which version gave it.

        That a container failed, or took longer than the minute that SageMaker gives it, is an answer too.

        Raises
        ------
        NotReadyError
            The endpoint does not answer right now.
        """
        return answered(EndpointLine(self.runtime), model_id, request)

    def invoke_second(self, model_id: str, request: dict[str, Any]) -> Answer:
        """Ask the endpoint beside the one that serves; raises like `invoke`."""
        return answered(EndpointLine(self.runtime, names.second_endpoint), model_id, request)

    def _pause_scaling(self, model_id: str) -> None:
        """AWS refuses a change of instance type while the variant is a scaling target."""
        try:
            self.scaling.deregister_scalable_target(**_scalable(model_id))
        except ClientError as error:
            if error_code(error) != "ObjectNotFoundException":
                raise


def answered(line: Line, model_id: str, request: dict[str, Any]) -> Answer:
    """Ask, and return what power is answered, by which version and how soon."""
    began = time.monotonic()
    reply = line.call(model_id, request)
    if reply.status != OK:
        is_refused = 400 <= reply.status < 500  # noqa: PLR2004 - as HTTP has it
        version = _version_in_error(reply.said)
        return Answer(version, (), error=reply.said[:300], is_refused=is_refused)
    body = json.loads(reply.said)
    return Answer(
        version=answering_version(reply.attributes),
        power_kw=tuple(_number(row.get("power_ac")) for row in body["predictions"]),
        seconds=time.monotonic() - began,
    )


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


def _evenings_and_mornings(
    config: EndpointConfig, nights: Sequence[Night]
) -> dict[str, tuple[str, int, int]]:
    """Return by name when [UTC] how many instances there are at least and at most.

    Without requests there is no metric, and AWS takes no instance away; so the most is set at night, too.
    """
    few, by_day = config.night_instance_count, config.instance_count
    if few is None:
        return {}
    most = max(config.maximum_instance_count, by_day)
    wanted = {}
    for night in nights:
        wanted[f"night-{night.month:02}-begins"] = (_every_day(night.begins, night.month), few, few)
        wanted[f"night-{night.month:02}-ends"] = (_every_day(night.ends, night.month), by_day, most)
    return wanted


def _every_day(minute: int, month: int) -> str:
    return f"cron({minute % 60} {minute // 60 % 24} * {month} ? *)"


def _scalable(model_id: str) -> dict[str, str]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{names.endpoint(model_id)}/variant/{VARIANT}",
        "ScalableDimension": _SCALING,
    }


@contextmanager
def operators_faults() -> Iterator[None]:
    """Tell apart what AWS cannot do for anybody: no version is barred for it."""
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        if code in OPERATORS_FAULTS or code.startswith("AccessDenied") or code == VALIDATION:
            message = f"{code}: {error.response['Error'].get('Message', '')}"
            raise OperatorFaultError(message) from error
        raise


def _is_serverless(found: Any) -> bool:
    return any("CurrentServerlessConfig" in each for each in found.get("ProductionVariants", []))


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
