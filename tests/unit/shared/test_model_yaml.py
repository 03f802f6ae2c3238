"""The page about the model's YAML names every field with the default that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, ValidationError

from shared.model_config import ModelConfig

PAGE = Path(__file__).parents[3] / "docs" / "model.md"


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names of all fields."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from fields(kind, f"{prefix}{name}.")
        else:
            yield prefix + name


def documented() -> dict[str, str]:
    text = PAGE.read_text("utf-8").split("## The model's YAML")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z0-9_.]+)` \| `([^`]+)` \|", text, flags=re.MULTILINE))


def test_every_field_of_the_models_yaml_is_on_its_page():
    assert ["model_id", *documented()] == list(fields(ModelConfig))


def test_the_page_tells_the_defaults_that_hold():
    written: dict[str, Any] = {"model_id": "golden"}
    for name, default in documented().items():
        *parents, leaf = name.split(".")
        node = written
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = yaml.safe_load(default)
    assert ModelConfig.model_validate(written) == ModelConfig(model_id="golden")


@pytest.mark.parametrize(
    ("written", "meant"), [("on", "on"), ("off", "off"), ("'on'", "on"), ("true", "on")]
)
def test_an_adjuster_is_on_or_off_as_yaml_has_these_words(written: str, meant: str) -> None:
    said = yaml.safe_load(f"model_id: golden\npolicy:\n  adjuster: {written}\n")
    assert ModelConfig.model_validate(said).policy.adjuster == meant


@pytest.mark.parametrize(("bake", "good"), [("1 h", True), ("61 min", False), ("2 h", False)])
def test_a_canary_is_watched_for_at_most_an_hour_as_aws_allows(bake: str, *, good: bool) -> None:
    written = {"model_id": "golden", "endpoint": {"bake": bake}}
    if good:
        assert ModelConfig.model_validate(written).endpoint.bake == timedelta(hours=1)
        return
    with pytest.raises(ValidationError, match="less than or equal"):
        ModelConfig.model_validate(written)
