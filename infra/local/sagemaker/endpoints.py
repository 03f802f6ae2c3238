"""Endpoints: created, updated with guardrails, invoked, deleted; states and refusals are AWS's."""

from __future__ import annotations

import copy
import json
import logging
import threading
import urllib.parse
from collections.abc import Callable
from typing import Any

from infra.local import background, roles
from infra.local.home import Home
from infra.local.sagemaker import access, deployment, events, rights, serverless, validate
from infra.local.sagemaker.deployment import AlarmedError, CancelledError
from infra.local.sagemaker.errors import ApiError, invalid
from infra.local.sagemaker.images import Images
from infra.local.sagemaker.invocation import Invocations, Traffic
from infra.local.sagemaker.registry import Registry
from infra.local.sagemaker.serving import Fleet, ServingError
from infra.local.sagemaker.store import Record, Store, now, page

_LOG = logging.getLogger("solar")
_IN_PROGRESS = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


class Endpoints:
    """Answers the operations about endpoints and moves their traffic."""

    def __init__(self, store: Store, registry: Registry, images: Images, home: Home) -> None:
        self._store = store
        self._registry = registry
        self._images = images
        self._home = home
        self._traffic: dict[str, Traffic] = {}
        self._invocations = Invocations(store, self._traffic)
        self._cancelled = threading.Event()
        self._threads: list[threading.Thread] = []
        self._starting: set[Fleet] = set()

    def operations(self) -> dict[str, Callable[[Record], Record]]:
        """Return the operations that this part answers."""
        return {
            "CreateEndpoint": self._create,
            "DescribeEndpoint": self._describe,
            "ListEndpoints": self._list,
            "UpdateEndpoint": self._update,
            "UpdateEndpointWeightsAndCapacities": self._reweigh,
            "DeleteEndpoint": self._delete,
        }

    # --- operations ----------------------------------------------------------

    def _create(self, request: Record) -> Record:
        name = request["EndpointName"]
        arn = self._store.arn("endpoint", name)
        if name in self._store["endpoints"]:
            raise invalid(f'Cannot create already existing endpoint "{arn}".')
        config = self._registry.config(request["EndpointConfigName"])
        if serverless.is_serverless(config):
            there = self._store["endpoints"].values()
            serverless.check_count([self._config_of(each) for each in there])
        endpoint: Record = {
            "EndpointName": name,
            "EndpointArn": arn,
            "EndpointConfigName": config["EndpointConfigName"],
            "EndpointStatus": "Creating",
            "CreationTime": now(),
            "LastModifiedTime": now(),
        }
        self._store["endpoints"][name] = endpoint
        self._store.tag(arn, request.get("Tags"))
        self._tell(endpoint)
        self._in_background(self._bring_up, endpoint)
        return {"EndpointArn": arn}

    def _config_of(self, endpoint: Record) -> Record:
        return self._registry.config(endpoint["EndpointConfigName"])

    def _endpoint(self, name: str) -> Record:
        endpoint = self._store["endpoints"].get(name)
        if endpoint is None:
            raise invalid(f'Could not find endpoint "{self._store.arn("endpoint", name)}".')
        return endpoint

    def _describe(self, request: Record) -> Record:
        return validate.answer("DescribeEndpoint", self._endpoint(request["EndpointName"]))

    def _list(self, request: Record) -> Record:
        wanted, status = request.get("NameContains", "").lower(), request.get("StatusEquals")
        found = [
            each
            for name, each in self._store["endpoints"].items()
            if wanted in name.lower() and status in {None, each["EndpointStatus"]}
        ]
        member = "EndpointName" if request.get("SortBy") == "Name" else "CreationTime"
        shown, rest = page(found, request, key=lambda each: each[member], descending=True)
        return {"Endpoints": validate.summaries("ListEndpoints", shown), **rest}

    def _update(self, request: Record) -> Record:
        endpoint = self._endpoint(request["EndpointName"])
        self._refuse_in_progress(endpoint)
        if endpoint["EndpointStatus"] != "InService":
            raise invalid(
                f'Cannot update endpoint "{endpoint["EndpointArn"]}" in status '
                f"{endpoint['EndpointStatus']}; delete it and create it anew."
            )
        config = self._registry.config(request["EndpointConfigName"])
        if config["EndpointConfigName"] == endpoint["EndpointConfigName"]:
            raise invalid(
                f'Cannot update endpoint "{endpoint["EndpointArn"]}" to the configuration it has.'
            )
        chosen = request.get("DeploymentConfig", {})
        serverless.check_update(self._config_of(endpoint), config, chosen)
        self._refuse_other_variants(endpoint, config, chosen)
        plan = deployment.stages(chosen, config)
        alarms = deployment.check_alarms(chosen)
        self._refuse_blind_roles(config, alarms)
        endpoint.pop("FailureReason", None)
        endpoint["_next_config"] = config["EndpointConfigName"]
        endpoint["PendingDeploymentSummary"] = {
            "EndpointConfigName": config["EndpointConfigName"],
            "StartTime": now(),
        }
        if chosen:
            endpoint["LastDeploymentConfig"] = chosen
        self._set_status(endpoint, "Updating")
        self._in_background(self._replace, endpoint, config, plan, alarms)
        return {"EndpointArn": endpoint["EndpointArn"]}

    def _refuse_blind_roles(self, config: Record, alarms: list[str]) -> None:
        """SageMaker looks at the alarms in the name of the models' roles."""
        for variant in config["ProductionVariants"]:
            model = self._registry.model(variant["ModelName"])
            role = access.assumed(model.get("ExecutionRoleArn", ""), model.get("ModelArn", ""))
            with roles.acting(role), rights.refusing():
                for alarm in alarms:
                    access.to_watch(alarm)

    def _refuse_other_variants(self, endpoint: Record, config: Record, chosen: Record) -> None:
        now_serving = self._registry.config(endpoint["EndpointConfigName"])
        before = {each["VariantName"] for each in now_serving["ProductionVariants"]}
        after = {each["VariantName"] for each in config["ProductionVariants"]}
        if chosen and before != after:
            raise invalid(
                "Deployment guardrails need the same variant names: the endpoint has "
                f"{sorted(before)}, the new configuration {sorted(after)}."
            )

    def _reweigh(self, request: Record) -> Record:
        endpoint = self._endpoint(request["EndpointName"])
        self._refuse_in_progress(endpoint)
        wanted = request["DesiredWeightsAndCapacities"]
        weights = {
            each["VariantName"]: float(each["DesiredWeight"])
            for each in wanted
            if "DesiredWeight" in each
        }
        fleet = self._traffic[endpoint["EndpointName"]].current
        fleet.weigh(weights)
        endpoint["ProductionVariants"] = fleet.summary()
        return {"EndpointArn": endpoint["EndpointArn"]}

    def _delete(self, request: Record) -> Record:
        endpoint = self._endpoint(request["EndpointName"])
        self._refuse_in_progress(endpoint)
        self._set_status(endpoint, "Deleting")
        name = endpoint["EndpointName"]
        traffic = self._traffic.pop(name, None)
        self._store.forget("endpoints", name, endpoint["EndpointArn"])
        if traffic is not None:
            self._in_background(traffic.current.drain)
        return {}

    @staticmethod
    def _refuse_in_progress(endpoint: Record) -> None:
        if endpoint["EndpointStatus"] in _IN_PROGRESS:
            raise invalid(f'Cannot update in-progress endpoint "{endpoint["EndpointArn"]}".')

    def invoke_over_http(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer InvokeEndpoint."""
        name, _, action = path.removeprefix("/endpoints/").partition("/")
        if action != "invocations":
            message = f"{action} is not known to the local platform"
            return (
                400,
                {"x-amzn-errortype": "ValidationError"},
                json.dumps({"Message": message}).encode(),
            )
        return self._invocations.answer(urllib.parse.unquote(name), headers, body)

    # --- what happens after the answer ---------------------------------------------

    def _bring_up(self, endpoint: Record) -> None:
        """Start an endpoint's processes; Failed if they do not serve."""
        try:
            fleet = self._fleet(endpoint, self._registry.config(endpoint["EndpointConfigName"]))
            self._start(fleet)
        except CancelledError:
            return
        except Exception as error:  # noqa: BLE001  # the border of a thread: it must not stay Creating
            endpoint["FailureReason"] = _reason(endpoint, error)
            self._set_status(endpoint, "Failed")
            return
        self._traffic[endpoint["EndpointName"]] = Traffic(fleet)
        endpoint["ProductionVariants"] = fleet.summary()
        self._set_status(endpoint, "InService")

    def _replace(
        self,
        endpoint: Record,
        config: Record,
        plan: list[deployment.Stage],
        alarms: list[str],
    ) -> None:
        """Move an endpoint to another configuration, or back if its processes fail or an alarm goes off."""
        traffic = self._traffic[endpoint["EndpointName"]]
        fleet = self._fleet(endpoint, config)
        try:
            self._start(fleet)
            for stage in plan:
                traffic.shift(fleet, stage.share)
                deployment.bake(stage.seconds, alarms, self._cancelled)
        except AlarmedError as error:
            reason = (
                f"Update to {config['EndpointConfigName']} was rolled back: CloudWatch alarm(s) "
                f"[{error}] configured for auto-rollback went into ALARM state."
            )
            self._roll_back(endpoint, traffic, fleet, reason)
        except CancelledError:
            traffic.shift(None, 0.0)
            fleet.drain()
        except Exception as error:  # noqa: BLE001  # the border of a thread: it must not stay Updating
            self._roll_back(endpoint, traffic, fleet, _reason(endpoint, error))
        else:
            old = traffic.take_over()
            endpoint["EndpointConfigName"] = config["EndpointConfigName"]
            endpoint["ProductionVariants"] = fleet.summary()
            old.drain()
            self._settle(endpoint)

    def _start(self, fleet: Fleet) -> None:
        """Start a fleet, unless the platform goes down meanwhile."""
        self._starting.add(fleet)
        try:
            fleet.start()
        except Exception:
            if self._cancelled.is_set():
                raise CancelledError from None
            raise
        finally:
            self._starting.discard(fleet)
        if self._cancelled.is_set():
            fleet.stop()
            raise CancelledError

    def _roll_back(self, endpoint: Record, traffic: Traffic, fleet: Fleet, reason: str) -> None:
        endpoint["FailureReason"] = reason
        self._set_status(endpoint, "RollingBack")
        traffic.shift(None, 0.0)
        fleet.drain()
        self._settle(endpoint)

    def _settle(self, endpoint: Record) -> None:
        endpoint.pop("_next_config", None)
        endpoint.pop("PendingDeploymentSummary", None)
        self._set_status(endpoint, "InService")

    def _fleet(self, endpoint: Record, config: Record) -> Fleet:
        name = endpoint["EndpointName"]
        return Fleet(name, copy.deepcopy(config), self._registry, self._images, self._home)

    def _set_status(self, endpoint: Record, status: str) -> None:
        endpoint["EndpointStatus"] = status
        endpoint["LastModifiedTime"] = now()
        self._tell(endpoint)

    def _tell(self, endpoint: Record) -> None:
        events.endpoint_changed(endpoint, self._store.tags.get(endpoint["EndpointArn"], {}))

    def _in_background(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = background.thread(work, *arguments)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    # --- the platform's own life -------------------------------------------------

    def after_restart(self) -> None:
        """Serve again what served before; an update that was under way counts as rolled back."""
        for endpoint in self._store["endpoints"].values():
            status = endpoint["EndpointStatus"]
            if status in {"Updating", "RollingBack"}:
                endpoint["FailureReason"] = "The local platform was stopped during the update."
            if status in {"Failed", "Deleting"}:
                continue
            endpoint.pop("_next_config", None)
            endpoint.pop("PendingDeploymentSummary", None)
            endpoint["EndpointStatus"] = "Creating" if status == "Creating" else "SystemUpdating"
            self._in_background(self._bring_up, endpoint)

    def starting(self) -> int:
        """Return how many endpoints are on their way up."""
        statuses = {"Creating", "SystemUpdating"}
        return sum(each["EndpointStatus"] in statuses for each in self._store["endpoints"].values())

    def stop_all(self) -> None:
        """End all processes; the platform is going down."""
        self._cancelled.set()
        fleets = {fleet for traffic in self._traffic.values() for fleet in traffic.fleets()}
        stopping = [threading.Thread(target=each.stop) for each in fleets | self._starting]
        for thread in stopping:
            thread.start()
        for thread in [*stopping, *self._threads]:
            thread.join(timeout=40.0)
        self._traffic.clear()


def _reason(endpoint: Record, error: Exception) -> str:
    """Return an endpoint's FailureReason; what nobody foresaw is logged with its traceback."""
    if isinstance(error, ServingError):
        return str(error)
    if isinstance(error, ApiError):
        return error.message
    _LOG.error("endpoint %s does not start", endpoint["EndpointName"], exc_info=error)
    return f"InternalServerError: {error!r}"[:1024]
