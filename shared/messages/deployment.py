"""What deployer tells of versions, predictions and live accuracy, and what is asked of it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.messages.message import Message, Name, NonNegative


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
    ignores: list[str] = Field(default_factory=list)
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
    worst_sites: dict[str, float | None] = Field(default_factory=dict)
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
