"""A pipeline definition is read as SageMaker reads it, or refused by name."""

from __future__ import annotations

import json

import pytest

from infra.local.sagemaker import definition
from infra.local.sagemaker.definition import DefinitionError, Scope


def text(steps=(), parameters=()):
    return json.dumps(
        {"Version": "2020-12-01", "Parameters": list(parameters), "Steps": list(steps)}
    )


def step(name, kind="Processing", **more):
    return {"Name": name, "Type": kind, "Arguments": {}, **more}


def scope(files=None, **properties):
    return Scope(
        parameters={"threshold": 0.95, "flag": True, "name": "a"},
        execution={"PipelineExecutionId": "x1"},
        properties=properties,
        read_file=lambda step, name: (files or {})[step, name],
    )


def test_steps_wait_for_what_they_refer_to_and_for_their_condition():
    register = step("Register", "RegisterModel")
    register["Arguments"] = {"Url": {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}}
    condition = step("Check", "Condition")
    condition["Arguments"] = {"Conditions": [], "IfSteps": [register], "ElseSteps": []}
    last = step("Last", DependsOn=["Register"])
    read = definition.read(text([last, condition, step("Train", "Training")]))
    order = [each.name for each in read.order()]
    assert read.steps["Register"].waits_for == {"Train", "Check"}
    assert order.index("Train") < order.index("Register") < order.index("Last")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "no JSON"),
        ('{"Version": "1"}', "Version must be 2020-12-01"),
        (text([step("A", "Tuning")]), "step A: type 'Tuning' is not known"),
        (text([step("A", Colour="red")]), "step A: .*Colour.* is not known"),
        (text([step("A"), step("A")]), "two steps are named A"),
        (text([step("A", DependsOn=["B"])]), "B.*, which the definition lacks"),
        (text([step("A", DependsOn=["B"]), step("B", DependsOn=["A"])]), "wait for each other"),
        (text([step("A") | {"Arguments": {"x": {"Get": "Parameters.p"}}}]), "parameter 'p'"),
        (text([step("A") | {"Arguments": {"x": {"Get": "Nowhere.p"}}}]), "'Nowhere.p'"),
        (text(parameters=[{"Name": "p", "Type": "Date"}]), "type 'Date' is not known"),
    ],
)
def test_what_cannot_run_is_refused_by_name(content, says):
    with pytest.raises(DefinitionError, match=says):
        definition.read(content)


def test_parameters_are_converted_and_checked():
    read = definition.read(
        text(
            parameters=[
                {"Name": "threshold", "Type": "Float", "DefaultValue": 0.95},
                {"Name": "count", "Type": "Integer", "DefaultValue": 1},
                {"Name": "on", "Type": "Boolean", "DefaultValue": False},
                {"Name": "kind", "Type": "String", "EnumValues": ["a", "b"]},
            ]
        )
    )
    values = definition.parameter_values(read, {"threshold": "0.85", "on": "true", "kind": "a"})
    assert values == {"threshold": 0.85, "count": 1, "on": True, "kind": "a"}
    for given, says in (
        ({}, "kind. value should be provided"),
        ({"kind": "c"}, "should be one of"),
        ({"kind": "a", "count": "many"}, "should be of type Integer"),
        ({"kind": "a", "other": "1"}, "Unknown parameters"),
    ):
        with pytest.raises(DefinitionError, match=says):
            definition.parameter_values(read, given)


def test_expressions_are_resolved_everywhere():
    join = {"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Execution.PipelineExecutionId"}]}}
    outputs = {"data": {"S3Output": {"S3Uri": "s3://b/out"}}}
    value = {
        "a": [{"Get": "Parameters.threshold"}, join],
        "b": {"Get": "Steps.Prep.ProcessingOutputConfig.Outputs['data'].S3Output.S3Uri"},
        "c": {"Std:Join": {"On": "=", "Values": ["flag", {"Get": "Parameters.flag"}]}},
    }
    found = scope(Prep={"ProcessingOutputConfig": {"Outputs": outputs}}).resolve(value)
    assert found == {"a": [0.95, "s3://b/x1"], "b": "s3://b/out", "c": "flag=true"}


def test_a_property_file_is_read_by_path():
    get = {
        "Std:JsonGet": {
            "PropertyFile": {"Get": "Steps.Evaluate.PropertyFiles.Report"},
            "Path": "scores[0].r2['all']",
        }
    }
    files = {("Evaluate", "Report"): '{"scores": [{"r2": {"all": 0.91}}]}'}
    assert scope(files).resolve(get) == 0.91


@pytest.mark.parametrize(
    "value",
    [
        {"Get": "Steps.Prep.Missing"},
        {"Get": "Execution.Colour"},
        {"Std:Upper": "a"},
    ],
)
def test_an_expression_that_leads_nowhere_is_refused(value):
    with pytest.raises(DefinitionError):
        scope(Prep={}).resolve(value)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"Type": "Equals", "LeftValue": "a", "RightValue": {"Get": "Parameters.name"}}, True),
        ({"Type": "GreaterThan", "LeftValue": 1, "RightValue": 1}, False),
        ({"Type": "GreaterThanOrEqualTo", "LeftValue": 1, "RightValue": 1.0}, True),
        ({"Type": "LessThan", "LeftValue": 0.9, "RightValue": 0.95}, True),
        ({"Type": "LessThanOrEqualTo", "LeftValue": 2, "RightValue": 1}, False),
        ({"Type": "In", "QueryValue": "b", "Values": ["a", "b"]}, True),
        (
            {
                "Type": "Not",
                "Expression": {"Type": "Equals", "LeftValue": 1, "RightValue": 1},
            },
            False,
        ),
        (
            {
                "Type": "Or",
                "Conditions": [
                    {"Type": "Equals", "LeftValue": 1, "RightValue": 2},
                    {"Type": "Equals", "LeftValue": 1, "RightValue": 1},
                ],
            },
            True,
        ),
    ],
)
def test_conditions_hold_as_sagemakers_do(condition, holds):
    assert scope().holds(condition) is holds


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(DefinitionError, match="cannot be compared"):
        scope().holds({"Type": "LessThan", "LeftValue": "0.9", "RightValue": 0.95})
    with pytest.raises(DefinitionError, match="'Between' is not known"):
        scope().holds({"Type": "Between", "LeftValue": 1, "RightValue": 2})
