"""The bill of materials names what the image installs, and nothing else."""

from __future__ import annotations

import json
import re

from cyclonedx.model.bom import Bom

from infra.deploy import build, sbom

LOCK = (build.ROOT / "requirements/image-lambda.txt").read_text()


def test_every_locked_package_is_named_with_its_version_and_hashes() -> None:
    said = json.loads(sbom.of_image().body)
    assert Bom.from_json(said).components
    named = {each["name"]: each for each in said["components"]}
    locked = dict(re.findall(r"(?m)^([\w.-]+)==([\w.]+)", LOCK))
    elsewhere = {name for name in locked if name not in named}
    assert elsewhere <= {"colorama", "tzdata"}, "only what Linux does not need is left out"
    for name, each in named.items():
        assert each["version"] == locked[name]
        assert each["purl"] == f"pkg:pypi/{name}@{locked[name]}"
        assert all(len(one["content"]) == 64 for one in each["hashes"])
    assert sum(len(each["hashes"]) for each in named.values()) <= LOCK.count("--hash=sha256:")


def test_the_same_lock_gives_the_same_bytes() -> None:
    assert sbom.of_image() == sbom.of_image()
