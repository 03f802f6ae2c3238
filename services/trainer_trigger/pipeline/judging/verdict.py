"""Whether a challenger is registered or rejected, with the reasons in words. Pure: figures in, verdict out.

docs/decisions/0008-model-artifacts-and-gates.md says why the gates are these. The floor is what the
owner asked for. Beyond it a challenger must beat yesterday's power, must not have seen its test rows, and
must not be surely worse than the champion by more than the owner's margins. Where the evidence is thin, a
person approves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from services.trainer_trigger.pipeline.data.site_validation import Validation
from services.trainer_trigger.pipeline.judging.scoring import LEAST_DAYS, Compared
from shared import compared
from shared.evaluation import ForecastScores, ModelScores, Scores, SiteScores, Skill, Window
from shared.model_config import Margins
from shared.solar.site import Site

_SUSPICIOUS_R2 = 0.9995
_SUSPICIOUS_FORECAST_R2 = 0.985  # far above the 0.87 to 0.92 of public plants, a day ahead
_FAR_AHEAD_HOURS = 12.0
_MUCH_MASKED = 0.1  # share of measured rows
_TOO_MUCH_MASKED = 0.2  # share of measured rows beyond which a person must look
_QUARTER = timedelta(days=91)
_MEASURED = 2 / 3  # share of the least days that must have been measured, at half of the sites
_MOST_NAMED = 5  # sites; a fleet's list would hide the sentence
_GAIN_ON_SITE = (
    0.05  # R2 that on-site irradiance gained over satellite weather on ten public plants
)


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything the verdict depends on.

    Attributes
    ----------
    champion_version
        Version of the champion, or None where the model has none.
    champion_note
        Why there is no comparison although there is a champion, or None.
    leaks
        The evidence of a leak, in words.
    forecast
        How it does by lead; None for a model of measured weather.
    """

    accuracy_threshold: float
    challenger: ModelScores
    skill: Skill
    trained_on: Window
    tested_on: Window
    compared: Compared | None
    champion_version: int | None
    champion_note: str | None
    margins: Margins
    validation: Validation
    sites: tuple[Site, ...]
    leaks: tuple[str, ...] = ()
    forecast: ForecastScores | None = None

    @property
    def forecast_lead(self) -> float:
        """How long ahead the forecasts are that are judged; 0 for measured weather. [h]"""
        return self.forecast.floor_lead_hours if self.forecast else 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict in words."""

    verdict: Literal["register", "reject"]
    approval: Literal["automatic", "person"]
    reasons: tuple[str, ...]
    what_would_help: tuple[str, ...]


def judge(findings: Findings) -> Judgement:
    """Return the verdict; every reason names its figures."""
    against = tuple(_against(findings))
    sites = tuple(_weak_sites(findings))
    doubts = tuple(_doubts(findings))
    if against:
        return Judgement("reject", "person", against, tuple(_what_would_help(findings)))
    reasons = (
        *sites,  # first: one site that is wrong hides in a good score of all
        _floor_holds(findings),
        *_beside_champion(findings),
        *_limits(findings),
        *doubts,
    )
    return Judgement("register", "person" if sites or doubts else "automatic", reasons, ())


def _floor_holds(findings: Findings) -> str:
    scores = findings.challenger.all
    return (
        f"R² {_spelt(scores.r2)} on {scores.n} {_tested(findings)} reaches the threshold of "
        f"{findings.accuracy_threshold:g}"
    )


def _against(findings: Findings) -> Iterator[str]:
    scores = findings.challenger.all
    if _only_nights(findings):
        start, end = findings.tested_on.start, findings.tested_on.end
        yield (
            f"none of the {scores.n} test rows lies in daylight ({start:%Y-%m-%d %H:%M} to "
            f"{end:%Y-%m-%d %H:%M} UTC): a night is easy to predict, so its score says "
            "nothing"
        )
    if _below(findings):
        yield (
            f"R² {_spelt(scores.r2)} on {scores.n} {_tested(findings)} is below the threshold of "
            f"{findings.accuracy_threshold:g}"
        )
    if findings.trained_on.end > findings.tested_on.start and not findings.leaks:
        yield (
            f"leak: the model was trained on rows up to {findings.trained_on.end:%Y-%m-%d %H:%M} UTC, the "
            f"test begins at {findings.tested_on.start:%Y-%m-%d %H:%M} UTC"
        )
    yield from findings.leaks
    skill = findings.skill.persistence_24h
    if skill is not None and skill <= 0:
        yield f"it is no better than yesterday's power repeated (skill {skill:+.3f} in nMAE)"
    yield from _surely_worse(findings)


def _tested(findings: Findings) -> str:
    """Return what was scored: rows, of forecasts with how long ahead they were made."""
    if findings.forecast is None:
        return "test rows"
    least, most = findings.forecast.least_lead_hours, findings.forecast.most_lead_hours
    return f"test rows, forecast {least:.3g} to {most:.3g} h ahead,"


def _spelt(r2: float | None) -> str:
    return "undefined" if r2 is None else f"{r2:.4f}"


def _below(findings: Findings) -> bool:
    return _misses(findings.challenger.all, findings)


def _misses(scores: Scores, findings: Findings) -> bool:
    return scores.r2 is None or scores.r2 < findings.accuracy_threshold


def _masks_decide(findings: Findings) -> Scores | None:
    """Return the score on every measured row, where it is on the other side of the floor."""
    unmasked = findings.challenger.unmasked
    if unmasked is None or _misses(unmasked, findings) == _below(findings):
        return None
    return unmasked


def _only_nights(findings: Findings) -> bool:
    return findings.challenger.daylight.n == 0


def _surely_worse(findings: Findings) -> Iterator[str]:
    if findings.compared is None:
        return
    found, margins = findings.compared.comparison, findings.margins
    if found.delta_nmae > margins.nmae and found.ci_low > 0:
        yield (
            f"it is worse than champion v{findings.champion_version}: nMAE {found.delta_nmae:+.4f} of "
            f"capacity (95 % interval {found.ci_low:+.4f} to {found.ci_high:+.4f}, {found.days} days), more "
            f"than the margin of {margins.nmae:g}"
        )
    for site, delta in found.by_site.items():
        if delta > margins.site_nmae and findings.compared.site_ci_low[site] > 0:
            yield (
                f"it is worse than champion v{findings.champion_version} for site {site}: nMAE {delta:+.4f} "
                f"of capacity, more than the site margin of {margins.site_nmae:g}"
            )


def _beside_champion(findings: Findings) -> Iterator[str]:
    if findings.compared is not None and findings.champion_version is not None:
        found = findings.compared.comparison
        yield compared.in_words(found, findings.champion_version, findings.margins.nmae)


def _weak_sites(findings: Findings) -> Iterator[str]:
    """Yield which sites the model does not fit although it fits them all together, the worst first."""
    weak = {
        site.name: (site, faults)
        for site in findings.challenger.by_site
        if (faults := tuple(_site_faults(site, findings)))
    }
    worst_first = sorted(weak.values(), key=lambda found: _r2_or_none_at_all(found[0]))
    for site, faults in worst_first[:_MOST_NAMED]:
        yield f"site {site.name}: {' and '.join(faults)}; a person approves"
    if len(weak) > _MOST_NAMED:
        yield (
            f"{len(weak) - _MOST_NAMED} more sites are below their own limits, see the report's table by "
            "site; a person approves"
        )


def _r2_or_none_at_all(site: SiteScores) -> float:
    return -math.inf if site.r2 is None else site.r2


def _site_faults(site: SiteScores, findings: Findings) -> Iterator[str]:
    floor = findings.margins.site_floor(findings.accuracy_threshold)
    if site.r2 is None or site.r2 < floor:
        yield (
            f"R² {_spelt(site.r2)} on {site.n} test rows is below the {floor:g} that each site must reach "
            "(margins.site_r2)"
        )
    if site.energy_bias is not None and abs(site.energy_bias) > findings.margins.site_bias:
        side = "more" if site.energy_bias > 0 else "less"
        yield (
            f"{abs(site.energy_bias):.1%} {side} energy is predicted than was measured, beyond the "
            f"{findings.margins.site_bias:.3g} of margins.site_bias"
        )


def _limits(findings: Findings) -> Iterator[str]:
    least = timedelta(days=findings.margins.least_days)
    if least <= _span(findings) < _QUARTER:
        yield (
            f"the data span {_span(findings).days} days, no whole season: confidence is low for the seasons "
            f"not seen; the model's own margins.least_days of {least.days} lets it pass without a person"
        )
    unscored = _unscored(findings)
    if unscored:
        yield f"nothing is known of sites without a row in the test: {_named(unscored)}"
    if _young_sites(findings) and not _most_are_young(findings):
        yield f"{_young_sites_said(findings)}; confidence is low for them"


def _unscored(findings: Findings) -> list[str]:
    scored = {site.name for site in findings.challenger.by_site}
    return [site.site_id for site in findings.sites if site.site_id not in scored]


def _named(names: list[str]) -> str:
    """Name the first of some sites, and count the others."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _span(findings: Findings) -> timedelta:
    return findings.tested_on.end - findings.trained_on.start


