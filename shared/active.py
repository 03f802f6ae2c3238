"""Configuration in force: what data_watcher validated and everyone reads below `active/`.

`active/sites/<site_id>.json` and `active/models/<model_id>.json` hold the fields of the YAML beside
its `config_version`, the hash of what it says; comments and order do not change it.
"""

from __future__ import annotations

from typing import Self

from shared.ids import content_id
from shared.model_config import ModelConfig
from shared.solar.site import Site


class ActiveSite(Site):
    """A site's configuration in force."""

    config_version: str

    @classmethod
    def of(cls, site: Site) -> Self:
        """Name a validated configuration by its content."""
        said = site.model_dump(mode="json")
        return cls.model_validate({**said, "config_version": content_id("site", said)})


class ActiveModel(ModelConfig):
    """A model's configuration in force."""

    config_version: str

    @classmethod
    def of(cls, config: ModelConfig) -> Self:
        """Name a validated configuration by its content."""
        said = config.model_dump(mode="json")
        return cls.model_validate({**said, "config_version": content_id("model", said)})
