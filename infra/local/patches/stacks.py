"""CloudFormation: the resource types that ministack lacks, and a parser that keeps nobody waiting."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import yaml

from infra.local import emulator, inert
from infra.local.sagemaker.errors import ApiError
from infra.local.sagemaker.regions import Regions
from infra.local.sagemaker.store import Record, now

_TRAIL_SWITCHES = ("IsMultiRegionTrail", "IncludeGlobalServiceEvents", "EnableLogFileValidation")

Properties = dict[str, Any]
Made = tuple[str, dict[str, Any]]
"""Physical id and attributes."""

_NAMES = (
    *("Name", "TrailName", "BudgetName", "PolicyName", "AlarmName", "ArchiveName"),
    *("ScalingTargetId", "QueryDefinitionName"),
)


def apply(sagemaker: Regions) -> None:
    """Add the types to ministack's handlers, and parse its templates ten times as fast."""
    emulator.replace(emulator.cloudformation.engine, "CfnLoader", _in_c)
    handlers = emulator.resource_handlers
    for name in inert.INERT_TYPES:
        handlers.setdefault(name, _Inert(name, sagemaker).handler())
    handlers["AWS::SageMaker::Pipeline"] = _Pipeline(sagemaker).handler()
    handlers["AWS::SageMaker::ModelPackageGroup"] = _Group(sagemaker).handler()
    handlers["AWS::CloudWatch::CompositeAlarm"] = _Composite().handler()
    handlers["AWS::CloudTrail::Trail"] = _Trail().handler()
    handlers["AWS::Events::Archive"] = _Archive().handler()


def _in_c(loader: type[yaml.SafeLoader]) -> type[yaml.CSafeLoader]:
    """Return a loader with the same tags on libyaml: nothing else is answered while a template is parsed."""

    class Loader(yaml.CSafeLoader):
        yaml_constructors = loader.yaml_constructors

    return Loader


class _Type:
    """A resource type: ministack calls these three from its event loop."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        raise NotImplementedError

    def update(self, physical_id: str, before: Properties, after: Properties, stack: str) -> Made:
        raise NotImplementedError

    def delete(self, physical_id: str, properties: Properties) -> None:
        raise NotImplementedError

    def handler(self) -> dict[str, Callable[..., Any]]:
        """Return what ministack looks up by the type's name."""
        return {"create": self.create, "update": self.update, "delete": self.delete}


