"""Processes that serve: one per production variant of an endpoint configuration."""

from __future__ import annotations

import http.client
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local import background, roles
from infra.local.children import Child
from infra.local.environment import ADDRESS
from infra.local.home import Home
from infra.local.roles import RefusedError
from infra.local.sagemaker import access, images, transfer
from infra.local.sagemaker.containers import Box, environment
from infra.local.sagemaker.errors import ApiError
from infra.local.sagemaker.images import Images
from infra.local.sagemaker.output import Output
from infra.local.sagemaker.registry import Registry
from infra.local.sagemaker.store import Record
from infra.local.sagemaker.transfer import TransferError

_GRACE = 30.0  # SageMaker's, between SIGTERM and SIGKILL [s]
_STARTUP = 480.0  # until /ping must have answered, unless the variant says otherwise [s]
_PING_EVERY = 0.1  # [s]
_PING_ANSWERS_WITHIN = 2.0  # [s]
_INVOCATION_ANSWERS_WITHIN = 60.0  # [s]
LOG_GROUP = "/aws/sagemaker/Endpoints/"


class ServingError(Exception):
    """A process does not serve; the text is an endpoint's FailureReason."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a container answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Server:
    """One process that runs the image's `serve` verb."""

    def __init__(self, endpoint: str, variant: Record, parts: Fleet) -> None:
        self.variant = variant
        self.name: str = variant["VariantName"]
        self.log_stream = f"{self.name}/i-{secrets.token_hex(8)}"
        self._endpoint = endpoint
        self._parts = parts
        self._child: Child | None = None
        self._port = 0
        self._box = Box(parts.home.temporary / "endpoints" / f"{endpoint}-{secrets.token_hex(4)}")
        self._starting = threading.Lock()

    def start(self) -> None:
        """Unpack the model, start the process and wait until `/ping` answers.

        Raises
        ------
        ServingError
            Image or model are missing, or `/ping` does not answer in time.
        """
        with self._starting:
            try:
                self._launch()
            except ApiError as error:
                raise ServingError(error.message) from error
            except (TransferError, RefusedError) as error:
                raise ServingError(str(error)) from error
            self._wait_for_ping()

    def _launch(self) -> None:
        model = self._parts.registry.model(self.variant["ModelName"])
        with roles.acting(
            access.assumed(model.get("ExecutionRoleArn", ""), model.get("ModelArn", ""))
        ):
            self._launch_as_role(model)

    def _launch_as_role(self, model: Record) -> None:
        given = (model.get("Containers") or [model.get("PrimaryContainer")])[0]
        container = self._parts.registry.container(given)
        access.to_start(container["Image"], model)
        image = self._parts.images.folder(container["Image"])
        self._box.make("model")
        source = _artifact(container)
        if source:
            transfer.bring_unpacked(source, self._box.base / "model")
        self._port = _free_port()
        variables = {
            **container.get("Environment", {}),
            "SAGEMAKER_BIND_TO_PORT": str(self._port),
            "SM_MODEL_DIR": str(self._box.base / "model"),
        }
        isolated = bool(model.get("EnableNetworkIsolation"))
        self._child = Child(
            images.command(None, ["serve"]),
            environment=environment(self._box, image, variables, isolated=isolated),
            folder=image,
            register=self._parts.home.children,
            grace=_GRACE,
        )
        output = Output(LOG_GROUP + self._endpoint, self.log_stream)
        background.thread(output.read, self._child.output).start()

    def _wait_for_ping(self) -> None:
        patience = self.variant.get("ContainerStartupHealthCheckTimeoutInSeconds", _STARTUP)
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self._child is None or not self._child.is_running():
                break
            if self._ping():
                return
            time.sleep(_PING_EVERY)
        self.stop()
        message = (
            f"The primary container for production variant {self.name} did not pass the ping "
            f"health check. Please check CloudWatch logs for this endpoint ({LOG_GROUP}"
            f"{self._endpoint}, stream {self.log_stream})."
        )
        raise ServingError(message)

    def _ping(self) -> bool:
        try:
            status, _, _ = self._request("GET", "/ping", b"", {}, _PING_ANSWERS_WITHIN)
        except OSError:
            return False
        return status == http.HTTPStatus.OK

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Pass a request to `/invocations`.

        Raises
        ------
        OSError
            The process does not answer; if it died it is being started again.
        """
        started = time.monotonic()
        try:
            status, answered, content = self._request(
                "POST", "/invocations", body, headers, _INVOCATION_ANSWERS_WITHIN
            )
        except OSError:
            self._revive()
            raise
        return Reply(status, answered, content, time.monotonic() - started)

    def _request(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str], patience: float
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(ADDRESS, self._port, timeout=patience)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        except http.client.HTTPException as error:
            message = f"no HTTP answer: {error!r}"
            raise OSError(message) from error
        finally:
            connection.close()

    def _revive(self) -> None:
        """Start the process again if it died, as SageMaker replaces an instance."""
        if self._child is None or self._child.is_running() or self._starting.locked():
            return

        def again() -> None:
            try:
                self.start()
            except ServingError:
                return  # the next request finds it dead and tries again

        background.thread(again).start()

    def stop(self) -> None:
        """End the process and remove its files."""
        child, self._child = self._child, None
        if child is not None:
            child.end()
        self._box.remove()


class Fleet:
    """The processes of one endpoint configuration, one for each of its variants."""

    def __init__(
        self, endpoint: str, config: Record, registry: Registry, shelf: Images, home: Home
    ) -> None:
        self.config = config
        self.registry = registry
        self.images = shelf
        self.home = home
        self.servers = [Server(endpoint, each, self) for each in config["ProductionVariants"]]
        self._turn = dict.fromkeys([server.name for server in self.servers], 0.0)
        self._busy = 0
        self._idle = threading.Condition()

    def start(self) -> None:
        """Start all processes; none stays if one fails.

        Raises
        ------
        ServingError
            One of them does not serve.
        """
        try:
            for server in self.servers:
                server.start()
        except Exception:
            self.stop()
            raise

    def stop(self) -> None:
        """End all processes."""
        for server in self.servers:
            server.stop()

    def enter(self) -> None:
        """Count a request that this fleet is going to answer."""
        with self._idle:
            self._busy += 1

    def leave(self) -> None:
        """Count its answer."""
        with self._idle:
            self._busy -= 1
            self._idle.notify_all()

    def drain(self) -> None:
        """Wait until every request that was let in has its answer; then end all processes."""
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, timeout=_INVOCATION_ANSWERS_WITHIN)
        self.stop()

    def choose(self, target: str | None) -> Server | None:
        """Return the variant that a request names, or the one whose turn it is by the weights."""
        if target is not None:
            return next((server for server in self.servers if server.name == target), None)
        for server in self.servers:
            self._turn[server.name] += float(server.variant["InitialVariantWeight"])
        chosen = max(self.servers, key=lambda server: self._turn[server.name])
        self._turn[chosen.name] -= sum(
            float(server.variant["InitialVariantWeight"]) for server in self.servers
        )
        return chosen

    def weigh(self, weights: Mapping[str, float]) -> None:
        """Take other weights for the variants."""
        for server in self.servers:
            if server.name in weights:
                server.variant["InitialVariantWeight"] = weights[server.name]

    def summary(self) -> list[dict[str, Any]]:
        """Return the variants as DescribeEndpoint shows them."""
        shown = []
        for server in self.servers:
            weight = server.variant["InitialVariantWeight"]
            shown.append(
                {
                    "VariantName": server.name,
                    "CurrentWeight": weight,
                    "DesiredWeight": weight,
                    **_size(server.variant),
                }
            )
        return shown


def _size(variant: Record) -> Record:
    scaled = variant.get("ServerlessConfig")
    if scaled is not None:
        return {"CurrentServerlessConfig": scaled, "DesiredServerlessConfig": scaled}
    count = variant["InitialInstanceCount"]
    return {"CurrentInstanceCount": count, "DesiredInstanceCount": count}


def _artifact(container: Record) -> str:
    if "ModelDataUrl" in container:
        return str(container["ModelDataUrl"])
    source = container.get("ModelDataSource", {}).get("S3DataSource")
    if source is None:
        return ""
    if source["CompressionType"] != "Gzip":
        message = "The local platform reads model data as one tar.gz (CompressionType Gzip)."
        raise ServingError(message)
    return str(source["S3Uri"])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((ADDRESS, 0))
        port: int = probe.getsockname()[1]
        return port
