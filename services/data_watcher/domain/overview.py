"""All sites at a glance: who sends, who is silent, what is suspect or refused."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from services.data_watcher.domain import configuration
from services.data_watcher.domain.activity import SiteActivity
from services.data_watcher.domain.configuration import ConfigRecord
from services.data_watcher.domain.suspicion import SiteSuspicions


def overview(
    records: Iterable[ConfigRecord],
    activities: Iterable[SiteActivity],
    suspicions: Iterable[SiteSuspicions],
) -> dict[str, Any]:
    """Return the state of all sites, small enough for ten thousand of them.

    Returns
    -------
    dict
        `sites`: how many a model has. `last_upload_at`: by site in force, absent where none ever came.
        `silent`: sites that people were told are silent. `suspects`: sources whose files enter no
        dataset. `refused`: YAML whose newest upload was refused.
    """
    models: dict[str, str] = {}
    refused = []
    for record in records:
        if record.in_force and configuration.kind_of(record.key) == "site":
            said = json.loads(record.in_force)
            models[said["site_id"]] = said["model_id"]
        if record.state == "rejected":
            refused.append({"key": record.key, "line": record.line, "reason": record.reason})
    known = [each for each in activities if each.site_id in models]
    return {
        "sites": dict(sorted(Counter(models.values()).items())),
        "last_upload_at": {each.site_id: each.last_upload_at.isoformat() for each in known},
        "silent": [
            {
                "site_id": each.site_id,
                "model_id": models[each.site_id],
                "since": since.isoformat(),
            }
            for each in known
            if (since := _silent_since(each)) is not None
        ],
        "suspects": [
            {
                "site_id": site.site_id,
                "model_id": models[site.site_id],
                "source": each.source,
                "cause": each.cause,
                "since": each.since.isoformat(),
            }
            for site in suspicions
            if site.site_id in models
            for each in site.suspect
        ],
        "refused": refused,
    }


def _silent_since(activity: SiteActivity) -> datetime | None:
    """Return since when a site is silent, or None where it sends; what came after counts."""
    since = activity.silent_since
    return since if since is not None and activity.last_upload_at <= since else None
