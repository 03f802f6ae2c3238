"""One message from its JSON text, of whichever kind and version it is."""

from __future__ import annotations

import json
from functools import cache
from typing import Annotated, Any, cast, get_args

from pydantic import Field, ValidationError

from shared.errors import InvalidMessageError
from shared.messages import data, deployment, people, training
from shared.messages.message import Message

AnyMessage = Annotated[
    data.DataAccepted
    | data.DataWithdrawn
    | data.FileQuarantined
    | data.FileSettled
    | data.ConfigAccepted
    | data.ConfigRejected
    | data.SiteSilent
    | data.SourceSuspect
    | data.TrustRequested
    | data.RemoveRequested
    | data.DismissRequested
    | data.SourcesDue
    | data.ReleaseRequested
    | training.RetrainStarted
    | training.ChallengerRegistered
    | training.ChallengerRejected
    | training.RetrainFailed
    | training.RollbackRequested
    | training.HoldRequested
    | training.DecisionRequested
    | deployment.VersionDecided
    | deployment.DecisionOvertaken
    | deployment.ModelHeld
    | deployment.ModelReleased
    | training.RetrainRequested
    | training.EvaluationDue
    | deployment.DeploymentStarted
    | deployment.ModelDeployed
    | deployment.DeploymentRolledBack
    | deployment.DeploymentFailed
    | deployment.DeploymentCheckDue
    | deployment.PredictionsMade
    | deployment.ForecastIssued
    | deployment.TomorrowForecast
    | deployment.AccuracyDegraded
    | people.RedriveRequested
    | people.ReviewWritten
    | people.SweepDue,
    Field(discriminator="type"),
]


@cache
def _kinds() -> dict[str, dict[int, type[Message]]]:
    """Return every message by its type, and there by its version: versions stand beside each other."""
    kinds: dict[str, dict[int, type[Message]]] = {}
    for kind in get_args(get_args(AnyMessage)[0]):
        fields = kind.model_fields
        kinds.setdefault(fields["type"].default, {})[fields["version"].default] = kind
    return kinds


def read(body: str | bytes) -> AnyMessage:
    """Read one message from its JSON text; one that names no version is of the first.

    Raises
    ------
    InvalidMessageError
        The text is no JSON, of no known type or version, or lacks a field.
    """
    try:
        said = json.loads(body)
    except ValueError as error:
        message = f"message: no JSON ({error})"
        raise InvalidMessageError(message) from error
    versions = _kinds().get(str(said.get("type"))) if isinstance(said, dict) else None
    if versions is None:
        message = f"type: of no known message: {body[:80]!r}"
        raise InvalidMessageError(message)
    kind = _of_version(versions, said.get("version", 1))
    if kind is None:
        message = (
            f"version: {said['type']} has no version {said['version']!r} here, "
            f"only {', '.join(map(str, sorted(versions)))}; deploy this service anew and send it again"
        )
        raise InvalidMessageError(message)
    try:
        return cast("AnyMessage", kind.model_validate_json(body))
    except ValidationError as error:
        raise InvalidMessageError(_explain(error)) from error


def _of_version(versions: dict[int, type[Message]], version: Any) -> type[Message] | None:
    return versions.get(version) if type(version) is int else None


def _explain(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in each['loc']) or 'message'}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False)[:5]
    )
