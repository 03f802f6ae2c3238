"""InvokeEndpoint: which process answers, what the caller sees, and what CloudWatch is told."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

from infra.local import telemetry
from infra.local.sagemaker import serverless
from infra.local.sagemaker.errors import ApiError
from infra.local.sagemaker.serving import LOG_GROUP, Fleet, Reply, Server

if TYPE_CHECKING:
    from infra.local.sagemaker.store import Store

_NAMESPACE = "AWS/SageMaker"
_LARGEST_BODY = 25 * 1024 * 1024  # [bytes]
_PASSED = {
    "content-type": "Content-Type",
    "accept": "Accept",
    "x-amzn-sagemaker-custom-attributes": "X-Amzn-SageMaker-Custom-Attributes",
    "x-amzn-sagemaker-inference-id": "X-Amzn-SageMaker-Inference-Id",
}
_BACK = ("content-type", "x-amzn-sagemaker-custom-attributes")
_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)
_ROUNDING = 1e-9

HttpAnswer = tuple[int, dict[str, str], bytes]


class Traffic:
    """Who answers an endpoint's requests: the current fleet, and during an update a share by the next."""

    def __init__(self, current: Fleet) -> None:
        self.current = current
        self._next: Fleet | None = None
        self._share = 0.0
        self._owed = 0.0
        self._lock = threading.Lock()

    def admit(self) -> Fleet:
        """Return the fleet whose turn it is: a share of one tenth is every tenth request.

        The caller says when it is answered (`Fleet.leave`): a fleet goes only when nobody waits for it.
        """
        with self._lock:
            chosen = self.current
            if self._next is not None and self._share > 0.0:
                self._owed += self._share
                if self._owed >= 1.0 - _ROUNDING:
                    self._owed -= 1.0
                    chosen = self._next
            chosen.enter()
            return chosen

    def shift(self, fleet: Fleet | None, share: float) -> None:
        """Give the next fleet a share of the requests; no fleet and 0 call it off."""
        with self._lock:
            self._next, self._share, self._owed = fleet, share, 0.0

    def take_over(self) -> Fleet:
        """Make the next fleet the current one; return the one that was."""
        with self._lock:
            old = self.current
            if self._next is not None:
                self.current = self._next
            self._next, self._share, self._owed = None, 0.0, 0.0
            return old

    def fleets(self) -> list[Fleet]:
        """Return all fleets that have processes."""
        with self._lock:
            return [fleet for fleet in (self._next, self.current) if fleet is not None]


class Invocations:
    """Answers InvokeEndpoint."""

    def __init__(self, store: Store, traffic: dict[str, Traffic]) -> None:
        self._store = store
        self._traffic = traffic

    def answer(self, name: str, headers: dict[str, str], body: bytes) -> HttpAnswer:
        """Pass a request on and its answer back."""
        received = time.monotonic()
        try:
            traffic = self._find(name)
            is_serverless = serverless.is_serverless(traffic.current.config)
            largest = serverless.LARGEST_BODY if is_serverless else _LARGEST_BODY
            if len(body) > largest:
                raise ApiError("ValidationError", f"Body is larger than {largest} bytes.")
        except ApiError as error:
            return _refused(error)
        fleet = traffic.admit()
        try:
            target = headers.get("x-amzn-sagemaker-target-variant")
            server = fleet.choose(target)
            if server is None:
                message = f"Variant {target} not found for endpoint {name}."
                return _refused(ApiError("ValidationError", message))
            return self._pass_on(name, server, headers, body, received)
        finally:
            fleet.leave()

    def _find(self, name: str) -> Traffic:
        who = f"Endpoint {name} of account {self._store.account_id}"
        endpoint = self._store["endpoints"].get(name)
        if endpoint is None:
            raise ApiError("ValidationError", f"{who} not found.")
        traffic = self._traffic.get(name)
        if traffic is None:
            status = endpoint["EndpointStatus"]
            raise ApiError("ValidationError", f"{who} is not in service (status {status}).")
        return traffic

    def _pass_on(
        self, name: str, server: Server, headers: dict[str, str], body: bytes, received: float
    ) -> HttpAnswer:
        passed = {_PASSED[key]: value for key, value in headers.items() if key in _PASSED}
        try:
            reply = server.invoke(body, passed)
        except OSError as error:
            self._count(name, server, Reply(500, {}, b"", time.monotonic() - received), received)
            return self._model_error(name, server, 0, _no_answer(error))
        self._count(name, server, reply, received)
        if reply.status in _CLIENT_ERRORS or reply.status in _SERVER_ERRORS:
            text = reply.body.decode("utf-8", errors="replace")
            return self._model_error(name, server, reply.status, text)
        back = {key: value for key, value in reply.headers.items() if key.lower() in _BACK}
        return 200, {**back, "x-Amzn-Invoked-Production-Variant": server.name}, reply.body

    def _model_error(self, name: str, server: Server, status: int, said: str) -> HttpAnswer:
        who = "client" if status in _CLIENT_ERRORS else "server"
        group = f"{LOG_GROUP}{name}"
        message = (
            f'Received {who} error ({status}) from primary with message "{said}". '
            f"See the log group {group} in account {self._store.account_id} for more information."
        )
        body = {
            "ErrorCode": "CLIENT_ERROR_FROM_MODEL"
            if who == "client"
            else "SERVER_ERROR_FROM_MODEL",
            "LogStreamArn": f"arn:aws:logs:{self._store.region}:{self._store.account_id}:"
            f"log-group:{group}:log-stream:{server.log_stream}",
            "Message": message,
            "OriginalMessage": said,
            "OriginalStatusCode": status,
        }
        return 424, _error_headers("ModelError"), json.dumps(body).encode()

    @staticmethod
    def _count(name: str, server: Server, reply: Reply, received: float) -> None:
        where = {"EndpointName": name, "VariantName": server.name}
        whole = time.monotonic() - received
        for metric, value, unit in (
            ("Invocations", 1.0, "Count"),
            *_per_instance(server),
            ("Invocation4XXErrors", float(reply.status in _CLIENT_ERRORS), "Count"),
            ("Invocation5XXErrors", float(reply.status in _SERVER_ERRORS), "Count"),
            ("ModelLatency", reply.seconds * 1e6, "Microseconds"),
            ("OverheadLatency", max(0.0, whole - reply.seconds) * 1e6, "Microseconds"),
        ):
            telemetry.metric(_NAMESPACE, metric, value, unit, where)


def _per_instance(server: Server) -> list[tuple[str, float, str]]:
    count = server.variant.get("InitialInstanceCount")
    return [("InvocationsPerInstance", 1.0 / count, "Count")] if count else []


def _no_answer(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return (
            "Your invocation timed out while waiting for a response from container primary. "
            "Review the latency metrics for each container in Amazon CloudWatch, resolve the "
            "issue, and try again."
        )
    return f"The container did not answer: {error}"


def _refused(error: ApiError) -> HttpAnswer:
    return 400, _error_headers(error.code), json.dumps({"Message": error.message}).encode()


def _error_headers(code: str) -> dict[str, str]:
    return {"Content-Type": "application/json", "x-amzn-errortype": code}
