"""A review in words: a subject, and sections of lines that an e-mail, Slack and the command line share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.notifier.domain.notice import Notice, Severity
from services.notifier.domain.rendering import offers
from services.notifier.domain.rendering.pieces import cost, score
from services.notifier.domain.review.facts import (
    Figures,
    ModelReview,
    Review,
    SiteScore,
    Span,
    Wait,
)
from shared import layout

MOST_LINES = 20  # of a section
_LARGE_KWH = 10_000.0
_STATES = {
    "no_power": "without power",
    "no_weather": "without weather",
    "outage": "with an outage",
    "masked": "masked",
    "night_only": "with night only",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A title and its lines."""

    title: str
    lines: tuple[str, ...]


def notice(review: Review, notice_id: str) -> Notice:
    """Return what people are told of a review."""
    is_week = review.span is Span.WEEK
    return Notice(
        id=notice_id,
        kind="weekly" if is_week else "daily",
        severity=Severity.INFO,
        subject=subject(review),
        lines=tuple(map(as_text, sections(review))),
        happened_at=review.made_at,
        outcome=True,  # told by itself, whatever else happens
        facts=(("More", f"solar story --{review.span.value} --until {review.last}"),),
        offers=offers.file(layout.review(review.span, review.name, "html"), "The page with trends")
        if is_week
        else (),
    )


def subject(review: Review) -> str:
    """Return what a review is about, and the most important of it."""
    when = (
        f"{review.last:%A, %-d %B %Y}"
        if review.span is Span.DAY
        else f"Week {review.name} (to {review.last:%-d %B %Y})"
    )
    waits = len(_all_waits(review))
    said = (
        f"{_counted(waits, 'thing')} {'waits' if waits == 1 else 'wait'} for you" if waits else ""
    )
    worse = sum(each.standing for each in review.models)
    alarm = f"{_counted(worse, 'site')} worse than promised" if worse else ""
    return f"{when}: " + (", ".join(filter(None, (said, alarm))) or "nothing waits for you")


def sections(review: Review) -> tuple[Section, ...]:
    """Return a review's sections; where nothing needs a person, one line says so for all."""
    if is_quiet(review):
        return (Section("", (_one_line(review),)),)
    found = (
        Section("What waits for a person", _waits(review)),
        Section("Models", _shortened(map(_model, review.models), "models")),
        Section("Beside the week before", tuple(_beside(review.models))),
        Section("Decisions", _shortened(_decisions(review), "decisions")),
        Section("Sites with the largest error", _worst(review)),
        Section("Data", tuple(_data(review))),
        Section("Retraining this month", tuple(_costs(review.models))),
        Section(f"What people were told ({review.told_in_all})", tuple(_told(review))),
        Section("Not known", review.unanswered),
    )
    return tuple(each for each in found if each.lines)


def text(review: Review) -> str:
    """Return a review as plain text, as the command line prints it."""
    return "\n\n".join([subject(review), *map(as_text, sections(review))])


def as_text(section: Section) -> str:
    """Return a section as plain text: its title and a line for each item, or its one line alone."""
    if not section.title:
        return "\n".join(section.lines)
    return "\n".join([section.title, *(f"- {line}" for line in section.lines)])


def is_quiet(review: Review) -> bool:
    """Whether nothing needs a person: nothing waits, is silent, late, worse, in trouble or unknown."""
    return not (
        _waits(review)
        or review.silent
        or review.unanswered
        or any(each.severity != "info" for each in review.told)
        or any(
            each.standing or each.late or each.retrains or _is_over_budget(each)
            for each in review.models
        )
    )


def energy(kwh: float) -> str:
    """Return an energy in kWh, or in MWh where that reads better."""
    if kwh >= _LARGE_KWH:
        return f"{kwh / 1000:,.1f} MWh"
    return f"{kwh:,.0f} kWh" if kwh >= 100 else f"{kwh:.1f} kWh"  # noqa: PLR2004 - as it reads


def error(figures: Figures) -> str:
    """Return how far off predictions were."""
    if figures.nmae is None:
        return "no error known"
    said = f"error {figures.nmae:.1%} of capacity"
    if figures.bias is not None:
        said += f", energy {figures.bias:+.1%}"
    return said


def _waits(review: Review) -> tuple[str, ...]:
    return _shortened(map(_asked, _all_waits(review)), "things")


def _all_waits(review: Review) -> list[Wait]:
    return [*(wait for each in review.models for wait in each.waits), *review.waits]


def _asked(wait: Wait) -> str:
    return f"{wait.what} ({wait.command})"


