"""Log lines by which one thing is followed through all services: `solar trace` asks for them.

Each line has one `correlation_id`: of a file its key in the bucket, from the run on that it is trained in the
run's id. A line that begins a run says in `caused_by` which file or request it was.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from shared import names
from shared.inbox import AlarmChanged, BudgetExceeded, Incoming, ObjectChanged, ServiceEvent
from shared.messages import AnyMessage

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

RECEIVED, PUBLISHED, DONE = "received", "published", "done"
# What a line says of a message, where the message has it.
_ABOUT = (
    "site_id",
    "model_id",
    "key",
    "file_id",
    "run_id",
    "dataset_id",
    "model_package_version",
    "approval",
    "rows",
    "reason_code",
    "stage",
    "cause",
    "scope",
)
_LONGEST = 200  # characters of one value


def about(incoming: Incoming) -> dict[str, Any]:
    """Return the fields of a log line about something that came or went, `correlation_id` among them."""
    match incoming:
        case ObjectChanged():
            what = "object removed" if incoming.removed else "object created"
            return {
                "what": what,
                "correlation_id": incoming.key,
                "key": incoming.key,
                "version_id": incoming.version_id,
            }
        case ServiceEvent():
            return {
                "what": incoming.detail_type,
                "correlation_id": _of_service_event(incoming),
                "event_id": incoming.id,
            } | _states(incoming.detail)
        case AlarmChanged():
            return {
                "what": "alarm",
                "correlation_id": incoming.name,
                "state": incoming.state,
            }
        case BudgetExceeded():
            return {"what": "budget", "correlation_id": "budget"}
        case _:
            return _about_message(incoming)


def received(incoming: Incoming, logger: Logger) -> None:
    """Log that something came."""
    _write(logger, RECEIVED, about(incoming))


def published(message: AnyMessage, at: datetime) -> None:
    """Log that a message left; `at` is from before it did, or its reader seems to have been faster."""
    fields = about(message) | {"at": at.isoformat(timespec="milliseconds")}
    _write(_own_logger(), PUBLISHED, fields)


def done(logger: Logger, what: str, correlation_id: str, **fields: Any) -> None:
    """Log that a step of a run was done which no message tells of."""
    _write(logger, DONE, {"what": what, "correlation_id": correlation_id, **fields})


def _write(logger: Logger, way: str, fields: dict[str, Any]) -> None:
    logger.info("%s %s", way, fields["what"], extra={"way": way, **fields})


def _about_message(message: AnyMessage) -> dict[str, Any]:
    run_id = getattr(message, "run_id", None)
    fields: dict[str, Any] = {
        "what": message.type.removeprefix("solar."),
        "correlation_id": run_id or message.correlation_id,
        "event_id": message.id,
    }
    if run_id:
        fields["caused_by"] = message.correlation_id
    for name in _ABOUT:
        value = getattr(message, name, None)
        if value not in (None, ""):
            fields[name] = value[:_LONGEST] if isinstance(value, str) else value
    return fields


def _of_service_event(event: ServiceEvent) -> str:
    """Return the version of a model, the run of an execution, or whatever else an event is about."""
    detail = event.detail
    if "ModelPackageGroupName" in detail:
        return version(
            names.model_of(str(detail["ModelPackageGroupName"])),
            int(detail.get("ModelPackageVersion") or 0),
        )
    if "EndpointName" in detail:
        return names.model_of(str(detail["EndpointName"]))
    return str(detail.get("name") or event.id)


def version(model_id: str, number: int) -> str:
    """Return the correlation id of what the registry says of a version."""
    return f"{model_id}/{number}"


def _states(detail: dict[str, Any]) -> dict[str, Any]:
    known = ("ModelApprovalStatus", "EndpointStatus", "status")
    found = [str(detail[name]) for name in known if name in detail]
    return {"state": found[0]} if found else {}


@cache
def _own_logger() -> Logger:
    """Return the logger of the service that this process is; the variable of Powertools names it."""
    from aws_lambda_powertools import Logger  # noqa: PLC0415 - the console publishes nothing

    return Logger(utc=True)
