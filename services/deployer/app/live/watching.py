"""Compares what was scored with what was promised: once a day, model by model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta

from services.deployer.domain.live import degradation, scores
from services.deployer.domain.live import told as told_before
from services.deployer.domain.live.degradation import Verdict
from services.deployer.domain.live.excluded import remaining
from services.deployer.domain.live.scores import DayScore
from services.deployer.domain.live.summary import MOST_NAMED, Summary
from services.deployer.domain.live.told import Told, is_news, standing
from services.deployer.ports import (
    Books,
    Exclusions,
    Holds,
    Log,
    Meter,
    Publisher,
    Setbacks,
    Suspects,
    TrainedVersions,
    Verdicts,
)
from shared.clock import Clock
from shared.errors import NotReadyError
from shared.evaluation import Promise
from shared.messages import AccuracyDegraded

LOOKS_BACK = timedelta(days=120)  # so many days a verdict needs at most
FIGURES_OF = timedelta(days=7)
_MOST = 0.5  # of these days with power and without a prediction make a site one that is not scored


@dataclass(frozen=True, slots=True)
class Watching:
    """Tells people when a served model does worse than promised, and when that is over."""

    books: Books
    verdicts: Verdicts
    deployments: Log
    versions: TrainedVersions
    publisher: Publisher
    meter: Meter
    holds: Holds
    setbacks: Setbacks
    suspects: Suspects
    exclusions: Exclusions
    clock: Clock

    def deployment(self, model_id: str) -> None:
        """Measure for how long a person holds a model, and how often in a row AWS could not deploy it."""
        hold, setback = self.holds.hold(model_id), self.setbacks.setback(model_id)
        figures = {}
        if hold is not None:
            figures["HeldDays"] = (self.clock() - hold.since) / timedelta(days=1)
        if setback is not None:
            figures["DeploymentSetbacks"] = float(setback.times)
        if figures:
            self.meter.tell_worst(figures)

    def watch(self, model_id: str) -> None:
        """Look at the last days of a model's sites; tell what changed, and leave figures and a summary.

        The last day is the last one that is known of any site: whoever tries the product on the data of
        another year sees what would have been told then.
        Days to come, of which only forecasts are known, are not looked at.
        """
        current = self.clock().astimezone(UTC).date()
        today = min(self.books.last_day(model_id) or current, current)
        recent = self.books.scores(model_id, today - LOOKS_BACK, today)
        by_site = _by_site(remaining(recent, self.exclusions.days()))
        promises = self._promises(model_id, by_site)
        before, doubted = self.verdicts.told(model_id), self.suspects.sites()
        after: dict[str, Told] = {}
        told: list[AccuracyDegraded] = []
        recovered: dict[str, date] = {}
        judged = 0
        for site_id, days in sorted(by_site.items()):
            verdict = degradation.judge(days, promises, today)
            version = max(each.version for each in days)
            known = before.get(site_id)
            # People were told of a suspect source, with the remedy: its days say nothing of the model.
            doubtful = site_id in doubted
            judged += not doubtful and verdict.status != "not_measured"
            now = known if doubtful else standing(known, site_id, version, verdict)
            if now is not None:
                after[site_id] = now
                if is_news(known, now):
                    told.append(self._message(model_id, now, verdict))
            elif known is not None:
                told.append(self._message(model_id, known, verdict, recovered=True))
                recovered[site_id] = verdict.recovered or today
        refused = self.publisher.publish_all(told)
        if refused:
            message = f"{len(refused)} messages could not be sent; the next look sends them again"
            raise NotReadyError(message)
        kept = {site_id: each for site_id, each in before.items() if site_id not in by_site} | after
        summary = replace(self._summary(by_site, kept, today), sites_judged=judged)
        self.verdicts.keep_told(
            model_id, kept, before, summary, told_before.ended(before, kept, recovered)
        )
        degraded = sum(each.status == "degraded" for each in kept.values())
        self._measure(model_id, summary, degraded)

    def _promises(
        self, model_id: str, by_site: Mapping[str, list[DayScore]]
    ) -> dict[int, Promise | None]:
        """Return what each version promised that predicted any of these days."""
        versions = {each.version for days in by_site.values() for each in days}
        runs = {
            entry.version: entry.run_id
            for entry in self.deployments.log(model_id)
            if entry.run_id is not None and entry.version in versions
        }
        found: dict[int, Promise | None] = dict.fromkeys(versions)
        for version, run_id in runs.items():
            evaluation = self.versions.evaluation(run_id)
            found[version] = evaluation.promise if evaluation is not None else None
        return found

    def _message(
        self, model_id: str, about: Told, verdict: Verdict, *, recovered: bool = False
    ) -> AccuracyDegraded:
        figures = verdict.figures
        return AccuracyDegraded.of(
            subject=(model_id, about.site_id, about.cause, about.since, recovered),
            occurred_at=self.clock(),
            correlation_id=f"{model_id}/{about.site_id}",
            model_id=model_id,
            site_id=about.site_id,
            model_package_version=about.version,
            days=figures.days,
            nmae=figures.nmae,
            expected_nmae=figures.expected_nmae,
            energy_ratio=figures.energy_ratio,
            expected_energy_ratio=figures.expected_energy_ratio,
            kind="data" if about.status == "data_fault" else "model",
            cause=about.cause,
            why=verdict.why if recovered else about.why,
            since=about.since.isoformat() if about.since else None,
            retrain_helps=about.retrain_helps,
            recovered=recovered,
        )

    def _summary(
        self, by_site: Mapping[str, list[DayScore]], kept: Mapping[str, Told], today: date
    ) -> Summary:
        days = [each for found in by_site.values() for each in _of_its_kind(found)]
        last = max((each.day for each in days if each.state == "scored"), default=None)
        if last is None:
            return Summary(self.clock(), standing=_named(kept), more=max(len(kept) - MOST_NAMED, 0))
        first = last - FIGURES_OF + timedelta(days=1)
        recent = [each for each in days if first <= each.day <= last]
        return Summary(
            at=self.clock(),
            versions=tuple(sorted({each.version for each in recent})),
            inputs="forecast" if all(each.inputs == "forecast" for each in recent) else "measured",
            first=first,
            last=last,
            sums=scores.total(each.sums for each in recent),
            sites=len(by_site),
            sites_scored=len({each.site_id for each in recent if each.state == "scored"}),
            unscored=_unscored(by_site, today),
            standing=_named(kept),
            more=max(len(kept) - MOST_NAMED, 0),
        )

    def _measure(self, model_id: str, summary: Summary, degraded: int) -> None:
        sums = summary.sums
        figures = {
            "LiveR2": sums.r2,
            "LiveNmae": sums.nmae,
            "LiveBias": sums.energy_bias,
            "LiveCoverage": sums.coverage,
            "SitesScored": float(summary.sites_scored),
        }
        self.meter.tell(
            model_id, {name: value for name, value in figures.items() if value is not None}
        )
        self.meter.tell_worst(
            {"SitesDegraded": float(degraded), "SitesNotScored": float(summary.unscored)}
        )


def _by_site(found: Iterable[DayScore]) -> dict[str, list[DayScore]]:
    by_site: dict[str, list[DayScore]] = {}
    for each in found:
        by_site.setdefault(each.site_id, []).append(each)
    return by_site


def _of_its_kind(days: list[DayScore]) -> list[DayScore]:
    """Return what a site is scored by: measured weather or, of a model of forecasts, all leads together."""
    measured = [each for each in days if each.inputs == "measured" and each.state == "scored"]
    forecasts = [each for each in days if each.kind == "forecast"]
    if forecasts and not measured:
        return forecasts
    return [each for each in days if each.inputs == "measured"]


def _unscored(by_site: Mapping[str, list[DayScore]], today: date) -> int:
    """Return how many sites had power on most of the last days that are over, and no prediction for it."""
    since = today - 2 * FIGURES_OF
    until = today - FIGURES_OF  # weather may be late by days
    count = 0
    for days in by_site.values():
        recent = [each for each in days if since <= each.day < until]
        bare = sum(each.state == "no_weather" for each in recent)
        count += bare > _MOST * FIGURES_OF.days
    return count


def _named(kept: Mapping[str, Told]) -> tuple[Told, ...]:
    """Return what stands, what a person must look at first."""
    order = sorted(kept.values(), key=lambda each: (each.status != "degraded", each.site_id))
    return tuple(order[:MOST_NAMED])
