"""The same settings have the same name, and every setting that changes a verdict another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.trainer_trigger.domain.identity import (
    config_id,
    exclusions_id,
    recipe_id,
    request_token,
)
from shared.dataset import Dataset, Split
from shared.ids import content_id
from shared.model_config import Margins, ModelConfig
from tests.unit.trainer_trigger.samples import excluded


@pytest.mark.parametrize(
    "changed",
    [
        {"accuracy_threshold": 0.9},
        {"model_type": "auto"},
        {"step_minutes": 30},
        {"test_fraction": 0.3},
        {"margins": {"least_days": 60}},
        {"margins": {"nmae": 0.01}},
        {"margins": {"site_r2": 0.8}},
        {"margins": {"site_bias": 0.1}},
        {"inputs": "forecast"},
        {"floor_lead": "6 h"},
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


def dataset_of(**margins: float) -> str:
    return Dataset.identify((), (), Split(test_fraction=0.2), 15, Margins.model_validate(margins))


def test_datasets_of_before_keep_their_name_though_margins_were_added() -> None:
    assert dataset_of() == content_id(
        [], [], {"test_fraction": 0.2, "kind": "time"}, 15,
        {"nmae": 0.002, "site_nmae": 0.005, "least_days": 91},
    )  # fmt: skip
    assert len({dataset_of(), dataset_of(site_r2=0.8), dataset_of(site_bias=0.1)}) == 3


def test_the_same_files_are_another_dataset_for_forecasts_and_for_another_lead() -> None:
    leads = (None, timedelta(hours=6), timedelta(hours=24))
    split = Split(test_fraction=0.2)
    assert len({Dataset.identify((), (), split, 15, Margins(), lead=each) for each in leads}) == 3


def test_what_tables_hold_keeps_its_name_in_later_versions() -> None:
    split = ModelConfig(model_id="golden", test_fraction=0.3)
    margins = ModelConfig.model_validate({"model_id": "golden", "margins": {"nmae": 0.01}})
    assert config_id(split) == "4c9bdb275b9e8c0383d3b46f001794f2"
    assert config_id(margins) == "932bfb0e5034f701f2e864f4c41af5b1"
    assert exclusions_id([excluded()]) == "456e5f83d65aef799999869fac852eb8"
    recipe = recipe_id("d", split, "registry/image@sha256:abc", 3)
    assert recipe == "76f91f5c9e7aca858aa8e0d2ed19e738"
    assert request_token("r-1").startswith("f82d65085d157207491b472a79d7ac6c")
