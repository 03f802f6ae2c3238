"""What to do about an endpoint: a pure function of what is desired, what exists, and what was begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared import names
from shared.ids import content_id
from shared.model_config import EndpointConfig

KEPT_CONFIGURATIONS = 3
_BUSY = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a model in the registry."""

    model_id: str
    number: int
    package_arn: str
    image_uri: str
    model_data_url: str
    run_id: str | None = None
    dataset_id: str | None = None
    is_approved: bool = True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as AWS describes it; `version` is that of the configuration it has."""

    status: str
    configuration: str
    version: int | None
    failure_reason: str = ""


@dataclass(frozen=True, slots=True)
class InProgress:
    """A deployment that was begun; `called` once AWS took the request."""

    version: int
    previous: int | None
    started_at: datetime
    called: bool = False


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the deployment log."""

    at: datetime
    event: str
    version: int
    previous: int | None
    endpoint_name: str
    run_id: str | None = None
    dataset_id: str | None = None
    reason: str | None = None


class Action(StrEnum):
    """What is to be done next."""

    NOTHING = "nothing"
    WAIT = "wait"
    CREATE = "create"
    UPDATE = "update"
    CONFIRM = "confirm"
    TAKE_BACK = "take_back"
    REPLACE = "replace"
    CALL_PEOPLE = "call_people"


def next_action(  # noqa: PLR0911 - one line per state of the endpoint reads best
    desired: Version | None, endpoint: Endpoint | None, in_progress: InProgress | None
) -> Action:
    """Decide what brings the endpoint nearer to the desired version.

    AWS updates an endpoint only from InService, one update at a time; a Failed one can only be deleted.
    After an automatic rollback it is InService again, with the configuration from before.
    """
    if endpoint is None:
        return Action.CREATE if desired else Action.NOTHING
    if endpoint.status in _BUSY:
        return Action.WAIT
    if endpoint.status == "Failed":
        return Action.REPLACE
    if endpoint.status == "UpdateRollbackFailed":
        return Action.CALL_PEOPLE
    if in_progress is not None and endpoint.version == in_progress.version:
        return Action.CONFIRM
    if in_progress is not None and in_progress.called:
        return Action.TAKE_BACK
    if desired is None or endpoint.version == desired.number:
        return Action.NOTHING
    return Action.UPDATE


def served(log: tuple[LogEntry, ...], at: datetime | None) -> LogEntry | None:
    """Return the last deployment that was confirmed until a time (now, where none is given)."""
    confirmed = [each for each in log if each.event == "deployed" and (at is None or each.at <= at)]
    return confirmed[-1] if confirmed else None


def configuration_name(version: Version, config: EndpointConfig) -> str:
    """Return the endpoint configuration of a version: the same version and settings, the same name."""
    settings = content_id(config.instance_type, config.instance_count)
    return names.endpoint_configuration(version.model_id, version.number, settings)


def disposable(configurations: list[str], in_use: str) -> list[str]:
    """Return the configurations, given newest first, that need not be kept for a rollback."""
    others = [name for name in configurations if name != in_use]
    return others[KEPT_CONFIGURATIONS - 1 :]
