"""When a site has gone silent, and when it sends again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# The ledger notes a site's uploads only this often: it saves a call per file, and no silence is a matter
# of minutes.
GRAIN = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class SiteActivity:
    """When a site last uploaded, and after which upload people were told that it is silent."""

    site_id: str
    last_upload_at: datetime
    silent_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class News:
    """A site went silent after an upload at `since`, or sent again after having been silent."""

    since: datetime
    silent: timedelta
    recovered: bool


def news(activity: SiteActivity, patience: timedelta, now: datetime) -> News | None:
    """Return what is to be published about a site, if anything.

    Parameters
    ----------
    patience
        How long a site may send nothing.
    """
    last, told = activity.last_upload_at, activity.silent_since
    if told is not None and last > told:
        return News(told, last - told, recovered=True)
    if told is None and now - last > patience + GRAIN:
        return News(last, now - last, recovered=False)
    return None
