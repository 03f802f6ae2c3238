"""What stands in a run's report only later: the version's number, and how it does since.

The evaluation writes the page before the registry gives its version a number. Whoever knows more writes it
into the two places that the page keeps for it.
"""

from __future__ import annotations

import html
import re

CHALLENGER = "challenger"
_NAME = re.compile(r'(<title>|<h1 id="name">)(.*?)( challenger)(?=[,<])')
_SINCE = re.compile(r'(<p id="since"[^>]*>).*?(</p>)', re.DOTALL)


def name(model_id: str, version: int | None = None) -> str:
    """Return what a report is of: `golden v2`, or `golden challenger` before it has a number."""
    return f"{model_id} {CHALLENGER if version is None else f'v{version}'}"


def with_version(page: str, version: int) -> str:
    """Return a report that is called by its version; one that is called so already is as it was."""
    return _NAME.sub(lambda found: f"{found[1]}{found[2]} v{version}", page)


def with_live(page: str, said: str) -> str:
    """Return a report that says how its version does since, in a sentence; text from outside is escaped."""
    return _SINCE.sub(lambda found: f"{found[1]}{html.escape(said)}{found[2]}", page)
