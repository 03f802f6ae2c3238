"""The messages the services exchange: one frozen model per message and version.

Facts are in the past tense, commands end in `Requested` or `Due`. A change that a reader could trip on
is a new version beside the old one. Samples of every version stand in tests/events/.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal, Self, cast, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.errors import InvalidMessageError
from shared.ids import content_id

Name = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
NonNegative = Annotated[int, Field(ge=0)]


class Message(BaseModel):
    """What every message carries, whatever it is about."""

    # Built at first use: a function reads and writes a few of them.
    model_config = ConfigDict(
        frozen=True, extra="ignore", protected_namespaces=(), defer_build=True
    )

    id: Annotated[
        str,
        Field(
            min_length=1,
            description="Hash of type, subject and the subject's revision: a repeat has the same id.",
        ),
    ]
    occurred_at: AwareDatetime
    correlation_id: Annotated[
        str, Field(description="The raw object or the request that began it.")
    ]

    @classmethod
    def of(
        cls, *, subject: tuple[Any, ...], occurred_at: datetime, correlation_id: str, **fields: Any
    ) -> Self:
        """Build a message whose id derives from its type, subject and the subject's revision.

        Parameters
        ----------
        subject
            What names the fact: the thing and its revision, e.g. `(file_id,)` or `(run_id, "registered")`.
        """
        type_ = cls.model_fields["type"].default
        return cls(
            id=content_id(type_, *subject),
            occurred_at=occurred_at,
            correlation_id=correlation_id,
            **fields,
        )


# --- data_watcher -------------------------------------------------------------------------------


class DataAccepted(Message):
    """An uploaded file became canonical rows; `provider` says whose forecasts they are, if they are any."""

    type: Literal["solar.data_accepted"] = "solar.data_accepted"
    version: Literal[1] = 1
    site_id: Name
    model_id: Name
    file_id: str
    key: str
    version_id: str
    canonical_uri: str
    rows: NonNegative
    rows_masked: NonNegative = 0
    columns: tuple[str, ...]
    window_start: AwareDatetime
    window_end: AwareDatetime
    uploaded_at: AwareDatetime
    provider: str = ""


class DataWithdrawn(Message):
    """A canonical object no longer counts: its raw object is gone, superseded or excluded."""

    type: Literal["solar.data_withdrawn"] = "solar.data_withdrawn"
    version: Literal[1] = 1
    site_id: Name
    model_id: Name
    file_id: str
    canonical_uri: str
    reason: str


class FileQuarantined(Message):
    """An uploaded file was refused, with the reason and what to do about it."""

    type: Literal["solar.file_quarantined"] = "solar.file_quarantined"
    version: Literal[1] = 1
    site_id: str
    key: str
    version_id: str
    reason_code: str
    reason: str
    remedy: str


class FileSettled(Message):
    """A refused file needs nobody any more, and was not accepted: `outcome` says what became of it.

    `deleted` is from S3, by whom nobody knows here. `duplicate` may be told of a file that never was refused,
    too, because that is forgotten with its bytes.
    """

    type: Literal["solar.file_settled"] = "solar.file_settled"
    version: Literal[1] = 1
    site_id: str
    key: str
    version_id: str
    outcome: Literal["removed", "dismissed", "deleted", "duplicate"]
    reason: str
    requested_by: str = ""


class ConfigAccepted(Message):
    """A site's or model's YAML, or a site's exclusions, were validated and are in force."""

    type: Literal["solar.config_accepted"] = "solar.config_accepted"
    version: Literal[1] = 1
    kind: Literal["site", "model", "exclusions"]
    name: Name
    model_id: Name
    config_version: str


class ConfigRejected(Message):
    """A site's or model's YAML was refused; the last good one stays in force."""

    type: Literal["solar.config_rejected"] = "solar.config_rejected"
    version: Literal[1] = 1
    key: str
    line: int | None
    reason: str


class SiteSilent(Message):
    """A site has sent nothing for longer than it should, or speaks again."""

    type: Literal["solar.site_silent"] = "solar.site_silent"
    version: Literal[1] = 1
    site_id: Name
    last_upload_at: AwareDatetime
    silent_hours: float
    recovered: bool = False


class SourceSuspect(Message):
    """A source of a site became suspect, so that its accepted files enter no dataset; or it no longer is.

    `standing` is `trusted` where a person said that its files are right, `cleared` where the cause is gone.
    """

    type: Literal["solar.source_suspect"] = "solar.source_suspect"
    version: Literal[1] = 1
    site_id: Name
    model_id: Name
    source: str
    standing: Literal["suspect", "trusted", "cleared"]
    cause: str
    reason: str
    remedy: str
    example: str


