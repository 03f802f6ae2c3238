"""What is known about a model when a retrain is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.dataset import DatasetFile
from shared.model_config import RetrainPolicy


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A canonical file, and when this service first heard of it."""

    file: DatasetFile
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class ApprovedVersion:
    """A version of a model that is approved in the registry; the champion is the one that serves."""

    version: int
    package_arn: str
    model_data_url: str
    created_at: datetime
    dataset_id: str | None = None


@dataclass(frozen=True, slots=True)
class InFlight:
    """A run that has not ended."""

    run_id: str
    started_at: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run that ended registered or rejected."""

    run_id: str
    status: str
    config_id: str
    ended_at: datetime
    exclusions_id: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """A person asked for a retrain."""

    requested_by: str
    reason: str
    force: bool
    requested_at: datetime


@dataclass(frozen=True, slots=True)
class RecipeHistory:
    """What became of the recipe that a run would have now."""

    outcome: str | None = None
    run_id: str | None = None
    failures: int = 0
    last_failure_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ModelState:
    """All that a decision depends on, besides policy and time.

    `unsuccessful_since` is when a version was last registered, or when the first run began if none ever was.
    `lacks` says what a model cannot be trained without and does not have; empty where nothing is missing.
    """

    files: tuple[KnownFile, ...]
    consumed: frozenset[str]
    config_id: str
    champion: ApprovedVersion | None = None
    in_flight: InFlight | None = None
    last_run: FinishedRun | None = None
    request: Request | None = None
    recipe: RecipeHistory = RecipeHistory()
    spent_usd: float = 0.0
    places: int = 1
    ahead: tuple[str, ...] = ()
    is_queued: bool = False
    degraded: str | None = None
    exclusions_id: str = ""
    unsuccessful_since: datetime | None = None
    left_out: tuple[KnownFile, ...] = ()
    suspects: tuple[str, ...] = ()
    sources_due_since: datetime | None = None
    lacks: str = ""

    @property
    def known_files(self) -> tuple[KnownFile, ...]:
        """All files that are remembered, those that are left out too."""
        return self.files + self.left_out

    @property
    def sites(self) -> frozenset[str]:
        """Sites of which there is a file."""
        return frozenset(each.file.site_id for each in self.files)

    @property
    def new_files(self) -> tuple[KnownFile, ...]:
        """Files that no ended run contained. Forecasts are none: what teaches is the power that follows."""
        return tuple(
            each
            for each in self.files
            if each.file.file_id not in self.consumed and not each.file.provider
        )


def is_overdue(state: ModelState, policy: RetrainPolicy, now: datetime) -> bool:
    """Return whether a model that was trained before registered no version for longer than allowed."""
    since = state.unsuccessful_since
    return since is not None and now - since > policy.no_success_alarm


@dataclass(frozen=True, slots=True)
class ModelNotes:
    """What is remembered about a model besides files and runs.

    Attributes
    ----------
    armed_until
        When the armed evaluation has come, or counts as lost.
    serves
        The version that serves while a person holds the model; None for a model that nobody holds.
    """

    in_flight: InFlight | None = None
    request: Request | None = None
    degraded: str | None = None
    armed_until: datetime | None = None
    serves: int | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """How many runs are in flight in the account, and who waits for a place, longest first."""

    running: int
    waiting: tuple[str, ...]