def _doubts(findings: Findings) -> Iterator[str]:
    """Yield what a person must weigh before this model serves."""
    alone = not_compared(findings)
    if alone is not None:
        yield f"v{findings.champion_version} serves but cannot be compared: {alone}; a person approves"
    if findings.compared is not None:
        found = findings.compared.comparison
        if found.delta_nmae > findings.margins.nmae:
            yield (
                f"it may be worse than the champion by more than the margin of {findings.margins.nmae:g}; "
                "the days are too few to tell, a person approves"
            )
    unmasked = _masks_decide(findings)
    if unmasked is not None:
        yield (
            f"{_unmasked_said(unmasked, findings)} is below the threshold: it passes only because of "
            "the masks, a person approves"
        )
    yield from _too_little_data(findings)
    for name, site in findings.validation.sites.items():
        if site.masked_share > _TOO_MUCH_MASKED:
            yield (
                f"{site.masked} of {site.measured} measured rows of {name} were masked, more than "
                f"{_TOO_MUCH_MASKED:.0%}; the score is of the rest only, a person approves"
            )
        for doubt in site.time_doubts:
            yield f"the time of {name} may be wrong, a person approves: {doubt}"
        if site.is_contradicted and site.overlap is not None:
            yield f"files of {name} contradict each other, a person approves: {site.overlap.in_words()}"
    yield from _too_good(findings)