class TrustRequested(Message):
    """A person says that the accepted files of a suspect source are right, and why.

    `question` names what was asked: by which configuration the files read, and why they are suspect.
    """

    type: Literal["solar.trust_requested"] = "solar.trust_requested"
    version: Literal[1] = 1
    site_id: Name
    source: str
    question: str
    reason: str
    requested_by: str


class RemoveRequested(Message):
    """A person takes a file out: its rows no longer count, and S3 keeps its bytes."""

    type: Literal["solar.remove_requested"] = "solar.remove_requested"
    version: Literal[1] = 1
    site_id: str
    key: str
    version_id: str
    reason: str
    requested_by: str


class DismissRequested(Message):
    """A person says that nobody will correct a refused file."""

    type: Literal["solar.dismiss_requested"] = "solar.dismiss_requested"
    version: Literal[1] = 1
    site_id: str
    key: str
    version_id: str
    reason: str
    requested_by: str


class SourcesDue(Message):
    """A file of a site was refused: its sources are to be looked at as a whole."""

    type: Literal["solar.sources_due"] = "solar.sources_due"
    version: Literal[1] = 1
    site_id: str


class ReleaseRequested(Message):
    """A person wants quarantined files read again: one key, or all of a site.

    `after` is the key behind which a request for a whole site goes on.
    """

    type: Literal["solar.release_requested"] = "solar.release_requested"
    version: Literal[1] = 1
    site_id: str
    key: str | None = None
    after: str = ""
    reason: str
    requested_by: str


# --- trainer_trigger ----------------------------------------------------------------------------


class RetrainStarted(Message):
    """A retrain run began."""

    type: Literal["solar.retrain_started"] = "solar.retrain_started"
    version: Literal[1] = 1
    model_id: Name
    run_id: str
    dataset_id: str
    reasons: tuple[str, ...]
    model_type: str
    accuracy_threshold: float
    instance_type: str
    files: NonNegative
    estimated_cost_usd: float | None = None


class ChallengerRegistered(Message):
    """A challenger passed its evaluation and stands in the model registry."""

    type: Literal["solar.challenger_registered"] = "solar.challenger_registered"
    version: Literal[1] = 1
    model_id: Name
    run_id: str
    dataset_id: str
    model_package_version: int
    model_package_arn: str
    approval: Literal["Approved", "PendingManualApproval"]
    r2: float
    unmasked_r2: float | None = None
    champion_r2: float | None = None
    accuracy_threshold: float
    reasons: tuple[str, ...]
    evaluation_uri: str
    report_uri: str
    cost_usd: float | None = None


class ChallengerRejected(Message):
    """A challenger was not good enough; the report says why and what would help."""

    type: Literal["solar.challenger_rejected"] = "solar.challenger_rejected"
    version: Literal[1] = 1
    model_id: Name
    run_id: str
    dataset_id: str
    r2: float | None
    unmasked_r2: float | None = None
    champion_r2: float | None = None
    accuracy_threshold: float
    reasons: tuple[str, ...]
    what_would_help: tuple[str, ...] = ()
    evaluation_uri: str
    report_uri: str
    cost_usd: float | None = None


class RetrainFailed(Message):
    """A retrain run ended without a verdict."""

    type: Literal["solar.retrain_failed"] = "solar.retrain_failed"
    version: Literal[1] = 1
    model_id: Name
    run_id: str
    stage: str
    cause: str
    next_step: str
    cost_usd: float | None = None


class RollbackRequested(Message):
    """Somebody wants an earlier version to serve."""

    type: Literal["solar.rollback_requested"] = "solar.rollback_requested"
    version: Literal[1] = 1
    model_id: Name
    to_version: int | None = None
    seen_version: int | None = Field(
        default=None,
        description="What served when somebody asked; if that has changed, a person's request does nothing.",
    )
    by_machine: bool = Field(
        default=False,
        description="Whether it follows from something else: nothing is held, and newer versions are spared.",
    )
    reason: str
    requested_by: str


class HoldRequested(Message):
    """A person wants nothing newer to be deployed by itself (`hold`), or wants that again."""

    type: Literal["solar.hold_requested"] = "solar.hold_requested"
    version: Literal[1] = 1
    model_id: Name
    hold: bool
    reason: str
    requested_by: str


