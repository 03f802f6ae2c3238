"""The run's report for people: one page that needs nothing but a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.trainer_trigger.pipeline.judging.result import Result
from services.trainer_trigger.pipeline.reporting import charts
from services.trainer_trigger.pipeline.reporting.days import Lines, typical_and_worst
from shared import masked, report
from shared.evaluation import Evaluation, ModelScores, Scores
from shared.model_config import Margins

REPORT_FILE = "report.html"
_TEMPLATE = "report.html.jinja"

_ORIENTATIONS = {
    "single_plane": "The power on clear hours speaks for a tilt of {surface_tilt:.0f}° "
    "(± {tilt_uncertainty:.0f}°) and an azimuth of {surface_azimuth:.0f}° (± {azimuth_uncertainty:.0f}°). "
    "If that is the array, write surface_tilt and surface_azimuth into the site's YAML.",
    "horizontal": "The power follows the irradiance like that of a horizontal array ({surface_tilt:.0f}° "
    "± {tilt_uncertainty:.0f}°). So it does where half of the array looks east and half west, and where "
    "ghi was measured in the array's plane: its column is then poa_global.",
    "no_single_plane": "No single plane explains the power on clear hours, as with a tracker or with "
    "arrays in several planes. Leave surface_tilt and surface_azimuth out of the site's YAML.",
    "not_clear": "The array's plane is not clear: too few clear hours, or power that does not follow them.",
}


def write(result: Result, margins: Margins, folder: Path) -> None:
    """Write `report.html` into a folder."""
    (folder / REPORT_FILE).write_text(render(result, margins), encoding="utf-8")


def render(result: Result, margins: Margins) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    margins
        How much worse than the champion a challenger may be.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value: f"{value * 100:.2f} %"
    environment.filters["number"] = lambda value: f"{value:,}".replace(
        ",", "\N{NARROW NO-BREAK SPACE}"
    )
    environment.filters["r2"] = _r2
    environment.filters["moment"] = lambda value: f"{value:%Y-%m-%d %H:%M} UTC"
    page = environment.get_template(_TEMPLATE)
    return page.render(
        evaluation=result.evaluation,
        validation=result.validation,
        cards=_cards(result.evaluation),
        masks=masked.MASKS,
        suspicions=masked.SUSPICIONS,
        orientations={
            name: _ORIENTATIONS[site.orientation.finding].format(**site.orientation.model_dump())
            for name, site in result.validation.sites.items()
            if site.orientation is not None
        },
        margins=margins,
        charts=_charts(result, margins),
        key=charts.key(champion=result.champion is not None),
        name=report.name(result.evaluation.model_id),
    )


def _r2(value: float | None) -> str:
    return "none" if value is None else f"{value:.4f}"


def _cards(evaluation: Evaluation) -> list[dict[str, str]]:
    """Return the figures at the top of the page."""
    scores, threshold = evaluation.challenger, f"threshold {evaluation.accuracy_threshold:g}"
    cards = [
        ("R², all hours", _r2(scores.all.r2), threshold),
        *_unmasked(scores),
        ("R², daylight", _r2(scores.daylight.r2), "night cannot flatter it"),
        ("nMAE, daylight", f"{scores.daylight.nmae * 100:.2f} %", "of AC capacity"),
        ("Bias", f"{scores.all.mbe * 100:+.2f} %", "of AC capacity; + is too high"),
    ]
    if evaluation.forecast is not None:
        least, most = evaluation.forecast.least_lead_hours, evaluation.forecast.most_lead_hours
        cards.append(("Made ahead", f"{least:.3g} to {most:.3g} h", "before the interval begins"))
    skill, inside = evaluation.skill, evaluation.coverage_p10_p90
    if skill.persistence_24h is not None:
        note = "of yesterday's error avoided" + _interval(skill.persistence_24h_ci)
        cards.append(("Skill", f"{skill.persistence_24h * 100:.0f} %", note))
    if inside is not None:
        note = "of daylight rows inside; 80 % is right"
        cards.append(("P10 to P90", f"{inside * 100:.0f} %", note))
    return [{"name": name, "value": value, "note": note} for name, value, note in cards]


def _unmasked(scores: ModelScores) -> list[tuple[str, str, str]]:
    if scores.unmasked is None:
        return []
    note = f"with the {scores.unmasked.n - scores.all.n} masked rows of the test"
    return [("R², every measured row", _r2(scores.unmasked.r2), note)]


def _interval(found: tuple[float, float] | None) -> str:
    return "" if found is None else f" (95 %: {found[0] * 100:.0f} to {found[1] * 100:.0f})"


def _charts(result: Result, margins: Margins) -> dict[str, str | list[str]]:
    evaluation = result.evaluation
    lines = Lines(result.test, result.challenger, result.p10, result.p90, result.champion)
    typical, worst = typical_and_worst(lines)
    by_month = {"challenger": {each.name: each.r2 for each in evaluation.challenger.by_month}}
    if evaluation.champion is not None:
        by_month["champion"] = {each.name: each.r2 for each in evaluation.champion.by_month}
    drawn: dict[str, str | list[str]] = {
        "typical": charts.forecast_days(lines, typical, "A typical day"),
        "worst": charts.forecast_days(lines, worst, "One of the worst days"),
        "months": charts.months(by_month, evaluation.accuracy_threshold, "R² by month"),
        "scatter": charts.measured_against_predicted(lines, "Predicted against measured power"),
        "by_hour": charts.residuals_by(
            lines, np.floor(lines.hour).astype(int), "Errors by hour", "solar time [h]"
        ),
        "by_month": charts.residuals_by(lines, result.test.month, "Errors by month", "month"),
        "skill": _skill(evaluation),
    }
    if evaluation.forecast is not None:
        drawn["reliability"] = charts.reliability(
            evaluation.forecast.reliability, "Predicted quantiles against what was measured"
        )
    if evaluation.comparison is not None:
        drawn["comparison"] = charts.comparison(
            evaluation.comparison, margins.nmae, "Difference to the champion"
        )
    shifts = {
        name: site.clock.shift_minutes_by_month
        for name, site in result.validation.sites.items()
        if site.clock.shift_minutes_by_month
    }
    if shifts:
        drawn["clock"] = charts.clock(shifts, "Clock against the sun by month")
    return drawn


def _skill(evaluation: Evaluation) -> str:
    rows: list[tuple[str, Scores | None, str]] = [
        ("challenger", evaluation.challenger.all, charts.CHALLENGER),
        ("champion", evaluation.champion.all if evaluation.champion else None, charts.CHAMPION),
        (
            "yesterday's share of clear sky",
            evaluation.baselines.clear_sky_persistence,
            charts.MUTED,
        ),
        ("yesterday's power", evaluation.baselines.persistence_24h, charts.MUTED),
    ]
    known = [
        (name, scores.nmae * 100, colour) for name, scores, colour in rows if scores is not None
    ]
    return charts.bars(
        {name: value for name, value, _ in known},
        [colour for _, _, colour in known],
        "Mean absolute error of challenger and baselines",
        "nMAE, all hours [% of capacity]",
    )
