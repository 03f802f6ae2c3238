"""Keeps the newest forecast of every site where people and machines find it; sees when an issue is late."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.deployer.app.live.shelf import Shelf
from services.deployer.domain.live.book import ONE_DAY, Day, Key, Made, days_of
from services.deployer.domain.live.feeds import Feed, feeds
from services.deployer.domain.live.newest import Newest, must_give_way, newest
from services.deployer.domain.live.stamps import moment
from services.deployer.domain.live.unseen import Trained
from services.deployer.ports import Books, Feeds, Latest, Meter, Publisher
from shared import layout
from shared.clock import Clock
from shared.errors import NotReadyError
from shared.messages import ForecastIssued
from shared.solar.zones import tzinfo_of

_BEFORE = timedelta(days=7)  # from which the rhythm of issues is told
_AHEAD = timedelta(days=16)  # that a forecast reaches at most


@dataclass(frozen=True, slots=True)
class Issuing:
    """Writes `forecasts/<model>/<site>/latest.*`; whoever missed a message finds the same there."""

    books: Books
    feeds: Feeds
    latest: Latest
    publisher: Publisher
    meter: Meter
    clock: Clock

    def renew(
        self,
        model_id: str,
        trained: Trained,
        days: Mapping[Key, Day],
        sites: Collection[str],
        shelf: Shelf,
    ) -> None:
        """Bring the newest forecasts of sites up to date with predictions that were made or withdrawn.

        Parameters
        ----------
        days
            Days as they are known now, newer than those in the book.
        """
        told: list[ForecastIssued] = []
        kept: list[Feed] = []
        for site_id in sorted(sites):
            known = self.feeds.feeds(model_id, site_id)
            made = self._made(model_id, trained, days, site_id, known)
            found = feeds(site_id, made)
            if known:
                self._forget_withdrawn(model_id, site_id, known, found)
            if not found:
                continue
            latest = self._newest(trained, site_id, made, found, shelf)
            if latest is None:
                continue
            self.latest.write(model_id, site_id, latest, found, trained)
            told.append(_message(self.clock(), model_id, latest, found, trained.step_minutes))
            kept += found
        self.feeds.keep_feeds(model_id, kept)
        refused = self.publisher.publish_all(told)
        if refused:
            message = f"{len(refused)} messages could not be sent; all are sent again"
            raise NotReadyError(message)

    def look(self, model_id: str) -> list[str]:
        """Measure of how many sites the next issue is late.

        Returns sites of which a late provider is still the newest forecast where another one reaches: nothing
        came since that would have brought it there.
        """
        now = self.clock()
        sites: dict[str, list[Feed]] = {}
        for each in self.feeds.feeds(model_id):
            sites.setdefault(each.site_id, []).append(each)
        late = {
            site_id for site_id, found in sites.items() if any(each.is_late(now) for each in found)
        }
        if sites:
            self.meter.tell_worst({"ForecastsLate": float(len(late))})
        return [
            site_id
            for site_id in sorted(late)
            if not all(each.is_late(now) for each in sites[site_id])
            and (newest := self.latest.read(model_id, site_id)) is not None
            and must_give_way(newest, sites[site_id], now)
        ]

    def _forget_withdrawn(
        self, model_id: str, site_id: str, known: Sequence[Feed], found: Sequence[Feed]
    ) -> None:
        """Forget providers whose issues were all withdrawn; a site without any loses its newest forecast.

        A provider that sent nothing for long is not meant: it is late, which people are told.
        """
        standing = {each.provider for each in found}
        newest_of_all = max(each.issued_at for each in (*known, *found))
        gone = [
            each
            for each in known
            if each.provider not in standing and each.issued_at >= newest_of_all - _BEFORE
        ]
        if gone and not found:
            self.latest.remove(
                model_id, site_id
            )  # first: after a death, the feeds bring it here again
        self.feeds.drop_feeds(model_id, gone)

    def _made(
        self,
        model_id: str,
        trained: Trained,
        days: Mapping[Key, Day],
        site_id: str,
        known: Sequence[Feed],
    ) -> list[Made]:
        """Return the predictions around the newest issue of a site, of files that were not withdrawn."""
        near = [
            each.issued_at
            for (name, _), day in days.items()
            for each in day.counted
            if name == site_id and each.issued_at is not None
        ]
        anchor = max([*near, *(each.issued_at for each in known)], default=None)
        if anchor is None:
            return []
        zone = tzinfo_of(trained.places[site_id].timezone)
        keys = [
            (site_id, day) for day in days_of(anchor - _BEFORE, anchor + _AHEAD + ONE_DAY, zone)
        ]
        around = self.books.days(model_id, keys) | {
            key: day for key, day in days.items() if key in set(keys)
        }
        made = {each.key: each for day in around.values() for each in day.counted if each.provider}
        return sorted(made.values(), key=lambda each: each.rank)

    def _newest(
        self,
        trained: Trained,
        site_id: str,
        made: Iterable[Made],
        found: Iterable[Feed],
        shelf: Shelf,
    ) -> Newest | None:
        """Return the newest forecast of each interval since the last issue began.

        A provider whose issue is late gives way to the others.
        """
        now = self.clock()
        late = {each.provider: each.is_late(now) for each in found}
        since = max(each.issued_at for each in found)
        order = sorted(trained.providers, key=lambda name: late.get(name, True))
        keys = {each.key: site_id for each in made if each.end > since}
        shelf.fetch_predictions(keys)
        return newest(shelf.predictions(keys), since, order)


def _message(
    now: datetime, model_id: str, latest: Newest, found: Iterable[Feed], step_minutes: int
) -> ForecastIssued:
    feed = max(found, key=lambda each: (each.issued_at, each.provider))
    site_id, hours = feed.site_id, step_minutes / 60.0
    counts = latest.providers[latest.provider[0]]  # changes where it gives way while it is late
    return ForecastIssued.of(
        subject=(
            *(model_id, site_id, feed.provider, feed.issued_at, feed.version, len(latest.times)),
            *([] if feed.provider == counts else [counts]),
        ),
        occurred_at=now,
        correlation_id=f"{model_id}/{site_id}",
        model_id=model_id,
        site_id=site_id,
        provider=feed.provider,
        issued_at=feed.issued_at,
        model_package_version=feed.version,
        key=layout.latest_forecast(model_id, site_id, "json"),
        rows=len(latest.times),
        window_start=moment(latest.times[0]),
        window_end=moment(latest.times[-1]) + timedelta(minutes=step_minutes),
        energy_kwh=round(float(latest.power_ac.sum()) * hours, 3),
    )