class DecisionRequested(Message):
    """A person approves or rejects a version that waits for that, by a signed link."""

    type: Literal["solar.decision_requested"] = "solar.decision_requested"
    version: Literal[1] = 1
    model_id: Name
    model_package_version: int
    approve: bool
    reason: str
    requested_by: str


class RetrainRequested(Message):
    """A person wants a retrain now."""

    type: Literal["solar.retrain_requested"] = "solar.retrain_requested"
    version: Literal[1] = 1
    model_id: Name
    reason: str
    requested_by: str
    force: bool = False


class EvaluationDue(Message):
    """A `wait(until)` has elapsed; the model is to be looked at again."""

    type: Literal["solar.evaluation_due"] = "solar.evaluation_due"
    version: Literal[1] = 1
    model_id: Name


# --- deployer -----------------------------------------------------------------------------------


class _DeploymentFact(Message):
    model_id: Name
    model_package_version: int
    previous_version: int | None
    endpoint_name: str
    run_id: str | None = None


class DeploymentStarted(_DeploymentFact):
    """A version is being put on its endpoint.

    `settings` says that the version serves already, and its endpoint gets other instances. `ignores` are
    alarms that ring for what serves and do not stop it, as `decided_by` says.
    """

    type: Literal["solar.deployment_started"] = "solar.deployment_started"
    version: Literal[1] = 1
    goes_back: bool = False
    settings: bool = False
    ignores: list[str] = []
    decided_by: str = ""


class ModelDeployed(_DeploymentFact):
    """A version serves, and answered its smoke test.

    `tested` says against what: its own evaluation, only whether its answers are plausible, or nothing;
    `compared` which real rows it answered, beside what served before; `lived` how that did live.
    The figures are those of its evaluation, `worst_sites` the R2 of its worst sites, `blind_r2` its R2
    without any irradiance.
    `goes_back` says that it served before, `settings` that it served already and got other instances.
    """

    type: Literal["solar.model_deployed"] = "solar.model_deployed"
    version: Literal[1] = 1
    tested: Literal["evaluation", "plausible", "nothing"] = "evaluation"
    compared: str = ""
    lived: str = ""
    goes_back: bool = False
    settings: bool = False
    dataset_id: str | None = None
    r2: float | None = None
    champion_r2: float | None = None
    accuracy_threshold: float | None = None
    reasons: tuple[str, ...] = ()
    worst_sites: dict[str, float | None] = {}
    inputs: Literal["measured", "forecast"] = "measured"
    blind_r2: float | None = None


class DeploymentRolledBack(_DeploymentFact):
    """A version was taken back; the previous one serves and the new one is barred."""

    type: Literal["solar.deployment_rolled_back"] = "solar.deployment_rolled_back"
    version: Literal[1] = 1
    reason: str


class DeploymentFailed(_DeploymentFact):
    """A version could not be put on its endpoint."""

    type: Literal["solar.deployment_failed"] = "solar.deployment_failed"
    version: Literal[1] = 1
    cause: str
    next_step: str
    will_retry: bool = False


class ModelHeld(Message):
    """A person decided what serves: nothing newer is deployed by itself until it is released."""

    type: Literal["solar.model_held"] = "solar.model_held"
    version: Literal[1] = 1
    model_id: Name
    serves: int | None
    taken_back: list[int]
    reason: str
    requested_by: str


class ModelReleased(Message):
    """Versions are deployed by themselves again."""

    type: Literal["solar.model_released"] = "solar.model_released"
    version: Literal[1] = 1
    model_id: Name
    reason: str
    requested_by: str


class VersionDecided(Message):
    """A person's approval or rejection of a version took effect, by a link or in the registry itself.

    `serves` says that a version was rejected that serves: the one before takes its place, where one can.
    """

    type: Literal["solar.version_decided"] = "solar.version_decided"
    version: Literal[1] = 1
    model_id: Name
    model_package_version: int
    approved: bool
    reason: str
    requested_by: str
    run_id: str | None = None
    serves: bool = False


class DecisionOvertaken(Message):
    """A person's approval or rejection came too late: `stands` says what holds instead."""

    type: Literal["solar.decision_overtaken"] = "solar.decision_overtaken"
    version: Literal[1] = 1
    model_id: Name
    model_package_version: int
    approve: bool
    reason: str
    requested_by: str
    stands: str


class DeploymentCheckDue(Message):
    """A model's endpoint is to be looked at; with `settings` also at whether it is as the YAML says.

    `decided` is a version about which a person decided in the registry, which is still to be told.
    """

    type: Literal["solar.deployment_check_due"] = "solar.deployment_check_due"
    version: Literal[1] = 1
    model_id: Name
    settings: bool = False
    decided: int | None = None