def _too_good(findings: Findings) -> Iterator[str]:
    r2, ahead = findings.challenger.all.r2, findings.forecast_lead
    if r2 is None:
        return
    if r2 > _SUSPICIOUS_R2:
        yield (
            f"R² {r2:.5f} is too good for weather data; see whether an input is made from the power itself, "
            "a person approves"
        )
    elif r2 > _SUSPICIOUS_FORECAST_R2 and ahead >= _FAR_AHEAD_HOURS:
        yield (
            f"R² {r2:.4f} is too good for forecasts of {ahead:.3g} h ahead; see whether they were really "
            "issued when `issued` in the site's YAML says, a person approves"
        )


def _unmasked_said(unmasked: Scores, findings: Findings) -> str:
    left_out = unmasked.n - findings.challenger.all.n
    return f"R² {_spelt(unmasked.r2)} on all {unmasked.n} measured rows, the {left_out} masked ones too,"


def not_compared(findings: Findings) -> str | None:
    """Return why what serves cannot be compared; None where it was, or nothing serves."""
    if findings.champion_version is None or findings.compared is not None:
        return None
    return findings.champion_note or f"fewer than {LEAST_DAYS} days lie after both training windows"


def _too_little_data(findings: Findings) -> Iterator[str]:
    """Yield why the data are too few to trust the score for other seasons."""
    least, span = findings.margins.least_days, _span(findings)
    if span < timedelta(days=least):
        yield (
            f"the data span only {span.days} days of at least {least}, so that no season is whole; "
            "confidence is low, a person approves"
        )
        return
    if _most_are_young(findings):
        yield f"{_young_sites_said(findings)}; confidence is low, a person approves"


