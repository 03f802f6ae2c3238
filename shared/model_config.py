"""A model's configuration: what is trained, what it must reach, and when it is retrained.

This is the schema of `config/models/<model_id>.yaml`; every field but `model_id` has a default.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, get_args

from pydantic import BeforeValidator, Field, model_validator

from shared.durations import Duration
from shared.messages import Name
from shared.strict import Strict

ModelType = Literal["neural_network", "lightgbm", "ridge", "residual", "auto"]
Inputs = Literal["measured", "forecast"]
FLOOR_LEAD = timedelta(hours=24)
MODEL_TYPES: tuple[ModelType, ...] = get_args(ModelType)
InstanceType = Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
LONGEST_WAIT = timedelta(days=366)
_BELOW_THRESHOLD = 0.1  # R2 that one site may be below the model's threshold


def _word(value: object) -> object:
    """Return `on` and `off` as words: YAML reads them as true and false."""
    return {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value


class RetrainPolicy(Strict):
    """When new data is worth a retrain, and what is done until then.

    `spot` says on which instances a model is trained: `prefer` takes spot instances, which cost a third, and
    goes on demand where an attempt on them failed; `require` and `never` take one kind only.
    `adjuster` multiplies each site's predictions by what its last week says (0.7 to 1.4). It is off by
    default: with measured weather it would hide a fault of the plant.
    """

    paused: bool = False
    quiet_period: Duration = timedelta(minutes=15)
    maximum_wait: Duration = timedelta(hours=24)
    minimum_new_days: Annotated[float, Field(ge=0)] = 1.0
    minimum_site_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    cool_down: Duration = timedelta(hours=1)
    maximum_champion_age: Duration | None = None
    maximum_run: Duration = timedelta(hours=6)
    maximum_attempts: Annotated[int, Field(ge=1, le=10)] = 3
    first_retry: Duration = timedelta(minutes=5)
    no_success_alarm: Duration = timedelta(days=60)
    approval: Literal["automatic", "manual"] = "automatic"
    spot: Literal["prefer", "require", "never"] = "prefer"
    adjuster: Annotated[Literal["off", "on"], BeforeValidator(_word)] = "off"
    monthly_budget_usd: Annotated[float, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _waits_are_sane(self) -> RetrainPolicy:
        if self.quiet_period > self.maximum_wait:
            message = "quiet_period is longer than maximum_wait; the maximum wait would always win"
            raise ValueError(message)
        for name in ("quiet_period", "maximum_wait", "cool_down", "maximum_run"):
            if getattr(self, name) > LONGEST_WAIT:
                message = f"{name} is longer than {LONGEST_WAIT.days} days"
                raise ValueError(message)
        return self


class Margins(Strict):
    """What a verdict leaves to a person, beside the threshold.

    Attributes
    ----------
    nmae, site_nmae
        How much worse than the champion a challenger may be, as a share of AC capacity. [unitless]
    site_r2
        Least R2 of each site; a tenth below the model's threshold where nothing is said. [unitless]
    site_bias
        How far a site's predicted energy may be off its measured energy, as a share of the latter. [unitless]
    least_days
        Days that the data must span for a verdict without a person, and of which half of the sites must have
        two thirds measured; by default a quarter of the year, for less is no whole season. [d]
    """

    nmae: Annotated[float, Field(ge=0)] = 0.002
    site_nmae: Annotated[float, Field(ge=0)] = 0.005
    least_days: Annotated[int, Field(ge=1, le=3660)] = 91
    site_r2: Annotated[float, Field(ge=0, le=1)] | None = None
    site_bias: Annotated[float, Field(gt=0, le=1)] = 0.05

    def site_floor(self, accuracy_threshold: float) -> float:
        """Return the least R2 of each site, for a model with a threshold. [unitless]"""
        if self.site_r2 is not None:
            return self.site_r2
        return round(accuracy_threshold - _BELOW_THRESHOLD, 6)  # 0.95 - 0.1 is not 0.85 in binary


LONGEST_BAKE = timedelta(hours=1)  # that AWS waits between the shifts of a canary


Mode = Literal["realtime", "serverless", "none"]
NEW_MODE: Mode = "serverless"  # of a model that nothing serves yet, and whose YAML names no mode
ServerlessMemory = Literal[1024, 2048, 3072, 4096, 5120, 6144]


class EndpointConfig(Strict):
    """How the model is served.

    Attributes
    ----------
    mode
        `realtime`: instances that wait for requests, with a canary; `serverless`: an endpoint that costs by
        the request; `none`: no endpoint, a function answers. Where nothing is said, a model keeps what it
        has, and a new one is `serverless`.
    memory_mb, maximum_concurrency
        Of a serverless endpoint: the memory of one answer [MiB], and how many are given at once at most.
    night_instance_count
        Of instances: how few are left at night, by the sun of the model's sites; by default as many as by
        day.
    capture_percent
        Share of requests and answers that AWS keeps below `captured/` of the data bucket; 0 keeps none.
    live_shift
        How much farther from a site's measured power of the last day a new version's answers may be than
        those of what serves, as a share of the latter's energy; where no power of the last week is measured,
        1.8 times that from the answers of what serves over the week. [unitless]
    """

    mode: Mode | None = None
    memory_mb: ServerlessMemory = 2048
    maximum_concurrency: Annotated[int, Field(ge=1, le=200)] = 5
    instance_type: InstanceType = "ml.m5.large"
    instance_count: Annotated[int, Field(ge=2, le=100)] = 2
    maximum_instance_count: Annotated[int, Field(ge=2, le=100)] = 4
    night_instance_count: Annotated[int, Field(ge=1, le=100)] | None = None
    canary_percent: Annotated[int, Field(ge=1, le=50)] = 50
    bake: Annotated[Duration, Field(gt=timedelta(0), le=LONGEST_BAKE)] = timedelta(minutes=10)
    capture_percent: Annotated[int, Field(ge=0, le=100)] = 100
    live_shift: Annotated[float, Field(gt=0, le=10)] = 0.25

    @model_validator(mode="after")
    def _instances_are_in_order(self) -> EndpointConfig:
        if (
            self.night_instance_count is not None
            and self.night_instance_count > self.instance_count
        ):
            message = "night_instance_count is more than instance_count: at night there are fewer"
            raise ValueError(message)
        return self


class ModelConfig(Strict):
    """A model as its owner configures it.

    Attributes
    ----------
    inputs
        What the model is asked with: `measured` weather, for the power that a plant should give now, or
        `forecast`, for tomorrow. A model is trained and scored with what it will be asked with.
    forecast_mail
        Of a model of forecasts: whether people get tomorrow's energy once a day.
    floor_lead
        Of a model of forecasts: how long ahead the forecasts are on which the threshold is applied. Of each
        interval the forecast counts whose lead is nearest.
    """

    model_id: Name
    inputs: Inputs = "measured"
    forecast_mail: Annotated[Literal["off", "on"], BeforeValidator(_word)] = "off"
    floor_lead: Annotated[Duration, Field(gt=timedelta(0), le=timedelta(days=16))] = FLOOR_LEAD
    model_type: ModelType = "neural_network"
    accuracy_threshold: Annotated[float, Field(ge=0, le=1)] = 0.95
    instance_type: InstanceType = "ml.m5.large"
    preprocess_instances: Annotated[int, Field(ge=1, le=20)] = 1  # share the sites of a fleet
    step_minutes: Annotated[int, Field(gt=0, le=1440)] = 15
    test_fraction: Annotated[float, Field(gt=0, lt=0.9)] = 0.2
    policy: RetrainPolicy = Field(default_factory=RetrainPolicy)
    margins: Margins = Field(default_factory=Margins)
    endpoint: EndpointConfig = Field(default_factory=EndpointConfig)

    @property
    def judged_lead(self) -> timedelta | None:
        """The lead at which forecasts are judged; None for a model of measured weather."""
        return self.floor_lead if self.inputs == "forecast" else None