class PredictionsMade(Message):
    """A version predicted the rows of an accepted file; they stand in the prediction log."""

    type: Literal["solar.predictions_made"] = "solar.predictions_made"
    version: Literal[1] = 1
    model_id: Name
    site_id: Name
    file_id: str
    model_package_version: int
    inputs: Literal["measured", "forecast"]
    key: str
    rows: NonNegative
    window_start: AwareDatetime
    window_end: AwareDatetime


class ForecastIssued(Message):
    """A site's newest forecast stands below `forecasts/`: power from now on, made from a provider's issue.

    `energy_kwh` is that of P50 over the whole window [kWh].
    """

    type: Literal["solar.forecast_issued"] = "solar.forecast_issued"
    version: Literal[1] = 1
    model_id: Name
    site_id: Name
    provider: str
    issued_at: AwareDatetime
    model_package_version: int
    key: str
    rows: NonNegative
    window_start: AwareDatetime
    window_end: AwareDatetime
    energy_kwh: float


class SiteEnergy(BaseModel):
    """Energy of a site on one of its days, and the range that holds it in eight of ten cases [kWh]."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    site_id: Name
    p10: float
    p50: float
    p90: float


class TomorrowForecast(Message):
    """What a model's sites are expected to give tomorrow, each on its own local day, and together [kWh].

    `sites` holds the largest; `more` says how many others are in `together`. `late` names sites whose next
    issue should have been here, `unknown` those whose forecast does not reach over tomorrow.
    """

    type: Literal["solar.tomorrow_forecast"] = "solar.tomorrow_forecast"
    version: Literal[1] = 1
    model_id: Name
    model_package_version: int
    day: date
    together: SiteEnergy
    sites: tuple[SiteEnergy, ...]
    more: NonNegative = 0
    late: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class AccuracyDegraded(Message):
    """A site's served model does worse on what came in than promised, or that is over (`recovered`).

    `kind` is `data` where the days themselves are at fault (curtailment, an outage, a sensor that stands
    still): no retrain mends that. `cause` is a stable name, `why` says it in words.
    """

    type: Literal["solar.accuracy_degraded"] = "solar.accuracy_degraded"
    version: Literal[1] = 1
    model_id: Name
    site_id: Name
    model_package_version: int
    days: NonNegative
    nmae: float | None
    expected_nmae: float | None
    energy_ratio: float | None = None
    expected_energy_ratio: float | None = None
    kind: Literal["model", "data"] = "model"
    cause: str = ""
    why: str = ""
    since: str | None = None
    retrain_helps: bool = True
    recovered: bool = False


# --- notifier -----------------------------------------------------------------------------------


class RedriveRequested(Message):
    """A person wants what no channel took to be sent again."""

    type: Literal["solar.redrive_requested"] = "solar.redrive_requested"
    version: Literal[1] = 1
    requested_by: str


class ReviewWritten(Message):
    """What a day or a week brought was written to the bucket, and people are to be told of it."""

    type: Literal["solar.review_written"] = "solar.review_written"
    version: Literal[1] = 1
    span: Literal["day", "week"]
    last: date
    key: str


# --- schedules ----------------------------------------------------------------------------------


class SweepDue(Message):
    """It is time to compare what was told with what is there; `cursor` continues a sweep."""

    type: Literal["solar.sweep_due"] = "solar.sweep_due"
    version: Literal[1] = 1
    scope: Literal["quick", "full", "daily"] = "quick"
    cursor: str | None = None


AnyMessage = Annotated[
    DataAccepted
    | DataWithdrawn
    | FileQuarantined
    | FileSettled
    | ConfigAccepted
    | ConfigRejected
    | SiteSilent
    | SourceSuspect
    | TrustRequested
    | RemoveRequested
    | DismissRequested
    | SourcesDue
    | ReleaseRequested
    | RetrainStarted
    | ChallengerRegistered
    | ChallengerRejected
    | RetrainFailed
    | RollbackRequested
    | HoldRequested
    | DecisionRequested
    | VersionDecided
    | DecisionOvertaken
    | ModelHeld
    | ModelReleased
    | RetrainRequested
    | EvaluationDue
    | DeploymentStarted
    | ModelDeployed
    | DeploymentRolledBack
    | DeploymentFailed
    | DeploymentCheckDue
    | PredictionsMade
    | ForecastIssued
    | TomorrowForecast
    | AccuracyDegraded
    | RedriveRequested
    | ReviewWritten
    | SweepDue,
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
