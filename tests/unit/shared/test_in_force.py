"""Which models there are, without reading every site of a fleet at every look."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.trainer_trigger.adapters.configuration import S3Configuration
from shared import layout
from shared.active import ActiveSite
from shared.errors import NotFoundError
from tests.unit.trainer_trigger.samples import a_site


@dataclass
class FakeObjects:
    """A bucket that counts what is read; what vanishes is listed and cannot be read."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    vanishing: set[str] = field(default_factory=set)

    def site(self, site_id: str, model_id: str) -> None:
        body = ActiveSite.of(a_site(site_id, model_id)).model_dump_json().encode()
        self.bodies[layout.active_site(site_id)] = body

    def read_json(self, key: str) -> Any:
        self.reads.append(key)
        if key in self.vanishing:
            raise NotFoundError(key)
        return json.loads(self.bodies[key])

    def keys(self, prefix: str) -> Iterator[str]:
        return (each["Key"] for each in self.entries(prefix))

    def entries(self, prefix: str) -> Iterator[dict[str, str]]:
        for key in sorted(key for key in self.bodies if key.startswith(prefix)):
            yield {"Key": key, "ETag": hashlib.sha256(self.bodies[key]).hexdigest()}


@pytest.fixture
def objects() -> FakeObjects:
    objects = FakeObjects()
    for number in range(20):
        objects.site(f"s{number:02d}", f"m{number % 3}")
    objects.bodies[layout.active_model("configured")] = b"{}"
    return objects


def test_models_are_those_that_are_configured_or_named_by_a_site(objects: FakeObjects) -> None:
    assert S3Configuration(objects).models() == {"configured", "m0", "m1", "m2"}  # type: ignore[arg-type]


def test_a_site_is_read_again_only_when_it_has_changed(objects: FakeObjects) -> None:
    configuration = S3Configuration(objects)  # type: ignore[arg-type]
    configuration.models()
    objects.reads.clear()
    assert configuration.models() == {"configured", "m0", "m1", "m2"}
    assert objects.reads == []

    objects.site("s05", "moved")
    del objects.bodies[layout.active_site("s06")]
    assert configuration.models() == {"configured", "m0", "m1", "m2", "moved"}
    assert objects.reads == [layout.active_site("s05")]
    assert layout.active_site("s06") not in configuration.sites_named()


def test_sites_of_a_model_are_found_without_reading_those_of_others(objects: FakeObjects) -> None:
    configuration = S3Configuration(objects)  # type: ignore[arg-type]
    configuration.models()
    objects.reads.clear()

    found = [site.site_id for site in configuration.sites("m1")]

    assert found == ["s01", "s04", "s07", "s10", "s13", "s16", "s19"]
    assert objects.reads == [layout.active_site(each) for each in found]


def test_a_site_that_vanishes_while_it_is_looked_at_names_no_model(objects: FakeObjects) -> None:
    objects.site("brief", "fleeting")
    objects.vanishing.add(layout.active_site("brief"))
    configuration = S3Configuration(objects)  # type: ignore[arg-type]
    assert "fleeting" not in configuration.models()
    assert configuration.sites("fleeting") == ()
