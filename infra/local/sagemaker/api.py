"""The front door of SageMaker: one operation in, one answer or one of AWS's errors out."""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Callable
from typing import Any

from infra.local import emulator
from infra.local.home import Home
from infra.local.sagemaker import validate
from infra.local.sagemaker.endpoints import Endpoints
from infra.local.sagemaker.errors import ApiError
from infra.local.sagemaker.images import Images
from infra.local.sagemaker.jobs import Jobs
from infra.local.sagemaker.pipelines import Pipelines
from infra.local.sagemaker.registry import Registry
from infra.local.sagemaker.store import Record, Store

_LOG = logging.getLogger("solar.sagemaker")
_JSON = "application/x-amz-json-1.1"

# Step Functions calls by the SDK for Java, whose exception names it shows; the rest have none there.
_JAVA_NAMES = {
    "ResourceNotFound": "ResourceNotFoundException",
    "ResourceInUse": "ResourceInUseException",
    "ResourceLimitExceeded": "ResourceLimitExceededException",
    "ValidationException": "SageMakerException",
}

Answer = tuple[int, dict[str, str], bytes]


class SageMaker:
    """All of the local SageMaker; also what ministack sees as a service module (state, requests, reset)."""

    def __init__(self, home: Home, account_id: str, region: str) -> None:
        self.store = Store(account_id, region)
        images = Images(home.images, os.environ.get("SOLAR_ARTIFACT_BUCKET", ""))
        self.registry = Registry(self.store, images)
        self.jobs = Jobs(self.store, images, home)
        self.pipelines = Pipelines(self.store, self.jobs, self.call)
        self.endpoints = Endpoints(self.store, self.registry, images, home)
        self._operations: dict[str, Callable[[Record], Record]] = {
            **self.registry.operations(),
            **self.jobs.operations(),
            **self.pipelines.operations(),
            **self.endpoints.operations(),
        }

    def call(self, name: str, request: Record) -> Record:
        """Answer one operation.

        Raises
        ------
        ApiError
            The request is refused, in AWS's words.
        """
        model = validate.operation(name)
        for member in model.idempotent_members:
            request.setdefault(member, str(uuid.uuid4()))
        validate.request(name, request)
        answer = self._operations.get(name)
        if answer is None:
            raise ApiError(
                "UnknownOperationException", f"The local platform does not know SageMaker's {name}"
            )
        with self.store.lock:
            return answer(request)

    # --- as ministack's service module -----------------------------------------

    async def handle_request(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes | str,
        query_params: dict[str, list[str]],  # noqa: ARG002  # ministack's signature
    ) -> Answer:
        """Answer an HTTP request, off the event loop: operations read S3 and start processes."""
        target = headers.get("x-amz-target", "")
        run = emulator.concurrency.run_reentrant
        answer: Answer
        if target:
            answer = await run(self._answer, target.rpartition(".")[2], body)
        elif method == "POST" and path.startswith("/endpoints/"):
            answer = await run(self.endpoints.invoke_over_http, path, headers, body)
        else:
            answer = _refusal(ApiError("UnknownOperationException", f"{method} {path} is unknown"))
        return answer

    def _answer(self, name: str, body: bytes | str) -> Answer:
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            return _refusal(ApiError("SerializationException", "The request is no JSON"))
        try:
            return 200, {"Content-Type": _JSON}, json.dumps(self.call(name, request)).encode()
        except ApiError as error:
            return _refusal(error)

    def get_state(self) -> dict[str, Any]:
        """Return what is kept while the platform is down."""
        return self.store.snapshot()

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Take over what an earlier process kept."""
        self.store.restore(state)

    def reset(self) -> None:
        """Forget everything."""
        self.stop()
        self.store.clear()

    # --- life -----------------------------------------------------------------

    def start(self) -> None:
        """Come back after a restart: what ran has ended, endpoints serve again."""
        self.jobs.after_restart()
        self.pipelines.after_restart()
        self.endpoints.after_restart()

    def stop(self) -> None:
        """End all that runs."""
        self.pipelines.stop_all()
        self.endpoints.stop_all()


def _refusal(error: ApiError) -> Answer:
    _LOG.info("%s: %s", error.code, error.message)
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return 400, {"Content-Type": _JSON, "x-amzn-errortype": error.code}, body


def _keep_content_type(fix: Callable[..., Any]) -> Callable[..., Any]:
    """Leave the content type of our answers alone: an endpoint's answer has its container's."""

    def changed(service: str, status: int, headers: dict[str, str]) -> None:
        if service != "sagemaker":
            fix(service, status, headers)

    return changed


def register(service: SageMaker) -> None:
    """Make ministack route, keep and integrate SageMaker like its own services."""
    emulator.replace(emulator.gateway, "fix_success_content_type", _keep_content_type)
    emulator.replace(emulator.gateway, "fix_error_content_type", _keep_content_type)
    emulator.gateway.SERVICE_HANDLERS["sagemaker"] = service.handle_request
    emulator.loaded_modules["sagemaker"] = service
    emulator.state_files["sagemaker"] = "sagemaker"
    emulator.router.SERVICE_PATTERNS["sagemaker"] = {
        "host_patterns": [r"sagemaker\.", r"runtime\.sagemaker\."],
        "target_prefixes": ["SageMaker."],
    }
    emulator.sdk_services["sagemaker"] = {
        "target_prefix": "SageMaker",
        "protocol": "json",
    }
    emulator.sdk_error_prefixes["sagemaker"] = "SageMaker"
    emulator.sdk_error_names["sagemaker"] = _JAVA_NAMES
