"""What people ask about models, runs and decisions, and the JSON they get, in answers of bounded size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from services.trainer_trigger.domain import history, progress
from services.trainer_trigger.domain.replay import PastRun, replay
from services.trainer_trigger.domain.run import FINISHED, Run, Step
from services.trainer_trigger.ports import (
    Configuration,
    DecisionMemory,
    Executions,
    FileMemory,
    NoteMemory,
    RunMemory,
)
from shared.clock import Clock
from shared.messages import Name
from shared.model_config import RetrainPolicy

SHOWN = (
    "run_id",
    "model_id",
    "dataset_id",
    "files",
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
)
# What a run was made of, besides its dataset; asked for one run at a time.
RECIPE = (
    "recipe_id",
    "config_id",
    "exclusions_id",
    "image_uri",
    "instance_type",
    "preprocess_instances",
    "capacity",
    "attempt",
    "champion_version",
    "approval",
)


class _Question(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Paged(_Question):
    """A question with many answers; `next` is what the page before gave."""

    model_id: Name | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    next: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}(/[a-z0-9-]*)?$")] | None = None


class ModelsQuestion(_Paged):
    """Which models there are, or what is known of one."""

    query: Literal["models"]


class RunsQuestion(_Paged):
    """Which runs there were, of one model or of all."""

    query: Literal["runs"]


class DecisionsQuestion(_Question):
    """What was decided about a model last, until a time."""

    query: Literal["decisions"]
    model_id: Name
    limit: Annotated[int, Field(ge=1, le=1000)] = 20
    at: AwareDatetime | None = None


class ProgressQuestion(_Question):
    """How far a run is: the one that is named, else the last of a model."""

    query: Literal["progress"]
    model_id: Name
    run_id: str | None = None


class ReplayQuestion(_Question):
    """What another policy would have done about a model since a time."""

    query: Literal["replay"]
    model_id: Name
    since: AwareDatetime
    policy: RetrainPolicy


Question = Annotated[
    ModelsQuestion | RunsQuestion | DecisionsQuestion | ProgressQuestion | ReplayQuestion,
    Field(discriminator="query"),
]


@cache
def _questions() -> TypeAdapter[Any]:
    return TypeAdapter(Question)


@dataclass(frozen=True, slots=True)
class Answering:
    """Answers from what is remembered and configured."""

    clock: Clock
    configuration: Configuration
    files: FileMemory
    notes: NoteMemory
    runs: RunMemory
    decisions: DecisionMemory
    executions: Executions

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer one question; one that makes no sense is answered with `{"error": …}`."""
        try:
            question: Question = _questions().validate_python(event)
        except ValidationError as error:
            return {"error": _plain(error)}
        match question:
            case ModelsQuestion():
                return self._models(question)
            case RunsQuestion():
                return self._runs(question)
            case DecisionsQuestion():
                return self._decisions(question)
            case ProgressQuestion():
                return self._progress(question)
            case ReplayQuestion():
                return self._replay(question)

    def _models(self, question: ModelsQuestion) -> dict[str, Any]:
        """Name the models in order, or tell what is known of one."""
        if question.model_id is not None:
            return {"models": [self._model(question.model_id)], "next": None}
        named = sorted(each for each in self.configuration.models() if each > (question.next or ""))
        page = named[: question.limit]
        more = page[-1] if len(named) > len(page) else None
        return {"models": [{"model_id": each} for each in page], "next": more}

    def _model(self, model_id: str) -> dict[str, Any]:
        flying = self.notes.notes(model_id).in_flight
        latest = self.decisions.decisions(model_id, 1)
        spent = history.spent_usd(self.runs.runs(model_id), self.clock())
        return {
            "model_id": model_id,
            "config": self.configuration.model(model_id).model_dump(mode="json"),
            "in_flight": flying.run_id if flying else None,
            "last_decision": latest[0] if latest else None,
            "spent_usd": round(spent, 4),
        }

    def _runs(self, question: RunsQuestion) -> dict[str, Any]:
        """Return runs model by model; a page looks at no more models than it may hold runs."""
        first, _, after = (question.next or "").partition("/")
        models = self._from(first, question.model_id)
        runs: list[dict[str, Any]] = []
        for looked_at, model_id in enumerate(models):
            room = question.limit - len(runs)
            if not room or looked_at == question.limit:
                return {"runs": runs, "next": f"{model_id}/"}
            found, last = self.runs.some_runs(model_id, room, after if model_id == first else "")
            runs += map(_shown, found)
            if last is not None:
                return {"runs": runs, "next": f"{model_id}/{last}"}
        return {"runs": runs, "next": None}

    def _from(self, first: str, chosen: str | None) -> list[str]:
        if chosen is not None:
            return [chosen]
        return sorted(each for each in self.configuration.models() if each >= first)

    def _decisions(self, question: DecisionsQuestion) -> dict[str, Any]:
        model_id = question.model_id
        found = self.decisions.decisions(model_id, question.limit, question.at)
        waiting = {} if question.at else {model_id: self._waiting(model_id, found)}
        return {"decisions": {model_id: found}, "waiting": waiting}

    def _waiting(self, model_id: str, decisions: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return what came after the latest decision, and by when it will be looked at."""
        latest = datetime.fromisoformat(decisions[0]["at"]) if decisions else None
        came = [
            each
            for each in self.files.files(model_id)
            if latest is None or each.first_seen_at > latest
        ]
        armed = self.notes.notes(model_id).armed_until
        return {
            "files": len(came),
            "rows": sum(each.file.rows for each in came),
            "looked_at_by": armed.isoformat() if armed and armed > self.clock() else None,
        }

    def _progress(self, question: ProgressQuestion) -> dict[str, Any]:
        """Return how far a run is, beside how long the last finished one took; null where there is none."""
        runs = sorted(self.runs.runs(question.model_id), key=lambda run: run.started_at)
        wanted = [each for each in runs if question.run_id in {None, each.run_id}]
        if not wanted:
            return {"progress": None}
        run = wanted[-1]
        before = [
            each for each in runs if each.status in FINISHED and each.started_at < run.started_at
        ]
        return {
            "progress": {
                **_shown(run),
                "recipe": _shown(run, RECIPE),
                "stages": progress.stages(self._steps(run)),
                "expected": progress.expected(before[-1], self._steps(before[-1]))
                if before
                else None,
                "now": self.clock().isoformat(),
            }
        }

    def _steps(self, run: Run) -> tuple[Step, ...]:
        execution_arn = self.executions.find(run.run_id)
        return self.executions.steps(execution_arn) if execution_arn else ()

    def _replay(self, question: ReplayQuestion) -> dict[str, Any]:
        """Run another policy over a model's recorded arrivals."""
        since, recorded = question.since, self.runs.runs(question.model_id)
        past = [
            PastRun((run.ended_at - run.started_at).total_seconds(), run.cost_usd)
            for run in recorded
            if run.ended_at
        ]
        files = self.files.files(question.model_id)
        begun, cost = replay(files, past, question.policy, since=since, until=self.clock())
        return {
            "runs": [
                {"at": run.at.isoformat(), "reasons": run.reasons, "files": run.files}
                for run in begun
            ],
            "cost_usd": cost,
            "recorded_runs": sum(run.started_at >= since for run in recorded),
        }


def _shown(run: Run, members: tuple[str, ...] = SHOWN) -> dict[str, Any]:
    return dict(to_jsonable_python({name: getattr(run, name) for name in members}))


def _plain(error: ValidationError) -> str:
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, each["loc"])), each["msg"])))
        for each in error.errors()
    )
