"""What people configure by YAML: its kinds, what is in force, and what became of each file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel

from shared import layout
from shared.active import ActiveModel, ActiveSite
from shared.exclusions import ActiveExclusions, SiteExclusions
from shared.model_config import ModelConfig
from shared.notifications import ActiveNotifications, Notifications
from shared.solar.site import Site

LARGEST_CONFIG = 64 * 1024
ConfigState = Literal["accepted", "rejected", "deleted"]
Kind = Literal["site", "model", "exclusions", "notifications"]
Active = ActiveSite | ActiveModel | ActiveExclusions | ActiveNotifications

# By folder, or by name where there is one for all: what it configures, the schema, what is in force, and
# the field that repeats the name.
KINDS: dict[str, tuple[Kind, type[BaseModel], Any, str]] = {
    "sites": ("site", Site, ActiveSite, "site_id"),
    "models": ("model", ModelConfig, ActiveModel, "model_id"),
    "exclusions": ("exclusions", SiteExclusions, ActiveExclusions, "site_id"),
    "notifications.yaml": ("notifications", Notifications, ActiveNotifications, ""),
}


@dataclass(frozen=True, slots=True)
class ConfigRecord:
    """What became of an uploaded YAML file.

    `state` is that of the newest upload; `in_force` is the JSON of the last good one, whatever came after.
    """

    key: str
    revision: int = 0
    version_id: str | None = None
    uploaded_at: datetime | None = None
    state: ConfigState | None = None
    line: int | None = None
    reason: str | None = None
    config_version: str | None = None
    in_force: str | None = None
    changes: int = 0
    settled: bool = False


def kind_of(key: str) -> Kind:
    """Return what a key of `config/` configures, by its folder."""
    folder = key.removeprefix(layout.CONFIG).partition("/")[0]
    return KINDS.get(folder, ("model", ModelConfig, ActiveModel, ""))[0]


def parse(kind: Kind, text: str) -> Active:
    """Read back what `in_force` keeps."""
    active = next(each for name, _, each, _ in KINDS.values() if name == kind)
    in_force: Active = active.model_validate_json(text)
    return in_force
