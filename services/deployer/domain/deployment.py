"""What to do about an endpoint: a pure function of what is desired, what exists, and what was begun."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared import names
from shared.ids import content_id
from shared.model_config import NEW_MODE, EndpointConfig, Mode

BARRED = "barred: "  # begins the registry's note of a version that this service rejected
KEPT_CONFIGURATIONS = 3
_CAPTURES_ALL = 100  # per cent
TESTING = "Testing"  # another version is there that nobody is given yet
_BUSY = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a model in the registry.

    `is_unchecked` says that a person approved it although it has no evaluation to compare with, `is_urgent`
    that it shall not wait for alarms that ring for what serves, `is_waiting` that nobody decided yet.
    """

    model_id: str
    number: int
    package_arn: str
    image_uri: str
    model_data_url: str
    run_id: str | None = None
    dataset_id: str | None = None
    is_approved: bool = True
    approval_note: str = ""
    decided_at: datetime | None = None
    is_unchecked: bool = False
    is_urgent: bool = False
    is_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What serves a model, as AWS describes its endpoint; `version` is that of the configuration it has.

    `mode` says by what: instances, serverless, or a function without an endpoint. `candidate` is the version
    that is tested beside it, in status `TESTING`.
    """

    status: str
    configuration: str
    version: int | None
    failure_reason: str = ""
    changed_at: datetime | None = None
    mode: Mode = "realtime"
    candidate: int | None = None


@dataclass(frozen=True, slots=True)
class InProgress:
    """A deployment that was begun; `called` once AWS took the request.

    `goes_back` says that the version served before: all traffic moves at once, and no alarm stops it.
    `ignores` are alarms that rang for what served when it began: by a person's decision they do not stop it.
    `configuration` is the one that a version gets that serves already: other instances, not another version.
    `mode` is by what it is served: only instances have a canary, and alarms that take it back.
    """

    version: int
    previous: int | None
    started_at: datetime
    called: bool = False
    goes_back: bool = False
    ignores: tuple[str, ...] = ()
    configuration: str = ""
    mode: Mode = "realtime"

    def is_on(self, endpoint: Endpoint) -> bool:
        """Whether an endpoint has what was begun."""
        return endpoint.version == self.version and self.configuration in {
            "",
            endpoint.configuration,
        }


@dataclass(frozen=True, slots=True)
class Setback:
    """AWS could not do what was asked: how often in a row, and when it is asked again."""

    version: int
    times: int
    again_at: datetime


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


@dataclass(frozen=True, slots=True)
class Hold:
    """A person decided what serves: nothing newer than `up_to` is deployed by itself."""

    by: str
    reason: str
    since: datetime
    up_to: int | None = None

    def is_of(self, other: Hold) -> bool:
        """Whether both are the same decision."""
        return (self.by, self.reason, self.since) == (other.by, other.reason, other.since)


def decision_of_person(version: Version) -> Hold | None:
    """Return who approved or rejected a version, why and since when; None where no person did."""
    note, since = version.approval_note, version.decided_at
    if since is None or not note.startswith(names.BY) or note.startswith(names.BY_POLICY):
        return None
    by, _, reason = note.removeprefix(names.BY).partition(": ")
    return Hold(by, reason, since)


FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=2)


def set_back(
    before: Setback | None, version: int, now: datetime, *, instead: bool = False
) -> Setback:
    """Return when to ask AWS again: twice as long after each time in a row.

    Parameters
    ----------
    instead
        Whether an older version was asked for, because the newest could not be had: it is one story.
    """
    if before is not None and (instead or before.version == version):
        version, times = before.version, before.times + 1
    else:
        times = 1
    return Setback(version, times, now + min(FIRST_WAIT * 2 ** min(times - 1, 10), LONGEST_WAIT))


TIMES_BEFORE_OLDER = (
    3  # in a row that AWS could not do it; with the waits between, a quarter of an hour
)


def asks_for_older(setback: Setback | None) -> bool:
    """Whether, where nobody serves, an older version is asked for: every second time, after some."""
    return setback is not None and setback.times >= TIMES_BEFORE_OLDER and setback.times % 2 == 1


# Words by which AWS says that the container itself did not start or answer; all else is AWS's or ours.
_OF_THE_VERSION = ("ping health check", "container logs", "model data", "primary container")
_OF_AWS = (
    "capacity",
    "limit",
    "image",
    "role",
    "permission",
    "not authorized",
    "throttl",
    "internal",
)

_PATHS = re.compile(
    r"\S*/\S*"
)  # people choose the names in them: a model may be called "limit" or "role"


def is_of_the_version(failure: str) -> bool:
    """Whether a failed endpoint is the version's own doing; what is not known is never held against it."""
    said = _PATHS.sub(" ", failure).lower()
    if any(word in said for word in _OF_AWS):
        return False
    return any(word in said for word in _OF_THE_VERSION)


