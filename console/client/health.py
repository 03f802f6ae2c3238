"""The health of everything: functions, queues, alarms, endpoints, runs."""

from __future__ import annotations

from typing import Any

from console import registry, trainer
from console.client import standing
from console.target import System
from shared import names

SERVICES = ("data_watcher", "trainer_trigger", "deployer", "notifier")


def ringing(system: System) -> list[dict[str, str]]:
    """Return the alarms that ring, each with its name and reason."""
    pages = (
        system.client("cloudwatch")
        .get_paginator("describe_alarms")
        .paginate(AlarmNamePrefix=names.all_ours(), StateValue="ALARM")
    )
    return [
        {"name": alarm["AlarmName"], "reason": alarm.get("StateReason", "")}
        for page in pages
        for alarm in page["MetricAlarms"]
    ]


def health(system: System) -> dict[str, Any]:
    """Return the state of everything that can be unwell."""
    services = {service: _service(system, service) for service in SERVICES} | {
        "deployer, live": _function(system, names.live_function(), names.LIVE),
        "notifier, urgent": _function(system, names.service("notifier"), names.URGENT),
    }
    alarms = ringing(system)
    endpoints = [
        {"name": each["EndpointName"], "status": each["EndpointStatus"]}
        for page in system.client("sagemaker")
        .get_paginator("list_endpoints")
        .paginate(NameContains=names.all_ours())
        for each in page["Endpoints"]
        if each["EndpointName"].startswith(names.all_ours())  # another stage's contains it, too
    ]
    runs = trainer.runs(system)
    readers = system.ask("notifier", "readers")["readers"]
    return {
        "endpoint": system.kind,
        "services": services,
        "alarms": alarms,
        "running": [run["run_id"] for run in runs if run["status"] == "running"],
        "endpoints": endpoints,
        "held": registry.holds(system),
        "live": standing.how_they_do(system),
        "readers": readers,
        "healthy": not alarms
        and all(each["is_well"] for each in readers)
        and all(
            each["dead_letters"] == 0 and each["state"] == "Active" for each in services.values()
        ),
    }


def reader_in_words(reader: dict[str, Any]) -> str:
    """Say who reads a recipient's e-mail, and what to do where somebody does not."""
    said = reader["subscriptions"]
    if said is None:
        return f"told by {reader['name']}"
    counts = [f"{said['confirmed']} confirmed"]
    counts += [f"{said['pending']} waiting to be confirmed"] if said["pending"] else []
    counts += [f"{said['deleted']} ended"] if said["deleted"] else []
    channel = "e-mail" if reader["name"] == "email" else f"{reader['name']} (e-mail)"
    words = f"told by {channel}: {', '.join(counts)}"
    if reader["is_well"]:
        return words
    mend = "let the owner confirm, or deploy again with --email"
    return f"{words}; {mend} (docs/runbooks/notifier.md#mail-unheard)"


def _service(system: System, service: str) -> dict[str, Any]:
    function = names.endpoints_function() if service == "deployer" else names.service(service)
    return _function(system, function, service)


def _function(system: System, function: str, inbox: str) -> dict[str, Any]:
    """Return the state of a function and of the inbox that it reads."""
    found = queue(system, names.inbox(inbox))
    return {
        "state": _function_state(system, function),
        "waiting": found["waiting"],
        "in_work": found["in_work"],
        "dead_letters": queue(system, names.dead_letters(inbox))["waiting"],
    }


def _function_state(system: System, name: str) -> str:
    functions = system.client("lambda")
    try:
        return str(functions.get_function_configuration(FunctionName=name).get("State", "Active"))
    except functions.exceptions.ResourceNotFoundException:
        return "not deployed"


def queue(system: System, name: str) -> dict[str, int]:
    """Return how many messages of a queue wait, and how many are in work."""
    queues = system.client("sqs")
    try:
        url = queues.get_queue_url(QueueName=name)["QueueUrl"]
    except queues.exceptions.QueueDoesNotExist:
        return {"waiting": 0, "in_work": 0}
    found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return {
        # Delayed ones are timers: a service whose next look is due in an hour is idle.
        "waiting": int(found["ApproximateNumberOfMessages"]),
        "in_work": int(found["ApproximateNumberOfMessagesNotVisible"]),
    }
