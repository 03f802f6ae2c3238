"""A SageMaker for each Region of the account; a request goes to that of the Region it was signed for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from infra.local import emulator
from infra.local.home import Home
from infra.local.sagemaker.api import Answer, SageMaker, refusal
from infra.local.sagemaker.errors import ApiError
from infra.local.sagemaker.images import Images
from infra.local.sagemaker.jobs import slots

Snapshot = dict[str, Any]

# Step Functions calls by the SDK for Java, whose exception names it shows; the rest have none there.
_JAVA_NAMES = {
    "ResourceNotFound": "ResourceNotFoundException",
    "ResourceInUse": "ResourceInUseException",
    "ResourceLimitExceeded": "ResourceLimitExceededException",
    "ValidationException": "SageMakerException",
    "AccessDeniedException": "SageMakerException",
}


class Regions:
    """All of the local SageMaker; also what ministack sees as a service module (state, requests, reset)."""

    def __init__(self, home: Home, account_id: str) -> None:
        self._home = home
        self._account_id = account_id
        self._images = Images(home.images, os.environ.get("SOLAR_ARTIFACT_BUCKET", ""))
        self._slots = slots()  # the machine is one, whatever the Region
        self._lock = threading.Lock()
        self._of: dict[str, SageMaker] = {}

    def here(self) -> SageMaker:
        """Return the SageMaker of the Region that asks just now."""
        region = emulator.responses.get_region()
        with self._lock:
            if region not in self._of:
                self._of[region] = SageMaker(
                    self._home, self._account_id, region, self._images, self._slots
                )
            return self._of[region]

    def starting(self) -> int:
        """Return how many endpoints are on their way up, in all Regions."""
        return sum(each.endpoints.starting() for each in self._all().values())

    def _all(self) -> dict[str, SageMaker]:
        with self._lock:
            return dict(self._of)

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
        here = self.here()
        answer: Answer
        if target:
            answer = await run(here.answer, target.rpartition(".")[2], body)
        elif method == "POST" and path.startswith("/endpoints/"):
            answer = await run(here.endpoints.invoke_over_http, path, headers, body)
        else:
            answer = refusal(ApiError("UnknownOperationException", f"{method} {path} is unknown"))
        return answer

    def get_state(self) -> dict[str, Snapshot]:
        """Return what is kept while the platform is down, by Region."""
        return {region: each.store.snapshot() for region, each in self._all().items()}

    def load_persisted_state(self, state: dict[str, Snapshot]) -> None:
        """Take over what an earlier process kept."""
        if "tables" in state:  # of a platform that had one SageMaker for all Regions
            state = {emulator.responses.get_region(): state}
        for region, snapshot in state.items():
            with emulator.region(region):
                self.here().store.restore(snapshot)

    def reset(self) -> None:
        """Forget everything."""
        self.stop()
        for each in self._all().values():
            each.store.clear()

    # --- life -----------------------------------------------------------------

    def start(self) -> None:
        """Come back after a restart: what ran has ended, endpoints serve again."""
        for region, each in self._all().items():
            with emulator.region(region):
                each.start()

    def stop(self) -> None:
        """End all that runs."""
        for region, each in self._all().items():
            with emulator.region(region):
                each.stop()


def _keep_content_type(fix: Callable[..., Any]) -> Callable[..., Any]:
    """Leave the content type of our answers alone: an endpoint's answer has its container's."""

    def changed(service: str, status: int, headers: dict[str, str]) -> None:
        if service != "sagemaker":
            fix(service, status, headers)

    return changed


def register(service: Regions) -> None:
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
