"""Answers questions about models, runs, decisions and datasets; changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.trainer_trigger.memory import DynamoMemory, as_json_of
from services.trainer_trigger.objects import S3Configuration
from services.trainer_trigger.ports import Run
from services.trainer_trigger.settings import QuerySettings
from shared import aws, observability
from shared.clock import utc_now
from shared.errors import InvalidMessageError
from shared.model_config import RetrainPolicy

logger = observability.logger("trainer_trigger")
settings = QuerySettings.from_environment()
configuration = S3Configuration(aws.S3Objects(aws.lazy_client("s3"), settings.data_bucket))
memory = DynamoMemory(aws.lazy_client("dynamodb"), settings.table)
_SHOWN = {
    "run_id",
    "model_id",
    "dataset_id",
    "status",
    "started_at",
    "ended_at",
    "reasons",
    "evaluation_uri",
    "model_package_version",
    "cost_usd",
    "failure",
    "model_type",
    "accuracy_threshold",
}


def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Answer one question about one model or all: models, runs, decisions, datasets; or replay a policy."""
    chosen = event.get("model_id")
    models = [chosen] if chosen else sorted(configuration.models())
    match event.get("query"):
        case "models":
            return {"models": [_model(model_id) for model_id in models]}
        case "runs":
            return {"runs": [_shown(run) for model_id in models for run in memory.runs(model_id)]}
        case "decisions":
            limit = int(event.get("limit", 20))
            until = datetime.fromisoformat(event["at"]) if event.get("at") else None
            found = {each: memory.decisions(each, limit, until) for each in models}
            waiting = {} if until else {each: _waiting(each, found[each]) for each in models}
            return {"decisions": found, "waiting": waiting}
        case "replay":
            return _replay(event)
        case "datasets":
            return {"datasets": [each for model_id in models for each in _datasets(model_id)]}
    raise InvalidMessageError(
        f"unknown query {event.get('query')!r}: models, runs, decisions, datasets, replay"
    )


def _model(model_id: str) -> dict[str, Any]:
    config = configuration.model(model_id)
    flying = memory.state(model_id).in_flight
    latest = memory.decisions(model_id, 1)
    return {
        "model_id": model_id,
        "sites": [site.site_id for site in configuration.sites(model_id)],
        "config": config.model_dump(mode="json"),
        "in_flight": flying.run_id if flying else None,
        "last_decision": latest[0] if latest else None,
    }


def _waiting(model_id: str, decisions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what came after the latest decision, and by when it will be looked at."""
    latest = datetime.fromisoformat(decisions[0]["at"]) if decisions else None
    came = [
        each for each in memory.files(model_id) if latest is None or each.first_seen_at > latest
    ]
    armed = memory.state(model_id).armed_until
    return {
        "files": len(came),
        "rows": sum(each.file.rows for each in came),
        "looked_at_by": armed.isoformat() if armed and armed > utc_now() else None,
    }


def _replay(event: dict[str, Any]) -> dict[str, Any]:
    """Run another policy over a model's recorded arrivals."""
    from services.trainer_trigger.replay import PastRun, replay  # noqa: PLC0415 - few questions need it

    model_id, now = event["model_id"], utc_now()
    past = [
        PastRun((run.ended_at - run.started_at).total_seconds(), run.cost_usd)
        for run in memory.runs(model_id)
        if run.ended_at
    ]
    begun, cost = replay(
        memory.files(model_id),
        past,
        RetrainPolicy.model_validate(event["policy"]),
        since=datetime.fromisoformat(event["since"]),
        until=now,
    )
    runs = [{"at": run.at.isoformat(), "reasons": run.reasons, "files": run.files} for run in begun]
    recorded = [
        run for run in memory.runs(model_id) if run.started_at.isoformat() >= event["since"]
    ]
    return {"runs": runs, "cost_usd": cost, "recorded_runs": len(recorded)}


def _shown(run: Run) -> dict[str, Any]:
    return dict(as_json_of(Run).dump_python(run, mode="json", include=_SHOWN))


def _datasets(model_id: str) -> list[dict[str, Any]]:
    """Return a model's datasets and how many files each has; which ones, `dataset.json` says.

    The names of a fleet's files would fill an answer, which takes 6 MB.
    """
    runs: dict[str, list[Run]] = {}
    for run in memory.runs(model_id):
        runs.setdefault(run.dataset_id, []).append(run)
    return [
        {
            "dataset_id": dataset_id,
            "model_id": model_id,
            "run_ids": [run.run_id for run in using],
            "files": using[0].files,
        }
        for dataset_id, using in runs.items()
    ]
