"""Answers which version served when, and why; changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from services.deployer.app.live.telling import Telling
from services.deployer.domain import deployment
from services.deployer.domain.deployment import Hold, LogEntry
from services.deployer.domain.serving import Serving
from services.deployer.ports import Holds, Log
from shared.errors import InvalidMessageError

MOST_MODELS = 200  # of one question: an answer of Lambda has at most 6 MB


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers from the deployment log."""

    log: Log
    holds: Holds
    live: Telling
    pending: Callable[[str], Mapping[int, datetime]]
    serving: Callable[[str], Serving]

    def answer(  # noqa: PLR0911 - one line per question reads best
        self, question: dict[str, Any]
    ) -> dict[str, Any]:
        """Answer one question.

        `deployments` is the log, `served` what served at a time, `holds` which models people hold,
        `pending` which versions wait for a person, `by_function` with which version the function answers
        for models without an endpoint, `scorecard` how versions do live (`live` in a few
        figures), `degradations` what people were told of sites, `compare` versions on the days that they
        share, `predictions` of a site, `forecasts` where the newest ones stand. A question is about one
        model (`model_id`), some (`model_ids`, at most 200) or all. One about impossible days is answered
        with an `error`: a person's slip is no failure of this function.

        Raises
        ------
        InvalidMessageError
            There is no such question, or it is about too many models.
        """
        models = self._models(question)
        match question.get("query"):
            case "deployments":
                return {
                    "deployments": {
                        model: [_plain(entry) for entry in self.log.log(model)] for model in models
                    }
                }
            case "served":
                at = datetime.fromisoformat(question["at"]) if question.get("at") else None
                return {"served": {model: self._served(model, at) for model in models}}
            case "scorecard" | "degradations" | "compare" | "predictions" | "forecasts" as name:
                return _answered(getattr(self.live, name), question)
            case "live":
                return {"live": self.live.live(models)}
            case "holds":
                held = self.holds.holds(models)
                return {"holds": {model: _plain_hold(hold) for model, hold in held.items()}}
            case "pending":
                return {"pending": self._pending(models)}
            case "by_function":
                return {"by_function": self._by_function(models)}
        known = (
            "deployments, served, holds, pending, by_function, scorecard, degradations, compare, "
            "predictions, forecasts, live"
        )
        message = f"unknown query {question.get('query')!r}: {known}"
        raise InvalidMessageError(message)

    def _models(self, question: dict[str, Any]) -> list[str]:
        if chosen := question.get("model_id"):
            return [chosen]
        some = question.get("model_ids")
        if some is None:
            return sorted(self.log.models())
        if len(some) > MOST_MODELS:
            message = f"model_ids: {len(some)} of them; ask about at most {MOST_MODELS} at a time"
            raise InvalidMessageError(message)
        return sorted(set(some))

    def _by_function(self, models: list[str]) -> dict[str, int]:
        found = {model: self.serving(model).by_function for model in models}
        return {model: each.version for model, each in found.items() if each is not None}

    def _pending(self, models: list[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the versions that wait for approval, newest first; models without any are left out."""
        found = {model: self.pending(model) for model in models}
        return {
            model: [
                {"version": number, "since": since.isoformat()}
                for number, since in sorted(waiting.items(), reverse=True)
            ]
            for model, waiting in found.items()
            if waiting
        }

    def _served(self, model_id: str, at: datetime | None) -> dict[str, Any] | None:
        entry = deployment.served(self.log.log(model_id), at)
        return _plain(entry) if entry else None


def _answered(
    ask: Callable[[dict[str, Any]], dict[str, Any]], question: dict[str, Any]
) -> dict[str, Any]:
    try:
        return ask(question)
    except InvalidMessageError as error:
        return {"error": str(error)}


@cache
def _json() -> TypeAdapter[LogEntry]:
    return TypeAdapter(LogEntry)


def _plain(entry: LogEntry) -> dict[str, Any]:
    return dict(_json().dump_python(entry, mode="json"))


def _plain_hold(hold: Hold) -> dict[str, Any]:
    return {"by": hold.by, "reason": hold.reason, "since": hold.since.isoformat()}
