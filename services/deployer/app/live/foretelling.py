"""Once a day, tells people who want it what tomorrow is expected to bring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from services.deployer.domain import deployment
from services.deployer.domain.live.book import ONE_DAY, bounds
from services.deployer.domain.live.newest import Newest
from services.deployer.domain.live.stamps import stamp
from services.deployer.domain.live.unseen import Trained
from services.deployer.ports import Feeds, Latest, Log, Publisher, TrainedVersions
from shared.clock import Clock
from shared.evaluation import ForecastScores
from shared.messages import SiteEnergy, TomorrowForecast
from shared.solar import fleet
from shared.solar.fleet import Energy
from shared.solar.zones import tzinfo_of

MOST_SITES = 300  # that are looked at; the largest, for the mail of a fleet is about what matters
MOST_NAMED = 20
_COVERED = 0.9  # share of tomorrow's intervals that must have a forecast
_ALL_TOGETHER = 1.0  # how alike errors are taken to be where nobody measured it


@dataclass(frozen=True, slots=True)
class Foretelling:
    """Adds up the newest forecasts of a model's sites over their next local day."""

    feeds: Feeds
    latest: Latest
    deployments: Log
    versions: TrainedVersions
    publisher: Publisher
    wants: Callable[[str], bool]
    clock: Clock

    def tomorrow(self, model_id: str) -> None:
        """Publish tomorrow's energy of a model whose owner wants it; nothing where no site has a forecast."""
        if not self.wants(model_id):
            return
        served = deployment.served(self.deployments.log(model_id), None)
        trained = self.versions.trained(model_id, served) if served is not None else None
        if served is None or trained is None:
            return
        feeds = self.feeds.feeds(model_id)
        sites = _largest({each.site_id for each in feeds}, trained)
        run = self.versions.evaluation(served.run_id) if served.run_id else None
        scores = run.forecast if run is not None else None
        found = dict(self._energies(model_id, sites, trained, scores))
        if not found:
            return
        now = self.clock()
        together = fleet.added(list(found.values()), _alike(scores, "dependence"))
        by_size = sorted(found, key=lambda name: (-found[name].p50, name))
        zone = tzinfo_of(trained.places[by_size[0]].timezone)
        day = now.astimezone(zone).date() + ONE_DAY
        self.publisher.publish(
            TomorrowForecast.of(
                subject=(model_id, day),
                occurred_at=now,
                correlation_id=model_id,
                model_id=model_id,
                model_package_version=trained.version,
                day=day,
                together=_plain("together", together),
                sites=tuple(_plain(name, found[name]) for name in by_size[:MOST_NAMED]),
                more=max(len(found) - MOST_NAMED, 0),
                late=tuple(
                    sorted({each.site_id for each in feeds if each.is_late(now)})[:MOST_NAMED]
                ),
                unknown=tuple(name for name in sites if name not in found)[:MOST_NAMED],
            )
        )

    def _energies(
        self, model_id: str, sites: list[str], trained: Trained, scores: ForecastScores | None
    ) -> Iterator[tuple[str, Energy]]:
        for site_id in sites:
            newest = self.latest.read(model_id, site_id)
            found = self._of_site(newest, site_id, trained, scores) if newest is not None else None
            if found is not None:
                yield site_id, found

    def _of_site(
        self, newest: Newest, site_id: str, trained: Trained, scores: ForecastScores | None
    ) -> Energy | None:
        """Return what a site gives on its next local day; None where its forecast does not reach over it."""
        zone = tzinfo_of(trained.places[site_id].timezone)
        start, end = map(stamp, bounds(self.clock().astimezone(zone).date() + ONE_DAY, zone))
        inside = (newest.times >= start) & (newest.times < end)
        step = np.timedelta64(trained.step_minutes * 60, "s")
        if inside.sum() < _COVERED * ((end - start) / step):
            return None
        power = (newest.p10[inside], newest.power_ac[inside], newest.p90[inside])
        return fleet.energy(power, trained.step_minutes / 60.0, _alike(scores, "day_dependence"))


def _largest(sites: set[str], trained: Trained) -> list[str]:
    known = [name for name in sites if name in trained.places]
    return sorted(known, key=lambda name: (-trained.places[name].ac_capacity_kw, name))[:MOST_SITES]


def _alike(scores: ForecastScores | None, name: str) -> float:
    found = getattr(scores, name) if scores is not None else None
    return _ALL_TOGETHER if found is None else float(found)


def _plain(name: str, energy: Energy) -> SiteEnergy:
    return SiteEnergy(
        site_id=name,
        p10=round(energy.p10, 1),
        p50=round(energy.p50, 1),
        p90=round(energy.p90, 1),
    )