class Action(StrEnum):
    """What is to be done next."""

    NOTHING = "nothing"
    WAIT = "wait"
    CREATE = "create"
    UPDATE = "update"
    CONFIRM = "confirm"
    TRY_OUT = "try_out"
    DROP = "drop"
    TAKE_BACK = "take_back"
    REPLACE = "replace"
    GONE = "gone"
    CALL_PEOPLE = "call_people"


def why_not(version: Version) -> str:
    """Say why a version that is not approved may not serve: as whoever barred it wrote, or rejected."""
    note = version.approval_note
    if note.startswith(BARRED):
        return note.removeprefix(BARRED)
    return "it was rejected while it was being deployed" + (f": {note}" if note else "")


_ENDED = {"Failed": Action.REPLACE, "UpdateRollbackFailed": Action.CALL_PEOPLE}


def next_action(  # noqa: PLR0911 - one line per state of the endpoint reads best
    desired: int | None, endpoint: Endpoint | None, in_progress: InProgress | None
) -> Action:
    """Decide what brings the endpoint nearer to the desired version.

    AWS updates an endpoint only from InService, one update at a time; a Failed one can only be deleted.
    After an automatic rollback it is InService again, with the configuration from before.
    """
    if endpoint is None:
        if in_progress is not None and in_progress.called and in_progress.version != desired:
            return Action.GONE
        return Action.CREATE if desired else Action.NOTHING
    if endpoint.status in _BUSY:
        return Action.WAIT
    if endpoint.status == TESTING:
        is_ours = in_progress is not None and in_progress.version == endpoint.candidate
        return Action.TRY_OUT if is_ours else Action.DROP
    if endpoint.status in _ENDED:
        return _ENDED[endpoint.status]
    if in_progress is not None and in_progress.is_on(endpoint):
        return Action.CONFIRM
    if in_progress is not None and in_progress.called:
        return Action.TAKE_BACK
    if in_progress is not None and in_progress.configuration and desired == endpoint.version:
        return Action.UPDATE  # whoever began it died before AWS was asked
    if desired is None or endpoint.version == desired:
        return Action.NOTHING
    return Action.UPDATE


def served(log: tuple[LogEntry, ...], at: datetime | None) -> LogEntry | None:
    """Return the last deployment that was confirmed until a time (now, where none is given)."""
    confirmed = [each for each in log if each.event == "deployed" and (at is None or each.at <= at)]
    return confirmed[-1] if confirmed else None


class Placed(EndpointConfig):
    """How a model is served, and at which place: with which role, and in which network."""

    place: str = ""


def place_name(
    role_arn: str, subnets: tuple[str, ...], security_groups: tuple[str, ...], *isolated: str
) -> str:
    """Return a short name of where a model is served: an endpoint moves when its role or network changes.

    A role that is gone would show late: when AWS replaces an instance, and it cannot load its model.
    """
    return content_id(role_arn, sorted(subnets), sorted(security_groups), *isolated)[:8]


def in_mode_of(config: EndpointConfig, endpoint: Endpoint | None) -> EndpointConfig:
    """Return how a model is to be served in the mode in which it is: another version changes no mode."""
    return config if endpoint is None else config.model_copy(update={"mode": endpoint.mode})


def settled(config: EndpointConfig, mode: Mode | None) -> EndpointConfig:
    """Return how a model is to be served, where its YAML may name no mode: then it keeps what it has."""
    return config.model_copy(update={"mode": config.mode or mode or NEW_MODE})


def configuration_name(version: Version, config: EndpointConfig) -> str:
    """Return the endpoint configuration of a version: the same version and settings, the same name."""
    placed = [config.place] if isinstance(config, Placed) and config.place else []
    if config.mode == "none":
        settings = content_id("none")
        return names.endpoint_configuration(version.model_id, version.number, settings)
    if config.mode == "serverless":
        settings = content_id("serverless", config.memory_mb, config.maximum_concurrency, *placed)
        return names.endpoint_configuration(version.model_id, version.number, settings)
    # What is as it always was adds nothing: no endpoint is moved only because a release has a new setting.
    captured = config.capture_percent
    others = [*placed]
    others += [f"captures {captured} %"] if captured != _CAPTURES_ALL else []
    settings = content_id(config.instance_type, config.instance_count, *others)
    return names.endpoint_configuration(version.model_id, version.number, settings)


def disposable(configurations: list[str], in_use: str) -> list[str]:
    """Return the configurations, given newest first, that need not be kept for a rollback."""
    others = [name for name in configurations if name != in_use]
    return others[KEPT_CONFIGURATIONS - 1 :]