def _model(model: ModelReview) -> str:
    serves = f"version {model.serves}" if model.serves else "nothing serves"
    head = f"{model.model_id} ({serves}): "
    figures = model.figures
    if not figures.scored:
        return head + "nothing could be scored" + _why_not(model)
    said = (
        f"{energy(figures.measured_kwh)} measured, {energy(figures.predicted_kwh)} predicted, "
        f"{error(figures)}"
    )
    if figures.r2 is not None:
        said += f", R² {figures.r2:.3f}"
    if figures.coverage is not None:
        said += f", {figures.coverage:.0%} inside P10 to P90"
    of = f"; {_counted(figures.scored, 'site-day')} scored" + _why_not(model)
    worse = f"; {_counted(model.standing, 'site')} worse than promised" if model.standing else ""
    return head + said + of + worse


def _why_not(model: ModelReview) -> str:
    said = [
        f"{count} {_STATES.get(state, state.replace('_', ' '))}"
        for state, count in model.not_scored.items()
    ]
    return f", {', '.join(said)}" if said else ""


def _beside(models: Iterable[ModelReview]) -> Iterable[str]:
    """Yield what changed since the week before; only a weekly review has weeks."""
    for model in models:
        if len(model.trends) > 1:
            before, now = (each.figures for each in model.trends[-2:])
            if now.nmae is not None and before.nmae is not None:
                yield (
                    f"{model.model_id}: error {now.nmae:.1%} after {before.nmae:.1%} of capacity, "
                    f"R² {score(now.r2)} after {score(before.r2)}"
                )


def _decisions(review: Review) -> Iterable[str]:
    for model in review.models:
        for each in model.retrains:
            yield f"{model.model_id}: retrain at {each.at:%Y-%m-%d %H:%M} UTC, because {each.reason}"
        if model.other is not None:
            verb = "no retrain" if model.other.outcome == "idle" else "waits with a retrain"
            yield f"{model.model_id}: {verb}: {model.other.reason}"


def _worst(review: Review) -> tuple[str, ...]:
    """Return the sites with the largest error; of a single site its model says it already."""
    if len(review.worst) == 1 and not review.worst[0].cause:
        return ()
    return tuple(map(_site, review.worst))


def _site(site: SiteScore) -> str:
    said = f"{site.site_id} ({site.model_id}): {error(site.figures)}"
    return f"{said}; {site.cause}" if site.cause else said


def _data(review: Review) -> Iterable[str]:
    if review.sites:
        yield f"{review.sent} of {_counted(review.sites, 'site')} sent something within 24 hours"
    if review.files is not None and (review.files.accepted or review.files.refused):
        before = review.file_weeks[-2:-1]
        said = (
            f"{_counted(review.files.accepted, 'file')} accepted, {review.files.refused:,} refused"
        )
        earlier = (
            f"; {before[0].accepted:,} and {before[0].refused:,} the week before" if before else ""
        )
        yield said + earlier
    silent = [f"{each.site_id} since {each.since:%Y-%m-%d %H:%M} UTC" for each in review.silent]
    if silent:
        yield f"silent: {', '.join(_shortened(silent, 'sites'))}"
    late = [site for model in review.models for site in model.late]
    if late:
        yield f"the next forecast is late for {', '.join(_shortened(late, 'sites'))}"


def _costs(models: Sequence[ModelReview]) -> Iterable[str]:
    for model in models:
        if model.budget_usd is not None:
            over = ", no more is started" if _is_over_budget(model) else ""
            yield f"{model.model_id}: {model.spent_usd:.2f} of {model.budget_usd:.2f} USD{over}"
    rest = sum(model.spent_usd for model in models if model.budget_usd is None)
    if rest:
        yield f"models without a budget: {cost(rest)}"


def _is_over_budget(model: ModelReview) -> bool:
    return model.budget_usd is not None and model.spent_usd >= model.budget_usd


def _told(review: Review) -> Iterable[str]:
    for each in review.told[:MOST_LINES]:
        sign = "" if each.severity == "info" else f"{each.severity.capitalize()}: "
        yield f"{sign}{each.subject}"
    more = review.told_in_all - len(review.told[:MOST_LINES])
    if more > 0:
        yield f"and {more} more"


def _one_line(review: Review) -> str:
    """Return the one line of a day on which nothing needs a person."""
    measured = sum(each.figures.measured_kwh for each in review.models)
    predicted = sum(each.figures.predicted_kwh for each in review.models)
    scored = [each for each in review.models if each.figures.scored]
    said = ["Nothing needs you."]
    if scored:
        said.append(f"{energy(measured)} measured, {energy(predicted)} predicted")
        if len(scored) == 1:
            said[-1] += f", {error(scored[0].figures)}"
        said[-1] += "."
    else:
        said.append("Nothing could be scored.")
    if review.sites:
        said.append(f"{review.sent} of {_counted(review.sites, 'site')} sent something.")
    return " ".join(said)


def _counted(number: int, thing: str) -> str:
    return f"1 {thing}" if number == 1 else f"{number:,} {thing}s"


def _shortened(lines: Iterable[str], what: str) -> tuple[str, ...]:
    """Return lines, and how many more there are where they are many."""
    every = tuple(lines)
    if len(every) <= MOST_LINES:
        return every
    return (*every[:MOST_LINES], f"and {len(every) - MOST_LINES} more {what}")
