"""Fill the committed pipeline definition with what only a deployment knows. Standard library only."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\$\{([A-Za-z]+)\}")
_LISTS = frozenset({"SubnetIds", "SecurityGroupIds"})  # given as comma-separated text
_NETWORK = "VpcConfig"
_SPOT = frozenset({"EnableManagedSpotTraining", "MaxWaitTimeInSeconds"})


class PlaceholderError(ValueError):
    """A placeholder of the definition has no value, or a value is not what it must be."""


def fill(
    definition_text: str, values: Mapping[str, str], *, private_network: bool, spot: bool = True
) -> str:
    """Return the definition with every placeholder replaced.

    Parameters
    ----------
    definition_text
        Content of `pipeline.json`.
    values
        Value of each placeholder by its name; subnets and security groups comma-separated. Values that the
        definition does not use are ignored.
    private_network
        Whether the jobs run in private subnets; without, subnets and security groups are left out.
    spot
        Whether training runs on spot instances; without, nothing waits for one.

    Raises
    ------
    PlaceholderError
        Names every placeholder that has no value.
    """
    definition = json.loads(definition_text)
    if not private_network:
        definition = _without(definition, {_NETWORK})
    if not spot:
        definition = _without(definition, _SPOT)
    missing = sorted(name for name in _used(definition) if not values.get(name))
    if missing:
        message = f"no value for {', '.join(missing)} of the pipeline definition"
        raise PlaceholderError(message)
    return json.dumps(_filled(definition, values), sort_keys=True, separators=(",", ":"))


def _without(node: Any, keys: Collection[str]) -> Any:
    if isinstance(node, dict):
        return {key: _without(value, keys) for key, value in node.items() if key not in keys}
    if isinstance(node, list):
        return [_without(value, keys) for value in node]
    return node


def _used(node: Any) -> set[str]:
    return set(_PLACEHOLDER.findall(json.dumps(node)))


def _filled(node: Any, values: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, values) for key, value in node.items()}
    if isinstance(node, list):
        return [each for value in node for each in _filled_item(value, values)]
    if isinstance(node, str):
        return _PLACEHOLDER.sub(lambda match: values[match[1]], node)
    return node


def _filled_item(item: Any, values: Mapping[str, str]) -> list[Any]:
    """Return what one list item becomes: a list placeholder becomes as many items as it names."""
    match = _PLACEHOLDER.fullmatch(item) if isinstance(item, str) else None
    if match is not None and match[1] in _LISTS:
        return [part.strip() for part in values[match[1]].split(",") if part.strip()]
    return [_filled(item, values)]
