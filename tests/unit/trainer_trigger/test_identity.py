"""The same settings have the same name, and every setting that changes a verdict another."""

from __future__ import annotations

from typing import Any

import pytest

from services.trainer_trigger.domain.identity import config_id
from shared.ids import content_id
from shared.model_config import ModelConfig


@pytest.mark.parametrize(
    "changed",
    [
        {"accuracy_threshold": 0.9},
        {"model_type": "auto"},
        {"step_minutes": 30},
        {"test_fraction": 0.3},
        {"margins": {"least_days": 60}},
        {"margins": {"nmae": 0.01}},
    ],
)
def test_what_changes_a_verdict_is_a_changed_configuration(changed: dict[str, Any]) -> None:
    assert config_id(ModelConfig(model_id="golden", **changed)) != config_id(
        ModelConfig(model_id="golden")
    )


def test_who_is_served_how_and_when_is_not() -> None:
    changed = ModelConfig.model_validate(
        {
            "model_id": "golden",
            "policy": {"paused": True},
            "preprocess_instances": 3,
            "endpoint": {"instance_count": 3},
        }
    )
    assert config_id(changed) == config_id(ModelConfig(model_id="golden"))


def test_runs_of_before_keep_the_name_of_their_settings() -> None:
    config = ModelConfig(model_id="golden", margins={"least_days": 91})
    assert config_id(config) == content_id(
        config.accuracy_threshold, config.model_type, config.instance_type, config.step_minutes
    )
