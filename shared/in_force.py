"""Configuration in force as the bucket holds it: what every service reads the same way."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from shared import layout
from shared.active import ActiveModel
from shared.aws import S3Objects
from shared.errors import NotFoundError
from shared.model_config import ModelConfig

_READERS = 8  # at once; a client has ten connections


@dataclass(frozen=True, slots=True)
class InForce:
    """Validated configuration below `active/`."""

    objects: S3Objects
    _named: dict[str, tuple[str, str]] = field(default_factory=dict)  # key: ETag, model

    def model(self, model_id: str) -> ModelConfig:
        """Return a model's configuration; a model that nobody configured has the defaults."""
        try:
            found = self.objects.read_json(layout.active_model(model_id))
        except NotFoundError:
            return ModelConfig(model_id=model_id)
        return ActiveModel.model_validate(found)

    def models(self) -> set[str]:
        """Return the models that are configured, or named by a site."""
        configured = {
            key.rpartition("/")[2].removesuffix(".json")
            for key in self.objects.keys(layout.active_models())
        }
        return configured | {model_id for _, model_id in self.sites_named().values()}

    def sites_named(self) -> Mapping[str, tuple[str, str]]:
        """Return the keys of the sites in force, in order, each with its ETag and the model that it names.

        A process reads a site again only when it has changed: one look at each of a fleet's sites, for
        each of its models, would outlast any function.
        """
        listed = {each["Key"]: each["ETag"] for each in self.objects.entries(layout.active_sites())}
        changed = [key for key, etag in listed.items() if self._named.get(key, ("", ""))[0] != etag]
        with ThreadPoolExecutor(_READERS) as readers:
            models = list(readers.map(self._model_named, changed))
        self._named.update(
            (key, (listed[key], model_id))
            for key, model_id in zip(changed, models, strict=True)
            if model_id is not None
        )
        for gone in self._named.keys() - listed.keys():
            del self._named[gone]
        return {key: self._named[key] for key in listed if key in self._named}

    def _model_named(self, key: str) -> str | None:
        try:
            return str(self.objects.read_json(key)["model_id"])
        except NotFoundError:
            return None  # gone since it was listed
