"""A client's patience fits the time that its function has."""

from __future__ import annotations

import pytest

from shared import aws


def test_a_client_that_asks_once_ends_well_within_the_five_minutes_of_a_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config = aws.client_asking_once("sagemaker-runtime").meta.config
    assert config.retries["total_max_attempts"] == 1
    assert 60 < config.read_timeout < 100, "SageMaker gives a container a minute"


def test_who_has_a_minute_only_waits_for_less(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config = aws.lazy_client("sagemaker-runtime", asks_once=True, seconds=5).meta.config
    assert config.retries["total_max_attempts"] == 1
    assert (config.read_timeout, config.connect_timeout) == (5, 5)
