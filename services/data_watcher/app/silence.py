"""Says once that a site has gone silent, and once that it sends again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from services.data_watcher.domain import activity
from services.data_watcher.domain.activity import News, SiteActivity
from services.data_watcher.ports import ConfigLedger, Publisher, SiteActivities
from shared.clock import Clock
from shared.messages import SiteSilent

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Silence:
    """Compares each site's last upload with what its configuration calls silent."""

    activities: SiteActivities
    configs: ConfigLedger
    publisher: Publisher
    clock: Clock

    def look(self) -> None:
        """Publish what is new about any site; one that never sent anything is new, not silent."""
        patience = {
            each.site_id: timedelta(hours=each.silent_after_hours)
            for each in self.configs.sites_in_force()
        }
        for site in self.activities.activities():
            if site.site_id in patience:
                news = activity.news(site, patience[site.site_id], self.clock())
                if news is not None:
                    self._publish(site, news)

    def _publish(self, site: SiteActivity, news: News) -> None:
        # Published before it is noted: after a death between the two, a message with the same id is repeated.
        self.publisher.publish(
            SiteSilent.of(
                subject=(site.site_id, news.since, news.recovered),
                occurred_at=self.clock(),
                correlation_id=f"site {site.site_id}",
                site_id=site.site_id,
                last_upload_at=site.last_upload_at,
                silent_hours=round(news.silent / _HOUR, 1),
                recovered=news.recovered,
            )
        )
        self.activities.note_told(site, None if news.recovered else news.since)