class _Inert(_Type):
    """Kept, listed, deleted; does nothing."""

    def __init__(self, name: str, sagemaker: Regions) -> None:
        self._name = name
        self._sagemaker = sagemaker

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        named = next((str(properties[each]) for each in _NAMES if each in properties), None)
        digest = hashlib.sha256(f"{self._name} {stack} {logical_id}".encode()).hexdigest()[:12]
        physical_id = named or f"{stack}-{logical_id}-{digest}"
        return self._keep(physical_id, properties)

    def update(self, physical_id: str, before: Properties, after: Properties, stack: str) -> Made:  # noqa: ARG002
        return self._keep(physical_id, after)

    def _kept(self) -> dict[str, Record]:
        return self._sagemaker.here().store["inert"]

    def _keep(self, physical_id: str, properties: Properties) -> Made:
        self._kept()[f"{self._name} {physical_id}"] = {
            "Type": self._name,
            "PhysicalId": physical_id,
            "Properties": json.loads(json.dumps(properties, default=str)),
        }
        service = self._name.split("::")[1].lower()
        account, region = emulator.responses.get_account_id(), emulator.responses.get_region()
        arn = f"arn:aws:{service}:{region}:{account}:{physical_id}"
        return physical_id, {"Arn": arn, "Id": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        self._kept().pop(f"{self._name} {physical_id}", None)


def _calling(sagemaker: Regions, operation: str, request: Record) -> Record:
    """Call SageMaker; CloudFormation shows the refusal as the resource's reason."""
    try:
        return sagemaker.here().call(operation, request)
    except ApiError as error:
        message = (
            f"{error.message} (Service: SageMaker, Status Code: 400, Error Code: {error.code})"
        )
        raise ValueError(message) from error


class _Pipeline(_Type):
    """AWS::SageMaker::Pipeline."""

    def __init__(self, sagemaker: Regions) -> None:
        self._sagemaker = sagemaker

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        name = properties.get("PipelineName") or f"{stack}-{logical_id}"
        _calling(self._sagemaker, "CreatePipeline", self._request(name, properties))
        return name, {}

    def update(self, physical_id: str, before: Properties, after: Properties, stack: str) -> Made:  # noqa: ARG002
        request = self._request(physical_id, after)
        request.pop("Tags", None)
        answer = _calling(self._sagemaker, "UpdatePipeline", request)
        self._sagemaker.here().store.tag(answer["PipelineArn"], after.get("Tags"))
        return physical_id, {}

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        if physical_id in self._sagemaker.here().store["pipelines"]:
            _calling(self._sagemaker, "DeletePipeline", {"PipelineName": physical_id})

    @staticmethod
    def _request(name: str, properties: Properties) -> Record:
        request = {
            key: value
            for key, value in properties.items()
            if key not in {"PipelineDefinition", "PipelineName"}
        }
        request["PipelineName"] = name
        definition = properties["PipelineDefinition"]
        where = definition.get("PipelineDefinitionS3Location")
        if where:
            request["PipelineDefinitionS3Location"] = {
                "Bucket": where["Bucket"],
                "ObjectKey": where["Key"],
                **({"VersionId": where["Version"]} if "Version" in where else {}),
            }
        else:
            request["PipelineDefinition"] = definition["PipelineDefinitionBody"]
        parallel = request.get("ParallelismConfiguration", {})
        if parallel:
            request["ParallelismConfiguration"] = {
                key: int(value) for key, value in parallel.items()
            }
        return request


class _Group(_Type):
    """AWS::SageMaker::ModelPackageGroup."""

    def __init__(self, sagemaker: Regions) -> None:
        self._sagemaker = sagemaker

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:  # noqa: ARG002
        request = {
            key: value for key, value in properties.items() if key != "ModelPackageGroupPolicy"
        }
        arn = _calling(self._sagemaker, "CreateModelPackageGroup", request)["ModelPackageGroupArn"]
        return arn, {
            "ModelPackageGroupArn": arn,
            "ModelPackageGroupStatus": "Completed",
            "CreationTime": str(now()),
        }

    def update(self, physical_id: str, before: Properties, after: Properties, stack: str) -> Made:  # noqa: ARG002
        self._sagemaker.here().store.tag(physical_id, after.get("Tags"))
        return physical_id, {"ModelPackageGroupArn": physical_id}

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        name = physical_id.rpartition("/")[2]
        if name in self._sagemaker.here().store["package_groups"]:
            _calling(self._sagemaker, "DeleteModelPackageGroup", {"ModelPackageGroupName": name})


def _ministack(answer: tuple[int, dict[str, str], Any]) -> Any:
    """Return what a ministack operation answered in JSON; raise what it refused."""
    status, _, body = answer
    if status >= 400:  # noqa: PLR2004  # HTTP
        text = body.decode("utf-8", errors="replace") if isinstance(body, bytes) else str(body)
        raise ValueError(text)
    return json.loads(body) if body else {}


class _Composite(_Type):
    """AWS::CloudWatch::CompositeAlarm, by ministack's own operations."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        return self._put(properties.get("AlarmName") or f"{stack}-{logical_id}", properties)

    def update(self, physical_id: str, before: Properties, after: Properties, stack: str) -> Made:  # noqa: ARG002
        return self._put(physical_id, after)

    @staticmethod
    def _put(name: str, properties: Properties) -> Made:
        request = {**properties, "AlarmName": name}
        put = emulator.put_composite_alarm
        _ministack(put({}, request, is_cbor=False, is_json=True))
        return name, {"Arn": emulator.composite_alarms[name]["AlarmArn"]}

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        emulator.composite_alarms.pop(physical_id, None)


class _Trail(_Type):
    """AWS::CloudTrail::Trail, by ministack's own operations."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        name = properties.get("TrailName") or f"{stack}-{logical_id}"
        made = _ministack(emulator.cloudtrail._create_trail(self._request(name, properties)))  # noqa: SLF001  # there is no other way
        return self._selected(name, made["TrailARN"], properties)

    def update(self, physical_id: str, before: Properties, after: Properties, stack: str) -> Made:  # noqa: ARG002
        made = _ministack(emulator.cloudtrail._update_trail(self._request(physical_id, after)))  # noqa: SLF001
        return self._selected(physical_id, made["TrailARN"], after)

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        emulator.cloudtrail._delete_trail({"Name": physical_id})  # noqa: SLF001

    @staticmethod
    def _request(name: str, properties: Properties) -> Properties:
        return {
            "Name": name,
            "S3BucketName": properties["S3BucketName"],
            "KmsKeyId": properties.get("KMSKeyId", ""),
            **{key: _is_true(properties.get(key)) for key in _TRAIL_SWITCHES},
        }

    @staticmethod
    def _selected(name: str, arn: str, properties: Properties) -> Made:
        selectors = [
            each | {"IncludeManagementEvents": _is_true(each.get("IncludeManagementEvents", True))}
            for each in properties.get("EventSelectors", [])
        ]
        if selectors:
            request = {"TrailName": name, "EventSelectors": selectors}
            _ministack(emulator.cloudtrail._put_event_selectors(request))  # noqa: SLF001
        switch = "_start_logging" if _is_true(properties["IsLogging"]) else "_stop_logging"
        _ministack(getattr(emulator.cloudtrail, switch)({"Name": name}))
        return name, {"Arn": arn}


def _is_true(value: Any) -> bool:
    """Return what a template means, where `!If` and parameters give texts."""
    return str(value).lower() == "true"


class _Archive(_Type):
    """AWS::Events::Archive, by ministack's own operations."""

    def create(self, logical_id: str, properties: Properties, stack: str) -> Made:
        name = properties.get("ArchiveName") or f"{stack}-{logical_id}"
        _ministack(emulator.create_archive(self._request(name, properties)))
        return name, self._attributes(name)

    def update(self, physical_id: str, before: Properties, after: Properties, stack: str) -> Made:  # noqa: ARG002
        _ministack(emulator.update_archive(self._request(physical_id, after)))
        return physical_id, self._attributes(physical_id)

    def delete(self, physical_id: str, properties: Properties) -> None:  # noqa: ARG002
        emulator.delete_archive({"ArchiveName": physical_id})

    @staticmethod
    def _request(name: str, properties: Properties) -> Properties:
        request = {key: value for key, value in properties.items() if key != "SourceArn"}
        request.update(ArchiveName=name, EventSourceArn=properties["SourceArn"])
        if isinstance(request.get("EventPattern"), dict):
            request["EventPattern"] = json.dumps(request["EventPattern"])
        return request

    @staticmethod
    def _attributes(name: str) -> dict[str, Any]:
        account, region = emulator.responses.get_account_id(), emulator.responses.get_region()
        return {"Arn": f"arn:aws:events:{region}:{account}:archive/{name}", "ArchiveName": name}
