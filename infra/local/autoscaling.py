"""Application Auto Scaling: targets, policies and schedules are kept; nothing is ever scaled."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from infra.local import emulator
from infra.local.sagemaker.regions import Regions
from infra.local.sagemaker.store import Record, Store, now

_JSON = "application/x-amz-json-1.1"
_TARGET_KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")
_FILTERS = (*_TARGET_KEY, "PolicyName", "ScheduledActionName")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is kept, and the operations and members that go with it."""

    table: str
    name: str  # the member that names one
    filter: str  # the member that asks for several
    answer: str
    describe: str
    remove: str

    def key(self, request: Record) -> str:
        members = dict.fromkeys((*_TARGET_KEY, self.name))
        return " ".join(str(request.get(member, "")) for member in members)


_TARGET = _Kind(
    *("scalable_targets", "ResourceId", "ResourceIds", "ScalableTargets"),
    *("DescribeScalableTargets", "DeregisterScalableTarget"),
)
_POLICY = _Kind(
    *("scaling_policies", "PolicyName", "PolicyNames", "ScalingPolicies"),
    *("DescribeScalingPolicies", "DeleteScalingPolicy"),
)
_ACTION = _Kind(
    *("scheduled_actions", "ScheduledActionName", "ScheduledActionNames", "ScheduledActions"),
    *("DescribeScheduledActions", "DeleteScheduledAction"),
)


class AutoScaling:
    """Answers the operations that keep, show and remove."""

    def __init__(self, sagemaker: Regions) -> None:
        self._sagemaker = sagemaker

    @property
    def _store(self) -> Store:
        """The tables of the Region that asks."""
        return self._sagemaker.here().store

    async def handle_request(
        self,
        method: str,  # noqa: ARG002  # ministack's signature
        path: str,  # noqa: ARG002
        headers: dict[str, str],
        body: bytes | str,
        query_params: dict[str, Any],  # noqa: ARG002
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer an HTTP request."""
        name = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            answer, status = self._call(name, json.loads(body or b"{}")), 200
        except LookupError as error:
            code, message = error.args
            answer, status = {"__type": code, "message": message}, 400
        return status, {"Content-Type": _JSON}, json.dumps(answer).encode()

    def _call(self, name: str, request: Record) -> Record:
        answers: dict[str, Callable[[Record], Record]] = {
            "RegisterScalableTarget": self._register,
            "PutScalingPolicy": self._put_policy,
            "PutScheduledAction": self._put_action,
            "DescribeScalingActivities": lambda _request: {"ScalingActivities": []},
        }
        for kind in (_TARGET, _POLICY, _ACTION):
            answers[kind.describe] = partial(self._describe, kind)
            answers[kind.remove] = partial(self._remove, kind)
        if name not in answers:
            raise LookupError("UnknownOperationException", f"{name} is unknown here")
        return answers[name](request)

    def _register(self, request: Record) -> Record:
        self._refuse_serverless(request)
        record = self._keep(_TARGET, request)
        return {"ScalableTargetARN": self._arn("scalable-target", record)}

    def _refuse_serverless(self, request: Record) -> None:
        """A variant without instances has no number of them."""
        _, endpoint, _, variant = f"{request['ResourceId']}////".split("/")[:4]
        found = self._store["endpoints"].get(endpoint, {})
        for each in found.get("ProductionVariants", []):
            if each["VariantName"] == variant and "CurrentServerlessConfig" in each:
                message = "The variant is serverless; it has no DesiredInstanceCount"
                raise LookupError("ValidationException", message)

    def _put_policy(self, request: Record) -> Record:
        self._require_target(request)
        record = self._keep(_POLICY, request)
        record.update(PolicyARN=self._arn("scalingPolicy", record), Alarms=[])
        return {"PolicyARN": record["PolicyARN"], "Alarms": []}

    def _put_action(self, request: Record) -> Record:
        self._require_target(request)
        record = self._keep(_ACTION, request)
        record["ScheduledActionARN"] = self._arn("scheduledAction", record)
        return {}

    def _keep(self, kind: _Kind, request: Record) -> Record:
        record = self._store[kind.table].setdefault(kind.key(request), {"CreationTime": now()})
        record.update(request)
        return record

    def _describe(self, kind: _Kind, request: Record) -> Record:
        wanted = request.get(kind.filter)
        found = [
            record
            for record in self._store[kind.table].values()
            if all(record.get(each) == request[each] for each in _FILTERS if each in request)
            and (not wanted or record[kind.name] in wanted)
        ]
        return {kind.answer: found}

    def _remove(self, kind: _Kind, request: Record) -> Record:
        if self._store[kind.table].pop(kind.key(request), None) is None:
            raise LookupError(
                "ObjectNotFoundException", f"No such object was found: {kind.key(request)}"
            )
        return {}

    def _require_target(self, request: Record) -> None:
        if _TARGET.key(request) not in self._store["scalable_targets"]:
            raise LookupError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: {request['ServiceNamespace']}, "
                f"resource ID: {request['ResourceId']}, "
                f"scalable dimension: {request['ScalableDimension']}",
            )

    def _arn(self, kind: str, record: Record) -> str:
        where = f"{self._store.region}:{self._store.account_id}"
        name = record.get("PolicyName") or record.get("ScheduledActionName") or ""
        return f"arn:aws:application-autoscaling:{where}:{kind}/{record['ResourceId']}/{name}"


def register(service: AutoScaling) -> None:
    """Make ministack route Application Auto Scaling here."""
    emulator.gateway.SERVICE_HANDLERS["application-autoscaling"] = service.handle_request
    emulator.router.SERVICE_PATTERNS["application-autoscaling"] = {
        "host_patterns": [r"application-autoscaling\."],
        "target_prefixes": ["AnyScaleFrontendService."],
    }