def _young_sites(findings: Findings) -> dict[str, int]:
    """Return the sites that were measured too briefly, and on how many days; the youngest first. [d]"""
    validated = findings.validation.sites
    days = {
        site.site_id: validated[site.site_id].days if site.site_id in validated else 0
        for site in findings.sites
    }
    short = {name: count for name, count in days.items() if count < _enough_days(findings)}
    return dict(sorted(short.items(), key=lambda named: named[1]))


def _enough_days(findings: Findings) -> int:
    return math.ceil(_MEASURED * findings.margins.least_days)


def _most_are_young(findings: Findings) -> bool:
    return 2 * len(_young_sites(findings)) > len(findings.sites)


def _young_sites_said(findings: Findings) -> str:
    young = _young_sites(findings)
    named = _named([f"{name} ({days})" for name, days in young.items()])
    return (
        f"{len(young)} of {len(findings.sites)} sites were measured on fewer than "
        f"{_enough_days(findings)} days: {named}"
    )


def _what_would_help(findings: Findings) -> Iterator[str]:
    """Yield what the plant's operator can do, the most promising first."""
    if _only_nights(findings):
        yield (
            "see in `solar files` why power by day is missing or masked in the test time, and upload it; if "
            "there is power by day, the stamps are wrong: see timezone and longitude in the site's YAML"
        )
        return
    unmasked = _masks_decide(findings)
    if unmasked is not None:
        yield (
            f"{_unmasked_said(unmasked, findings)} reaches the threshold: see `solar files` whether the "
            "masks are right"
        )
    far = {site.site_id: site.weather_source for site in findings.sites}
    distant = sorted(name for name, source in far.items() if source in {"satellite", "forecast"})
    below = _below(findings)
    measured = {
        column
        for site in findings.validation.sites.values()
        for column, share in site.coverage.items()
        if share > 0.5  # noqa: PLR2004  most rows
    }
    if not measured & {"ghi", "poa_global", "forecast_ghi", "forecast_poa_global"}:
        yield "no irradiance reaches the model: upload weather files with ghi or poa_global"
    if below and findings.forecast is not None:
        yield (
            "a floor of 0.95 is for measured weather: forecasts of the day ahead reach an R² of 0.86 to 0.93 "
            "on public plants, whatever the model. Set the model's own accuracy_threshold to what the use of "
            "the forecast needs, and compare providers (`solar scorecard --by provider`)"
        )
    elif below and distant:
        yield (
            f"the weather of {', '.join(distant)} is satellite-derived or forecast, with which R² stays "
            "between 0.85 and 0.94 on public plants; measured irradiance (a pyranometer on site) usually "
            f"gains about {_GAIN_ON_SITE:g}"
        )
        yield (
            "if this weather is all there is, set the model's own accuracy_threshold in its YAML to what the "
            "use of the forecast needs"
        )
    for name, site in findings.validation.sites.items():
        yield from (f"{name}: {warning}" for warning in site.warnings)
        if site.masked_share > _MUCH_MASKED:
            yield f"{name}: see `solar files` for why {site.masked} of {site.measured} rows were masked"
    if below and not measured & {"temp_air", "temp_module"}:
        yield "air or module temperature is missing; it usually gains a little on hot and cold days"
