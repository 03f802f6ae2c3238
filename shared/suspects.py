"""Sources of a site that are suspect, as data_watcher publishes them and as datasets leave them out.

`active/suspects/<site_id>.json` is derived from the file ledger and from what people decided; nobody uploads
it. There is none where no source of the site was ever suspect.
"""

from __future__ import annotations

from pydantic import AwareDatetime

from shared.messages import Name
from shared.strict import Strict


class SuspectSource(Strict):
    """A source whose accepted files enter no dataset, why, and what ends it."""

    source: str
    cause: str
    reason: str
    remedy: str
    since: AwareDatetime


class ActiveSuspects(Strict):
    """All sources of a site that are suspect now, by name.

    `due_since` says that files were refused or disagreed since then, and are yet to be looked at together.
    """

    site_id: Name
    sources: tuple[SuspectSource, ...] = ()
    due_since: AwareDatetime | None = None
