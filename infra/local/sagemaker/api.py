"""The front door of SageMaker: one operation in, one answer or one of AWS's errors out."""

from __future__ import annotations

import json
import logging
import threading
import uuid
from collections.abc import Callable

from infra.local.home import Home
from infra.local.sagemaker import rights, validate
from infra.local.sagemaker.endpoints import Endpoints
from infra.local.sagemaker.errors import ApiError
from infra.local.sagemaker.images import Images
from infra.local.sagemaker.jobs import Jobs
from infra.local.sagemaker.pipelines import Pipelines
from infra.local.sagemaker.registry import Registry
from infra.local.sagemaker.store import Record, Store

_LOG = logging.getLogger("solar.sagemaker")
_JSON = "application/x-amz-json-1.1"

Answer = tuple[int, dict[str, str], bytes]


class SageMaker:
    """The SageMaker of one Region.

    Parameters
    ----------
    home, account_id, region
        Where it is.
    images, slots
        The machine's container images, and how many jobs it may run at once; Regions share both.
    """

    def __init__(
        self, home: Home, account_id: str, region: str, images: Images, slots: threading.Semaphore
    ) -> None:
        self.store = Store(account_id, region)
        self.registry = Registry(self.store, images)
        self.jobs = Jobs(self.store, images, home, slots)
        self.pipelines = Pipelines(self.store, self.jobs, self.call_as_service)
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
        rights.require_beside(name, request, self.store.region, self.store.account_id)
        with self.store.lock:
            return answer(request)

    def call_as_service(self, name: str, request: Record) -> Record:
        """Answer one operation that SageMaker itself calls, in the name of a role."""
        rights.require(name, request, self.store.region, self.store.account_id)
        return self.call(name, request)

    def answer(self, name: str, body: bytes | str) -> Answer:
        """Answer one operation over HTTP."""
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            return refusal(ApiError("SerializationException", "The request is no JSON"))
        try:
            return 200, {"Content-Type": _JSON}, json.dumps(self.call(name, request)).encode()
        except ApiError as error:
            return refusal(error)

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


def refusal(error: ApiError) -> Answer:
    """Return the answer to a request that is refused."""
    _LOG.info("%s: %s", error.code, error.message)
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return 400, {"Content-Type": _JSON, "x-amzn-errortype": error.code}, body
