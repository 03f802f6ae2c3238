"""Reads templates as CloudFormation does: its short tags, conditions, and names made from parameters."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$\{([A-Za-z0-9:]+)\}")
_RETAINING = {"Retain", "RetainExceptOnCreate"}

Resource = dict[str, Any]


def read(body: str) -> dict[str, Any]:
    """Return a template with its short tags, like `!Ref`, written out, so that it can be sent as JSON."""
    return copy.deepcopy(_parsed(body))


@lru_cache(maxsize=32)
def _parsed(body: str) -> dict[str, Any]:
    """Parse a template once: a deployment reads each of them again and again."""
    content: dict[str, Any] = yaml.load(body, Loader=_Loader)  # noqa: S506 - a SafeLoader below
    return content


def parameters(body: str) -> dict[str, Any]:
    """Return the parameters that a template declares."""
    return dict(read(body).get("Parameters", {}))


def kept(template: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Resource]:
    """Return the resources that outlive their stack, of those that these parameters ask for."""
    return {
        name: resource
        for name, resource in template["Resources"].items()
        if resource.get("DeletionPolicy") in _RETAINING
        and holds(template, resource.get("Condition"), values)
    }


def holds(  # noqa: PLR0911 - a return for each function of conditions
    template: Mapping[str, Any], condition: Any, values: Mapping[str, str]
) -> bool:
    """Whether a condition of a template holds with these parameters; without a condition it does.

    Raises
    ------
    ValueError
        The condition uses a function that no template of ours needs.
    """
    if condition is None:
        return True
    if isinstance(condition, str):
        return holds(template, template["Conditions"][condition], values)
    ((function, operands),) = condition.items()
    match function:
        case "Condition":
            return holds(template, operands, values)
        case "Fn::Equals":
            left, right = (resolved(each, values) for each in operands)
            return left == right
        case "Fn::Not":
            return not holds(template, operands[0], values)
        case "Fn::And":
            return all(holds(template, each, values) for each in operands)
        case "Fn::Or":
            return any(holds(template, each, values) for each in operands)
    message = f"a condition uses {function}, which is not read here"
    raise ValueError(message)


def resolved(node: Any, values: Mapping[str, str]) -> str:
    """Return a text that is given as it is, by a parameter, or put together from parameters.

    Raises
    ------
    KeyError
        It names something that is no parameter.
    """
    if not isinstance(node, dict):
        return str(node)
    ((function, operand),) = node.items()
    if function == "Ref":
        return values[operand]
    if function == "Fn::Sub" and isinstance(operand, str):
        return _VARIABLE.sub(lambda found: values[found[1]], operand)
    message = f"{function} is known to CloudFormation only"
    raise KeyError(message)


def with_defaults(template: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, str]:
    """Return the value of every parameter: the given one, else its default."""
    declared = template.get("Parameters", {})
    defaults = {name: str(each["Default"]) for name, each in declared.items() if "Default" in each}
    return defaults | dict(given)


# What an import must say of a resource. All else follows by the update behind it, and so is set again:
# a table that was restored, for instance, has neither protection nor recovery.
_IDENTITY = {
    "AWS::DynamoDB::Table": {
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "TableName",
    },
    "AWS::ECR::Repository": {"EncryptionConfiguration", "RepositoryName"},
    "AWS::KMS::Alias": {"AliasName", "TargetKeyId"},
    "AWS::KMS::Key": {"KeyPolicy"},
    "AWS::Logs::LogGroup": {"LogGroupName"},
    "AWS::S3::Bucket": {"BucketName"},
    "AWS::S3::BucketPolicy": {"Bucket", "PolicyDocument"},
}


def only(template: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    """Return a template of some resources: what makes each of them itself, and needs none of the others."""
    others = set(template["Resources"]) - names
    return {
        key: template[key]
        for key in ("AWSTemplateFormatVersion", "Parameters", "Conditions")
        if key in template
    } | {"Resources": {name: _without(template["Resources"][name], others) for name in names}}


def joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template with what both have; where both say something, the first one does."""
    parts = ("Parameters", "Conditions", "Resources")
    both = {part: {**other.get(part, {}), **one.get(part, {})} for part in parts}
    return {**one, **{part: content for part, content in both.items() if content}}


def _without(resource: Resource, others: set[str]) -> Resource:
    identity = _IDENTITY.get(resource["Type"])
    properties = {
        name: value
        for name, value in resource["Properties"].items()
        if not _mentioned(value) & others and (identity is None or name in identity)
    }
    slim = {key: value for key, value in resource.items() if key != "DependsOn"}
    return {**slim, "Properties": properties}


def _mentioned(node: Any) -> set[str]:
    """Return the logical ids (and parameters) that a value needs."""
    if isinstance(node, list):
        return {name for each in node for name in _mentioned(each)}
    if not isinstance(node, dict):
        return set()
    found = {name for each in node.values() for name in _mentioned(each)}
    if isinstance(name := node.get("Ref"), str):
        found.add(name)
    if isinstance(path := node.get("Fn::GetAtt"), list):
        found.add(path[0])
    if isinstance(text := node.get("Fn::Sub"), str):
        found |= set(re.findall(r"\$\{([A-Za-z0-9]+)", text))
    return found


class _Loader(yaml.CSafeLoader):
    """Writes `!Ref x` as {"Ref": "x"}, and the other functions likewise.

    The C parser is ten times as fast.
    """


def _written_out(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML knows three kinds of nodes
        value = loader.construct_mapping(node, deep=True)
    if suffix in {"Ref", "Condition"}:
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _written_out)
# `Version: 2012-10-17` without quotes is a text to CloudFormation, too.
_Loader.yaml_implicit_resolvers = {
    key: [each for each in resolvers if each[0] != "tag:yaml.org,2002:timestamp"]
    for key, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
