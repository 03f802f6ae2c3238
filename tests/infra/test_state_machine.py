"""The retrain sequence can be walked, ends, and tells; and the check of that finds what is wrong."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml

from infra.checks.state_machine import DEFINITION, call_faults, faults, language_faults


@pytest.fixture
def definition() -> dict[str, Any]:
    return copy.deepcopy(yaml.safe_load(DEFINITION.read_text()))


def test_the_retrain_sequence_has_no_fault(definition: dict[str, Any]) -> None:
    assert faults(definition) == []
    assert language_faults(definition) == []
    assert list(call_faults(definition)) == []


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda d: d["States"]["Wait"].update(Next="Wayt"), "Wayt does not exist"),
        (lambda d: d["States"].update(Lost={"Type": "Succeed"}), "Lost cannot be reached"),
        (lambda d: d["States"]["StartPipeline"].pop("Catch"), "nobody hears of"),
        (lambda d: d["States"]["StartPipeline"].pop("TimeoutSeconds"), "wait for ever"),
        (lambda d: d["States"]["CloseRun"].pop("Retry"), "never tried again"),
        (lambda d: d["States"]["HasItEnded"].pop("Default"), "without Default"),
        (lambda d: d.pop("TimeoutSeconds"), "the machine has no TimeoutSeconds"),
        (lambda d: d["States"]["DescribePipeline"].pop("ResultSelector"), "256 KiB"),
    ],
)
def test_a_harmed_sequence_is_refused(definition: dict[str, Any], harm: Any, said: str) -> None:
    harm(definition)
    assert any(said in fault for fault in faults(definition))


def test_every_failure_after_the_check_is_explained_published_and_closed(
    definition: dict[str, Any],
) -> None:
    states = definition["States"]
    for name in ("StartPipeline", "DescribePipeline", "CollectEvaluation"):
        (catch,) = states[name]["Catch"]
        told = states[catch["Next"]]
        assert told["Next"] == "Explain"
    assert states["Explain"]["Next"] == "PublishFailure"
    assert states["PublishFailure"]["Next"] == "CloseFailedRun"
    assert states["CloseFailedRun"]["Next"] == "Failed"


def test_substitutions_are_exactly_those_that_the_template_gives(
    definition: dict[str, Any],
) -> None:
    import re  # noqa: PLC0415

    used = set(re.findall(r"\$\{(\w+)\}", json.dumps(definition)))
    assert used == {"SequenceFunctionArn", "TrainingTopicArn"}


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda d: d["States"]["Wait"].update(Secondspath="$.x"), "'Secondspath' was unexpected"),
        (lambda d: d["States"]["Done"].update(Type="Suceed"), "'Suceed' is not one of"),
        (lambda d: d["States"]["CheckForNewData"].pop("Resource"), "'Resource' is a required"),
        (lambda d: d["States"]["StartPipeline"]["Retry"][0].update(MaxAttempts=-1), "minimum of 0"),
    ],
)
def test_what_is_no_states_language_is_refused(
    definition: dict[str, Any], harm: Any, said: str
) -> None:
    harm(definition)
    assert any(said in fault for fault in language_faults(definition))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda s: s["Parameters"].update({"Pipeline.$": "$.x"}), "takes no Pipeline"),
        (lambda s: s["Parameters"].pop("ClientRequestToken.$"), "needs ClientRequestToken"),
        (lambda s: s.update(Resource="arn:aws:states:::aws-sdk:sagemaker:begin"), "has no Begin"),
    ],
)
def test_a_call_that_aws_does_not_take_is_refused(
    definition: dict[str, Any], harm: Any, said: str
) -> None:
    harm(definition["States"]["StartPipeline"])
    assert any(said in fault for fault in call_faults(definition))
