"""What all services rely on: settings, batches, durations and names."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Logger
from pydantic import ValidationError

from shared import batch, durations, layout
from shared.errors import InvalidConfigError
from shared.ids import content_id
from shared.inbox import Incoming
from shared.messages import SweepDue
from shared.model_config import ModelConfig, RetrainPolicy
from shared.settings import Settings
from shared.solar.site import Site

SWEEP = (
    '{"type": "solar.sweep_due", "version": 1, "id": "1", "occurred_at": "2026-05-04T09:00:00Z",'
    ' "correlation_id": "1"}'
)


class Example(Settings):
    data_bucket: str
    poll_seconds: int = 30


def test_settings_name_every_variable_that_is_missing_or_wrong() -> None:
    with pytest.raises(InvalidConfigError, match=r"DATA_BUCKET.*POLL_SECONDS"):
        Example.from_environment({"POLL_SECONDS": "soon"})


def test_settings_are_read_from_the_environment() -> None:
    settings = Example.from_environment({"DATA_BUCKET": "b", "OTHER": "x"})
    assert (settings.data_bucket, settings.poll_seconds) == ("b", 30)


def record(number: int, body: str) -> dict[str, Any]:
    return {"messageId": str(number), "body": body}


def test_a_batch_reports_exactly_the_records_that_failed() -> None:
    handled: list[Incoming] = []
    event = {"Records": [record(1, SWEEP), record(2, "no JSON"), record(3, SWEEP)]}
    answer = batch.process(event, handled.append, Logger(service="test"))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "2"}]}
    assert [type(each) for each in handled] == [SweepDue, SweepDue]


def test_a_record_whose_handling_fails_comes_again() -> None:
    def fail(_: Incoming) -> None:
        raise RuntimeError("no")

    answer = batch.process({"Records": [record(1, SWEEP)]}, fail, Logger(service="test"))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}


@pytest.mark.parametrize(
    ("text", "seconds"), [("10 s", 10), ("15min", 900), ("6 h", 21600), ("1.5 d", 129600)]
)
def test_durations_are_written_as_people_write_them(text: str, seconds: float) -> None:
    assert durations.parse(text) == timedelta(seconds=seconds)
    assert durations.parse(durations.spell(timedelta(seconds=seconds))) == timedelta(
        seconds=seconds
    )


@pytest.mark.parametrize("text", ["ten s", "10", "-5 s", "5 weeks", ""])
def test_what_is_no_duration_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match="like 10 s, 15 min"):
        durations.parse(text)


def test_absurd_policies_are_refused() -> None:
    with pytest.raises(ValidationError, match="quiet_period is longer than maximum_wait"):
        RetrainPolicy.model_validate({"quiet_period": "2 d", "maximum_wait": "1 d"})
    with pytest.raises(ValidationError, match="longer than 366 days"):
        RetrainPolicy.model_validate({"maximum_wait": "4000 d"})


def test_the_defaults_are_those_of_the_users_page() -> None:
    config = ModelConfig(model_id="golden")
    assert config.accuracy_threshold == 0.95
    assert config.instance_type == "ml.m5.large"
    assert config.model_type == "neural_network"


def test_a_typo_in_a_site_is_refused() -> None:
    with pytest.raises(ValidationError, match="latitud"):
        Site.model_validate({"site_id": "a", "latitud": 1})


def test_the_same_content_has_the_same_name_whatever_its_order() -> None:
    assert content_id({"a": 1, "b": 2}) == content_id({"b": 2, "a": 1})
    assert content_id(["a", "b"]) != content_id(["b", "a"])


@pytest.mark.parametrize(
    ("key", "site"), [("raw/golden/x.csv", "golden"), ("raw/a/b/c.csv", "a"), ("raw/x.csv", "")]
)
def test_a_raw_key_names_its_site(key: str, site: str) -> None:
    assert layout.raw_site(key) == site
