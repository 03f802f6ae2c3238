"""The evaluation of a run: `evaluation.json`, which other systems rely on (docs/cli.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    # Built at first use: few of a function's messages need it.
    model_config = ConfigDict(
        frozen=True, extra="forbid", protected_namespaces=(), defer_build=True
    )


class Scores(_Frozen):
    """Scores over some rows; nmae, nrmse and mbe are shares of AC capacity [unitless]."""

    r2: float | None
    nmae: float
    nrmse: float
    mbe: float
    n: int


class GroupScores(Scores):
    """Scores of one month, site or sky regime."""

    name: str


class SiteScores(GroupScores):
    """Scores of one site; `energy_bias` is predicted over measured energy, minus 1 [unitless].

    It is None where nothing was generated, and in evaluations from before it was computed.
    """

    energy_bias: float | None = None


class ModelScores(_Frozen):
    """How one model does on the test rows.

    `alone` is what it reaches when each row is asked for by itself, without the sky of the hour before.
    `unmasked` is on every measured row of the test time, those too that checks masked (what a person
    excluded is out); None for a champion, and in evaluations from before it was computed.
    """

    all: Scores
    daylight: Scores
    by_month: tuple[GroupScores, ...]
    by_site: tuple[SiteScores, ...]
    by_sky: tuple[GroupScores, ...] = ()
    alone: Scores | None = None
    unmasked: Scores | None = None


class Baselines(_Frozen):
    """What costs nothing: yesterday's power, and yesterday's clear-sky ratio. None without such rows."""

    persistence_24h: Scores | None
    clear_sky_persistence: Scores | None


class Skill(_Frozen):
    """Share of a baseline's mean absolute error that the challenger avoids on the same rows [unitless].

    The `…_ci` enclose 95 % of a bootstrap by day; None for fewer than 14 days.
    """

    persistence_24h: float | None = None
    clear_sky_persistence: float | None = None
    persistence_24h_ci: tuple[float, float] | None = None
    clear_sky_persistence_ci: tuple[float, float] | None = None


class Comparison(_Frozen):
    """Challenger minus champion on rows after both training windows; negative is better [unitless].

    `ci_low` and `ci_high`, and `by_site_ci` for each site, enclose 95 % of a paired bootstrap by day.
    """

    delta_nmae: float
    ci_low: float
    ci_high: float
    days: int
    by_site: dict[str, float]
    by_site_ci: dict[str, tuple[float, float]] = {}


class Window(_Frozen):
    """An interval of time [start, end)."""

    start: AwareDatetime
    end: AwareDatetime


class PromisedDays(_Frozen):
    """What the days of one month and sky were like, on rows that the fit had not seen.

    `month` is the calendar month (1 to 12), None for all; `sky` is overcast, broken or clear by the day's
    clear-sky index, None for all. `energy_ratio` is the median of measured over predicted energy of a day,
    `nmae` that of a day's mean absolute error in daylight, as a share of AC capacity, and `level` that of the
    days' levels (measured over predicted power in the stronger rows). Each `…_spread` is the standard
    deviation of single days, of `energy_ratio` and `level` that of their logarithms [all unitless].
    """

    month: int | None = None
    sky: str | None = None
    days: int
    energy_ratio: float
    energy_spread: float
    nmae: float
    nmae_spread: float
    level: float | None = None
    level_spread: float | None = None


class Promise(_Frozen):
    """How the days of a model will look if nothing changes: by month and sky, for the live score.

    `site_level` is the level of a site over that of the model's sites, where it was measured [unitless].
    """

    cells: tuple[PromisedDays, ...]
    site_level: dict[str, float] = {}


EVERY_IRRADIANCE = "irradiance"  # all inputs that tell how bright the sky is


class HiddenScores(GroupScores):
    """Scores of all rows with an input hidden, or all irradiances (`EVERY_IRRADIANCE`).

    `coverage` is the share of daylight rows between P10 and P90, which are wider then. [unitless]
    """

    coverage: float


class LeadScores(GroupScores):
    """Scores of the forecasts of one lead bucket or of one provider, in daylight.

    `lead_hours` is their mean lead [h]. `pinball` is the mean pinball loss of P10, P50 and P90, `crps` the
    continuous ranked probability score, both as a share of AC capacity. `coverage` is the share of rows
    between P10 and P90, `coverage_by_sky` the same by the sky that was forecast. The skills are the share of
    a persistence's absolute error that is avoided, as it was available at each issue. [unitless]
    """

    lead_hours: float
    pinball: float
    crps: float
    coverage: float
    coverage_by_sky: dict[str, float] = {}
    skill_persistence_24h: float | None = None
    skill_clear_sky_persistence: float | None = None


class Reliability(_Frozen):
    """How often measured power is at or below a quantile that was predicted [unitless]."""

    level: float
    observed: float


class ForecastScores(_Frozen):
    """How a model of forecasts does by lead and by provider.

    The scores of the evaluation itself are of the forecasts whose lead is nearest to `floor_lead_hours`, one
    for each interval, of the first provider of `best_first` (by their errors within the training time);
    `least_lead_hours` to `most_lead_hours` are the leads that these have [h]. `dependence` is the correlation
    of the errors of two sites, None for a single one; `fleet_coverage` the share of daylight intervals in
    which the sum over all sites lies between its P10 and P90; `day_dependence` the correlation of the errors
    of two intervals of a day, for the energy of days [unitless].
    """

    floor_lead_hours: float
    least_lead_hours: float
    most_lead_hours: float
    by_lead: tuple[LeadScores, ...]
    by_provider: tuple[LeadScores, ...] = ()
    best_first: tuple[str, ...] = ()
    reliability: tuple[Reliability, ...] = ()
    dependence: float | None = None
    fleet_coverage: float | None = None
    day_dependence: float | None = None


class RowCounts(_Frozen):
    """How many rows went where."""

    train: int
    test: int
    masked: int


class Evaluation(_Frozen):
    """What a run found: the verdict, why, and the figures behind it.

    `champion_version` is what serves; `not_compared` says why there is no `comparison` with it.
    `blend_weights` and `rolling_r2` say how the candidates of a blend weigh, and what each reached on rows
    after its fits within the training time. [unitless]
    `promise` says how single days will look; None in evaluations from before it was computed.
    `forecast` says how it does by lead; None for a model of measured weather. `hidden` says how such a model
    does with each of its inputs hidden in turn, as it is where only a forecast is known.
    """

    version: Literal[1] = 1
    run_id: str
    model_id: str
    dataset_id: str
    model_type: str
    verdict: Literal["register", "reject"]
    approval: Literal["automatic", "person"]
    reasons: tuple[str, ...]
    what_would_help: tuple[str, ...] = ()
    split: Literal["time"] = "time"
    accuracy_threshold: float
    train_window: Window
    test_window: Window
    rows: RowCounts
    masks: dict[str, int]
    challenger: ModelScores
    champion: ModelScores | None = None
    champion_version: int | None = None
    baselines: Baselines
    skill: Skill = Field(default_factory=Skill)
    comparison: Comparison | None = None
    not_compared: str | None = None
    coverage_p10_p90: float | None = None
    blend_weights: dict[str, float] = {}
    rolling_r2: dict[str, float] = {}
    promise: Promise | None = None
    forecast: ForecastScores | None = None
    hidden: tuple[HiddenScores, ...] = ()
    corrected_clocks: tuple[str, ...] = ()
