"""One Region is spoken of, whichever verb is asked; it is chosen as a deployment chooses it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from console.app import options
from console.state import state
from console.target import connect
from infra.deploy import target
from infra.local import control, environment
from infra.local.control import PlatformInfo


@pytest.fixture(autouse=True)
def _nobody_chose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.setenv(name, "")  # put back afterwards
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOLAR_HOME", str(tmp_path))
    (tmp_path / "config").write_text("[default]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setattr(target, "_account", lambda _session: "123456789012")
    monkeypatch.setattr(target, "_deployed_bucket", lambda _session: "")
    monkeypatch.setattr(target, "_exists", lambda *_: False)
    before = state.region
    yield
    state.region = before


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({}, "eu-north-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-central-1"}, "eu-central-1"),
    ],
)
def test_who_deploys_and_who_looks_are_in_the_same_region(
    variables: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert connect("aws", variables).region == region
    assert target.find(variables).region == region


def test_where_nothing_names_one_a_deployment_takes_the_same_as_the_platform(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert target.find({}).region == environment.region({}) == "us-east-1"


def test_a_region_before_the_verb_is_that_of_a_deployment_too() -> None:
    options(region="eu-west-2", version=False)
    assert connect("aws", region=state.region).region == "eu-west-2"
    assert target.find(os.environ).region == "eu-west-2"


def test_the_local_platform_has_its_own_region_unless_another_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform: Any = PlatformInfo(1, 4566, "http://127.0.0.1:4566", "0", "eu-south-1", "h", "")
    monkeypatch.setattr(control, "status", lambda: platform)
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    assert connect("local").region == "eu-south-1"
    assert connect("local", region="eu-west-1").region == "eu-west-1"
    assert platform.environment("eu-west-1")["AWS_REGION"] == "eu-west-1"
